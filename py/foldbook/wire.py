"""The messages between a notebook and its authority, and their bytes. Pure.

A frame is one message: a MessagePack map with its name under ``t`` and its fields beside it.
Fields that this version does not know are ignored, missing and unsound ones are `BadFrame`.
What a field may hold stands in its annotation; one table made from these drives both ways.

    peer -> authority                        authority -> peer
    hello                                    welcome, or err and bye
    push (rows without a seq)                ack, then nack and not_taken, or err
                                             rows (everybody's, in order of seq)
    call, reply, presence (ephemeral)        call, reply, presence, came, gone
    blob_put, blob_want (local links only)   blob_have, snap (local links only)

A call to `ROOM` is for the authority itself: what an owner asks of it (`foldbook.access`).
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, fields
from typing import Annotated, Any, Final, get_type_hints

import msgpack

from foldbook.errors import BadFrame, BadRow
from foldbook.row import ROW_LIMIT, Role, Row, from_list, to_list

VERSION: Final = 1
BATCH_ROWS: Final = 256
"""Rows in one push or one rows message, at most."""
BATCH_BYTES: Final = 256 * 1024
"""Bytes (`size_of`) of the rows in one message, at most; a single row always fits."""
FRAME_LIMIT: Final = 512 * 1024
"""Bytes of a frame from the network, at most."""
LOCAL_FRAME_LIMIT: Final = 1024 * 1024 * 1024
"""Bytes of a frame between the parts of one page, at most: blobs travel there too."""
PRESENCE_LIMIT: Final = 4096
"""Bytes of what a session shows of itself, at most."""
ROOM: Final = "room"
"""Whom a call is for that the authority itself answers."""

_DEPTH: Final = 100  # levels of a plain value: JSON of any more is not read everywhere
_ROW_OVERHEAD: Final = 160  # ids, numbers and MessagePack heads of one row, rounded up
_WHOLE_MAX: Final = 2**53 - 1


def identify(secret: bytes) -> str:
    """The public id of a session or an actor: half of its secret's SHA-256, in hex."""
    return hashlib.sha256(secret).hexdigest()[:32]


def size_of(row: Row) -> int:
    """Bytes that a row takes in a frame, at most."""
    return len(row.payload) + _ROW_OVERHEAD


@dataclass(frozen=True, slots=True)
class _Field:
    """What a field holds: in words, as a test of plain values, and how it is packed."""

    what: str
    test: Callable[[Any], bool]
    pack: Callable[[Any], Any] = lambda value: value
    unpack: Callable[[Any], Any] = lambda value: value

    def or_none(self) -> "_Field":
        return _Field(
            f"{self.what}, or nothing",
            lambda value: value is None or self.test(value),
            lambda value: None if value is None else self.pack(value),
            lambda value: None if value is None else self.unpack(value),
        )


def _is_whole(value: object) -> bool:
    return type(value) is int and 0 <= value <= _WHOLE_MAX


def _is_text(limit: int) -> Callable[[Any], bool]:
    return lambda value: type(value) is str and len(value) <= limit


def _list_of(test: Callable[[Any], bool], limit: int) -> Callable[[Any], bool]:
    return lambda value: type(value) is list and len(value) <= limit and all(map(test, value))


def _is_plain(value: Any) -> bool:
    """Whether it is a JSON value: MessagePack has others, which nobody here could pass on."""
    level = [value]
    for _ in range(_DEPTH):
        inner: list[Any] = []
        for each in level:
            if type(each) is list:
                inner += each
            elif type(each) is dict:
                inner += [*each.keys(), *each.values()]
                if not all(type(key) is str for key in each):
                    return False
            elif each is not None and type(each) not in (bool, int, float, str):
                return False
        if not inner:
            return True
        level = inner
    return False


def _unpack_rows(values: list[Any]) -> tuple[Row, ...]:
    rows = tuple(from_list(value) for value in values)
    size = sum(map(size_of, rows))
    if len(rows) > 1 and size > BATCH_BYTES + ROW_LIMIT:
        raise BadFrame(f"rows of at most {BATCH_BYTES} bytes expected, {size} bytes came")
    return rows


