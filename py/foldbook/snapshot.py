"""A notebook as bytes: the fold up to some row, so that a log need not be folded from its start.

    decode(encode(fold of rows 1..k)).notebook, then rows k+1..n folded  ==  the fold of rows 1..n

bridges, numbers and everything else that a later row may ask for included. The bytes are for one
`REDUCER_VERSION` only; others, and damaged ones, are `BadSnapshot`, and the log is folded anew.

Executions that are over and shown by no cell are packed one by one, and stay so until somebody
looks at them (`foldbook.notebook.Executions`): packing and unpacking a notebook costs what it
shows, whatever was run in it before. Pure.
"""

import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any, Final

import msgpack

from foldbook.bridge import EMPTY, History
from foldbook.errors import BadSnapshot
from foldbook.notebook import (
    FINAL,
    Actor,
    Aside,
    Cell,
    Execution,
    Executions,
    File,
    Mark,
    Notebook,
    Output,
    Prompt,
    Runtime,
    Status,
)
from foldbook.reducer import REDUCER_VERSION
from foldbook.rope import Rope

FORMAT: Final = 2
"""Changes with the layout of the bytes."""

_HEAD: Final = 4  # bytes of the CRC-32 in front
_LIMIT: Final = 1024 * 1024 * 1024  # bytes of a snapshot, unpacked
_LARGE: Final = 1  # MessagePack's extension type of a whole number beyond 64 bits
MISSHAPEN: Final = (
    zlib.error,
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    AttributeError,
    RecursionError,
)
"""What reading values of another shape raises."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A notebook, and plain values that its keeper wants to find ``beside`` it."""

    notebook: Notebook
    beside: Mapping[str, Any] = field(default_factory=dict)


def encode(notebook: Notebook, beside: Mapping[str, Any] | None = None) -> bytes:
    """The bytes of a notebook. What they hold packed stands packed in the notebook, too, from
    then on: its value stays the same."""
    names = _Names()
    _put_away(notebook)
    values = [FORMAT, REDUCER_VERSION, beside or {}, _notebook(notebook, names), names.known]
    body = zlib.compress(_pack(values), level=1)  # 10 times less to write for a third of the time
    return zlib.crc32(body).to_bytes(_HEAD, "big") + body


def decode(data: bytes) -> Snapshot:
    """The inverse of `encode`, for what one has kept oneself. Raises `BadSnapshot`."""
    try:
        beside, body, names = parts(_unpack(inflated(data, _LIMIT)))
        return Snapshot(Reader(names).notebook(body), beside)
    except MISSHAPEN as why:
        raise BadSnapshot(f"a snapshot is not laid out as one: {why!r:.300}") from None


def parts(values: Any) -> tuple[Any, Any, Any]:
    """What is beside the notebook, the notebook, and the names in it. Raises `BadSnapshot` where
    another version made it."""
    if values[:2] != [FORMAT, REDUCER_VERSION]:
        raise BadSnapshot(
            f"a snapshot of format {FORMAT} by reducer {REDUCER_VERSION} expected, "
            f"{values[0]!r:.40} by {values[1]!r:.40} came"
        )
    _, _, beside, notebook, names = values
    return beside, notebook, names


def mark(notebook: Notebook) -> bytes:
    """32 bytes that are the same for equal notebooks of one `REDUCER_VERSION`."""
    names = _Names()
    _put_away(notebook)
    return sha256(_pack([REDUCER_VERSION, _notebook(notebook, names), names.known])).digest()


def slim(notebook: Notebook) -> Notebook:
    """What a new runtime needs of a notebook: files, who is there, what is still to be run, and
    that there are cells. Nothing in it grows with the log."""
    cells = {
        cell.id: replace(
            cell, source="", history=EMPTY, metadata={}, attachments={}, execution=None
        )
        for cell in notebook.cells.values()
    }
    made = notebook.fork()
    made.cells = cells
    made.executions = Executions((each.id, each) for each in notebook.unfinished())
    made.displays, made.aside, made.void_count = {}, [], 0
    return made


class _Names:
    """Sessions, actors and the like, each written once: they stand in every mark."""

    def __init__(self) -> None:
        self.known: list[str] = []
        self._places: dict[str, int] = {}

    def place(self, name: str) -> int:
        found = self._places.get(name)
        if found is None:
            found = self._places[name] = len(self.known)
            self.known.append(name)
        return found

    def mark(self, mark: Mark) -> list[int]:
        return [mark.seq, self.place(mark.session), self.place(mark.actor), mark.ts]

    def maybe(self, mark: Mark | None) -> list[int] | None:
        return None if mark is None else self.mark(mark)


