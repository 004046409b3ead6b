"""Long texts and long changes in pieces that fit a row. Pure."""

import json
from collections.abc import Iterator
from typing import Final

from foldbook import text
from foldbook.text import Change

PIECE: Final = 32 * 1024
"""Bytes of JSON that one event may spend on inserted text."""

_UNIT: Final = 4096  # code points; at 6 bytes at most each, one unit always fits a piece
_WORST: Final = 6  # bytes of JSON that one code point may take
_SECTION: Final = 24  # bytes of JSON around a replacement: brackets, commas, two numbers


def size(value: str) -> int:
    """Bytes of a text as JSON."""
    return len(json.dumps(value, ensure_ascii=False).encode())


def cut(value: str, limit: int = PIECE) -> list[str]:
    """The text in pieces of at most ``limit`` bytes of JSON (24 KiB at least); one if empty."""
    if len(value) * _WORST <= limit:
        return [value]
    pieces: list[str] = []
    room = 0
    for at in range(0, len(value), _UNIT):
        unit = value[at : at + _UNIT]
        needed = size(unit)
        if needed > room:
            pieces.append(unit)
            room = limit - needed
        else:
            pieces[-1] += unit
            room -= needed
    return pieces


def split(change: Change, length: int) -> list[tuple[Change, int]]:
    """The change as smaller ones, one after another, each with the length of its text before.

    ``length``: code points of the text that the change is made on. What stands rightmost comes
    first, so that no position shifts.
    """
    if sum(_SECTION + _WORST * len(each[1]) for each in change if isinstance(each, tuple)) <= PIECE:
        return [(change, length)] if change else []
    steps: list[tuple[Change, int]] = []
    for group in _groups(change):
        step = text.normal(group)
        steps.append((step, length))
        length += text.growth(step)
    return steps


def _groups(change: Change) -> Iterator[list[text.Section]]:
    """Sections from the text's start for each smaller change, the rightmost first."""
    parts = _small_parts(change)
    group: list[tuple[int, int, str]] = []
    room = PIECE
    for part in reversed(parts):
        needed = _SECTION + size(part[2])
        if group and (needed > room or part[0] == group[-1][0]):
            yield _sections(group)
            group, room = [], PIECE
        group.append(part)
        room -= needed
    if group:
        yield _sections(group)


def _small_parts(change: Change) -> list[tuple[int, int, str]]:
    """(start, deleted, inserted) in order; a long insertion in several at one place."""
    parts: list[tuple[int, int, str]] = []
    at = 0
    for section in change:
        if isinstance(section, int):
            at += section
            continue
        deleted, inserted = section
        *before, last = cut(inserted, PIECE - _SECTION)
        parts += [(at, 0, piece) for piece in before]
        parts.append((at, deleted, last))
        at += deleted
    return parts


def _sections(group: list[tuple[int, int, str]]) -> list[text.Section]:
    sections: list[text.Section] = []
    at = 0
    for start, deleted, inserted in reversed(group):
        sections += [start - at, (deleted, inserted)]
        at = start + deleted
    return sections
