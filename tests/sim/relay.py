"""What a relay keeps beside the log, and how people ask for it: files by name, over a bad network.

The answers are those of ``sync_relay/PROTOCOL.md``. A lying relay has files that are not what was
sent, and says of some that it has them, or not.
"""

import json
import re
from collections.abc import Callable, Mapping

from foldbook.access import Admission
from foldbook.errors import Refused
from foldbook.row import RIGHTS, Kind, Role, encode_segment
from foldbook.upstream import Answer
from foldbook.wire import identify
from sim.book import Book
from sim.host import Host
from sim.lines import KEYS
from sim.world import World

ADDRESS = "http://relay.test"
_GONE = Answer(404, b'{"code": "file", "message": "there is no such file"}')


class Relay:
    """The files of one room. host: who numbers its rows; None as long as it is a draft.
    poisoned: blobs that somebody sent under a name that is not theirs."""

    def __init__(self, world: World, book: Book) -> None:
        self.host: Host | None = None
        self.blobs: dict[str, bytes] = {}
        self.poisoned: set[str] = set()
        self.snapshots: dict[int, bytes] = {}
        self.segments: dict[tuple[int, int], bytes] = {}
        self.opened: tuple[int, str, int] | None = None
        self._world = world
        self._book = book

    @property
    def is_up(self) -> bool:
        """Whether anybody answers."""
        return self.host is None or self.host.up

    def answer(self, method: str, path: str, role: Role, body: bytes) -> Answer:
        """What it says to whoever has this role."""
        kind, _, name = path.partition("/")
        if kind == "blobs":
            return self._put_blob(name, role, body) if method == "PUT" else self._blob(name)
        if kind == "snapshots":
            seq = int(name)
            if method == "GET":
                return Answer(200, self.snapshots[seq]) if seq in self.snapshots else _GONE
            if Kind.EDIT not in RIGHTS[role]:
                return _no("right", 403)
            self._book.count("snapshot left")
            self.snapshots[seq] = body
            self.snapshots = {each: self.snapshots[each] for each in sorted(self.snapshots)[-2:]}
            return Answer(201, b"{}")
        if kind == "segments":
            first, last = map(int, name.split("-"))
            if method == "PUT":
                self.segments[first, last] = body
            found = self.segments.get((first, last))
            return _GONE if found is None else Answer(200, found)
        if kind == "open":
            told = json.loads(body)
            self.opened = (told["base"], told["session"], told["n"])
        if kind.startswith("rows?after="):
            return self._rows(int(kind.removeprefix("rows?after=")))
        return Answer(200, json.dumps(self._about()).encode())

    def role_of(self, token: bytes, secret: bytes) -> Role | None:
        """What somebody may do; None: nothing at all."""
        if self.host is None or not self.host.access:
            return Role.OWN
        found = self.host.room.access.decide(token.hex(), identify(secret), self._world.time)
        return found.role if isinstance(found, Admission) else None

    def _about(self) -> dict[str, object]:
        newest = max(self.snapshots, default=None)
        base = self.opened[0] if self.opened else 0
        return {
            "epoch": "e1",
            "base": base,
            "head": self.host.room.head if self.host else base,
            "key_id": KEYS.id.hex(),
            "open": self.opened is not None or self.host is not None,
            "segments": [{"first": a, "last": b} for a, b in sorted(self.segments)],
            "snapshot": newest and {"seq": newest},
        }

    def _put_blob(self, name: str, role: Role, body: bytes) -> Answer:
        if not RIGHTS[role]:
            return _no("right", 403)
        if name in self.blobs:
            return Answer(200, b"{}")
        if self._world.chance(0.02):
            self._book.count("blob: no room")
            return _no("space", 507)
        if self._world.plan.lies and self._world.chance(0.2):
            self._book.count("lie: blob thrown away")
        else:
            self.blobs[name] = body
        return Answer(201, b"{}")

    def _blob(self, name: str) -> Answer:
        found, rng = self.blobs.get(name), self._world.rng
        if found is not None and self._world.plan.lies and self._world.chance(0.4):
            self._book.count("lie: blob")
            others = list(self.blobs.values())
            found = rng.choice([None, found[:-1], found[:-1] + b"?", b"", rng.choice(others)])
        return _GONE if found is None else Answer(200, found)

    def _rows(self, after: int) -> Answer:
        assert self.host is not None
        if not self.host.base <= after <= self.host.room.head:
            return _no("base", 409)
        place = after - self.host.base
        return Answer(200, encode_segment(self.host.rows[place : place + 7]))


class Web:
    """A `foldbook.upstream.Network` for one machine. is_on: whether it has one at all; denied:
    called when something is not allowed; blocked_until: only the log's connection works before."""

    def __init__(self, world: World, relay: Relay) -> None:
        self.is_on = True
        self.blocked_until = 0
        self.denied: Callable[[], None] = lambda: None
        self._world = world
        self._relay = relay

    async def ask(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None = None
    ) -> Answer:
        """See `foldbook.upstream.Network`; so for the following one."""
        world, relay = self._world, self._relay
        await self._travel()
        found = re.fullmatch("Foldbook ([0-9a-f]+)[.]([0-9a-f]+)", headers["Authorization"])
        assert found is not None
        role = relay.role_of(*map(bytes.fromhex, found.groups()))
        path = url.removeprefix(f"{ADDRESS}/rooms/book").removeprefix("/")
        told = body or b""
        answer = _no("denied", 403) if role is None else relay.answer(method, path, role, told)
        if answer.status == 403:
            self.denied()
        if world.chance(0.03):
            raise Refused("offline", "the answer was lost")
        await self._travel()
        return answer

    async def connect(self, url: str, subprotocol: str) -> None:
        """The log comes another way (`sim.network`)."""

    async def _travel(self) -> None:
        world = self._world
        slow = 40 if world.chance(0.05) else 4
        await world.loop.ticks(1 + int(world.rng.random() * slow))
        is_open = self.is_on and world.time >= self.blocked_until
        if not is_open or not self._relay.is_up or world.chance(0.03):
            raise Refused("offline", "the relay cannot be reached")


def _no(code: str, status: int) -> Answer:
    return Answer(status, json.dumps({"code": code, "message": "no"}).encode())
