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

The fold forgets what no row within `foldbook.bridge.WINDOW` needs, and rows may be pending for
longer. Therefore the log rewrites pending edits onto the head before that (for the view only:
what is sent stays as it was made), and `Log.rebase` makes that what is sent.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace

from foldbook.bridge import WINDOW, newest
from foldbook.errors import BadRow
from foldbook.events import Unknown, decode, encode
from foldbook.events.base import Event
from foldbook.events.cells import CellCreated, CellSourceEdited
from foldbook.events.executions import ExecutionRequested
from foldbook.notebook import Notebook
from foldbook.reducer import fold, fold_provisionally
from foldbook.row import Row, check_dense
from foldbook.text import growth


@dataclass(frozen=True, slots=True)
class Refusal:
    """A row that was not accepted, and why, in words for people."""

    row: Row
    event: Event | Unknown
    reason: str


@dataclass(slots=True)
class _Pending:
    """A row as it is sent, and how it folds now: its event over what is seen up to ``seen``."""

    row: Row
    event: Event | Unknown
    seen: int


class Log:
    """Confirmed rows folded, pending rows on top.

    A `foldbook.notebook.Notebook` is changed in place: who compares views forks what it keeps.
    """

    def __init__(self, confirmed: Notebook | None = None) -> None:
        self.confirmed = confirmed or Notebook()
        self.view = self.confirmed
        self.refused: list[Refusal] = []
        self._pending: deque[_Pending] = deque()
        # Whether pending edits may mean something else on the head than where they were made.
        self._strayed = False

    @property
    def head(self) -> int:
        """The seq of the last confirmed row."""
        return self.confirmed.head

    @property
    def waiting(self) -> int:
        """How many own rows are not confirmed."""
        return len(self._pending)

    @property
    def pending(self) -> tuple[Row, ...]:
        """Own rows that are not confirmed, oldest first, with seq 0."""
        return tuple(each.row for each in self._pending)

    def begin(self, confirmed: Notebook) -> None:
        """Go on from this fold of rows that are not known here. Raises `BadRow` where some are."""
        if self.head:
            raise BadRow(f"rows after {self.head} expected, a snapshot up to {confirmed.head} came")
        self.confirmed = confirmed
        self._strayed = True
        self._refresh()

    def amend(self, confirmed: Notebook) -> None:
        """Another fold of the same rows takes the place of this one, which was wrong."""
        if confirmed.head != self.head:
            raise BadRow(f"the fold of rows 1 to {self.head} expected, to {confirmed.head} came")
        self.confirmed = confirmed
        self._strayed = True
        self._refresh()

    def append(self, row: Row, event: Event | Unknown | None = None) -> None:
        """Take an own new row, with seq 0; it is in the view at once.

        Raises `BadRow` where it does not come after the last pending one (numbers between may
        have been confirmed), `BadEvent` where its payload is unsound.
        """
        if row.seq:
            raise BadRow(f"a new row has seq 0, row {row.seq} came")
        last = self._pending[-1].row if self._pending else None
        if last and (row.session != last.session or row.n <= last.n):
            text = f"a row after {last.session}/{last.n} expected, {row.session}/{row.n} came"
            raise BadRow(text)
        new = _Pending(row, decode(row.payload) if event is None else event, row.seen)
        if not self._pending:
            self.view = self.confirmed.fork()
            self._strayed = False
        self._strayed = self._strayed or row.seen != self.head
        self._pending.append(new)
        self._fold_pending(self.view, len(self._pending), new)

    def confirm(self, rows: Sequence[Row]) -> list[tuple[str, int]]:
        """Take the next rows of the log, dense after the head; gives session and n of those that
        were pending.

        Raises `BadRow` where they are not dense; then nothing has changed. A pending row leaves
        as soon as it comes back; where another row has its place (the same session and n), it
        stays, for it has not been accepted.
        """
        check_dense(rows, self.head)
        left: list[tuple[str, int]] = []
        straight = True
        for row in rows:
            if self._pending and self.head - self._pending[0].seen > WINDOW // 2:
                self._lift()
            voids = self.confirmed.void_count
            waiting = len(self._pending)
            straight = self._arrived(row) and straight
            if len(self._pending) < waiting:
                left.append((row.session, row.n))
            fold(self.confirmed, row)
            straight = straight and self.confirmed.void_count == voids
            self._strayed = self._strayed or not straight
        if straight and self._pending:
            self.view.head = self.head
            self.view.numbers = dict(self.confirmed.numbers)
        else:
            self._refresh()
        return left

    def refuse(self, n: int, reason: str) -> list[Refusal]:
        """The authority has refused the pending row ``n``, whose number is used up by that.

        It goes to the drawer with the pending rows that build on it. Those that stay and come
        after it are numbered anew, without a gap after n. Returns what went to the drawer.
        """
        moved = self._put_away({n: reason})
        self._number(n + 1, n + 1)
        self._refresh()
        return moved

    def rebase(self, first: int, session: str | None = None) -> list[Refusal]:
        """Rewrite pending rows from number ``first`` as if they were made now, on the head.

        For rows that the authority has not taken because they were too far behind, or, with a
        new ``session``, because another replica has used their numbers (they count from 1
        then). Edits that have no place in the text go to the drawer and are returned.
        """
        misfits = {
            each.row.n: "the text that it was made on is not to be found"
            for each in self._lift()
            if each.row.n >= first
        }
        moved = self._put_away(misfits)
        for each in self._pending:
            if each.row.n >= first:
                event = each.event
                payload = each.row.payload if isinstance(event, Unknown) else encode(event)
                owner = session or each.row.session
                each.row = replace(each.row, seen=self.head, payload=payload, session=owner)
        self._number(first, 1 if session else first)
        self._refresh()
        return moved

    def _arrived(self, row: Row) -> bool:
        """Whether the row is the first pending one, come back as it was expected."""
        if not self._pending:
            return False
        ends = (self._pending[0].row.session, self._pending[-1].row.session)
        if row.session not in ends:
            return False
        each = next((each for each in self._pending if _same_place(each.row, row)), None)
        if each is None:
            return False
        mine = each.row
        if (mine.seen, mine.kind, mine.payload) != (row.seen, row.kind, row.payload):
            return False
        first = each is self._pending[0]
        self._pending.remove(each)
        return first and (mine.actor, mine.role) == (row.actor, row.role)

    def _lift(self) -> list[_Pending]:
        """Rewrite how pending edits fold onto the head; returns those that do not count."""
        if not self._strayed and self.view.void_count == self.confirmed.void_count:
            for each in self._pending:
                each.seen = self.head
            return []
        scratch = self.confirmed.fork()
        misfits: list[_Pending] = []
        lifted: deque[_Pending] = deque()
        for i, each in enumerate(self._pending, 1):
            self._fold_pending(scratch, i, each)
            event: Event | Unknown | None = each.event
            if isinstance(event, CellSourceEdited):
                event = _as_folded(event, scratch, self.head + i)
            if event is None:
                misfits.append(each)
                lifted.append(each)
            else:
                lifted.append(_Pending(each.row, event, self.head))
        self._pending = lifted
        self._strayed = False
        return misfits

    def _put_away(self, reasons: dict[int, str]) -> list[Refusal]:
        moved: list[Refusal] = []
        kept: deque[_Pending] = deque()
        for each in self._pending:
            reason = reasons.get(each.row.n)
            if reason is None and any(_builds_on(each.event, other.event) for other in moved):
                reason = "it builds on a change that was not accepted"
            if reason is None:
                kept.append(each)
            else:
                moved.append(Refusal(each.row, each.event, reason))
        self.refused += moved
        self._pending = kept
        self._strayed = self._strayed or bool(moved)
        return moved

    def _number(self, first: int, start: int) -> None:
        """Number the pending rows from number ``first`` anew, from ``start``, without gaps."""
        later = [each for each in self._pending if each.row.n >= first]
        for n, each in enumerate(later, start):
            each.row = replace(each.row, n=n)

    def _refresh(self) -> None:
        """Make the view anew."""
        if not self._pending:
            self.view = self.confirmed
            return
        self.view = self.confirmed.fork()
        for i, each in enumerate(self._pending, 1):
            self._fold_pending(self.view, i, each)

    def _fold_pending(self, notebook: Notebook, place: int, each: _Pending) -> None:
        row = each.row.folded_at(self.head + place, each.seen)
        fold_provisionally(notebook, row, each.event)


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
