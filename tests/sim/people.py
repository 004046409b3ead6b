"""People: they type, make, move and delete cells, ask for runs, undo; die and go on."""

import hashlib
from asyncio import Task
from collections.abc import Callable, Mapping, Sequence

from foldbook import order, text
from foldbook.commands import Command, Redo, Stamp, Undo
from foldbook.commands.cells import CreateCell, DeleteCells, MoveCells, RestoreCells
from foldbook.commands.sources import MergeCells, SplitCell
from foldbook.errors import CommandRefused
from foldbook.events.base import Event
from foldbook.events.cells import (
    CellCreated,
    CellDeleted,
    CellMoved,
    CellRestored,
    CellSourceEdited,
    CellTypeChanged,
)
from foldbook.events.executions import ExecutionCancelled, ExecutionRequested
from foldbook.events.files import FileAdded
from foldbook.events.runtimes import RuntimeSelected
from foldbook.notebook import Notebook, Status
from foldbook.reducer import fold_provisionally
from foldbook.replica import Change, Keeping, Origin
from foldbook.row import RIGHTS, Kind, Role, Row
from foldbook.sealed_blobs import OLDER
from foldbook.store import Batch, MetaValue
from foldbook.undo import UndoStack
from foldbook.wire import Came, Gone, Message, Push, Reply, Welcome
from sim.book import Book, brought
from sim.clients import Client, Station
from sim.disk import Disk
from sim.files import Files, named
from sim.local import SHARE, Local
from sim.relay import Relay, Web
from sim.world import World

TOKENS = {role: hashlib.sha256(role.encode()).hexdigest()[:32] for role in Role}
"""The tokens of the links that a room begins with, by their role."""

MUCH = 5
"""Rows that somebody has who was offline for long."""


