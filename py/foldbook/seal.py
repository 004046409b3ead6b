"""End-to-end encryption: the keys, what is bound to what, and the sealed bytes. Pure.

Who has the room key reads everything; a relay never has it. Whatever is sealed looks like this:

    1 byte   version
    8 bytes  key id, so that another key is told from damage
    12 bytes nonce
    then AES-256-GCM's ciphertext and its tag of 16 bytes

Beside the plaintext, AES-GCM authenticates *additional data*, which is not carried along: whoever
opens makes it from where the bytes were found. So bytes moved to another place do not open there.
Every kind of place has its own ``data_of_…`` function here.

DESIGN asked for random nonces. They are synthetic instead: a MAC, under a key of its own, of
additional data and plaintext. Sealing the same row again, after a reconnect, thus gives the same
bytes, and the relay knows the row again by its digest. Equal plaintexts in two rows still differ,
because session and n stand in the additional data; two different plaintexts meet in one nonce no
likelier than with random ones. What an onlooker learns is only that the same was sealed twice for
the same place.

Inside a sealed row lies an *envelope*: the event and, where `must_be_signed`, the signature of
whoever may run or administer. The ciphers that do the work stand elsewhere (`foldbook.sealer`).
"""

import hashlib
import hmac
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

import msgpack

from foldbook.errors import Mine
from foldbook.row import Kind, Row

VERSION: Final = 1
KEY_SIZE: Final = 32
"""Bytes of a room key and of each key made from it."""
SIGNATURE_SIZE: Final = 64

_ID_SIZE: Final = 8
_NONCE_SIZE: Final = 12
_HEADER_SIZE: Final = 1 + _ID_SIZE + _NONCE_SIZE
_TAG_SIZE: Final = 16
_ENVELOPE_SIZE: Final = 1 + 1 + 5 + 2 + SIGNATURE_SIZE  # MessagePack's heads, the largest ones

BOX_OVERHEAD: Final = _HEADER_SIZE + _TAG_SIZE
"""Bytes that sealing adds to anything."""
OVERHEAD: Final = BOX_OVERHEAD + _ENVELOPE_SIZE
"""Bytes that sealing adds to the payload of a row, at most: its signature included."""

_SALT: Final = b"foldbook.seal.1"
_SIGNED: Final = b"foldbook.row.1\0"


class Unopened(StrEnum):
    """Why sealed bytes cannot be read; the value is for people."""

    VERSION = "sealed in a version that is not known here"
    TRUNCATED = "truncated"
    KEY = "sealed with another key"
    CHANGED = "changed on the way"
    ENVELOPE = "sealed with the right key, but not as an event"


@dataclass(frozen=True, slots=True)
class Keys:
    """What is made from a room key, each for one use.

    id: 8 bytes that name the room key without telling anything of it. payload: for AES-256-GCM.
    nonce: for the MAC that gives nonces. blob_name: for the MAC that gives blobs' addresses.
    """

    id: bytes
    payload: bytes = field(repr=False)
    nonce: bytes = field(repr=False)
    blob_name: bytes = field(repr=False)

    @classmethod
    def of(cls, room_key: bytes) -> "Keys":
        """The keys of a room. Raises `Mine` unless the room key has 32 bytes."""
        if len(room_key) != KEY_SIZE:
            raise Mine(f"a room key has {KEY_SIZE} bytes, this has {len(room_key)}")
        return cls(
            id=hkdf(room_key, _SALT, b"key id", _ID_SIZE),
            payload=hkdf(room_key, _SALT, b"payload key", KEY_SIZE),
            nonce=hkdf(room_key, _SALT, b"nonce key", KEY_SIZE),
            blob_name=hkdf(room_key, _SALT, b"blob name key", KEY_SIZE),
        )

    def nonce_for(self, data: bytes, plain: bytes) -> bytes:
        """The 12 bytes of nonce under which this plaintext is sealed with this additional data."""
        mac = hmac.new(self.nonce, len(data).to_bytes(8, "big"), hashlib.sha256)
        mac.update(data)
        mac.update(plain)  # not joined: a blob may be large
        return mac.digest()[:_NONCE_SIZE]

    def name_of_blob(self, digest: str) -> str:
        """A blob's address at the relay: 64 hex digits.

        digest: SHA-256 of the plaintext in hex, as the log names it.
        """
        return hmac.digest(self.blob_name, _text(digest), "sha256").hex()


