"""The working directory of a runtime, seen from outside the process that runs the code."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Generic, Protocol, TypeVar

from foldbook.executor import FileChange, Outcome


class Running(Protocol):
    """A process that runs code. died: how it ended, where nobody has asked for that."""

    died: asyncio.Future[str]

    async def run(self, parent: str, source: str) -> Outcome:
        """Run one source."""

    def interrupt(self) -> bool:
        """Interrupt what runs; whether that could be asked."""

    async def stop(self) -> None:
        """End it."""


P = TypeVar("P", bound=Running)


class InWorkdir(Generic[P]):
    """What is the same in each `foldbook.executor.Executor` whose code runs in a process of its
    own, in a working directory (``folder``, made if need be). Files of the notebook stay inside."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.absolute()
        self._running: P | None = None

    async def died(self) -> str:
        """The process has ended, and nobody has asked for it."""
        return await asyncio.shield(self._there().died)

    async def run(self, parent: str, source: str) -> Outcome:
        """Run one source."""
        return await self._there().run(parent, source)

    def interrupt(self) -> bool:
        """Interrupt what runs."""
        return self._running is not None and self._running.interrupt()

    async def write_file(self, path: str, content: bytes) -> None:
        """Put a file there. Raises `OSError`, and `ValueError` for one outside."""
        await asyncio.to_thread(self._write, path, content)

    async def remove_file(self, path: str) -> None:
        """Take a file away, if it is there. Raises as `write_file`."""
        await asyncio.to_thread(lambda: self._inside(path).unlink(missing_ok=True))

    async def file_changes(self) -> Sequence[FileChange]:
        """Nothing: what code writes to this machine's disk stays there."""
        return ()

    async def read_file(self, path: str) -> bytes:
        """The content of a file. Raises as `write_file`."""
        return await asyncio.to_thread(lambda: self._inside(path).read_bytes())

    async def stop(self) -> None:
        """End the process and the programs that its cells have started."""
        if self._running is not None:
            await self._running.stop()

    def _make_folder(self) -> None:
        """Raises `OSError`."""
        self._folder.mkdir(parents=True, exist_ok=True)

    def _write(self, path: str, content: bytes) -> None:
        target = self._inside(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)

    def _inside(self, path: str) -> Path:
        target = (self._folder / path).resolve()
        if not target.is_relative_to(self._folder.resolve()):
            raise ValueError(f"a file's path stays in the working directory, this is {path!r}")
        return target

    def _there(self) -> P:
        if self._running is None:
            raise RuntimeError("The executor has not started.")
        return self._running
