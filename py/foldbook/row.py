"""Rows: what the log stores and what travels. Closed: this layout is frozen by the golden logs.

A row is one event with its place in the log. The authority (a relay, or the notebook's own
worker while it is not shared) gives ``seq``, ``actor``, ``role`` and ``ts``; the writer gives
the rest. The payload is opaque here: JSON of the event, or its sealed form.

Rows are stored in *segments*: a MessagePack array of rows behind a CRC-32, so that a damaged
record is known as such.
"""

import hashlib
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

import msgpack

from foldbook.errors import BadRow

FORMAT: Final = 1
ROW_LIMIT: Final = 64 * 1024
"""Bytes of one encoded row, at most."""
PLAIN_LIMIT: Final = ROW_LIMIT - 256
"""Bytes of a row as its writer makes it, at most: a seal makes it longer."""

_MAX = 2**53 - 1  # what a JavaScript number holds exactly


class Kind(StrEnum):
    """What a row is about; in clear, so that rights can be checked without reading the payload."""

    NOTE = "note"
    EDIT = "edit"
    RUN = "run"
    OUTPUT = "output"
    ADMIN = "admin"


class Role(StrEnum):
    """What the writer of a row was allowed to do."""

    VIEW = "view"
    COMMENT = "comment"
    EDIT = "edit"
    RUN = "run"
    OWN = "own"
    RUNTIME = "runtime"


RIGHTS: Final[dict[Role, frozenset[Kind]]] = {
    Role.VIEW: frozenset(),
    Role.COMMENT: frozenset({Kind.NOTE}),
    Role.EDIT: frozenset({Kind.NOTE, Kind.EDIT}),
    Role.RUN: frozenset({Kind.NOTE, Kind.EDIT, Kind.RUN, Kind.OUTPUT}),
    Role.OWN: frozenset({Kind.NOTE, Kind.EDIT, Kind.RUN, Kind.OUTPUT, Kind.ADMIN}),
    Role.RUNTIME: frozenset({Kind.NOTE, Kind.OUTPUT}),
}
"""Which kinds of rows each role may append. ``runtime`` stands beside the ladder; the output of
those on it is that of a runtime of their own page, which speaks through them."""

_ROLES: Final = {role.value: role for role in Role}  # a dict is 5 times faster than the class
_KINDS: Final = {kind.value: kind for kind in Kind}


@dataclass(frozen=True, slots=True)
class Row:
    """One event in the log.

    seq: dense place in the log, from 1; 0 while no authority has numbered it.
    session: hex id of the writer's session; ``n`` counts its rows from 1 without gaps.
    seen: the last seq that the writer had folded when it made the event; never falls.
    actor: hex id of the person, agent or runtime; ``role``: its right at that time.
    ts: milliseconds since 1970, by the authority's clock.
    payload: the event (see `foldbook.events`), plain JSON or sealed.
    """

    seq: int
    session: str
    n: int
    seen: int
    actor: str
    role: Role
    kind: Kind
    ts: int
    payload: bytes

    def numbered(self, seq: int, actor: str, role: Role, ts: int) -> "Row":
        """This row as the authority writes it down."""
        # Written out: `dataclasses.replace` takes three times as long, and each row comes by here.
        return Row(seq, self.session, self.n, self.seen, actor, role, self.kind, ts, self.payload)

    def folded_at(self, seq: int, seen: int) -> "Row":
        """This row as a view folds it; `dataclasses.replace`, 3 times faster: pending rows are
        folded again and again."""
        return Row(
            seq,
            self.session,
            self.n,
            seen,
            self.actor,
            self.role,
            self.kind,
            self.ts,
            self.payload,
        )


def runtime_actor(actor: str) -> str:
    """The actor that the runtimes of somebody's pages are: nobody else's rows can be theirs."""
    return hashlib.sha256(f"runtime of {actor}".encode()).hexdigest()[:32]


def digest(row: Row) -> bytes:
    """16 bytes that tell two rows under the same (session, n) apart (what the writer gave)."""
    head = f"{row.session}|{row.n}|{row.seen}|{row.kind}|".encode()
    return hashlib.sha256(head + row.payload).digest()[:16]


def chained(prefix: bytes, row: Row) -> bytes:
    """32 bytes that stand for all rows up to this one; ``prefix``: those for the rows before it,
    empty before the first."""
    return hashlib.sha256(prefix + msgpack.packb(to_list(row), use_bin_type=True)).digest()


def to_list(row: Row) -> list[Any]:
    """The row as plain values, in the frozen order."""
    return [
        FORMAT,
        row.seq,
        row.session,
        row.n,
        row.seen,
        row.actor,
        row.role.value,
        row.kind.value,
        row.ts,
        row.payload,
    ]


def from_list(values: object) -> Row:
    """The inverse of `to_list`. Raises `BadRow`."""
    if not isinstance(values, (list, tuple)) or len(values) != 10:
        raise BadRow(f"a row is a list of 10 values, this is {_short(values)}")
    form, seq, session, n, seen, actor, role, kind, ts, payload = values
    if form != FORMAT:
        raise BadRow(f"row format {FORMAT} expected, format {_short(form)} came")
    for name, number in (("seq", seq), ("n", n), ("seen", seen), ("ts", ts)):
        if type(number) is not int or not 0 <= number <= _MAX:
            raise BadRow(f"row's {name} is a whole number from 0, this is {_short(number)}")
    for name, text in (("session", session), ("actor", actor)):
        if type(text) is not str or len(text) > 64:
            raise BadRow(f"row's {name} is text of at most 64 characters, this is {_short(text)}")
    if type(payload) is not bytes:
        raise BadRow(f"row's payload is bytes, this is {type(payload).__name__}")
    try:
        return Row(seq, session, n, seen, actor, _ROLES[role], _KINDS[kind], ts, payload)
    except (KeyError, TypeError):
        raise BadRow(f"row of unknown role {_short(role)} or kind {_short(kind)}") from None


def encode_segment(rows: Sequence[Row]) -> bytes:
    """Rows as one record: 4 bytes of CRC-32 (big-endian), then MessagePack."""
    body: bytes = msgpack.packb([to_list(row) for row in rows], use_bin_type=True)
    return zlib.crc32(body).to_bytes(4, "big") + body


def decode_segment(record: bytes) -> list[Row]:
    """The rows of one record. Raises `BadRow` where a single byte of it has changed."""
    if len(record) < 5:
        raise BadRow(f"a segment has at least 5 bytes, this has {len(record)}")
    body = record[4:]
    if zlib.crc32(body) != int.from_bytes(record[:4], "big"):
        raise BadRow(f"a segment of {len(record)} bytes does not match its checksum")
    try:
        values = msgpack.unpackb(body, raw=False, strict_map_key=True)
    except ValueError as why:
        raise BadRow(f"a segment is not MessagePack: {why}") from None
    if not isinstance(values, list):
        raise BadRow(f"a segment is a list of rows, this is {_short(values)}")
    return [from_list(value) for value in values]


def check_dense(rows: Iterable[Row], after: int) -> None:
    """Raises `BadRow` unless the rows' seq go on from ``after`` without a gap."""
    for row in rows:
        if row.seq != after + 1:
            raise BadRow(f"row {after + 1} expected, row {row.seq} came")
        after = row.seq


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
