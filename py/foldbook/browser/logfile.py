"""The file of a notebook's stored bytes, as ``site/export.js`` writes it: read back. Pure.

Rows up to the first that is damaged or missing can be gone on with; what stands behind it is
told, not taken.
"""

import json
from dataclasses import dataclass, field
from typing import Any, Final

from foldbook.browser.segments import Reading
from foldbook.errors import BadNotebookFile
from foldbook.row import Row

MAGIC: Final = b"foldbook-log 1\n"


@dataclass(slots=True)
class LogFile:
    """What a file had: rows from 1 on without a gap, blobs by digest, and what was left out."""

    name: str
    rows: list[Row] = field(default_factory=list)
    blobs: dict[str, bytes] = field(default_factory=dict)
    left_out: int = 0


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
        record, at = _line(data, at, name)
        size = record.get("bytes")
        if not isinstance(size, int) or not 0 <= size <= len(data) - at:
            raise BadNotebookFile(f"{name}: a record of {size} bytes goes beyond the file's end.")
        content, at = data[at : at + size], at + size + 1
        if record.get("store") == "rows":
            reading.take(record.get("key"), content)
        elif record.get("store") == "blobs":
            found.blobs[str(record.get("key"))] = content
    for row in reading.rows:
        if row.seq == len(found.rows) + 1:
            found.rows.append(row)
    found.left_out = len(reading.rows) - len(found.rows) + len(reading.damaged)
    if not found.rows:
        raise BadNotebookFile(f"{name}: no row of the log is sound.")
    return found


def _line(data: bytes, at: int, name: str) -> tuple[dict[str, Any], int]:
    end = data.find(b"\n", at)
    try:
        values = json.loads(data[at : end if end >= 0 else len(data)])
    except ValueError as why:
        raise BadNotebookFile(f"{name}: a line of JSON expected at byte {at}: {why}.") from None
    if not isinstance(values, dict) or end < 0:
        raise BadNotebookFile(f"{name}: an object and a newline expected at byte {at}.")
    return values, end + 1
