"""What a runtime agent asks of whatever runs code. The contract; `foldbook.shell` is one.

An executor runs one source at a time and speaks through the `Outlet` it was given, in
Jupyter's terms. `Outlet` methods are synchronous: running code may block the event loop, and
its output must leave all the same. Where the code runs in another process, the executor waits
instead (`AsyncOutlet`), and the event loop stays free whatever the code does.

What runs the code may die while the agent lives (a crash, a kill, `os._exit`): `Executor.died`
then returns, a `run` that is going on raises `Died`, and nothing runs any more. `stop` and
`start` make a new process with empty memory, after a death or as a restart; in the log that
is a new runtime session.
"""

from collections.abc import Mapping, Sequence
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

    def result(
        self, parent: str, data: Bundle, metadata: Bundle, count: int, display_id: str | None = None
    ) -> None:
        """The value of the last expression; with a display id it can be updated later."""

    def error(self, parent: str, ename: str, evalue: str, traceback: list[str]) -> None:
        """The code raised."""

    def clear(self, parent: str, wait: bool) -> None:
        """The code cleared its outputs."""

    def ask(self, parent: str, prompt: str, password: bool) -> str:
        """Block until somebody answers. Raises `RuntimeError` where blocking is impossible."""

    def progress(self, parent: str, text: str) -> None:
        """Packages are being loaded and the like: shown while it lasts, never in the log."""


class AsyncOutlet(Outlet, Protocol):
    """What an agent gives to an executor: the same, and ways to wait for those who can."""

    async def question(self, parent: str, prompt: str, password: bool) -> str:
        """As `ask`, without blocking. Cancelled: the code does not wait any longer."""

    async def ready(self) -> None:
        """Return when more can be taken; called after each output, so that code which prints
        without end waits instead of filling the memory.
        """


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


@dataclass(frozen=True, slots=True)
class FileChange:
    """Code has written or deleted a file. path: in the working directory, with ``/``; size: bytes,
    None where it is gone."""

    path: str
    size: int | None


class Executor(Protocol):
    """Runs code for one runtime session."""

    async def start(self, outlet: AsyncOutlet) -> Mapping[str, Any]:
        """Make ready; returns Jupyter's ``language_info``. Once more after `stop` or a death:
        with empty memory. Raises `foldbook.errors.CannotStart`, in words for a person.
        """

    async def run(self, parent: str, source: str) -> Outcome:
        """Run one source; every output has gone to the outlet when this returns.

        Raises `foldbook.errors.Died` where what runs the code died, or was stopped, meanwhile;
        what it had said until then has gone to the outlet.
        """

    async def died(self) -> str:
        """Return when what runs the code has died without being asked to: why, in words.

        Returns at once where that has happened already; never where it cannot happen.
        """

    async def complete(self, source: str, position: int) -> Completions:
        """Completions at a position (code points). Raises `foldbook.errors.Refused` with the
        code "busy" where that cannot be told while code runs.
        """

    async def inspect(self, source: str, position: int, detail: int = 0) -> Bundle:
        """Documentation of what stands at a position as a mime bundle; empty if none.
        Raises as `complete`.
        """

    async def variables(self) -> Bundle:
        """The variables in memory, told briefly, as `foldbook.shell.variables` has them.
        Raises as `complete`; "language" where they cannot be told in the runtime's language.
        """

    async def variable(self, name: str) -> Bundle:
        """One of them at length; empty where there is none of this name. Raises as `variables`."""

    def interrupt(self) -> bool:
        """Interrupt what runs; False where nothing runs or this executor cannot.

        It takes a way that no output blocks. Asked again in the same run it may be stronger.
        """

    async def write_file(self, path: str, content: bytes) -> None:
        """Put a file of the notebook into the working directory."""

    async def remove_file(self, path: str) -> None:
        """Take a file of the notebook out of the working directory."""

    async def file_changes(self) -> Sequence[FileChange]:
        """What code has done to files in the working directory since this was asked last.

        Never anything where the directory is not the notebook's own, but somebody's machine.
        """

    async def read_file(self, path: str) -> bytes:
        """The content of a file in the working directory. Raises `OSError`."""

    async def stop(self) -> None:
        """End, whatever runs; what does not end by itself is killed."""
