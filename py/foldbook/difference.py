"""The change that leads from one text to another, where nobody told which it was. Pure."""

import difflib
from typing import Final

from foldbook import text
from foldbook.text import Change, Section

_FINE: Final = 400  # code points of both middles together up to which characters are compared
_LINES: Final = 2000  # lines up to which lines are compared


def difference(old: str, new: str) -> Change:
    """A change with ``apply(change, old) == new`` that leaves alone what is the same.

    Around one edit it is exact; between several it compares characters in a short text, lines in
    a longer one, and replaces the whole middle of a huge one.
    """
    if old == new:
        return ()
    start = _common(old, new)
    end = _common(old[start:][::-1], new[start:][::-1])
    before, after = old[start : len(old) - end], new[start : len(new) - end]
    if not before or not after:
        return text.replace(start, len(before), after)
    if len(before) + len(after) <= _FINE:
        return text.normal([start, *_compared(list(before), list(after))])
    lines = before.splitlines(keepends=True), after.splitlines(keepends=True)
    if len(lines[0]) + len(lines[1]) <= _LINES:
        return text.normal([start, *_compared(*lines)])
    return text.replace(start, len(before), after)


def _common(one: str, other: str) -> int:
    """Code points that both texts begin with."""
    low, high = 0, min(len(one), len(other))
    if one[:high] == other[:high]:
        return high
    while high - low > 1:  # invariant: equal up to low, different up to high
        middle = (low + high) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle
    return low


def _compared(old: list[str], new: list[str]) -> list[Section]:
    sections: list[Section] = []
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    for tag, i, j, k, m in matcher.get_opcodes():
        gone = sum(len(piece) for piece in old[i:j])
        sections.append(gone if tag == "equal" else (gone, "".join(new[k:m])))
    return sections