_WHOLE = _Field("a whole number from 0", _is_whole)
_TEXT = _Field("text of at most 4096 characters", _is_text(4096))
_ID = _Field("an id of at most 64 characters", _is_text(64))
_FLAG = _Field("true or false", lambda value: type(value) is bool)
_SECRET = _Field(
    "a secret of 16 to 64 bytes", lambda value: type(value) is bytes and 16 <= len(value) <= 64
)
_BYTES = _Field("bytes", lambda value: type(value) is bytes)
_FEW_BYTES = _Field(
    f"at most {PRESENCE_LIMIT} bytes",
    lambda value: type(value) is bytes and len(value) <= PRESENCE_LIMIT,
)
_DIGEST = _Field(
    "a SHA-256 in hex", lambda value: type(value) is str and len(value) == 64 and value.isalnum()
)
_VALUE = _Field("a JSON value", _is_plain)
_PARAMS = _Field("a JSON object", lambda value: type(value) is dict and _is_plain(value))
_IDS = _Field("a list of ids", _list_of(_is_text(64), 10_000), list, tuple)
_SEQS = _Field(f"at most {BATCH_ROWS} whole numbers", _list_of(_is_whole, BATCH_ROWS), list, tuple)
_DIGESTS = _Field(
    f"at most {BATCH_ROWS} digests of 16 bytes",
    _list_of(lambda value: type(value) is bytes and len(value) == 16, BATCH_ROWS),
    list,
    tuple,
)
_ROWS = _Field(
    f"a list of at most {BATCH_ROWS} rows",
    lambda value: type(value) is list and len(value) <= BATCH_ROWS,
    lambda rows: [to_list(row) for row in rows],
    _unpack_rows,
)
_ROLE = _Field(
    "a role", lambda value: type(value) is str and value in set(Role), lambda role: role.value, Role
)

Whole = Annotated[int, _WHOLE]
Text = Annotated[str, _TEXT]
Id = Annotated[str, _ID]
Digest = Annotated[str, _DIGEST]


@dataclass(frozen=True, slots=True)
class Hello:
    """The first message of every connection.

    epoch: "" from somebody who has not joined this room before. since: the last seq that the
    peer has; rows after it will be sent. The secrets stand behind session and actor.
    role_token: the link's token in hex, for an authority that does not know otherwise what the
    peer may do. first: the lowest number of an own row that the peer may push again, 0 if none:
    so the authority knows how far back it must remember this session.
    """

    room: Id
    epoch: Id
    session_secret: Annotated[bytes, _SECRET]
    actor_secret: Annotated[bytes, _SECRET]
    since: Whole
    role_token: Annotated[str | None, _TEXT.or_none()] = None
    version: Whole = VERSION
    first: Whole = 0


@dataclass(frozen=True, slots=True)
class Welcome:
    """The answer to hello.

    head: the newest committed seq. n: the session's newest number that the authority has.
    present: sessions with an open connection. The limits are bytes of a row, rows and bytes
    of a push. base: rows up to this one are not sent but fetched (``sync_relay/PROTOCOL.md``).
    """

    head: Whole
    epoch: Id
    actor: Id
    session: Id
    role: Annotated[Role, _ROLE]
    n: Whole
    present: Annotated[tuple[str, ...], _IDS] = ()
    row_bytes: Whole = ROW_LIMIT
    batch_rows: Whole = BATCH_ROWS
    batch_bytes: Whole = BATCH_BYTES
    base: Whole = 0


@dataclass(frozen=True, slots=True)
class Push:
    """New rows of one session, n going up by one; their seq, actor, role and ts say nothing.

    turn: counts the pushes of this connection from 1; one that comes twice is passed over.
    resume: the sender has taken notice of the last nack. Until it says so, nothing new is taken.
    """

    turn: Whole
    rows: Annotated[tuple[Row, ...], _ROWS]
    resume: Annotated[bool, _FLAG] = False


@dataclass(frozen=True, slots=True)
class Ack:
    """The rows n, n + 1 ... are in the log at these seqs, with these `foldbook.row.digest`."""

    n: Whole
    seqs: Annotated[tuple[int, ...], _SEQS]
    digests: Annotated[tuple[bytes, ...], _DIGESTS]


@dataclass(frozen=True, slots=True)
class Nack:
    """Row n is refused for good and its number is used up."""

    n: Whole
    code: Id
    reason: Text


@dataclass(frozen=True, slots=True)
class NotTaken:
    """The rows of that push from n on were not taken, because one before was refused."""

    n: Whole


@dataclass(frozen=True, slots=True)
class Rows:
    """Committed rows, in order of seq, without a gap to those sent before."""

    rows: Annotated[tuple[Row, ...], _ROWS]


@dataclass(frozen=True, slots=True)
class Err:
    """Something cannot be done; the rest of that push was not taken.

    code: "gap" (expected_n tells the number to go on with), "fork" (row ``n`` stands in the log
    with another content), "stale" (row ``n`` is too far behind ``head``), "forgotten" (row ``n``
    is known, and was not announced by hello's ``first``), "version", "room", "draft" (the room
    is not open yet), "epoch", "ahead", "base" (the peer lacks rows up to ``head``, which must be
    fetched first), "session", "malformed", "blob"; and where a link says what may be done:
    "denied" (no link has this token), "revoked", "expired", "removed", "full".
    """

    code: Id
    message: Text
    n: Annotated[int | None, _WHOLE.or_none()] = None
    expected_n: Annotated[int | None, _WHOLE.or_none()] = None
    head: Annotated[int | None, _WHOLE.or_none()] = None


@dataclass(frozen=True, slots=True)
class Bye:
    """The connection ends: "fenced" (the session goes on elsewhere), "slow" (it reads too slowly),
    "drain" (the authority stops for a while), or an `Err`'s code.
    """

    code: Id


