"""Output that nobody is shown any more, let go of where a store has no room left. Pure.

Of a row that is *pruned* all stays but the text or the data that it put out: who, when, which
number, and how much it was (``not_kept`` in `foldbook.events.outputs`). Only output of executions
that are over, and whose cell has been run again since, is pruned, and files that code has written
and that have other content by now; what people typed, errors, and how executions went, never are.
**Law:**

    fold(pruned rows)  ==  fold(the same rows)  but for the outputs of superseded executions,

whichever of the rows that may be pruned are, and whatever rows come after. So a pruned log is
folded from its first row as any other, and everything that is visible now stays as it is.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Self

import msgpack

from foldbook.errors import BadEvent
from foldbook.events import decode, encode
from foldbook.events.files import FileWritten
from foldbook.events.outputs import (
    DisplayDataAdded,
    DisplayDataUpdated,
    ExecuteResultAdded,
    StreamAppended,
)
from foldbook.mime import BLOB_KEY, is_blob, size_of
from foldbook.notebook import FINAL, Notebook, Output
from foldbook.rope import Rope
from foldbook.row import Kind, Row

PRUNED: Final = "pruned"
"""The name of what was pruned (`Dropped`) in a store's meta."""

_WORTH: Final = 64  # bytes that pruning a row is to free, at least
_DIGEST: Final = re.compile(rb'"([0-9a-f]{64})"')
_NO_DIGEST: Final = "0" * 64
_MOST: Final = 2**53 - 1
_Prunable = StreamAppended | DisplayDataAdded | DisplayDataUpdated | ExecuteResultAdded


@dataclass(frozen=True, slots=True)
class Dropped:
    """What is not kept any more: of so many rows so many bytes, those of their blobs included.

    elsewhere: the relay of a shared notebook has all or some of it.
    """

    rows: int = 0
    size: int = 0
    elsewhere: bool = False

    def plus(self, other: "Dropped") -> "Dropped":
        """Both together."""
        either = self.elsewhere or other.elsewhere
        return Dropped(self.rows + other.rows, self.size + other.size, either)

    def pack(self) -> bytes:
        """As it stands in a store's meta."""
        packed: bytes = msgpack.packb([self.rows, self.size, self.elsewhere])
        return packed

    @classmethod
    def unpack(cls, kept: object) -> Self:
        """The inverse of `pack`; nothing where nothing is kept."""
        return cls(*msgpack.unpackb(kept)) if isinstance(kept, bytes) else cls()


@dataclass(frozen=True, slots=True)
class Pruned:
    """A row without what it put out. blobs: digests of those that it named; saved: bytes."""

    row: Row
    blobs: Mapping[str, int]
    saved: int


def superseded(notebook: Notebook) -> frozenset[str]:
    """The executions that are over, and whose cell shows a later one, or did so last."""
    latest: dict[str, str] = {}
    over: set[str] = set()
    for each in notebook.executions.passing():
        latest[each.cell_id] = each.id
        if each.status in FINAL:
            over.add(each.id)
    shown = {cell.execution for cell in notebook.cells.values()}
    return frozenset(over.difference(shown, latest.values()))


def prune(row: Row, notebook: Notebook, over: frozenset[str]) -> Pruned | None:
    """What is to take a row's place; None where it stays as it is.

    notebook: the fold of the whole log; over: what is `superseded` there.
    """
    if row.kind is not Kind.OUTPUT or not row.payload:
        return None
    try:
        event = decode(row.payload)
    except BadEvent:
        return None
    if isinstance(event, FileWritten):
        return _prune_file(event, row, notebook)
    if (
        not isinstance(event, _Prunable)
        or event.not_kept
        or not _is_over(event, row, notebook, over)
    ):
        return None
    blobs = _blobs(event)
    size = _size(event) + sum(blobs.values())
    nothing: dict[str, Any] = (
        {"text": ""} if isinstance(event, StreamAppended) else {"data": {}, "metadata": {}}
    )
    payload = encode(event.model_copy(update=nothing | {"not_kept": min(max(size, 1), _MOST)}))
    saved = len(row.payload) - len(payload)
    if saved < _WORTH and not blobs:
        return None
    return Pruned(replace(row, payload=payload), blobs, saved)


def _prune_file(event: FileWritten, row: Row, notebook: Notebook) -> Pruned | None:
    now = notebook.files.get(event.path)
    if event.not_kept or now is None or now.digest == event.digest:
        return None
    rest = event.model_copy(update={"digest": _NO_DIGEST, "not_kept": max(event.size, 1)})
    return Pruned(replace(row, payload=encode(rest)), {event.digest: event.size}, 0)


def is_pruned(row: Row) -> bool:
    """Whether something of a row is not kept."""
    if row.kind is not Kind.OUTPUT or b'"not_kept"' not in row.payload:
        return False
    try:
        return bool(getattr(decode(row.payload), "not_kept", 0))
    except BadEvent:
        return False


def whole(row: Row, other: Row) -> Row:
    """The ``other`` row, from elsewhere, where it is this pruned one as it was; else this one."""
    return other if replace(other, payload=row.payload) == row else row


def named_blobs(rows: Iterable[Row]) -> Iterator[str]:
    """Whatever may be the digest of a blob in these rows, once each."""
    found = (match for row in rows for match in _DIGEST.findall(row.payload))
    return (each.decode() for each in dict.fromkeys(found))


def stand_in(output: Output) -> Output:
    """What people are shown of an output: words, where it is not kept."""
    if not output.not_kept:
        return output
    words = (
        f"[Not kept: {output.not_kept:,} bytes of output of an earlier run. There was no room.]\n"
    )
    return Output(type="stream", name=output.name or "stdout", rope=Rope(words).plus(output.text))


def _is_over(event: _Prunable, row: Row, notebook: Notebook, over: frozenset[str]) -> bool:
    if not isinstance(event, DisplayDataUpdated):
        return event.execution_id in over
    places = notebook.displays.get((event.by or row.session, event.display_id), ())
    return all(execution_id in over for execution_id, _ in places)


def _blobs(event: _Prunable) -> dict[str, int]:
    """The blobs that an output names, with their sizes as it tells them."""
    if isinstance(event, StreamAppended):
        return {}
    values = [*event.data.values(), *event.metadata.values()]
    return {
        each[BLOB_KEY]: size if type(size := each.get("size")) is int and size > 0 else 0
        for each in values
        if is_blob(each)
    }


def _size(event: _Prunable) -> int:
    if isinstance(event, StreamAppended):
        return len(event.text.encode("utf-8", "surrogatepass"))
    values = [*event.data.values(), *event.metadata.values()]
    return sum(size_of(each) for each in values if not is_blob(each))
