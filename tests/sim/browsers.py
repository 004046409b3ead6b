"""A browser: tabs on one store, and the Web Lock that decides which of them has the worker.

The tab that holds the lock boots a worker; all others are views of it. What a view has sent and
nobody has stored after a while it puts into the inbox, where the next worker finds it, whatever
became of the view.
"""

from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from foldbook import text
from foldbook.browser.page import Waiting
from foldbook.view.patches import as_json
from sim.book import added
from sim.people import Person
from sim.world import World

if TYPE_CHECKING:
    from sim.pages import Page
    from sim.views import Worker

PATIENCE = 30
"""Ticks that a worker gets to store what it has when its tab is closed."""
BOOT = 12
"""Ticks, at most, that a worker takes to boot."""


class Browser:
    """See the module. boot: starts a worker on this browser's store, after that one."""

    def __init__(self, world: World, person: Person, boot: Callable[[Person], None]) -> None:
        self.person = person
        self.disk = person.disk
        self.tabs: list[Page] = []
        self.holder: Page | None = None
        self._world = world
        self._book = person.book
        self._boot = boot
        self._queue: deque[Page] = deque()
        self._inbox: dict[int, tuple[Page, int, dict[str, Any], str, set[str]]] = {}
        self._key = 0
        self._last: Page | None = None  # who held the lock before

    def open(self, page: "Page") -> None:
        """A tab is opened: it waits for the lock."""
        self.tabs.append(page)
        self._queue.append(page)
        self._grant()

    def begin(self, page: "Page", worker: "Worker") -> None:
        """The first tab, whose worker is there already."""
        self.worker = worker
        self.tabs.append(page)
        self.holder = self._last = page

    def moved(self, person: Person, worker: "Worker") -> None:
        """There is a new worker: all views attach to it."""
        assert self.person.dead, f"two workers on the store of {person.name}"
        self.person, self.worker = person, worker
        if self._last is not self.holder:
            self._book.count("tab takeover")
        self._last = self.holder
        worker.take_inbox(lambda: None)
        for page in self.tabs:
            page.attach(person, worker)

    def crashed(self, within: int) -> None:
        """The worker is dead, its tab is not: it starts another one."""
        if self.holder is None:
            self._grant()
        else:
            self._start(self.holder, within)

    def end(self, page: "Page", *, kept: bool) -> None:
        """A tab is gone. kept: it had the time to put what was not stored into the inbox."""
        if kept:
            page.keep_now()
        page.is_alive = False
        self.tabs.remove(page)
        if page in self._queue:
            self._queue.remove(page)
        self._book.may_be_lost |= page.holds - self.waiting

    def release(self) -> None:
        """The holder's worker is gone, and the lock with it."""
        self.holder = None
        self._grant()

    def keep(self, page: "Page", k: int, cell_id: str, change: text.Change, before: str) -> None:
        """Into the inbox: the k-th command of a view."""
        command = {
            "do": "edit_source", "cell_id": cell_id, "changes": as_json(change),
            "length_before": len(before),
        }  # fmt: skip
        self._key += 1
        self._inbox[self._key] = (page, k, command, before, added(change))

    def inbox(self) -> list[Waiting]:
        """What waits, oldest first."""
        return [
            Waiting(key, page.name, k, command, before, alive=page.is_alive)
            for key, (page, k, command, before, _) in self._inbox.items()
        ]

    def drop(self, keys: list[int]) -> None:
        """These are taken and stored."""
        for key in keys:
            self._inbox.pop(key, None)

    @property
    def waiting(self) -> set[str]:
        """The characters in the inbox."""
        return {c for *_, made in self._inbox.values() for c in made}

    def _grant(self) -> None:
        if self.holder is None and self._queue and self.person.dead:
            self.holder = self._queue.popleft()
            if self._queue:
                self._book.count("tabs wait for a worker")
            self._start(self.holder, BOOT)

    def _start(self, holder: "Page", within: int) -> None:
        def boot() -> None:
            if self.holder is holder and holder.is_alive and self.person.dead:
                self._boot(self.person)

        self._world.after(within, boot)
