"""`foldbook.open_sync`: a notebook for programs that do not await.

One thread of the process has an event loop for all of them, so it works where a loop runs
already, as in Jupyter. Every call is made there, and waited for.
"""

import asyncio
import atexit
import threading
from collections.abc import Callable, Coroutine, Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any, Final, Self, TypeVar

from foldbook.api import Cell, Cells, Change, Notebook, Person, Run, Runtime
from foldbook.api.changes import PeopleChanged, RuntimesChanged
from foldbook.api.notebook import CellLike, Pages
from foldbook.api.outputs import Values
from foldbook.link import ShareLink
from foldbook.native.opening import NAME, open_notebook
from foldbook.notebook import CellType
from foldbook.row import Role

T = TypeVar("T")


class _Loop:
    """An event loop in a thread of its own, which ends with the process."""

    def __init__(self) -> None:
        self._loop: Final = asyncio.new_event_loop()
        self._thread: Final = threading.Thread(
            target=self._loop.run_forever, name="foldbook", daemon=True
        )
        self._thread.start()

    def wait(self, work: Coroutine[Any, Any, T]) -> T:
        """The result of a coroutine that runs there; an interrupt here ends it there."""
        future = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return future.result()
        except BaseException:
            future.cancel()
            raise

    def call(self, function: Callable[[], T]) -> T:
        """The result of a function that is called there; at once where this is there."""
        if threading.current_thread() is self._thread:
            return function()

        async def called() -> T:
            return function()

        return self.wait(called())


@cache
def _the_loop() -> _Loop:
    return _Loop()


def _call(function: Callable[[], T]) -> T:
    return _the_loop().call(function)


class SyncCell(Cell):
    """See `foldbook.api.Cell`. Its ``outputs`` have large values in their places."""

    def __init__(self, cell: Cell, notebook: Notebook) -> None:
        super().__init__(cell._peer, cell.id)
        self._cell = cell
        self._notebook = notebook

    @property
    def type(self) -> CellType:
        """See `Cell`; so for the following ones."""
        return _call(lambda: self._cell.type)

    @type.setter  # noqa: A003 - the property's own
    def type(self, value: CellType) -> None:
        _call(lambda: setattr(self._cell, "type", value))

    @property
    def source(self) -> str:
        """The text of the cell."""
        return _call(lambda: self._cell.source)

    @source.setter
    def source(self, value: str) -> None:
        _call(lambda: setattr(self._cell, "source", value))

    def edit(self, start: int, end: int, new: str) -> None:
        """Put text in the place of another."""
        _call(lambda: self._cell.edit(start, end, new))

    @property
    def metadata(self) -> Mapping[str, Any]:
        """Jupyter's metadata of the cell."""
        return _call(lambda: self._cell.metadata)

    def set_metadata(self, values: Mapping[str, Any], remove: Iterable[str] = ()) -> None:
        """Set some keys of the metadata and remove others."""
        _call(lambda: self._cell.set_metadata(values, remove))

    @property
    def tags(self) -> tuple[str, ...]:
        """Jupyter's tags of the cell."""
        return _call(lambda: self._cell.tags)

    @property
    def outputs(self) -> list[Values]:
        """The outputs of its latest run."""
        return _the_loop().wait(self._notebook.load(_call(lambda: self._cell.outputs)))

    @property
    def status(self) -> str | None:
        """How its latest run stands."""
        return _call(lambda: self._cell.status)

    @property
    def execution_count(self) -> int | None:
        """The number in its brackets."""
        return _call(lambda: self._cell.execution_count)

    @property
    def exists(self) -> bool:
        """Whether it is in the notebook."""
        return _call(lambda: self._cell.exists)

    def __repr__(self) -> str:
        return _call(lambda: repr(self._cell))


class SyncCells(Cells):
    """See `foldbook.api.Cells`."""

    def __init__(self, cells: Cells, notebook: Notebook) -> None:
        super().__init__(cells._peer)
        self._cells = cells
        self._notebook = notebook

    def __len__(self) -> int:
        return _call(lambda: len(self._cells))

    def __iter__(self) -> Iterator[Cell]:
        return iter(_call(lambda: [self._cell(each.id) for each in self._cells]))

    def _cell(self, cell_id: str) -> SyncCell:
        return SyncCell(super()._cell(cell_id), self._notebook)


