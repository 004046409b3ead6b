"""Executions: requested, assigned, started, completed, cancelled, given up; and their input.

The states and who may move them (the owner is the session that assigned it to itself):

    queued ──assigned──▶ assigned ──started──▶ running ──completed──▶ ok | error | aborted
      │                     │                     │
      └──cancelled──▶ cancelled ◀──(never)        └──given up, runtime lost──▶ lost
      └──an error of the same run_id, runtime lost──▶ aborted
"""

from dataclasses import replace
from typing import Any, ClassVar, Literal

from pydantic import Field

from foldbook.events.base import Event, Id, Json, Name, Positive, mark
from foldbook.events.outputs import OutputValue, add_output, grown, owned
from foldbook.notebook import (
    FINAL,
    WAITING,
    Execution,
    Notebook,
    Prompt,
    Status,
    Void,
)
from foldbook.row import Kind, Row


class ExecutionRequested(Event):
    """Somebody asks for this exact source to be run.

    runtime: the session that shall run it; None where none is selected, then the first
    confirmed claim selects it. Of a runtime that has ended nothing can be asked: it is aborted.
    ``source_blob`` names a blob instead of ``source`` where the
    source is larger than `foldbook.mime.INLINE_LIMIT`.
    """

    kind: ClassVar[Kind] = Kind.RUN
    execution_id: Id
    cell_id: Id
    source: str
    runtime: Id | None = None
    run_id: Id
    source_blob: str | None = None

    def apply(self, notebook: Notebook, row: Row) -> None:
        if self.execution_id in notebook.executions:
            raise Void(f"execution {self.execution_id} exists already")
        cell = notebook.cell(self.cell_id)
        notebook.executions[self.execution_id] = Execution(
            id=self.execution_id,
            cell_id=self.cell_id,
            source=self.source,
            requested=mark(row),
            runtime=self.runtime,
            run_id=self.run_id,
            source_blob=self.source_blob,
            **_fate(notebook, self.runtime, row),
        )
        notebook.cells[cell.id] = replace(cell, execution=self.execution_id)


class ExecutionAssigned(Event):
    """The row's session claims the execution. The first claim counts."""

    kind: ClassVar[Kind] = Kind.OUTPUT
    execution_id: Id

    def apply(self, notebook: Notebook, row: Row) -> None:
        execution = notebook.execution(self.execution_id)
        if execution.status is not Status.QUEUED:
            raise Void(f"the execution is {execution.status}, not queued")
        runtime = notebook.runtimes.get(row.session)
        if runtime is None or runtime.has_ended:
            raise Void("only a runtime that has started can claim an execution")
        if execution.runtime not in (None, row.session):
            raise Void("the request names another runtime")
        if execution.runtime is None and notebook.selected_runtime not in (None, row.session):
            raise Void("another runtime is selected")
        notebook.executions[execution.id] = replace(
            execution, status=Status.ASSIGNED, owner=row.session, assigned=mark(row)
        )
        if notebook.selected_runtime is None:
            notebook.selected_runtime = row.session


class ExecutionStarted(Event):
    """The owner has begun to run it."""

    kind: ClassVar[Kind] = Kind.OUTPUT
    execution_id: Id

    def apply(self, notebook: Notebook, row: Row) -> None:
        execution = owned(notebook, self.execution_id, row)
        if execution.status is not Status.ASSIGNED:
            raise Void(f"the execution is {execution.status}, not assigned")
        notebook.executions[execution.id] = replace(
            execution, status=Status.RUNNING, started=mark(row)
        )


class ExecutionCompleted(Event):
    """The owner has run it to its end. On an error, what waits in the same run is aborted."""

    kind: ClassVar[Kind] = Kind.OUTPUT
    execution_id: Id
    status: Literal["ok", "error", "aborted"]
    execution_count: Positive | None = None

    def apply(self, notebook: Notebook, row: Row) -> None:
        execution = owned(notebook, self.execution_id, row)
        if execution.status in FINAL:
            raise Void(f"the execution is {execution.status} already")
        notebook.executions[execution.id] = replace(
            execution,
            status=Status(self.status),
            execution_count=self.execution_count,
            completed=mark(row),
            prompt=None,
        )
        if self.status != "ok":
            _abort_rest(notebook, execution, row)


class ExecutionCancelled(Event):
    """Taken out of the queue. Counts only before a claim; after it an interrupt is meant."""

    kind: ClassVar[Kind] = Kind.RUN
    execution_id: Id

    def apply(self, notebook: Notebook, row: Row) -> None:
        execution = notebook.execution(self.execution_id)
        if execution.status is not Status.QUEUED:
            raise Void(f"the execution is {execution.status}, not queued")
        notebook.executions[execution.id] = replace(
            execution, status=Status.CANCELLED, completed=mark(row), reason="removed from the queue"
        )


