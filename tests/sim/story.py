"""One seed's story: who is there, what happens to them, and what must hold in the end."""

import hashlib
from collections import Counter
from dataclasses import dataclass

from foldbook.access import Link
from foldbook.events.notebooks import NotebookCreated
from foldbook.reducer import fold_all
from foldbook.row import RIGHTS, Kind, Role, Row
from foldbook.store import Batch
from sim import checks
from sim.around import Nowhere, patched
from sim.book import Book, characters
from sim.browsers import BOOT
from sim.clients import Client
from sim.disk import Disk
from sim.files import named_in
from sim.folds import Folds, joined, published
from sim.host import Host
from sim.lines import unsealed
from sim.local import SHARE
from sim.machines import Machines
from sim.old import NewerPerson, OldPerson
from sim.people import TOKENS, Person
from sim.relay import Relay
from sim.runtimes import Guest, Runtime
from sim.tabs import Tabs
from sim.trouble import Trouble
from sim.villains import Liar, Villain
from sim.world import LENGTH, World

_KINDS = (
    "recalls", "links", "sealed", "shared", "guests", "pages", "old", "villain", "files",
    "snapshots", "tabs",
)  # fmt: skip


@dataclass
class Told:
    """What a story was made of."""

    rows: int
    counts: Counter[str]


