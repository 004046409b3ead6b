"""The views of a notebook: what each has been told, and what it asks for."""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from foldbook.browser.page import Page, Waiting, Where
from foldbook.commands import Command, parse
from foldbook.commands.sources import EditSource
from foldbook.errors import CommandRefused
from foldbook.notebook import Notebook
from foldbook.view import Around, Screen

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

    def notebook_at(self, seq: int) -> Notebook:
        """The notebook as it was when the log ended there."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """What a view shows: the log up to ``seq``, with its own commands up to ``ack``."""

    seq: int = 0
    ack: int = 0


_NOTHING: Final = Drawn()


@dataclass(slots=True)
class _View:
    """to: how it is reached. taken: its newest command that was looked at; told: the newest that
    it knows of; stored: the newest that is on the disk."""

    id: str
    to: Where
    screen: Screen = field(default_factory=Screen)
    taken: int = 0
    told: int = 0
    stored: int = 0
    told_stored: int = 0


class Views:
    """All views of one notebook. ``stored``: the newest k of each that the store knows.
    interval: seconds between two patches to a view, at least."""

    def __init__(
        self, page: Page, desk: Desk, stored: Mapping[str, int], interval: float = INTERVAL
    ) -> None:
        self._interval = interval
        self._page = page
        self._desk = desk
        self._stored = dict(stored)
        self._taken = dict(stored)
        self._views: dict[str, _View] = {}
        self._timer: asyncio.TimerHandle | None = None

    def attach(
        self,
        view_id: str,
        to: Where,
        drawn: Drawn = _NOTHING,
        waiting: Sequence[Mapping[str, Any]] = (),
    ) -> None:
        """A view is there. ``waiting`` are commands that it sent and does not know to be stored,
        made on what it had ``drawn``."""
        k = self._stored.get(view_id, 0)
        taken = self._taken.get(view_id, k)  # some may be on their way to the disk
        view = _View(view_id, to, taken=taken, told=taken, stored=k, told_stored=k)
        self._views[view_id] = view
        self._catch_up(view, drawn, [(each["k"], each["command"]) for each in waiting])
        shown = view.screen.open(self._desk.notebook, self._desk.around)
        view.told, view.told_stored = view.taken, view.stored
        self._post(view, t="view", v=view.screen.v, ack=view.taken, stored=view.stored, json=shown)

    def detach(self, view_id: str) -> None:
        """A view is gone."""
        self._views.pop(view_id, None)

    def take(self, view_id: str, k: int, base: int, values: Mapping[str, Any]) -> None:
        """A command of a view. One that was taken before is left alone; a view that is not known
        here attaches again and sends it again."""
        view = self._views.get(view_id)
        if view is not None and k > view.taken:
            self._show(view)  # so that the screen knows what the command may speak of
            self._carry_out(view, k, base, values)

    def take_waiting(self, items: Iterable[Waiting]) -> list[int]:
        """Commands from the inbox, of views that may be gone; returns the keys of those that
        are done with. A view that is here sends its own itself."""
        by_view: dict[str, list[Waiting]] = {}
        for item in items:
            by_view.setdefault(item.view, []).append(item)
        done: list[int] = []
        for view_id, own in by_view.items():
            known = self._views.get(view_id)
            view = known or _View(view_id, "all", taken=self._taken.get(view_id, 0))
            if known is None and not own[0].alive:
                drawn = Drawn(own[0].seq, own[0].k - 1)
                self._catch_up(view, drawn, [(each.k, each.command) for each in own])
            done += [each.key for each in own if each.k <= view.taken]
        return done

    def changed(self) -> None:
        """Something changed: the views are going to be told."""
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(self._interval, self._flush)

    def _catch_up(
        self, view: _View, drawn: Drawn, waiting: Sequence[tuple[int, Mapping[str, Any]]]
    ) -> None:
        """Carry out what a view asked for while nobody was there to take it."""
        fresh = [(k, values) for k, values in waiting if k > view.taken]
        if not fresh:
            return
        view.screen.open(self._desk.notebook_at(drawn.seq), self._desk.around)
        base = view.screen.v
        for k, values in waiting:
            if drawn.ack < k <= view.taken:
                _recall(view, base, values)
        for k, values in fresh:
            view.screen.update(self._desk.notebook, self._desk.around)
            self._carry_out(view, k, base, values)

    def _carry_out(self, view: _View, k: int, base: int, values: Mapping[str, Any]) -> None:
        view.taken = self._taken[view.id] = k
        try:
            command = parse(values)
            if isinstance(command, EditSource):
                command = self._fitted(view, command, base)
            self._desk.submit(command, view.id, k)
        except CommandRefused as why:
            self._post(view, t="refused", k=k, command=dict(values), message=str(why))
        self._desk.note(view.id, k, lambda: self._note_stored(view, k))
        self.changed()

    def _fitted(self, view: _View, edit: EditSource, base: int) -> EditSource:
        """The view's edit, made to fit the source as it is now."""
        change = view.screen.receive_edit(edit.cell_id, edit.changes, edit.length_before, base)
        length = len(self._desk.notebook.cells[edit.cell_id].source)
        return EditSource(cell_id=edit.cell_id, changes=change, length_before=length)

    def _note_stored(self, view: _View, k: int) -> None:
        view.stored = self._stored[view.id] = max(k, self._stored.get(view.id, 0))
        self.changed()

    def _flush(self) -> None:
        self._timer = None
        for view in list(self._views.values()):
            self._show(view)

    def _show(self, view: _View) -> None:
        """Bring a view forward."""
        ack = view.taken if view.taken > view.told else None
        patch = view.screen.update(self._desk.notebook, self._desk.around, ack)
        if patch is not None:
            view.told, view.told_stored = view.taken, view.stored
            head = self._desk.notebook.head
            self._post(
                view,
                t="patch",
                v=patch.v,
                seq=head,
                ack=view.taken,
                stored=view.stored,
                ops=patch.ops,
            )
        elif view.stored > view.told_stored:
            view.told_stored = view.stored
            self._post(view, t="stored", stored=view.stored)

    def _post(self, view: _View, **message: Any) -> None:
        self._page.post({"view": view.id, **message}, view.to)


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


def _recall(view: _View, base: int, values: Mapping[str, Any]) -> None:
    """An edit that is in the log already, though its view never heard so: the next stand on it."""
    try:
        command = parse(values)
        if isinstance(command, EditSource):
            view.screen.receive_edit(command.cell_id, command.changes, command.length_before, base)
    except CommandRefused:
        pass  # as it was then: its view was told, or is with the next that does not fit
