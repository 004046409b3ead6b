"""A client: a real replica with its disk and its connection, one life of it.

After every step the view must be the fold of what is confirmed, then of what is pending.
"""

import hashlib
from collections.abc import Callable
from typing import Protocol

from foldbook.errors import BadFrame, BadRow
from foldbook.notebook import Notebook
from foldbook.reducer import fold_provisionally
from foldbook.replica import Change, Keeping, Replica
from foldbook.row import Role, Row
from foldbook.saver import Saver
from foldbook.store import EPOCH, SESSION, Batch, Durability
from foldbook.wire import Ack, Err, Hello, Message
from sim.book import Book, characters, shape
from sim.disk import Disk, Drive
from sim.lines import Line, line_of
from sim.network import Connection
from sim.world import World


class Station(Protocol):
    """What a client connects to."""

    def open(
        self, role: Role, hear: Callable[[Message], None], lost: Callable[[], None]
    ) -> Connection:
        """A new connection."""

    def has(self, row: Row) -> bool:
        """Whether this row is kept there: nobody may be told of it before."""


class Client:
    """See the module; the `foldbook.replica.Host` of its replica."""

    keeping = Keeping.HERE
    window = 0
    room = "book"

    def __init__(self, name: str, world: World, host: Station, book: Book, disk: Disk) -> None:
        self.name = name
        self.world = world
        self.host = host
        self.book = book
        self.disk = disk
        self.dead = False
        self.link: Connection | None = None
        self.heard_rows: list[Row] = []
        self.kept = {
            (row.session, row.n) for row in [*disk.confirmed, *disk.waiting]
        }  # at some time
        self.followers: list[Callable[[Change], None]] = []
        self._line: Line | None = None
        self._drive = Drive(disk, world, self._note_kept)
        self.saver = Saver(self._drive, pause=world.loop.pause)
        self.works = [world.loop.work(self.saver.run())]
        self._model: Notebook | None = None  # what the view must be
        self._folded: object = None  # on what, and as of how many rewritings
        self._in_model: tuple[Row, ...] = ()
        self._seen: Notebook | None = None
        loaded = disk.load()
        secret = loaded.meta.get(SESSION)
        if not isinstance(secret, bytes):
            secret = self.new_secret()
            disk.write(Batch(meta={SESSION: secret}))
        epoch = str(loaded.meta.get(EPOCH, ""))
        hello = Hello(self.room, epoch, secret, self.actor_secret(), loaded.head, self.token())
        window = self.window or world.rng.choice([0, 0, 500])
        self.replica = Replica(self, hello, self.role(), loaded, self.keeping, window)

    def actor_secret(self) -> bytes:
        """Who it is."""
        return self.name[:1].encode() * 16

    def role(self) -> Role:
        """What it may do, where that is decided when it connects."""
        return Role.OWN

    def token(self) -> str | None:
        """The token of its link, where links decide."""
        return None

    @property
    def signs(self) -> bool:
        """Whether its link has the seed of the room's signatures."""
        return True

    @property
    def is_ended(self) -> bool:
        """Whether the authority wants no more of it, for good."""
        return self.replica.ended is not None and self.replica.ended.final

    def connect(self) -> None:
        """Connect, if alive."""
        if self.dead or self.link is not None or self.is_ended:
            return
        known = self.replica.session

        def hear(message: Message) -> None:
            if not self.dead and self.link is link and self.replica.session == known:
                self._hear(message)

        link = self.link = self.host.open(self.role(), hear, lambda: self._lost(link))
        if self.world.plan.sealed and self.room == "book":
            self._line = line_of(known, self.replica.actor, signs=self.signs)
        self.replica.connected()

    def crash(self) -> None:
        """Die, with everything that is in memory only; what was sent is still under way. What is
        just being written may be there in the end, and a machine without power loses more.
        """
        self.dead = True
        if self.link is not None:
            self.link.leave()
        self.stop()
        self._drive.die()
        rng = self.world.rng
        if rng.random() < 0.3 and self.disk.lose_power(rng.randint(0, 2)):
            self.book.count("lost power")
        there = [*self.disk.confirmed, *self.disk.waiting, *self.disk.drawer]
        log = self.replica.log
        memory = [*log.pending, *(each.row for each in log.refused)]
        drawer = self.disk.drawer  # a successor may find what is not there waiting, and be luckier
        refused = [each.row for each in log.refused if each.row not in drawer]
        self.book.may_be_twice |= characters(refused)
        self.book.may_be_lost |= characters(memory) - characters(there)

    def stop(self) -> None:
        """Its loops end."""
        for work in self.works:
            work.cancel()
        if self._drive.refusals:
            self.book.count("disk full")

    def check(self) -> None:
        """The law of the view. Folded is what is not in the model yet: nothing where rows were
        only kept, own new rows where nothing else came, else everything.
        """
        log = self.replica.log
        pending = log.pending
        if not pending:
            assert log.view is log.confirmed, f"{self.name}: the view is not what is confirmed"
            return
        on = (id(log.confirmed), log.head, self.replica._rewrites)
        if self._seen is log.view and self._folded == on and pending == self._in_model:
            return  # nothing is new, and the next look finds what was wrong with this one, too
        count = len(self._in_model)
        new = pending[count:]
        if self._model is None or self._folded != on or pending[:count] != self._in_model:
            self._model, new = log.confirmed.fork(), pending
        for place, row in enumerate(new, len(pending) - len(new) + 1):
            fold_provisionally(self._model, row.folded_at(log.head + place, row.seen))
        self._folded, self._in_model, self._seen = on, pending, log.view
        assert shape(log.view) == shape(self._model), f"{self.name}: the view is not the fold"

    # The host of the replica

    def now(self) -> int:
        return self.world.time

    def new_secret(self) -> bytes:
        return hashlib.sha256(self.world.rng.randbytes(8)).digest()

    def send(self, message: Message) -> None:
        if self.link is not None:
            self.link.up(self._line.sealed(message) if self._line else message)

    def keep(self, batch: Batch, then: Callable[[], None] | None, how: Durability) -> None:
        rows = list(batch.pending_added)

        def written() -> None:  # what was rewritten at once was kept in its new form
            self._note_kept(rows)
            if then is not None:
                then()

        self.saver.put(batch, written, how)

    def changed(self, change: Change) -> None:
        if not hasattr(self, "replica"):  # it is being made, and makes its numbers good
            return
        if change.refused:
            self.book.count("refused")
            self.book.drawers += [each.row for each in change.refused]
        if change.confirmed:
            self._told(change.confirmed)
        lifted = self.world.plan.lies and self.replica._rewrites  # older rows fold as made later
        if change != Change() and not lifted:
            self.check()
        for follow in self.followers:
            follow(change)

    def acknowledged(self, n: int) -> None:
        pass

    def rejoin(self) -> None:
        self.book.count("forked")
        self.come_again()

    def come_again(self) -> None:
        """Leave, and connect again."""
        if self.link is not None:
            self.link.leave()
            self.link = None
        self.world.after(20, self.connect)

    def heard(self, message: Message) -> None:
        pass

    def _told(self, rows: tuple[Row, ...]) -> None:
        self.heard_rows += rows
        for row in rows:
            if self.world.plan.lies != "each" and self.room == "book":
                known = self.book.told.setdefault(row.seq, row)
                assert known == row, f"{self.name} was told another row {row.seq}"
            assert self.world.plan.lies or self.host.has(row), f"{self.name} {row} is nowhere kept"

    def _note_kept(self, rows: list[Row]) -> None:
        self.kept |= {(row.session, row.n) for row in rows}

    def _hear(self, message: Message) -> None:
        try:
            opened = self._line.opened(message) if self._line else message
            if isinstance(opened, Err):
                self.book.count("told: " + opened.code)
            if opened is not None:
                session = self.replica.session
                self.replica.hear(opened)
                self._note(session, opened)
        except (BadFrame, BadRow):
            self.book.count("misunderstood")
            if self.link is not None:
                self.link.cut()
            return
        if self.is_ended and self.replica.ended is not None and not self.dead:
            self.book.count(self.replica.ended.code)
            self.turned_away(self.replica.ended.code)

    def _note(self, session: str, message: Message) -> None:
        """A promise that must be kept."""
        if not isinstance(message, Ack) or self.world.plan.lies or self.room != "book":
            return
        for i, (seq, mark) in enumerate(zip(message.seqs, message.digests, strict=True)):
            known = self.book.acked.setdefault((session, message.n + i), (seq, mark))
            assert known == (seq, mark), f"{self.name}: {message.n + i} {known} {seq, mark}"

    def turned_away(self, code: str) -> None:
        """The authority wants no more of it."""

    def _lost(self, link: Connection) -> None:
        if self.link is link:
            self.link = None
            self.replica.disconnected()
            self.world.after(30, self.connect)
