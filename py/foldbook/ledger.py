"""The rows of a log, and what each session may add to it. Pure.

a pushed row:  known n ── same digest ──▶ ack with its seq     (or its nack, once more)
                  │  └── another ───────▶ err fork
               n beyond the next ───────▶ err gap
               after a nack ────────────▶ not taken             (until the sender resumes)
               too far behind ──────────▶ err stale             (n is not used up)
               no right, unsound ───────▶ nack                  (n is used up)
               otherwise ───────────────▶ append, then ack
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Final

from foldbook.row import RIGHTS, ROW_LIMIT, Role, Row, check_dense, digest
from foldbook.wire import Ack, Err, Message, Nack, NotTaken, size_of

STALE: Final = 8192
"""Rows that a writer may be behind the head."""

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


@dataclass(slots=True)
class _Session:
    """What the room knows of a session. ``seqs[n - 1]`` is the seq of row n, 0 if refused."""

    seqs: list[int] = field(default_factory=list)
    seen: int = 0
    refusals: dict[int, Refusal] = field(default_factory=dict)

    @property
    def n(self) -> int:
        return len(self.seqs)


class Ledger:
    """The rows, and the numbers of every session.

    head: the newest committed seq; ``log`` may go further. The rest as for
    `foldbook.room.Room`.
    """

    def __init__(
        self, rows: Iterable[Row], refusals: Iterable[Refusal], check: Check, stale: int
    ) -> None:
        self.log: Final = list(rows)
        check_dense(self.log, 0)
        self.head = len(self.log)
        self._check = check
        self._stale = stale
        self._sessions: dict[str, _Session] = {}
        self._restore(refusals)

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
        self.log.append(placed(row, len(self.log) + 1))
        return self.log[-1]

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
        if row.seen < len(self.log) - self._stale:
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
        mark = digest(row)
        seq = session.seqs[row.n - 1]
        stored = refusal.digest if refusal else digest(self.log[seq - 1])
        if stored != mark:
            text = f"row {row.n} of the session stands in the log with another content"
            answer.add(Err("fork", text, n=row.n, expected_n=session.n + 1, head=self.head))
            return False
        if refusal:
            writer.halted = True
            answer.add(Nack(row.n, refusal.code, refusal.reason))
        else:
            answer.ack(row.n, seq, stored)
        return True

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
        answer.refusals.append(refusal)
        answer.add(Nack(row.n, code, reason))

    def _append(
        self, writer: Writer, session: _Session, row: Row, now: int, answer: Answer
    ) -> None:
        numbered = row.numbered(len(self.log) + 1, writer.actor, writer.role, now)
        self.log.append(numbered)
        session.seqs.append(numbered.seq)
        session.seen = row.seen
        answer.rows.append(numbered)
        answer.ack(row.n, numbered.seq, digest(numbered))

    def _restore(self, refusals: Iterable[Refusal]) -> None:
        by_session: dict[str, dict[int, Refusal]] = {}
        for refusal in refusals:
            by_session.setdefault(refusal.session, {})[refusal.n] = refusal
        for row in self.log:
            session = self._sessions.setdefault(row.session, _Session())
            _skip_refused(session, by_session.get(row.session, {}))
            session.seqs.append(row.seq)
            session.seen = row.seen
        for name, known in by_session.items():
            _skip_refused(self._sessions.setdefault(name, _Session()), known)


def placed(row: Row, seq: int) -> Row:
    """The row at another place of another log, as if its writer had seen all before it."""
    return replace(row, seq=seq, seen=seq - 1)


def _skip_refused(session: _Session, refusals: dict[int, Refusal]) -> None:
    while session.n + 1 in refusals:
        refusal = refusals[session.n + 1]
        session.refusals[refusal.n] = refusal
        session.seqs.append(0)
