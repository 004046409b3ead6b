"""Why cells of the corpus may have other outputs than those that were saved: `reasons.toml`."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

FILE: Final = Path(__file__).with_name("reasons.toml")
KINDS: Final = {
    "newer": "Python or a library says or does it otherwise by now",
    "python2": "code of Python 2, or of an IPython that had other names",
    "saved": "what was saved is not what this source does: it was edited, or run in another order",
    "person": "a person typed something",
    "program": "needs a program or a shell, which a browser has not",
    "place": "tells of the machine, its files, or the packages that are installed",
    "file": "needs a file that is not in the corpus",
    "network": "needs the network",
    "package": "needs a package that is not bundled",
    "kernel": "speaks with the sockets or the class of one kernel, ipykernel",
    "thread": "needs threads or C libraries, which Python in a browser has not",
    "language": "the notebook is not Python",
    "chance": "differs from run to run: time, or random numbers that nobody seeded",
}
"""The first word of each reason. None of them says that Foldbook does something wrong: that is
mended, and not listed."""
ALL: Final = "all"
"""In place of a cell's number: all of them, which are not listed by themselves."""


class BadReason(ValueError):
    """The file says something that it may not."""


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a cell differs. ``may_agree``: by chance, or with the others of its notebook, it may also
    be as it was saved."""

    kind: str
    words: str
    may_agree: bool


class Reasons:
    """Those of all notebooks, by the path of a notebook without its ending, and by the number of a
    code cell, the first one being 1."""

    def __init__(self, listed: Mapping[str, Mapping[str, str]]) -> None:
        self.notebooks = {
            name: dict(_each(name, place, text) for place, text in places.items())
            for name, places in listed.items()
        }

    @classmethod
    def read(cls, file: Path = FILE) -> "Reasons":
        """Raises `BadReason`."""
        listed: dict[str, Any] = tomllib.loads(file.read_text(encoding="utf-8"))
        return cls(listed)

    def of(self, name: str, cell: int) -> Reason | None:
        """Why this cell of this notebook may differ; None where nothing is known of it."""
        known = self.notebooks.get(name, {})
        return known.get(cell) or known.get(ALL)

    def unused(self, name: str, different: Sequence[int]) -> list[str]:
        """What is said of a notebook's cells that are as they were saved, in words."""
        return [
            f"{name}, cell {cell}: it is as it was saved, but has a reason ({reason.words})"
            for cell, reason in self.notebooks.get(name, {}).items()
            if cell not in different and not reason.may_agree
        ]


def _each(name: str, place: str, text: str) -> tuple[int | str, Reason]:
    kind, colon, words = text.partition(": ")
    if not colon or not words.strip() or kind not in KINDS:
        known = ", ".join(KINDS)
        raise BadReason(f"{name}, {place}: 'kind: words' expected, kinds: {known}; {text!r} came")
    if place != ALL and not place.isdecimal():
        raise BadReason(f"{name}: the number of a code cell or {ALL!r} expected, {place!r} came")
    is_loose = place == ALL or kind == "chance"
    return (place if place == ALL else int(place)), Reason(kind, words, is_loose)
