"""One replica of a notebook: its log, its session's numbers, and what flows up and down.

Synchronous and without IO: it speaks to its `Host`, which keeps batches, carries messages and
is told of every change. `foldbook.peer` is the host in life, the simulator the one in tests.
"""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import Final, Protocol

from foldbook import reducer
from foldbook import sync as step
from foldbook.errors import BadEvent, CommandRefused, Mine
from foldbook.events import readable
from foldbook.events.base import Event
from foldbook.log import Log, Refusal
from foldbook.notebook import Notebook
from foldbook.row import PLAIN_LIMIT, RIGHTS, Role, Row
from foldbook.snapshot import decode
from foldbook.store import EPOCH, SESSION, Batch, Durability, Loaded, MetaValue, RefusedRow
from foldbook.sync import Sync
from foldbook.wire import Hello, Message, Welcome, identify, size_of


class Keeping(Enum):
    """Who keeps the rows."""

    UPSTREAM = auto()  # the authority, in the same store
    HERE = auto()  # this replica: own rows are sent when they are kept
    NOBODY = auto()  # own rows are sent at once


@dataclass(frozen=True, slots=True)
class Origin:
    """The command came from this view as its ``k``-th."""

    view: str
    k: int


@dataclass(frozen=True, slots=True)
class Change:
    """What the last step changed. pending: own new rows, and the view they came from; kept: own
    rows that are on this replica's disk now; refused: own rows that went to the drawer. All
    empty: only the state of saving, of the link, or of who is present.
    """

    confirmed: tuple[Row, ...] = ()
    kept: tuple[Row, ...] = ()
    pending: tuple[Row, ...] = ()
    refused: tuple[Refusal, ...] = ()
    origin: Origin | None = None


class Host(Protocol):
    """What a replica needs of its surroundings. Nothing here waits."""

    def now(self) -> int:
        """Milliseconds since 1970."""

    def new_secret(self) -> bytes:
        """32 new random bytes."""

    def send(self, message: Message) -> None:
        """Send upstream; without a connection it goes nowhere."""

    def keep(self, batch: Batch, then: Callable[[], None] | None, how: Durability) -> None:
        """Have a batch written, in order; call ``then`` right after its transaction."""

    def changed(self, change: Change) -> None:
        """A step is done."""

    def acknowledged(self, n: int) -> None:
        """Own rows up to number n are in the log."""

    def rejoin(self) -> None:
        """The session is another one now: end the connection and make a new one."""

    def heard(self, message: Message) -> None:
        """A message came that does not concern rows."""


