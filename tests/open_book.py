"""A book for tests, open over a real peer and authority, and runtimes that join it."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from foldbook.agent import RuntimeAgent
from foldbook.api import Notebook
from foldbook.notebook import FINAL, Execution, Prompt
from foldbook.peer import Peer
from foldbook.store import MemoryStore
from foldbook.wire import identify
from peer_desk import Desk, World, at_work, runtime_peer

from tests.cells import until


def secret(name: str) -> bytes:
    return hashlib.sha256(name.encode()).digest()


RUNTIME = identify(secret("runtime"))


class Book(Desk):
    """A new notebook whose cells are run."""

    def __init__(self) -> None:
        super().__init__(MemoryStore(), World())
        self.do("create_notebook", notebook_id="book", name="Book")
        self.peer.runtime = RUNTIME

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

    async def prompt(self, name: str) -> Prompt:
        """What an execution asks, when it does."""
        await self.comes(lambda: self.execution(name).prompt is not None)
        found = self.execution(name).prompt
        assert found is not None
        return found

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
    async with at_work(book):
        yield book


@asynccontextmanager
async def runtime_of(
    book: Book, executor: Any, name: str = "runtime", **options: Any
) -> AsyncIterator[Runtime]:
    async with runtime_peer(book, secret(name), secret("runtime's actor")) as peer:
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


def notebook_of(book: Book) -> Notebook:
    """It, as a program has it."""
    return Notebook(book.peer, book.world.now)
