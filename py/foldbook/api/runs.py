"""Runs of cells, as whoever asked for them gets them."""

from dataclasses import dataclass
from datetime import UTC, datetime

from foldbook.api.outputs import Values, readable
from foldbook.errors import RunFailed
from foldbook.ipynb import output_values
from foldbook.notebook import FINAL, Execution, Mark

_WORDS = {
    "aborted": "was not run",
    "cancelled": "was taken out of the queue",
    "lost": "was lost",
}


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a cell, as it stood when this was made.

    status: "queued", "assigned", "running", "ok", "error", "aborted" (an earlier cell of the
    same run failed, or the runtime ended before), "cancelled" or "lost" (the runtime ended while
    it ran). reason: words for the last three. outputs: as in a notebook file.
    """

    id: str
    cell_id: str
    source: str
    status: str
    execution_count: int | None
    outputs: list[Values]
    reason: str = ""
    started: datetime | None = None
    ended: datetime | None = None

    @property
    def ok(self) -> bool:
        """Whether it ended without an error."""
        return self.status == "ok"

    @property
    def is_over(self) -> bool:
        """Whether it has ended in any way."""
        return self.status in FINAL

    @property
    def text(self) -> str:
        """What somebody would read of its outputs: streams, texts, and errors in a line."""
        return readable(self.outputs)

    @property
    def error(self) -> Values | None:
        """The error output, if it has one: ename, evalue, traceback."""
        return next((each for each in self.outputs if each["output_type"] == "error"), None)

    def check(self) -> "Run":
        """This run, if it ended well. Raises `RunFailed`."""
        if self.ok:
            return self
        error = self.error
        if error is not None:
            what = f"{error['ename']}: {error['evalue']}"
        elif self.status == "error":
            what = "it ended with an error"
        else:
            what = self.reason or f"its status is {self.status}"
        words = _WORDS.get(self.status, "failed")
        raise RunFailed(f"cell {self.cell_id} {words}: {what}", self)

    @classmethod
    def of(cls, execution: Execution) -> "Run":
        """An execution as it stands now."""
        return cls(
            id=execution.id,
            cell_id=execution.cell_id,
            source=execution.source,
            status=execution.status.value,
            execution_count=execution.execution_count,
            outputs=[output_values(each) for each in execution.outputs],
            reason=execution.reason,
            started=_time(execution.started),
            ended=_time(execution.completed),
        )


def _time(mark: Mark | None) -> datetime | None:
    return datetime.fromtimestamp(mark.ts / 1000, UTC) if mark else None
