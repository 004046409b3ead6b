"""Work that goes on beside a block."""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from typing import Any


class Beside:
    """Starts work that lasts as long as the block; see `beside`."""

    def __init__(self, owner: "asyncio.Task[Any]") -> None:
        self._owner = owner
        self._tasks: set[asyncio.Future[Any]] = set()
        self.defects: list[BaseException] = []

    def start(self, work: Awaitable[Any]) -> "asyncio.Future[Any]":
        """Begin it now."""
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    async def end(self) -> None:
        """End all of it."""
        tasks = list(self._tasks)
        self._tasks.clear()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _ended(self, task: "asyncio.Future[Any]") -> None:
        if task not in self._tasks:
            return
        self._tasks.discard(task)
        if not task.cancelled() and (why := task.exception()) is not None:
            self.defects.append(why)
            self._owner.cancel()


@asynccontextmanager
async def beside() -> AsyncIterator[Beside]:
    """Work beside the block, and end that with it; an error in it ends the block, and is raised."""
    owner = asyncio.current_task()
    assert owner is not None, "a block runs in a task"
    works = Beside(owner)
    try:
        yield works
    except asyncio.CancelledError:
        if works.defects and owner.uncancel() == 0:
            raise works.defects[0] from None
        raise
    finally:
        await works.end()
