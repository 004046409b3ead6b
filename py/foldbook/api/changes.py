"""What happens in a notebook, told one by one to whoever watches it."""

import asyncio
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice

from foldbook.api.cells import Cell
from foldbook.api.outputs import Values
from foldbook.api.people import Gathering, Person, Runtime, runtimes_of
from foldbook.api.runs import Run
from foldbook.errors import Refused
from foldbook.ipynb import output_values
from foldbook.notebook import Cell as Content
from foldbook.notebook import Execution, Output
from foldbook.peer import Peer
from foldbook.rope import Rope


@dataclass(frozen=True, slots=True)
class CellAdded:
    """There is a new cell, or a deleted one came back."""

    cell: Cell


@dataclass(frozen=True, slots=True)
class CellDeleted:
    """A cell was deleted."""

    cell: Cell


@dataclass(frozen=True, slots=True)
class CellMoved:
    """A cell stands somewhere else."""

    cell: Cell


@dataclass(frozen=True, slots=True)
class SourceChanged:
    """Somebody has typed in a cell."""

    cell: Cell


@dataclass(frozen=True, slots=True)
class CellChanged:
    """Type, metadata or attachments of a cell are others."""

    cell: Cell


@dataclass(frozen=True, slots=True)
class RunChanged:
    """A run was asked for, has begun, or has ended: see ``run.status``."""

    cell: Cell
    run: Run


@dataclass(frozen=True, slots=True)
class OutputAdded:
    """A run has put something out. A stream comes in pieces: this is the new text.

    output: as in a notebook file.
    """

    cell: Cell
    run_id: str
    output: Values


@dataclass(frozen=True, slots=True)
class OutputsReplaced:
    """Outputs of a run were cleared, or changed where they stand: this is all of them now."""

    cell: Cell
    run_id: str
    outputs: list[Values]


@dataclass(frozen=True, slots=True)
class PeopleChanged:
    """Other people are here, or they are elsewhere in the notebook."""

    people: tuple[Person, ...]


@dataclass(frozen=True, slots=True)
class RuntimesChanged:
    """A runtime has come, gone or changed, or another one is selected."""

    runtimes: tuple[Runtime, ...]


Change = (
    CellAdded
    | CellDeleted
    | CellMoved
    | SourceChanged
    | CellChanged
    | RunChanged
    | OutputAdded
    | OutputsReplaced
    | PeopleChanged
    | RuntimesChanged
)


class Watch:
    """Everything that happens from the moment when this was made; see `Notebook.watch`."""

    def __init__(self, peer: Peer, gathering: Gathering) -> None:
        self._peer = peer
        self._gathering = gathering
        self._news = asyncio.Event()
        self._told: deque[Change] = deque()
        self._is_over = False
        notebook = peer.notebook
        self._cells = {each.id: each for each in notebook.cells.values() if not each.deleted}
        self._open = {each.id: each for each in notebook.unfinished()}
        self._shown = {each.id: each for cell in self._cells.values() if (each := self._of(cell))}
        self._count = len(notebook.executions)
        self._people = gathering.people
        self._runtimes = runtimes_of(peer)

    def __aiter__(self) -> "Watch":
        return self

    async def __anext__(self) -> Change:
        while not self._told:
            self._news.clear()
            self._told.extend(self._differences())
            if self._told:
                break
            if self._is_over:
                raise StopAsyncIteration
            if self._peer.ended is not None:
                raise Refused("ended", self._peer.ended)
            await self._news.wait()
        return self._told.popleft()

    def look(self) -> None:
        """Something may have happened."""
        self._news.set()

    def end(self) -> None:
        """The notebook is closed."""
        self._is_over = True
        self._news.set()

    def _of(self, cell: Content) -> Execution | None:
        return self._peer.notebook.execution_of(cell)

    def _differences(self) -> Iterator[Change]:
        """What is different from when this was last asked."""
        yield from self._cell_differences()
        yield from self._run_differences()
        if (people := self._gathering.people) != self._people:
            self._people = people
            yield PeopleChanged(people)
        if (runtimes := runtimes_of(self._peer)) != self._runtimes:
            self._runtimes = runtimes
            yield RuntimesChanged(runtimes)

    def _cell_differences(self) -> Iterator[Change]:
        old = self._cells
        self._cells = {}
        for content in self._peer.notebook.ordered_cells():
            self._cells[content.id] = content
            before = old.pop(content.id, None)
            if content is before:
                continue
            cell = Cell(self._peer, content.id)
            if before is None:
                yield CellAdded(cell)
                continue
            if content.position != before.position:
                yield CellMoved(cell)
            if content.source != before.source:
                yield SourceChanged(cell)
            about = (content.type, content.metadata, content.attachments)
            if about != (before.type, before.metadata, before.attachments):
                yield CellChanged(cell)
        for gone in old:
            yield CellDeleted(Cell(self._peer, gone))

    def _run_differences(self) -> Iterator[Change]:
        """Of runs that are not over, new ones, and those that cells show."""
        executions = self._peer.notebook.executions
        new = list(islice(executions, self._count, None))
        self._count = len(executions)
        shown = {cell.execution for cell in self._cells.values() if cell.execution in executions}
        known = self._open | self._shown
        for key in dict.fromkeys([*self._open, *sorted(filter(None, shown)), *new]):
            yield from self._changes_of(known.get(key), executions[key])
        self._open = {each.id: each for each in self._peer.notebook.unfinished()}
        self._shown = {key: executions[key] for key in shown if key}

    def _changes_of(self, before: Execution | None, now: Execution) -> Iterator[Change]:
        if now is before or (before is None and now.imported):
            return
        cell = Cell(self._peer, now.cell_id)
        is_over = now.completed is not None
        has_news = before is None or now.status is not before.status
        if has_news and not is_over:
            yield RunChanged(cell, Run.of(now))
        yield from _output_changes(cell, now, before.outputs if before else ())
        if has_news and is_over:
            yield RunChanged(cell, Run.of(now))


def _output_changes(cell: Cell, now: Execution, old: tuple[Output, ...]) -> Iterator[Change]:
    if now.outputs is old:
        return
    added = _added(now.outputs, old)
    if added is None:
        yield OutputsReplaced(cell, now.id, [output_values(each) for each in now.outputs])
        return
    for each in added:
        yield OutputAdded(cell, now.id, each)


def _added(new: tuple[Output, ...], old: tuple[Output, ...]) -> list[Values] | None:
    """What has come behind the old outputs; None where it is not only that."""
    if len(new) < len(old):
        return None
    added: list[Values] = []
    for i, output in enumerate(new):
        before = old[i] if i < len(old) else None
        if before is None:
            added.append(output_values(output))
        elif output is not before and output != before:
            text = output.rope.since(before.rope) if _is_same_stream(output, before) else None
            if text is None or i < len(old) - 1:
                return None
            added.append(output_values(replace(output, rope=Rope(text))))
    return added


def _is_same_stream(one: Output, other: Output) -> bool:
    return one.type == other.type == "stream" and one.name == other.name
