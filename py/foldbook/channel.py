"""A channel carries frames both ways, in order, until one end closes it."""

import asyncio
from typing import Protocol


class Channel(Protocol):
    """One end. Sending does not wait: running code may block the event loop meanwhile."""

    def send(self, frame: bytes) -> None:
        """Have a frame sent. After the channel is closed it goes nowhere."""

    async def receive(self) -> bytes | None:
        """The next frame; None when the other end, or this one, has closed the channel."""

    def close(self) -> None:
        """End; frames sent before still arrive."""


class Inbox:
    """The frames that have come and were not asked for yet; nothing stands for the end."""

    def __init__(self) -> None:
        self._frames: asyncio.Queue[bytes | None] = asyncio.Queue()

    def put(self, frame: bytes | None) -> None:
        """A frame came, or the end."""
        self._frames.put_nowait(frame)

    async def get(self) -> bytes | None:
        """The next frame; None, now and for every later call, when there will be no more."""
        frame = await self._frames.get()
        if frame is None:
            self._frames.put_nowait(None)
        return frame


class MemoryChannel:
    """An end within one process; `pair` makes both."""

    def __init__(self) -> None:
        self._inbox = Inbox()
        self._other: MemoryChannel | None = None
        self._closed = False

    def send(self, frame: bytes) -> None:
        """See `Channel`."""
        if self._other is not None and not self._closed:
            self._other._inbox.put(frame)

    async def receive(self) -> bytes | None:
        """See `Channel`."""
        frame = await self._inbox.get()
        self._closed = self._closed or frame is None
        return frame

    def close(self) -> None:
        """See `Channel`."""
        if self._closed:
            return
        self._closed = True
        self._inbox.put(None)
        if self._other is not None:
            self._other._inbox.put(None)


def pair() -> tuple[MemoryChannel, MemoryChannel]:
    """Two ends of one channel."""
    one, other = MemoryChannel(), MemoryChannel()
    one._other, other._other = other, one
    return one, other
