"""A real relay on a real socket, and peers that speak with it, for tests."""

import hashlib
import http.client
import json
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar
from urllib.parse import urlsplit

from foldbook.row import Kind, Role, Row, digest
from foldbook.wire import (
    Ack,
    Call,
    Err,
    Hello,
    Message,
    Push,
    Reply,
    Rows,
    Welcome,
    decode,
    encode,
    identify,
)
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from sync_relay.config import Config, Limits
from sync_relay.main import Relay
from sync_relay.store import RelayStore

M = TypeVar("M")
PATIENCE = 20.0  # seconds; only a defect takes so long
ROOM = "room-of-tests"


@contextmanager
def relay(
    folder: Path, *, limits: Limits | None = None, store: RelayStore | None = None, **more: Any
) -> Iterator[Relay]:
    """A relay in a thread of this process, until the block ends."""
    running = Relay(Config(folder, port=0, limits=limits or Limits(), **more), store)
    thread = threading.Thread(target=running.run, daemon=True)
    thread.start()
    try:
        until(lambda: bool(running.address) or not thread.is_alive())
        assert thread.is_alive(), "the relay did not start"
        yield running
    finally:
        running.should_exit = True
        thread.join(PATIENCE)
        assert not thread.is_alive(), "the relay did not end"


def until(done: Any) -> None:
    """Wait until something is so."""
    limit = time.monotonic() + PATIENCE
    while not done():
        assert time.monotonic() < limit, "it does not come to pass"
        time.sleep(0.005)


@dataclass
class Web:
    """Requests to a relay as somebody: by the token of a link and his secret."""

    address: str
    token: bytes = b"t" * 16
    secret: bytes = b"a" * 16

    @property
    def actor(self) -> str:
        return identify(self.secret)

    @property
    def token_hash(self) -> str:
        return hashlib.sha256(self.token).hexdigest()

    def ask(
        self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> tuple[int, Any]:
        """Status and body, which is parsed where it is JSON."""
        answer, data = self.fetch(method, path, body, headers)
        is_json = answer.headers.get("content-type") == "application/json"
        return answer.status, json.loads(data) if is_json else data

    def fetch(
        self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> tuple[http.client.HTTPResponse, bytes]:
        connection = http.client.HTTPConnection(urlsplit(self.address).netloc, timeout=PATIENCE)
        sent = json.dumps(body).encode() if isinstance(body, dict) else body
        own = {"Authorization": f"Foldbook {self.token.hex()}.{self.secret.hex()}"}
        try:
            told = {**own, **(headers or {})}
            chunked = "Transfer-Encoding" in told
            connection.request(method, path, sent, told, encode_chunked=chunked)
            answer = connection.getresponse()
            return answer, answer.read()
        finally:
            connection.close()

    def creation(self, room: str = ROOM, base: int = 0, epoch: str = "e1") -> dict[str, Any]:
        """What one says to create a room."""
        return {
            "room": room, "epoch": epoch, "key_id": "00" * 8, "base": base, "verify": "00" * 32,
            "owner": {"id": "first", "token_hash": self.token_hash},
        }  # fmt: skip

    def make(self, room: str = ROOM) -> None:
        """An open, empty room."""
        assert self.ask("POST", "/rooms", self.creation(room))[0] == 201
        assert self.ask("POST", f"/rooms/{room}/open", {"base": 0})[0] == 200


@dataclass
class Caller:
    """A peer on a socket, which does what it is told and no more. narrow: little fits into its
    pipe.
    """

    address: str
    session: bytes = b"s" * 16
    secret: bytes = b"a" * 16
    token: bytes | None = b"t" * 16
    room: str = ROOM
    since: int = 0
    narrow: bool = False
    turn: int = 0
    heard: list[Message] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    socket: ClientConnection = field(init=False)

    def __enter__(self) -> "Caller":
        place = urlsplit(self.address)
        pipe = socket.socket()
        if self.narrow:
            pipe.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        pipe.connect((place.hostname, place.port))
        url = f"{self.address.replace('http', 'ws', 1)}/rooms/{self.room}/socket"
        self.socket = connect(
            url,
            sock=pipe,
            subprotocols=["foldbook.v1"],
            compression=None,
            close_timeout=1,
            max_size=2**22,
            legacy=True,
        )  # type: ignore[call-overload]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, why: BaseException | None, at: TracebackType | None
    ) -> None:
        self.socket.close()

    @property
    def id(self) -> str:
        return identify(self.session)

    def hello(self, first: int = 0, **more: Any) -> Hello:
        token = self.token.hex() if self.token else None
        fields = {"room": self.room, "epoch": "", "since": self.since, **more}
        return Hello(
            session_secret=self.session,
            actor_secret=self.secret,
            role_token=token,
            first=first,
            **fields,
        )

    def join(self, first: int = 0, **more: Any) -> Welcome:
        self.say(self.hello(first, **more))
        return self.expect(Welcome)

    def say(self, message: Message) -> None:
        self.socket.send(encode(message))

    def hear(self) -> Message:
        """The next message. Raises `ConnectionClosed` at the end."""
        data = self.socket.recv(PATIENCE)
        assert isinstance(data, bytes)
        message = decode(data)
        self.heard.append(message)
        if isinstance(message, Rows):
            self.rows += message.rows
        return message

    def expect(self, kind: type[M]) -> M:
        """The next message of a kind; others are passed over. No `Err` is."""
        while True:
            message = self.hear()
            if isinstance(message, kind):
                return message
            assert not isinstance(message, Err), message

    def rest(self) -> list[Message]:
        """Everything until the relay closes."""
        found: list[Message] = []
        try:
            while True:
                found.append(self.hear())
        except ConnectionClosed:
            return found

    def row(self, n: int, kind: Kind = Kind.EDIT, payload: bytes = b"sealed", seen: int = 0) -> Row:
        return Row(0, self.id, n, seen, "", Role.OWN, kind, 0, payload)

    def push(self, *rows: Row, resume: bool = False) -> None:
        self.turn += 1
        self.say(Push(self.turn, rows, resume))

    def write(self, *rows: Row) -> tuple[int, ...]:
        """Push rows and wait for their seqs."""
        self.push(*rows)
        seqs: tuple[int, ...] = ()
        while len(seqs) < len(rows):
            ack = self.expect(Ack)
            assert ack.digests == tuple(map(digest, rows))[len(seqs) : len(seqs) + len(ack.seqs)]
            seqs += ack.seqs
        return seqs

    def read(self, upto: int) -> list[Row]:
        """The rows that have come since the last time, up to a seq at least."""
        while not self.rows or self.rows[-1].seq < upto:
            assert not isinstance(self.hear(), Err)
        found, self.rows = self.rows, []
        return found

    def ask(self, method: str, **params: Any) -> Reply:
        """Ask the room."""
        self.say(Call("1", "room", method, params))
        return self.expect(Reply)
