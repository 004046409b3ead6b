"""A notebook run from its first cell to its last, as papermill and nbclient do."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from foldbook.api import Cell, Notebook, Run
from foldbook.errors import CommandRefused

MAY_RAISE: Final = "raises-exception"
SKIPPED: Final = "skip-execution"
"""Tags of cells, as nbclient's."""
GRACE: Final = 10.0
"""Seconds that code has to end after an interrupt."""


@dataclass(frozen=True, slots=True)
class Failure:
    """What ended a job early. place: of the cell among all, from 1. run: None where it could not
    even be asked for."""

    place: int
    run: Run | None
    message: str


@dataclass(frozen=True, slots=True)
class Options:
    """allow_errors: go on after one. timeout: seconds for each cell; then it is interrupted, which
    is an error."""

    allow_errors: bool = False
    timeout: float | None = None


def cells_to_run(notebook: Notebook) -> list[Cell]:
    """The code cells that a job runs."""
    return [
        cell
        for cell in notebook.cells
        if cell.type == "code" and cell.source.strip() and SKIPPED not in cell.tags
    ]


async def run_cells(
    notebook: Notebook, cells: list[Cell], options: Options, done: Callable[[], object]
) -> Failure | None:
    """Run these cells, each as it is when its turn comes; what people have deleted by then, or
    emptied, is passed over. done: called after each.

    Stops at an error, unless errors are allowed or the cell is tagged `MAY_RAISE`, and where a
    run did not come to its end (the runtime died, was restarted, or people gave it up).
    """
    for cell in cells:
        failure = await _run(notebook, cell, options)
        if failure is not None:
            return failure
        done()
    return None


async def _run(notebook: Notebook, cell: Cell, options: Options) -> Failure | None:
    if not cell.exists or cell.type != "code" or not cell.source.strip():
        return None
    place = list(notebook.cells).index(cell) + 1
    may_raise = options.allow_errors or MAY_RAISE in cell.tags
    message = ""
    try:
        run = notebook.request(cell)
    except CommandRefused as why:  # people have stopped the runtime
        return Failure(place, None, str(why))
    try:
        run = await notebook.finished(run, timeout=options.timeout, allow_errors=True)
    except TimeoutError:
        message = f"it took longer than {options.timeout:g} seconds"
        stopped = await _stop(notebook, run)
        if stopped is None:
            return Failure(place, run, f"{message}, and does not heed an interrupt")
        run = stopped
    if run.ok or (run.status == "error" and may_raise):
        return None
    return Failure(place, run, message or run.reason)


async def _stop(notebook: Notebook, run: Run) -> Run | None:
    """The run as it ended after an interrupt; None where it did not."""
    try:
        notebook.interrupt()
        return await notebook.finished(run, timeout=GRACE, allow_errors=True)
    except (TimeoutError, CommandRefused):
        return None
