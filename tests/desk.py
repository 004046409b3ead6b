"""A desk for tests: sessions that send commands and events, and one notebook they fold into.

No log, no authority, no pending rows: every row counts at once, in the order it was made.
"""

from collections.abc import Mapping
from typing import Any

from foldbook.commands import Decision, Stamp, decide, parse
from foldbook.events import encode
from foldbook.events.base import Event
from foldbook.events.executions import (
    ExecutionAssigned,
    ExecutionCompleted,
    ExecutionStarted,
)
from foldbook.events.outputs import StreamAppended
from foldbook.events.runtimes import RuntimeStarted
from foldbook.notebook import Cell, Execution, Notebook
from foldbook.reducer import fold
from foldbook.row import ROW_LIMIT, Role, Row, encode_segment
from foldbook.undo import UndoStack


class Desk:
    """One notebook; ``rows`` and ``blobs`` are what has been written."""

    def __init__(self, *cells: str, empty: bool = False) -> None:
        self.notebook = Notebook()
        self.rows: list[Row] = []
        self.blobs: dict[str, bytes] = {}
        self.stacks: dict[str, UndoStack] = {}
        if empty:
            return
        given = [{"cell_id": f"c{i}", "source": source} for i, source in enumerate(cells)]
        self.do("create_notebook", notebook_id="nb", name="Test", cells=given)

    def stamp(self, session: str = "mara", role: Role = Role.OWN, **more: Any) -> Stamp:
        """The stamp of the next command."""
        return Stamp(session, session, role, 1000 + len(self.rows), f"{len(self.rows)}", **more)

    def plan(self, name: str, session: str = "mara", /, **fields: Any) -> Decision:
        """What the command would do."""
        return decide(self.notebook, parse({"do": name, **fields}), self.stamp(session))

    def do(self, name: str, session: str = "mara", /, **fields: Any) -> Decision:
        """Send a command through its session's undo stack."""
        stack = self.stacks.setdefault(session, UndoStack())
        command = parse({"do": name, **fields})
        decision = stack.decide(self.notebook, command, self.stamp(session))
        self.take(decision, session)
        return decision

    def take(self, decision: Decision, session: str = "mara") -> None:
        """Write a decision down."""
        self.blobs |= decision.blobs
        self.send(*decision.events, session=session)

    def send(self, *events: Event, session: str = "mara", role: Role = Role.OWN) -> None:
        """Write events down; each must count and fit a row."""
        for event in events:
            seq = len(self.rows) + 1
            row = Row(
                seq, session, seq, seq - 1, session, role, event.kind, 1000 + seq, encode(event)
            )
            assert len(encode_segment([row])) < ROW_LIMIT
            self.rows.append(row)
            voids = self.notebook.void_count
            fold(self.notebook, row, event)
            assert self.notebook.void_count == voids, self.notebook.aside[-1].reason

    def type(self, cell_id: str, position: int, inserted: str, session: str = "mara") -> None:
        """Insert text."""
        length = len(self.notebook.cells[cell_id].source)
        changes = [position, [0, inserted]]
        self.do("edit_source", session, cell_id=cell_id, changes=changes, length_before=length)

    def start_runtime(self, session: str = "py", **more: Any) -> None:
        """A runtime is there."""
        self.send(
            RuntimeStarted(name="Python", kind_name="browser", **more),
            session=session,
            role=Role.RUNTIME,
        )

    def start(self, cell_id: str) -> str:
        """The runtime claims and starts the cell's execution; returns its id."""
        return self.begin(self.execution(cell_id).id)

    def finish(self, cell_id: str, status: Any = "ok", count: int = 1) -> None:
        """The runtime completes it."""
        self.end(self.execution(cell_id).id, status, count=count)

    def begin(self, execution_id: str, runtime: str = "py") -> str:
        """The runtime claims and starts this execution."""
        self.says(
            ExecutionAssigned(execution_id=execution_id),
            ExecutionStarted(execution_id=execution_id),
            runtime=runtime,
        )
        return execution_id

    def end(self, execution_id: str, status: Any, runtime: str = "py", count: int = 1) -> None:
        """The runtime completes this execution."""
        event = ExecutionCompleted(execution_id=execution_id, status=status, execution_count=count)
        self.says(event, runtime=runtime)

    def print(self, cell_id: str, text: str) -> None:
        """The cell's execution prints."""
        execution_id = self.execution(cell_id).id
        self.says(StreamAppended(execution_id=execution_id, name="stdout", text=text))

    def says(self, *events: Event, runtime: str = "py") -> None:
        """Events of a runtime."""
        self.send(*events, session=runtime, role=Role.RUNTIME)

    def run(self, cell_id: str, prints: str = "", count: int = 1) -> None:
        """One whole run."""
        self.do("run_cells", cell_ids=[cell_id])
        self.start(cell_id)
        if prints:
            self.print(cell_id, prints)
        self.finish(cell_id, count=count)

    def cell(self, cell_id: str) -> Cell:
        return self.notebook.cells[cell_id]

    def execution(self, cell_id: str) -> Execution:
        found = self.notebook.execution_of(self.cell(cell_id))
        assert found is not None
        return found

    @property
    def order(self) -> list[str]:
        """Ids of the living cells, in order."""
        return [cell.id for cell in self.notebook.ordered_cells()]

    @property
    def sources(self) -> list[str]:
        return [cell.source for cell in self.notebook.ordered_cells()]


def wire(decision: Decision) -> list[Mapping[str, Any]]:
    """The events of a decision as short dictionaries."""
    return [
        {"type": event.wire_name(), **event.model_dump(exclude_defaults=True)}
        for event in decision.events
    ]
