"""A network cable between a browser and a relay, which a test can pull out and plug in again."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

_CHUNK = 65536


class Cable:
    """Passes every connection on. ``address``: where one end is; ``sent``: all bytes, both ways;
    ``streams``: the same, by connection and direction."""

    def __init__(self, relay: str) -> None:
        place = urlsplit(relay)
        self._goal = (str(place.hostname), int(place.port or 80))
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.sent = bytearray()
        self.streams: list[bytearray] = []
        self._is_in = True
        self._ended = False
        self._sockets: set[socket.socket] = set()
        threading.Thread(target=self._accept, daemon=True).start()

    def pull(self) -> None:
        """Nothing gets through any more, and what was open breaks."""
        self._is_in = False
        for each in list(self._sockets):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def plug(self) -> None:
        """It works again."""
        self._is_in = True

    def end(self) -> None:
        """Put it away."""
        self._ended = True
        self.pull()
        self._listener.close()

    def _accept(self) -> None:
        while not self._ended:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            if not self._is_in:
                near.close()
                continue
            far = socket.create_connection(self._goal)
            for one, other in ((near, far), (far, near)):
                self._sockets.add(one)
                self.streams.append(stream := bytearray())
                threading.Thread(target=self._pass, args=(one, other, stream), daemon=True).start()

    def _pass(self, one: socket.socket, other: socket.socket, stream: bytearray) -> None:
        try:
            while data := one.recv(_CHUNK):
                self.sent += data
                stream += data
                other.sendall(data)
        except OSError:
            pass  # the other end went first
        finally:
            self._sockets.discard(one)
            for each in (one, other):
                with contextlib.suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)


@contextmanager
def cable(relay: str) -> Iterator[Cable]:
    """A cable to this relay while the block runs."""
    made = Cable(relay)
    try:
        yield made
    finally:
        made.end()
