"""A notebook open in one process, for tests: its store, its authority, its peers."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

from foldbook.authority import LocalAuthority
from foldbook.channel import pair
from foldbook.commands import parse
from foldbook.lines import FrameLine
from foldbook.peer import Origin, Peer, Surroundings
from foldbook.saver import Saver
from foldbook.store import MemoryStore
from foldbook.sync import RUNTIME_WINDOW
from foldbook.wire import Hello

ACTOR = b"the actor's secret.............."


class World:
    """A clock that goes by one at each look, and secrets that are not secret."""

    def __init__(self) -> None:
        self.time = 1_700_000_000_000
        self.count = 0

    def now(self) -> int:
        self.time += 1
        return self.time

    def secret(self) -> bytes:
        self.count += 1
        return hashlib.sha256(b"secret %d" % self.count).digest()

    def surroundings(self) -> Surroundings:
        async def pause(seconds: float) -> None:
            await asyncio.sleep(0)

        return Surroundings(self.now, self.secret, lambda: 0.5, pause)


class Desk:
    """A notebook open in one process: store, saver, authority, its own peer."""

    def __init__(self, store: MemoryStore, world: World) -> None:
        self.world = world
        self.store = store
        around = world.surroundings()
        self.loaded = store.load()
        self.saver = Saver(store, pause=around.pause)
        self.authority = LocalAuthority("book", self.loaded, self.saver, epoch="e1", now=world.now)
        self.peer = Peer.local(self.authority, self.loaded, ACTOR, around)

    def do(self, name: str, origin: Origin | None = None, /, **fields: Any) -> None:
        self.peer.submit(parse({"do": name} | fields), origin=origin)

    def begin(self) -> None:
        self.do("create_notebook", notebook_id="book", name="A book")
        self.do("create_cell", cell_id="c1", source="6*7")


@asynccontextmanager
async def opened(store: MemoryStore, world: World) -> AsyncIterator[Desk]:
    desk = Desk(store, world)
    async with at_work(desk):
        yield desk


@asynccontextmanager
async def at_work(desk: Desk) -> AsyncIterator[None]:
    """Its peer runs."""
    running = asyncio.create_task(desk.peer.run())
    try:
        yield
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running


@asynccontextmanager
async def begun() -> AsyncIterator[Desk]:
    """A new notebook with one cell."""
    async with opened(MemoryStore(), World()) as desk:
        desk.begin()
        yield desk


@asynccontextmanager
async def runtime_peer(
    desk: Desk, secret: bytes = b"a runtime's session", actor: bytes = b"a runtime's actor"
) -> AsyncIterator[Peer]:
    """A runtime's peer, joined to the desk over a channel of its own."""
    near, far = pair()
    channels = [far]

    async def connect() -> Any:
        return FrameLine(channels.pop()) if channels else None

    hello = Hello("book", "", secret, actor, 0)
    peer = Peer.linked(hello, connect, desk.world.surroundings(), window=RUNTIME_WINDOW)
    desk.authority.attach(near, peer.session)
    running = asyncio.create_task(peer.run())
    try:
        yield peer
    finally:
        far.close()
        await running
