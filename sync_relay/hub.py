"""All rooms that are in memory, and the sockets that lead to them."""

import asyncio
import logging
import time
from collections.abc import Coroutine
from typing import Any, Final

from foldbook.wire import Bye, Err, encode
from starlette.websockets import WebSocket, WebSocketState

from sync_relay.commits import Commits
from sync_relay.config import Limits
from sync_relay.line import Bucket, Line
from sync_relay.live import Live, now
from sync_relay.shelf import Shelf
from sync_relay.store import RelayStore, StoreFailed

_log = logging.getLogger(__name__)
_FRAME_COST: Final = 256  # bytes that any frame counts for: small ones cost time, too


class Hub:
    """All rooms. `run` must be running while anything else is asked of it."""

    def __init__(self, store: RelayStore, shelf: Shelf, limits: Limits) -> None:
        self.store: Final = store
        self.shelf: Final = shelf
        self.limits: Final = limits
        self.commits: Final = Commits(store, limits.waiting)
        self.draining = self.broken = False
        self.heard_bytes = self.sent_bytes = self.joined = 0
        self._lives: dict[str, Live] = {}
        self._loading = asyncio.Lock()
        self._count = 0
        self._senders: set[asyncio.Task[bool]] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def rooms(self) -> int:
        """Rooms in memory."""
        return len(self._lives)

    @property
    def connections(self) -> int:
        """Open connections."""
        return sum(len(live.lines) for live in self._lives.values())

    async def run(self) -> None:
        """Commit and sweep, until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self.commits.run())
            group.create_task(self._sweep())

    def ended(self, running: "asyncio.Task[None]") -> None:
        """`run` has ended. Where it was not told to, nothing here works any more."""
        if not running.cancelled() and (why := running.exception()) is not None:
            _log.critical("the relay cannot go on", exc_info=why)
            self.broken = True

    async def live(self, name: str) -> Live | None:
        """A room, loaded where it is not in memory; None: there is none. Raises `StoreFailed`."""
        found = self._lives.get(name)
        if found is not None:
            found.used_at = time.monotonic()
            return found
        async with self._loading:
            if name not in self._lives:
                await self.commits.settle()  # a room that failed may still be under way
                loaded = await self.store.load(name, self.limits.keep)
                if loaded is None:
                    return None
                self._lives[name] = Live(self, loaded)
        return self._lives[name]

    def forget(self, live: Live) -> None:
        """A room is not to be found in memory any more."""
        if self._lives.get(live.name) is live:
            del self._lives[live.name]

    def start(self, work: Coroutine[None, None, None]) -> None:
        """Do something beside."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def serve(self, name: str, socket: WebSocket) -> None:
        """Serve an accepted socket until it is closed."""
        live = None if self.draining else await self.live(name)
        problem = self._closed_to(name, live)
        if problem is not None or live is None:
            for message in (problem, Bye(problem.code)) if problem else (Bye("drain"),):
                await socket.send_bytes(encode(message))
            await socket.close()
            return
        self._count += 1
        number = self._count
        line = Line(socket, self.limits, lambda: live.next_frame(number))
        live.enter(number, line)
        self.joined += 1
        sender = asyncio.get_running_loop().create_task(self._speak(live, number, line))
        listener = asyncio.get_running_loop().create_task(self._listen(live, number, socket))
        self._senders.add(sender)
        try:
            await asyncio.wait({sender, listener}, return_when=asyncio.FIRST_COMPLETED)
            live.leave(number)
            if line.is_ending:
                await asyncio.wait({sender}, timeout=self.limits.send_seconds)
        finally:
            self._senders.discard(sender)
            sender.cancel()
            listener.cancel()
            self.sent_bytes += line.sent_bytes
        await _ended(sender, listener)

    async def drain(self) -> None:
        """Take nothing more, commit what is staged, and say goodbye to everybody."""
        self.draining = True
        try:
            async with asyncio.timeout(self.limits.drain_seconds):
                await self.commits.flush()
        except TimeoutError:
            _log.error("the store does not come to an end; what it has not is not acknowledged")
        for live in list(self._lives.values()):
            live.fail()
        if self._senders:
            await asyncio.wait(self._senders, timeout=self.limits.drain_seconds)

    def _closed_to(self, name: str, live: Live | None) -> Err | None:
        if self.draining:
            return None
        if live is None:
            return Err("room", f"there is no room {name}")
        if not live.info.open:
            return Err("draft", f"the room {name} is not open yet")
        if len(live.lines) >= self.limits.connections:
            return Err("full", f"a room has at most {self.limits.connections} connections")
        return None

    async def _speak(self, live: Live, number: int, line: Line) -> bool:
        try:
            return await line.run()
        except StoreFailed:
            _log.exception("rows of %s cannot be read", live.name)
            live.fail()
            return await line.run()

    async def _listen(self, live: Live, number: int, socket: WebSocket) -> None:
        bucket = Bucket(self.limits.rate, self.limits.burst)
        try:
            async with asyncio.timeout(self.limits.hello_seconds):
                frame = await _receive(socket)
        except TimeoutError:
            limit = self.limits.hello_seconds
            live.dismiss(number, Err("malformed", f"hello expected within {limit:g} seconds"))
            frame = await _receive(socket)
        while frame is not None:
            self.heard_bytes += len(frame)
            await bucket.take(len(frame) + _FRAME_COST)
            await self.commits.gate()
            if not self.draining:
                self._hear(live, number, frame)
            frame = await _receive(socket)

    def _hear(self, live: Live, number: int, frame: bytes) -> None:
        try:
            live.hear(number, frame)
        except Exception:
            live.fail()  # nobody knows what is in its memory now; the store does
            raise

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(self.limits.sweep_seconds)
            limit = time.monotonic() - self.limits.idle
            for live in list(self._lives.values()):
                if live.is_idle and live.used_at < limit:
                    self.forget(live)
            try:
                await self._clear_drafts()
            except StoreFailed:
                _log.exception("old drafts cannot be cleared away")

    async def open_room(self, name: str, base: int, session: str, n: int) -> None:
        """A draft numbers rows from now on, see `RelayStore.set_open`. Raises `StoreFailed`."""
        async with self._loading:  # nobody reads it from the store as it was
            await self.store.set_open(name, base, session, n)
            self._lives.pop(name, None)

    async def _clear_drafts(self) -> None:
        before = now() - int(self.limits.draft_hours * 3_600_000)
        for name in await self.store.drafts(before):
            async with self._loading:
                await self.store.delete(name)
                await self.shelf.delete(name)
                self._lives.pop(name, None)


async def _receive(socket: WebSocket) -> bytes | None:
    """The next frame; None where the socket is closed. Text is a frame of no bytes."""
    if socket.client_state is WebSocketState.DISCONNECTED:
        return None
    event = await socket.receive()
    if event["type"] == "websocket.disconnect":
        return None
    return event.get("bytes") or b""


async def _ended(*tasks: "asyncio.Task[Any]") -> None:
    """Wait for tasks that were cancelled. Raises what one of them raised."""
    for found in await asyncio.gather(*tasks, return_exceptions=True):
        if isinstance(found, BaseException) and not isinstance(found, asyncio.CancelledError):
            raise found
