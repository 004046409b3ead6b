"""A page over its person's worker: it types at once, holds what is not acknowledged, and is moved
to the next worker when one dies. The product's views and screens are between the two.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from foldbook import text
from foldbook.browser.views import Asked
from foldbook.difference import difference
from foldbook.view.patches import as_json
from sim.book import added
from sim.browsers import Browser
from sim.people import Person
from sim.world import World

if TYPE_CHECKING:
    from sim.views import Worker

Message = dict[str, Any]

PATIENCE = 10
"""Ticks after which a command that nobody has stored goes into the inbox."""


class Page:
    """Editors of cells, as `site/texts.js` has them: a text that the worker knows, and changes
    over it that it has not acknowledged (held), and what it took in and has not stored (taken,
    with the text before each). ``worker``: the one that it speaks to now, as
    `site/attachment.js` does.
    """

    def __init__(
        self, name: str, world: World, browser: Browser, person: Person, worker: "Worker"
    ) -> None:
        self.name = name
        self.is_alive = True
        self.settled: dict[str, str] = {}
        self.held: list[tuple[int, str, text.Change]] = []
        self._taken: list[tuple[int, str, text.Change, str]] = []
        self._world = world
        self._book = person.book
        self._k = self._v = self._stored = 0
        self._asked = 0  # the newest attach: what earlier ones bring is not heard
        self._is_attached = False
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
        self._is_attached = False
        self._asked += 1
        n = self._asked
        self._last = [self._world.time, self._world.time]
        self._travel(0, lambda: worker.take_inbox(lambda: worker.attach(self.name, "all", n)))

    def seen(self, cell_id: str) -> str:
        """What the reader sees."""
        found = self.settled[cell_id]
        for _, of, change in self.held:
            found = text.apply(change, found) if of == cell_id else found
        return found

    def type(self) -> None:
        """A key is struck."""
        drawn = [cell_id for cell_id in self.settled if cell_id not in self._away]
        if not drawn or not self.is_alive:
            return
        if not self._world.plan.tabs and (self.person.dead or not self._is_attached):
            return  # there is nothing that would keep it
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
        if self._is_attached:
            asked, worker = self._as_asked(self._k, cell_id, change, len(before)), self.worker
            self._travel(0, lambda: worker.take(self.name, asked))
        else:
            self._book.count("typed while no worker is there")
            self.keep_now()

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

    def hear(self, worker: "Worker", message: Message) -> None:
        """A worker's view says something."""
        self._travel(1, lambda: self._heard(worker, message))

    def _heard(self, worker: "Worker", message: Message) -> None:
        if not self.is_alive or (worker is not self.worker and message["t"] != "refused"):
            return  # one of them is dead
        match message["t"]:
            case "view" if message["n"] == self._asked:
                self._drawn(message)
            case "patch" if self._is_attached:
                self._patched(message)
            case "patches" if self._is_attached:
                for each in message["all"]:
                    self._patched(each)
            case "stored":
                self._forget(message["stored"])
            case "refused":
                self._refused(message["command"])
            case _:
                pass

    def _forget(self, stored: int) -> None:
        """Everything up to this one is on the worker's disk."""
        self._stored = stored
        self._unstored = {k: each for k, each in self._unstored.items() if k > stored}
        self._taken = [each for each in self._taken if each[0] > stored]

    def _patched(self, message: Message) -> None:
        self._v = message["v"]
        self._forget(message["stored"])
        self._settle(message["ack"])
        for op in message["ops"]:
            self._apply(op)

    def _drawn(self, message: Message) -> None:
        """All of it, from a new worker: what that one does not know goes out again."""
        self._v = message["v"]
        self._forget(message["stored"])
        self._settle(message["ack"])
        shown = {name: cell["source"] for name, cell in message["json"]["cells"].items()}
        for cell_id in list(self.settled):
            if cell_id in shown:
                self._reset(cell_id, shown[cell_id], message["ack"])
            elif not any(of == cell_id for _, of, _ in self.held):
                del self.settled[cell_id]
        self.settled = shown | self.settled
        self._away = self.settled.keys() - shown.keys()
        done: dict[str, str] = dict(self.settled)
        for k, cell_id, change in self.held:
            self._unstored[k] = (cell_id, change, done[cell_id])
            done[cell_id] = text.apply(change, done[cell_id])
        self._is_attached = True
        self._say_again(message["ack"])

    def _say_again(self, ack: int) -> None:
        """What the worker does not know, in one go; of a cell that is gone with its text."""
        held = {k for k, _, _ in self.held}
        again = [
            self._as_asked(k, cell_id, change, len(before), None if k in held else before)
            for k, (cell_id, change, before) in sorted(self._unstored.items())
            if k > ack
        ]
        self._book.counts["sent again by a page"] += len(again)
        worker = self.worker
        if again:
            self._travel(0, lambda: worker.take_all(self.name, again))

    def _as_asked(
        self, k: int, cell_id: str, change: text.Change, length: int, before: str | None = None
    ) -> Asked:
        command = {
            "do": "edit_source", "cell_id": cell_id, "changes": as_json(change),
            "length_before": length,
        }  # fmt: skip
        return Asked(k, command, self._v, before)

    def _settle(self, ack: int) -> None:
        for k, cell_id, change in self.held:
            if k <= ack:
                before = self.settled[cell_id]
                if k > self._stored:
                    self._taken.append((k, cell_id, change, before))
                self.settled[cell_id] = text.apply(change, before)
        self.held = [each for each in self.held if each[0] > ack]

    def _reset(self, cell_id: str, source: str, ack: int) -> None:
        """The worker has this text; what the last one took into it and lost goes under what is
        held."""
        lost = [each for each in self._taken if each[1] == cell_id and each[0] > ack]
        found, again = source, []
        for k, _, change, before in lost:
            mine = text.transform(change, difference(before, found))
            again.append((k, cell_id, mine))
            found = text.apply(mine, found)
        self._book.counts["taken and lost with the worker"] += len(lost)
        self._receive(cell_id, difference(self.settled[cell_id], found))
        self.settled[cell_id] = source
        self.held = sorted([*again, *self.held])
        self._taken = [each for each in self._taken if each not in lost]

    def _apply(self, op: list[Any]) -> None:
        match op:
            case ["text", str(cell_id), changes] if cell_id in self.settled:
                self._receive(cell_id, as_change(changes))
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
            case _:
                pass

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
        changes = as_change(command["changes"])
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


def as_change(changes: Any) -> text.Change:
    """A change as it came over a wire."""
    return text.normal(each if isinstance(each, int) else tuple(each) for each in changes)