def inflated(data: bytes, limit: int) -> bytes:
    """The MessagePack of a snapshot, at most ``limit`` bytes. Raises `BadSnapshot`."""
    body = memoryview(data)[_HEAD:]
    if not body or zlib.crc32(body) != int.from_bytes(data[:_HEAD], "big"):
        raise BadSnapshot(f"a snapshot of {len(data)} bytes does not match its checksum")
    unpacker = zlib.decompressobj()
    found = unpacker.decompress(body, limit)
    if not unpacker.eof:
        raise BadSnapshot(f"a snapshot of at most {limit} bytes expected, a longer one came")
    return found


# Packing


def _put_away(notebook: Notebook) -> None:
    """Pack the executions that are over and that no cell shows."""
    executions = notebook.executions
    shown = {cell.execution for cell in notebook.cells.values()}
    for key, each in list(executions.packed()):
        if isinstance(each, Execution) and each.status in FINAL and key not in shown:
            names = _Names()
            values = _execution(each, names)
            executions.put_away(key, _pack([values, names.known]), _take_out)


def _notebook(notebook: Notebook, names: _Names) -> list[Any]:
    mark = names.mark
    shown = {cell.execution for cell in notebook.cells.values()}
    return [
        notebook.id,
        notebook.name,
        notebook.metadata,
        names.maybe(notebook.created),
        notebook.head,
        [_cell(each, names) for each in notebook.cells.values()],
        [
            [key, each]
            if isinstance(each, bytes) and key not in shown
            else [key, _execution(notebook.executions[key], names)]
            for key, each in list(notebook.executions.packed())
        ],
        [_runtime(each, names) for each in notebook.runtimes.values()],
        [[a.id, a.name, a.kind, mark(a.introduced), a.hue] for a in notebook.actors.values()],
        [[f.path, f.digest, f.size, f.mime, mark(f.added)] for f in notebook.files.values()],
        [[*key, places] for key, places in notebook.displays.items()],
        notebook.selected_runtime,
        notebook.seen,
        [[each.seq, each.reason, each.what] for each in notebook.aside],
        notebook.void_count,
        {key: mark(each) for key, each in notebook.writers.items()},
        notebook.homes,
        notebook.numbers,
        notebook.reducer,
    ]


def _cell(cell: Cell, names: _Names) -> list[Any]:
    return [
        cell.id,
        cell.type,
        cell.position,
        cell.source,
        names.mark(cell.created),
        names.mark(cell.edited),
        cell.metadata,
        cell.attachments,
        cell.execution,
        cell.deleted,
        {key: names.mark(each) for key, each in cell.writers.items()},
        None if cell.history == EMPTY else _history(cell.history),
    ]


def _history(history: History) -> bytes:
    return _pack([history.tail, history.older, history.bridges])


def _execution(each: Execution, names: _Names) -> list[Any]:
    prompt = each.prompt
    return [
        each.id,
        each.cell_id,
        each.source,
        names.mark(each.requested),
        each.runtime,
        each.run_id,
        each.status.value,
        each.owner,
        names.maybe(each.assigned),
        names.maybe(each.started),
        names.maybe(each.completed),
        each.execution_count,
        [_output(output) for output in each.outputs],
        each.clear_next,
        prompt and [prompt.id, prompt.prompt, prompt.password, prompt.answered, prompt.value],
        each.reason,
        each.imported,
        each.source_blob,
    ]


def _output(output: Output) -> list[Any]:
    return [
        output.type,
        output.name,
        output.text,
        output.data,
        output.metadata,
        output.execution_count,
        output.display_id,
        output.ename,
        output.evalue,
        output.traceback,
        *([output.not_kept] if output.not_kept else []),
    ]


def _runtime(each: Runtime, names: _Names) -> list[Any]:
    return [
        each.session,
        each.actor,
        each.name,
        each.kind,
        each.language,
        each.status,
        names.mark(each.started),
        names.mark(each.changed),
        each.replaces,
        each.interrupt,
        each.restart,
        each.reason,
        each.stop,
    ]


# Unpacking


