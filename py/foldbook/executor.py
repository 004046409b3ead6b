"""What a runtime agent asks of whatever runs code. The contract; `foldbook.shell` is one.

An executor runs one source at a time and speaks through the `Outlet` it was given, in
Jupyter's terms. `Outlet` methods are synchronous: running code may block the event loop, and
its output must leave all the same.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

Bundle = Mapping[str, Any]


class Outlet(Protocol):
    """Where running code's outputs go. ``parent`` is the execution they belong to."""

    def stream(self, parent: str, name: Literal["stdout", "stderr"], text: str) -> None:
        """Text was written."""

    def display(
        self, parent: str, data: Bundle, metadata: Bundle, display_id: str | None, update: bool
    ) -> None:
        """Something was displayed, or (``update``) every display with this id changed."""

    def result(self, parent: str, data: Bundle, metadata: Bundle, count: int) -> None:
        """The value of the last expression."""

    def error(self, parent: str, ename: str, evalue: str, traceback: list[str]) -> None:
        """The code raised."""

    def clear(self, parent: str, wait: bool) -> None:
        """The code cleared its outputs."""

    def ask(self, parent: str, prompt: str, password: bool) -> str:
        """Block until somebody answers. Raises `RuntimeError` where blocking is impossible."""

    def progress(self, parent: str, text: str) -> None:
        """Packages are being loaded and the like: shown while it lasts, never in the log."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run ended. ``count`` is the execution count it had."""

    status: Literal["ok", "error", "aborted"]
    count: int


@dataclass(frozen=True, slots=True)
class Completions:
    """Jupyter's ``complete_reply``: replace [start, end) (code points) by one of the matches."""

    matches: list[str]
    start: int
    end: int
    types: list[str] = field(default_factory=list)


class Executor(Protocol):
    """Runs code for one runtime session."""

    async def start(self, outlet: Outlet) -> Mapping[str, Any]:
        """Make ready; returns Jupyter's ``language_info``."""

    async def run(self, parent: str, source: str) -> Outcome:
        """Run one source; every output has gone to the outlet when this returns."""

    async def complete(self, source: str, position: int) -> Completions:
        """Completions at a position (code points)."""

    async def inspect(self, source: str, position: int, detail: int = 0) -> Bundle:
        """Documentation of what stands at a position as a mime bundle; empty if none."""

    def interrupt(self) -> bool:
        """Interrupt what runs; False where this executor cannot."""

    async def write_file(self, path: str, content: bytes) -> None:
        """Put a file of the notebook into the working directory."""

    async def remove_file(self, path: str) -> None:
        """Take a file of the notebook out of the working directory."""

    async def stop(self) -> None:
        """End."""
