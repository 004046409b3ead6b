"""The views of a notebook: what each has been told, and what it asks for."""

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from foldbook import text
from foldbook.browser.page import Page, Waiting, Where, whole
from foldbook.browser.runtimes import RUNS
from foldbook.commands import Command, parse
from foldbook.commands.cells import CreateCell
from foldbook.commands.sources import EditSource
from foldbook.difference import difference
from foldbook.errors import CommandRefused, FoldbookError, TextMisfit
from foldbook.notebook import Notebook
from foldbook.view import Around, Screen

UNSEEN: Final = "unseen/"
"""What the names of refusals begin with in the store's meta: of edits, as <view>/<k>."""
INTERVAL: Final = 0.016
"""Seconds: about a frame of a screen."""
_WEEK: Final = 7 * 24 * 3600 * 1000  # ms
_KEPT: Final = 50


class Desk(Protocol):
    """Where commands go and what the views show; `foldbook.browser.host` has it."""

    @property
    def notebook(self) -> Notebook:
        """The notebook as it is now."""

    @property
    def around(self) -> Around:
        """What is shown beside it."""

    def submit(self, command: Command, view: str, k: int) -> None:
        """Carry a command out. Raises `CommandRefused`."""

    def note(self, view: str, k: int, then: Callable[[], None]) -> None:
        """Keep that the view's k-th command was taken; ``then`` is called when all is stored."""

    def note_refused(self, name: str, why: str | None) -> None:
        """Keep why an edit was refused, under a name that begins with `UNSEEN`; None: no more."""


@dataclass(slots=True)
class _View:
    """to: how it is reached. here: whether it is there still. taken: its newest command that was
    looked at; told: the newest that it knows of; stored: the newest that is on the disk. held:
    patches that it is told together with the next ones."""

    id: str
    to: Where
    here: bool = True
    screen: Screen = field(default_factory=Screen)
    taken: int = 0
    told: int = 0
    stored: int = 0
    told_stored: int = 0
    held: list[dict[str, Any]] | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """A view's k-th command. An edit was made on the view's version ``base``, or, where the text
    that it was made on came with it, on that (``before``), whatever became of the version."""

    k: int
    command: Mapping[str, Any]
    base: int = 0
    before: str | None = None


