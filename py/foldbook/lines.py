"""A line carries messages both ways, in order, until one end closes it."""

from typing import Protocol

from foldbook.channel import Channel
from foldbook.wire import LOCAL_FRAME_LIMIT, Message, decode, encode


class Line(Protocol):
    """One end."""

    def send(self, message: Message) -> None:
        """Have a message sent; does not wait. After the line is closed it goes nowhere."""

    async def receive(self) -> Message | None:
        """The next message; None when either end has closed the line. Raises `BadFrame`."""

    def close(self) -> None:
        """End."""


class FrameLine:
    """Messages as frames, over a channel. limit: bytes of a frame, at most."""

    def __init__(self, channel: Channel, limit: int = LOCAL_FRAME_LIMIT) -> None:
        self._channel = channel
        self._limit = limit

    def send(self, message: Message) -> None:
        """See `Line`; so for the following ones."""
        self._channel.send(encode(message))

    async def receive(self) -> Message | None:
        """The next message."""
        frame = await self._channel.receive()
        return None if frame is None else decode(frame, self._limit)

    def close(self) -> None:
        """End."""
        self._channel.close()
