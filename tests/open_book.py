"""A book for tests, open over a real peer and authority, and runtimes that join it."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

from foldbook.agent import RuntimeAgent
from foldbook.api import Notebook
from foldbook.authority import LocalAuthority
from foldbook.channel import pair
from foldbook.commands import parse
from foldbook.lines import FrameLine
from foldbook.notebook import FINAL, Execution
from foldbook.peer import Peer
from foldbook.saver import Saver
from foldbook.store import MemoryStore
from foldbook.sync import RUNTIME_WINDOW
from foldbook.ties import Surroundings
from foldbook.wire import Hello, identify

from tests.cells import until


def secret(name: str) -> bytes:
    return hashlib.sha256(name.encode()).digest()


RUNTIME = identify(secret("runtime"))


class Book:
    """An open notebook: its authority and its own peer, over a store in memory."""

    def __init__(self) -> None:
        self.store = MemoryStore()
        self.time = 1_700_000_000_000
        self.count = 0
        loaded = self.store.load()
        around = Surroundings(self.now, self.new_secret, lambda: 0.5)
        saver = Saver(self.store)
        self.authority = LocalAuthority("book", loaded, saver, epoch="e", now=self.now)
        self.peer = Peer.local(self.authority, loaded, secret("mara"), around)
        self.do("create_notebook", notebook_id="book", name="Book")
        self.peer.runtime = RUNTIME

    def now(self) -> int:
        self.time += 1
        return self.time

    def new_secret(self) -> bytes:
        self.count += 1
        return secret(f"secret {self.count}")

    def do(self, what: str, **fields: Any) -> None:
        self.peer.submit(parse({"do": what} | fields))

    def ask(self, *sources: str) -> list[str]:
        """New cells, run together; their executions."""
        cells = [f"c{len(self.peer.notebook.cells) + i}" for i in range(len(sources))]
        for cell, source in zip(cells, sources, strict=True):
            self.do("create_cell", cell_id=cell, source=source)
        executions = [f"x{cell}" for cell in cells]
        self.do("run_cells", cell_ids=cells, execution_ids=executions)
        return executions

    async def run(self, *sources: str) -> list[Execution]:
        """The same, when they are over."""
        names = self.ask(*sources)
        await self.ended(*names)
        return [self.execution(name) for name in names]

    async def ended(self, *names: str) -> None:
        """Wait until these executions are over."""
        await self.comes(lambda: all(self.execution(name).status in FINAL for name in names))

    async def comes(self, condition: Callable[[], bool]) -> None:
        """Wait until the notebook changes so that this holds."""
        changed = asyncio.Event()
        leave = self.peer.subscribe(lambda _: changed.set())
        while not condition():
            changed.clear()
            await changed.wait()
        leave()

    def execution(self, name: str) -> Execution:
        return self.peer.notebook.executions[name]


@dataclass
class Runtime:
    """A runtime that has joined a book."""

    peer: Peer
    agent: RuntimeAgent
    progress: list[str]


@asynccontextmanager
async def opened() -> AsyncIterator[Book]:
    book = Book()
    working = asyncio.create_task(book.peer.run())
    try:
        yield book
    finally:
        working.cancel()
        with suppress(asyncio.CancelledError):
            await working


@asynccontextmanager
async def runtime_of(
    book: Book, executor: Any, name: str = "runtime", **options: Any
) -> AsyncIterator[Runtime]:
    near, far = pair()
    channels = [far]

    async def connect() -> Any:
        return FrameLine(channels.pop()) if channels else None

    hello = Hello("book", "", secret(name), secret("runtime's actor"), 0)
    around = Surroundings(book.now, book.new_secret, lambda: 0.5)
    peer = Peer.linked(hello, connect, around, window=RUNTIME_WINDOW)
    book.authority.attach(near, peer.session)
    joined = asyncio.create_task(peer.run())
    progress: list[str] = []
    agent = RuntimeAgent(
        peer,
        executor,
        "Python",
        "python",
        progress=lambda _, text: progress.append(text),
        **options,
    )
    await agent.start()
    running = asyncio.create_task(agent.run())
    try:
        yield Runtime(peer, agent, progress)
        await agent.stop()
        await running
        await until(lambda: peer.saved)
    finally:
        await executor.stop()
        running.cancel()
        far.close()
        await joined


def notebook_of(book: Book) -> Notebook:
    """It, as a program has it."""
    return Notebook(book.peer, book.now)
