"""What the core benchmark measures, in plain Python: it runs natively and inside Pyodide alike."""

import time
from typing import Any

from foldbook import text
from foldbook.events import decode, encode
from foldbook.events.cells import CellCreated, CellSourceEdited
from foldbook.events.executions import (
    ExecutionAssigned,
    ExecutionCompleted,
    ExecutionRequested,
    ExecutionStarted,
)
from foldbook.events.notebooks import NotebookCreated
from foldbook.events.outputs import ExecuteResultAdded, StreamAppended
from foldbook.events.runtimes import RuntimeStarted
from foldbook.notebook import Notebook
from foldbook.reducer import fold
from foldbook.row import Kind, Role, Row, decode_segment, encode_segment

CELLS = 100
TIMES = 3


def mixed_log(rounds: int) -> list[Row]:
    """A day of work: cells are typed into, run, and answer with text and a result."""
    rows: list[Row] = []

    def write(event: Any, session: str, role: Role) -> None:
        seq = len(rows) + 1
        kind: Kind = event.kind
        rows.append(Row(seq, session, seq, seq - 1, session, role, kind, seq, encode(event)))

    write(NotebookCreated(notebook_id="bench", name="bench"), "me", Role.OWN)
    write(RuntimeStarted(name="Python", kind_name="browser"), "runtime", Role.RUNTIME)
    for i in range(CELLS):
        event = CellCreated(cell_id=f"c{i}", cell_type="code", position=f"a{i:03}z")
        write(event, "me", Role.OWN)
    for i in range(rounds):
        cell, run = f"c{i % CELLS}", f"x{i}"
        length = i // CELLS
        edit = CellSourceEdited(
            cell_id=cell, changes=text.replace(length, 0, "x"), length_before=length
        )
        write(edit, "me", Role.OWN)
        asked = ExecutionRequested(
            execution_id=run, cell_id=cell, source="x", runtime="runtime", run_id=run
        )
        write(asked, "me", Role.OWN)
        for answer in (
            ExecutionAssigned(execution_id=run),
            ExecutionStarted(execution_id=run),
            StreamAppended(execution_id=run, name="stdout", text="a line of output\n"),
            ExecuteResultAdded(execution_id=run, data={"text/plain": "42"}, execution_count=i),
            ExecutionCompleted(execution_id=run, status="ok", execution_count=i),
        ):
            write(answer, "runtime", Role.RUNTIME)
    return rows


def fold_segments(segments: list[bytes]) -> Notebook:
    """The whole path of a stored log: bytes, rows, validated events, the fold."""
    notebook = Notebook()
    for segment in segments:
        for row in decode_segment(segment):
            fold(notebook, row, decode(row.payload))
    return notebook


def in_segments(rows: list[Row]) -> list[bytes]:
    """Rows as the store keeps them, 512 to a segment."""
    return [encode_segment(rows[at : at + 512]) for at in range(0, len(rows), 512)]


def measure(rounds: int = 3000) -> dict[str, list[float]]:
    """All figures: name -> events a second, one for each time."""
    figures: dict[str, list[float]] = {}
    rows = mixed_log(rounds)
    segments = in_segments(rows)
    events = [(row, decode(row.payload)) for row in rows]
    for _ in range(TIMES):
        started = time.perf_counter()
        if fold_segments(segments).void_count:
            raise AssertionError("a row of the mixed log is void")
        took = time.perf_counter() - started
        figures.setdefault("bytes to notebook", []).append(len(rows) / took)
        started = time.perf_counter()
        notebook = Notebook()
        for row, event in events:
            fold(notebook, row, event)
        took = time.perf_counter() - started
        figures.setdefault("reducer alone", []).append(len(rows) / took)
    return figures
