"""The notebook worker's middle: opens a notebook, answers its pages, keeps what they draw first."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import Any, Final

from pydantic_core import to_json

from foldbook.browser.exchange import Exchange
from foldbook.browser.mourning import CLOSED, CRASHED, mourn
from foldbook.browser.opening import IMPORT, JOIN, Opened
from foldbook.browser.page import Page, Where, whole
from foldbook.browser.views import INTERVAL, Asked, Views
from foldbook.channel import Channel
from foldbook.commands import parse
from foldbook.errors import FoldbookError, Refused
from foldbook.peer import Change, Surroundings
from foldbook.row import RIGHTS, Kind
from foldbook.store import Batch
from foldbook.view import full_view

SAVED_VIEW_SECONDS: Final = 1.0
"""What is drawn before Python is up may be older than this where the browser was killed."""
_SHARE: Final = 20  # making the saved view takes at most one part in so many of the time


class Host:
    """One open notebook; `begin` comes first. steady: seconds of a clock that is never
    set. interval: see `Views`."""

    def __init__(
        self,
        notebook_id: str,
        page: Page,
        opened: Opened,
        around: Surroundings,
        steady: Callable[[], float],
        interval: float = INTERVAL,
    ) -> None:
        self.id: Final = notebook_id
        self.desk: Final = opened.desk
        self._page = page
        self._views = Views(page, opened.desk, opened.views, opened.refused, interval)
        self._saver = opened.saver
        self._runtime = opened.runtime
        self._sharing = opened.sharing
        self._works = opened.works
        self._link = opened.begin
        self._space = opened.space
        self._exchange = Exchange(
            notebook_id, page, opened.desk.peer, opened.blob, around.now, opened.notes
        )
        self._refused: list[str] = []
        self._steady = steady
        self._tasks: set[asyncio.Task[Any]] = set()
        self._saving: asyncio.TimerHandle | None = None
        self._pause = SAVED_VIEW_SECONDS
        self._told: tuple[int, int, str | None] | None = None
        self.desk.peer.subscribe(self._changed)
        if self.desk.reaching is not None:
            self.desk.reaching.changed = self._views.changed
        if self._sharing is not None:
            self._sharing.start = self._start
            self._sharing.make_snapshot = self.desk.told
            self._sharing.mend = self.desk.mend
            self._sharing.here.changed = self._views.changed
        opened.heed.append(self._tell_saved)
        if self._space is not None:
            opened.heed.append(self._space.heed)

    async def begin(self, *, quiet: bool = False, crashed: bool = False) -> None:
        """Take what waits, say hello, and have Python started.

        quiet: not before something is to be run. crashed: the worker before this one did.
        """
        peer = self.desk.peer
        if self._runtime is None or peer.readonly:
            if peer.is_outdated:  # what others do is shown all the same
                self._work_and_link()
            self._hello("readonly")
            return
        starts = not quiet and not peer.is_moved and self._runtime.is_wanted
        if starts:
            self._runtime.prepare()
        self._work_and_link()
        mourn(peer, self._runtime.session, CRASHED if crashed else CLOSED)
        await self._take_inbox()
        await self._introduce()
        self._hello("ready")
        if starts:
            self._runtime.start()
        elif peer.is_moved and not quiet:
            self._start(self._start_runtime())

    async def _start_runtime(self) -> None:
        """Others may have selected a machine meanwhile: known is that when it is known what they
        have done, or that they cannot be reached."""
        peer, sharing, runtime = self.desk.peer, self._sharing, self._runtime
        assert sharing is not None, "others number the rows"
        assert runtime is not None, "the notebook can be written to"
        await peer.until(
            lambda: peer.is_current or sharing.state()["status"] in ("offline", "ended")
        )
        if runtime.is_wanted and peer.ended is None:
            runtime.start_one()

    def _work_and_link(self) -> None:
        for work in self._works:
            self._start(work())
        if self._space is not None:
            self._start(self._space.run())
        self._link()

    def receive(self, message: Mapping[str, Any], sender: Where, data: bytes | None = None) -> None:
        """A message of a page; ``data``: the bytes that it brings."""
        match message.get("t"):
            case "attach":
                self._start(self._attach(message, sender))
            case "detach":
                self._detach(message["view"])
            case "cmd" | "cmds":
                self._take(message)
            case "presence" | "online" if self._sharing is not None:
                self._start(self._sharing.heard(message))
            case "call" | "export" | "import" | "share":
                self._start(self._answer(message, sender, self._work(message, data)))
            case "make_room" if self._space is not None:
                self._space.agree()
            case "inbox":
                self._start(self._take_inbox())
            case "hidden":
                self._start(self._keep_view())
            case "runtime":
                if self._runtime is not None:
                    self._runtime.heard(message)
            case "close":
                self._start(self._close())
            case _:  # what the worker itself, or a page to pages, says on the channel
                pass

    def _take(self, message: Mapping[str, Any]) -> None:
        """One command of a view, or what it says again."""
        if message["t"] == "cmd":
            self._views.take(message["view"], _asked(message))
        else:
            self._views.take_all(message["view"], map(_asked, message["all"]))

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

    def _detach(self, view: str) -> None:
        self._views.detach(view)
        if self._sharing is not None:
            self._sharing.here.left(view)
        self._start(self._keep_view())

    async def _attach(self, message: Mapping[str, Any], sender: Where) -> None:
        if self._saver is not None and not self.desk.peer.readonly:
            await self._take_inbox()
        self._views.attach(message["view"], sender, message["n"])
        stage = "readonly" if self.desk.readonly else "ready"
        self._page.post({"t": "status", "view": message["view"], "stage": stage}, sender)
        self._tell_saved(again=True)
        if self._space is not None:
            self._space.tell(sender)
        if self._sharing is not None:
            self._page.post({"t": "share", **self._sharing.state()}, sender)
            self._sharing.here.tell()
        for kind, notes in (("import", self._exchange.notes), ("inbox", self._refused)):
            if notes:
                told = whole(" ".join(notes))
                self._page.post({"t": "toast", "kind": kind, "message": told})
            notes.clear()

    async def _take_inbox(self) -> None:
        waiting = await self._page.inbox()
        if not waiting:
            return
        files = [item for item in waiting if item.command["do"] == IMPORT]
        for item in files:
            await self._exchange.begin_with(item)
        links = [item for item in waiting if item.command["do"] == JOIN]
        for item in links:
            self._join(str(item.command.get("link")))
        keys = [item.key for item in (*files, *links)]
        rest = [item for item in waiting if item not in files and item not in links]
        done, refused = self._views.take_waiting(rest)
        keys += done
        self._refused += refused
        assert self._saver is not None, "a notebook that can be written to has a saver"
        self._saver.put(Batch(), lambda: self._start(self._page.drop_inbox(keys)))

    def _join(self, link: str) -> None:
        assert self._sharing is not None, "a notebook that can be written to can be shared"
        try:
            self._sharing.join(link)
        except FoldbookError as why:
            self._refused.append(f"The link was not followed: {why}.")

    @property
    def _is_shared(self) -> bool:
        return self._sharing is not None and self._sharing.is_shared

    async def _introduce(self) -> None:
        """The first facts of a log that has none, and who sits here."""
        peer = self.desk.peer
        if peer.notebook.created is None and not self._is_shared:
            first = {"cell_type": "code", "source": ""}
            create = {"do": "create_notebook", "notebook_id": self.id, "name": "Untitled"}
            peer.submit(parse({**create, "cells": [first]}))
        person = await self._page.person()
        if Kind.NOTE in RIGHTS[peer.role]:
            peer.submit(parse({"do": "introduce", "name": person.name, "hue": person.hue}))

    async def _work(self, message: Mapping[str, Any], data: bytes | None) -> Any:
        """The value that a view asked for. Raises `FoldbookError`."""
        if message["t"] == "export":
            return await self._exchange.write(message["format"], message["view"])
        if message["t"] == "share":
            if self._sharing is None:
                raise Refused("share", "a damaged notebook cannot be shared")
            return await self._sharing.answer(message)
        if message["t"] == "import":
            return await self._exchange.append(message["name"], data or b"")
        return await self._call(message)

    async def _call(self, message: Mapping[str, Any]) -> Any:
        session = self.desk.notebook.selected_runtime
        if session is None:
            raise Refused("call", "no runtime is ready yet")
        if self._runtime is None:
            raise Refused("call", "no runtime is connected here")
        return await self._runtime.call(session, message["method"], message["params"])

    async def _answer(self, message: Mapping[str, Any], sender: Where, work: Any) -> None:
        """The result of some work, for the view that asked."""
        result: dict[str, Any] = {"t": "result", "view": message["view"], "id": message["id"]}
        try:
            self._page.post(whole(result | {"ok": True, "value": await work}), sender)
        except FoldbookError as why:
            told = str(why)
        except Exception as why:  # a defect of this work only: who asked is told, the rest goes on
            logging.getLogger(__name__).exception("%s failed", message["t"])
            told = f"A defect: {why!r}"
        else:
            return
        self._page.post(whole(result | {"ok": False, "message": told}), sender)

    # Saving

    def _changed(self, change: Change) -> None:
        self._views.changed()
        self._log_strangers(change)
        self._tell_saved()
        if self._saving is None:
            loop = asyncio.get_running_loop()
            self._saving = loop.call_later(self._pause, lambda: self._start(self._keep_view()))

    def _log_strangers(self, change: Change) -> None:
        """What others wrote and nobody here understands stops nobody, but should not go unseen."""
        new = {row.seq for row in change.confirmed}
        for each in self.desk.peer.log.confirmed.aside[-len(new) :] if new else ():
            if each.seq in new and each.what != "void":
                logging.getLogger(__name__).warning("row %d: %s", each.seq, each.reason)

    def _tell_saved(self, *, again: bool = False) -> None:
        peer = self.desk.peer
        state = (peer.log.head, peer.unsaved, peer.failed)
        if again or state[1:] != (self._told or state)[1:] or self._told is None:
            self._page.post(
                {"t": "saved", "events": state[0], "unsaved": state[1], "failed": state[2]}
            )
            self._told = state

    async def _keep_view(self) -> None:
        """Keep what the page draws before Python is up, as the stored log has it."""
        if self._saving is not None:
            self._saving.cancel()
            self._saving = None
        peer = self.desk.peer
        if self._saver is None or peer.readonly or peer.failed:
            return
        while not peer.saved:
            await self._saver.flush()
        begun = self._steady()
        view = full_view(self.desk.notebook, self.desk.around)
        batch = Batch(saved_view=to_json(view), snapshot=self.desk.keeping.due())
        self._saver.put(batch, durability="relaxed")
        self._pause = max(SAVED_VIEW_SECONDS, _SHARE * (self._steady() - begun))
        try:
            await self._page.refresh(self._entry(view))
        except Exception:  # a full disk, for one: the list is behind, and the notebook goes on
            logging.getLogger(__name__).exception("the list of notebooks was not told")

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
        if self._sharing is not None and self._is_shared:
            state = self._sharing.state()
            entry["shared"] = {"role": state["role"], "relay": state["relay"]}
        return entry | ({"changed": self.desk.changed} if self.desk.changed else {})

    async def _close(self) -> None:
        await self._keep_view()
        if self._runtime is not None:
            self._runtime.end()
        peer = self.desk.peer
        if self._saver is not None and not (peer.readonly or peer.failed):
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


def _asked(message: Mapping[str, Any]) -> Asked:
    return Asked(message["k"], message["command"], message["base"], message.get("before"))
