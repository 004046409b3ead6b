"""The authority of a notebook that is not shared: `Room` over the notebook's own store.

Its own peer joins in process, the runtimes as guests over channels. Rows are numbered at once,
written together with whatever else the next transaction holds, and only then acknowledged and
published. While the store is full nothing is lost: rows wait in memory, unacknowledged.
"""

import asyncio
import hashlib
import logging
from collections.abc import Callable, Coroutine
from typing import Final

import msgpack

from foldbook import events
from foldbook.channel import Channel
from foldbook.errors import BadEvent, BadFrame, FoldbookError
from foldbook.ledger import Refusal
from foldbook.room import Append, Close, Effect, Publish, Room, Send
from foldbook.row import Role, Row
from foldbook.saver import Saver
from foldbook.store import EPOCH, Batch, Loaded, MetaValue
from foldbook.wire import (
    LOCAL_FRAME_LIMIT,
    BlobHave,
    BlobPut,
    BlobWant,
    Bye,
    Err,
    Message,
    decode,
    encode,
)

_REFUSAL: Final = "refusal/"

Deliver = Callable[[Message], None]


class Seat:
    """A place in the room: what its holder says goes to `send`, what it hears to ``deliver``.

    dismissed: called when the room takes the place away.
    """

    def __init__(
        self,
        authority: "LocalAuthority",
        number: int,
        deliver: Deliver,
        dismissed: Callable[[], None],
    ) -> None:
        self.deliver: Final = deliver
        self.dismissed: Final = dismissed
        self._authority = authority
        self._number = number

    def send(self, message: Message) -> None:
        """Say something to the authority. Answers may be delivered before this returns."""
        self._authority._hear(self._number, message)

    def close(self) -> None:
        """Leave."""
        self._authority._leave(self._number)


class LocalAuthority:
    """Numbers and keeps one notebook's rows.

    loaded: what the store had; undamaged, or the rows cannot be gone on with (`BadRow`).
    epoch: used where the store has none yet. now: ms since 1970.
    """

    def __init__(
        self, name: str, loaded: Loaded, saver: Saver, *, epoch: str, now: Callable[[], int]
    ) -> None:
        known = loaded.meta.get(EPOCH)
        if not isinstance(known, str):
            known = epoch
            saver.put(Batch(meta={EPOCH: epoch}))
        self.saver: Final = saver
        self.room: Final = Room(name, known, loaded.rows, _refusals(loaded.meta), _objection)
        self._now = now
        self._seats: dict[int, Seat] = {}
        self._count = 0
        self._tasks: set[asyncio.Task[None]] = set()

    def join(
        self,
        role: Role,
        deliver: Deliver,
        session: str | None = None,
        dismissed: Callable[[], None] = lambda: None,
    ) -> Seat:
        """Take a seat; the first message is to be hello. ``session``: the only one allowed."""
        self._count += 1
        seat = self._seats[self._count] = Seat(self, self._count, deliver, dismissed)
        self.room.open(self._count, role, session)
        return seat

    def attach(self, channel: Channel, session: str | None = None) -> asyncio.Task[None]:
        """Let a runtime in over a channel; it has a runtime's right and no other.

        The task ends when the channel is closed.
        """
        return self._start(self._serve(channel, session))

    async def run(self) -> None:
        """Write what is to be written, until cancelled."""
        try:
            await self.saver.run()
        finally:
            for task in self._tasks:
                task.cancel()

    async def _serve(self, channel: Channel, session: str | None) -> None:
        seat = self.join(
            Role.RUNTIME, lambda message: _say(channel, message), session, channel.close
        )
        try:
            while (frame := await channel.receive()) is not None:
                seat.send(decode(frame, LOCAL_FRAME_LIMIT))
        except BadFrame as why:
            _say(channel, Err("malformed", str(why)[:1000]))
            _say(channel, Bye("malformed"))
        finally:
            seat.close()
            channel.close()

    def _hear(self, number: int, message: Message) -> None:
        if number not in self._seats:
            return
        if isinstance(message, BlobPut):
            self._keep(number, message)
        elif isinstance(message, BlobWant):
            self._start(self._fetch(number, message.digest))
        else:
            self._carry_out(self.room.receive(number, message, self._now()))

    def _leave(self, number: int) -> None:
        if self._seats.pop(number, None) is not None:
            self._carry_out(self.room.close(number, self._now()))

    def _carry_out(self, effects: list[Effect]) -> None:
        for effect in effects:
            if isinstance(effect, Send):
                self._tell(effect.connection, effect.message)
            elif isinstance(effect, Append):
                self._write(effect)
            elif isinstance(effect, Publish):
                self._publish()
            elif isinstance(effect, Close):
                seat = self._seats.pop(effect.connection, None)
                if seat is not None:
                    seat.dismissed()

    def _write(self, append: Append) -> None:
        batch = Batch(confirmed=list(append.rows), meta=_as_meta(append.refusals))
        ticket = append.ticket
        self.saver.put(batch, lambda: self._carry_out(self.room.committed(ticket)))

    def _publish(self) -> None:
        for number in list(self._seats):
            while (rows := self.room.take(number)) is not None:
                self._tell(number, rows)

    def _tell(self, number: int, message: Message) -> None:
        seat = self._seats.get(number)
        if seat is not None:
            seat.deliver(message)

    def _keep(self, number: int, blob: BlobPut) -> None:
        digest = hashlib.sha256(blob.data).hexdigest()
        if digest == blob.digest:
            self.saver.put(Batch(blobs={digest: blob.data}))
        else:
            problem = f"a blob's name is its SHA-256 {digest}, {blob.digest} came"
            self._tell(number, Err("blob", problem))

    async def _fetch(self, number: int, digest: str) -> None:
        try:
            data = await self.saver.blob(digest)
        except FoldbookError:
            # Whoever asked waits for an answer, whatever is the matter with the store.
            logging.getLogger(__name__).exception("blob %s cannot be read", digest)
            data = None
        self._tell(number, BlobHave(digest, data))

    def _start(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task


def _say(channel: Channel, message: Message) -> None:
    channel.send(encode(message))


def _objection(row: Row) -> str | None:
    """Why a runtime's row cannot be taken: here the payload can be read."""
    try:
        event = events.decode(row.payload)
    except BadEvent as why:
        return str(why)
    if isinstance(event, events.Unknown):
        return f"{event.type} (version {event.version}) is not known to this version"
    if event.kind is not row.kind:
        return f"{event.wire_name()} is of kind {event.kind}, its row of kind {row.kind}"
    return None


def _as_meta(refusals: tuple[Refusal, ...]) -> dict[str, MetaValue | None]:
    return {
        f"{_REFUSAL}{each.session}/{each.n}": msgpack.packb(
            [each.session, each.n, each.digest, each.code, each.reason]
        )
        for each in refusals
    }


def _refusals(meta: dict[str, MetaValue]) -> list[Refusal]:
    return [
        Refusal(*msgpack.unpackb(value))
        for name, value in meta.items()
        if name.startswith(_REFUSAL) and isinstance(value, bytes)
    ]