class Replica:
    """See the module.

    hello: the session's and the actor's secrets; ``session_secret`` is the one that the store
    has, so that its numbers go on. ended: why the authority ended the connection, if it did.
    """

    def __init__(
        self,
        host: Host,
        hello: Hello,
        role: Role,
        loaded: Loaded,
        keeping: Keeping,
        window: int = 0,
    ) -> None:
        self.session = identify(hello.session_secret)
        self.actor: Final = identify(hello.actor_secret)
        self.role = role
        self.log: Final = Log(_folded(loaded))
        self.ended: step.Ended | None = None
        self.unkept = 0
        self._unkept_bytes = 0
        self._host = host
        self._hello = hello
        self._keeping = keeping
        self._window = window
        self._rewrites = 0
        self._inbox: deque[Message] = deque()
        self._hearing = False
        self.n = 0
        waiting = self._restore(loaded)
        self.sync = self._begin_sync(self.log.pending)
        if waiting != list(self.log.pending) and not self.is_outdated:
            self._renew(waiting, 0)

    @property
    def is_moved(self) -> bool:
        """Whether the rows are kept here and numbered elsewhere."""
        return self._keeping is Keeping.HERE

    @property
    def unsaved(self) -> int:
        """Own rows that are not kept anywhere yet."""
        return self.unkept if self._keeping is Keeping.HERE else self.log.waiting

    @property
    def is_outdated(self) -> bool:
        """Whether the notebook asks for a newer program than this: nothing is to be written on
        this fold of it, and what was written waits for a newer one. What runtimes say is not made
        on a fold: they go on."""
        if self.role is Role.RUNTIME:
            return False
        return self.log.confirmed.reducer > reducer.REDUCER_VERSION

    @property
    def unsaved_bytes(self) -> int:
        """Bytes of them."""
        here = self._keeping is Keeping.HERE
        return self._unkept_bytes if here else self.sync.waiting_bytes

    def take(self, events: Sequence[Event], origin: Origin | None = None) -> list[Row]:
        """Make own new rows of events; they are in the view when this returns.

        Raises `CommandRefused` where the role does not cover one, or one is too large for a row,
        or could not be read back; then none was taken.
        """
        rows = [self._row(self.n + 1 + i, event) for i, event in enumerate(events)]
        for row, event in zip(rows, events, strict=True):
            self.log.append(row, event)
        if rows:
            self.n = rows[-1].n
            self._hand_on(rows)
            self._host.changed(Change(pending=tuple(rows), origin=origin))
        return rows

    def connected(self) -> None:
        """There is a new connection."""
        self._heed(self.sync.connected())

    def disconnected(self) -> None:
        """The connection is gone."""
        self.sync.disconnected()

    def move(self, room: str, epoch: str, token: str) -> None:
        """Another authority numbers the rows from now on; rows are kept here, then sent.

        Raises `Mine` while rows are pending: those the old authority may have numbered already.
        """
        if self.log.pending:
            raise Mine(f"{len(self.log.pending)} rows are not kept yet")
        self._keeping = Keeping.HERE
        self._window = 0
        self._hello = replace(
            self._hello, room=room, epoch=epoch, role_token=token, since=self.log.head
        )
        self.sync = self._begin_sync()

    def amend(self, confirmed: Notebook) -> None:
        """See `Log.amend`."""
        self.log.amend(confirmed)
        self._host.changed(Change())

    def begin_session(self) -> None:
        """Go on as a new session, as a runtime does that starts anew.

        Raises `Mine` while rows are pending: they are the old session's.
        """
        if self.log.pending:
            raise Mine(f"{len(self.log.pending)} rows of this session are not in the log yet")
        self._renew([], 1)
        self._host.rejoin()

    def join_by(self, token: str) -> None:
        """From the next connection on, come in by another link of the same room."""
        self._hello = replace(self._hello, role_token=token)
        self.sync.join_by(token)
        self.ended = None

    def hear(self, message: Message) -> None:
        """Heed one message after the other, also where one leads to the next at once.

        Raises `BadRow` or `BadFrame` where it makes no sense: the connection is useless then.
        """
        self._inbox.append(message)
        if self._hearing:
            return
        self._hearing = True
        try:
            while self._inbox:
                self._heed(self.sync.receive(self._inbox.popleft()))
        finally:
            self._inbox.clear()
            self._hearing = False

    def _restore(self, loaded: Loaded) -> list[Row]:
        """Go on with the numbers, and the pending rows, that the store has; returns these.

        Numbers are missing among them where the authority has told of a later one and not of
        those before. Then they are closed up.
        """
        known = self.log.confirmed.numbers.get(self.session, 0)
        refused = [each.row.n for each in loaded.refused if each.row.session == self.session]
        self.n = max([known, *refused])
        waiting = [row for row in loaded.pending if row.session == self.session]
        for n, row in enumerate(waiting, waiting[0].n if waiting else 0):
            self.log.append(row if row.n == n else replace(row, n=n))
            self.n = n
        return waiting

    def _row(self, n: int, event: Event) -> Row:
        if event.kind not in RIGHTS[self.role]:  # it would be void in the own view too
            raise CommandRefused(f"the right {self.role} does not cover {event.wire_name()}")
        if event.since > self.log.confirmed.reducer:  # and that
            raise CommandRefused(
                "Others may have an older Foldbook, which does not know this. An owner of the "
                "notebook has to allow it first."
            )
        row = Row(
            seq=0,
            session=self.session,
            n=n,
            seen=self.log.head,
            actor=self.actor,
            role=self.role,
            kind=event.kind,
            ts=self._host.now(),
            payload=_payload(event),
        )
        if size_of(row) > PLAIN_LIMIT:
            raise CommandRefused(
                f"{event.wire_name()} of {size_of(row)} bytes: an event has at most {PLAIN_LIMIT}."
            )
        return row

    def _hand_on(self, rows: list[Row]) -> None:
        if self._keeping is not Keeping.HERE:
            self._heed(self.sync.push(rows))
            return
        size = sum(map(size_of, rows))
        self.unkept += len(rows)
        self._unkept_bytes += size
        rewrites = self._rewrites

        def kept() -> None:
            self.unkept -= len(rows)
            self._unkept_bytes -= size
            if rewrites == self._rewrites:  # else they are among the rewritten ones
                self._heed(self.sync.push(rows))
            self._host.changed(Change(kept=tuple(rows)))

        self._host.keep(Batch(pending_added=rows), kept, "strict")

    def _heed(self, effects: Sequence[step.Effect]) -> None:
        for effect in effects:
            match effect:
                case step.Send(message):
                    self._host.send(message)
                case step.Joined(welcome):
                    self._joined(welcome)
                case step.Begun(data):
                    self.log.begin(decode(data).notebook)
                    self._host.changed(Change())
                case step.Confirmed(rows):
                    self._confirm(rows)
                case step.Acknowledged(n):
                    self._host.acknowledged(n)
                    self._host.changed(Change())
                case step.RowRefused() | step.TooFarBehind():
                    self._stopped(effect)
                case step.Forked(n):
                    self._fork(n)
                case step.Ended():
                    if self.ended is None or not self.ended.final:  # the first says why
                        self.ended = effect
                    self._host.changed(Change())
                case step.Other(message):
                    self._host.heard(message)

    def _stopped(self, stop: step.RowRefused | step.TooFarBehind) -> None:
        if self.is_outdated and isinstance(stop, step.TooFarBehind):
            return  # rewritten on this fold they would fit nobody else's
        dropped = list(self.log.pending)
        if isinstance(stop, step.RowRefused):
            self._rewritten(self.log.refuse(stop.n, stop.reason), dropped, stop.n)
        else:
            self._rewritten(self.log.rebase(stop.n), dropped, stop.n - 1)

    def _joined(self, welcome: Welcome) -> None:
        self.role = welcome.role
        self.ended = None
        if not self.log.waiting:
            self.n = max(self.n, welcome.n)
        if self._keeping is Keeping.HERE:
            self._host.keep(Batch(meta={EPOCH: welcome.epoch}), None, "relaxed")
        self._host.heard(welcome)
        self._host.changed(Change())

    def _confirm(self, rows: tuple[Row, ...]) -> None:
        mine = tuple(row for row in rows if row.session == self.session)
        # Not every own row was pending here as it stands in the log: a fork is found later.
        arrived = self.log.confirm(rows)
        if mine and not self.log.waiting:
            self.n = max(self.n, mine[-1].n)
        if self._keeping is Keeping.HERE:
            batch = Batch(confirmed=list(rows), pending_dropped=arrived)
            self._host.keep(batch, None, "relaxed")
        kept = mine if self._keeping is Keeping.UPSTREAM else ()
        self._host.changed(Change(confirmed=rows, kept=kept))

    def _rewritten(
        self,
        moved: list[Refusal],
        dropped: list[Row],
        last: int,
        meta: dict[str, MetaValue | None] | None = None,
    ) -> None:
        """Pending rows were rewritten; the sync gets them back once that is kept.

        dropped: what they were; last: the newest number that is used up where none is left;
        meta: what is to be kept with them.
        """
        pending = list(self.log.pending)
        self.n = pending[-1].n if pending else last
        self._rewrites += 1
        rewrites = self._rewrites

        def kept() -> None:
            if rewrites == self._rewrites:  # rows made since hand themselves on, after these
                self._heed(self.sync.requeue(pending))

        drawer = [RefusedRow(each.row, each.reason) for each in moved]
        batch = Batch(refused_added=drawer, meta=meta or {})
        if self._keeping is Keeping.HERE:
            batch.pending_dropped = [(row.session, row.n) for row in dropped]
            batch.pending_added = pending
            self._host.keep(batch, kept, "strict")
        else:
            if self._keeping is Keeping.UPSTREAM:
                self._host.keep(batch, None, "strict")
            kept()
        self._host.changed(Change(refused=tuple(moved)))

    def _fork(self, n: int) -> None:
        """Another replica has spoken under this session: go on under a new one.

        With all rows: one before n that is pending yet was acknowledged, and is not in the log.
        """
        if self.is_outdated:
            return
        self._renew(list(self.log.pending), min([n, *(row.n for row in self.log.pending)]))
        self._host.rejoin()

    def _renew(self, dropped: list[Row], first: int) -> None:
        """A new session for the pending rows from number ``first`` on; ``dropped``: what they are
        on the disk."""
        secret = self._host.new_secret()
        self.session = identify(secret)
        moved = self.log.rebase(first, self.session)
        self._hello = replace(self._hello, session_secret=secret, since=self.sync.cursor)
        self.sync = self._begin_sync()
        self._inbox.clear()  # what else the old connection said is said again on the new one
        self._rewritten(moved, dropped, 0, {SESSION: secret})

    def _begin_sync(self, pending: Sequence[Row] = ()) -> Sync:
        return Sync(self._hello, pending, self._window, keeps=lambda: self.is_outdated)


def _folded(loaded: Loaded) -> Notebook:
    notebook = loaded.begin().notebook.fork()
    for row in loaded.rows:
        reducer.fold(notebook, row)
    return notebook


def _payload(event: Event) -> bytes:
    try:
        return readable(event)
    except BadEvent as why:
        raise CommandRefused(f"This cannot be kept in the log: {why}.") from None
