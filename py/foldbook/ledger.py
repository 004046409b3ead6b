"""The rows of a log, and what each session may add to it. Pure.

An authority that holds only its newest rows knows nothing of a session until it is told
(`Ledger.recall`) what the store has of it: its newest number, and the marks of those that may
be pushed again.

a pushed row:  known n ── same digest ──▶ ack with its seq     (or its nack, once more)
                  │ │└── another ───────▶ err fork
                  │ └─── no mark ───────▶ err forgotten         (it was not announced in hello)
               n beyond the next ───────▶ err gap
               after a nack ────────────▶ not taken             (until the sender resumes)
               too far behind ──────────▶ err stale             (n is not used up)
               no right, unsound ───────▶ nack                  (n is used up)
               otherwise ───────────────▶ append, then ack
"""

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from foldbook.ring import Ring
from foldbook.row import RIGHTS, ROW_LIMIT, Role, Row, digest
from foldbook.wire import Ack, Err, Message, Nack, NotTaken, size_of

STALE: Final = 8192
"""Rows that a writer may be behind the head."""
_REFUSALS: Final = 1024  # of one session, kept at hand where the store has them

Check = Callable[[Row], str | None]
"""Why a row is unsound, or None."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A nack as it must be remembered: the number it used up, of what row, and why."""

    session: str
    n: int
    digest: bytes
    code: str
    reason: str


@dataclass(slots=True)
class Writer:
    """Who pushes. ``halted``: after a refusal, until the writer has taken notice of it."""

    role: Role
    session: str = ""
    actor: str = ""
    halted: bool = False


class Answer:
    """What one push leads to: rows and refusals to be written, and the messages to its sender."""

    def __init__(self) -> None:
        self.rows: list[Row] = []
        self.refusals: list[Refusal] = []
        self.messages: list[Message] = []

    def add(self, message: Message) -> None:
        """One more message."""
        self.messages.append(message)

    def ack(self, n: int, seq: int, mark: bytes) -> None:
        """Row n stands at this seq with this digest."""
        last = self.messages[-1] if self.messages else None
        if isinstance(last, Ack) and last.n + len(last.seqs) == n:
            self.messages[-1] = Ack(last.n, (*last.seqs, seq), (*last.digests, mark))
        else:
            self.add(Ack(n, (seq,), (mark,)))


@dataclass(frozen=True, slots=True)
class SessionRecord:
    """What the store has of a session.

    n: its newest number, refused ones included; 0 where it is new. seen: that of its newest
    row. first: marks and refusals are those of all its numbers from this one on. marks: seq
    and digest by number.
    """

    session: str
    n: int = 0
    seen: int = 0
    first: int = 1
    marks: Mapping[int, tuple[int, bytes]] = field(default_factory=dict)
    refusals: tuple[Refusal, ...] = ()


@dataclass(slots=True)
class _Session:
    """What is known of a session. ``seqs`` are those of the numbers after ``below``, 0 where
    refused. ``recalled``: marks that the store gave, for as long as its connection lasts.
    """

    below: int = 0
    seqs: deque[int] = field(default_factory=deque)
    seen: int = 0
    refusals: dict[int, Refusal] = field(default_factory=dict)
    recalled: dict[int, tuple[int, bytes]] = field(default_factory=dict)

    @property
    def n(self) -> int:
        return self.below + len(self.seqs)

    def forget(self, n: int) -> None:
        """The numbers up to n need no answer any more."""
        while self.below < n and self.seqs:
            self.seqs.popleft()
            self.below += 1
            self.refusals.pop(self.below, None)


