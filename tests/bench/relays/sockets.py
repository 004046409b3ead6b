"""A WebSocket client that does as little as it can, so that it is not what is measured.

It frames and unframes, and hands on the bytes. Frames are masked with zeros: that is valid, and
costs whoever serves as much as any other mask.
"""

import asyncio
import base64
import os
from collections.abc import Callable
from urllib.parse import urlsplit

_CLOSE, _PING, _PONG = 8, 9, 10
_CONTINUED = 0


class Socket(asyncio.Protocol):
    """One open WebSocket. on_frame: told of every binary frame that comes."""

    def __init__(self, request: bytes, on_frame: Callable[[bytes], None]) -> None:
        self.opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.is_closed = False
        self._request = request
        self._on_frame = on_frame
        self._rest = b""
        self._part = b""
        self._transport: asyncio.WriteTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See `asyncio.Protocol`; so for the following ones."""
        assert isinstance(transport, asyncio.WriteTransport)
        self._transport = transport
        transport.write(self._request)

    def connection_lost(self, exc: Exception | None) -> None:
        """The other end is gone."""
        self.is_closed = True
        if not self.opened.done():
            self.opened.set_exception(ConnectionError("the server refused the WebSocket"))

    def data_received(self, data: bytes) -> None:
        """Bytes came."""
        rest = self._rest + data if self._rest else data
        if not self.opened.done():
            head, found, rest = rest.partition(b"\r\n\r\n")
            if not found:
                self._rest = head
                return
            if b" 101 " not in head[:20]:
                self.opened.set_exception(ConnectionError(head.decode(errors="replace")))
                return
            self.opened.set_result(None)
        self._rest = self._take(rest)

    def send(self, payload: bytes) -> None:
        """Send one binary frame."""
        if self._transport is not None:
            self._transport.write(framed(payload))

    def close(self) -> None:
        """End, without ceremony."""
        if self._transport is not None:
            self._transport.abort()

    def _take(self, data: bytes) -> bytes:
        """Hand on every whole frame; gives what is left."""
        at, end = 0, len(data)
        while end - at >= 2:
            size, start = data[at + 1] & 127, at + 2
            if size == 126:
                size, start = int.from_bytes(data[at + 2 : at + 4]), at + 4
            elif size == 127:
                size, start = int.from_bytes(data[at + 2 : at + 10]), at + 10
            if start + size > end:
                break
            self._frame(data[at], data[start : start + size])
            at = start + size
        return data[at:]

    def _frame(self, head: int, payload: bytes) -> None:
        kind = head & 15
        if kind == _PING and self._transport is not None:
            self._transport.write(framed(payload, _PONG))
        elif kind == _CLOSE:
            self.is_closed = True
        elif kind != _PONG:
            whole = self._part + payload if kind == _CONTINUED else payload
            self._part = b"" if head & 128 else whole
            if head & 128:
                self._on_frame(whole)


def framed(payload: bytes, kind: int = 2) -> bytes:
    """A whole frame from a client."""
    size = len(payload)
    if size < 126:
        head = bytes([128 | kind, 128 | size])
    elif size < 65536:
        head = bytes([128 | kind, 128 | 126]) + size.to_bytes(2)
    else:
        head = bytes([128 | kind, 128 | 127]) + size.to_bytes(8)
    return head + b"\0\0\0\0" + payload


async def opened(
    address: str, path: str, subprotocol: str, on_frame: Callable[[bytes], None]
) -> Socket:
    """A WebSocket that is open. Raises `ConnectionError`."""
    place = urlsplit(address)
    wanted = f"Sec-WebSocket-Protocol: {subprotocol}\r\n" if subprotocol else ""
    key = base64.b64encode(os.urandom(16)).decode()
    request = (
        f"GET {path} HTTP/1.1\r\nHost: {place.netloc}\r\nUpgrade: websocket\r\n"
        f"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n"
        f"{wanted}\r\n"
    )
    loop = asyncio.get_running_loop()
    _, socket = await loop.create_connection(
        lambda: Socket(request.encode(), on_frame), place.hostname, place.port
    )
    await asyncio.wait_for(socket.opened, 30)
    return socket