def hkdf(key: bytes, salt: bytes, info: bytes, size: int) -> bytes:
    """RFC 5869 with SHA-256: ``size`` bytes (at most 8,160) made from ``key`` for one use."""
    secret = hmac.digest(salt or bytes(32), key, "sha256")
    block = made = b""
    for count in range(1, -(-size // 32) + 1):
        block = hmac.digest(secret, block + info + bytes([count]), "sha256")
        made += block
    return made[:size]


def data_of_row(room: str, epoch: str, row: Row, actor: str) -> bytes:
    """The additional data of a row that ``actor`` wrote: all that its writer gave, and where."""
    return _data("row", room, epoch, row.session, row.n, row.seen, row.kind.value, actor)


def data_of_message(purpose: str, room: str, session: str) -> bytes:
    """The additional data of an ephemeral message.

    purpose: what it is ("presence", "call" ...). session: the sender's.
    """
    return _data("message", purpose, room, session)


def data_of_blob(room: str, digest: str) -> bytes:
    """The additional data of a blob; digest: SHA-256 of the plaintext in hex."""
    return _data("blob", room, digest)


def data_of_segment(room: str, epoch: str, first: int, last: int) -> bytes:
    """The additional data of a segment that holds the rows from seq ``first`` to ``last``."""
    return _data("segment", room, epoch, first, last)


def data_of_snapshot(room: str, epoch: str, seq: int) -> bytes:
    """The additional data of a snapshot: the fold of the rows 1 to ``seq``."""
    return _data("snapshot", room, epoch, seq)


def _data(purpose: str, *parts: str | int) -> bytes:
    """Canonical bytes: each part behind its length (4 bytes), a number as 8 bytes.

    The purpose stands first and says how many parts there are and of what kind, so no two lists
    of parts give the same bytes.
    """
    made = [f"foldbook.{purpose}".encode(), VERSION.to_bytes(8, "big")]
    made += [_text(each) if isinstance(each, str) else each.to_bytes(8, "big") for each in parts]
    return b"".join(len(each).to_bytes(4, "big") + each for each in made)


def _text(text: str) -> bytes:
    return text.encode(errors="surrogatepass")  # ids of others: any text has its bytes


def must_be_signed(kind: Kind) -> bool:
    """Whether rows of this kind carry a signature: running code and the rights of others."""
    return kind in (Kind.RUN, Kind.ADMIN)


def signing_input(data: bytes, payload: bytes) -> bytes:
    """What is signed with Ed25519: a row's additional data and its plain payload."""
    return _SIGNED + data + payload


@dataclass(frozen=True, slots=True)
class Envelope:
    """What is sealed of a row: its plain payload, and where there is one a signature (64 bytes)."""

    payload: bytes
    signature: bytes | None

    def pack(self) -> bytes:
        """The bytes that are sealed."""
        packed: bytes = msgpack.packb([VERSION, self.payload, self.signature], use_bin_type=True)
        return packed

    @classmethod
    def unpack(cls, plain: bytes) -> "Envelope | Unopened":
        """The inverse of `pack`, or why these bytes are no envelope."""
        try:
            values = msgpack.unpackb(plain, raw=False, strict_map_key=True)
        except ValueError:
            return Unopened.ENVELOPE
        match values:
            case [int(version), bytes(payload), None | bytes() as signature] if version == VERSION:
                return cls(payload, signature)
            case [int(version), *_] if version > VERSION:
                return Unopened.VERSION
        return Unopened.ENVELOPE


def join(keys: Keys, nonce: bytes, ciphertext: bytes) -> bytes:
    """The sealed form. ciphertext: with its tag behind it."""
    return bytes([VERSION]) + keys.id + nonce + ciphertext


def split(keys: Keys, sealed: bytes) -> tuple[bytes, bytes] | Unopened:
    """The nonce and the ciphertext (with its tag) of sealed bytes, or why there is none."""
    if sealed and sealed[0] != VERSION:
        return Unopened.VERSION
    if len(sealed) < BOX_OVERHEAD:
        return Unopened.TRUNCATED
    if sealed[1 : 1 + _ID_SIZE] != keys.id:
        return Unopened.KEY
    return sealed[1 + _ID_SIZE : _HEADER_SIZE], sealed[_HEADER_SIZE:]
