"""A notebook open in one process, for tests of peers: its store, its authority, its own peer."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

from foldbook.authority import LocalAuthority
from foldbook.commands import parse
from foldbook.peer import Origin, Peer, Surroundings
from foldbook.saver import Saver
from foldbook.store import MemoryStore

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
    running = asyncio.create_task(desk.peer.run())
    try:
        yield desk
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


async def until(condition: Callable[[], bool]) -> None:
    """Let the others go on until this holds."""
    for _ in range(10_000):
        if condition():
            return
        await asyncio.sleep(0)
    raise AssertionError("it never came to hold")
