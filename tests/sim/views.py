"""A page over its person's worker: it types at once, holds what is not acknowledged, and is moved
to the next worker when one dies. The product's views and screens are between the two.
"""

from collections.abc import Callable
from typing import Any

from foldbook import text
from foldbook.browser.page import Waiting
from foldbook.browser.views import UNSEEN, Asked, Views
from foldbook.commands import Command
from foldbook.difference import difference
from foldbook.notebook import Notebook
from foldbook.replica import Origin
from foldbook.store import Batch
from foldbook.view import Around
from foldbook.view.patches import as_json
from sim.book import added
from sim.browsers import Browser
from sim.people import Person
from sim.world import World

_Message = dict[str, Any]

PATIENCE = 10
"""Ticks after which a command that nobody has stored goes into the inbox."""


class Page:
    """Editors of cells, as `site/texts.js` has them: a text that the worker knows, and changes
    over it that it has not acknowledged. ``worker``: the one that it speaks to now.
    """

    def __init__(
        self, name: str, world: World, browser: Browser, person: Person, worker: "Worker"
    ) -> None:
        self.name = name
        self.is_alive = True
        self.settled: dict[str, str] = {}
        self.held: list[tuple[int, str, text.Change]] = []
        self._world = world
        self._book = person.book
        self._k = self._v = 0
        self._away: set[str] = set()  # cells that were deleted: there is nowhere to type
        self._unstored: dict[int, tuple[str, text.Change, str]] = {}
        self._kept: set[int] = set()  # in the inbox
        self._keeps = False
        self._browser = browser
        self.attach(person, worker)

    def attach(self, person: Person, worker: "Worker") -> None:
        """Speak to this worker from now on."""
        self.person = person
        self.worker = worker
        worker.pages[self.name] = self
        self._v = 0
        self._last = [self._world.time, self._world.time]
        self._travel(0, lambda: worker.take_inbox(lambda: worker.attach(self.name, "all")))

    def seen(self, cell_id: str) -> str:
        """What the reader sees."""
        found = self.settled[cell_id]
        for _, of, change in self.held:
            found = text.apply(change, found) if of == cell_id else found
        return found

    def type(self) -> None:
        """A key is struck."""
        drawn = [cell_id for cell_id in self.settled if cell_id not in self._away]
        if not drawn or not self.is_alive or self._v == 0:
            return
        if self.person.dead and not self._world.plan.tabs:
            return
        rng = self._world.rng
        cell_id = rng.choice(drawn)
        before = self.seen(cell_id)
        at = rng.randint(0, len(before))
        gone = rng.randint(0, min(2, len(before) - at)) if rng.random() < 0.3 else 0
        typed = self._book.type(self.person.name, 1, before[at : at + gone])
        self._k += 1
        change = text.normal(text.replace(at, gone, typed))
        self.held.append((self._k, cell_id, change))
        self._book.count("typed in a page")
        self._unstored[self._k] = (cell_id, change, before)
        if self._world.plan.tabs and not self._keeps:
            self._keeps = True
            self._world.at(self._world.time + PATIENCE, self._patience)
        self._send(self._k, cell_id, change, len(before), None)

    def keep_now(self) -> None:
        """Put into the inbox what is not known to be stored."""
        for k, (cell_id, change, before) in self._unstored.items():
            if k not in self._kept:
                self._kept.add(k)
                self._book.count("kept in the inbox")
                self._browser.keep(self, k, cell_id, change, before)

    def _patience(self) -> None:
        self._keeps = False
        if self.is_alive:
            self.keep_now()

    def hear(self, worker: "Worker", message: _Message) -> None:
        """A worker's view says something."""
        self._travel(1, lambda: self._heard(worker, message))

    def _heard(self, worker: "Worker", message: _Message) -> None:
        if not self.is_alive or (worker is not self.worker and message["t"] != "refused"):
            return  # one of them is dead
        stored = message.get("stored", 0)
        self._unstored = {k: each for k, each in self._unstored.items() if k > stored}
        match message["t"]:
            case "view":
                self._drawn(message)
            case "patch":
                self._v = message["v"]
                self._settle(message["ack"])
                for op in message["ops"]:
                    self._apply(op)
            case "refused":
                self._refused(message["command"])

    def _drawn(self, message: _Message) -> None:
        """All of it, from a new worker: what that one does not know goes out again."""
        self._v = message["v"]
        self._settle(message["ack"])
        shown = {name: cell["source"] for name, cell in message["json"]["cells"].items()}
        for cell_id in list(self.settled):
            if cell_id in shown:
                self._receive(cell_id, difference(self.settled[cell_id], shown[cell_id]))
            elif not any(of == cell_id for _, of, _ in self.held):
                del self.settled[cell_id]
        self.settled = shown | self.settled
        self._away = self.settled.keys() - shown.keys()
        done: dict[str, str] = dict(self.settled)
        for k, cell_id, change in self.held:
            self._unstored[k] = (cell_id, change, done[cell_id])
            done[cell_id] = text.apply(change, done[cell_id])
        held = {k for k, _, _ in self.held}
        for k, (cell_id, change, before) in self._unstored.items():
            if k > message["ack"]:  # one that this page took for taken comes with its text
                self._book.count("sent again by a page")
                self._send(k, cell_id, change, len(before), None if k in held else before)

    def _send(
        self, k: int, cell_id: str, change: text.Change, length: int, before: str | None
    ) -> None:
        command = {
            "do": "edit_source", "cell_id": cell_id, "changes": as_json(change),
            "length_before": length,
        }  # fmt: skip
        asked, worker = Asked(k, command, self._v, before), self.worker
        self._travel(0, lambda: worker.take(self.name, asked))

    def _settle(self, ack: int) -> None:
        for k, cell_id, change in self.held:
            if k <= ack:
                self.settled[cell_id] = text.apply(change, self.settled[cell_id])
        self.held = [each for each in self.held if each[0] > ack]

    def _apply(self, op: list[Any]) -> None:
        match op:
            case ["text", str(cell_id), changes] if cell_id in self.settled:
                self._receive(cell_id, _change(changes))
            case ["source", str(cell_id), source] if cell_id in self.settled:
                self._receive(cell_id, difference(self.settled[cell_id], source))
            case ["del", ["cells", str(cell_id)]]:
                self._away.add(cell_id)
            case ["set", ["cells", str(cell_id)], shown]:
                self._away.discard(cell_id)
                if cell_id in self.settled:
                    self._receive(cell_id, difference(self.settled[cell_id], shown["source"]))
                else:
                    self.settled[cell_id] = shown["source"]

    def _receive(self, cell_id: str, theirs: text.Change) -> None:
        """Somebody else's change on the settled text; what is held is rewritten over it."""
        self.settled[cell_id] = text.apply(theirs, self.settled[cell_id])
        for i, (k, of, change) in enumerate(self.held):
            if of == cell_id:
                mine, theirs = text.transform_pair(change, theirs)
                self.held[i] = (k, of, mine)

    def _refused(self, command: Any) -> None:
        """The reader is told so, and has what was typed before his eyes."""
        self._book.count("refused in a page")
        changes = _change(command["changes"])
        self._book.unwritten |= added(changes)

    def _travel(self, way: int, act: Callable[[], None]) -> None:
        due = max(self._last[way], self._world.time + self._world.rng.randint(1, 3))
        self._last[way] = due
        self._world.at(due, act)

    @property
    def holds(self) -> set[str]:
        """What was typed and is not known to be stored: the page keeps it."""
        sent = [change for _, change, _ in self._unstored.values()]
        changes = [*sent, *(change for _, _, change in self.held)]
        return {c for each in changes for c in added(each)}

    def check(self) -> None:
        """All is told and taken: the page shows what the notebook has."""
        cells = self.person.replica.log.view.cells
        assert not self.held, f"the page of {self.person.name} holds {self.held}"
        for cell in cells.values():
            if not cell.deleted:
                assert self.settled.get(cell.id) == cell.source, (
                    f"the page of {self.person.name} shows another text in {cell.id}"
                )


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

    def attach(self, view_id: str, to: Any) -> None:
        if not self.person.dead:
            super().attach(view_id, to)

    def submit(self, command: Command, view: str, k: int) -> None:
        self.person.submit(command, Origin(view, k))

    def note(self, view: str, k: int, then: Callable[[], None]) -> None:
        self.person.keep(Batch(views={view: k}), then, "strict")

    def note_refused(self, name: str, why: str | None) -> None:
        self.person.keep(Batch(meta={name: why}), None, "strict")

    def post(self, message: _Message, _to: object) -> None:
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
                change = _change(item.command["changes"])
                copied = set(text.apply(change, item.before or ""))
                book.moved |= copied
                book.copied |= copied
                book.unwritten |= added(change)
            person.keep(Batch(), lambda done=done: browser.drop(done), "strict")

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


def _change(changes: Any) -> text.Change:
    return text.normal(each if isinstance(each, int) else tuple(each) for each in changes)
