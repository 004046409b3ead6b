"""Who sits in a room, and what the room wants done: its host, but for where rows and blobs go.

A seat is a place for somebody in this process, or for whoever is behind a channel.
"""

import asyncio
import hashlib
import logging
from abc import ABC, abstractmethod
from collections.abc import Callable, Coroutine
from typing import Final

from foldbook import events
from foldbook.channel import Channel
from foldbook.effects import Append, Close, Effect, Publish, Send
from foldbook.errors import BadEvent, BadFrame, FoldbookError
from foldbook.room import Room
from foldbook.row import Role, Row
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

Deliver = Callable[[Message], None]


class Seat:
    """A place in the room: what its holder says goes to `send`, what it hears to ``deliver``.

    dismissed: called when the room takes the place away. session: the only one that it is for.
    """

    def __init__(
        self,
        seats: "Seats",
        number: int,
        deliver: Deliver,
        dismissed: Callable[[], None],
        session: str | None,
    ) -> None:
        self.deliver: Final = deliver
        self.dismissed: Final = dismissed
        self.session: Final = session
        self._seats = seats
        self._number = number

    def send(self, message: Message) -> None:
        """Say something to the authority. Answers may be delivered before this returns."""
        self._seats._hear(self._number, message)

    def close(self) -> None:
        """Leave."""
        self._seats._leave(self._number)


class Seats(ABC):
    """Hosts a room whose seats are in this process. now: ms since 1970."""

    def __init__(self, room: Room, now: Callable[[], int]) -> None:
        self.room: Final = room
        self._now = now
        self._seats: dict[int, Seat] = {}
        self._count = 0
        self._tasks: set[asyncio.Task[None]] = set()

    @abstractmethod
    def write(self, append: Append) -> None:
        """Have rows written, then `committed` called."""

    @abstractmethod
    def put_blob(self, digest: str, data: bytes) -> None:
        """Keep bytes whose SHA-256 is ``digest``."""

    @abstractmethod
    async def get_blob(self, digest: str) -> bytes | None:
        """The bytes, None where nobody has them."""

    def prepare(self, number: int) -> bool:
        """See to it that this seat may be told the next rows at hand; False: not yet."""
        return True

    def join(
        self,
        role: Role,
        deliver: Deliver,
        session: str | None = None,
        dismissed: Callable[[], None] = lambda: None,
        actor: str | None = None,
    ) -> Seat:
        """Take a seat; the first message is to be hello. ``session``: the only one allowed;
        ``actor``: who it is, whatever its secret says.
        """
        self._count += 1
        seat = self._seats[self._count] = Seat(self, self._count, deliver, dismissed, session)
        self.room.open(self._count, role, session, actor)
        return seat

    def attach(
        self, channel: Channel, session: str | None = None, actor: str | None = None
    ) -> asyncio.Task[None]:
        """Let a runtime in over a channel; it has a runtime's right and no other.

        The task ends when the channel is closed.
        """
        return self._start(self._serve(channel, session, actor))

    def committed(self, ticket: int) -> None:
        """What was to be written up to this ticket is written."""
        self.carry_out(self.room.committed(ticket))

    def carry_out(self, effects: list[Effect]) -> None:
        """What the room wants done."""
        for effect in effects:
            if isinstance(effect, Send):
                self._tell(effect.connection, effect.message)
            elif isinstance(effect, Append):
                self.write(effect)
            elif isinstance(effect, Publish):
                self._publish()
            elif isinstance(effect, Close):
                seat = self._seats.pop(effect.connection, None)
                if seat is not None:
                    seat.dismissed()

    def end(self) -> None:
        """No more tasks."""
        for task in self._tasks:
            task.cancel()

    async def _serve(self, channel: Channel, session: str | None, actor: str | None) -> None:
        seat = self.join(
            Role.RUNTIME, lambda message: _say(channel, message), session, channel.close, actor
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
            self.carry_out(self.room.receive(number, message, self._now()))

    def _leave(self, number: int) -> None:
        if self._seats.pop(number, None) is not None:
            self.carry_out(self.room.close(number, self._now()))

    def _publish(self) -> None:
        for number in list(self._seats):
            if not self.prepare(number):
                continue
            while (rows := self.room.take(number)) is not None:
                self._tell(number, rows)

    def _tell(self, number: int, message: Message) -> None:
        seat = self._seats.get(number)
        if seat is not None:
            seat.deliver(message)

    def _keep(self, number: int, blob: BlobPut) -> None:
        digest = hashlib.sha256(blob.data).hexdigest()
        if digest == blob.digest:
            self.put_blob(digest, blob.data)
        else:
            problem = f"a blob's name is its SHA-256 {digest}, {blob.digest} came"
            self._tell(number, Err("blob", problem))

    async def _fetch(self, number: int, digest: str) -> None:
        try:
            data = await self.get_blob(digest)
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


def check_readable(row: Row) -> str | None:
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


def _say(channel: Channel, message: Message) -> None:
    channel.send(encode(message))
