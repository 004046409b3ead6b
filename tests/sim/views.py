"""The views in a person's worker: the product's own, between the simulator's pages and people."""

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from foldbook import text
from foldbook.browser.page import Waiting
from foldbook.browser.views import UNSEEN, Asked, Views
from foldbook.commands import Command
from foldbook.notebook import Notebook
from foldbook.replica import Origin
from foldbook.store import Batch
from foldbook.view import Around
from sim.book import added
from sim.browsers import Browser
from sim.pages import Message, Page, as_change
from sim.people import Person


class Worker(Views):
    """The views in a person's worker; a `foldbook.browser.views.Desk` to themselves."""

    def __init__(self, person: Person, browser: "Browser | None") -> None:
        self.person = person
        self.browser = browser
        self.pages: dict[str, Page] = {}
        self._is_planned = False
        meta = person.disk.meta.items()
        refused = {name: str(why) for name, why in meta if name.startswith(UNSEEN)}
        super().__init__(self, self, person.disk.views, refused)  # type: ignore[arg-type]
        person.followers.append(lambda _: self.changed())

    @property
    def notebook(self) -> Notebook:
        return self.person.replica.log.view

    @property
    def around(self) -> Around:
        return Around(me=self.person.name)

    def take(self, view_id: str, asked: Asked) -> None:
        if not self.person.dead:
            super().take(view_id, asked)

    def take_all(self, view_id: str, every: Iterable[Asked]) -> None:
        if not self.person.dead:
            super().take_all(view_id, every)

    def attach(self, view_id: str, to: Any, n: int) -> None:
        if not self.person.dead:
            super().attach(view_id, to, n)

    def submit(self, command: Command, view: str, k: int) -> None:
        self.person.submit(command, Origin(view, k))

    def note(self, view: str, k: int, then: Callable[[], None]) -> None:
        self.person.keep(Batch(views={view: k}), then, "strict")

    def note_refused(self, name: str, why: str | None) -> None:
        self.person.keep(Batch(meta={name: why}), None, "strict")

    def post(self, message: Message, _to: object) -> None:
        page = self.pages.get(message["view"])
        if page is not None:  # else it is one that is gone
            page.hear(self, message)

    def take_inbox(self, then: Callable[[], None]) -> None:
        """As `foldbook.browser.host` does it: it takes a while to read."""
        browser, world = self.browser, self.person.world
        assert browser is not None
        items = browser.inbox()
        if not items:
            then()
            return

        def taken() -> None:
            if self.person.dead:
                return
            if not self.person.replica.is_outdated:
                self._take(items)
            then()

        world.after(3, taken)

    def _take(self, items: list[Waiting]) -> None:
        """What is refused is told of; its text goes into a new cell where that can be."""
        person, book, browser = self.person, self.person.book, self.browser
        assert browser is not None
        for item in items:
            taken = self._taken.get(item.view, 0)
            done, notes = self.take_waiting([item])
            if done and item.k > taken:
                book.count("taken from the inbox")
            if notes:
                book.count("rescued")
                change = as_change(item.command["changes"])
                copied = set(text.apply(change, item.before or ""))
                book.moved |= copied
                book.copied |= copied
                book.unwritten |= added(change)
            person.keep(Batch(), partial(browser.drop, done), "strict")

    def changed(self) -> None:
        if not self._is_planned and not self.person.dead:
            self._is_planned = True
            self.person.world.after(3, self._shown)

    def _shown(self) -> None:
        self._is_planned = False
        if not self.person.dead:
            self._flush()
            self.check()

    def check(self) -> None:
        """What was patched is what there is."""
        for view in self._views.values():
            order = [cell.id for cell in self.notebook.ordered_cells()]
            assert view.screen._order == order, "a screen has another order"
