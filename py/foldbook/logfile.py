"""The file of a notebook's stored bytes, as ``site/export.js`` writes it: read back, and written
where no page is. Pure.

Rows up to the first that is damaged or missing can be gone on with; what stands behind it is
told, not taken. So it is with a file that was cut short, and with blobs that are not what their
names say.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from foldbook.errors import BadNotebookFile
from foldbook.row import Row, encode_segment
from foldbook.segments import FULL, Reading

MAGIC: Final = b"foldbook-log 1\n"


@dataclass(slots=True)
class LogFile:
    """What a file had: rows from 1 on without a gap, blobs by digest, and what was left out."""

    name: str
    rows: list[Row] = field(default_factory=list)
    blobs: dict[str, bytes] = field(default_factory=dict)
    left_out: int = 0


def write(
    name: str, rows: Sequence[Row], blobs: Mapping[str, bytes], *, notebook: str, exported: str
) -> bytes:
    """The file of a notebook. exported: when, in ISO's form."""
    records = [
        *(_written("rows", group[0].seq, encode_segment(group)) for group in _grouped(rows)),
        *(_written("blobs", digest, data) for digest, data in blobs.items()),
    ]
    head = {"notebook": notebook, "name": name, "exported": exported, "records": len(records)}
    return b"".join((MAGIC, _json(head), *records))


def _grouped(rows: Sequence[Row]) -> Iterable[list[Row]]:
    """The rows in groups that make full records."""
    group: list[Row] = []
    size = 0
    for row in rows:
        group.append(row)
        size += len(row.payload)
        if size >= FULL:
            yield group
            group, size = [], 0
    if group:
        yield group


def _written(store: str, key: int | str, content: bytes) -> bytes:
    head = {"store": store, "key": key, "bytes": len(content)}
    return b"".join((_json(head), content, b"\n"))


def _json(values: Mapping[str, Any]) -> bytes:
    return json.dumps(values, ensure_ascii=False).encode() + b"\n"


def is_log(data: bytes) -> bool:
    """Whether these are the bytes of such a file, of whatever version."""
    return data.startswith(MAGIC.split()[0])


def read(data: bytes, name: str) -> LogFile:
    """The file's content; ``name`` is the file's, for messages. Raises `BadNotebookFile`."""
    if not data.startswith(MAGIC):
        raise BadNotebookFile(f"{name}: a log of version 1 expected, {data[:20]!r} came.")
    head, at = _line(data, len(MAGIC), name)
    reading, found = Reading(), LogFile(str(head.get("name", "")))
    while at < len(data):
        try:
            record, content, at = _record(data, at, name)
        except BadNotebookFile:  # where the next one begins cannot be known
            found.left_out += 1
            break
        if record.get("store") == "rows":
            reading.take(record.get("key"), content)
        elif record.get("store") == "blobs":
            _take_blob(found, record.get("key"), content)
    for row in reading.rows:
        if row.seq == len(found.rows) + 1:
            found.rows.append(row)
    found.left_out += len(reading.rows) - len(found.rows) + len(reading.damaged)
    if not found.rows:
        raise BadNotebookFile(f"{name}: no row of the log is sound.")
    return found


def _take_blob(found: LogFile, key: object, content: bytes) -> None:
    if hashlib.sha256(content).hexdigest() == key:
        found.blobs[key] = content
    else:
        found.left_out += 1


def _record(data: bytes, at: int, name: str) -> tuple[dict[str, Any], bytes, int]:
    """The record that begins here, its bytes, and where the next one begins."""
    record, at = _line(data, at, name)
    size = record.get("bytes")
    if not isinstance(size, int) or not 0 <= size <= len(data) - at:
        raise BadNotebookFile(f"{name}: a record of {size} bytes goes beyond the file's end.")
    return record, data[at : at + size], at + size + 1


def _line(data: bytes, at: int, name: str) -> tuple[dict[str, Any], int]:
    end = data.find(b"\n", at)
    try:
        values = json.loads(data[at : end if end >= 0 else len(data)])
    except (ValueError, RecursionError) as why:
        raise BadNotebookFile(f"{name}: a line of JSON expected at byte {at}: {why}.") from None
    if not isinstance(values, dict) or end < 0:
        raise BadNotebookFile(f"{name}: an object and a newline expected at byte {at}.")
    return values, end + 1