class SyncNotebook(Pages):
    """See `foldbook.api.Notebook`: the same, and what waits there blocks here.

    It is a context manager; without ``with``, `close` is to be called, or else what the process
    leaves behind at its end is sent then, if that takes no longer than some seconds.
    """

    def __init__(
        self,
        link: str | ShareLink | None = None,
        *,
        name: str = NAME,
        folder: str | Path | None = None,
        timeout: float = 30.0,
    ) -> None:
        opening = open_notebook(link, name=name, folder=folder, timeout=timeout)
        self._closing = _call(asyncio.Event)
        ready: asyncio.Future[Notebook] = _call(lambda: asyncio.get_running_loop().create_future())

        async def hold() -> None:
            try:
                async with opening as notebook:
                    ready.set_result(notebook)
                    await self._closing.wait()
            except BaseException as why:
                if ready.done():
                    raise
                ready.set_exception(why)

        self._held = _call(lambda: asyncio.create_task(hold()))
        try:
            self._notebook = _the_loop().wait(_result(ready))
        except BaseException:
            _call(self._held.cancel)
            raise
        _open.add(self)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Send what is not sent yet, and end. Raises `TimeoutError` where that cannot be done."""
        if self in _open:
            _open.remove(self)
            _call(self._closing.set)
            _the_loop().wait(_result(self._held))

    @property
    def name(self) -> str:
        """See `foldbook.api.Notebook`; so for the following ones."""
        return _call(lambda: self._notebook.name)

    @name.setter
    def name(self, value: str) -> None:
        _call(lambda: setattr(self._notebook, "name", value))

    @property
    def cells(self) -> SyncCells:
        """The cells, in their order."""
        return SyncCells(_call(lambda: self._notebook.cells), self._notebook)

    @property
    def role(self) -> Role:
        """What one may do here."""
        return _call(lambda: self._notebook.role)

    @property
    def connected(self) -> bool:
        """Whether the relay is connected now."""
        return _call(lambda: self._notebook.connected)

    @property
    def people(self) -> tuple[Person, ...]:
        """The others who are here now."""
        return _call(lambda: self._notebook.people)

    def append(self, source: str, cell_type: CellType = "code") -> SyncCell:
        """A new cell at the end."""
        return self._of(_call(lambda: self._notebook.append(source, cell_type)))

    def insert(self, index: int, source: str, cell_type: CellType = "code") -> SyncCell:
        """A new cell before the one at this place."""
        return self._of(_call(lambda: self._notebook.insert(index, source, cell_type)))

    def move(self, cell: CellLike, index: int) -> None:
        """Move a cell so that it stands at this place."""
        _call(lambda: self._notebook.move(cell, index))

    def delete(self, *cells: CellLike) -> None:
        """Delete cells."""
        _call(lambda: self._notebook.delete(*cells))

    def clear_outputs(self, *cells: CellLike) -> None:
        """Take the outputs of these cells away; without any named, of all."""
        _call(lambda: self._notebook.clear_outputs(*cells))

    def run(
        self, cell: CellLike, *, timeout: float | None = None, allow_errors: bool = False
    ) -> Run:
        """Run a code cell, as it is now, and wait for its end."""
        return _the_loop().wait(
            self._notebook.run(cell, timeout=timeout, allow_errors=allow_errors)
        )

    def run_all(self, *, timeout: float | None = None, allow_errors: bool = False) -> list[Run]:
        """Run every code cell, in order, and wait for their end."""
        work = self._notebook.run_all(timeout=timeout, allow_errors=allow_errors)
        return _the_loop().wait(work)

    def request(self, cell: CellLike) -> Run:
        """Ask for a code cell to be run, as it is now."""
        return _call(lambda: self._notebook.request(cell))

    def finished(
        self, run: Run, *, timeout: float | None = None, allow_errors: bool = False
    ) -> Run:
        """Wait for the end of a run."""
        work = self._notebook.finished(run, timeout=timeout, allow_errors=allow_errors)
        return _the_loop().wait(work)

    def cancel(self, run: Run) -> None:
        """Take a run out of the queue."""
        _call(lambda: self._notebook.cancel(run))

    def interrupt(self) -> None:
        """Interrupt what the selected runtime runs."""
        _call(self._notebook.interrupt)

    def wait_for_ready(self, *, timeout: float | None = None) -> Runtime:
        """Wait until there is a runtime that can run something."""
        return _the_loop().wait(self._notebook.wait_for_ready(timeout=timeout))

    def restart(self, *, timeout: float | None = None) -> Runtime:
        """Start the selected runtime anew, and wait until it is there."""
        return _the_loop().wait(self._notebook.restart(timeout=timeout))

    @property
    def runtimes(self) -> tuple[Runtime, ...]:
        """The runtimes that have not ended."""
        return _call(lambda: self._notebook.runtimes)

    def select(self, runtime: Runtime | str | None) -> None:
        """Have new runs go to this runtime."""
        _call(lambda: self._notebook.select(runtime))

    def watch(self, *, timeout: float | None = None) -> Iterator[Change]:
        """An iterator of all that happens from now on; it blocks until something does.

        timeout: seconds without anything after which it ends; None: it goes on.
        """
        watch = _call(self._notebook.watch)

        async def following() -> Change | None:
            try:
                async with asyncio.timeout(timeout):
                    return await anext(watch, None)
            except TimeoutError:
                return None

        def changes() -> Iterator[Change]:
            while (change := _the_loop().wait(following())) is not None:
                if isinstance(change, PeopleChanged | RuntimesChanged):
                    yield change
                else:
                    yield replace(change, cell=self._of(change.cell))

        return changes()

    def to_ipynb(self) -> bytes:
        """The notebook as a file of format 4.5."""
        return _the_loop().wait(self._notebook.to_ipynb())

    def saved(self, *, timeout: float | None = None) -> None:
        """Return when every change made here is kept by the relay."""
        _the_loop().wait(self._notebook.saved(timeout=timeout))

    def __repr__(self) -> str:
        return _call(lambda: f"<SyncNotebook {self._notebook.name!r}>")

    def _of(self, cell: Cell) -> SyncCell:
        return SyncCell(cell, self._notebook)


_open: Final[set[SyncNotebook]] = set()
"""Also those that the program has let go of: what they have not sent is sent at its end."""


@atexit.register
def _close_all() -> None:
    with ExitStack() as closing:  # one that cannot send does not keep the others from it
        for notebook in _open:
            closing.callback(notebook.close)


async def _result(future: "asyncio.Future[T]") -> T:
    return await future
