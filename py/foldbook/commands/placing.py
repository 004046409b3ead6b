"""Where cells go: order keys for a place that a command names. Pure.

A place is "after this cell", "before this cell", the start (after None) or the end (before
None, or nothing said). A deleted cell still marks its place.
"""

from typing import Final

from foldbook import order
from foldbook.commands.base import Stamp, existing
from foldbook.errors import OrderMisfit
from foldbook.events.base import Event
from foldbook.events.cells import CellMoved
from foldbook.notebook import Notebook

LONGEST: Final = 256
"""Characters of an order key beyond which all cells get new ones (an event takes 512)."""


def place(
    notebook: Notebook,
    stamp: Stamp,
    count: int,
    *,
    after: str | None,
    before: str | None,
    at_start: bool = False,
    moving: frozenset[str] = frozenset(),
) -> tuple[list[str], list[Event]]:
    """``count`` keys in rising order, and what must happen before they fit (mostly nothing).

    ``after`` counts before ``before``; without either it is the end, or the start if
    ``at_start``. Cells of ``moving`` leave their places and do not count as neighbours.
    Raises `CommandRefused` where the named cell does not exist.
    """
    named = after or before
    anchor = existing(notebook, named).position if named else None
    keys = sorted(cell.position for cell in notebook.cells.values() if cell.id not in moving)
    if after or at_start:
        low = anchor
        high = next((key for key in keys if low is None or key > low), None)
    else:
        high = anchor
        low = next((key for key in reversed(keys) if high is None or key < high), None)
    try:
        made = order.spread(count, low, high, stamp.salt)
    except OrderMisfit:
        made = []
    if made and len(max(made, key=len)) <= LONGEST:
        return made, []
    return _renumber(notebook, stamp, count, low, moving)


def _renumber(
    notebook: Notebook, stamp: Stamp, count: int, low: str | None, moving: frozenset[str]
) -> tuple[list[str], list[Event]]:
    """New keys for every cell that stays, with ``count`` free ones after ``low``."""
    staying = sorted(
        (cell for cell in notebook.cells.values() if cell.id not in moving),
        key=lambda cell: (cell.position, cell.id),
    )
    ahead = sum(1 for cell in staying if low is not None and cell.position <= low)
    keys = order.spread(len(staying) + count, None, None, stamp.salt)
    free = keys[ahead : ahead + count]
    rest = keys[:ahead] + keys[ahead + count :]
    moves = [
        CellMoved(cell_id=cell.id, position=key)
        for cell, key in zip(staying, rest, strict=True)
        if cell.position != key
    ]
    return free, [*moves]