class Ledger:
    """The rows, and the numbers of every session.

    head: the newest committed seq; ``rows`` may go further. recall: sessions are known from
    what `recall` tells, not from the rows. known: what they had done before the rows, where
    these begin after ``start``. The rest as for `foldbook.room.Room`.
    """

    def __init__(
        self,
        rows: Iterable[Row],
        refusals: Iterable[Refusal],
        check: Check,
        stale: int,
        *,
        start: int = 0,
        recall: bool = False,
        keep: tuple[int, int] | None = None,
        known: Iterable[SessionRecord] = (),
    ) -> None:
        self.rows: Final = Ring(rows, start, keep)
        self.head = self.rows.top
        self._check = check
        self._stale = stale
        self._recall = recall
        self._sessions: dict[str, _Session] = {}
        for record in known:
            self._sessions[record.session] = _Session(below=record.n, seen=record.seen)
        if not recall:
            self._restore(refusals)

    def knows(self, session: str, first: int) -> bool:
        """Whether everything is known that a session may push; ``first`` is that of hello."""
        known = self._sessions.get(session)
        if not self._recall:
            return True
        return known is not None and (first == 0 or first > known.below)

    def recall(self, record: SessionRecord) -> None:
        """What the store has of a session. What came since is known here and counts."""
        session = self._sessions.setdefault(
            record.session, _Session(below=record.n, seen=record.seen)
        )
        session.recalled = dict(record.marks)
        session.refusals = {each.n: each for each in record.refusals} | session.refusals

    def release(self, session: str) -> None:
        """The connection of a session is gone: what it announced to push again is of no use."""
        known = self._sessions.get(session)
        if known is not None and self._recall:
            known.recalled = {}
            known.refusals = {n: each for n, each in known.refusals.items() if n > known.below}

    def commit(self, head: int) -> None:
        """Everything up to this seq is written. What is too old now leaves the memory."""
        self.head = head
        for row in self.rows.trim(head):
            known = self._sessions.get(row.session)
            if known is not None:
                known.forget(row.n)

    def newest(self, session: str) -> int:
        """The newest number of a session, refused ones included; 0 where it is new."""
        known = self._sessions.get(session)
        return known.n if known else 0

    def judge(self, writer: Writer, rows: Iterable[Row], now: int) -> Answer:
        """Take what can be taken of a push; it is in the log, and not yet committed."""
        answer = Answer()
        session = self._sessions.setdefault(writer.session, _Session())
        for row in rows:
            if not self._judge(writer, session, row, now, answer):
                break
        return answer

    def insert(self, row: Row) -> Row:
        """Put in a row that was not pushed, as if its writer had seen all before it."""
        numbered = placed(row, self.rows.top + 1)
        self.rows.append(numbered)
        return numbered

    def _judge(self, writer: Writer, session: _Session, row: Row, now: int, answer: Answer) -> bool:
        """Answer one row; False where the rest of the push is not looked at."""
        if 0 < row.n <= session.n:
            return self._repeat(writer, session, row, answer)
        if row.n != session.n + 1:
            expected = session.n + 1
            text = f"row {expected} of the session expected, row {row.n} came"
            answer.add(Err("gap", text, n=row.n, expected_n=expected, head=self.head))
            return False
        if writer.halted:
            answer.add(NotTaken(row.n))
            return False
        if row.seen < self.rows.top - self._stale:
            text = f"made on row {row.seen}, more than {self._stale} behind"
            answer.add(Err("stale", text, n=row.n, head=self.head))
            return False
        problem = self._objection(writer, session, row)
        if problem is not None:
            writer.halted = True
            self._refuse(session, row, *problem, answer)
            return True
        self._append(writer, session, row, now, answer)
        return True

    def _repeat(self, writer: Writer, session: _Session, row: Row, answer: Answer) -> bool:
        """A number that the room knows: the same answer as before, or fork."""
        refusal = session.refusals.get(row.n)
        known = self._mark(session, row.n)
        if known is None:
            text = f"row {row.n} of the session is too old to be compared: hello did not name it"
            answer.add(Err("forgotten", text, n=row.n, expected_n=session.n + 1, head=self.head))
            return False
        seq, stored = known
        if stored != digest(row):
            text = f"row {row.n} of the session stands in the log with another content"
            answer.add(Err("fork", text, n=row.n, expected_n=session.n + 1, head=self.head))
            return False
        if refusal:
            writer.halted = True
            answer.add(Nack(row.n, refusal.code, refusal.reason))
        else:
            answer.ack(row.n, seq, stored)
        return True

    def _mark(self, session: _Session, n: int) -> tuple[int, bytes] | None:
        """Seq (0: refused) and digest of a known number; None where they are forgotten."""
        if n in session.refusals:
            return 0, session.refusals[n].digest
        if n <= session.below:
            return session.recalled.get(n)
        seq = session.seqs[n - session.below - 1]
        return seq, digest(self.rows[seq])

    def _objection(self, writer: Writer, session: _Session, row: Row) -> tuple[str, str] | None:
        """Why a row cannot be taken: (code, reason), or None."""
        if row.kind not in RIGHTS[writer.role]:
            return "right", f"the right {writer.role} does not cover rows of kind {row.kind}"
        if size_of(row) > ROW_LIMIT:
            return "size", f"a row has at most {ROW_LIMIT} bytes, this has {size_of(row)}"
        if not session.seen <= row.seen <= self.head:
            span = f"{session.seen} to {self.head}"
            return "seen", f"the last row seen is from {span}, {row.seen} came"
        reason = self._check(row) if writer.role is Role.RUNTIME else None
        return ("unsound", reason) if reason else None

    def _refuse(self, session: _Session, row: Row, code: str, reason: str, answer: Answer) -> None:
        refusal = Refusal(row.session, row.n, digest(row), code, reason)
        session.seqs.append(0)
        session.refusals[row.n] = refusal
        if self._recall and len(session.refusals) > _REFUSALS:
            session.forget(row.n - _REFUSALS // 2)
        answer.refusals.append(refusal)
        answer.add(Nack(row.n, code, reason))

    def _append(
        self, writer: Writer, session: _Session, row: Row, now: int, answer: Answer
    ) -> None:
        numbered = row.numbered(self.rows.top + 1, writer.actor, writer.role, now)
        self.rows.append(numbered)
        session.seqs.append(numbered.seq)
        session.seen = row.seen
        answer.rows.append(numbered)
        answer.ack(row.n, numbered.seq, digest(numbered))

    def _restore(self, refusals: Iterable[Refusal]) -> None:
        by_session: dict[str, dict[int, Refusal]] = {}
        for refusal in refusals:
            by_session.setdefault(refusal.session, {})[refusal.n] = refusal
            session = self._sessions.setdefault(refusal.session, _Session())
            if refusal.n <= session.below:
                session.refusals[refusal.n] = refusal
        for row in self.rows:
            session = self._sessions.setdefault(row.session, _Session())
            _skip_refused(session, by_session.get(row.session, {}))
            session.seqs.append(row.seq)
            session.seen = row.seen
        for name, known in by_session.items():
            _skip_refused(self._sessions[name], known)


def placed(row: Row, seq: int) -> Row:
    """The row at another place of another log, as if its writer had seen all before it."""
    return replace(row, seq=seq, seen=seq - 1)


def _skip_refused(session: _Session, refusals: dict[int, Refusal]) -> None:
    while session.n + 1 in refusals:
        refusal = refusals[session.n + 1]
        session.refusals[refusal.n] = refusal
        session.seqs.append(0)
