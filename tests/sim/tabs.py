"""The pages of a story: tabs on people's stores, of which one at a time has the worker."""

from __future__ import annotations

from typing import TYPE_CHECKING

from foldbook.saver import first_of
from sim.browsers import PATIENCE, Browser
from sim.pages import Page
from sim.people import Person
from sim.views import Worker

if TYPE_CHECKING:
    from sim.story import Story


class Tabs:
    """Opens pages and closes them."""

    def __init__(self, story: Story) -> None:
        self._story = story
        self._world = story.world
        self._book = story.book
        self.pages: list[Page] = []
        self.browsers: list[Browser] = []

    def open_page(self, person: Person) -> None:
        """The pages of somebody whose last worker died move to this one."""
        browser = next((each for each in self.browsers if each.disk is person.disk), None)
        worker = Worker(person, browser)
        if browser is not None:
            self._book.count("page moved")
            browser.moved(person, worker)
            return
        browser = worker.browser = Browser(self._world, person, self._boot)
        self.browsers.append(browser)
        browser.begin(self._new_page(browser, person, worker), worker)
        if self._world.plan.tabs:
            browser.open(self._new_page(browser, person, worker))

    def _boot(self, before: Person) -> None:
        """A tab that has the lock starts a worker on the store that this one had."""
        self._story.enter(before.name, before.disk, before.via)

    def _new_page(self, browser: Browser, person: Person, worker: Worker) -> Page:
        page = Page(f"v{len(self.pages)}", self._world, browser, person, worker)
        self.pages.append(page)
        self._type(page)
        return page

    def open_tab(self, browser: Browser) -> None:
        """One more tab."""
        browser.open(self._new_page(browser, browser.person, browser.worker))

    def close_tab(self, browser: Browser, page: Page, *, kept: bool) -> None:
        """A tab ends, with the worker if it has that; whoever is left waits for the lock. Where
        nobody is, two are opened together after a while.
        """
        browser.end(page, kept=kept)
        if page is browser.holder:
            self._world.loop.work(self._end_worker(browser, kept=kept))
        if not browser.tabs:

            def both() -> None:
                self._book.count("two tabs booting together")
                self.open_tab(browser)
                self.open_tab(browser)

            self._world.after(50, both)

    async def _end_worker(self, browser: Browser, *, kept: bool) -> None:
        """Its tab is closed. kept: it stores what it has, if that does not take too long."""
        person = browser.person
        if kept and not person.dead:
            await first_of(person.saver.flush(), self._world.loop.ticks(PATIENCE))
            self._book.count("worker closed")
        if not person.dead:
            self._story.die(person)
        browser.release()

    def _type(self, page: Page) -> None:
        if page.is_alive and not self._world.calm:
            page.type()
            pace = self._story.pace * (3 if self._world.plan.tabs else 1)  # nobody has three hands
            self._world.after(pace, lambda: self._type(page))
