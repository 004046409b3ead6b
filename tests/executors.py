"""Executors whose code runs in another process, really running; and who listens to them."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from foldbook.executor import Executor, Outcome
from foldbook.native.jupyter import JupyterKernel
from foldbook.native.python import ChildPython

from tests.cells import Notes

SECONDS = 60.0
"""After so long something is wrong, on a slow machine, too."""
NEVER_ENDS = "import threading; threading.Event().wait()"
"""Code that waits for what nobody does: only an interrupt or the end of its process ends it."""
MAKERS: dict[str, Callable[[Path], Any]] = {
    "python": ChildPython,
    "kernel": lambda folder: JupyterKernel("python3", folder),
}
"""Each makes an executor of Python that works in a folder."""


class _Told(list[tuple[Any, ...]]):
    def __init__(self) -> None:
        super().__init__()
        self.changed = asyncio.Event()

    def append(self, note: tuple[Any, ...]) -> None:
        super().append(note)
        self.changed.set()


class Listener(Notes):
    """An outlet that writes everything down, and can be waited for.

    replies: answers to questions, in order; a question waits for one. closed: while it is set,
    the outlet takes nothing more.
    """

    def __init__(self) -> None:
        self.told = _Told()
        super().__init__(self.told)
        self.replies: asyncio.Queue[str] = asyncio.Queue()
        self.open = asyncio.Event()
        self.open.set()

    async def question(self, parent: str, prompt: str, password: bool) -> str:
        self.all.append(("ask", parent, prompt, password))
        try:
            return await self.replies.get()
        except asyncio.CancelledError:
            self.all.append(("unasked", parent))
            raise

    async def ready(self) -> None:
        await self.open.wait()

    async def comes(self, condition: Callable[[], bool]) -> None:
        """Wait until something is said so that this holds."""
        async with asyncio.timeout(SECONDS):
            while not condition():
                self.told.changed.clear()
                await self.told.changed.wait()


class Running:
    """A started executor; cells are named e1, e2 and so on."""

    def __init__(self, executor: Any, notes: Listener) -> None:
        self.executor = executor
        self.notes = notes
        self.count = 0

    def begin(self, source: str) -> "asyncio.Task[Outcome]":
        """Have a cell run; the notes are only this cell's, and of what comes late."""
        self.count += 1
        self.notes.all.clear()
        return asyncio.create_task(self.executor.run(f"e{self.count}", source))

    async def run(self, source: str) -> Outcome:
        """Run a cell to its end."""
        async with asyncio.timeout(SECONDS):
            return await self.begin(source)

    async def text(self, source: str, name: str = "stdout") -> str:
        """What a cell says on a stream."""
        await self.run(source)
        return self.notes.text(name)


@asynccontextmanager
async def running(executor: Executor) -> AsyncIterator[Running]:
    """Start it, and end it."""
    notes = Listener()
    await executor.start(notes)
    try:
        yield Running(executor, notes)
    finally:
        await executor.stop()


def tell(executor: Executor, story: Callable[[Running], Awaitable[None]]) -> None:
    """Tell a story of an executor."""

    async def told() -> None:
        async with running(executor) as there:
            await story(there)

    asyncio.run(told())


def install_bash(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the kernel "bash" installed, for this test."""
    command = [sys.executable, "-m", "bash_kernel.install", "--prefix", folder]
    subprocess.run(command, check=True, capture_output=True)
    monkeypatch.setenv("JUPYTER_PATH", str(folder / "share" / "jupyter"))
