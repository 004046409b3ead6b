"""HTTP and WebSockets of the browser, through what ``site/notebook_worker.js`` gives."""

from collections.abc import Mapping
from typing import Any

from pyodide.ffi import JsException, create_proxy, to_js

from foldbook.channel import Channel, Inbox
from foldbook.errors import Refused
from foldbook.upstream import Answer


class BrowserNetwork:
    """A `foldbook.upstream.Network`. ``js`` is the module ``network.js``."""

    def __init__(self, js: Any) -> None:
        self._js = js

    async def ask(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None = None
    ) -> Answer:
        """See `foldbook.upstream.Network`; so for the following one."""
        told = to_js(list(headers.items()))
        try:
            answer = await self._js.ask(
                method, url, told, to_js(body) if body is not None else None
            )
        except JsException:
            raise Refused("offline", "the relay does not answer") from None
        return Answer(answer.status, answer.body.to_bytes())

    async def connect(self, url: str, subprotocol: str) -> Channel | None:
        """An open WebSocket."""
        socket = await self._js.connect(url, subprotocol)
        return None if socket is None else SocketChannel(socket)


class SocketChannel:
    """A `foldbook.channel.Channel` over an open WebSocket."""

    def __init__(self, socket: Any) -> None:
        self._socket = socket
        self._inbox = Inbox()
        self._closed = False
        self._listener = create_proxy(self._take)
        socket.listen(self._listener)

    def send(self, frame: bytes) -> None:
        """See `foldbook.channel.Channel`; so for the following ones."""
        if not self._closed:
            self._socket.send(to_js(frame))

    async def receive(self) -> bytes | None:
        """The next frame."""
        return await self._inbox.get()

    def close(self) -> None:
        """End, after what was sent."""
        if not self._closed:
            self._socket.close()
            self._end()

    def _take(self, data: Any) -> None:
        """A frame; nothing: the socket has ended."""
        if data is not None:
            self._inbox.put(data.to_bytes())
        elif not self._closed:
            self._end()

    def _end(self) -> None:
        self._closed = True
        self._inbox.put(None)
        self._socket.listen(None)
        self._listener.destroy()
