"""Outputs, in Jupyter's terms: stream, display data, execute result, error, clear.

They belong to an execution and count only from the session that owns it. After completion a
thread's late output still appends.

not_kept: so many bytes of text or data (blobs included) stood here once, and do not any more: the
store had no room left, and nobody was shown them (`foldbook.pruning`). 0: it is whole.
"""

from dataclasses import replace
from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from foldbook.events.base import Event, Id, Json, Positive, mark
from foldbook.notebook import Execution, Notebook, Output, OutputType, Status, Void
from foldbook.rope import Rope
from foldbook.row import Kind, Row


class OutputValue(BaseModel):
    """An output as a value (imported ones come whole)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    output_type: OutputType
    name: str = ""
    text: str = ""
    data: Json = Field(default_factory=dict)
    metadata: Json = Field(default_factory=dict)
    execution_count: Positive | None = None
    ename: str = ""
    evalue: str = ""
    traceback: tuple[str, ...] = ()

    def to_output(self) -> Output:
        """The state's form of it."""
        return Output(
            type=self.output_type,
            name=self.name,
            rope=Rope(self.text),
            data=self.data,
            metadata=self.metadata,
            execution_count=self.execution_count,
            ename=self.ename,
            evalue=self.evalue,
            traceback=self.traceback,
        )


class StreamAppended(Event):
    """Text arrived on stdout or stderr. Carriage returns and ANSI codes stand as written."""

    kind: ClassVar[Kind] = Kind.OUTPUT
    execution_id: Id
    name: Literal["stdout", "stderr"]
    text: str
    not_kept: Positive = 0

    def apply(self, notebook: Notebook, row: Row) -> None:
        speaking(notebook, self.execution_id, row)
        rope = Rope(self.text)
        output = Output(type="stream", name=self.name, rope=rope, not_kept=self.not_kept)
        add_output(notebook, self.execution_id, output)


class DisplayDataAdded(Event):
    """Something was displayed; with a display id it can be updated later."""

    kind: ClassVar[Kind] = Kind.OUTPUT
    execution_id: Id
    data: Json
    metadata: Json = Field(default_factory=dict)
    display_id: str | None = None
    not_kept: Positive = 0

    def apply(self, notebook: Notebook, row: Row) -> None:
        speaking(notebook, self.execution_id, row)
        output = Output(
            type="display_data",
            data=self.data,
            metadata=self.metadata,
            display_id=self.display_id,
            not_kept=self.not_kept,
        )
        add_output(notebook, self.execution_id, output)
        _remember_display(notebook, self.execution_id, self.display_id, row)


class DisplayDataUpdated(Event):
    """Every output with this display id, of any execution of this runtime, has new data."""

    kind: ClassVar[Kind] = Kind.OUTPUT
    display_id: str
    data: Json
    metadata: Json = Field(default_factory=dict)
    not_kept: Positive = 0

    def apply(self, notebook: Notebook, row: Row) -> None:
        places = notebook.displays.get((row.session, self.display_id))
        if not places:
            raise Void(f"this runtime has no display {self.display_id}")
        for execution_id, index in places:
            execution = notebook.executions[execution_id]
            outputs = list(execution.outputs)
            if index >= len(outputs) or outputs[index].display_id != self.display_id:
                continue  # cleared since
            outputs[index] = replace(
                outputs[index], data=self.data, metadata=self.metadata, not_kept=self.not_kept
            )
            notebook.executions[execution_id] = replace(execution, outputs=tuple(outputs))


class ExecuteResultAdded(Event):
    """The value of the cell's last expression."""

    kind: ClassVar[Kind] = Kind.OUTPUT
    execution_id: Id
    data: Json
    metadata: Json = Field(default_factory=dict)
    execution_count: Positive | None = None
    display_id: str | None = None
    not_kept: Positive = 0

    def apply(self, notebook: Notebook, row: Row) -> None:
        speaking(notebook, self.execution_id, row)
        output = Output(
            type="execute_result",
            data=self.data,
            metadata=self.metadata,
            execution_count=self.execution_count,
            display_id=self.display_id,
            not_kept=self.not_kept,
        )
        add_output(notebook, self.execution_id, output)
        _remember_display(notebook, self.execution_id, self.display_id, row)


