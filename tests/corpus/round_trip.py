"""What became of real notebook files that were read and written back, as a table."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

Tallies = dict[str, Counter[str]]
"""How many of what there were, by folder."""

_COLUMNS: Final = {
    "files": "files",
    "unreadable": "nbformat cannot read",
    "cells": "cells",
    "outputs": "outputs",
    "differences": "differences",
}


def together(tallies: Tallies) -> Counter[str]:
    """The sum of all folders."""
    return sum(tallies.values(), Counter[str]())


def table(tallies: Tallies, harmed: Mapping[str, Sequence[str]]) -> str:
    """Markdown: a row for each folder, and their sum; below, what differs in which file."""
    rows = [*tallies.items(), ("**together**", together(tallies))]
    lines = [
        f"| folder | {' | '.join(_COLUMNS.values())} |",
        "| --- |" + " ---: |" * len(_COLUMNS),
        *(f"| {name} | {' | '.join(f'{row[key]:,}' for key in _COLUMNS)} |" for name, row in rows),
    ]
    for name, differences in harmed.items():
        lines += ["", f"{name}:", "", *(f"- `{each}`" for each in differences)]
    return "# Notebook files, read and written back\n\n" + "\n".join(lines) + "\n"
