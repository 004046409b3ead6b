"""What the platform does for the shell, injected so that the shell does not ask where it runs."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

Say = Callable[[str], None]
"""Takes a line about progress, shown while it lasts."""


@dataclass(frozen=True, slots=True)
class Hooks:
    """Each may be absent; then the shell does what plain Python does, or says why it cannot.

    wait: block the running code until the awaitable is done, and return its result.
    prepare: given a cell's Python source, make its imports possible.
    install: given the arguments of ``pip install``, install; returns what to print.
    drop_signal: forget an interrupt's signal that has not been noticed yet.
    programs: whether other programs can be started (``!ls``).
    """

    wait: Callable[[Awaitable[Any]], Any] | None = None
    prepare: Callable[[str, Say], Awaitable[None]] | None = None
    install: Callable[[str, Say], Awaitable[str]] | None = None
    drop_signal: Callable[[], None] | None = None
    programs: bool = True
