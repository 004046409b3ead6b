"""The log as one replica holds it: confirmed rows, and its own that wait to be confirmed. Pure.

    confirmed   the fold of rows 1..head, as the authority numbered them
    view        the same, then the pending rows on top: what a person sees
    refused     the drawer: rows that the authority did not accept, with the reason

Pending rows are folded into the view under provisional numbers, head + 1, head + 2 ...: the
numbers they get if nobody else's row comes in between. So a mark with ``seq`` beyond the head
says "not confirmed yet", and where exactly the first pending rows are confirmed the view is
right already. Where anything else comes in, the view is made anew: a fork of the confirmed
notebook, and the pending rows folded again. Times of such marks are the writer's own until
nothing is pending any more; then the view *is* the confirmed notebook.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from foldbook.bridge import newest
from foldbook.errors import BadRow
from foldbook.events import Unknown, decode, encode
from foldbook.events.base import Event
from foldbook.events.cells import CellCreated, CellSourceEdited
from foldbook.events.executions import ExecutionRequested
from foldbook.notebook import Notebook
from foldbook.reducer import fold
from foldbook.row import Row, check_dense
from foldbook.text import growth


@dataclass(frozen=True, slots=True)
class Refusal:
    """A row that was not accepted, and why, in words for people."""

    row: Row
    event: Event | Unknown
    reason: str


class Log:
    """Confirmed rows folded, pending rows on top. ``pending`` are rows of one session, seq 0."""

    def __init__(self, confirmed: Notebook | None = None) -> None:
        self.confirmed: Final = confirmed or Notebook()
        self.view = self.confirmed
        self.pending: deque[Row] = deque()
        self.refused: list[Refusal] = []
        self._events: deque[Event | Unknown] = deque()

    @property
    def head(self) -> int:
        """The seq of the last confirmed row."""
        return self.confirmed.head

    def append(self, row: Row, event: Event | Unknown | None = None) -> None:
        """Take an own new row, with seq 0; it is in the view at once.

        Raises `BadRow` where it does not follow the last pending one, `BadEvent` where its
        payload is unsound.
        """
        if row.seq:
            raise BadRow(f"a new row has seq 0, row {row.seq} came")
        last = self.pending[-1] if self.pending else None
        if last and (row.session, row.n) != (last.session, last.n + 1):
            raise BadRow(f"row {last.session}/{last.n + 1} expected, {row.session}/{row.n} came")
        event = decode(row.payload) if event is None else event
        if not self.pending:
            self.view = self.confirmed.fork()
        self.pending.append(row)
        self._events.append(event)
        self._fold_pending(self.view, len(self.pending), row, event)

    def confirm(self, rows: Sequence[Row]) -> None:
        """Take the next rows of the log, dense after the head.

        Raises `BadRow` where they are not; then nothing has changed. A pending row leaves as
        soon as it comes back; where another row has its place (the same session and n), it
        stays, for it has not been accepted.
        """
        check_dense(rows, self.head)
        straight = True
        for row in rows:
            event = self._arrived(row)
            straight = straight and event is not None
            fold(self.confirmed, row, event)
        if straight and self.pending:
            self.view.head = self.head
        else:
            self._refresh()

    def refuse(self, n: int, reason: str) -> list[Refusal]:
        """The authority has refused the pending row ``n``, whose number is used up by that.

        It goes to the drawer with the pending rows that build on it. Those that stay and come
        after it are numbered anew, without a gap after n. Returns what went to the drawer.
        """
        moved = self._put_away({n: reason})
        self._number(n + 1)
        self._refresh()
        return moved

    def rebase(self, first: int, session: str | None = None) -> list[Refusal]:
        """Rewrite pending rows from number ``first`` as if they were made now, on the head.

        For rows that the authority has not taken because they were too far behind, or, with a
        new ``session``, because another replica has used their numbers (they count from 1
        then). What no longer fits goes to the drawer and is returned.
        """
        scratch = self.confirmed.fork()
        misfits: dict[int, str] = {}
        for i, (row, event) in enumerate(zip(self.pending, list(self._events), strict=True)):
            self._fold_pending(scratch, i + 1, row, event)
            if row.n < first:
                continue
            if isinstance(event, CellSourceEdited):
                moved = _as_folded(event, scratch, self.head + i + 1)
                if moved is None:
                    misfits[row.n] = "it was made too long ago to find its place now"
                    continue
                self._events[i] = moved
        put_away = self._put_away(misfits)
        for i, (row, event) in enumerate(zip(list(self.pending), self._events, strict=True)):
            if row.n >= first:
                payload = row.payload if isinstance(event, Unknown) else encode(event)
                self.pending[i] = replace(
                    row, seen=self.head, payload=payload, session=session or row.session
                )
        self._number(first, 1 if session else first)
        self._refresh()
        return put_away

    def _arrived(self, row: Row) -> Event | Unknown | None:
        """The event of the row if it is the first pending one, come back unchanged."""
        place = next((i for i, mine in enumerate(self.pending) if _same_place(mine, row)), None)
        if place is None:
            return None
        mine = self.pending[place]
        if (mine.seen, mine.kind, mine.payload) != (row.seen, row.kind, row.payload):
            return None
        event = self._events[place]
        del self.pending[place], self._events[place]
        as_expected = place == 0 and (mine.actor, mine.role) == (row.actor, row.role)
        return event if as_expected else None

    def _put_away(self, reasons: dict[int, str]) -> list[Refusal]:
        moved: list[Refusal] = []
        kept: list[tuple[Row, Event | Unknown]] = []
        for row, event in zip(self.pending, self._events, strict=True):
            reason = reasons.get(row.n)
            if reason is None and any(_builds_on(event, other.event) for other in moved):
                reason = "it builds on a change that was not accepted"
            if reason is None:
                kept.append((row, event))
            else:
                moved.append(Refusal(row, event, reason))
        self.refused += moved
        self.pending = deque(row for row, _ in kept)
        self._events = deque(event for _, event in kept)
        return moved

    def _number(self, first: int, start: int | None = None) -> None:
        """Number the pending rows from number ``first`` anew, from ``start``, without gaps."""
        n = first if start is None else start
        for i, row in enumerate(self.pending):
            if row.n >= first:
                self.pending[i] = replace(row, n=n)
                n += 1

    def _refresh(self) -> None:
        """Make the view anew."""
        if not self.pending:
            self.view = self.confirmed
            return
        self.view = self.confirmed.fork()
        for i, (row, event) in enumerate(zip(self.pending, self._events, strict=True)):
            self._fold_pending(self.view, i + 1, row, event)

    def _fold_pending(
        self, notebook: Notebook, place: int, row: Row, event: Event | Unknown
    ) -> None:
        fold(notebook, replace(row, seq=self.head + place), event)
        notebook.head = self.head


def _same_place(one: Row, other: Row) -> bool:
    return one.n == other.n and one.session == other.session


def _builds_on(event: Event | Unknown, other: Event | Unknown) -> bool:
    """Whether an event means nothing, or something else, without this other one before it."""
    if isinstance(other, ExecutionRequested):
        return getattr(event, "execution_id", None) == other.execution_id
    if isinstance(other, CellCreated):
        return getattr(event, "cell_id", None) == other.cell_id
    if isinstance(other, CellSourceEdited):
        return isinstance(event, CellSourceEdited) and event.cell_id == other.cell_id
    return False


def _as_folded(event: CellSourceEdited, notebook: Notebook, seq: int) -> CellSourceEdited | None:
    """The edit as it was just folded as row ``seq``; None where it did not count."""
    cell = notebook.cells.get(event.cell_id)
    entry = newest(cell.history) if cell else None
    if cell is None or entry is None or entry[0] != seq:
        return None
    length = len(cell.source) - growth(entry[1])
    return CellSourceEdited(cell_id=cell.id, changes=entry[1], length_before=length)
