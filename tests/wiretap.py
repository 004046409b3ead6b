"""What somebody between a peer and its relay reads, TLS taken away, and what may be found there."""

import base64
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from foldbook.link import ShareLink
from foldbook.seal import Keys
from foldbook.wire import Hello, Message, decode

_AUTHORIZATION = re.compile(rb"(?im)^authorization: foldbook [0-9a-f]*\.[0-9a-f]+\r\n")
_BINARY = 2


@dataclass(slots=True)
class Heard:
    """All that was said. rest: every byte but what stands in Authorization and in `hello`, the
    places for tokens and for the secrets behind ids; the WebSockets' masks are taken off."""

    rest: list[bytes] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)
    authorizations: list[bytes] = field(default_factory=list)

    @property
    def hellos(self) -> list[Hello]:
        """The first message of each connection."""
        return [each for each in self.messages if isinstance(each, Hello)]

    def finds(self, secret: bytes) -> list[str]:
        """In which forms these bytes were said where they may not be."""
        return sorted(
            name for name, form in forms(secret) if any(form in part for part in self.rest)
        )


def listen(streams: Iterable[bytes | bytearray]) -> Heard:
    """Read what a `tests.cable` has recorded, one connection and direction after the other."""
    heard = Heard()
    for stream in streams:
        head, end, body = bytes(stream).partition(b"\r\n\r\n")
        is_socket = re.search(rb"(?im)^upgrade: websocket", head) is not None
        whole = head + end if is_socket else bytes(stream)
        heard.authorizations += _AUTHORIZATION.findall(whole)
        heard.rest.append(_AUTHORIZATION.sub(b"", whole))
        for opcode, frame in frames(body) if is_socket else ():
            message = decode(frame) if opcode == _BINARY else None
            if message is not None:
                heard.messages.append(message)
            if not isinstance(message, Hello):
                heard.rest.append(frame)
    return heard


def frames(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The WebSocket frames (RFC 6455) of one direction, as opcode and unmasked payload."""
    at = 0
    while at + 2 <= len(data):
        opcode, length = data[at] & 15, data[at + 1] & 127
        is_masked = bool(data[at + 1] & 128)
        at += 2
        if length >= 126:
            size = 2 if length == 126 else 8
            length = int.from_bytes(data[at : at + size], "big")
            at += size
        mask = data[at : at + 4] if is_masked else b""
        at += len(mask)
        payload = data[at : at + length]
        if len(payload) < length:
            return  # it was cut off
        at += length
        yield opcode, bytes(b ^ mask[i % 4] for i, b in enumerate(payload)) if mask else payload


def secrets_of(link: ShareLink) -> dict[str, bytes]:
    """What nobody may find on the way: the room key, all that is made from it, the seed."""
    keys = Keys.of(link.key)
    found = {"key": link.key, "payload": keys.payload, "nonce": keys.nonce, "names": keys.blob_name}
    return found | ({"seed": link.seed} if link.seed else {})


def forms(secret: bytes) -> Iterator[tuple[str, bytes]]:
    """How bytes may be written down: as they are, in hex, in base64 wherever they begin in it."""
    yield "bytes", secret
    yield "hex", secret.hex().encode()
    yield "HEX", secret.hex().upper().encode()
    for shift in range(3):
        # Of the characters at both ends, bits belong to the neighbours.
        usable = secret[(3 - shift) % 3 :]
        usable = usable[: len(usable) // 3 * 3]
        yield f"base64 {shift}", base64.b64encode(usable)
        yield f"base64url {shift}", base64.urlsafe_b64encode(usable)
