"""`ShellExecutor`: the `foldbook.executor.Executor` made of an IPython session."""

import _thread
import asyncio
import builtins
import getpass
import platform
import sys
import threading
import warnings
from collections.abc import Awaitable, Coroutine, Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import Any, TypeVar

from IPython.utils.tokenutil import token_at_cursor

from foldbook.executor import Bundle, Completions, FileChange, Outcome, Outlet
from foldbook.shell import completion, variables
from foldbook.shell.bars import Bars
from foldbook.shell.charts import Charts
from foldbook.shell.emitter import Emitter, Stream
from foldbook.shell.figures import Figures
from foldbook.shell.folder import Folder
from foldbook.shell.hooks import Hooks
from foldbook.shell.parents import Parents
from foldbook.shell.session import DOORS, Session

T = TypeVar("T")

_NEVER = -2


class ShellExecutor:
    """Runs cells in this process. Only one can be started at a time: IPython is one per process.

    folder: the working directory; made if need be. None: stay where the process is.
    """

    def __init__(self, hooks: Hooks | None = None, folder: Path | None = None) -> None:
        self._hooks = hooks or Hooks()
        self._folder = folder
        self._entered: Folder | None = None
        self._parents = Parents()
        self._emitter: Emitter | None = None
        self._session: Session | None = None
        self._task: asyncio.Task[Outcome] | None = None
        self._stop_waiting: asyncio.Future[None] | None = None
        self._runs = 0
        self._struck_run = _NEVER
        self._called_run = _NEVER
        self._is_expecting = False
        self._replaced: list[tuple[Any, str, Any]] = []

    async def start(self, outlet: Outlet) -> Mapping[str, Any]:
        """Make ready; returns Jupyter's ``language_info``."""
        emitter = Emitter(outlet, self._parents, distance=self._hooks.distance)
        session = Session.create(emitter, self._hooks)
        self._emitter, self._session = emitter, session
        self._entered = Folder(self._folder)
        if "" not in sys.path:
            sys.path.insert(0, "")
        self._libraries = (Figures(session), Charts(session), Bars())
        for each in self._libraries:
            each.install()
        self._replace(sys, "stdout", Stream(emitter, "stdout", sys.stdout))
        self._replace(sys, "stderr", Stream(emitter, "stderr", sys.stderr))
        self._replace(builtins, "input", self._input)
        self._replace(getpass, "getpass", self._getpass)
        self._parents.install()
        emitter.interrupts.install(session.user_ns, DOORS, self._hooks.drop_signal)
        # IPython's advice after sys.exit() is for its terminal.
        warnings.filterwarnings("ignore", message="To exit: use")
        return _language()

    def expect(self) -> None:
        """A run is about to come, and people are told of it: a signal from now on is for it."""
        _, emitter = self._parts()
        emitter.interrupts.forget()
        self._is_expecting = True

    async def run(self, parent: str, source: str) -> Outcome:
        """Run one source; every output has gone to the outlet when this returns."""
        session, emitter = self._parts()
        self._runs += 1
        if not self._is_expecting:
            emitter.interrupts.missed = False  # it came when nothing ran
        self._is_expecting = False
        with self._parents.running(parent):
            self._task = asyncio.ensure_future(self._run_cell(session, source))
            try:
                return await self._task
            finally:
                self._task = None
                session.interrupting = False
                if emitter.interrupts.struck and self._called_run != self._runs:
                    self._struck_run = self._runs
                emitter.interrupts.struck = False
                emitter.flush()

    async def died(self) -> str:
        """Never returns: who would ask dies with this process."""
        never: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        return await never

    def fork(self, outlet: Outlet) -> None:
        """This process is a fork of the one that was started: see `Emitter.fork`."""
        _, emitter = self._parts()
        emitter.fork(outlet)

    def flush(self) -> None:
        """Send what is held of the streams."""
        _, emitter = self._parts()
        emitter.flush()

    async def complete(self, source: str, position: int) -> Completions:
        """Completions at a position (code points)."""
        session, _ = self._parts()
        return completion.complete(session.Completer, session.user_ns, source, position)

    async def inspect(self, source: str, position: int, detail: int = 0) -> Bundle:
        """Documentation of what stands at a position as a mime bundle; empty if none."""
        session, _ = self._parts()
        name = token_at_cursor(source, position)
        if not name:
            return {}
        try:
            found: dict[str, Any] = session.object_inspect_mime(  # type: ignore[no-untyped-call]
                name, detail_level=detail
            )
        except KeyError:
            return {}
        return found

    async def variables(self) -> Bundle:
        """What is in memory, as `foldbook.shell.variables` tells it."""
        session, _ = self._parts()
        return variables.variables(session.user_ns, session.user_ns_hidden)

    async def variable(self, name: str) -> Bundle:
        """One variable at length; empty where there is none of this name."""
        session, _ = self._parts()
        return variables.variable(session.user_ns, name)

    def interrupt(self) -> bool:
        """Interrupt what runs; False where nothing could be done.

        An interrupt may come on two ways: as a signal, and by this call. If the signal was
        first (in this cell or the one before), the call is answered with True and does nothing;
        if the call is, the signal is dropped.
        """
        session, emitter = self._parts()
        if emitter.interrupts.struck or self._runs - self._struck_run <= 1:
            emitter.interrupts.struck = False
            self._struck_run = _NEVER
            return True
        emitter.interrupts.forget()
        if self._task is None or self._task.done():
            return False
        if threading.get_ident() != emitter.home:
            _thread.interrupt_main()
            return True
        self._called_run = self._runs
        if self._stop_waiting is None:
            session.interrupting = True
            return self._task.cancel()
        if not self._stop_waiting.done():
            self._stop_waiting.set_result(None)
        return True

    def wait(self, awaitable: Awaitable[T]) -> T:
        """Block the running cell until the awaitable is done; an interrupt ends the wait.

        Raises `RuntimeError` where the platform cannot block.
        """
        if self._hooks.wait is None:
            if isinstance(awaitable, Coroutine):
                awaitable.close()
            raise RuntimeError("Python cannot wait here for something that comes from outside.")
        done, value = self._hooks.wait(self._or_stop(awaitable))
        if not done:
            raise KeyboardInterrupt
        return value  # type: ignore[no-any-return]

    async def write_file(self, path: str, content: bytes) -> None:
        """Put a file of the notebook into the working directory."""
        self._working_directory().write(path, content)

    async def remove_file(self, path: str) -> None:
        """Take a file of the notebook out of the working directory."""
        self._working_directory().remove(path)

    async def file_changes(self) -> list[FileChange]:
        """What code has done to files in the working directory since this was asked last."""
        return self._working_directory().changes()

    async def read_file(self, path: str) -> bytes:
        """The content of a file in the working directory."""
        return self._working_directory().read(path)

    async def stop(self) -> None:
        """End: everything in the process stands as before `start`."""
        if self._session is None or self._emitter is None:
            return
        self._emitter.flush()
        self._emitter.interrupts.uninstall()
        self._parents.uninstall()
        for owner, name, original in reversed(self._replaced):
            setattr(owner, name, original)
        self._replaced.clear()
        for each in self._libraries:
            each.uninstall()
        self._working_directory().leave()
        Session.clear_instance()
        self._session = None

    async def _run_cell(self, session: Session, source: str) -> Outcome:
        failure: Any = None
        try:
            code = session.transform_cell(source)  # type: ignore[no-untyped-call]
        except Exception:
            code, failure = source, sys.exc_info()
        count = session.execution_count
        if failure is None and not await self._prepare(session, code):
            session.execution_count += 1
            return Outcome("error", count)
        result = await session.run_cell_async(
            source, store_history=True, transformed_cell=code, preprocessing_exc_tuple=failure
        )
        if session.interrupting and (task := asyncio.current_task()):
            task.uncancel()
        # `run_cell_async` leaves these to its caller; figures are flushed by the first.
        session.raised = False
        session.events.trigger("post_execute")
        session.events.trigger("post_run_cell", result)
        if session.history_manager is not None:
            session.history_manager.db_input_cache.clear()
        return Outcome("ok" if result.success and not session.raised else "error", count)

    async def _prepare(self, session: Session, code: str) -> bool:
        """Whether the cell can go on to run: False where it was interrupted."""
        if self._hooks.prepare is None:
            return True
        try:
            await self._hooks.prepare(code, session.emitter.progress)
        except asyncio.CancelledError:
            if not session.interrupting:
                raise
            session.emitter.error("KeyboardInterrupt", "", ["KeyboardInterrupt: while loading"])
            return False
        return True

    async def _or_stop(self, awaitable: Awaitable[T]) -> tuple[bool, T | None]:
        work = asyncio.ensure_future(awaitable)
        stop = asyncio.get_running_loop().create_future()
        outer, self._stop_waiting = self._stop_waiting, stop
        try:
            await asyncio.wait((work, stop), return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._stop_waiting = outer
        if not work.done():
            work.cancel()
            return False, None
        return True, work.result()

    def _input(self, prompt: object = "", /) -> str:
        """``input``: ask whoever looks at the notebook."""
        return self._ask(str(prompt), password=False)

    def _getpass(self, prompt: str = "Password: ", stream: object = None, **_: Any) -> str:
        """``getpass.getpass``: the same, and the answer stays out of the log."""
        return self._ask(prompt, password=True)

    def _ask(self, prompt: str, *, password: bool) -> str:
        _, emitter = self._parts()
        parent = self._parents.current()
        if parent is None:
            raise RuntimeError("input() works only in a cell.")
        emitter.flush()
        # Over a distance nothing breaks when an interrupt ends the wait.
        shield = emitter.interrupts.shield() if self._hooks.distance is None else nullcontext()
        with shield:
            return emitter.outlet.ask(parent, prompt, password)

    def _parts(self) -> tuple[Session, Emitter]:
        if self._session is None or self._emitter is None:
            raise RuntimeError("The executor has not started.")
        return self._session, self._emitter

    def _working_directory(self) -> Folder:
        if self._entered is None:
            raise RuntimeError("The executor has not started.")
        return self._entered

    def _replace(self, owner: Any, name: str, value: object) -> None:
        self._replaced.append((owner, name, getattr(owner, name)))
        setattr(owner, name, value)


def _language() -> dict[str, Any]:
    return {
        "name": "python",
        "version": platform.python_version(),
        "mimetype": "text/x-python",
        "file_extension": ".py",
        "pygments_lexer": "ipython3",
        "codemirror_mode": {"name": "ipython", "version": 3},
        "nbconvert_exporter": "python",
    }