class Person(Client):
    """See the module. via: the link that it came by, where links decide."""

    is_old = False

    def __init__(
        self, name: str, world: World, host: Station, book: Book, disk: Disk, relay: Relay,
        via: Role = Role.OWN,
    ) -> None:  # fmt: skip
        self.via = via
        self.local: Local | None = None
        self.runtime: str | None = None  # of its page
        self.present: set[str] = set()
        self.is_muted = False  # what its page's runtime says may not count
        self.undo = UndoStack()
        self.may_send = True
        self._sending: Task[None] | None = None
        self._hidden: list[tuple[object, frozenset[str]]] = []
        if world.plan.shared and name == "a" and SHARE not in disk.meta:
            self.keeping = Keeping.UPSTREAM
            host = self.local = Local(disk)
        super().__init__(name, world, host, book, disk)
        self.web = Web(world, relay)
        self.web.denied = self._denied
        token = bytes.fromhex(TOKENS[via])
        self.files = Files(world, book, relay, self.web, self.saver, token, self.actor_secret())
        if self.local is not None:
            self.local.begin(self)
        else:
            self._send_files(disk.meta)

    def role(self) -> Role:
        if self.world.plan.links or self.local:
            return self.via
        if self.world.chance(0.06):
            self.book.count("demoted")
            return self.world.rng.choice([Role.VIEW, Role.COMMENT, Role.EDIT])
        return Role.OWN

    def token(self) -> str | None:
        return TOKENS[self.via] if self.world.plan.links else None

    @property
    def signs(self) -> bool:
        return not self.world.plan.links or Kind.RUN in RIGHTS[self.via]

    def connect(self) -> None:
        if self.local is None:
            if self.web.is_on:
                super().connect()
        else:
            self.local.connect(self.replica)

    def send(self, message: Message) -> None:
        if self.local is None:
            self._check_kept(message)
            super().send(message)
        else:
            self.local.send(message)

    def _check_kept(self, message: Message) -> None:
        """Nothing is sent that is not on this disk, with the bytes that it names."""
        for row in message.rows if isinstance(message, Push) else ():
            assert self.disk.has(row), f"{self.name} sends {row}, which is not kept"
            digest = named(row) if self.world.plan.files else None
            assert digest is None or digest in self.disk.blobs, f"{self.name}: bytes of {row}"

    def is_at_rest(self) -> bool:
        """Whether everything is written and acknowledged."""
        return not self.dead and not self.replica.log.pending

    def move(self, then: Callable[["Person"], None]) -> None:
        """From now on somebody else numbers the rows; ``then``: when that is written down."""
        assert self.local is not None
        self.local.leave()
        self.local = None
        self.replica.move("book", "e1", TOKENS[Role.OWN] if self.world.plan.links else "")
        base: MetaValue = self.replica.log.head
        self.keep(Batch(meta={SHARE: base, OLDER: base}), lambda: then(self), "strict")
        self._send_files({OLDER: base})

    def _send_files(self, meta: Mapping[str, MetaValue]) -> None:
        """What others do not have yet, as the store's meta tells."""
        if not self.world.plan.files:
            return
        if self.world.chance(0.6):
            self.web.blocked_until = self.world.time + self.world.rng.randint(10, 60)
        self.files.begin(list(meta))
        self._sending = self.world.loop.work(self.files.run())
        self.works.append(self._sending)
        older = meta.get(OLDER)
        if isinstance(older, int):
            self.works.append(self.world.loop.work(self.files.offer_older(older)))

    def _denied(self) -> None:
        """What is not wanted is tried again as long as a page is open: not for ever, here."""
        if self.world.calm and self._sending is not None:
            self.may_send = False
            self._sending.cancel()

    def go_offline(self) -> None:
        """There is no network for long, and nobody tells the authority."""
        self.web.is_on = False
        if self.link is not None:
            self.link.half_cut(0)
            self.link.half_cut(1)
            self.replica.disconnected()
            self.link = None

    def come_back(self) -> None:
        """The network is there again, for everything."""
        self.web.blocked_until = 0
        if self.web.is_on or self.dead:
            return
        self.web.is_on = True
        if len(self.replica.log.pending) > MUCH:
            self.book.count("long offline")
        self.connect()

    def come_by(self, via: Role) -> None:
        """Another link is followed."""
        self.book.count("raised")
        self.via = via
        self.replica.join_by(TOKENS[via])
        if self.link is not None:
            self.link.cut()
        else:
            self.connect()

    # What a peer does

    def append(self, events: Sequence[Event]) -> list[Row]:
        """As `foldbook.peer.Peer` does it."""
        self._need_writable()
        return self.replica.take(events)

    def submit(self, command: Command, origin: Origin | None = None) -> list[Row]:
        """As `foldbook.peer.Peer` does it; an undo is watched."""
        replica, view = self.replica, self.replica.log.view
        seed = f"{replica.session}/{replica.n + 1}"
        stamp = Stamp(replica.session, replica.actor, replica.role, self.now(), seed, self.runtime)
        try:
            self._need_writable()
            undone = self.undo._done[-1] if isinstance(command, Undo) and self.undo._done else None
            decision = self.undo.decide(view, command, stamp)
            for data in decision.blobs.values():
                self.files.put(data, replica.n + 1)
            if undone is not None:
                self._check_undo(undone, decision.events)
            if isinstance(command, (Undo, Redo, SplitCell, MergeCells)):
                self.book.moved |= {c for event in decision.events for c in brought(event)}
            if self.undo._done and not (
                self._hidden and self._hidden[-1][0] is self.undo._done[-1]
            ):
                unseen = _typed(view, deleted=True) - _typed(view)
                self._hidden.append((self.undo._done[-1], unseen))
            return replica.take(decision.events, origin)
        finally:
            if origin is not None:
                self.keep(Batch(views={origin.view: origin.k}), None, "strict")

    def _need_writable(self) -> None:
        if self.dead or self.is_ended or self.replica.is_outdated:
            raise CommandRefused("The notebook is read-only.")

    def _check_undo(self, undone: object, events: Sequence[Event]) -> None:
        """An undo takes nobody else's characters away, but those that were not to be seen when
        that was done which it undoes.
        """
        view = self.replica.log.view
        after = view.fork()
        for i, event in enumerate(events, 1):
            fold_provisionally(after, self._row(i, event), event)
        hidden = next((each for entry, each in self._hidden if entry is undone), frozenset())
        gone = _typed(view) - _typed(after) - hidden
        theirs = {each for each in gone if self.book.typist[each] != self.name}
        theirs -= self.book.copied
        if theirs:  # somebody took them away where a merge had them from
            theirs -= {each for taken in self.book.typed.values() for each in taken}
        assert not theirs, f"{self.name} undoes away what others typed: {theirs}"
        self.book.count("undone")

    def _row(self, place: int, event: Event) -> Row:
        replica = self.replica
        head = replica.log.head
        seq = head + len(replica.log.pending) + place
        return Row(seq, replica.session, 0, head, replica.actor, replica.role, event.kind, 0, b"")

    # What people do

    def act(self) -> None:
        """Do something."""
        if self.dead or self.is_ended or self.replica.is_outdated:
            return
        rights = RIGHTS[self.replica.role]
        if Kind.EDIT not in rights:
            if not self.world.chance(0.3):
                return
            self.book.count("tampered")  # a page that does not heed what it was told
            self.replica.role = Role.OWN
        for _ in range(self.world.rng.choice([1, 1, 1, 1, 3])):
            self._do(self.world.rng.random())

    def _do(self, what: float) -> None:
        if self.world.plan.files and self.world.rng.random() < 0.08:
            self.append([self._file()])
            return
        cells = list(self.replica.log.view.cells.values())
        if not cells or what < 0.06:
            self.append([self._creation()])
            return
        cell = self.world.rng.choice(cells)
        if what < 0.66:
            self.append([self._edit(cell.id, cell.source)])
        elif what < 0.85:
            command = self._command(what, cell.id, len(cell.source))
            if command is not None:
                self.ask(command)
        elif what < 0.9:
            self.append([self._plain(what, cell.id, deleted=cell.deleted)])
        elif Kind.RUN in RIGHTS[self.replica.role]:
            self.append([self._asked(what, cell.id, cell.source)])

    def ask(self, command: Command) -> None:
        """Chance asks for much that cannot be."""
        try:
            self.submit(command)
        except CommandRefused:
            if isinstance(command, CreateCell):
                self.book.unwritten |= set(command.source)

    def _command(self, what: float, cell_id: str, length: int) -> Command | None:
        rng, view = self.world.rng, self.replica.log.view
        if what < 0.7:
            made = self.book.type(self.name, rng.randint(0, 2))
            return CreateCell(cell_id=self.book.new_id(), source=made, after=cell_id)
        if what < 0.74:
            return DeleteCells(cell_ids=(cell_id,))
        if what < 0.76:
            return MoveCells(cell_ids=(cell_id,), after=rng.choice(list(view.cells)))
        if what < 0.79:
            return RestoreCells(cell_ids=(cell_id,))
        if what < 0.83:
            return Undo() if rng.random() < 0.7 else Redo()
        if not self.world.plan.structure:
            return None
        if rng.random() < 0.6:
            return SplitCell(cell_id=cell_id, at=rng.randint(0, length), new_id=self.book.new_id())
        return MergeCells(cell_ids=(cell_id, rng.choice(list(view.cells))))

    def _plain(self, what: float, cell_id: str, *, deleted: bool) -> Event:
        rng = self.world.rng
        if what < 0.86:
            return CellRestored(cell_id=cell_id) if deleted else CellDeleted(cell_id=cell_id)
        if what < 0.875:
            return CellMoved(cell_id=cell_id, position=self._place())
        if what < 0.89:
            return CellTypeChanged(cell_id=cell_id, cell_type=rng.choice(["code", "markdown"]))
        return self._file()

    def _file(self) -> Event:
        data = self.book.new_id().encode()
        digest = hashlib.sha256(data).hexdigest()
        if self.world.plan.files:
            self.files.put(data, self.replica.n + 1)
        return FileAdded(path=self.world.rng.choice("xyz"), digest=digest, size=len(data))

    def _asked(self, what: float, cell_id: str, source: str) -> Event:
        """A run, or another runtime for what waits, or one run less that waits."""
        rng, view = self.world.rng, self.replica.log.view
        alive = [each for each in view.runtimes.values() if each.status == "ready"]
        waiting = [each for each in view.unfinished() if each.status is Status.QUEUED]
        if what > 0.985 and waiting:
            self.book.count("cancelled")
            return ExecutionCancelled(execution_id=rng.choice(waiting).id)
        if what > 0.965 and alive:
            self.book.count("switched")
            chosen = rng.choice([None, *alive])
            return RuntimeSelected(runtime=chosen.session if chosen else None)
        return self._run(cell_id, source)

    def _run(self, cell_id: str, source: str) -> Event:
        return ExecutionRequested(
            execution_id=self.book.new_id(),
            cell_id=cell_id,
            source=source,
            runtime=self.runtime,
            run_id="r",
        )

    def _creation(self) -> Event:
        typed = self.book.type(self.name, self.world.rng.randint(0, 3))
        return CellCreated(
            cell_id=self.book.new_id(), cell_type="code", position=self._place(), source=typed
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
        typed = self.book.type(self.name, rng.randint(1, 3), source[at : at + gone])
        change = text.replace(at, gone, typed)
        return CellSourceEdited(cell_id=cell_id, changes=change, length_before=len(source))

    def rejoin(self) -> None:
        self.is_muted = True
        super().rejoin()

    def heard(self, message: Message) -> None:
        match message:
            case Reply() if message.ok:
                self.book.count("asked: " + message.id.partition("/")[0])
            case Welcome():
                self.present = set(message.present)
            case Came():
                self.present.add(message.session)
            case Gone():
                self.present.discard(message.session)
            case _:
                pass

    def changed(self, change: Change) -> None:
        for refusal in change.refused:  # what a runtime of its page said is not whole any more
            if getattr(refusal.event, "by", None) is not None:
                self.book.said[getattr(refusal.event, "execution_id", "")] = "?"
                self.is_muted = True
        super().changed(change)
        if self.world.plan.files:
            for row in change.confirmed:
                digest = named(row)
                if digest and digest not in self.disk.blobs and self.world.chance(0.8):
                    self.works.append(self.world.loop.work(self.files.read(digest)))


def _typed(notebook: Notebook, *, deleted: bool = False) -> frozenset[str]:
    """The characters that are to be seen, or all that are there."""
    return frozenset(
        "".join(each.source for each in notebook.cells.values() if deleted or not each.deleted)
    ) - {"\n"}
