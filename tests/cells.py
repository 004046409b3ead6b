"""Running cells in a real shell and looking at what they said."""

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from foldbook.executor import Bundle, FileChange, Outcome, Outlet
from foldbook.outlet import cannot_wait
from foldbook.shell import Hooks, ShellExecutor


@dataclass
class Notes:
    """An outlet that writes everything down: (what, execution, ...)."""

    all: list[tuple[Any, ...]] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)

    def stream(self, parent: str, name: Literal["stdout", "stderr"], text: str) -> None:
        self.all.append((name, parent, text))

    def display(
        self, parent: str, data: Bundle, metadata: Bundle, display_id: str | None, update: bool
    ) -> None:
        self.all.append(("update" if update else "display", parent, data, display_id))

    def result(
        self, parent: str, data: Bundle, metadata: Bundle, count: int, display_id: str | None = None
    ) -> None:
        self.all.append(("result", parent, data, count))

    def error(self, parent: str, ename: str, evalue: str, traceback: list[str]) -> None:
        self.all.append(("error", parent, ename, evalue, traceback))

    def clear(self, parent: str, wait: bool) -> None:
        self.all.append(("clear", parent, wait))

    def ask(self, parent: str, prompt: str, password: bool) -> str:
        self.all.append(("ask", parent, prompt, password))
        return self.answers.pop(0)

    async def question(self, parent: str, prompt: str, password: bool) -> str:
        return self.ask(parent, prompt, password)

    async def ready(self) -> None:
        pass

    def progress(self, parent: str, text: str) -> None:
        self.all.append(("progress", parent, text))

    def text(self, name: str = "stdout") -> str:
        """All that one stream said."""
        return "".join(note[2] for note in self.all if note[0] == name)

    def only(self, what: str) -> tuple[Any, ...]:
        """The one note of this kind."""
        (found,) = [note for note in self.all if note[0] == what]
        return found

    def kinds(self) -> list[str]:
        """What kinds of things were said, in order."""
        return [note[0] for note in self.all]


class Shell:
    """A started shell; cells are named e1, e2 and so on."""

    def __init__(self, executor: ShellExecutor, notes: Notes) -> None:
        self.executor = executor
        self.notes = notes
        self.count = 0

    async def run(self, source: str) -> Outcome:
        """Run a cell; the notes are only this cell's."""
        self.count += 1
        self.notes.all.clear()
        return await self.executor.run(f"e{self.count}", source)


@asynccontextmanager
async def shell(folder: Path, hooks: Hooks | None = None) -> AsyncIterator[Shell]:
    """A shell in a folder of its own."""
    notes = Notes()
    executor = ShellExecutor(hooks, folder)
    await executor.start(notes)
    try:
        yield Shell(executor, notes)
    finally:
        await executor.stop()


def in_shell(
    folder: Path, story: Callable[[Shell], Awaitable[None]], hooks: Hooks | None = None
) -> None:
    """Tell a story in a shell."""

    async def told() -> None:
        async with shell(folder, hooks) as opened:
            await story(opened)

    asyncio.run(told())


async def until(condition: Callable[[], bool]) -> None:
    """Let everything else go on until this holds."""
    for _ in range(100_000):
        if condition():
            return
        await asyncio.sleep(0)
    raise AssertionError("it never came to hold")


class Threaded:
    """An executor whose cells run in a thread of their own, so that they can block.

    It is what a native runtime does: the outlet is called in the loop of whoever started it.
    """

    def __init__(self, folder: Path) -> None:
        self._home = asyncio.get_running_loop()
        self._home_thread = threading.get_ident()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._inner = ShellExecutor(Hooks(), folder)

    async def start(self, outlet: Outlet) -> Any:
        return await self._there(self._inner.start(_Relay(outlet, self._home)))

    async def run(self, parent: str, source: str) -> Outcome:
        return await self._there(self._inner.run(parent, source))

    async def died(self) -> str:
        return await self._inner.died()

    async def complete(self, source: str, position: int) -> Any:
        return await self._there(self._inner.complete(source, position))

    async def inspect(self, source: str, position: int, detail: int = 0) -> Any:
        return await self._there(self._inner.inspect(source, position, detail))

    async def variables(self) -> Any:
        return await self._there(self._inner.variables())

    async def variable(self, name: str) -> Any:
        return await self._there(self._inner.variable(name))

    def interrupt(self) -> bool:
        self._loop.call_soon_threadsafe(self._inner.interrupt)
        return True

    async def write_file(self, path: str, content: bytes) -> None:
        await self._inner.write_file(path, content)

    async def remove_file(self, path: str) -> None:
        await self._inner.remove_file(path)

    async def file_changes(self) -> Sequence[FileChange]:
        return await self._inner.file_changes()

    async def read_file(self, path: str) -> bytes:
        return await self._inner.read_file(path)

    async def stop(self) -> None:
        if self._loop.is_closed():
            return
        await self._there(self._inner.stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        await asyncio.to_thread(self._thread.join)
        self._loop.close()

    def wait(self, awaitable: Awaitable[Any]) -> Any:
        """Block the cell's thread; the loop at home goes on."""
        if threading.get_ident() == self._home_thread:
            cannot_wait(awaitable)

        async def waited() -> Any:
            return await awaitable

        return asyncio.run_coroutine_threadsafe(waited(), self._home).result()

    async def _there(self, work: Coroutine[Any, Any, Any]) -> Any:
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, self._loop))


class _Relay:
    """An outlet in another loop: each call is made there, and waited for."""

    def __init__(self, outlet: Outlet, home: asyncio.AbstractEventLoop) -> None:
        self._outlet = outlet
        self._home = home

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name == "ask":
            return self._outlet.ask  # it blocks, so it stays in the cell's thread
        method = getattr(self._outlet, name)

        def call(*arguments: Any) -> Any:
            async def there() -> Any:
                return method(*arguments)

            return asyncio.run_coroutine_threadsafe(there(), self._home).result()

        return call
