"""HTTP and WebSockets for native processes."""

import asyncio
import http.client
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any, Final

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidURI
from websockets.typing import Subprotocol

from foldbook.channel import Channel
from foldbook.errors import Refused
from foldbook.upstream import Answer
from foldbook.wire import FRAME_LIMIT

_SECONDS: Final = 30.0


class NativeNetwork:
    """A `foldbook.upstream.Network`."""

    async def ask(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None = None
    ) -> Answer:
        """See `foldbook.upstream.Network`; so for the following one."""
        request = urllib.request.Request(url, body, dict(headers), method=method)
        return await asyncio.to_thread(_ask, request)

    async def connect(self, url: str, subprotocol: str) -> Channel | None:
        """An open WebSocket."""
        try:
            socket = await connect(
                url,
                subprotocols=[Subprotocol(subprotocol)],
                compression=None,
                max_size=FRAME_LIMIT,
                open_timeout=_SECONDS,
            )
        except (OSError, TimeoutError, InvalidHandshake, InvalidURI):
            return None
        return SocketChannel(socket)


class SocketChannel:
    """A `foldbook.channel.Channel` over a WebSocket."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._outbox: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._writer = asyncio.get_running_loop().create_task(self._write())

    def send(self, frame: bytes) -> None:
        """See `foldbook.channel.Channel`; so for the following ones."""
        self._outbox.put_nowait(frame)

    async def receive(self) -> bytes | None:
        """The next frame."""
        try:
            frame = await self._socket.recv()
        except ConnectionClosed:
            return None
        return frame.encode() if isinstance(frame, str) else frame

    def close(self) -> None:
        """End, after what was sent."""
        self._outbox.put_nowait(None)

    async def _write(self) -> None:
        try:
            while (frame := await self._outbox.get()) is not None:
                await self._socket.send(frame)
        except ConnectionClosed:
            return
        await self._socket.close()


def _ask(request: urllib.request.Request) -> Answer:
    try:
        with _opened(request) as answer:
            return Answer(answer.status, answer.read())
    except (OSError, http.client.HTTPException) as why:  # the latter: the answer breaks off
        raise Refused("offline", f"the relay does not answer: {why}") from None


def _opened(request: urllib.request.Request) -> Any:
    """An answer of any status."""
    try:
        return urllib.request.urlopen(request, timeout=_SECONDS)
    except urllib.error.HTTPError as failed:
        return failed
