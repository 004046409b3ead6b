"""Channels over a MessagePort: between the notebook worker and a runtime worker."""

from typing import Any

from pyodide.ffi import create_proxy, to_js

from foldbook.channel import Inbox


class PortChannel:
    """One end; a `foldbook.channel.Channel`. A frame is a Uint8Array, the end is null."""

    def __init__(self, port: Any) -> None:
        self._port = port
        self._inbox = Inbox()
        self._closed = False
        self._listener = create_proxy(self._take)
        port.onmessage = self._listener

    def send(self, frame: bytes) -> None:
        """See `foldbook.channel.Channel`."""
        if not self._closed:
            array = to_js(frame)
            self._port.postMessage(array, to_js([array.buffer]))

    async def receive(self) -> bytes | None:
        """See `foldbook.channel.Channel`."""
        return await self._inbox.get()

    def close(self) -> None:
        """See `foldbook.channel.Channel`."""
        if self._closed:
            return
        self._port.postMessage(None)
        self._end()

    def _take(self, event: Any) -> None:
        data = event.data
        if hasattr(data, "to_bytes"):
            self._inbox.put(data.to_bytes())
        elif not self._closed:
            self._end()

    def _end(self) -> None:
        self._closed = True
        self._port.onmessage = None
        self._port.close()
        self._listener.destroy()
        self._inbox.put(None)
