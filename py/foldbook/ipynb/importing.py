"""From an imported notebook to the first events of its log."""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from foldbook import order, pieces
from foldbook.blobs import pack
from foldbook.commands import Decision, Stamp
from foldbook.commands.sources import creation
from foldbook.events.base import Event
from foldbook.events.cells import CellAttachmentsSet, CellMetadataSet
from foldbook.events.executions import ExecutionImported, OutputsImported
from foldbook.events.notebooks import NotebookCreated, NotebookMetadataSet
from foldbook.events.outputs import OutputValue
from foldbook.ipynb.reading import STRANGE_OUTPUT, ImportedCell, ImportedNotebook
from foldbook.mime import INLINE_LIMIT, is_blob

Values = dict[str, Any]

_GROUP: Final = 40 * 1024  # bytes of JSON that an event spends on what it carries
_LIMITS: Final = (INLINE_LIMIT, 1024, 0)
_CUT: Final = "… (shortened)"


def to_events(imported: ImportedNotebook, stamp: Stamp, notebook_id: str) -> Decision:
    """The facts that make this notebook in an empty log, and the blobs they name.

    A traceback that fits no row (over 40 KiB) is shortened, visibly.
    """
    blobs: dict[str, bytes] = {}
    name = imported.name[:1024]
    events: list[Event] = [NotebookCreated(notebook_id=notebook_id, name=name)]
    events += _in_groups(
        _packed_each(imported.metadata, blobs), lambda values: NotebookMetadataSet(values=values)
    )
    keys = order.spread(len(imported.cells), None, None, stamp.salt)
    for cell, key in zip(imported.cells, keys, strict=True):
        events += _cell(cell, key, stamp, blobs)
    return Decision(tuple(events), blobs)


def _cell(cell: ImportedCell, key: str, stamp: Stamp, blobs: dict[str, bytes]) -> list[Event]:
    cell_id = cell.id or stamp.new_id()
    metadata = _packed_each(cell.metadata, blobs)
    attachments: Values = {}
    for name, bundle in cell.attachments.items():
        attachments |= _attachment(name, bundle, blobs)
    if _size(metadata) + _size(attachments) <= INLINE_LIMIT:
        events = creation(cell_id, cell.type, key, cell.source, metadata, attachments)
    else:
        events = creation(cell_id, cell.type, key, cell.source, {}, {})
        events += _in_groups(metadata, lambda v: CellMetadataSet(cell_id=cell_id, values=v))
        events += _in_groups(attachments, lambda v: CellAttachmentsSet(cell_id=cell_id, values=v))
    if cell.outputs or cell.execution_count is not None:
        events += _execution(cell, cell_id, stamp.new_id(), blobs)
    return events


def _execution(
    cell: ImportedCell, cell_id: str, execution_id: str, blobs: dict[str, bytes]
) -> list[Event]:
    """The run that left these outputs; the outputs in groups that fit rows."""
    source = cell.source if pieces.size(cell.source) <= pieces.PIECE else ""
    events: list[Event] = [
        ExecutionImported(
            execution_id=execution_id,
            cell_id=cell_id,
            source=source,
            execution_count=cell.execution_count,
        )
    ]
    group: list[OutputValue] = []
    joined = False
    room = _GROUP
    for value, goes_on in _values(cell, blobs):
        needed = _size(value.model_dump(exclude_defaults=True))
        if group and (goes_on or needed > room):
            events.append(_outputs(execution_id, group, joined))
            group, room, joined = [], _GROUP, goes_on
        group.append(value)
        room -= needed
    if group:
        events.append(_outputs(execution_id, group, joined))
    return events


def _outputs(execution_id: str, group: list[OutputValue], joined: bool) -> OutputsImported:
    return OutputsImported(execution_id=execution_id, outputs=tuple(group), joined=joined)


def _values(cell: ImportedCell, blobs: dict[str, bytes]) -> Iterator[tuple[OutputValue, bool]]:
    """The outputs, each small enough for a row, and whether it goes on the one before."""
    for output in cell.outputs:
        if output["output_type"] == "stream":
            for i, piece in enumerate(pieces.cut(output["text"])):
                yield OutputValue.model_validate(output | {"text": piece}), i > 0
        elif output["output_type"] == "error":
            yield OutputValue.model_validate(_fitting_error(output)), False
        else:
            packed: Values = {
                "data": _packed(output["data"], blobs),
                "metadata": _packed(output["metadata"], blobs),
            }
            if _size(packed) > _GROUP:  # hundreds of types: one value, which `write` puts back
                data = pack({STRANGE_OUTPUT: output}, blobs, limit=0)
                packed = {"output_type": "display_data", "data": data, "metadata": {}}
            yield OutputValue.model_validate(output | packed), False


def _fitting_error(output: Values) -> Values:
    if _size(output) <= _GROUP:
        return output
    lines = output["traceback"]
    most = _GROUP // 8
    shortened = output | {
        "ename": _shorten(output["ename"], 1024),
        "evalue": _shorten(output["evalue"], most),
        "traceback": [_shorten(line, most) for line in lines],
    }
    while _size(shortened) > _GROUP and len(lines) > 1:
        half = len(lines) // 4
        lines = [*lines[:half], *lines[len(lines) - half :]] if half else lines[-1:]
        shortened["traceback"] = [_CUT, *(_shorten(line, most) for line in lines)]
    return shortened


def _shorten(value: str, limit: int) -> str:
    """The text, or its beginning where its JSON is longer than ``limit`` bytes."""
    if pieces.size(value) <= limit:
        return value
    return value[: limit // 6] + _CUT


def _attachment(name: str, bundle: object, blobs: dict[str, bytes]) -> Values:
    """The attachment under its name; what is no bundle, or does not fit a row, is one blob."""
    if isinstance(bundle, dict) and not is_blob(bundle):
        found: dict[str, bytes] = {}
        packed = _packed(bundle, found)
        if _size(packed) <= _GROUP:
            blobs |= found
            return {name: packed}
    return pack({name: bundle}, blobs, foreign=True)


def _packed(bundle: Mapping[str, Any], blobs: dict[str, bytes]) -> Values:
    """The bundle as it fits half a group; with many values of middle size those are blobs too."""
    packed: Values = {}
    for limit in _LIMITS:
        found: dict[str, bytes] = {}
        packed = pack(bundle, found, foreign=True, limit=limit)
        if _size(packed) <= _GROUP // 2 or limit == _LIMITS[-1]:
            blobs |= found
            break
    return packed


def _packed_each(values: Mapping[str, Any], blobs: dict[str, bytes]) -> Values:
    """Metadata whose large values stand as blobs."""
    return pack(values, blobs, foreign=True)


def _in_groups(values: Values, make: Callable[[Values], Event]) -> list[Event]:
    """Events that set these values, as few as fit rows."""
    groups: list[Values] = []
    room = 0
    for name, value in values.items():
        needed = _size({name: value})
        if needed > room:
            groups.append({})
            room = _GROUP
        groups[-1][name] = value
        room -= needed
    return [make(group) for group in groups]


def _size(value: object) -> int:
    return len(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode())
