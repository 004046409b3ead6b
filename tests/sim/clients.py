"""Those who write: people whose workers die and come back, and a runtime that runs cells.

Each is the `foldbook.replica.Host` of a real replica. After every step the view must be the
fold of what is confirmed, then of what is pending.
"""

import hashlib
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache

from foldbook import order, text
from foldbook.errors import BadFrame, BadRow
from foldbook.events import decode
from foldbook.events.base import Event
from foldbook.events.cells import (
    CellCreated,
    CellDeleted,
    CellMoved,
    CellRestored,
    CellSourceEdited,
)
from foldbook.events.executions import (
    ExecutionAssigned,
    ExecutionCompleted,
    ExecutionRequested,
    ExecutionStarted,
)
from foldbook.events.outputs import StreamAppended
from foldbook.events.runtimes import RuntimeStarted
from foldbook.notebook import Notebook, Status
from foldbook.reducer import fold_provisionally
from foldbook.replica import Change, Keeping, Replica
from foldbook.row import RIGHTS, Role, Row
from foldbook.store import SESSION, Batch, Durability, Loaded, MemoryStore
from foldbook.wire import Ack, Hello, Message
from sim.world import Connection, Host, World


class Ledger:
    """What was typed, told and promised, to be compared with the log in the end."""

    def __init__(self) -> None:
        self.typed: dict[str, frozenset[str]] = {}  # character -> those its edit took away
        self.may_be_lost: set[str] = set()  # in no store and not sent when its worker died
        self.may_be_twice: set[str] = set()  # pending in a store that was copied
        self.acked: dict[tuple[str, int], tuple[int, bytes]] = {}
        self.told: dict[int, Row] = {}
        self.said: dict[str, str] = {}  # execution -> what its runtime wrote
        self.drawers: list[Row] = []
        self.ids = 0
        self.counts: dict[str, int] = {}

    def new_id(self) -> str:
        """An id that nobody has."""
        self.ids += 1
        return f"i{self.ids}"

    def new_text(self, length: int) -> str:
        """Characters that nobody has typed."""
        first = 0x4E00 + len(self.typed)
        return "".join(chr(first + i) for i in range(length))

    def count(self, what: str) -> None:
        """Something worth knowing happened."""
        self.counts[what] = self.counts.get(what, 0) + 1


event_of = lru_cache(maxsize=4096)(decode)


def inserted(row: Row) -> set[str]:
    """The characters that a row brings into a cell."""
    return brought(event_of(row.payload))


def brought(event: object) -> set[str]:
    """The characters that an event brings into a cell."""
    if isinstance(event, CellCreated):
        return set(event.source)
    if isinstance(event, CellSourceEdited):
        return {c for each in event.changes if not isinstance(each, int) for c in each[1]}
    return set()


def characters(rows: list[Row]) -> set[str]:
    """All characters that rows bring in."""
    return {each for row in rows for each in inserted(row)}


def shape(notebook: Notebook) -> object:
    """What a person sees of a notebook: without times, and without numbers that will change."""
    cells = {
        each.id: (each.source, each.position, each.deleted, each.execution)
        for each in notebook.cells.values()
    }
    executions = {
        each.id: (each.status, each.owner, tuple(output.text for output in each.outputs))
        for each in notebook.executions.values()
    }
    runtimes = {each.session: each.status for each in notebook.runtimes.values()}
    return notebook.name, cells, executions, runtimes, notebook.selected_runtime


