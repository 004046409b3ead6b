"""A small world on one seed: a clock, a network that delays and cuts, an authority that crashes.

Nothing here knows events. What happens next is drawn from one `random.Random`, so a seed is a
story that can be told again.
"""

import heapq
from collections.abc import Callable
from functools import partial
from random import Random

from foldbook.effects import Append, Close, Publish, Recall, Send
from foldbook.ledger import Refusal, SessionRecord
from foldbook.ring import fitting
from foldbook.room import Room
from foldbook.row import Role, digest
from foldbook.store import Batch, MemoryStore
from foldbook.wire import Message, Rows, decode, encode


class World:
    """Time, chance, and what happens when. ``calm`` ends all faults."""

    def __init__(self, seed: int) -> None:
        self.rng = Random(seed)
        self.time = 0
        self.calm = False
        self.frames = seed % 8 == 0  # messages travel as bytes in these
        self.recalls = seed % 2 == 0  # the authority has only its newest rows at hand in these
        self._queue: list[tuple[int, int, Callable[[], None]]] = []
        self._count = 0

    def after(self, most: int, act: Callable[[], None]) -> None:
        """Something happens in up to ``most`` ticks from now."""
        self.at(self.time + self.rng.randint(1, most), act)

    def at(self, time: int, act: Callable[[], None]) -> None:
        """Something happens at this time; what was planned first happens first."""
        self._count += 1
        heapq.heappush(self._queue, (time, self._count, act))

    def run(self, until: int | None = None) -> None:
        """Let things happen, up to a time, or until nothing is left to happen."""
        steps = 0
        while self._queue and (until is None or self._queue[0][0] <= until):
            self.time, _, act = heapq.heappop(self._queue)
            act()
            steps += 1
            assert steps < 100_000, "the world does not come to rest"
        if until is not None:
            self.time = until

    def chance(self, probability: float) -> bool:
        """Whether a fault happens; never when all is calm."""
        return not self.calm and self.rng.random() < probability


class Connection:
    """Two pipes. Each keeps its order; a cut loses what is under way."""

    def __init__(
        self, world: World, number: int, host: "Host", hear: Callable[[Message], None],
        lost: Callable[[], None],
    ) -> None:  # fmt: skip
        self.number = number
        self.cut_up = self.cut_down = False
        self._world = world
        self._host = host
        self._hear = hear
        self._lost = lost
        self._last = [0, 0]

    def up(self, message: Message) -> None:
        """From the client."""
        if self.cut_up:
            return
        self._travel(0, message, self._arrive_up)
        if self._world.chance(0.01):
            self._travel(0, message, self._arrive_up)  # a duplicate

    def down(self, message: Message) -> None:
        """From the authority."""
        if not self.cut_down:
            self._travel(1, message, self._arrive_down)

    def cut(self) -> None:
        """Both ends lose each other, and notice it some time later."""
        self.cut_up = self.cut_down = True
        self._world.after(30, lambda: self._host.gone(self))
        self._world.after(30, self._lost)

    def leave(self) -> None:
        """The client has ended; what it sent is still under way."""
        self.cut_down = True
        self._travel(0, None, lambda _: self._host.gone(self))

    def _travel(self, way: int, message: Message | None, arrive: Callable[[Message], None]) -> None:
        if self._world.frames and message is not None:
            message = decode(encode(message))
        slow = 40 if self._world.chance(0.05) else 4
        due = max(self._last[way], self._world.time + self._world.rng.randint(1, slow))
        self._last[way] = due
        self._world.at(due, lambda: arrive(message))  # type: ignore[arg-type]

    def _arrive_up(self, message: Message) -> None:
        if not self.cut_up:
            self._host.hear(self, message)

    def _arrive_down(self, message: Message) -> None:
        if not self.cut_down:
            self._hear(message)


class Host:
    """The room on its machine: commits take time, and it crashes before or after them.

    In some stories it is a relay's: it has few rows at hand, and looks up what it must know.
    """

    def __init__(self, world: World, stale: int) -> None:
        self.store = MemoryStore()
        self.refusals: list[Refusal] = []
        self.up = False
        self.crashes = 0
        self._world = world
        self._stale = stale
        self._connections: dict[int, Connection] = {}
        self._group: list[Append] = []
        self._count = 0
        self._start()

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
        self.room.open(self._count, role)
        return connection

    def hear(self, connection: Connection, message: Message) -> None:
        """A message arrived."""
        if self.up and connection.number in self._connections:
            self._carry_out(self.room.receive(connection.number, message, self._world.time))
            self._publish()

    def gone(self, connection: Connection) -> None:
        """A connection is noticed to be lost."""
        if self._connections.pop(connection.number, None) and self.up:
            self._carry_out(self.room.close(connection.number, self._world.time))

    def crash(self) -> None:
        """Lose what is in memory, at times right after a commit that nobody was told of."""
        if not self.up:
            return
        self.up = False
        self.crashes += 1
        if self._world.rng.random() < 0.5:
            self._write(self._group)
        self._group = []
        for connection in self._connections.values():
            connection.cut()
        self._connections = {}
        self._world.after(40, self._start)

    def _start(self) -> None:
        rows = self.store.load().rows
        if self._world.recalls:
            newest = rows[-5:]
            start = len(rows) - len(newest)
            self.room = Room(
                "book", "e1", newest, stale=self._stale, start=start, recall=True, keep=(8, 10**6)
            )
        else:
            self.room = Room("book", "e1", rows, self.refusals, stale=self._stale)
        self.up = True

    def _carry_out(self, effects: list[object]) -> None:
        for effect in effects:
            if isinstance(effect, Send) and effect.connection in self._connections:
                self._connections[effect.connection].down(effect.message)
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
                    closed._travel(1, None, lambda _, lost=closed: lost._lost())

    def _record(self, session: str, first: int) -> SessionRecord:
        """What the disk has of a session at this moment."""
        rows = [row for row in self.store.load().rows if row.session == session]
        refusals = [each for each in self.refusals if each.session == session]
        n = max((each.n for each in [*rows, *refusals]), default=0)
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
        if room is self.room:  # it has not crashed since
            self._carry_out(room.recalled(effect.connection, record, self._world.time))
            self._publish()

    def _commit(self, room: Room) -> None:
        if room is not self.room or not self._group:
            return  # it has crashed since
        group, self._group = self._group, []
        self._write(group)
        self._carry_out(room.committed(group[-1].ticket))

    def _write(self, group: list[Append]) -> None:
        for append in group:
            self.store.write(Batch(confirmed=list(append.rows)))
            self.refusals += append.refusals

    def _publish(self) -> None:
        for number, connection in list(self._connections.items()):
            if self._world.chance(0.2):  # not writable now
                self._world.after(10, self._publish)
                continue
            while (rows := self._next(number)) is not None:
                connection.down(rows)

    def _next(self, number: int) -> Rows | None:
        after = self.room.missing(number)
        if after is None:
            return self.room.take(number)
        return self.room.give(number, fitting(self.store.load().rows[after:]))
