"""How one speaks to each server: the same edits, in its own words.

An edit inserts a few characters, and carries when it was sent (ns on this machine's clock), so
whoever hears of it knows how long it took. For Foldbook that is a row with a sealed payload of
250 bytes, for the others an update of Yjs with the characters in clear, some 40 bytes: so much
smaller is what a CRDT's server can read.

The updates are written down here by hand, as Yjs writes them (one item behind its author's last
one, no deletions), so that no client spends its time on a document.
"""

import hashlib
import os
import re
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Final, Protocol

import msgpack

PAYLOAD: Final = 250
"""Bytes of a sealed keystroke or a few."""
TOKEN: Final = b"the owner's token of this bench."
_EDIT: Final = re.compile(b"edit ([0-9a-f]{2}):([0-9a-f]{16})")  # its author, and when
_KEPT: Final = 2000  # read frames that are remembered, because many sockets get the same


@dataclass(frozen=True, slots=True)
class Heard:
    """What a frame told. sent: when each edit in it was sent; by: how many are of each author;
    acked: when each own edit was sent that is acknowledged by it.
    """

    sent: tuple[int, ...] = ()
    by: Mapping[int, int] = field(default_factory=dict)
    acked: tuple[int, ...] = ()


NOTHING: Final = Heard()


class Talk(Protocol):
    """One author's or reader's part of the conversation. ready: it may write now."""

    path: str
    subprotocol: str
    ready: bool

    def greeting(self) -> list[bytes]:
        """The first frames."""

    def edits(self, count: int) -> list[bytes]:
        """Frames with so many new edits, sent now."""

    def hear(self, frame: bytes) -> Heard:
        """What a frame tells."""


class FoldbookTalk:
    """The protocol of ``sync_relay/PROTOCOL.md``."""

    subprotocol = "foldbook.v1"
    _known: ClassVar[dict[tuple[str, bytes], Heard]] = {}

    def __init__(self, room: str, author: int) -> None:
        self.path = f"/rooms/{room}/socket"
        self.ready = False
        self._room = room
        self._secret = author.to_bytes(4) + room.encode().ljust(28, b".")[:28]
        self._session = hashlib.sha256(self._secret).hexdigest()[:32]
        self._n = self._turn = self._head = 0
        self._waiting: dict[int, int] = {}

    def greeting(self) -> list[bytes]:
        """See `Talk`; so for the following ones."""
        hello = {
            "t": "hello", "room": self._room, "epoch": "", "session_secret": self._secret,
            "actor_secret": b"actor " + self._secret, "since": 0, "version": 1, "first": 0,
            "role_token": TOKEN.hex(),
        }  # fmt: skip
        return [msgpack.packb(hello)]

    def edits(self, count: int) -> list[bytes]:
        """One push."""
        now = time.perf_counter_ns()
        payload = os.urandom(PAYLOAD - 12) + author_of(self._secret) + now.to_bytes(8)
        rows = []
        for n in range(self._n + 1, self._n + count + 1):
            self._waiting[n] = now
            rows.append([1, 0, self._session, n, self._head, "", "edit", "edit", 0, payload])
        self._n += count
        self._turn += 1
        return [msgpack.packb({"t": "push", "turn": self._turn, "rows": rows, "resume": False})]

    def hear(self, frame: bytes) -> Heard:
        """Rows are read once for all who get the same frame."""
        if frame[1:8] == b"\xa1t\xa4rows":
            key = (self._room, frame[8:32])  # how many, and the number of the first
            found = self._known.get(key) or self._read(key, frame)
            self._head += len(found.sent)
            return found
        if frame[1:7] == b"\xa1t\xa3ack":
            told = msgpack.unpackb(frame)
            numbers = range(told["n"], told["n"] + len(told["seqs"]))
            return Heard(acked=tuple(self._waiting.pop(n) for n in numbers))
        if frame[1:7] == b"\xa1t\xa3err" or frame[1:8] == b"\xa1t\xa4nack":
            raise RuntimeError(f"the relay does not take this: {msgpack.unpackb(frame)}")
        self.ready = self.ready or frame[1:11] == b"\xa1t\xa7welcome"
        return NOTHING

    def _read(self, key: tuple[str, bytes], frame: bytes) -> Heard:
        payloads = [row[9] for row in msgpack.unpackb(frame)["rows"]]
        sent = tuple(int.from_bytes(each[-8:]) for each in payloads)
        found = Heard(sent, Counter(int.from_bytes(each[-12:-8]) for each in payloads))
        if len(self._known) > _KEPT:
            self._known.clear()
        self._known[key] = found
        return found


def author_of(secret: bytes) -> bytes:
    """An author's number, as it stands in each payload."""
    return secret[:4]


class YTalk:
    """The protocol of y-websocket, which pycrdt's server speaks, too."""

    subprotocol = ""
    prefix = b""
    _known: ClassVar[dict[bytes, Heard]] = {}

    def __init__(self, room: str, author: int) -> None:
        if not 0 <= author < 100:
            raise ValueError(f"an author's number from 0 to 99 expected, {author} came")
        self.path = f"/{room}"
        self.ready = False
        self._author = author
        self._clock = 0

    def greeting(self) -> list[bytes]:
        """See `Talk`; so for the following ones. Asks for what there is."""
        return [self.prefix + b"\0\0\1\0"]

    def edits(self, count: int) -> list[bytes]:
        """Each is a frame."""
        now = f"{time.perf_counter_ns():016x}"
        return [self._edit(now) for _ in range(count)]

    def hear(self, frame: bytes) -> Heard:
        """A frame may hold several edits: Hocuspocus merges those that came together."""
        at = len(self.prefix)
        kind = frame[at : at + 2]
        if kind == b"\0\2":
            return self._known.get(frame) or self._read(frame)
        self.ready = self.ready or kind == b"\0\1"
        return NOTHING

    def _read(self, frame: bytes) -> Heard:
        edits = _EDIT.findall(frame)
        sent = tuple(int(time, 16) for _, time in edits)
        found = Heard(sent, Counter(int(author, 16) for author, _ in edits))
        if len(self._known) > _KEPT:
            self._known.clear()
        self._known[frame] = found
        return found

    def _edit(self, now: str) -> bytes:
        client = self._author + 1  # Yjs' id of an author: from 1, and one byte
        text = f"edit {self._author:02x}:{now}"
        if self._clock:
            place = bytes([0x84, client]) + _varint(self._clock - 1)
        else:
            place = b"\4\1\5paper"
        item = bytes([1, 1, client]) + _varint(self._clock) + place
        update = item + bytes([len(text)]) + text.encode() + b"\0"
        self._clock += len(text)
        return self.prefix + b"\0\2" + bytes([len(update)]) + update


class HocuspocusTalk(YTalk):
    """The same with the document's name before each message, and a word of who one is."""

    def __init__(self, room: str, author: int) -> None:
        super().__init__(room, author)
        self.path = "/"
        self.prefix = bytes([len(room)]) + room.encode()

    def greeting(self) -> list[bytes]:
        """A token that nobody looks at, then the question."""
        return [self.prefix + b"\2\0\1x\x054.7.0", *super().greeting()]


def _varint(number: int) -> bytes:
    found = bytearray()
    while number > 127:
        found.append(number & 127 | 128)
        number >>= 7
    return bytes([*found, number])