class Reader:
    """Makes values of their lists. Raises one of `MISSHAPEN`. history: reads what is packed in
    them."""

    def __init__(self, names: list[str], history: Callable[[bytes], History] | None = None) -> None:
        self._names = names
        self._history = history or _read_history

    def notebook(self, values: Sequence[Any]) -> Notebook:
        """What `_notebook` has packed."""
        (
            id_, name, metadata, created, head, cells, executions, runtimes, actors, files,
            displays, selected, seen, aside, voids, writers, homes, numbers,
            reducer,
        ) = values  # fmt: skip
        return Notebook(
            id_,
            name,
            metadata,
            self._maybe(created),
            head,
            {each[0]: self._cell(each) for each in cells},
            self._executions(executions),
            {each[0]: self._runtime(each) for each in runtimes},
            {
                id_: Actor(id_, name, kind, self._mark(at), hue)
                for id_, name, kind, at, hue in actors
            },
            {
                path: File(path, digest, size, mime, self._mark(at))
                for path, digest, size, mime, at in files
            },
            {
                (session, display): tuple((key, at) for key, at in places)
                for session, display, places in displays
            },
            selected,
            seen,
            [Aside(seq, reason, what) for seq, reason, what in aside],
            voids,
            {key: self._mark(each) for key, each in writers.items()},
            homes,
            numbers,
            reducer,
        )

    def _executions(self, values: list[Any]) -> Executions:
        found = Executions()
        for key, each in values:
            if isinstance(each, bytes):
                found.put_away(key, each, _take_out)
            else:
                found[key] = self.execution(each)
        return found

    def _cell(self, values: list[Any]) -> Cell:
        id_, type_, position, source, created, edited, metadata, attached, *rest = values
        execution, deleted, writers, history = rest
        return Cell(
            id_,
            type_,
            position,
            source,
            self._mark(created),
            self._mark(edited),
            metadata,
            attached,
            execution,
            deleted,
            {key: self._mark(each) for key, each in writers.items()},
            EMPTY if history is None else self._history(history),
        )

    def execution(self, values: Sequence[Any]) -> Execution:
        """What `_execution` has packed."""
        id_, cell_id, source, requested, runtime, run_id, status, owner, *rest = values
        assigned, started, completed, count, outputs, clear_next, prompt, *last = rest
        return Execution(
            id_,
            cell_id,
            source,
            self._mark(requested),
            runtime,
            run_id,
            Status(status),
            owner,
            self._maybe(assigned),
            self._maybe(started),
            self._maybe(completed),
            count,
            tuple(_read_output(each) for each in outputs),
            clear_next,
            Prompt(*prompt) if prompt else None,
            *last,
        )

    def _runtime(self, values: list[Any]) -> Runtime:
        session, actor, name, kind, language, status, started, changed, *rest = values
        marks = self._mark(started), self._mark(changed)
        return Runtime(session, actor, name, kind, language, status, *marks, *rest)

    def _mark(self, values: list[Any]) -> Mark:
        seq, session, actor, ts = values
        return Mark(seq, self._names[session], self._names[actor], ts)

    def _maybe(self, values: list[Any] | None) -> Mark | None:
        return None if values is None else self._mark(values)


def _take_out(packed: bytes) -> Execution:
    values, names = _unpack(packed)
    return Reader(names).execution(values)


def _read_history(packed: bytes) -> History:
    """All lists in it are tuples, so none is looked at by itself."""
    return History(*msgpack.unpackb(packed, use_list=False, strict_map_key=True))


def _read_output(values: list[Any]) -> Output:
    type_, name, text, data, metadata, count, display, ename, evalue, traceback, *rest = values
    rope, lines = Rope(text), tuple(traceback)
    return Output(type_, name, rope, data, metadata, count, display, ename, evalue, lines, *rest)


def _pack(values: object) -> bytes:
    packed: bytes = msgpack.packb(values, use_bin_type=True, default=_pack_large)
    return packed


def _unpack(packed: bytes | memoryview) -> Any:
    return msgpack.unpackb(packed, raw=False, strict_map_key=True, ext_hook=unpack_large)


def _pack_large(value: object) -> msgpack.ExtType:
    if not isinstance(value, int):
        raise TypeError(f"a plain value expected, {type(value).__name__} came")
    return msgpack.ExtType(_LARGE, str(value).encode())


def unpack_large(code: int, data: bytes) -> int:
    """A whole number beyond 64 bits."""
    if code != _LARGE:
        raise ValueError(f"extension {_LARGE} expected, {code} came")
    return int(data)
