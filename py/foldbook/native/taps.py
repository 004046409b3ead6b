"""Text that comes from outside of a shell: gathered, and captured from file descriptors."""

import asyncio
import codecs
import os
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final, Literal

from foldbook.errors import CommandRefused
from foldbook.executor import AsyncOutlet

Name = Literal["stdout", "stderr"]

INTERVAL: Final = 0.05
"""Seconds between two pieces of a stream, at least, unless it has much to say."""
PIECE: Final = 16 * 1024
"""Characters that are not held back longer."""
_CHUNK: Final = 64 * 1024
_TAIL: Final = 4096


class Gatherer:
    """Between streams and an outlet: a thousand short lines become a handful of pieces.

    Whoever sends another output through the outlet calls `flush` before.
    """

    def __init__(self, outlet: AsyncOutlet) -> None:
        self._outlet = outlet
        self._loop = asyncio.get_running_loop()
        self._key: tuple[str, Name] | None = None
        self._pieces: list[str] = []
        self._held = 0
        self._sent_at = -INTERVAL
        self._timer: asyncio.TimerHandle | None = None

    def write(self, parent: str, name: Name, text: str) -> None:
        """Text of an execution's stream."""
        if self._key != (parent, name):
            self.flush()
            self._key = (parent, name)
        self._pieces.append(text)
        self._held += len(text)
        now = self._loop.time()
        if self._held >= PIECE or now - self._sent_at >= INTERVAL:
            self.flush()
        elif self._timer is None:
            self._timer = self._loop.call_at(self._sent_at + INTERVAL, self._on_time)

    def flush(self) -> None:
        """Hand over what is held."""
        if self._key is None or not self._pieces:
            return
        (parent, name), text = self._key, "".join(self._pieces)
        self._pieces, self._held = [], 0
        self._sent_at = self._loop.time()
        with suppress(CommandRefused):  # nothing can be written any more; the agent knows
            self._outlet.stream(parent, name, text)

    def close(self) -> None:
        """Hand over what is held; nothing comes later."""
        self.flush()
        if self._timer is not None:
            self._timer.cancel()

    def _on_time(self) -> None:
        self._timer = None
        self.flush()


class Tap:
    """The reading end of a pipe, from which it takes text as it comes.

    say: told each piece. ``tail`` is the last of what came. The descriptor is closed at the end.
    """

    def __init__(self, descriptor: int, say: Callable[[str], None]) -> None:
        os.set_blocking(descriptor, False)
        self.tail = ""
        self._descriptor = descriptor
        self._say = say
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._is_open = True
        self._waiter: asyncio.Future[None] | None = None

    @property
    def last_lines(self) -> list[str]:
        """The last of what came, for people: up to five lines."""
        return self.tail.strip().splitlines()[-5:]

    def take(self) -> int:
        """Read what is there now, up to some 64 KiB; returns how many bytes it was."""
        if not self._is_open:
            return 0
        try:
            data = os.read(self._descriptor, _CHUNK)
        except BlockingIOError:
            return 0
        except OSError:
            data = b""
        text = self._decoder.decode(data, final=not data)
        if not data:
            self.close()
        if text:
            self.tail = (self.tail + text)[-_TAIL:]
            self._say(text)
        return len(data)

    def take_all(self, limit: int) -> None:
        """Read what is there, up to about ``limit`` bytes."""
        while limit > 0 and (taken := self.take()):
            limit -= taken

    async def run(self, pause: Callable[[], Awaitable[None]]) -> None:
        """Take until nobody can write any more; ``pause`` is awaited before more is read."""
        while self._is_open:
            await self._readable()
            self.take()
            await pause()

    def close(self) -> None:
        """Read no more."""
        if self._is_open:
            self._is_open = False
            self._wake()
            os.close(self._descriptor)

    async def _readable(self) -> None:
        loop = asyncio.get_running_loop()
        self._waiter = loop.create_future()
        loop.add_reader(self._descriptor, self._wake)
        try:
            await self._waiter
        finally:
            self._wake()

    def _wake(self) -> None:
        if self._waiter is not None:
            self._waiter.get_loop().remove_reader(self._descriptor)
            if not self._waiter.done():
                self._waiter.set_result(None)
            self._waiter = None
