"""The text protocol between a screen and its view: edits from there, changes from here. Pure.

As in the log: the view's edit was made without what was sent to it after ``base``; it is
rewritten over those changes (it is the later one: it goes left), and they over it, for the
view's next edit may have been made without them too.
"""

from dataclasses import dataclass, field
from typing import Final

from foldbook import text
from foldbook.errors import CommandRefused, TextMisfit
from foldbook.text import Change

WINDOW: Final = 4096
"""Versions that an edit may be behind."""


@dataclass(slots=True)
class _Cell:
    """What was sent of a cell's text, and what came that the notebook has not shown yet."""

    sent: list[tuple[int, Change]] = field(default_factory=list)
    received: Change = ()
    floor: int = 0  # edits made before this version are lost with the reset that was sent then


class Texts:
    """For each cell that anybody has edited: what is under way.

    resets: cells whose source must be sent whole. touched: cells of which an edit has come that
    `received` has not told yet.
    """

    def __init__(self, opened: int) -> None:
        self._opened = opened
        self._cells: dict[str, _Cell] = {}
        self.resets: set[str] = set()
        self.touched: set[str] = set()

    def receive(
        self, cell_id: str, change: Change, length_before: int, base: int, length_now: int
    ) -> Change:
        """The view's edit, rewritten for the source as it is now.

        length_now: of the source that was last shown. Raises `CommandRefused`; the view cannot know
        that its text is wrong then, so a reset is noted in ``resets``.
        """
        state = self._cells.setdefault(cell_id, _Cell())
        if base < max(state.floor, self._opened):
            self.resets.add(cell_id)  # the view takes it for done, over whatever it has been sent
            raise CommandRefused("The edit was made on a text that has been replaced since.")
        others = [entry for entry in state.sent if entry[0] > base]
        try:
            change = _fitting(change, length_before, base, others, length_now, state.received)
        except TextMisfit as why:
            self.resets.add(cell_id)
            raise CommandRefused(f"The edit does not fit the cell's text: {why}.") from None
        state.sent = []
        for version, other in others:
            change, moved = text.transform_pair(change, other)
            state.sent.append((version, moved))
        state.received = text.compose(state.received, change)
        self.touched.add(cell_id)
        return change

    def received(self, cell_id: str) -> Change:
        """What came from the view since this was last asked, as one change."""
        state = self._cells.get(cell_id)
        if state is None:
            return ()
        self.touched.discard(cell_id)
        change, state.received = state.received, ()
        return change

    def send(self, cell_id: str, change: Change, version: int) -> None:
        """A change goes to the view with this version."""
        state = self._cells.setdefault(cell_id, _Cell())
        state.sent.append((version, change))
        if len(state.sent) > 2 * WINDOW:
            del state.sent[:-WINDOW]

    def reset(self, cell_id: str, version: int) -> None:
        """The whole source goes to the view with this version."""
        self._cells[cell_id] = _Cell(floor=version)


def _fitting(
    change: Change,
    length_before: int,
    base: int,
    others: list[tuple[int, Change]],
    length_now: int,
    received: Change,
) -> Change:
    """The view's edit in canonical form. Raises `TextMisfit` where it cannot be its next one."""
    if others and base < others[-1][0] - WINDOW:
        raise TextMisfit(f"made on version {base}, too far behind {others[-1][0]}")
    unseen = sum(text.growth(other) for _, other in others)
    expected = length_now + text.growth(received) - unseen
    if length_before != expected:
        raise TextMisfit(f"made on a text of {length_before}, this view has one of {expected}")
    change = text.normal(change)
    text.check(change, length_before)
    return change
