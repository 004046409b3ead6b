"""An event loop in a thread of its own, for those who live beside a test that waits otherwise."""

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

T = TypeVar("T")
Run = Callable[[Coroutine[Any, Any, T]], T]

PATIENCE = 120
"""Seconds; only a defect takes that long."""


@contextmanager
def aside() -> Iterator[Callable[[Coroutine[Any, Any, Any]], Any]]:
    """Gives a function that runs a coroutine there and waits for what it returns."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    def run(work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, loop).result(PATIENCE)

    try:
        yield run
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