class ExecutionGivenUp(Event):
    """A person no longer waits for a running execution; output that comes later is void."""

    kind: ClassVar[Kind] = Kind.RUN
    execution_id: Id
    reason: Name = ""

    def apply(self, notebook: Notebook, row: Row) -> None:
        execution = notebook.execution(self.execution_id)
        if execution.status in FINAL:
            raise Void(f"the execution is {execution.status} already")
        notebook.executions[execution.id] = replace(
            execution, status=Status.LOST, completed=mark(row), reason=self.reason, prompt=None
        )


class ExecutionImported(Event):
    """A cell came from a file with the outputs of a run that this log did not see.

    metadata: what the file says of it (times, for one). Its outputs follow as
    `OutputsImported` of the same session.
    """

    kind: ClassVar[Kind] = Kind.EDIT
    execution_id: Id
    cell_id: Id
    source: str
    execution_count: Positive | None = None
    metadata: Json = Field(default_factory=dict)

    def apply(self, notebook: Notebook, row: Row) -> None:
        if self.execution_id in notebook.executions:
            raise Void(f"execution {self.execution_id} exists already")
        cell = notebook.cell(self.cell_id)
        who = mark(row)
        notebook.executions[self.execution_id] = Execution(
            id=self.execution_id,
            cell_id=self.cell_id,
            source=self.source,
            requested=who,
            status=Status.OK,
            owner=row.session,
            completed=who,
            execution_count=self.execution_count,
            imported=True,
        )
        notebook.cells[cell.id] = replace(cell, execution=self.execution_id)


class OutputsImported(Event):
    """More outputs of an imported execution.

    joined: the first of them goes on where the last one ended (a stream cut in two).
    """

    kind: ClassVar[Kind] = Kind.EDIT
    execution_id: Id
    outputs: tuple[OutputValue, ...]
    joined: bool = False

    def apply(self, notebook: Notebook, row: Row) -> None:
        execution = notebook.execution(self.execution_id)
        if not execution.imported or execution.owner != row.session:
            raise Void("only the importing session adds to an imported execution")
        new = tuple(value.to_output() for value in self.outputs)
        old = execution.outputs
        if self.joined and old and new and old[-1].type == new[0].type == "stream":
            old, new = (*old[:-1], grown(old[-1], new[0])), new[1:]
        notebook.executions[execution.id] = replace(execution, outputs=old + new)


class InputRequested(Event):
    """The running code waits for a line of input."""

    kind: ClassVar[Kind] = Kind.OUTPUT
    execution_id: Id
    input_id: Id
    prompt: str = ""
    password: bool = False

    def apply(self, notebook: Notebook, row: Row) -> None:
        execution = owned(notebook, self.execution_id, row)
        if execution.status is not Status.RUNNING:
            raise Void(f"the execution is {execution.status}, not running")
        prompt = Prompt(self.input_id, self.prompt, self.password)
        notebook.executions[execution.id] = replace(execution, prompt=prompt)


class InputReplied(Event):
    """Somebody answered. The first answer counts; a password's value never stands in the log.
    Another question without a value was ended by an interrupt.
    """

    kind: ClassVar[Kind] = Kind.RUN
    execution_id: Id
    input_id: Id
    value: str | None = None

    def apply(self, notebook: Notebook, row: Row) -> None:
        execution = notebook.execution(self.execution_id)
        prompt = execution.prompt
        if prompt is None or prompt.id != self.input_id or prompt.answered:
            raise Void("no input with this id is waited for")
        shown = prompt.prompt + ("········" if prompt.password else self.value or "") + "\n"
        notebook.executions[execution.id] = replace(
            execution, prompt=replace(prompt, answered=True, value=self.value)
        )
        echo = OutputValue(output_type="stream", name="stdout", text=shown)
        add_output(notebook, execution.id, echo.to_output())


def _fate(notebook: Notebook, runtime: str | None, row: Row) -> dict[str, Any]:
    """What becomes of a request at once: its runtime may have ended before its writer knew."""
    named = notebook.runtimes.get(runtime or "")
    if named is None or not named.has_ended:
        return {}
    why = f": {named.reason}" if named.reason else ""
    reason = f"{named.name} had ended{why}"
    return {"status": Status.ABORTED, "completed": mark(row), "reason": reason}


def _abort_rest(notebook: Notebook, failed: Execution, row: Row) -> None:
    waiting = [
        each
        for each in notebook.unfinished()
        if each.run_id == failed.run_id and each.status in WAITING
    ]
    for each in waiting:
        notebook.executions[each.id] = replace(
            each, status=Status.ABORTED, completed=mark(row), reason="an earlier cell failed"
        )
