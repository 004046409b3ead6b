"""Intents on runs and runtimes: run, cancel, give up, interrupt, restart, answer, clear outputs."""

import hashlib
from collections.abc import Iterable

from foldbook.commands.base import Command, Decision, Stamp, living, living_of
from foldbook.commands.runtimes import alive, meant
from foldbook.errors import CommandRefused
from foldbook.events.base import Event, Id
from foldbook.events.executions import (
    ExecutionCancelled,
    ExecutionGivenUp,
    ExecutionRequested,
    InputReplied,
)
from foldbook.events.outputs import CellOutputsCleared
from foldbook.events.runtimes import InterruptRequested, RestartRequested, RuntimeSelected
from foldbook.mime import INLINE_LIMIT
from foldbook.notebook import FINAL, Cell, Execution, Notebook, Status


class RunCells(Command):
    """Run code cells, in the order of the notebook, as they are now. Cells that are not code are
    passed over; an empty one only loses its outputs. One that runs already is run again after.
    execution_ids: ids for the new executions, one for each cell named."""

    cell_ids: tuple[Id, ...]
    execution_ids: tuple[Id, ...] | None = None

    def decide(self, notebook: Notebook, stamp: Stamp) -> Decision:
        ids = dict(zip(self.cell_ids, self.execution_ids or (), strict=False))
        if self.execution_ids is not None and len(ids) != len(self.cell_ids):
            raise CommandRefused(
                f"{len(self.execution_ids)} execution ids came for {len(self.cell_ids)} cells."
            )
        for execution_id in ids.values():
            if execution_id in notebook.executions:
                raise CommandRefused(f"There is an execution {execution_id} already.")
        cells = living_of(notebook, self.cell_ids)
        return _request(notebook, stamp, cells, _named(notebook, stamp), ids)


class RunAll(Command):
    """Run every code cell, in order. An error stops the ones after it."""

    def decide(self, notebook: Notebook, stamp: Stamp) -> Decision:
        return _request(notebook, stamp, notebook.ordered_cells(), _named(notebook, stamp))


class RunAbove(Command):
    """Run every code cell above this one, in order."""

    cell_id: Id

    def decide(self, notebook: Notebook, stamp: Stamp) -> Decision:
        cells = notebook.ordered_cells()
        at = cells.index(living(notebook, self.cell_id))
        return _request(notebook, stamp, cells[:at], _named(notebook, stamp))


class RunBelow(Command):
    """Run this cell, if it is code, and every code cell below it, in order."""

    cell_id: Id

    def decide(self, notebook: Notebook, stamp: Stamp) -> Decision:
        cells = notebook.ordered_cells()
        at = cells.index(living(notebook, self.cell_id))
        return _request(notebook, stamp, cells[at:], _named(notebook, stamp))


class Cancel(Command):
    """Take an execution out of the queue."""

    execution_id: Id

    def decide(self, notebook: Notebook, stamp: Stamp) -> Decision:
        execution = _unfinished(notebook, self.execution_id)
        if execution.status is not Status.QUEUED:
            raise CommandRefused("The runtime has taken this run already; interrupt it instead.")
        return Decision((ExecutionCancelled(execution_id=execution.id),))


class GiveUp(Command):
    """No longer wait for an execution; what it still sends does not count."""

    execution_id: Id
    reason: str = "given up"

    def decide(self, notebook: Notebook, stamp: Stamp) -> Decision:
        execution = _unfinished(notebook, self.execution_id)
        if execution.status is Status.QUEUED:
            return Decision((ExecutionCancelled(execution_id=execution.id),))
        return Decision((ExecutionGivenUp(execution_id=execution.id, reason=self.reason),))


class Interrupt(Command):
    """Interrupt what a runtime runs; null: the selected one."""

    runtime: Id | None = None

    def decide(self, notebook: Notebook, stamp: Stamp) -> Decision:
        runtime = meant(notebook, self.runtime)
        if runtime is None:
            raise CommandRefused("Nothing runs: no runtime is there to be interrupted.")
        withdrawn = _withdrawn(notebook, runtime.session)
        return Decision((InterruptRequested(runtime=runtime.session), *withdrawn))


