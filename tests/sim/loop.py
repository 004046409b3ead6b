"""An event loop whose time is the world's: what awaits something goes on when the world says so.

So the product's own loops (`foldbook.saver`, `foldbook.sealed_blobs` ...) run in a story, and the
seed still decides everything.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine
from contextvars import Context
from typing import Any, Protocol, TypeVarTuple

_Ts = TypeVarTuple("_Ts")

TICKS = 10
"""Of the world, in a second."""


class _World(Protocol):
    time: int

    def at(self, time: int, act: Callable[[], None]) -> None: ...


class Loop(asyncio.AbstractEventLoop):
    """See the module. Whatever goes wrong in it is raised out of `turn`."""

    def __init__(self, world: _World) -> None:
        self.ready: deque[asyncio.Handle] = deque()
        self._world = world
        self._tasks: list[asyncio.Task[Any]] = []

    def turn(self) -> None:
        """Run everything that can go on now."""
        ready = self.ready
        while ready:
            handle = ready.popleft()
            if not handle.cancelled():
                handle._run()

    def end(self) -> None:
        """Nothing goes on any more."""
        for task in self._tasks:
            task.cancel()
        self.turn()

    def work(self, coroutine: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Have work done beside everything else; that it fails is a defect."""
        task = self.create_task(coroutine)
        task.add_done_callback(lambda task: None if task.cancelled() else task.result())
        return task

    async def pause(self, seconds: float) -> None:
        """See `foldbook.ties.Surroundings`; some time goes by in any case."""
        await self.ticks(max(1, round(seconds * TICKS)))

    async def ticks(self, count: int) -> None:
        """Wait so many of the world's ticks."""
        over = self.create_future()
        self._world.at(self._world.time + count, lambda: _settle(over))
        await over

    # What asyncio asks of a loop

    def call_soon(
        self,
        callback: Callable[[*_Ts], object],
        *args: *_Ts,
        context: Context | None = None,
    ) -> asyncio.Handle:
        handle = asyncio.Handle(callback, args, self, context)
        self.ready.append(handle)
        return handle

    def call_later(
        self,
        delay: float,
        callback: Callable[[*_Ts], object],
        *args: *_Ts,
        context: Context | None = None,
    ) -> asyncio.TimerHandle:
        due = self.time() + delay
        handle = asyncio.TimerHandle(due, callback, args, self, context)
        ticks = max(1, round(delay * TICKS))
        self._world.at(self._world.time + ticks, lambda: self.ready.append(handle))
        return handle

    def create_future(self) -> asyncio.Future[Any]:
        return asyncio.Future(loop=self)

    def create_task(
        self, coro: Any, *, name: str | None = None, context: Context | None = None
    ) -> asyncio.Task[Any]:
        task = asyncio.Task(coro, loop=self, name=name, context=context)
        self._tasks.append(task)
        return task

    def time(self) -> float:
        return self._world.time / TICKS

    def get_debug(self) -> bool:
        return False

    def is_running(self) -> bool:
        return True

    def is_closed(self) -> bool:
        return False

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        if "exception" in context:
            raise context["exception"]

    def _timer_handle_cancelled(self, handle: asyncio.TimerHandle) -> None:
        """It is let lie."""


def _settle(over: asyncio.Future[None]) -> None:
    if not over.done():
        over.set_result(None)
