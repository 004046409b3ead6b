"""A room that is in memory: what it wants of the network and the store is done here."""

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Coroutine, Iterable
from typing import Final, Protocol

from foldbook.access import Access
from foldbook.effects import Append, Close, Effect, Publish, Recall, Send
from foldbook.errors import BadFrame
from foldbook.room import Room
from foldbook.wire import Bye, Err, Message, Rows, decode, encode

from sync_relay.commits import Commits
from sync_relay.config import Limits
from sync_relay.line import Line
from sync_relay.store import LoadedRoom, RelayStore, StoreFailed

_log = logging.getLogger(__name__)
_ENCODED: Final = 8  # frames of rows that are kept for the next readers


def now() -> int:
    """ms since 1970."""
    return time.time_ns() // 1_000_000


class House(Protocol):
    """What a room needs of the relay that it is part of."""

    @property
    def store(self) -> RelayStore:
        """Where the rows are."""

    @property
    def commits(self) -> Commits:
        """Whom to give what is to be written."""

    @property
    def limits(self) -> Limits:
        """What one may take."""

    def forget(self, live: "Live") -> None:
        """This room is not to be found in memory any more."""

    def start(self, work: Coroutine[None, None, None]) -> None:
        """Do something beside."""


class Live:
    """A room that is in memory, with its connections."""

    def __init__(self, house: House, loaded: LoadedRoom) -> None:
        info = loaded.info
        self.name: Final = info.name
        self.info: Final = info
        self.dead = False
        self.used_at = time.monotonic()
        self.lines: dict[int, Line] = {}
        self.room = Room(
            info.name,
            info.epoch,
            loaded.rows,
            base=info.base,
            start=loaded.head - len(loaded.rows),
            recall=True,
            access=Access(loaded.access),
            keep=house.limits.keep,
        )
        self._house = house
        self._tickets = [0, 0]  # the newest staged, the newest committed
        self._encoded: OrderedDict[tuple[int, int], bytes] = OrderedDict()
        self._said: tuple[Message, bytes] | None = None

    @property
    def is_idle(self) -> bool:
        """Whether nobody needs it in memory."""
        return not self.lines and self._tickets[0] == self._tickets[1]

    def enter(self, number: int, line: Line) -> None:
        """A connection is there."""
        self.lines[number] = line
        self.room.open(number)

    def leave(self, number: int) -> None:
        """A connection is gone."""
        self.lines.pop(number, None)
        self.used_at = time.monotonic()
        if not self.dead:
            self.carry_out(self.room.close(number, now()))

    def hear(self, number: int, frame: bytes) -> None:
        """A frame came from a connection."""
        try:
            message = decode(frame)
        except BadFrame as why:
            self.dismiss(number, Err("malformed", str(why)[:1000]))
            return
        if not self.dead:
            self.carry_out(self.room.receive(number, message, now()))

    def dismiss(self, number: int, problem: Err) -> None:
        """Send a connection away."""
        if not self.dead:
            self.carry_out(self.room.dismiss(number, problem, now()))

    def committed(self, ticket: int) -> None:
        """See `sync_relay.commits.Writer`."""
        self._tickets[1] = ticket
        self.carry_out(self.room.committed(ticket))

    def fail(self) -> None:
        """See `sync_relay.commits.Writer`; the next who comes finds what the store has."""
        self.dead = True
        self._house.forget(self)
        for line in self.lines.values():
            line.say(Bye("drain"))
            line.end()

    def carry_out(self, effects: Iterable[Effect]) -> None:
        """Do what the room wants, in order."""
        for effect in effects:
            if isinstance(effect, Send):
                self._send(effect.connection, effect.message)
            elif isinstance(effect, Append):
                self._tickets[0] = effect.ticket
                self._house.commits.put(self, effect)
            elif isinstance(effect, Publish):
                for line in self.lines.values():
                    line.nudge()
            elif isinstance(effect, Close):
                closed = self.lines.pop(effect.connection, None)
                if closed is not None:
                    closed.end()
            elif isinstance(effect, Recall):
                self._house.start(self._recall(effect))

    async def next_frame(self, number: int) -> bytes | None:
        """The next rows for a connection as a frame, or None. Raises `StoreFailed`."""
        rows = self.room.take(number)
        after = self.room.missing(number) if rows is None else None
        if after is not None:
            found = await self._house.store.rows(self.name, after)
            if not found:
                raise StoreFailed(f"row {after + 1} of {self.name} is not there")
            rows = self.room.give(number, found)
        return None if rows is None else self._frame(rows)

    def _send(self, number: int, message: Message) -> None:
        line = self.lines.get(number)
        if line is None:
            return
        if self._said is None or self._said[0] is not message:
            self._said = (message, encode(message))  # what all are told is encoded once
        line.say(*self._said)
        if line.is_slow:
            # What the others are told of it comes after what is being carried out now.
            asyncio.get_running_loop().call_soon(self._drop, number, line)

    def _drop(self, number: int, line: Line) -> None:
        if number in self.lines:
            self.leave(number)
            line.end(at_once=True)
            line.say(Bye("slow"))

    def _frame(self, rows: Rows) -> bytes:
        """Readers that are equally far get the same bytes."""
        key = (rows.rows[0].seq, len(rows.rows))
        frame = self._encoded.get(key)
        if frame is None:
            frame = self._encoded[key] = encode(rows)
            if len(self._encoded) > _ENCODED:
                self._encoded.popitem(last=False)
        return frame

    async def _recall(self, wanted: Recall) -> None:
        try:
            record = await self._house.store.session(self.name, wanted.session, wanted.first)
        except StoreFailed:
            _log.exception("session %s cannot be read", wanted.session)
            self.fail()
            return
        if not self.dead:
            self.carry_out(self.room.recalled(wanted.connection, record, now()))