class Restart(Command):
    """Start a runtime anew, with empty memory (null: the selected one); with run_all, run every
    code cell then."""

    run_all: bool = False
    runtime: Id | None = None

    def decide(self, notebook: Notebook, stamp: Stamp) -> Decision:
        runtime = meant(notebook, self.runtime)
        if runtime is None and not self.run_all:
            raise CommandRefused("No runtime is there to be restarted; running a cell starts one.")
        restart = (RestartRequested(runtime=runtime.session),) if runtime else ()
        if not self.run_all:
            return Decision(restart)
        old = runtime.session if runtime else None
        is_ours = old is None or notebook.homes.get(old) == stamp.session
        successor = stamp.runtime if is_ours and stamp.runtime != old else None
        asked = _request(notebook, stamp, notebook.ordered_cells(), successor)
        return Decision((*restart, *asked.events), asked.blobs)


class SelectRuntime(Command):
    """Let runs go to this runtime, those that wait too; null: to the first one that takes them.
    What runs goes on where it is."""

    runtime: Id | None = None

    def decide(self, notebook: Notebook, stamp: Stamp) -> Decision:
        if self.runtime:
            alive(notebook, self.runtime)
        return Decision((RuntimeSelected(runtime=self.runtime),))


class ReplyInput(Command):
    """Answer running code that waits for a line of input."""

    execution_id: Id
    input_id: Id
    value: str

    def decide(self, notebook: Notebook, stamp: Stamp) -> Decision:
        execution = _unfinished(notebook, self.execution_id)
        prompt = execution.prompt
        if prompt is None or prompt.id != self.input_id or prompt.answered:
            raise CommandRefused("This input is not waited for any more.")
        value = None if prompt.password else self.value  # a password goes beside the log
        reply = InputReplied(execution_id=execution.id, input_id=prompt.id, value=value)
        return Decision((reply,))


class ClearOutputs(Command):
    """Take the outputs of cells away."""

    cell_ids: tuple[Id, ...]

    def label(self) -> str:
        return "Clear outputs"

    def decide(self, notebook: Notebook, stamp: Stamp) -> Decision:
        return Decision(tuple(_clear(notebook, living_of(notebook, self.cell_ids))))


class ClearAllOutputs(Command):
    """Take the outputs of all cells away."""

    def label(self) -> str:
        return "Clear all outputs"

    def decide(self, notebook: Notebook, stamp: Stamp) -> Decision:
        return Decision(tuple(_clear(notebook, notebook.ordered_cells())))


def _request(
    notebook: Notebook,
    stamp: Stamp,
    cells: list[Cell],
    runtime: str | None,
    ids: dict[str, str] | None = None,
) -> Decision:
    """One execution for each code cell that is not empty, all of one run."""
    run_id = stamp.new_id()
    events: list[Event] = []
    blobs: dict[str, bytes] = {}
    for cell in cells:
        if cell.type != "code":
            continue
        if not cell.source.strip():
            events += _clear(notebook, [cell])
            continue
        execution_id = (ids or {}).get(cell.id) or stamp.new_id()
        source, blob = _source(cell.source, blobs)
        events.append(
            ExecutionRequested(
                execution_id=execution_id,
                cell_id=cell.id,
                source=source,
                runtime=runtime,
                run_id=run_id,
                source_blob=blob,
            )
        )
    return Decision(tuple(events), blobs)


def _named(notebook: Notebook, stamp: Stamp) -> str | None:
    """The runtime that is asked: the selected one, else the one being started."""
    return notebook.selected_runtime or stamp.runtime


def _source(source: str, blobs: dict[str, bytes]) -> tuple[str, str | None]:
    """The source inline, or the digest of its blob."""
    data = source.encode()
    if len(data) <= INLINE_LIMIT:
        return source, None
    digest = hashlib.sha256(data).hexdigest()
    blobs[digest] = data
    return "", digest


def _clear(notebook: Notebook, cells: Iterable[Cell]) -> list[Event]:
    events: list[Event] = []
    for cell in cells:
        execution = notebook.execution_of(cell)
        if execution is None or (execution.completed is None and not execution.outputs):
            continue
        events.append(CellOutputsCleared(cell_id=cell.id))
    return events


def _withdrawn(notebook: Notebook, session: str) -> list[Event]:
    """Ends the questions of what a runtime runs, without an answer: the interrupt ends their
    waiting, also where the code catches it and goes on. (Of a password it would be said that it
    was given; that question stays.)"""
    asking = [each for each in notebook.unfinished() if each.owner == session]
    return [
        InputReplied(execution_id=each.id, input_id=each.prompt.id)
        for each in asking
        if each.prompt and not each.prompt.answered and not each.prompt.password
    ]


def _unfinished(notebook: Notebook, execution_id: str) -> Execution:
    if execution_id not in notebook.executions:
        raise CommandRefused(f"There is no execution {execution_id}.")
    execution = notebook.executions[execution_id]
    if execution.status in FINAL:
        raise CommandRefused("This run has ended already.")
    return execution
