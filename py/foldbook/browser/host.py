"""The notebook worker's middle: opens a notebook, answers its pages, keeps what they draw first."""

import asyncio
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from pydantic_core import to_json

from foldbook.authority import LocalAuthority
from foldbook.browser.desk import Desk
from foldbook.browser.page import Page, Where
from foldbook.browser.runtimes import PageRuntime
from foldbook.browser.views import Views
from foldbook.channel import Channel
from foldbook.commands import parse
from foldbook.errors import FoldbookError, Refused
from foldbook.peer import Change, Peer, Surroundings
from foldbook.saver import Saver
from foldbook.store import Batch, Store
from foldbook.view import full_view

SAVED_VIEW_SECONDS: Final = 1.0
"""What is drawn before Python is up may be older than this where the browser was killed."""
_SHARE: Final = 20  # making the saved view takes at most one part in so many of the time


@dataclass(frozen=True, slots=True)
class Clock:
    """now: ms since 1970. steady: seconds of a clock that is never set."""

    now: Callable[[], int]
    steady: Callable[[], float]


class Host:
    """One open notebook. Made by `Host.open`; then `run` it."""

    def __init__(
        self,
        notebook_id: str,
        page: Page,
        desk: Desk,
        views: Views,
        saver: Saver | None,
        runtime: PageRuntime | None,
        clock: Clock,
    ) -> None:
        self.id: Final = notebook_id
        self.desk: Final = desk
        self._page = page
        self._views = views
        self._saver = saver
        self._runtime = runtime
        self._clock = clock
        self._tasks: set[asyncio.Task[Any]] = set()
        self._saving: asyncio.TimerHandle | None = None
        self._pause = SAVED_VIEW_SECONDS
        self._told: tuple[int, int, str | None] | None = None
        desk.peer.subscribe(self._changed)

    @classmethod
    async def open(
        cls, notebook_id: str, page: Page, store: Store, around: Surroundings, clock: Clock
    ) -> "Host":
        """Open what the store has; a new notebook is begun by what waits in its inbox.

        Raises the store's errors.
        """
        loaded = await store.open()
        person = await page.person()
        if loaded.damaged:
            peer = Peer.reading(loaded, person.secret, around)
            desk = Desk(peer, loaded, None, None)
            return cls(notebook_id, page, desk, Views(page, desk, {}), None, None, clock)
        saver = Saver(store, pause=around.pause)
        epoch = around.secret().hex()[:32]
        authority = LocalAuthority(notebook_id, loaded, saver, epoch=epoch, now=around.now)
        peer = Peer.local(authority, loaded, person.secret, around)
        runtime = PageRuntime(
            peer,
            authority,
            page,
            actor=hashlib.sha256(b"runtime" + person.secret).digest(),
            secret=around.secret,
            now=around.now,
        )
        desk = Desk(peer, loaded, saver, runtime)
        views = Views(page, desk, loaded.views)
        return cls(notebook_id, page, desk, views, saver, runtime, clock)

    async def begin(self) -> None:
        """Take what waits, say hello, and have Python started."""
        peer = self.desk.peer
        if self._runtime is None or peer.readonly:
            self._hello("readonly")
            return
        self._runtime.prepare()
        self._start(peer.run())
        self._runtime.mourn()
        await self._take_inbox()
        await self._introduce()
        self._hello("ready")
        self._runtime.start()

    def receive(self, message: Mapping[str, Any], sender: Where, extra: Any = None) -> None:
        """A message of a page; ``extra`` is what JSON cannot hold: bytes, or a channel."""
        match message["t"]:
            case "attach":
                self._start(self._attach(message, sender))
            case "detach":
                self._views.detach(message["view"])
                self._save_view()
            case "cmd":
                self._views.take(message["view"], message["k"], message["base"], message["command"])
            case "inbox":
                self._start(self._take_inbox())
            case "call":
                self._start(self._answer(message, sender, self._call(message)))
            case "hidden":
                self._save_view()
            case "runtime":
                if self._runtime is not None:
                    self._runtime.heard(message)
            case "retry":
                if self._saver is not None:
                    self._saver.retry()
            case "close":
                self._start(self._close())
            case _:  # what the worker itself, or a page to pages, says on the channel
                pass

    def connect(self, session: str, channel: Channel) -> None:
        """A runtime is up and has this channel to the notebook."""
        if self._runtime is not None:
            self._runtime.connect(session, channel)

    def _hello(self, stage: str) -> None:
        status: dict[str, Any] = {"t": "status", "stage": stage}
        if self.desk.readonly:
            status |= {"message": self.desk.readonly["reason"], **self.desk.readonly}
        self._page.post(status)
        self._page.post({"t": "hello"})

    async def _attach(self, message: Mapping[str, Any], sender: Where) -> None:
        if self._saver is not None and not self.desk.peer.readonly:
            await self._take_inbox()
        seq = int(message.get("have", {}).get("seq", 0))
        self._views.attach(message["view"], sender, seq, message.get("waiting", ()))
        stage = "readonly" if self.desk.readonly else "ready"
        self._page.post({"t": "status", "view": message["view"], "stage": stage}, sender)
        self._tell_saved(again=True)

    async def _take_inbox(self) -> None:
        waiting = await self._page.inbox()
        if not waiting:
            return
        self._views.take_waiting(waiting)
        keys = [item.key for item in waiting]
        assert self._saver is not None, "a notebook that can be written to has a saver"
        self._saver.put(Batch(), lambda: self._start(self._page.drop_inbox(keys)))

    async def _introduce(self) -> None:
        """The first facts of a log that has none, and who sits here."""
        peer = self.desk.peer
        if peer.notebook.created is None:
            first = {"cell_type": "code", "source": ""}
            create = {"do": "create_notebook", "notebook_id": self.id, "name": "Untitled"}
            peer.submit(parse({**create, "cells": [first]}))
        person = await self._page.person()
        peer.submit(parse({"do": "introduce", "name": person.name}))

    async def _call(self, message: Mapping[str, Any]) -> Any:
        session = self.desk.notebook.selected_runtime
        if session is None:
            raise Refused("call", "no runtime is ready yet")
        return await self.desk.peer.call(session, message["method"], message["params"])

    async def _answer(self, message: Mapping[str, Any], sender: Where, work: Any) -> None:
        """The result of some work, for the view that asked."""
        result: dict[str, Any] = {"t": "result", "view": message["view"], "id": message["id"]}
        try:
            result |= {"ok": True, "value": await work}
        except FoldbookError as why:
            result |= {"ok": False, "message": str(why)}
        self._page.post(result, sender)

    # Saving

    def _changed(self, _change: Change) -> None:
        self._views.changed()
        self._tell_saved()
        if self._saving is None:
            loop = asyncio.get_running_loop()
            self._saving = loop.call_later(self._pause, self._save_view)

    def _tell_saved(self, *, again: bool = False) -> None:
        peer = self.desk.peer
        state = (peer.log.head, peer.unsaved, peer.failed)
        if again or state[1:] != (self._told or state)[1:] or self._told is None:
            self._page.post(
                {"t": "saved", "events": state[0], "unsaved": state[1], "failed": state[2]}
            )
            self._told = state

    def _save_view(self) -> None:
        """Keep what the page draws before Python is up; it is never ahead of the log."""
        if self._saving is not None:
            self._saving.cancel()
            self._saving = None
        if self._saver is None or self.desk.peer.readonly:
            return
        begun = self._clock.steady()
        view = full_view(self.desk.notebook, self.desk.around)
        self._saver.put(Batch(saved_view=to_json(view)), durability="relaxed")
        self._pause = max(SAVED_VIEW_SECONDS, _SHARE * (self._clock.steady() - begun))
        self._start(self._page.refresh(self._entry(view)))

    def _entry(self, view: Mapping[str, Any]) -> dict[str, Any]:
        people = [
            {"id": actor, **{key: shown[key] for key in ("name", "hue", "initials")}}
            for actor, shown in view["actors"].items()
            if shown["kind"] != "runtime"
        ]
        entry = {
            "name": view["notebook"]["name"],
            "cells": len(view["order"]),
            "events": view["log"]["events"],
            "strip": view["log"]["strip"],
            "people": people,
        }
        return entry | ({"changed": self.desk.changed} if self.desk.changed else {})

    async def _close(self) -> None:
        self._save_view()
        if self._runtime is not None:
            self._runtime.end()
        if self._saver is not None and self.desk.peer.failed is None:
            await self._saver.flush()
        self._page.post({"t": "closed"}, "page")

    def _start(self, work: Any) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: "asyncio.Task[Any]") -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (why := task.exception()) is not None:
            self._page.post({"t": "status", "stage": "failed", "message": f"A defect: {why!r}"})
            raise why
