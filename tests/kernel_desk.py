"""A desk for tests whose runtime puts out what it is given."""

from typing import Any

from desk import Desk
from foldbook.events.base import Event
from foldbook.events.executions import (
    ExecutionAssigned,
    ExecutionCompleted,
    ExecutionRequested,
    ExecutionStarted,
)
from foldbook.events.runtimes import RuntimeStarted
from foldbook.pruning import (
    prune,
    superseded,
)
from foldbook.row import Role, Row

KERNEL = "kernel"
FIGURE = {"image/png": {"$blob": "ab" * 32, "size": 40_000}, "text/plain": "<Figure>"}
LONG = "a line of output\n" * 20


class Kernel(Desk):
    """A desk with a runtime that says what it is told to say."""

    def __init__(self, *cells: str) -> None:
        super().__init__(*cells)
        self.count = 0
        self.say(RuntimeStarted(name="Python", kind_name="browser"))

    def say(self, *events: Event) -> None:
        self.send(*events, session=KERNEL, role=Role.RUNTIME)

    def run(self, cell: str, *outputs: Event, status: Any = "ok") -> str:
        """Run a cell; what it says goes to its execution. Returns that execution's id."""
        self.count += 1
        name = f"x{self.count}"
        self.send(ExecutionRequested(execution_id=name, cell_id=cell, source="", run_id="r"))
        self.say(ExecutionAssigned(execution_id=name), ExecutionStarted(execution_id=name))
        for each in outputs:
            ours = "execution_id" in type(each).model_fields
            self.say(each.model_copy(update={"execution_id": name}) if ours else each)
        if status is not None:
            self.say(ExecutionCompleted(execution_id=name, status=status, execution_count=1))
        return name

    def pruned(self) -> list[Row]:
        """The rows without what may go."""
        over = superseded(self.notebook)
        found = ((prune(row, self.notebook, over), row) for row in self.rows)
        return [each.row if each else row for each, row in found]
