"""A small static file server for `dist/`, for work at home and for the tests.

It sends what isolates a page (COOP, COEP) unless told otherwise, lets every other origin read
(an opaque frame is one), and sends a file's compressed neighbour to whoever takes it. Where a
relay runs beside it, `relay.json` at the root tells its address. It is no server for the open
network.
"""

import contextlib
import email.utils
import functools
import hashlib
import io
import json
import mimetypes
import os
import re
import socket
import tempfile
import threading
import weakref
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, BinaryIO

from builder import paths, relay
from builder.compress import SUFFIXES
from builder.console import say
from builder.errors import BuildError

HOST = "127.0.0.1"
PORT = 8700
RELAY_FILE = "relay.json"
_NEXT_PORTS = 50
_TYPES = {
    ".mjs": "text/javascript",
    ".js": "text/javascript",
    ".css": "text/css",
    ".html": "text/html",
    ".json": "application/json",
    ".map": "application/json",
    ".svg": "image/svg+xml",
    ".wasm": "application/wasm",
    ".whl": "application/zip",
    ".zip": "application/zip",
    ".woff2": "font/woff2",
    ".webmanifest": "application/manifest+json",
    ".ipynb": "application/json",
    # Asked for by name, a neighbour is the archive that it is, not the file in a coding.
    ".gz": "application/gzip",
    ".br": "application/octet-stream",
}
_TEXT = ("text/", "application/json", "application/manifest+json")
_OPEN = {
    "Access-Control-Allow-Origin": "*",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "X-Content-Type-Options": "nosniff",
}
_ISOLATING = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
}
# A browser may keep a file but must ask whether it changed, ...
_ASK = "no-cache"
# ... except where the name tells the content: it carries a hash.
_KEEP = "public, max-age=31536000, immutable"
_HASHED = re.compile(r"chunks/[^/]+-[0-9A-Z]{8}\.js|snapshots/[^/]+\.[0-9a-f]{8,64}(\.[a-z0-9]+)+")


class Handler(SimpleHTTPRequestHandler):
    """Answers with the files of one folder, as they are or packed."""

    protocol_version = "HTTP/1.1"
    server_version = "foldbook"
    timeout = 60

    def __init__(
        self, *args: Any, isolated: bool, relay_at: str | None = None, **kwargs: Any
    ) -> None:
        self._isolated = isolated
        self._relay_at = relay_at
        self._caching = _ASK
        super().__init__(*args, **kwargs)

    def send_head(self) -> BinaryIO | None:
        if self._relay_at and self.path.split("?")[0] == f"/{RELAY_FILE}":
            return self._tell_relay(self._relay_at)
        path = Path(self.translate_path(self.path))
        if path.is_dir() and self.path.split("?")[0].endswith("/"):
            path /= "index.html"
        encoded = _neighbours(path)
        # A part of a file is counted in the bytes of the file itself.
        wish = "" if "Range" in self.headers else self.headers.get("Accept-Encoding", "")
        coding = negotiate(wish, encoded)
        try:
            file = (encoded[coding] if coding else path).open("rb")
        except OSError:  # a folder too
            self.send_error(HTTPStatus.NOT_FOUND)
            return None
        return self._begin(path, file, coding, varies=bool(encoded))

    def _tell_relay(self, address: str) -> BinaryIO:
        body = json.dumps({"relay": address}).encode()
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", content_type(Path(RELAY_FILE)))
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        return io.BytesIO(body)

    def _begin(self, path: Path, file: BinaryIO, coding: str, *, varies: bool) -> BinaryIO | None:
        state = os.fstat(file.fileno())
        tag = _tag(path, state, coding)
        known = tag in re.split(r"\s*,\s*", self.headers.get("If-None-Match", ""))
        self.send_response(HTTPStatus.NOT_MODIFIED if known else HTTPStatus.OK)
        self.send_header("ETag", tag)
        if varies:
            self.send_header("Vary", "Accept-Encoding")
        if _HASHED.fullmatch(path.relative_to(self.directory).as_posix()):
            self._caching = _KEEP
        if known:
            file.close()
            self.end_headers()
            return None
        if coding:
            self.send_header("Content-Encoding", coding)
        self.send_header("Content-Type", content_type(path))
        self.send_header("Content-Length", str(state.st_size))
        self.send_header("Last-Modified", email.utils.formatdate(state.st_mtime, usegmt=True))
        self.end_headers()
        return file

    def end_headers(self) -> None:
        self.send_header("Cache-Control", self._caching)
        self._caching = _ASK  # the connection goes on to another answer
        for name, value in {**_OPEN, **(_ISOLATING if self._isolated else {})}.items():
            self.send_header(name, value)
        super().end_headers()

    def handle(self) -> None:
        # A browser that leaves in the middle of an answer is no event worth a traceback.
        with contextlib.suppress(ConnectionError):
            super().handle()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        pass


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    # A second server on the same port must fail, also where the system would allow it.
    allow_reuse_port = False
    # Several pages that open at once; who finds the queue full tries again a second later.
    request_queue_size = 128

    def __init__(self, *args: Any) -> None:
        self._taken: weakref.WeakSet[socket.socket] = weakref.WeakSet()
        super().__init__(*args)

    def get_request(self) -> tuple[socket.socket, Any]:
        taken, peer = super().get_request()
        self._taken.add(taken)
        return taken, peer

    def server_close(self) -> None:
        super().server_close()
        # A browser keeps its connections open, and would be answered over them for ever.
        for each in list(self._taken):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)


