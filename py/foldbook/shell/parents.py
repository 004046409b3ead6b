"""Which execution the code that is running now belongs to.

A task keeps the execution that created it, a thread the one that started it, so that what they
write late still goes to the right cell. Callbacks that come from nowhere belong to the latest.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_running: ContextVar[str | None] = ContextVar("foldbook_execution", default=None)
_THREAD_ATTRIBUTE = "_foldbook_execution"


class Parents:
    """Knows the execution of the running code; while installed, threads remember theirs."""

    def __init__(self) -> None:
        self.latest: str | None = None
        self._thread_start: Callable[[threading.Thread], None] | None = None

    def current(self) -> str | None:
        """The execution that the caller belongs to; None before the first one."""
        found = _running.get()
        if found is None:
            found = getattr(threading.current_thread(), _THREAD_ATTRIBUTE, None)
        return found or self.latest

    @contextmanager
    def running(self, execution_id: str) -> Iterator[None]:
        """In this block, and in tasks and threads it starts, this execution is the current one."""
        self.latest = execution_id
        token = _running.set(execution_id)
        try:
            yield
        finally:
            _running.reset(token)

    def install(self) -> None:
        """Threads started from now on remember the execution that started them."""
        original = self._thread_start = threading.Thread.start

        def start(thread: threading.Thread) -> None:
            setattr(thread, _THREAD_ATTRIBUTE, self.current())
            original(thread)

        threading.Thread.start = start  # type: ignore[method-assign,assignment]

    def uninstall(self) -> None:
        """Threads start as Python has them."""
        if self._thread_start is not None:
            threading.Thread.start = self._thread_start  # type: ignore[method-assign,assignment]
            self._thread_start = None
