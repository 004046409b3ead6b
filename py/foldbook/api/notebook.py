"""`Notebook`: a notebook that others work in too, for programs."""

import asyncio
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import replace
from itertools import islice
from typing import Final
from weakref import WeakSet

from foldbook import ipynb
from foldbook.api.cells import Cell, Cells
from foldbook.api.changes import Watch
from foldbook.api.outputs import Values, filled
from foldbook.api.people import Gathering, Person, Runtime, runtimes_of
from foldbook.api.runs import Run
from foldbook.commands import Command
from foldbook.commands.cells import CreateCell, DeleteCells, MoveCells
from foldbook.commands.notebooks import RenameNotebook
from foldbook.commands.runs import (
    Cancel,
    ClearOutputs,
    Interrupt,
    Restart,
    RunAll,
    RunCells,
    SelectRuntime,
)
from foldbook.errors import CommandRefused, Refused
from foldbook.notebook import FINAL, CellType, Execution
from foldbook.notebook import Notebook as State
from foldbook.peer import Peer
from foldbook.row import Role

CellLike = Cell | int | str
"""A cell: the object, its place, or its id."""

BEAT: Final = 10.0
"""Seconds after which a program shows anew that it is here."""


class Pages:
    """What `Notebook` and its blocking form have alike: all that waits for nothing.

    What is read is how the notebook stands here now. Changes are made at once, and travel by
    themselves. Commands raise `CommandRefused` where they cannot be carried out, or the link
    gives no right to that.
    """

    def __init__(self, peer: Peer, now: Callable[[], int]) -> None:
        self._peer: Final = peer
        self._watches: Final[WeakSet[Watch]] = WeakSet()
        self._gathering: Final = Gathering(peer, now, self._look)
        self._step = asyncio.Event()

    # What it is

    @property
    def name(self) -> str:
        """The notebook's name; can be set."""
        return self._state.name

    @name.setter
    def name(self, value: str) -> None:
        self._peer.submit(RenameNotebook(name=value))

    @property
    def cells(self) -> Cells:
        """The cells, in their order: ``notebook.cells[0]``, ``notebook.cells["id"]``."""
        return Cells(self._peer)

    @property
    def role(self) -> Role:
        """What one may do here: "view", "comment", "edit", "run" or "own"."""
        return self._peer.role

    @property
    def connected(self) -> bool:
        """Whether the relay is connected now. Without it one goes on, and it travels later."""
        return self._peer.is_linked

    @property
    def people(self) -> tuple[Person, ...]:
        """The others who are here now."""
        return self._gathering.people

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name!r}, {len(self.cells)} cells>"

    # Changing it

    def append(self, source: str, cell_type: CellType = "code") -> Cell:
        """A new cell at the end."""
        return self._create(source, cell_type, None)

    def insert(self, index: int, source: str, cell_type: CellType = "code") -> Cell:
        """A new cell before the one at this place, as ``list.insert`` counts."""
        return self._create(source, cell_type, self._before(index, self._ids()))

    def move(self, cell: CellLike, index: int) -> None:
        """Move a cell so that it stands at this place."""
        moving = self._cell(cell).id
        before = self._before(index, [each for each in self._ids() if each != moving])
        self._peer.submit(MoveCells(cell_ids=(moving,), before=before))

    def delete(self, *cells: CellLike) -> None:
        """Delete cells. People can bring them back."""
        self._peer.submit(DeleteCells(cell_ids=self._named(cells)))

    def clear_outputs(self, *cells: CellLike) -> None:
        """Take the outputs of these cells away; without any named, of all."""
        named = self._named(cells) if cells else tuple(self._ids())
        if named:
            self._peer.submit(ClearOutputs(cell_ids=named))

    # What runs it

    def request(self, cell: CellLike) -> Run:
        """Ask for a code cell to be run, as it is now; gives the run, which is not over yet.

        Raises `CommandRefused` for a cell without code, and where no runtime is there.
        """
        found = self._cell(cell)
        if found.type != "code" or not found.source.strip():
            raise CommandRefused(f"a code cell that is not empty expected, {found!r} came")
        [asked] = self._requested(RunCells(cell_ids=(found.id,)))
        return Run.of(self._execution(asked))

    def cancel(self, run: Run) -> None:
        """Take a run out of the queue that no runtime has taken yet."""
        self._peer.submit(Cancel(execution_id=run.id))

    def interrupt(self) -> None:
        """Interrupt what the selected runtime runs."""
        self._peer.submit(Interrupt())

    @property
    def runtimes(self) -> tuple[Runtime, ...]:
        """The runtimes that have not ended, the oldest first."""
        return runtimes_of(self._peer)

    def select(self, runtime: Runtime | str | None) -> None:
        """Have new runs go to this runtime; None: to the first one that takes them."""
        wanted = runtime.id if isinstance(runtime, Runtime) else runtime
        self._peer.submit(SelectRuntime(runtime=wanted))

    # Inside

    @property
    def _state(self) -> State:
        return self._peer.notebook

    def _ids(self) -> list[str]:
        return [each.id for each in self._state.ordered_cells()]

    def _cell(self, cell: CellLike) -> Cell:
        return cell if isinstance(cell, Cell) else self.cells[cell]

    def _named(self, cells: Iterable[CellLike]) -> tuple[str, ...]:
        return tuple(self._cell(each).id for each in cells)

    def _create(self, source: str, cell_type: CellType, before: str | None) -> Cell:
        known = set(self._state.cells)
        self._peer.submit(CreateCell(cell_type=cell_type, source=source, before=before))
        [made] = self._state.cells.keys() - known
        return Cell(self._peer, made)

    @staticmethod
    def _before(index: int, ids: list[str]) -> str | None:
        """The cell that stands at a place; None: behind all of them."""
        place = max(0, len(ids) + index) if index < 0 else index
        return ids[place] if place < len(ids) else None

    def _requested(self, command: Command) -> list[str]:
        """Carry out a command that asks for runs; their ids."""
        self._need_runtime()
        known = len(self._state.executions)
        self._peer.submit(command)
        return list(islice(self._state.executions, known, None))

    def _is_over(self, execution_id: str) -> bool:
        return self._execution(execution_id).status in FINAL

    def _execution(self, execution_id: str) -> Execution:
        found: Execution | None = self._state.executions.get(execution_id)
        if found is None:
            raise Refused("run", "the relay has not accepted the request to run the cell")
        return found

    def _need_runtime(self) -> None:
        if not self.runtimes:
            raise CommandRefused(
                "No runtime is there to run it: start one in the page, or by `foldbook join`."
            )

    def _look(self) -> None:
        self._step.set()
        for watch in self._watches:
            watch.look()


