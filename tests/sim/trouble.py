"""What goes wrong in a story, at times that chance decides."""

from __future__ import annotations

from typing import TYPE_CHECKING

from foldbook import seal
from foldbook.row import Role
from foldbook.store import EPOCH, Batch
from foldbook.wire import ROOM, Call, identify
from sim.book import characters
from sim.browsers import Browser
from sim.disk import Disk
from sim.files import named_in
from sim.folds import forge
from sim.lines import KEYS, at_once, sealer
from sim.local import SHARE
from sim.network import Connection
from sim.people import Person
from sim.runtimes import Guest
from sim.world import LENGTH

if TYPE_CHECKING:
    from sim.story import Story


class Trouble:
    """Strikes a story again and again until all is calm."""

    def __init__(self, story: Story) -> None:
        self._story = story
        self._world = story.world
        self._book = story.book
        self._copies: list[tuple[Person, Disk]] = []
        self._calls = 0
        self._coming: set[str] = set()

    def strike(self) -> None:
        """One thing goes wrong."""
        if self._world.calm:
            return
        rng, plan = self._world.rng, self._world.plan
        kinds = [
            *(self._cut, self._half_cut, self._die, self._crash, self._end_runtime),
            self._go_offline,
        ]
        weights: list[float] = [4, 2, 4, 2, 1, 1]
        if not plan.lies:
            kinds += [self._copy, self._restore, self._clone, self._stranger]
            weights += [1, 1, 0.4, 0.2]
        if plan.files:
            kinds += [self._block_files]
            weights += [3]
        if plan.files and not plan.lies:
            kinds += [self._poison]
            weights += [1]
        if plan.tabs:
            kinds += [self._close_tab, self._open_tab]
            weights += [5, 1]
        if plan.snapshots:
            kinds += [self._newcomer, self._false_fold]
            weights += [2, 0.5]
        if plan.links:
            kinds += [self._remove, self._revoke, self._raise, self._newcomer]
            weights += [0.7, 0.5, 1, 1]
        rng.choices(kinds, weights)[0]()
        self._world.after(25, self.strike)

    def _anyone(self) -> Person | None:
        living = self._story.living()
        return self._world.rng.choice(living) if living else None

    def _link(self) -> Connection | None:
        """Somebody's, who may have none."""
        clients = self._story.clients()
        return self._world.rng.choice(clients).link if clients else None

    def _cut(self) -> None:
        link = self._link()
        if link is not None:
            self._book.count("cut")
            link.cut()

    def _half_cut(self) -> None:
        link = self._link()
        if link is not None:
            self._book.count("half-open")
            link.half_cut(self._world.rng.randrange(2))

    def _go_offline(self) -> None:
        """Somebody types on without a network, to the end of the troubles maybe."""
        person = self._anyone()
        if self._story.host is not None and person is not None and person.web.is_on:
            person.go_offline()
            self._world.after(100, person.come_back)

    def _block_files(self) -> None:
        """Somebody's files get nowhere for long, though the log does."""
        person = self._anyone()
        if person is not None:
            rest = LENGTH - self._world.time  # then all is calm
            person.web.blocked_until = self._world.time + self._world.rng.randint(0, max(0, rest))

    def _poison(self) -> None:
        """Somebody with the key is faster with other bytes."""
        relay = self._story.relay
        missing = [
            digest
            for digest in sorted(named_in(self._story.rows))
            if KEYS.name_of_blob(digest) not in relay.blobs
        ]
        if missing:
            digest = self._world.rng.choice(missing)
            name = KEYS.name_of_blob(digest)
            data = seal.data_of_blob("book", digest)
            [relay.blobs[name]] = at_once(at_once(sealer()).seal([(data, b"something else")]))
            relay.poisoned.add(name)
            self._book.count("villainy: blob")

    def _die(self) -> None:
        person = self._anyone()
        if person is not None:
            self._story.reopen(person)

    def _crash(self) -> None:
        if self._story.host is not None:
            self._story.host.crash()

    def _end_runtime(self) -> None:
        living = [each for each in self._story.machines.runtimes if not each.dead]
        runtime = self._world.rng.choice(living) if living else None
        if runtime is not None and not isinstance(runtime, Guest):
            self._story.machines.end(runtime)

    def _close_tab(self) -> None:
        """With a word, or without one."""
        found = [(each, tab) for each in self._browsers() for tab in each.tabs]
        if found:
            browser, tab = self._world.rng.choice(found)
            self._story.tabs.close_tab(browser, tab, kept=self._world.rng.random() < 0.5)

    def _open_tab(self) -> None:
        browsers = [each for each in self._browsers() if len(each.tabs) < 3]
        if browsers:
            self._story.tabs.open_tab(self._world.rng.choice(browsers))

    def _browsers(self) -> list[Browser]:
        """Those whose worker lives."""
        return [each for each in self._story.tabs.browsers if not each.person.dead]

    # Copies of disks

    def _copyable(self) -> Person | None:
        """Not somebody whose disk does not tell yet that the notebook is shared: brought back,
        that would be another notebook.
        """
        person = self._anyone()
        own = person is not None and person.name == "a" and self._world.plan.shared
        return None if person is None or (own and SHARE not in person.disk.meta) else person

    def _copy(self) -> None:
        person = self._copyable()
        if person is not None:
            self._copies.append((person, person.disk.copy()))

    def _restore(self) -> None:
        """Somebody brings back an old copy of a disk; what was written since is gone from it."""
        if not self._copies or self._story.host is None:
            return
        old, disk = self._copies.pop()
        person = next((each for each in self._story.living() if each.name == old.name), None)
        if person is None:
            return
        self._book.count("restored")
        self._book.may_be_twice |= characters(disk.waiting)
        self._story.die(person)
        there = characters([*self._story.rows, *disk.waiting])
        gone = characters([*person.disk.waiting, *person.disk.drawer])
        self._book.may_be_lost |= gone - there
        self._story.enter(old.name, disk, person.via, is_old=person.is_old)

    def _clone(self) -> None:
        """Somebody opens a copy of a disk while the other one is in use: both speak as the same
        session, and each fences the other.
        """
        person = self._copyable()
        if person is None or self._book.counts["cloned"]:
            return
        self._book.count("cloned")
        disk = person.disk.copy()
        self._book.may_be_twice |= characters(disk.waiting)
        self._story.enter(person.name, disk, person.via, is_old=person.is_old)

    def _stranger(self) -> None:
        """Somebody has a notebook of this name from another time."""
        if self._story.host is None or self._book.counts["stranger"]:
            return
        self._book.count("stranger")
        disk = Disk()
        disk.write(Batch(meta={EPOCH: "e0"}))
        self._story.enter("s", disk, Role.EDIT)

    # Who may do what

    def _ask(self, method: str, **params: str) -> None:
        """An owner asks the authority."""
        owners = [each for each in self._story.living() if each.name == "a" and each.link]
        if owners:
            self._calls += 1
            owners[0].send(Call(f"{method}/{self._calls}", ROOM, method, params))

    def _remove(self) -> None:
        name = self._world.rng.choice("bcd")
        self._ask("remove", actor=identify(name.encode() * 16))

    def _revoke(self) -> None:
        self._ask("revoke_link", id=self._world.rng.choice(["edit", "run", "runtime", "view"]))

    def _raise(self) -> None:
        lower = [
            each
            for each in self._story.living()
            if each.via in (Role.VIEW, Role.COMMENT, Role.EDIT) and not each.is_ended
        ]
        if lower and self._story.host is not None:
            self._world.rng.choice(lower).come_by(Role.RUN)

    def _newcomer(self) -> None:
        known = {each.name for each in self._story.people} | self._coming
        name = next((each for each in "def" if each not in known), None)
        if self._story.host is None or name is None:
            return
        self._coming.add(name)
        self._book.count("came later")
        self._story.come(name, self._world.rng.choice([Role.EDIT, Role.VIEW]))

    def _false_fold(self) -> None:
        person = self._anyone()
        if person is not None and self._story.host is not None:
            folds = self._story.folds[person]
            self._world.loop.work(forge(person, folds, self._story.relay))
