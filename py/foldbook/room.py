"""The authority of a log: numbers rows, deduplicates, checks rights, says who gets what. Pure.

It does no IO. Whoever hosts it calls four verbs and carries out the effects, in order:

    open(connection, role)          a connection is there, and what its link allows
    receive(connection, message)    it said something
    committed(ticket)               the `Append` with this ticket, and all before it, is written
    close(connection)               it is gone

`Append` rows must be written before `committed` is called; until then nobody has been told of
them. After `Publish`, and whenever a connection can be written to, `take` gives its next rows.

What a room must find again after a crash is its rows and its refusals (`Refusal`); everything
else is made from these. How a pushed row is judged stands in `foldbook.ledger`.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from foldbook.calls import CallBook
from foldbook.ledger import STALE, Check, Ledger, Refusal, Writer
from foldbook.row import RIGHTS, Kind, Role, Row
from foldbook.wire import (
    BATCH_BYTES,
    BATCH_ROWS,
    VERSION,
    Bye,
    Call,
    Came,
    Err,
    Gone,
    Hello,
    Message,
    Push,
    Reply,
    Rows,
    Welcome,
    identify,
    size_of,
)


@dataclass(frozen=True, slots=True)
class Send:
    """Send a message to a connection."""

    connection: int
    message: Message


@dataclass(frozen=True, slots=True)
class Append:
    """Write these in one transaction, then call `Room.committed` with the ticket."""

    ticket: int
    rows: tuple[Row, ...]
    refusals: tuple[Refusal, ...]


@dataclass(frozen=True, slots=True)
class Publish:
    """There are new rows to `Room.take` for every connection."""


@dataclass(frozen=True, slots=True)
class Close:
    """Close a connection; the room has forgotten it."""

    connection: int


Effect = Send | Append | Publish | Close


@dataclass(slots=True)
class _Connection(Writer):
    """A connection. Replies wait in order until what they speak of is written."""

    only: str | None = None
    given: str | None = None
    cursor: int = 0
    turn: int = 0
    replies: deque[tuple[int, Message]] = field(default_factory=deque)


class Room:
    """One log and those who are connected to it.

    rows, refusals: what has been written before. check: looks at rows that a runtime pushes;
    gives the reason where one is unsound. Only an authority that can read payloads has one.
    stale: rows that a writer may be behind the head.
    """

    def __init__(
        self,
        name: str,
        epoch: str,
        rows: Iterable[Row] = (),
        refusals: Iterable[Refusal] = (),
        check: Check = lambda row: None,
        stale: int = STALE,
    ) -> None:
        self.name = name
        self.epoch = epoch
        self._ledger = Ledger(rows, refusals, check, stale)
        self._ticket = self._committed = 0
        self._staged: deque[tuple[int, int]] = deque()  # (ticket, head once it is committed)
        self._connections: dict[int, _Connection] = {}
        self._at: dict[str, int] = {}  # session -> its connection
        self._calls = CallBook()

    @property
    def head(self) -> int:
        """The newest committed seq."""
        return self._ledger.head

    def open(
        self, connection: int, role: Role, session: str | None = None, actor: str | None = None
    ) -> None:
        """A connection is there. ``session``: the only one that it may speak for; ``actor``: who
        it is, whatever its secret says.
        """
        self._connections[connection] = _Connection(role, only=session, given=actor)

    def receive(self, connection: int, message: Message, now: int) -> list[Effect]:
        """A connection said something; ``now`` is in ms since 1970."""
        who = self._connections.get(connection)
        if who is None:  # fenced or closed: it may still be talking
            return []
        late = _answers(self._calls.expire(now), "no answer came in time")
        return [*late, *self._answer(connection, who, message, now)]

    def _answer(
        self, connection: int, who: _Connection, message: Message, now: int
    ) -> list[Effect]:
        if isinstance(message, Hello):
            return self._greet(connection, who, message, now)
        if not who.session:
            return self._dismiss(connection, Err("malformed", "hello expected first"), now)
        if isinstance(message, Push):
            return self._push(connection, who, message, now)
        if isinstance(message, Call):
            return self._call(connection, who, message, now)
        if isinstance(message, Reply):
            return self._reply(who, message)
        problem = Err("malformed", f"a peer does not send {type(message).__name__}")
        return self._dismiss(connection, problem, now)

    def insert(self, rows: Iterable[Row]) -> Append:
        """Rows that did not come over a connection; they are numbered, with actor and role as
        they are. To be carried out like every other `Append`.
        """
        added = tuple(self._ledger.insert(row) for row in rows)
        self._ticket += 1
        self._staged.append((self._ticket, len(self._ledger.log)))
        return Append(self._ticket, added, ())

    def committed(self, ticket: int) -> list[Effect]:
        """Everything up to this ticket is written: acknowledge and publish."""
        self._committed = ticket
        while self._staged and self._staged[0][0] <= ticket:
            self._ledger.head = self._staged.popleft()[1]
        effects = [each for number in self._connections for each in self._flush(number)]
        return [*effects, Publish()]

    def take(self, connection: int) -> Rows | None:
        """The next rows for a connection, or None while it has them all."""
        who = self._connections.get(connection)
        if who is None or not who.session or who.cursor >= self.head:
            return None
        end = min(who.cursor + BATCH_ROWS, self.head)
        rows: list[Row] = []
        size = 0
        for row in self._ledger.log[who.cursor : end]:
            size += size_of(row)
            if rows and size > BATCH_BYTES:
                break
            rows.append(row)
        who.cursor += len(rows)
        return Rows(tuple(rows))

    def close(self, connection: int, now: int) -> list[Effect]:
        """A connection is gone."""
        who = self._connections.pop(connection, None)
        if who is None or self._at.get(who.session) != connection:
            return []
        del self._at[who.session]
        lost = self._hang_up(connection, who.session)
        late = _answers(self._calls.expire(now), "no answer came in time")
        return [*lost, *late, *self._tell(Gone(who.session, now))]

    # Greeting

    def _greet(self, connection: int, who: _Connection, hello: Hello, now: int) -> list[Effect]:
        session, actor = identify(hello.session_secret), who.given or identify(hello.actor_secret)
        problem = self._misfit(who, hello, session)
        if problem is not None:
            return self._dismiss(connection, problem, now)
        effects: list[Effect] = []
        older = self._at.get(session)
        if older is not None:
            del self._connections[older]
            effects += [Send(older, Bye("fenced")), Close(older)]
            effects += self._hang_up(older, session)
        self._at[session] = connection
        who.session, who.actor, who.cursor = session, actor, hello.since
        welcome = Welcome(
            head=self.head,
            epoch=self.epoch,
            actor=actor,
            session=session,
            role=who.role,
            n=self._ledger.newest(session),
            present=tuple(self._at),
        )
        came = [] if older is not None else self._tell(Came(session), but=connection)
        return [*effects, Send(connection, welcome), *came, Publish()]

    def _misfit(self, who: _Connection, hello: Hello, session: str) -> Err | None:
        if who.session:
            return Err("malformed", "hello is said once")
        if hello.version != VERSION:
            return Err("version", f"version {VERSION} expected, {hello.version} came")
        if hello.room != self.name:
            return Err("room", f"room {self.name} expected, {hello.room} came")
        if hello.epoch not in ("", self.epoch):
            return Err("epoch", f"epoch {self.epoch} expected, {hello.epoch} came")
        if hello.since > self.head:
            return Err("ahead", f"the log ends at {self.head}, the peer has {hello.since}")
        if who.only not in (None, session):
            return Err("session", f"this link is for session {who.only}, {session} came")
        return None

    def _dismiss(self, connection: int, problem: Err, now: int) -> list[Effect]:
        gone = self.close(connection, now)
        last = (Send(connection, problem), Send(connection, Bye(problem.code)))
        return [*last, Close(connection), *gone]

    # Rows

    def _push(self, connection: int, who: _Connection, push: Push, now: int) -> list[Effect]:
        foreign = next((row.session for row in push.rows if row.session != who.session), None)
        if foreign is not None:
            problem = Err("session", f"rows of {who.session} expected, one of {foreign} came")
            return self._dismiss(connection, problem, now)
        if push.turn <= who.turn:  # it came twice; its answer is on its way
            return []
        who.turn = push.turn
        if push.resume:
            who.halted = False
        answer = self._ledger.judge(who, push.rows, now)
        effects: list[Effect] = []
        if answer.rows or answer.refusals:
            self._ticket += 1
            self._staged.append((self._ticket, len(self._ledger.log)))
            effects.append(Append(self._ticket, tuple(answer.rows), tuple(answer.refusals)))
        who.replies += [(self._ticket, message) for message in answer.messages]
        return [*effects, *self._flush(connection)]

    def _flush(self, connection: int) -> list[Effect]:
        replies = self._connections[connection].replies
        effects: list[Effect] = []
        while replies and replies[0][0] <= self._committed:
            effects.append(Send(connection, replies.popleft()[1]))
        return effects

    # Ephemeral

    def _call(self, connection: int, who: _Connection, call: Call, now: int) -> list[Effect]:
        target = self._at.get(call.to)
        problem = self._no_call(connection, who, target)
        if problem is not None or target is None:
            return [Send(connection, Reply(call.id, ok=False, value=problem))]
        name = self._calls.enter(connection, call, now)
        return [Send(target, Call(name, call.to, call.method, call.params, by=who.session))]

    def _hang_up(self, connection: int, session: str) -> list[Effect]:
        """A session's connection is gone: it answers no more, and waits for no answers."""
        return _answers(self._calls.drop(connection, session), "the runtime's connection is gone")

    def _no_call(self, connection: int, who: _Connection, target: int | None) -> str | None:
        if Kind.RUN not in RIGHTS[who.role]:
            return f"the right {who.role} does not cover calls to a runtime"
        if target is None or self._connections[target].role is not Role.RUNTIME:
            return "the runtime is not connected"
        if self._calls.is_full(connection):
            return "too many calls wait for an answer"
        return None

    def _reply(self, who: _Connection, reply: Reply) -> list[Effect]:
        asked = self._calls.settle(reply.id, who.session)
        if asked is None or asked[0] not in self._connections:
            return []  # not asked, too late, or the asker is gone
        return [Send(asked[0], Reply(asked[1], reply.ok, reply.value))]

    def _tell(self, message: Message, but: int | None = None) -> list[Effect]:
        return [
            Send(number, message)
            for number, who in self._connections.items()
            if who.session and number != but
        ]


def _answers(calls: Iterable[tuple[int, str]], why: str) -> list[Effect]:
    """Calls that nobody is going to answer, as (asker, name), are answered with the reason."""
    return [Send(asker, Reply(name, ok=False, value=why)) for asker, name in calls]
