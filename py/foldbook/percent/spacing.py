"""How many empty lines stand between two cells: as PEP 8 wants them, and as jupytext counts."""

from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Final

from foldbook.percent.lines import Quotes

_DEFINITIONS: Final = ("def ", "class ")


def between(cell: Sequence[str], rest: Iterable[str]) -> int:
    """Empty lines behind a cell. rest: the lines that come then, read as far as need be."""
    following = iter(rest)
    first = next(following, None)
    if first is None or not cell:
        return 1 if cell else 0
    lines = chain((first,), following)
    if _ends_in_definition(cell):
        return 2 if _has_code(lines) else 1
    is_code = cell[-1].strip() != "" and not cell[-1].startswith("#")
    return 2 if is_code and _begins_definition(lines) else 1


def _ends_in_definition(lines: Sequence[str]) -> bool:
    """Whether the last line that is not indented begins a function or a class."""
    quotes, outside = Quotes(), []
    for line in lines:
        if not quotes.open:
            outside.append(line)
        quotes.read(line)
    was_empty = False
    for line in reversed(outside):
        is_empty = not line.strip()
        if is_empty and was_empty:
            return False  # there is room enough
        was_empty = is_empty
        if not is_empty and not line.startswith(("#", " ", ")")):
            return line.startswith(_DEFINITIONS)
    return False


def _begins_definition(lines: Iterable[str]) -> bool:
    """Whether the first statement, comments and decorators apart, is a function or a class."""
    quotes, was_empty = Quotes(), False
    for line in lines:
        is_inside = bool(quotes.open)
        quotes.read(line)
        is_empty = not line.strip()
        if not is_inside:
            if is_empty and was_empty:
                return False
            if not is_empty and not line.startswith(("#", "@", " ", ")")):
                return line.startswith(_DEFINITIONS)
        was_empty = is_empty
    return False


def _has_code(lines: Iterable[str]) -> bool:
    """Whether code comes before two empty lines do."""
    was_empty = False
    for line in lines:
        is_empty = not line.strip()
        if is_empty and was_empty:
            return False
        if not is_empty and not line.lstrip().startswith("#"):
            return True
        was_empty = is_empty
    return False
