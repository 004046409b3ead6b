"""Small servers beside the page's own."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import HTTPServer

HOST = "127.0.0.1"
_LOOKS = 0.05  # seconds between two looks whether it is to end


@contextmanager
def running(server: HTTPServer) -> Iterator[str]:
    """Let a server answer while the block runs, and end it however that ends: "host:port"."""
    with server:
        thread = threading.Thread(target=server.serve_forever, args=(_LOOKS,), daemon=True)
        thread.start()
        try:
            yield f"{HOST}:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()