class Client:
    """A replica with its disk and its connection; one life of it."""

    keeping = Keeping.HERE
    window = 0

    def __init__(
        self, name: str, world: World, host: Host, ledger: Ledger, disk: MemoryStore
    ) -> None:
        self.name = name
        self.world = world
        self.host = host
        self.ledger = ledger
        self.disk = disk
        self.dead = False
        self.link: Connection | None = None
        self._keeping: list[tuple[Batch, Callable[[], None] | None]] = []
        loaded = disk.load()
        secret = loaded.meta.get(SESSION)
        if not isinstance(secret, bytes):
            secret = self.new_secret()
            disk.write(Batch(meta={SESSION: secret}))
        since = loaded.rows[-1].seq if loaded.rows else 0
        hello = Hello("book", "", secret, name.encode() * 16, since)
        window = self.window or world.rng.choice([0, 0, 500])
        self.replica = Replica(self, hello, self.role(), loaded, self.keeping, window)
        self.connect()

    def role(self) -> Role:
        """What the link of this client allows."""
        return Role.OWN

    def connect(self) -> None:
        """Connect, if alive."""
        if self.dead or self.link is not None:
            return
        known = self.replica.session

        def hear(message: Message) -> None:
            if not self.dead and self.link is link and self.replica.session == known:
                self._hear(message)

        link = self.link = self.host.open(self.role(), hear, lambda: self._lost(link))
        self.replica.connected()

    def crash(self) -> None:
        """Die, with everything that is in memory only; what was sent is still under way."""
        self.dead = True
        if self.link is not None:
            self.link.leave()
        kept = self.disk.load()
        there = [*kept.rows, *kept.pending, *(each.row for each in kept.refused)]
        memory = [*self.replica.log.pending, *(each.row for each in self.replica.log.refused)]
        lost = characters(memory) - characters(there)
        self.ledger.may_be_lost |= lost

    def check(self) -> None:
        """The law of the view."""
        log = self.replica.log
        expected = log.confirmed.fork()
        for i, row in enumerate(log.pending):
            fold_provisionally(expected, replace(row, seq=log.head + i + 1), event_of(row.payload))
        assert shape(log.view) == shape(expected), f"{self.name}: the view is not the fold"

    # The host of the replica

    def now(self) -> int:
        return self.world.time

    def new_secret(self) -> bytes:
        return hashlib.sha256(self.world.rng.randbytes(8)).digest()

    def send(self, message: Message) -> None:
        if self.link is not None:
            self.link.up(message)

    def keep(self, batch: Batch, then: Callable[[], None] | None, how: Durability) -> None:
        if not self._keeping:
            self.world.after(8, self._commit)
        self._keeping.append((batch, then))

    def changed(self, change: Change) -> None:
        if change.refused:
            self.ledger.count("refused")
            self.ledger.drawers += [each.row for each in change.refused]
        for row in change.confirmed:
            known = self.ledger.told.setdefault(row.seq, row)
            assert known == row, f"{self.name} was told another row {row.seq}"
        if change != Change():
            self.check()

    def acknowledged(self, n: int) -> None:
        pass

    def rejoin(self) -> None:
        self.ledger.count("forked")
        if self.link is not None:
            self.link.leave()
            self.link = None
        self.world.after(20, self.connect)

    def heard(self, message: Message) -> None:
        pass

    def _commit(self) -> None:
        if self.dead:
            return
        group, self._keeping = self._keeping, []
        together = Batch()
        for batch, _ in group:
            together.add(batch)
        self.disk.write(together)
        for _, then in group:
            if then is not None:
                then()

    def _hear(self, message: Message) -> None:
        session = self.replica.session
        if isinstance(message, Ack):
            for i, (seq, mark) in enumerate(zip(message.seqs, message.digests, strict=True)):
                known = self.ledger.acked.setdefault((session, message.n + i), (seq, mark))
                assert known == (seq, mark), f"{self.name}: {message.n + i} {known} {seq, mark}"
        try:
            self.replica.hear(message)
        except (BadFrame, BadRow):
            self.ledger.count("misunderstood")
            if self.link is not None:
                self.link.cut()
            return
        ended = self.replica.ended
        if ended is not None and ended.final and not self.dead:
            self.ledger.count(ended.code)
            self.reopen()

    def reopen(self) -> None:
        """Somebody closes it and opens it again later."""

    def _lost(self, link: Connection) -> None:
        if self.link is link:
            self.link = None
            self.replica.disconnected()
            self.world.after(30, self.connect)


