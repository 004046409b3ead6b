"""Logs as long as one likes over a notebook that stays the same size: typing and running.

Of a hundred rows some seventy are keystrokes; the rest are two runs, each with output. A cell's
text grows to some length and is then written anew, and its runs supersede each other.
"""

import json
from collections.abc import Iterator
from itertools import islice
from typing import Any, Final

from foldbook.row import Kind, Role, Row

CELLS: Final = 60
LENGTH: Final = 400
"""Code points of a cell's source, at most."""

_PRINTS: Final = 11  # rows of output of a run
_TYPED: Final = 36  # keystrokes before each run


class LongLog:
    """Makes the rows of one log, one after the other; always the same."""

    def __init__(self) -> None:
        self._seq = 0
        self._numbers: dict[str, int] = {}
        self._lengths = [0] * CELLS
        self._runs = 0
        self._story = self._tell()

    def rows(self, count: int) -> Iterator[Row]:
        """The next rows, ``count`` of them."""
        return islice(self._story, count)

    def _tell(self) -> Iterator[Row]:
        yield self._row("notebookCreated", notebook_id="long", name="Long")
        yield self._row("actorIntroduced", kind=Kind.NOTE, name="Mara")
        for at in range(CELLS):
            words = {"cell_id": f"c{at}", "cell_type": "code", "position": f"a{at:03}5"}
            yield self._row("cellCreated", **words)
        yield self._row("runtimeStarted", kind=Kind.OUTPUT, name="Python", kind_name="browser")
        while True:
            yield from self._type(self._runs % CELLS)
            yield from self._run(self._runs % CELLS)

    def _type(self, at: int) -> Iterator[Row]:
        for i in range(_TYPED):
            length = self._lengths[at]
            if length >= LENGTH:
                changes: list[Any] = [[length, "x"]]
                self._lengths[at] = 1
            else:
                changes = [length, [0, chr(97 + i % 26)]] if length else [[0, "a"]]
                self._lengths[at] += 1
            edit = {"cell_id": f"c{at}", "changes": changes, "length_before": length}
            yield self._row("cellSourceEdited", **edit)

    def _run(self, at: int) -> Iterator[Row]:
        self._runs += 1
        execution = f"run{self._runs}"
        asked = {
            "cell_id": f"c{at}",
            "source": "x" * self._lengths[at],
            "runtime": "python",
            "run_id": execution,
        }
        yield self._row("executionRequested", Kind.RUN, execution_id=execution, **asked)
        for kind in ("executionAssigned", "executionStarted"):
            yield self._row(kind, Kind.OUTPUT, execution_id=execution)
        for i in range(_PRINTS):
            text = f"step {i} of run {self._runs}: all is well, and goes on as it should\n"
            said = {"execution_id": execution, "name": "stdout", "text": text}
            yield self._row("streamAppended", Kind.OUTPUT, **said)
        ended = {"execution_id": execution, "status": "ok", "execution_count": self._runs}
        yield self._row("executionCompleted", Kind.OUTPUT, **ended)

    def _row(self, type_: str, kind: Kind = Kind.EDIT, **values: Any) -> Row:
        is_output = kind is Kind.OUTPUT
        session = "python" if is_output else "mara"
        self._seq += 1
        n = self._numbers[session] = self._numbers.get(session, 0) + 1
        role = Role.RUNTIME if is_output else Role.OWN
        ts = 1_700_000_000_000 + 250 * self._seq
        payload = json.dumps({"type": type_, **values}, separators=(",", ":")).encode()
        actor = f"{session}-actor"
        return Row(self._seq, session, n, self._seq - 1, actor, role, kind, ts, payload)
