"""What a notebook asks of its relay besides the log: the room itself, and sealed files.

The addresses and answers stand in ``sync_relay/PROTOCOL.md``. The network is the platform's:
`foldbook.browser.network`, `foldbook.native.network`.
"""

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

from foldbook.channel import Channel
from foldbook.errors import Refused
from foldbook.sealer import Cipher

SUBPROTOCOL: Final = "foldbook.v1"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: an HTTP status, and the bytes."""

    status: int
    body: bytes


class Network(Protocol):
    """How one reaches a relay."""

    async def ask(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None = None
    ) -> Answer:
        """One HTTP request. Raises `Refused` ("offline") where nobody answers."""

    async def connect(self, url: str, subprotocol: str) -> Channel | None:
        """An open WebSocket; None where nobody answers."""


@dataclass(frozen=True, slots=True)
class Outside:
    """All of the platform that sharing needs.

    open_cipher: a cipher for a payload key, a public key and, for whoever may sign, its seed.
    public_key: that of a seed.
    """

    network: Network
    open_cipher: Callable[[bytes, bytes, bytes | None], Awaitable[Cipher]]
    public_key: Callable[[bytes], Awaitable[bytes]]


@dataclass(frozen=True, slots=True)
class RoomInfo:
    """What the relay says of a room. segments: (first, last) of each, in order. snapshot: the
    seq of the newest; 0: there is none."""

    epoch: str
    base: int
    head: int
    key_id: str
    open: bool
    segments: tuple[tuple[int, int], ...]
    snapshot: int = 0


class Upstream:
    """One room at its relay, for one person.

    relay: its address. token: the link's; actor_secret: the person's.
    """

    def __init__(
        self, network: Network, relay: str, room: str, token: bytes, actor_secret: bytes
    ) -> None:
        self._network = network
        self._relay = relay.rstrip("/")
        self._room = f"{self._relay}/rooms/{room}"
        self._headers = {"Authorization": f"Foldbook {token.hex()}.{actor_secret.hex()}"}

    async def create(self, values: Mapping[str, Any], creation_token: str) -> None:
        """Make the room, as a draft. Raises `Refused`."""
        headers = {"Authorization": f"Bearer {creation_token}"} if creation_token else {}
        body = json.dumps(values).encode()
        await self._ask("POST", f"{self._relay}/rooms", body, headers)

    async def open(self, base: int, session: str, n: int) -> None:
        """From now on the relay numbers the rows, from base + 1, and those of this session from
        n + 1. Raises `Refused`."""
        told = {"base": base, "session": session, "n": n}
        await self._ask("POST", f"{self._room}/open", json.dumps(told).encode())

    async def info(self) -> RoomInfo:
        """What the relay says of the room. Raises `Refused`."""
        return _info(await self._ask("GET", self._room))

    async def put_segment(self, first: int, last: int, sealed: bytes) -> None:
        """Rows from the time before the room. Raises `Refused`."""
        await self._ask("PUT", f"{self._room}/segments/{first}-{last}", sealed)

    async def segment(self, first: int, last: int) -> bytes:
        """The sealed rows of one segment. Raises `Refused`."""
        return await self._ask("GET", f"{self._room}/segments/{first}-{last}")

    async def rows(self, after: int) -> bytes:
        """Sealed rows after a seq that is not before the room's base: a record of some of them.

        Raises `Refused`.
        """
        return await self._ask("GET", f"{self._room}/rows?after={after}")

    async def put_snapshot(self, seq: int, sealed: bytes) -> None:
        """What the rows up to ``seq`` come to. Raises `Refused`."""
        await self._ask("PUT", f"{self._room}/snapshots/{seq}", sealed)

    async def snapshot(self, seq: int) -> bytes:
        """The sealed snapshot under this number. Raises `Refused`."""
        return await self._ask("GET", f"{self._room}/snapshots/{seq}")

    async def put_blob(self, name: str, sealed: bytes) -> None:
        """A blob, under its sealed name. Raises `Refused`."""
        await self._ask("PUT", f"{self._room}/blobs/{name}", sealed)

    async def blob(self, name: str) -> bytes | None:
        """The sealed bytes; None where nobody has sent them. Raises `Refused`."""
        answer = await self._network.ask("GET", f"{self._room}/blobs/{name}", self._headers)
        return None if answer.status == 404 else _checked(answer)

    async def connect(self) -> Channel | None:
        """A channel to the room's log; None where the relay does not answer."""
        url = f"ws{self._room.removeprefix('http')}/socket"
        return await self._network.connect(url, SUBPROTOCOL)

    async def _ask(
        self,
        method: str,
        url: str,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> bytes:
        told = self._headers if headers is None else headers
        return _checked(await self._network.ask(method, url, told, body))


def _checked(answer: Answer) -> bytes:
    if 200 <= answer.status < 300:
        return answer.body
    try:
        told = json.loads(answer.body)
        code, message = str(told["code"]), str(told["message"])
    except (ValueError, KeyError, TypeError):
        code, message = "relay", f"it answered {answer.status}, which a relay does not"
    raise Refused(code, message)


def _info(body: bytes) -> RoomInfo:
    try:
        told = json.loads(body)
        segments = tuple((int(each["first"]), int(each["last"])) for each in told["segments"])
        return RoomInfo(
            epoch=str(told["epoch"]),
            base=int(told["base"]),
            head=int(told["head"]),
            key_id=str(told["key_id"]),
            open=bool(told["open"]),
            segments=segments,
            snapshot=int((told.get("snapshot") or {"seq": 0})["seq"]),
        )
    except (ValueError, KeyError, TypeError) as why:
        raise Refused("relay", f"what it says of the room is not understood: {why!r}") from None
