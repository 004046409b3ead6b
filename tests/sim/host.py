"""The authority's machine: commits take time, and it crashes at every place where it hurts.

In some stories it is a relay's: it has few rows at hand, and looks up what it must know.
"""

from collections.abc import Callable, Iterable
from functools import partial

from foldbook.access import Access, Change
from foldbook.effects import Append, Close, Effect, Publish, Recall, Send
from foldbook.ledger import STALE, Refusal, SessionRecord
from foldbook.ring import fitting
from foldbook.room import Room
from foldbook.row import Role, Row, digest
from foldbook.store import Batch
from foldbook.wire import Bye, Message, Rows
from sim.disk import Disk
from sim.network import Connection
from sim.world import World


class Host:
    """See the module. base: rows up to this one are fetched before joining; owner: the session
    that made them, and its newest number; access: what is written of links and grants, where
    these decide.
    """

    def __init__(
        self,
        world: World,
        stale: int = STALE,
        base: int = 0,
        owner: tuple[str, int] = ("", 0),
        access: Iterable[Change] = (),
    ) -> None:
        self._owner = owner
        self.store = Disk()
        self.base = base
        self.refusals: list[Refusal] = []
        self.access = list(access)
        self.up = False
        self.counts: dict[str, int] = {}
        self._world = world
        self._stale = stale
        self._connections: dict[int, Connection] = {}
        self._group: list[Append] = []
        self._count = 0
        self._start()

    @property
    def rows(self) -> list[Row]:
        """What is written, from the row after ``base`` on."""
        return self.store.confirmed

    def has(self, row: Row) -> bool:
        """Whether this is what is written at its place; a seal is looked through."""
        at = row.seq - self.base - 1
        if not 0 <= at < len(self.rows):
            return row.seq <= self.base
        kept = self.rows[at]
        return (kept.session, kept.n, kept.actor) == (row.session, row.n, row.actor)

    def open(
        self, role: Role, hear: Callable[[Message], None], lost: Callable[[], None]
    ) -> Connection:
        """A client connects. While the authority is down, it is told so after a while."""
        self._count += 1
        connection = Connection(self._world, self._count, self, hear, lost)
        if not self.up:
            connection.cut()
            return connection
        self._connections[self._count] = connection
        self.room.open(self._count, None if self.access else role)
        return connection

    def hear(self, connection: Connection, message: Message) -> None:
        """See `sim.network.Far`."""
        if self.up and connection.number in self._connections:
            self._carry_out(self.room.receive(connection.number, message, self._world.time))
            self._publish()

    def gone(self, connection: Connection) -> None:
        """See `sim.network.Far`."""
        if self._connections.pop(connection.number, None) and self.up:
            self._carry_out(self.room.close(connection.number, self._world.time))

    def crash(self) -> None:
        """Lose what is in memory. Of what is being written a part may be there already, or all
        of it, and nobody was told; what was sent may arrive or not.
        """
        if not self.up:
            return
        self.up = False
        rng = self._world.rng
        there = rng.choice([0, len(self._group), rng.randint(0, len(self._group))])
        if self._group:
            self._count_one("torn" if 0 < there < len(self._group) else "crashed in a commit")
        self._count_one("crashed")
        self._write(self._group[:there])
        self._group = []
        for connection in self._connections.values():
            if rng.random() < 0.5:
                connection.cut()
            else:
                connection.shut()
        self._connections = {}
        self._world.after(40, self._start)

    def _start(self) -> None:
        rows, base = self.rows, self.base
        access = Access(self.access)
        if self._world.plan.recalls:
            newest = rows[-5:]
            start = base + len(rows) - len(newest)
            self.room = Room(
                "book", "e1", newest, stale=self._stale, base=base, start=start, recall=True,
                access=access, keep=(8, 10**6),
            )  # fmt: skip
        else:
            self.room = Room(
                "book", "e1", rows, self.refusals, stale=self._stale, base=base, start=base,
                access=access,
            )  # fmt: skip
        self.up = True

    def _carry_out(self, effects: list[Effect]) -> None:
        for effect in effects:
            if not self.up:
                return
            if isinstance(effect, Send):
                self.say(effect.connection, effect.message)
            elif isinstance(effect, Append):
                if not self._group:
                    self._world.after(6, partial(self._commit, self.room))
                self._group.append(effect)
            elif isinstance(effect, Publish):
                self._publish()
            elif isinstance(effect, Recall):
                record = self._record(effect.session, effect.first)
                self._world.after(4, partial(self._recalled, self.room, effect, record))
            elif isinstance(effect, Close):
                closed = self._connections.pop(effect.connection, None)
                if closed is not None:
                    closed.shut()

    def _record(self, session: str, first: int) -> SessionRecord:
        """What the disk has of a session at this moment."""
        rows = [row for row in self.rows if row.session == session]
        refusals = [each for each in self.refusals if each.session == session]
        begun = self._owner[1] if session == self._owner[0] else 0
        numbers = [row.n for row in rows] + [refusal.n for refusal in refusals]
        n = max(numbers, default=begun)
        asked = first or n + 1
        return SessionRecord(
            session,
            n,
            rows[-1].seen if rows else 0,
            asked,
            {row.n: (row.seq, digest(row)) for row in rows if row.n >= asked},
            tuple(each for each in refusals if each.n >= asked),
        )

    def _recalled(self, room: Room, effect: Recall, record: SessionRecord) -> None:
        if self.up and room is self.room:  # it has not crashed since
            self._carry_out(room.recalled(effect.connection, record, self._world.time))
            self._publish()

    def _commit(self, room: Room) -> None:
        if not self.up or room is not self.room or not self._group:
            return  # it has crashed since
        group, self._group = self._group, []
        self._write(group)
        effects = room.committed(group[-1].ticket)
        if self._world.chance(0.01):
            self._count_one("crashed before publish")
            self._carry_out(effects[: self._world.rng.randint(0, len(effects) - 1)])
            self.crash()
        self._carry_out(effects)

    def _write(self, group: list[Append]) -> None:
        for append in group:
            self.store.write(Batch(confirmed=list(append.rows)))
            self.refusals += append.refusals
            self.access += append.access

    # Rows on their way down

    def _publish(self) -> None:
        for number in list(self._connections):
            if self.up and self._world.chance(0.001):
                self._count_one("crashed in publish")
                self.crash()
            self._feed(number)

    def _feed(self, number: int) -> None:
        connection, world = self._connections.get(number), self._world
        if connection is None or world.time < connection.reads_at:
            return
        if connection.slow and not world.calm:
            rows = self._next(number)
            if rows is not None:
                connection.down(self.told(number, rows))
                self._wait(connection, 60)
                if world.chance(0.03):
                    self._send_off(connection)
        elif world.chance(0.2):
            self._wait(connection, 10)  # not writable now
        else:
            while (rows := self._next(number)) is not None:
                connection.down(self.told(number, rows))

    def told(self, number: int, rows: Rows) -> Rows:
        """What a connection is told of these rows."""
        return rows

    def say(self, number: int, message: Message) -> None:
        """An answer to a connection."""
        if number in self._connections:
            self._connections[number].down(message)

    def _wait(self, connection: Connection, most: int) -> None:
        connection.reads_at = self._world.time + self._world.rng.randint(1, most)
        self._world.at(connection.reads_at, lambda: self._feed(connection.number))

    def _send_off(self, connection: Connection) -> None:
        """It reads too slowly."""
        self._count_one("slow")
        connection.down(Bye("slow"))
        connection.shut()
        self.gone(connection)

    def _next(self, number: int) -> Rows | None:
        after = self.room.missing(number)
        if after is None:
            return self.room.take(number)
        self._count_one("missing")
        return self.room.give(number, fitting(self.rows[after - self.base :]))

    def _count_one(self, what: str) -> None:
        self.counts[what] = self.counts.get(what, 0) + 1
