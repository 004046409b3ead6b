"""One connection, seen from the relay: what is to be sent, in which order, and how fast it talks.

Nothing piles up for a slow reader: rows are taken from the log when they can be sent, and of
what sessions show of themselves only the newest is kept. What must come in order (answers) is
counted, and too much of it ends the connection.
"""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Awaitable, Callable

from foldbook.wire import Bye, Came, Gone, Message, Presence, encode
from starlette.websockets import WebSocket, WebSocketDisconnect

from sync_relay.config import Limits

_log = logging.getLogger(__name__)


class Line:
    """Sends to one socket. rows: gives the next frame of rows, or None."""

    def __init__(
        self, socket: WebSocket, limits: Limits, rows: Callable[[], Awaitable[bytes | None]]
    ) -> None:
        self._socket = socket
        self._limits = limits
        self._rows = rows
        self._replies: deque[bytes] = deque()
        self._reply_bytes = 0
        self._passing: dict[tuple[bool, str], bytes] = {}
        self._wake = asyncio.Event()
        self.is_ending = False
        self.sent_bytes = 0

    @property
    def is_slow(self) -> bool:
        """Whether too much waits to be sent."""
        behind, size = self._limits.behind, self._limits.behind_bytes
        return len(self._replies) > behind or self._reply_bytes > size

    def say(self, message: Message, frame: bytes | None = None) -> None:
        """Send this, as soon as the reader takes it. frame: the message, encoded before."""
        frame = frame or encode(message)
        if isinstance(message, (Presence, Came, Gone)):
            self._passing[isinstance(message, Presence), message.session] = frame
        else:
            self._replies.append(frame)
            self._reply_bytes += len(frame)
        self._wake.set()

    def nudge(self) -> None:
        """There may be rows."""
        self._wake.set()

    def end(self, *, at_once: bool = False) -> None:
        """Close after what has been said; rows are not sent any more. at_once: nor is the rest."""
        self.is_ending = True
        if at_once:
            self._replies.clear()
            self._reply_bytes = 0
        self._wake.set()

    async def run(self) -> bool:
        """Send until the end; False where the reader was too slow."""
        try:
            while (frame := await self._next()) is not None:
                async with asyncio.timeout(self._limits.send_seconds):
                    await self._socket.send_bytes(frame)
                self.sent_bytes += len(frame)
        except TimeoutError:
            await self._part(encode(Bye("slow")), 1.0)
            return False
        except WebSocketDisconnect:
            return True  # the one who listens is told, too
        await self._part(None, self._limits.send_seconds)
        return True

    async def _next(self) -> bytes | None:
        while True:
            self._wake.clear()
            if self._replies:
                reply = self._replies.popleft()
                self._reply_bytes -= len(reply)
                return reply
            if self.is_ending:
                return None
            if (frame := await self._rows()) is not None:
                return frame
            if self._passing:
                return self._passing.pop(next(iter(self._passing)))
            await self._wake.wait()

    async def _part(self, last: bytes | None, seconds: float) -> None:
        """A last word, if the reader still takes it, and the end."""
        try:
            async with asyncio.timeout(seconds):
                if last is not None:
                    await self._socket.send_bytes(last)
                await self._socket.close()
        except (TimeoutError, WebSocketDisconnect):
            _log.info("a reader was gone or too slow when it was to be told of the end")


class Bucket:
    """Lets bytes through at a rate, and some more at once; who says more waits.

    clock: gives seconds. pause: waits some.
    """

    def __init__(
        self,
        rate: int,
        burst: int,
        clock: Callable[[], float] = time.monotonic,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._rate = rate
        self._burst = burst
        self._clock = clock
        self._pause = pause
        self._left = float(burst)
        self._at = clock()

    async def take(self, size: int) -> None:
        """Wait until so many bytes may pass."""
        now = self._clock()
        self._left = min(float(self._burst), self._left + (now - self._at) * self._rate) - size
        self._at = now
        if self._left < 0:
            await self._pause(-self._left / self._rate)
