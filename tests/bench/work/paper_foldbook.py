"""Foldbook on a trace of one author's edits: one round, natively and inside Pyodide alike."""

import gzip
import json
import sys
from collections.abc import Iterator
from typing import Any

from foldbook import text
from foldbook.events import decode, encode
from foldbook.events.base import Event
from foldbook.events.cells import CellCreated, CellSourceEdited
from foldbook.notebook import Notebook
from foldbook.reducer import fold
from foldbook.row import Kind, Role, Row, decode_segment, encode_segment
from folding import fold_segments
from stopwatch import stopwatch

SEGMENT = 512
"""Rows to a segment, as the store keeps them."""


def edit_text(trace: dict[str, Any], changes: list[text.Change]) -> str:
    """Every change laid over the text, and nothing else."""
    source: str = trace["startContent"]
    for change in changes:
        source = text.apply(change, source)
    return source


def write(trace: dict[str, Any]) -> tuple[str, list[bytes]]:
    """An author's side: patch, event (validated), row, fold, and the rows' segments."""
    notebook, rows, segments = Notebook(), [], []
    for seq, event in enumerate(_typed(trace, notebook), 1):
        row = Row(seq, "me", seq, seq - 1, "me", Role.EDIT, Kind.EDIT, seq, encode(event))
        fold(notebook, row, event)
        rows.append(row)
        if len(rows) == SEGMENT:
            segments.append(encode_segment(rows))
            rows = []
    segments.append(encode_segment(rows))
    return _source(notebook), segments


def _typed(trace: dict[str, Any], notebook: Notebook) -> Iterator[Event]:
    start = trace["startContent"]
    yield CellCreated(cell_id="paper", cell_type="code", position="a1", source=start)
    for txn in trace["txns"]:
        yield CellSourceEdited(
            cell_id="paper",
            changes=text.from_patches(txn["patches"]),
            length_before=len(notebook.cells["paper"].source),
        )


def read(segments: list[bytes]) -> str:
    """A reader's side: checksum, rows, events (validated), fold."""
    return _source(fold_segments(segments))


def fold_ready(ready: list[tuple[Row, Any]]) -> str:
    """The reducer alone, over rows whose events were decoded before."""
    notebook = Notebook()
    for row, event in ready:
        fold(notebook, row, event)
    return _source(notebook)


def _source(notebook: Notebook) -> str:
    if notebook.void_count:
        raise AssertionError(f"a row of the trace is void: {notebook.aside[0]}")
    return notebook.cells["paper"].source


def measure(trace: dict[str, Any]) -> dict[str, float]:
    """Milliseconds that each step took; what it starts from was made before."""
    found: dict[str, float] = {}
    timed = stopwatch(found, trace["endContent"])
    changes = [text.from_patches(txn["patches"]) for txn in trace["txns"]]
    timed("text", lambda: edit_text(trace, changes))
    changes.clear()
    segments: list[bytes] = []

    def write_down() -> str:
        source, written = write(trace)
        segments.extend(written)
        return source

    timed("write", write_down)
    timed("read", lambda: read(segments))
    rows = (row for segment in segments for row in decode_segment(segment))
    ready = [(row, decode(row.payload)) for row in rows]
    timed("fold", lambda: fold_ready(ready))
    return found


if __name__ == "__main__":
    with gzip.open(sys.argv[1], "rt", encoding="utf-8") as file:
        print(json.dumps(measure(json.load(file))))
