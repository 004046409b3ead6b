"""What the platform does for the shell, injected so that the shell does not ask where it runs."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Protocol

Say = Callable[[str], None]
"""Takes a line about progress, shown while it lasts."""
Wait = Callable[[Awaitable[Any]], Any]


class Distance(Protocol):
    """Between a shell and whoever takes its outputs, where that is another process.

    The outlet may then be called in any thread, and an interrupt may strike while it asks.
    """

    def settle(self) -> None:
        """Called after outputs, where an interrupt may strike: wait while too many are on
        their way.
        """

    def later(self, seconds: float, call: Callable[[], None]) -> None:
        """Call in another thread in so many seconds, whatever the calling thread does."""


@dataclass(frozen=True, slots=True)
class Installed:
    """What an installer has done: words for people, and what to ask for to have it again."""

    words: str
    requirements: tuple[str, ...] = ()


Install = Callable[[str, Say], Awaitable[Installed]]


@dataclass(frozen=True, slots=True)
class Hooks:
    """Each may be absent; then the shell does what plain Python does, or says why it cannot.

    wait: block the running code until the awaitable is done, and return its result.
    prepare: given a cell's Python source, make its imports possible.
    install: given the arguments of ``pip install``, install; returns what to say.
    advise: given an error that code raised, what else to say of it here; empty: nothing.
    drop_signal: an interrupt's signal was noticed, or is to be forgotten: say it no more.
    programs: whether other programs can be started (``!ls``).
    distance: see `Distance`; None: the outlet is in this very process and thread.
    """

    wait: Wait | None = None
    prepare: Callable[[str, Say], Awaitable[None]] | None = None
    install: Install | None = None
    advise: Callable[[BaseException], str] | None = None
    drop_signal: Callable[[], None] | None = None
    programs: bool = True
    distance: Distance | None = None
