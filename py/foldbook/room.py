"""The authority of a log: numbers rows, deduplicates, checks rights, says who gets what. Pure.

It does no IO. Whoever hosts it calls these verbs and carries out the effects, in order:

    open(connection, role)          a connection is there, and what it may do (None: see `Access`)
    receive(connection, message)    it said something
    committed(ticket)               the `Append` with this ticket, and all before it, is written
    close(connection)               it is gone
    recalled(connection, record)    what the store has of the session that `Recall` asks for

What is in an `Append` must be written before `committed` is called; until then nobody has been
told of it. After `Publish`, and whenever a connection can be written to, `take` gives its next
rows, or `missing` tells which ones the host has to load and `give`.

What a room must find again after a crash is its rows, its refusals (`Refusal`) and its access
(`Link`, `Grant`); everything else is made from these. How a pushed row is judged stands in
`foldbook.ledger`, who may come in in `foldbook.access`.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from foldbook.access import Access, Change, Denial, Outcome
from foldbook.calls import CallBook
from foldbook.effects import Append, Close, Effect, Publish, Recall, Send
from foldbook.ledger import STALE, Check, Ledger, Refusal, SessionRecord, Writer
from foldbook.presence import Presences
from foldbook.ring import KEEP
from foldbook.row import RIGHTS, Kind, Role, Row, check_dense
from foldbook.wire import (
    ROOM,
    VERSION,
    Bye,
    Call,
    Came,
    Err,
    Gone,
    Hello,
    Message,
    Presence,
    Push,
    Reply,
    Rows,
    Welcome,
    identify,
)

GONE: Final = 64
"""Sessions that have left of which newcomers are told since when."""


@dataclass(slots=True)
class _Connection(Writer):
    """A connection. Replies wait in order until what they speak of is written.

    by_link: its right is decided at hello; then ``link`` is the one that gave it. hello: waits
    for what the store knows of the session. greeted: it has been welcomed.
    """

    only: str | None = None
    given: str | None = None
    by_link: bool = False
    link: str = ""
    hello: Hello | None = None
    greeted: bool = False
    cursor: int = 0
    turn: int = 0
    replies: deque[tuple[int, Message]] = field(default_factory=deque)


class Room:
    """One log and those who are connected to it.

    rows, refusals: what has been written before. check: looks at rows that a runtime pushes;
    gives the reason where one is unsound. Only an authority that can read payloads has one.
    stale: rows that a writer may be behind the head.
    base: rows up to this one are never sent: peers fetch them before they join.
    ``rows`` begin after ``start``, and ``keep`` (rows, bytes) are at hand at most once they are
    committed; None: all. known: what sessions had done before these rows. recall: this is asked
    for (`Recall`), refusals are not given, and what is not at hand is `missing`.
    access: who may join, where `open` does not tell.
    """

    def __init__(
        self,
        name: str,
        epoch: str,
        rows: Iterable[Row] = (),
        refusals: Iterable[Refusal] = (),
        check: Check = lambda row: None,
        stale: int = STALE,
        *,
        base: int = 0,
        start: int = 0,
        recall: bool = False,
        access: Access | None = None,
        keep: tuple[int, int] | None = None,
        known: Iterable[SessionRecord] = (),
    ) -> None:
        self.name = name
        self.epoch = epoch
        self.base = base
        self.access = access or Access()
        if recall and keep is None:
            keep = KEEP
        self._ledger = Ledger(
            rows, refusals, check, stale, start=start, recall=recall, keep=keep, known=known
        )
        self._ticket = self._committed = 0
        self._staged: deque[tuple[int, int]] = deque()  # (ticket, head once it is committed)
        self._connections: dict[int, _Connection] = {}
        self._at: dict[str, int] = {}  # session -> its connection
        self._calls = CallBook()
        self._presences = Presences()
        self._gone: dict[str, int] = {}  # session that may have a runtime -> since when

    @property
    def head(self) -> int:
        """The newest committed seq."""
        return self._ledger.head

    @property
    def log(self) -> Iterable[Row]:
        """The rows at hand, oldest first."""
        return self._ledger.rows

    def open(
        self, connection: int, role: Role | None = None, session: str | None = None,
        actor: str | None = None,
    ) -> None:  # fmt: skip
        """A connection is there. role: None where its hello tells what it may do. ``session``: the
        only one that it may speak for; ``actor``: who it is, whatever its secret says.
        """
        self._connections[connection] = _Connection(
            role or Role.VIEW, only=session, given=actor, by_link=role is None
        )

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
        if not who.greeted:
            return self.dismiss(connection, Err("malformed", "hello expected first"), now)
        if isinstance(message, Push):
            return self._push(connection, who, message, now)
        if isinstance(message, Call):
            return self._call(connection, who, message, now)
        if isinstance(message, Reply):
            return self._reply(who, message)
        if isinstance(message, Presence):
            return self._show(connection, who, message, now)
        problem = Err("malformed", f"a peer does not send {type(message).__name__}")
        return self.dismiss(connection, problem, now)

    def insert(self, rows: Iterable[Row]) -> Append:
        """Rows that did not come over a connection are numbered; to be carried out like any."""
        added = tuple(self._ledger.insert(row) for row in rows)
        self._ticket += 1
        self._staged.append((self._ticket, self._ledger.rows.top))
        return Append(self._ticket, added, ())

    def committed(self, ticket: int) -> list[Effect]:
        """Everything up to this ticket is written: acknowledge and publish."""
        self._committed = ticket
        while self._staged and self._staged[0][0] <= ticket:
            self._ledger.commit(self._staged.popleft()[1])
        effects = [each for number in self._connections for each in self._flush(number)]
        return [*effects, Publish()]

    def take(self, connection: int) -> Rows | None:
        """The next rows for a connection, or None while it has them all, or lacks older ones."""
        who = self._connections.get(connection)
        if who is None or not who.greeted or who.cursor >= self.head:
            return None
        if who.cursor < self._ledger.rows.start:
            return None
        rows = self._ledger.rows.batch(who.cursor, self.head)
        who.cursor += len(rows)
        return Rows(rows)

    def missing(self, connection: int) -> int | None:
        """Where the next rows for a connection are not at hand: the seq after which they are to
        be loaded from the store, as many as one message holds, and then given to `give`.
        """
        who = self._connections.get(connection)
        if who is None or not who.greeted or who.cursor >= self._ledger.rows.start:
            return None
        return who.cursor

    def give(self, connection: int, rows: tuple[Row, ...]) -> Rows | None:
        """Committed rows that were missing, as a message; None if they are not the next ones."""
        who = self._connections.get(connection)
        if who is None or not rows or rows[0].seq != who.cursor + 1 or rows[-1].seq > self.head:
            return None
        check_dense(rows, who.cursor)
        who.cursor += len(rows)
        return Rows(rows)

    def skip(self, connection: int) -> bool:
        """A connection is told in another way what the rows up to the head come to; False where
        it has not been greeted yet."""
        who = self._connections.get(connection)
        if who is None or not who.greeted:
            return False
        who.cursor = self.head
        return True

    def people(self) -> set[str]:
        """The actors that have a connection."""
        return {who.actor for who in self._connections.values() if who.greeted}

    def close(self, connection: int, now: int) -> list[Effect]:
        """A connection is gone."""
        who = self._connections.pop(connection, None)
        if who is None or self._at.get(who.session) != connection:
            return []
        del self._at[who.session]
        self._ledger.release(who.session)
        if Kind.OUTPUT in RIGHTS[who.role]:
            self._gone[who.session] = now
            if len(self._gone) > GONE:
                del self._gone[next(iter(self._gone))]
        lost = self._hang_up(connection, who.session)
        late = _answers(self._calls.expire(now), "no answer came in time")
        return [*lost, *late, *self._tell(Gone(who.session, now))]

    def dismiss(self, connection: int, problem: Err, now: int) -> list[Effect]:
        """Send a connection away, and tell it why."""
        gone = self.close(connection, now)
        last = (Send(connection, problem), Send(connection, Bye(problem.code)))
        return [*last, Close(connection), *gone]

    # Greeting

    def _greet(self, connection: int, who: _Connection, hello: Hello, now: int) -> list[Effect]:
        session = identify(hello.session_secret)
        problem = self._misfit(who, hello, session)
        if problem is not None:
            return self.dismiss(connection, problem, now)
        who.hello = hello
        self._ledger.release(session)
        if not self._ledger.knows(session, hello.first):
            return [Recall(connection, session, hello.first)]
        return self._admit(connection, who, hello, now)

    def recalled(self, connection: int, record: SessionRecord, now: int) -> list[Effect]:
        """What the store has of the session that a connection has named: the greeting goes on."""
        who = self._connections.get(connection)
        if who is None or who.hello is None or who.greeted:
            return []  # it has gone
        self._ledger.recall(record)
        return self._admit(connection, who, who.hello, now)

    def _admit(self, connection: int, who: _Connection, hello: Hello, now: int) -> list[Effect]:
        actor = identify(hello.actor_secret)
        if not who.by_link:
            return self._welcome(connection, who, hello, now)
        found = self.access.admit(hello.role_token, actor, now)
        if isinstance(found, Denial):
            return self.dismiss(connection, Err(found.code, found.message), now)
        who.role, who.link = found.role, found.link
        joined = self._stage((), (), found.changes) if found.changes else []
        return [*joined, *self._welcome(connection, who, hello, now)]

    def _welcome(self, connection: int, who: _Connection, hello: Hello, now: int) -> list[Effect]:
        session, actor = identify(hello.session_secret), who.given or identify(hello.actor_secret)
        effects: list[Effect] = []
        older = self._at.get(session)
        if older is not None:
            del self._connections[older]
            effects += [Send(older, Bye("fenced")), Close(older)]
            effects += self._hang_up(older, session)
        self._at[session] = connection
        self._gone.pop(session, None)
        who.session, who.actor, who.cursor = session, actor, hello.since
        who.greeted = True
        welcome = Welcome(
            head=self.head,
            epoch=self.epoch,
            actor=actor,
            session=session,
            role=who.role,
            n=self._ledger.newest(session),
            present=tuple(self._at),
            base=self.base,
        )
        gone = [Send(connection, Gone(*each)) for each in self._gone.items()]
        shown = [*gone, *(Send(connection, each) for each in self._presences.current(now))]
        came = [] if older is not None else self._tell(Came(session), but=connection)
        return [*effects, Send(connection, welcome), *shown, *came, Publish()]

    def _misfit(self, who: _Connection, hello: Hello, session: str) -> Err | None:
        if who.hello is not None:
            return Err("malformed", "hello is said once")
        if hello.version != VERSION:
            return Err("version", f"version {VERSION} expected, {hello.version} came")
        if hello.room != self.name:
            return Err("room", f"room {self.name} expected, {hello.room} came")
        if hello.epoch not in ("", self.epoch):
            return Err("epoch", f"epoch {self.epoch} expected, {hello.epoch} came")
        if hello.since < self.base:
            text = f"rows up to {self.base} are fetched before joining, {hello.since} came"
            return Err("base", text, head=self.base)
        if hello.since > self.head:
            return Err("ahead", f"the log ends at {self.head}, the peer has {hello.since}")
        if who.only not in (None, session):
            return Err("session", f"this link is for session {who.only}, {session} came")
        return None

    # Rows

    def _push(self, connection: int, who: _Connection, push: Push, now: int) -> list[Effect]:
        foreign = next((row.session for row in push.rows if row.session != who.session), None)
        if foreign is not None:
            problem = Err("session", f"rows of {who.session} expected, one of {foreign} came")
            return self.dismiss(connection, problem, now)
        if push.turn <= who.turn:  # it came twice; its answer is on its way
            return []
        who.turn = push.turn
        if push.resume:
            who.halted = False
        answer = self._ledger.judge(who, push.rows, now)
        effects: list[Effect] = []
        if answer.rows or answer.refusals:
            effects += self._stage(tuple(answer.rows), tuple(answer.refusals), ())
        last = answer.messages[-1] if answer.messages else None
        if isinstance(last, Err) and last.code == "forgotten":
            return [*effects, *self.dismiss(connection, last, now)]
        who.replies += [(self._ticket, message) for message in answer.messages]
        return [*effects, *self._flush(connection)]

    def _stage(
        self, rows: tuple[Row, ...], refusals: tuple[Refusal, ...], access: tuple[Change, ...]
    ) -> list[Effect]:
        self._ticket += 1
        self._staged.append((self._ticket, self._ledger.rows.top))
        return [Append(self._ticket, rows, refusals, access)]

    def _flush(self, connection: int) -> list[Effect]:
        replies = self._connections[connection].replies
        effects: list[Effect] = []
        while replies and replies[0][0] <= self._committed:
            effects.append(Send(connection, replies.popleft()[1]))
        return effects

    # Ephemeral

    def _call(self, connection: int, who: _Connection, call: Call, now: int) -> list[Effect]:
        if call.to == ROOM:
            return self._ask(connection, who, call, now)
        target = self._at.get(call.to)
        problem = self._no_call(connection, who, target)
        if problem is not None or target is None:
            return [Send(connection, Reply(call.id, ok=False, value=problem))]
        name = self._calls.enter(connection, call, now)
        return [Send(target, Call(name, call.to, call.method, call.params, by=who.session))]

    def _hang_up(self, connection: int, session: str) -> list[Effect]:
        """A session's connection is gone: it answers no more, and waits for no answers."""
        self._presences.drop(connection, session)
        return _answers(self._calls.drop(connection, session), "the runtime's connection is gone")

    def _no_call(self, connection: int, who: _Connection, target: int | None) -> str | None:
        if Kind.RUN not in RIGHTS[who.role]:
            return f"the right {who.role} does not cover calls to a runtime"
        if target is None or Kind.OUTPUT not in RIGHTS[self._connections[target].role]:
            return "the runtime is not connected"
        if self._calls.is_full(connection):
            return "too many calls wait for an answer"
        return None

    def _show(
        self, connection: int, who: _Connection, presence: Presence, now: int
    ) -> list[Effect]:
        stamped = Presence(presence.state, who.session, who.actor)
        if not self._presences.take(connection, stamped, now):
            return []
        return self._tell(stamped, but=connection)

    def _reply(self, who: _Connection, reply: Reply) -> list[Effect]:
        asked = self._calls.settle(reply.id, who.session)
        if asked is None or asked[0] not in self._connections:
            return []  # not asked, too late, or the asker is gone
        return [Send(asked[0], Reply(asked[1], reply.ok, reply.value))]

    # Calls to the room itself

    def _ask(self, connection: int, who: _Connection, call: Call, now: int) -> list[Effect]:
        outcome = self._outcome(who, call, now)
        effects: list[Effect] = []
        if outcome.changes:
            effects += self._stage((), (), outcome.changes)
        reply = Reply(call.id, ok=outcome.ok, value=outcome.value)
        who.replies.append((self._ticket, reply))
        effects += self._flush(connection)
        for number, other in list(self._connections.items()):
            if not other.greeted:
                continue
            if outcome.removed and other.actor == outcome.removed:
                gone = Err("removed", "an owner has removed you from this notebook")
                effects += self.dismiss(number, gone, now)
            elif outcome.revoked and other.link == outcome.revoked and other.role is Role.RUNTIME:
                gone = Err("revoked", "the link of this runtime has been revoked")
                effects += self.dismiss(number, gone, now)
        return effects

    def _outcome(self, who: _Connection, call: Call, now: int) -> Outcome:
        if call.method == "whoami":
            return Outcome(ok=True, value={"role": who.role.value})
        if who.role is not Role.OWN:
            words = f"the right {who.role} does not cover calls to the room"
            return Outcome(ok=False, value=words)
        return self.access.answer(who.actor, call.method, call.params, self.people(), now)

    def _tell(self, message: Message, but: int | None = None) -> list[Effect]:
        return [
            Send(number, message)
            for number, who in self._connections.items()
            if who.greeted and number != but
        ]


def _answers(calls: Iterable[tuple[int, str]], why: str) -> list[Effect]:
    """Calls that nobody is going to answer, as (asker, name), are answered with the reason."""
    return [Send(asker, Reply(name, ok=False, value=why)) for asker, name in calls]