class Notebook(Pages):
    """A notebook as a program sees it: a replica that is kept up to date while it is open.

    See `Pages` for all that waits for nothing. It is for the event loop in which the notebook
    was opened.
    """

    def __init__(self, peer: Peer, now: Callable[[], int]) -> None:
        super().__init__(peer, now)
        self._leave = peer.subscribe(lambda _change: self._look())

    # Running it

    async def run(
        self, cell: CellLike, *, timeout: float | None = None, allow_errors: bool = False
    ) -> Run:
        """Run a code cell, as it is now, and wait for its end: `request`, then `finished`."""
        return await self.finished(self.request(cell), timeout=timeout, allow_errors=allow_errors)

    async def finished(
        self, run: Run, *, timeout: float | None = None, allow_errors: bool = False
    ) -> Run:
        """Wait for the end of a run; gives it as it is then, with all of its outputs.

        timeout: seconds to wait; then `TimeoutError`, and it goes on (`interrupt` ends it).
        allow_errors: give a run that did not end well, too. Else raises `RunFailed`.
        """
        [found] = await self._finished([run.id], timeout)
        return found if allow_errors else found.check()

    async def run_all(
        self, *, timeout: float | None = None, allow_errors: bool = False
    ) -> list[Run]:
        """Run every code cell, in order, and wait for their end; an error stops those after it.

        timeout, allow_errors: as for `run`; timeout is for all of them together.
        """
        runs = await self._finished(self._requested(RunAll()), timeout)
        return runs if allow_errors else [each.check() for each in runs]

    async def wait_for_ready(self, *, timeout: float | None = None) -> Runtime:
        """Wait until there is a runtime that can run something; gives it, the oldest first.

        One that is only just starting somewhere else is thus waited for. timeout: seconds to
        wait; then `TimeoutError`.
        """

        def ready() -> Runtime | None:
            return next((each for each in self.runtimes if each.status in ("idle", "busy")), None)

        async with asyncio.timeout(timeout):
            await self._until(lambda: ready() is not None)
        found = ready()
        assert found is not None, "it was there just now"
        return found

    async def restart(self, *, timeout: float | None = None) -> Runtime:
        """Start the selected runtime anew, with empty memory, and wait until it is there.

        timeout: seconds to wait; then `TimeoutError`.
        """
        old = self._state.selected_runtime
        self._peer.submit(Restart())

        def successor() -> Runtime | None:
            known = self._state.runtimes
            new = [each for each in self.runtimes if known[each.id].replaces == old]
            return new[-1] if new and known[new[-1].id].status == "ready" else None

        async with asyncio.timeout(timeout):
            await self._until(lambda: successor() is not None)
        found = successor()
        assert found is not None, "it was there just now"
        return found

    # Being told, and taking it away

    def watch(self) -> Watch:
        """An asynchronous iterator of all that happens from now on (`foldbook.api.changes`).

        Whoever is slow is told less often: of typing only that there was some. It ends when the
        notebook is closed. Raises `Refused` where the link is no longer good.
        """
        watch = Watch(self._peer, self._gathering)
        self._watches.add(watch)
        return watch

    async def load(self, outputs: Iterable[Values]) -> list[Values]:
        """The outputs with large values in the place of references to them.

        One that does not arrive within some seconds stays a reference. Raises `Refused` while
        nobody can be reached.
        """
        return await filled(outputs, self._peer.get_blob)

    async def to_ipynb(self) -> bytes:
        """The notebook as a file of format 4.5, outputs included."""
        state = self._state.fork()
        blobs = {each: await self._peer.get_blob(each) for each in ipynb.needed(state)}
        return ipynb.write(state, blobs.get)

    async def saved(self, *, timeout: float | None = None) -> None:
        """Return when every change made here is kept by the relay.

        timeout: seconds to wait; then `TimeoutError`. Raises `Refused` where that is not to be.
        """
        async with asyncio.timeout(timeout):
            await self._until(lambda: self._peer.saved and not self._peer.waiting)

    def close(self) -> None:
        """End watching; whoever has opened the notebook does this."""
        self._leave()
        for watch in list(self._watches):
            watch.end()

    async def attend(self, name: str) -> None:
        """Show others under this name that somebody is here, until cancelled."""
        while True:
            linked = self._peer.is_linked
            self._gathering.show(name)
            self._gathering.expire()
            with suppress(TimeoutError):
                async with asyncio.timeout(BEAT):
                    await self._peer.until(lambda: self._peer.is_linked is not linked)  # noqa: B023

    # Inside

    async def _finished(self, asked: list[str], timeout: float | None) -> list[Run]:
        """These runs, when they are over."""
        try:
            async with asyncio.timeout(timeout):
                await self._until(lambda: all(self._is_over(each) for each in asked))
        except TimeoutError:
            open_ = [self._execution(each) for each in asked if not self._is_over(each)]
            told = ", ".join(f"cell {each.cell_id} is {each.status}" for each in open_)
            raise TimeoutError(f"after {timeout} seconds {told}") from None
        return [await self._run(self._execution(each)) for each in asked]

    async def _run(self, execution: Execution) -> Run:
        run = Run.of(execution)
        return replace(run, outputs=await self.load(run.outputs))

    async def _until(self, condition: Callable[[], bool]) -> None:
        while not condition():
            if self._peer.ended is not None:
                raise Refused("ended", self._peer.ended)
            self._step.clear()
            await self._step.wait()
