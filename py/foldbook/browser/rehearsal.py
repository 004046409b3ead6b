"""Work like that of a notebook, for nobody: the browser learns which code is worth compiling well.

V8 compiles a WebAssembly function quickly when it is first called, and well when it has run for
long enough; what it has compiled well it keeps beside the file in its cache, when two seconds have
passed without more of it, and a later start begins with that. A short visit does not come so far.
So this runs once in a browser, in small pieces while nothing else is to be done, with rests.
"""

import asyncio
import json
import time
from collections.abc import Iterator
from typing import Final

from pydantic_core import from_json, to_json

from foldbook import text
from foldbook.events import decode, encode
from foldbook.events.base import Event
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
from foldbook.view import Around, Screen

_PIECE: Final = 0.008
"""Seconds of work between two pauses, in which others have their turn."""
_PAUSE: Final = 0.016
_CELLS: Final = 40
_OWNER: Final = "owner"
_RUNTIME: Final = "runtime"


async def rehearse(seconds: float) -> int:
    """Work for so many seconds of this thread's time; gives the number of rows folded."""
    rows = 0
    left = seconds
    steps = _work()
    while left > 0:
        begun = time.perf_counter()
        while time.perf_counter() - begun < _PIECE:
            rows += next(steps)
        left -= time.perf_counter() - begun
        await asyncio.sleep(_PAUSE)
    return rows


def _work() -> Iterator[int]:
    """Notebooks without end, written, stored, read and drawn; gives rows folded at each step."""
    while True:
        notebook, screen = Notebook(), Screen()
        around = Around(me=_OWNER)
        screen.open(notebook, around)
        rows: list[Row] = []
        for own, event in _events():
            session = _OWNER if own else _RUNTIME
            role = Role.OWN if own else Role.RUNTIME
            kind: Kind = event.kind
            seq = len(rows) + 1
            row = Row(seq, session, seq, seq - 1, session, role, kind, seq, encode(event))
            rows.append(row)
            fold(notebook, row, event)
            patch = screen.update(notebook, around)
            if patch is not None:
                from_json(to_json(patch.ops))
            yield 1
        yield from _read(encode_segment(rows))


def _read(segment: bytes) -> Iterator[int]:
    notebook = Notebook()
    for row in decode_segment(segment):
        fold(notebook, row, decode(row.payload))
        yield 1
    json.loads(to_json(Screen().open(notebook, Around(me=_OWNER))))


def _events() -> Iterator[tuple[bool, Event]]:
    """A small notebook's: whether its owner made it (else its runtime), and the event."""
    yield True, NotebookCreated(notebook_id="rehearsal", name="Rehearsal")
    yield False, RuntimeStarted(name="Python", kind_name="browser")
    for i in range(_CELLS):
        yield True, CellCreated(cell_id=f"c{i}", cell_type="code", position=f"a{i:03}z")
    for i in range(_CELLS):
        cell, run = f"c{i}", f"x{i}"
        for at in range(3):
            changes = text.replace(at, 0, "x")
            yield True, CellSourceEdited(cell_id=cell, changes=changes, length_before=at)
        asked = ExecutionRequested(
            execution_id=run, cell_id=cell, source="xxx", runtime=_RUNTIME, run_id=run
        )
        yield True, asked
        yield False, ExecutionAssigned(execution_id=run)
        yield False, ExecutionStarted(execution_id=run)
        yield False, StreamAppended(execution_id=run, name="stdout", text="a line of output\n")
        yield (
            False,
            ExecuteResultAdded(execution_id=run, data={"text/plain": "42"}, execution_count=i),
        )
        yield False, ExecutionCompleted(execution_id=run, status="ok", execution_count=i)
