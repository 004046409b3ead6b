"""A line to a relay that can read nothing: what goes out is sealed, what comes in is opened.

Rows keep their order both ways. The acknowledgement of a row names the digest of its sealed form,
which only this line knows; its owner is told that of the plain row. A row that cannot be opened,
or that is not signed where it must be, comes in as one that says so, and is never merged.
"""

import asyncio
import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from foldbook import seal
from foldbook.channel import Channel
from foldbook.errors import BadFrame
from foldbook.events import unopened
from foldbook.row import RIGHTS, Kind, Role, Row, digest
from foldbook.seal import Unopened
from foldbook.sealer import Opened, RowSealer, Sealer
from foldbook.wire import (
    FRAME_LIMIT,
    ROOM,
    Ack,
    Call,
    Message,
    Nack,
    Presence,
    Push,
    Reply,
    Rows,
    Snap,
    Welcome,
    decode,
    encode,
)

_SEALED: Final = "sealed"
_UNSIGNED: Final = "not signed by anybody who may run code here"
_UNREADABLE: Final = "the answer could not be opened"


@dataclass(slots=True)
class _Sent:
    """An own row that is under way, as it was made and as it was sent. It is acknowledged and
    comes back, in any order: a row that is pushed again after a loss comes back first.
    """

    plain: Row
    sealed: Row
    acknowledged: bool = False
    returned: bool = False

    def is_this(self, row: Row) -> bool:
        """Whether all that its writer gave is as it was sent."""
        mine = self.sealed
        return (mine.payload, mine.seen, mine.kind) == (row.payload, row.seen, row.kind)