class Story:
    """People at their notebooks, runtimes, one authority, on one seed."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.world = World(seed)
        self.book = Book()
        self.host: Host | None = None
        self.relay = Relay(self.world, self.book)
        self.people: list[Person] = []
        self.history: list[Row] = []
        self.machines = Machines(self)
        self.tabs = Tabs(self)
        self.folds: dict[Person, Folds] = {}
        self.villain: Villain | None = None
        self.pace = self.world.rng.choice([10, 16, 30])
        self.stale = self.world.rng.choice([12, 30, 8192])

    def tell(self) -> Told:
        """Let it happen, let it calm down, and check everything."""
        with patched(self.world):
            self._begin()
            trouble = Trouble(self)
            self.world.after(30, trouble.strike)
            self.world.run(LENGTH)
            self.world.calm = True
            self._calm_down()
            self.world.run()
            if self.world.plan.snapshots:
                self._one_more()
            self._check()
            if self.world.plan.files:
                self._read_files()
        counts = self.book.counts
        if self.host is not None:
            counts.update(self.host.counts)
        plan = self.world.plan
        for what in _KINDS:
            counts["story: " + what] += bool(getattr(plan, what))
        if plan.lies:
            counts["story: lies to " + plan.lies] += 1
            counts["story: lies to guests"] += plan.guests
            counts["story: lies to pages"] += plan.pages
            counts["story: lies to guests and pages"] += plan.guests and plan.pages
        return Told(self.host.room.head if self.host else 0, counts)

    @property
    def rows(self) -> list[Row]:
        """The log, as it is meant."""
        written = self.host.rows if self.host else []
        return self.history + (unsealed(written) if self.world.plan.sealed else written)

    def living(self) -> list[Person]:
        """The people who are there."""
        return [person for person in self.people if not person.dead]

    def clients(self) -> list[Client]:
        """All who are there."""
        return [*self.living(), *(each for each in self.machines.runtimes if not each.dead)]

    # Who comes

    def _begin(self) -> None:
        rng, plan = self.world.rng, self.world.plan
        if not plan.shared:
            self._found(0, ("", 0))
        first = self.enter("a", Disk(), Role.OWN)
        if first.replica.role is Role.OWN:
            first.replica.take([NotebookCreated(notebook_id="book", name="Book")])
        if plan.shared:
            self.world.at(rng.randint(20, 50), self._share)
        else:
            self._invite()

    def _found(self, base: int, owner: tuple[str, int]) -> None:
        """There is an authority from now on."""
        links = [
            Link(role.value, role, hashlib.sha256(bytes.fromhex(token)).hexdigest(), 0)
            for role, token in TOKENS.items()
        ]
        access = links if self.world.plan.links else ()
        make = Liar if self.world.plan.lies else Host
        self.host = self.relay.host = make(self.world, self.stale, base, owner, access)

    def _invite(self) -> None:
        rng = self.world.rng
        roles = [Role.VIEW, Role.COMMENT, Role.EDIT, Role.EDIT, Role.RUN, Role.OWN]
        for name in "bc"[: rng.choice([1, 1, 2])]:
            self.come(name, rng.choice(roles), is_old=self.world.plan.old)
        if rng.random() < 0.6:
            self.machines.start()
            if self.seed % 3 == 1:
                self.machines.start("s")
                self.book.count("two runtimes")
        if self.world.plan.villain and self.host is not None:
            self.villain = Villain(self.world, self.host, self.book)
            self.villain.connect()
            self.world.after(10, self._misbehave)

    def _misbehave(self) -> None:
        if self.villain is not None and not self.world.calm:
            self.villain.act()
            self.world.after(16, self._misbehave)

    def new_disk(self) -> Disk:
        """That of somebody who has fetched what is older than the room."""
        disk = Disk()
        disk.write(Batch(confirmed=list(self.history)))
        return disk

    def come(self, name: str, via: Role, *, is_old: bool = False) -> None:
        """Somebody comes to the notebook for the first time."""
        if not self.world.plan.snapshots:
            self.enter(name, self.new_disk(), via, is_old=is_old)
            return

        async def fetch() -> None:
            secret = name.encode() * 16
            batch, how = await joined(self.world, self.relay, secret, via)
            self.book.count("joined by " + how)
            if batch is not None:
                disk = Disk()
                disk.write(batch)
                self.enter(name, disk, via, is_old=is_old)

        self.world.loop.work(fetch())

    def enter(self, name: str, disk: Disk, via: Role, *, is_old: bool = False) -> Person:
        """Somebody opens the notebook."""
        station = self.host or Nowhere()
        made = OldPerson if is_old else NewerPerson if self.world.plan.old else Person
        loaded = disk.load()
        person = made(name, self.world, station, self.book, disk, self.relay, via)
        person.turned_away = lambda code: self._turned_away(person, code)  # type: ignore[method-assign]
        self.people.append(person)
        if self.world.plan.snapshots:
            folds = self.folds[person] = Folds(person, loaded, self.host.base if self.host else 0)
            folds.begin(loaded.meta)
        if SHARE in disk.meta and self.host is None:
            self._moved(person)  # its forerunner did not live to see that written
        if self.host is not None or person.local:
            person.connect()
        if self.world.plan.guests and not is_old and Kind.OUTPUT in RIGHTS[person.replica.role]:
            self.machines.bring_guest(person)
        if self.world.plan.pages and not is_old:
            self.tabs.open_page(person)
        self.world.after(self.pace, lambda: self._go_on(person))
        return person

    def _go_on(self, person: Person) -> None:
        if not person.dead and not self.world.calm:
            person.act()
            self.world.after(self.pace, lambda: self._go_on(person))

    def _one_more(self) -> None:
        """When all is over somebody joins: by a snapshot, if anybody has left one."""
        for person in self.living():
            self.world.loop.work(self.folds[person].offer())
        self.world.run()
        self.come("z", Role.VIEW)
        self.world.run()

    # Sharing

    def _share(self) -> None:
        """The owner moves to an authority elsewhere as soon as nothing is unwritten."""
        if self.history or self.host:
            return
        owner = next((each for each in self.living() if each.local), None)
        if owner is not None and owner.is_at_rest():
            if owner.replica.log.head:
                owner.move(self._moved)
            else:  # nobody lived to see it begun
                owner.append([NotebookCreated(notebook_id="book", name="Book")])
        self.world.at(self.world.time + 3, self._share)  # it may die before that is written

    def _moved(self, owner: Person) -> None:
        """It is written that the rows up to now are older than the room: the room is opened."""
        base = owner.disk.meta[SHARE]
        assert isinstance(base, int)
        is_new = not self.history
        if is_new:
            self.book.count("shared")
            self.history = owner.disk.slice(0, base)
        if self.world.plan.snapshots:
            owner.works.append(self.world.loop.work(self._publish(owner, base)))
        elif is_new:
            self.world.after(30, lambda: self._opened(base))

    async def _publish(self, owner: Person, base: int) -> None:
        """As many owners as it takes: each may die before the room is open."""
        await published(self.world, owner, base, *self._newest)
        if self.host is None:
            self._opened(base)

    @property
    def _newest(self) -> tuple[str, int]:
        """The owner's session, and its newest number when the notebook was shared."""
        last = self.history[-1]
        return last.session, max(row.n for row in self.history if row.session == last.session)

    def _opened(self, base: int) -> None:
        self._found(base, self._newest)
        assert self.host is not None
        for person in self.living():
            person.host = self.host
            person.connect()
        self._invite()

    # Leaving

    def die(self, client: Client) -> None:
        """A client dies, and the runtime of its page with it."""
        client.crash()
        mine: list[Client] = [client]
        for each in self.machines.runtimes:
            if isinstance(each, Guest) and each.person is client and not each.dead:
                each.crash()
                mine.append(each)
        for gone in mine:
            if isinstance(gone, Runtime):
                self.book.said |= gone.left()

    def reopen(self, person: Person, most: int = 0) -> None:
        """A worker dies; its successor goes on from the same disk, at once or later."""
        if person.dead:
            return
        self.book.count("died")
        self.die(person)
        browser = next((each for each in self.tabs.browsers if each.person is person), None)
        if self.world.plan.tabs and browser is not None:
            browser.crashed(most or BOOT)
            return
        is_old = person.is_old and self.world.rng.random() < 0.7

        def enter() -> None:
            self.enter(person.name, person.disk, person.via, is_old=is_old)

        self.world.after(most or self.world.rng.choice([1, 50]), enter)

    def _turned_away(self, person: Person, code: str) -> None:
        assert code in ("fenced", "removed", "revoked", "epoch"), f"{person.name}: {code}"
        if code == "fenced" and not self.world.calm:
            self.reopen(person, 80)

    def _calm_down(self) -> None:
        """Nobody's link is worth less than it should be; a page heeds what it is told again."""
        for person in self.living():
            person.come_back()
        for client in self.clients():
            if client.link is not None and client.replica.role is not client.role():
                client.link.cut()

    def _read_files(self) -> None:
        """In the end everybody reads all files."""
        digests = named_in(self.rows)
        for person in self.living():
            if person.may_send and not self.world.plan.lies:
                checks.check_sent(person, digests, self.relay)
        for person in self.living():
            for digest in sorted(digests):
                self.world.loop.work(checks.check_file(person, digest, self.relay))
        self.world.run()

    # What must hold

    @property
    def _in_pages(self) -> set[str]:
        """What was typed into pages, and is kept by these."""
        held = {each for page in self.tabs.pages if page.is_alive for each in page.holds}
        return held | {each for browser in self.tabs.browsers for each in browser.waiting}

    def _check(self) -> None:
        book, clients = self.book, self.clients()
        assert self.host is not None, "never shared"
        drawers = [row for person in self.people for row in person.disk.drawer]
        refused = characters([*drawers, *book.drawers])
        if self.world.plan.lies:
            checks.check_told(clients, book, refused | self._in_pages)
            return
        rows = self.rows
        whole = fold_all(rows)
        villains = self.villain.sessions if self.villain else set()
        checks.check_numbers(rows, self.host.refusals)
        checks.check_rights(rows, self.people if self.world.plan.links else ())
        checks.check_promises(rows, book)
        checks.check_convergence(rows, whole, clients)
        checks.check_snapshots(rows, whole, self.seed % (len(rows) + 1))
        waiting = characters([row for each in self.people for row in each.disk.waiting])
        waiting |= self._in_pages
        checks.check_characters(rows, book, refused, waiting)
        checks.check_texts(rows, book, villains, refused | waiting)
        for page in self.tabs.pages:
            if page.is_alive and not page.person.dead:
                page.check()
        checks.check_outputs(whole, book, clients)
        checks.check_runs(whole, clients)