@dataclass(frozen=True, slots=True)
class Call:
    """An ephemeral question to a runtime. ``to`` is its session; ``by`` the asking one."""

    id: Id
    to: Id
    method: Id
    params: Annotated[Mapping[str, Any], _PARAMS]
    by: Id = ""


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer to a call: its value, or where not ``ok`` a message for people."""

    id: Id
    ok: Annotated[bool, _FLAG]
    value: Annotated[Any, _VALUE]


@dataclass(frozen=True, slots=True)
class Presence:
    """What a session shows of itself: where it reads or types. Ephemeral; the newest one counts.

    state: opaque to the authority; empty: nothing any more. The authority tells the others the
    session and its actor.
    """

    state: Annotated[bytes, _FEW_BYTES]
    session: Id = ""
    actor: Id = ""


@dataclass(frozen=True, slots=True)
class Came:
    """A session has an open connection (again)."""

    session: Id


@dataclass(frozen=True, slots=True)
class Gone:
    """A session has no open connection since then (ms since 1970)."""

    session: Id
    since: Whole


@dataclass(frozen=True, slots=True)
class BlobPut:
    """Keep these bytes; sent before the rows that name them. Digest: SHA-256 in hex."""

    digest: Digest
    data: Annotated[bytes, _BYTES]


@dataclass(frozen=True, slots=True)
class BlobWant:
    """Send the bytes with this digest."""

    digest: Digest


@dataclass(frozen=True, slots=True)
class BlobHave:
    """The bytes that were wanted; nothing where nobody has them."""

    digest: Digest
    data: Annotated[bytes | None, _BYTES.or_none()] = None


@dataclass(frozen=True, slots=True)
class Snap:
    """What the rows up to ``seq`` come to (`foldbook.snapshot`), for a peer that has none yet:
    those that follow are after it."""

    seq: Whole
    data: Annotated[bytes, _BYTES]


Message = (
    Hello | Welcome | Push | Ack | Nack | NotTaken | Rows | Err | Bye
    | Call | Reply | Presence | Came | Gone | BlobPut | BlobWant | BlobHave | Snap
)  # fmt: skip

_NAMES: Final[dict[str, type[Message]]] = {
    "hello": Hello,
    "welcome": Welcome,
    "push": Push,
    "ack": Ack,
    "nack": Nack,
    "not_taken": NotTaken,
    "rows": Rows,
    "err": Err,
    "bye": Bye,
    "call": Call,
    "reply": Reply,
    "presence": Presence,
    "came": Came,
    "gone": Gone,
    "blob_put": BlobPut,
    "blob_want": BlobWant,
    "blob_have": BlobHave,
    "snap": Snap,
}


@dataclass(frozen=True, slots=True)
class _Form:
    """How one class of messages is written: (field's name, its rule, whether it must be there)."""

    name: str
    fields: tuple[tuple[str, _Field, bool], ...]


def _form(name: str, message: type[Message]) -> _Form:
    hints = get_type_hints(message, include_extras=True)
    return _Form(
        name,
        tuple(
            (each.name, hints[each.name].__metadata__[0], each.default is MISSING)
            for each in fields(message)
        ),
    )


_FORMS: Final = {message: _form(name, message) for name, message in _NAMES.items()}


def encode(message: Message) -> bytes:
    """The frame of a message."""
    form = _FORMS[type(message)]
    values = {name: rule.pack(getattr(message, name)) for name, rule, _ in form.fields}
    frame: bytes = msgpack.packb({"t": form.name} | values, use_bin_type=True)
    return frame


def decode(frame: bytes, limit: int = FRAME_LIMIT) -> Message:
    """The message of a frame of at most ``limit`` bytes. Raises `BadFrame`."""
    if len(frame) > limit:
        raise BadFrame(f"a frame of at most {limit} bytes expected, {len(frame)} bytes came")
    try:
        values = msgpack.unpackb(frame, raw=False, strict_map_key=True)
    except ValueError as why:
        raise BadFrame(f"a MessagePack map expected: {_short(str(why))}") from None
    if not isinstance(values, dict):
        raise BadFrame(f"a map expected, {_short(values)} came")
    name = values.get("t")
    message = _NAMES.get(name) if isinstance(name, str) else None
    if message is None:
        raise BadFrame(f"a message of {VERSION=} expected, t = {_short(name)} came")
    try:
        return message(**_unpack(_FORMS[message], values))
    except BadRow as why:
        raise BadFrame(f"{name}: {why}") from None


def _unpack(form: _Form, values: dict[Any, Any]) -> dict[str, Any]:
    found = {}
    for name, rule, needed in form.fields:
        if name not in values:
            if needed:
                raise BadFrame(f"{form.name}: {name} is missing, {rule.what} expected")
            continue
        value = values[name]
        if not rule.test(value):
            raise BadFrame(f"{form.name}: {name} is {rule.what}, {_short(value)} came")
        found[name] = rule.unpack(value)
    return found


def _short(value: object) -> str:
    try:
        text = repr(value)
    except RecursionError:
        text = "a value of very many levels"
    return text if len(text) <= 60 else text[:57] + "..."