class SealedLine:
    """A `foldbook.lines.Line` over a channel of frames.

    room: its name; session, actor: whose line it is.
    """

    def __init__(
        self, channel: Channel, rows: RowSealer, other: Sealer, room: str, session: str, actor: str
    ) -> None:
        self._channel = channel
        self._rows = rows
        self._other = other
        self._room = room
        self._session = session
        self._actor = actor
        self._sent: dict[int, _Sent] = {}
        self._plain_calls: set[str] = set()
        self._outbox: list[Message] = []
        self._wake = asyncio.Event()
        self._writer = asyncio.get_running_loop().create_task(self._write())

    def send(self, message: Message) -> None:
        """See `foldbook.lines.Line`; so for the following ones."""
        if isinstance(message, Presence):  # only the newest one is of any use
            self._outbox = [each for each in self._outbox if not isinstance(each, Presence)]
        self._outbox.append(message)
        self._wake.set()

    async def receive(self) -> Message | None:
        """The next message, opened."""
        while (frame := await self._channel.receive()) is not None:
            message = await self._opened(decode(frame, FRAME_LIMIT))
            if message is not None:
                return message
        return None

    def close(self) -> None:
        """End; what is not sealed yet goes nowhere."""
        self._writer.cancel()
        self._channel.close()

    async def _write(self) -> None:
        try:
            while True:
                await self._wake.wait()
                self._wake.clear()
                while self._outbox:
                    sealed = await self._seal(self._outbox.pop(0))
                    self._channel.send(encode(sealed))
        finally:
            self._channel.close()  # without a writer the line is of no use

    # Out

    async def _seal(self, message: Message) -> Message:
        match message:
            case Push():
                return replace(message, rows=await self._seal_rows(message.rows))
            case Presence() if message.state:
                [state] = await self._other.seal(
                    [(self._data("presence", self._session), message.state)]
                )
                return Presence(state)
            case Call() if message.to == ROOM:
                self._plain_calls.add(message.id)
                return message
            case Call():
                return replace(message, params=await self._seal_value("call", message.params))
            case Reply():
                value = {"value": message.value}
                return replace(message, value=await self._seal_value("reply", value))
            case _:
                return message

    async def _seal_rows(self, rows: Sequence[Row]) -> tuple[Row, ...]:
        sealed = tuple(await self._rows.seal(rows, self._actor))
        for plain, row in zip(rows, sealed, strict=True):
            self._sent[row.n] = _Sent(plain, row)
        return sealed

    async def _seal_value(self, purpose: str, value: Any) -> dict[str, str]:
        plain = json.dumps(value).encode()
        whose = "" if purpose == "reply" else self._session
        [sealed] = await self._other.seal([(self._data(purpose, whose), plain)])
        return {_SEALED: base64.b64encode(sealed).decode()}

    def _data(self, purpose: str, session: str) -> bytes:
        return seal.data_of_message(purpose, self._room, session)

    # In

    async def _opened(self, message: Message) -> Message | None:
        """The message as it was meant; None where it is ephemeral and cannot be read."""
        match message:
            case Welcome() if Kind.RUN in RIGHTS[message.role] and not self._rows.can_sign:
                # By an older link than the one that gave the right: what one cannot sign, others
                # do not heed, so it is not to be in one's own view either.
                return replace(message, role=Role.EDIT)
            case Rows():
                return Rows(await self._open_rows(message.rows))
            case Ack():
                marks = enumerate(message.digests, message.n)
                return replace(message, digests=tuple(self._mark(n, mark) for n, mark in marks))
            case Nack():
                self._sent.pop(message.n, None)
                return message
            case Presence() if message.state:
                data = self._data("presence", message.session)
                [state] = await self._other.open([(data, message.state)])
                return None if isinstance(state, Unopened) else replace(message, state=state)
            case Call():
                params = await self._open_value("call", message.by, message.params)
                return None if params is None else replace(message, params=params)
            case Reply() if message.id in self._plain_calls:
                self._plain_calls.discard(message.id)
                return message
            case Reply():
                # Where nobody could be asked the relay answers itself, in plain words.
                if not message.ok and isinstance(message.value, str):
                    return message
                return replace(message, value=await self._open_reply(message))
            case Snap():
                raise BadFrame("a snapshot came, which a relay cannot make")
            case _:
                return message

    async def _open_rows(self, rows: Sequence[Row]) -> tuple[Row, ...]:
        own = {row.seq: plain for row in rows if (plain := self._returned(row)) is not None}
        foreign = [row for row in rows if row.seq not in own]
        found = own | {each.row.seq: _plain(each) for each in await self._rows.open(foreign)}
        return tuple(found[row.seq] for row in rows)

    def _returned(self, row: Row) -> Row | None:
        """An own row that comes back as it was sent need not be opened."""
        sent = self._sent.get(row.n) if row.session == self._session else None
        if sent is None or not sent.is_this(row) or self._actor != row.actor:
            return None
        sent.returned = True
        self._forget(row.n, sent)
        return replace(row, payload=sent.plain.payload)

    def _mark(self, n: int, mark: bytes) -> bytes:
        """The digest of the plain row where the relay has the sealed one that was sent."""
        sent = self._sent.get(n)
        if sent is None or digest(sent.sealed) != mark:
            return mark
        sent.acknowledged = True
        self._forget(n, sent)
        return digest(sent.plain)

    def _forget(self, n: int, sent: _Sent) -> None:
        if sent.acknowledged and sent.returned:
            del self._sent[n]

    async def _open_reply(self, reply: Reply) -> Any:
        """Replies are sealed by whoever was called, and whom that is the seal does not tell."""
        value = await self._open_value("reply", "", reply.value)
        return _UNREADABLE if value is None else value["value"]

    async def _open_value(self, purpose: str, session: str, value: object) -> dict[str, Any] | None:
        packed = value.get(_SEALED) if isinstance(value, dict) else None
        if not isinstance(packed, str):
            return None
        try:
            sealed = base64.b64decode(packed, validate=True)
        except binascii.Error:
            return None
        [plain] = await self._other.open([(self._data(purpose, session), sealed)])
        if isinstance(plain, Unopened):
            return None
        try:
            found = json.loads(plain)
        except ValueError:  # sealed with the right key, by somebody who does otherwise
            return None
        return found if isinstance(found, dict) else None


async def opened_rows(sealer: RowSealer, rows: Sequence[Row]) -> list[Row]:
    """Rows as a line brings them, where they came in another way."""
    return [_plain(each) for each in await sealer.open(rows)]


def _plain(opened: Opened) -> Row:
    """The row with its event, or with the reason why it has none."""
    if opened.problem is not None:
        return replace(opened.row, payload=unopened(f"This event is {opened.problem}."))
    if seal.must_be_signed(opened.row.kind) and not opened.signed:
        return replace(opened.row, payload=unopened(f"This event is {_UNSIGNED}."))
    return opened.row