class Views:
    """All views of one notebook. ``stored``: the newest k of each that the store knows; refused:
    what it has of refused edits. interval: seconds between two patches to a view, at least."""

    def __init__(
        self,
        page: Page,
        desk: Desk,
        stored: Mapping[str, int],
        refused: Mapping[str, str],
        interval: float = INTERVAL,
    ) -> None:
        self._interval = interval
        self._page = page
        self._desk = desk
        self._stored = dict(stored)
        self._taken = dict(stored)
        self._refused = dict(refused)
        self._views: dict[str, _View] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._flushed = float("-inf")  # when the views were told last

    def attach(self, view_id: str, to: Where, n: int) -> None:
        """A view is there, and is shown everything. What it sent and does not find acknowledged
        there it sends again. n: which time this is that it asked; it hears only the last."""
        k = self._stored.get(view_id, 0)
        taken = self._taken.get(view_id, k)  # some may be on their way to the disk
        view = _View(view_id, to, taken=taken, told=taken, stored=k, told_stored=k)
        self._views[view_id] = view
        shown = view.screen.open(self._desk.notebook, self._desk.around)
        state = {"v": view.screen.v, "ack": view.taken, "stored": view.stored, "json": shown}
        self._post(view, t="view", n=n, **state)

    def detach(self, view_id: str) -> None:
        """A view is gone."""
        self._views.pop(view_id, None)

    def take(self, view_id: str, asked: Asked) -> None:
        """A command of a view. One that was taken before is left alone; a view that is not known
        here attaches again and sends it again."""
        view = self._views.get(view_id)
        if view is not None and asked.k > view.taken:
            self._show(view)  # so that the screen knows what the command may speak of
            self._carry_out(view, asked)

    def take_all(self, view_id: str, every: Iterable[Asked]) -> None:
        """What a view sent before it was shown anything here. It is told of that at once: else it
        would draw what was there in the midst of it."""
        view = self._views.get(view_id)
        if view is None:
            return
        patches: list[dict[str, Any]] = []
        view.held = patches
        try:
            for asked in every:
                self.take(view_id, asked)
            self._show(view)
        finally:
            view.held = None
            if patches:
                self._post(view, t="patches", all=patches)

    def take_waiting(self, items: Iterable[Waiting]) -> tuple[list[int], list[str]]:
        """Commands from the inbox, of views that may be gone. A view that is here sends its own
        itself; what one that is gone wanted to run is not run. Returns the keys of those that are
        done with, and what to tell people of those that could not be carried out: their views
        cannot be told."""
        done: list[int] = []
        notes: list[str] = []
        for item in items:
            taken = self._taken.get(item.view, 0)
            if item.k > taken and item.view not in self._views and not item.alive:
                gone = _View(item.view, "all", here=False, taken=taken)
                why = self._carry_out(gone, Asked(item.k, item.command, before=item.before))
                taken = item.k
                notes += [self._rescue(item, why)] if why else []
            elif item.k <= taken and (why := self._seen(item.view, item.k)) and not item.alive:
                notes.append(self._rescue(item, why))  # nobody was there to be told
            if item.k <= taken:
                done.append(item.key)
        return done, notes

    def changed(self) -> None:
        """Something changed: the views are going to be told."""
        if self._timer is None:
            loop = asyncio.get_running_loop()
            # After a quiet time at once; what comes soon after that is told together.
            due = self._flushed + self._interval - loop.time()
            self._timer = loop.call_later(max(due, 0.0), self._turn)

    def _carry_out(self, view: _View, asked: Asked) -> str | None:
        """Returns why not, where it is refused; the view is told."""
        view.taken = self._taken[view.id] = asked.k
        refused = _tried(lambda: self._desk.submit(self._meant(view, asked), view.id, asked.k))
        if refused is not None:
            told = {"k": asked.k, "command": dict(asked.command), "message": refused}
            self._post(view, t="refused", **whole(told))
            if view.here and asked.command.get("do") == EditSource.wire_name():
                self._refused[_unseen(view.id, asked.k)] = refused
                self._desk.note_refused(_unseen(view.id, asked.k), whole(refused))
        self._desk.note(view.id, asked.k, lambda: self._note_stored(view, asked.k))
        self.changed()
        return refused

    def _meant(self, view: _View, asked: Asked) -> Command:
        """The command as it is to be carried out now. Raises `CommandRefused`."""
        command = parse(asked.command)
        if isinstance(command, RUNS) and not view.here:
            raise CommandRefused("Code is not run by opening a notebook.")
        return self._fitted(view, command, asked) if isinstance(command, EditSource) else command

    def _fitted(self, view: _View, edit: EditSource, asked: Asked) -> EditSource:
        """The view's edit, made to fit the source as it is now. Raises `CommandRefused`."""
        if asked.before is None:
            change = view.screen.receive_edit(
                edit.cell_id, edit.changes, edit.length_before, asked.base
            )
            length = len(self._desk.notebook.cells[edit.cell_id].source)
            return EditSource(cell_id=edit.cell_id, changes=change, length_before=length)
        cell = self._desk.notebook.cells.get(edit.cell_id)
        if cell is None:
            raise CommandRefused(f"There is no cell {edit.cell_id} in this notebook.")
        mine = _checked(edit, asked.before)
        change = text.transform(mine, difference(asked.before, cell.source))
        return EditSource(cell_id=cell.id, changes=change, length_before=len(cell.source))

    def _rescue(self, item: Waiting, why: str) -> str:
        """What was typed is not lost with a view that is gone, even if its cell is: a new cell
        takes it. Returns what to tell people."""
        told = f"Something done before this page was loaded could not be carried out: {whole(why)}"

        def rescue() -> None:
            edit = parse(whole(item.command))
            if not isinstance(edit, EditSource) or item.before is None:
                raise CommandRefused("There is no text to be kept.")
            source = text.apply(_checked(edit, item.before), whole(item.before))
            # Later ones of its view may have been stored before.
            newest = max(item.k, self._taken.get(item.view, 0))
            self._desk.submit(CreateCell(source=source), item.view, newest)

        return f"{told} The text is in a new cell at the end." if _tried(rescue) is None else told

    def _seen(self, view: str, k: int) -> str | None:
        """Why this edit was refused, if it was: from now on that is nothing new to anybody."""
        why = self._refused.pop(_unseen(view, k), None)
        if why is not None:
            self._desk.note_refused(_unseen(view, k), None)
        return why

    def _note_stored(self, view: _View, k: int) -> None:
        view.stored = self._stored[view.id] = max(k, self._stored.get(view.id, 0))
        self.changed()

    def _turn(self) -> None:
        self._timer = None
        self._flushed = asyncio.get_running_loop().time()
        self._flush()

    def _flush(self) -> None:
        for view in list(self._views.values()):
            self._show(view)

    def _show(self, view: _View) -> None:
        """Bring a view forward."""
        ack = view.taken if view.taken > view.told else None
        patch = view.screen.update(self._desk.notebook, self._desk.around, ack)
        if patch is not None:
            view.told, view.told_stored = view.taken, view.stored
            state = {"ack": view.taken, "stored": view.stored}
            told = {"v": patch.v, "seq": self._desk.notebook.head, **state, "ops": patch.ops}
            if view.held is not None:
                view.held.append(told)
            else:
                self._post(view, t="patch", **told)
        elif view.stored > view.told_stored:
            view.told_stored = view.stored
            self._post(view, t="stored", stored=view.stored)

    def _post(self, view: _View, **message: Any) -> None:
        self._page.post({"view": view.id, **message}, view.to)


def _unseen(view: str, k: int) -> str:
    return f"{UNSEEN}{view}/{k}"


def outdated(stored: Mapping[str, int], now: int) -> list[str]:
    """The views that nothing is expected of any more: begun over a week before ``now`` (ms since
    1970), and not among the newest."""
    by_age = sorted(stored, key=_begun)
    return [view for view in by_age[:-_KEPT] if _begun(view) < now - _WEEK]


def _begun(view: str) -> int:
    """When a view was begun: its id starts with that, in base 36; 0 where it does not."""
    try:
        return int(view.split("-")[0], 36)
    except ValueError:
        return 0


def _tried(act: Callable[[], None]) -> str | None:
    """Do it; returns why it could not be done. A defect is told like a refusal: it is no reason
    to leave a command unanswered."""
    try:
        act()
    except FoldbookError as why:
        return str(why)
    except Exception as why:
        logging.getLogger(__name__).exception("a command failed")
        return f"A defect: {why!r}"
    return None


def _checked(edit: EditSource, before: str) -> text.Change:
    """The edit's change, which must fit the text before it. Raises `CommandRefused`."""
    try:
        change = text.normal(edit.changes)
        text.check(change, len(before))
    except TextMisfit as why:
        raise CommandRefused(f"The edit does not fit the text it was made on: {why}.") from None
    return change
