"""What the core benchmark measures, in plain Python: it runs natively and inside Pyodide alike.

`measure(trace)` takes the bytes of an editing trace (gzipped JSON, or None where there is none)
and gives {figure: [values]}: events a second, and milliseconds.
"""

import gzip
import json
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


def typed_rows(trace: dict[str, Any]) -> list[Row]:
    """A row for each transaction of a trace by one writer."""
    made = CellCreated(
        cell_id="paper", cell_type="code", position="a1", source=trace["startContent"]
    )
    rows = [Row(1, "me", 1, 0, "me", Role.EDIT, Kind.EDIT, 1, encode(made))]
    length = len(trace["startContent"])
    for n, txn in enumerate(trace["txns"], 2):
        change = text.from_patches(txn["patches"])
        event = CellSourceEdited(cell_id="paper", changes=change, length_before=length)
        rows.append(Row(n, "me", n, n - 1, "me", Role.EDIT, Kind.EDIT, n, encode(event)))
        length += text.growth(change)
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


def measure(trace: bytes | None, rounds: int = 3000) -> dict[str, list[float]]:
    """All figures: name with its unit -> values, one for each time."""
    figures: dict[str, list[float]] = {}
    rows = mixed_log(rounds)
    segments = in_segments(rows)
    events = [(row, decode(row.payload)) for row in rows]
    for _ in range(TIMES):
        started = time.perf_counter()
        if fold_segments(segments).void_count:
            raise AssertionError("a row of the mixed log is void")
        took = time.perf_counter() - started
        figures.setdefault("bytes to notebook, events/s", []).append(len(rows) / took)
        started = time.perf_counter()
        notebook = Notebook()
        for row, event in events:
            fold(notebook, row, event)
        took = time.perf_counter() - started
        figures.setdefault("reducer alone, events/s", []).append(len(rows) / took)
    if trace is not None:
        _measure_trace(trace, figures)
    return figures


def _measure_trace(trace: bytes, figures: dict[str, list[float]]) -> None:
    known = json.loads(gzip.decompress(trace))
    rows = typed_rows(known)
    segments = in_segments(rows)
    for _ in range(TIMES):
        started = time.perf_counter()
        notebook = fold_segments(segments)
        took = time.perf_counter() - started
        if notebook.cells["paper"].source != known["endContent"]:
            raise AssertionError("the trace folds to another text than its author's")
        figures.setdefault("automerge-paper, bytes to notebook, ms", []).append(took * 1e3)