class Person(Client):
    """Types, makes, moves and deletes cells, asks for runs; dies and goes on."""

    def role(self) -> Role:
        if self.world.chance(0.06):
            self.ledger.count("demoted")
            return self.world.rng.choice([Role.COMMENT, Role.EDIT])
        return Role.OWN

    def act(self) -> None:
        """Do something."""
        if self.dead or (self.replica.ended is not None and self.replica.ended.final):
            return
        for _ in range(self.world.rng.choice([1, 1, 1, 1, 3])):
            event = self._event()
            if event.kind in RIGHTS[self.replica.role]:
                self.ledger.typed |= dict.fromkeys(brought(event), self.taken)
                self.replica.take([event])

    def _event(self) -> Event:
        self.taken = frozenset[str]()
        rng, cells = self.world.rng, list(self.replica.log.view.cells.values())
        what = rng.random()
        if not cells or what < 0.1:
            return self._create()
        cell = rng.choice(cells)
        if what < 0.75:
            return self._edit(cell.id, cell.source)
        if what < 0.82:
            return CellRestored(cell_id=cell.id) if cell.deleted else CellDeleted(cell_id=cell.id)
        if what < 0.88:
            return CellMoved(cell_id=cell.id, position=self._place())
        return ExecutionRequested(
            execution_id=self.ledger.new_id(),
            cell_id=cell.id,
            source=cell.source,
            runtime=None,
            run_id="r",
        )

    def _create(self) -> Event:
        typed = self.ledger.new_text(self.world.rng.randint(0, 3))
        return CellCreated(
            cell_id=self.ledger.new_id(), cell_type="code", position=self._place(), source=typed
        )

    def _place(self) -> str:
        cells = self.replica.log.view.ordered_cells()
        at = self.world.rng.randint(0, len(cells))
        low = cells[at - 1].position if at else None
        high = next(
            (each.position for each in cells[at:] if low is None or each.position > low), None
        )
        return order.between(low, high, self.name)

    def _edit(self, cell_id: str, source: str) -> Event:
        rng = self.world.rng
        at = rng.randint(0, len(source))
        gone = rng.randint(0, min(3, len(source) - at)) if rng.random() < 0.4 else 0
        typed = self.ledger.new_text(rng.randint(1, 3))
        self.taken = frozenset(source[at : at + gone])
        change = text.replace(at, gone, typed)
        return CellSourceEdited(cell_id=cell_id, changes=change, length_before=len(source))


class Runtime(Client):
    """Runs what is asked for, a character at a time. Its memory dies with it."""

    keeping = Keeping.NOBODY
    window = 700  # bytes: several pushes may be under way

    def __init__(
        self, name: str, world: World, host: Host, ledger: Ledger, replaces: str | None = None
    ) -> None:
        self.replaces = replaces
        self.running: str | None = None
        self.left = 0
        self.introduced = False
        super().__init__(name, world, host, ledger, MemoryStore())

    def role(self) -> Role:
        return Role.RUNTIME

    def act(self) -> None:
        """Go on with what there is to do."""
        if self.dead or self.replica.log.head == 0:
            return
        if not self.introduced:
            known = self.replaces if self.replaces in self.replica.log.view.runtimes else None
            self.introduced = True
            self._say(RuntimeStarted(name="Python", kind_name="browser", replaces=known))
        elif self.running is None:
            self._claim()
        elif self.left > 0:
            self.left -= 1
            self._write(self.running)
        else:
            self._say(ExecutionCompleted(execution_id=self.running, status="ok"))
            self.running = None

    def _claim(self) -> None:
        for each in self.replica.log.confirmed.unfinished():
            if each.status is Status.QUEUED and each.id not in self.ledger.said:
                self.running = each.id
                self.left = self.world.rng.randint(0, 4)
                self.ledger.said[each.id] = ""
                self._say(ExecutionAssigned(execution_id=each.id))
                self._say(ExecutionStarted(execution_id=each.id))
                return

    def _write(self, execution_id: str) -> None:
        text_ = self.world.rng.choice("abcdefgh") * self.world.rng.choice([1, 5, 400])
        self.ledger.said[execution_id] += text_
        self._say(StreamAppended(execution_id=execution_id, name="stdout", text=text_))

    def _say(self, event: Event) -> None:
        self.replica.take([event])


def copy_of(disk: MemoryStore) -> MemoryStore:
    """A disk as it is now: what a restored backup is."""
    copied = MemoryStore()
    loaded: Loaded = disk.load()
    copied.write(
        Batch(
            confirmed=loaded.rows,
            pending_added=loaded.pending,
            refused_added=loaded.refused,
            meta=dict(loaded.meta),
        )
    )
    return copied