def content_type(path: Path) -> str:
    """The Content-Type that a file is sent with."""
    kind = _TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0]
    kind = kind or "application/octet-stream"
    return f"{kind}; charset=utf-8" if kind.startswith(_TEXT) else kind


def negotiate(wish: str, offered: Collection[str]) -> str:
    """The content coding to answer with; "" stands for the file as it is.

    `wish` is the request's Accept-Encoding (RFC 9110, 12.5.3), `offered` the codings that there
    are, the better first: it is taken where the client likes two alike.
    """
    weights = dict(_weight(part) for part in wish.lower().split(","))
    plain = weights.get("identity", 0.0)
    best = max(offered, key=lambda coding: _liking(coding, weights), default="")
    liked = _liking(best, weights)
    return best if liked > 0 and liked >= plain else ""


def _liking(coding: str, weights: Mapping[str, float]) -> float:
    return weights.get(coding, weights.get("*", 0.0))


def _weight(part: str) -> tuple[str, float]:
    coding, _, parameter = part.partition(";")
    match = re.fullmatch(r"\s*(?:q\s*=\s*([01](?:\.\d*)?))?\s*", parameter)
    # What cannot be read is not asked for.
    return coding.strip(), float(match[1] or 1) if match else 0.0


def _neighbours(path: Path) -> dict[str, Path]:
    found = {coding: path.with_name(path.name + ending) for coding, ending in SUFFIXES.items()}
    return {coding: one for coding, one in found.items() if path.is_file() and one.is_file()}


def _tag(path: Path, state: os.stat_result, coding: str) -> str:
    # The path too: hard links to one cache file may stand under several names.
    key = f"{path.name} {coding} {state.st_size} {state.st_mtime_ns} {state.st_ino}"
    return f'"{hashlib.sha256(key.encode()).hexdigest()[:24]}"'


def open_server(
    folder: Path,
    port: int = 0,
    *,
    isolated: bool = True,
    strict: bool = True,
    relay_at: str | None = None,
) -> ThreadingHTTPServer:
    """A bound server for `folder`; port 0 takes a free one. relay_at: what `relay.json` tells.

    With `strict` only that port will do, else the next free one above is taken.
    Raises BuildError when there is none.
    """
    handler = functools.partial(
        Handler, directory=str(folder), isolated=isolated, relay_at=relay_at
    )
    for candidate in [port] if strict else range(port, port + _NEXT_PORTS):
        with contextlib.suppress(OSError):
            return _Server((HOST, candidate), handler)
    raise BuildError(f"Port {port} on {HOST} is taken; name another with --port.")


def address(server: ThreadingHTTPServer) -> str:
    """The address of a server, with the closing slash."""
    return f"http://{HOST}:{server.server_address[1]}/"


@contextmanager
def running(folder: Path, *, isolated: bool = True, relay_at: str | None = None) -> Iterator[str]:
    """Serve `folder` from a thread on a free port while the block runs; gives the address."""
    server = open_server(folder, isolated=isolated, relay_at=relay_at)
    with answering(server) as url:
        yield url


@contextmanager
def answering(server: ThreadingHTTPServer) -> Iterator[str]:
    """Let a server answer from a thread while the block runs, and close it; gives the address."""
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield address(server)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def running_with_relay(folder: Path, *, isolated: bool = True) -> Iterator[tuple[str, str]]:
    """As `running`, with a relay of its own beside it; gives both addresses.

    What the relay keeps is gone afterwards. Raises BuildError where it does not start.
    """
    with tempfile.TemporaryDirectory() as data, relay.running(Path(data), 0) as relay_at:
        if relay_at is None:
            raise BuildError("Expected a relay beside the page; it did not start.")
        with running(folder, isolated=isolated, relay_at=relay_at) as url:
            yield url, relay_at


def serve(folder: Path, port: int | None, *, isolated: bool) -> None:
    """Serve until Ctrl-C, with a relay beside it. Without `port`, 8700 or the next free one."""
    with relay.running(paths.WORK / "relay") as relay_at:
        server = open_server(
            folder, port or PORT, isolated=isolated, strict=port is not None, relay_at=relay_at
        )
        if relay_at:
            say(f"  the relay for shared notebooks is at {relay_at}")
        say(f"\nFoldbook is at {address(server)}   (Ctrl-C ends it)")
        with server, contextlib.suppress(KeyboardInterrupt):
            server.serve_forever()
    say("\nended")