class ErrorAdded(Event):
    """The code raised. ``traceback`` has lines with ANSI colours, as Jupyter sends them."""

    kind: ClassVar[Kind] = Kind.OUTPUT
    execution_id: Id
    ename: str
    evalue: str
    traceback: tuple[str, ...] = ()

    def apply(self, notebook: Notebook, row: Row) -> None:
        speaking(notebook, self.execution_id, row)
        output = Output(
            type="error", ename=self.ename, evalue=self.evalue, traceback=self.traceback
        )
        add_output(notebook, self.execution_id, output)


class OutputCleared(Event):
    """The code cleared its outputs; with ``wait``, only when the next one arrives."""

    kind: ClassVar[Kind] = Kind.OUTPUT
    execution_id: Id
    wait: bool = False

    def apply(self, notebook: Notebook, row: Row) -> None:
        execution = speaking(notebook, self.execution_id, row)
        if self.wait:
            changed = replace(execution, clear_next=True)
        else:
            changed = replace(execution, outputs=(), clear_next=False)
        notebook.executions[execution.id] = changed


class CellOutputsCleared(Event):
    """A person took the outputs of a cell away (the log still has them)."""

    kind: ClassVar[Kind] = Kind.EDIT
    cell_id: Id

    def apply(self, notebook: Notebook, row: Row) -> None:
        cell = notebook.cell(self.cell_id)
        execution = notebook.execution_of(cell)
        if execution is None:
            raise Void(f"cell {self.cell_id} has no outputs")
        if execution.completed is None:
            notebook.executions[execution.id] = replace(execution, outputs=(), clear_next=False)
        else:
            writers = {**cell.writers, "execution": mark(row)}
            notebook.cells[cell.id] = replace(cell, execution=None, writers=writers)


class CellOutputsRestored(Event):
    """The outputs of a cell's earlier execution are shown again (undo of a clear)."""

    kind: ClassVar[Kind] = Kind.EDIT
    cell_id: Id
    execution_id: Id

    def apply(self, notebook: Notebook, row: Row) -> None:
        cell = notebook.cell(self.cell_id)
        execution = notebook.execution(self.execution_id)
        if execution.cell_id != cell.id:
            raise Void("the execution belongs to another cell")
        if cell.execution is not None:
            raise Void("the cell has outputs of a later run")
        writers = {**cell.writers, "execution": mark(row)}
        notebook.cells[cell.id] = replace(cell, execution=execution.id, writers=writers)


def add_output(notebook: Notebook, execution_id: str, output: Output) -> None:
    """Append an output; text goes on in the last output where that is the same stream."""
    execution = notebook.executions[execution_id]
    outputs = () if execution.clear_next else execution.outputs
    last = outputs[-1] if outputs else None
    if last and last.type == output.type == "stream" and last.name == output.name:
        outputs = (*outputs[:-1], grown(last, output))
    else:
        outputs = (*outputs, output)
    notebook.executions[execution_id] = replace(execution, outputs=outputs, clear_next=False)


def grown(stream: Output, more: Output) -> Output:
    """A stream that goes on with the text of another."""
    rope = stream.rope.plus(more.text)
    return replace(stream, rope=rope, not_kept=stream.not_kept + more.not_kept)


def _remember_display(
    notebook: Notebook, execution_id: str, display_id: str | None, row: Row
) -> None:
    if display_id is None:
        return
    key = (row.session, display_id)
    place = (execution_id, len(notebook.executions[execution_id].outputs) - 1)
    notebook.displays[key] = (*notebook.displays.get(key, ()), place)


def owned(notebook: Notebook, execution_id: str, row: Row) -> Execution:
    """The execution, if the row's session owns it. Raises `Void`."""
    execution = notebook.execution(execution_id)
    if execution.owner != row.session or execution.imported:
        raise Void("the row's session does not own the execution")
    return execution


def speaking(notebook: Notebook, execution_id: str, row: Row) -> Execution:
    """The execution, where this row's session may still say what came of it; else `Void`."""
    execution = owned(notebook, execution_id, row)
    if execution.status in (Status.LOST, Status.ASSIGNED):
        raise Void(f"the execution is {execution.status}")
    return execution
