"""A notebook that is shared: what of that is kept, how it begins, how one comes to it.

    begin        a local notebook gets keys, and a room that is a draft at the relay
    Sharing      from then on: `connect` makes lines. While the room is a draft it first sends the
                 rows 1 to ``base`` as sealed segments and has the room opened

How one comes to it from elsewhere stands in `foldbook.joining`.

What the relay is sent is sealed, but for what a row needs to be judged (`foldbook.row.Row`).
"""

import hashlib
import hmac
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

import msgpack

from foldbook import seal
from foldbook.errors import BadRow, FoldbookError, Refused
from foldbook.lines import Line
from foldbook.link import ShareLink, parse
from foldbook.row import Role, Row, check_dense, encode_segment
from foldbook.seal import Keys
from foldbook.sealed import SealedLine
from foldbook.sealer import Cipher, RowSealer, Sealer, new_room_key, new_seed
from foldbook.upstream import Outside, Upstream
from foldbook.wire import identify

SHARE: Final = "share"
"""The name of the `Share` in the store's meta."""

Read = Callable[[int, int], Awaitable[list[Row]]]
"""Rows of a log: those after a seq, so many at most (`foldbook.store.Store.rows`)."""

_VERSION: Final = 1
_SEGMENT_ROWS: Final = 4096
_SEGMENT_BYTES: Final = 4 * 1024 * 1024
_TOKEN_SIZE: Final = 16


@dataclass(frozen=True, slots=True)
class MadeLink:
    """A link that was made here: its id at the relay, its role and token, ms since 1970."""

    id: str
    role: Role
    token: bytes
    created: int


@dataclass(frozen=True, slots=True)
class Share:
    """What a notebook's store keeps of its being shared.

    link: the one by which its owner, or whoever joined, comes in. stage: a draft is not open at
    the relay yet. base: the rows up to this one are older than the room; they go there as
    segments; session and n: the owner's session, and its newest number by then. made: links that
    were made here.
    """

    link: ShareLink
    epoch: str
    stage: Literal["draft", "open"]
    base: int
    session: str = ""
    n: int = 0
    made: tuple[MadeLink, ...] = ()

    def pack(self) -> bytes:
        """As it stands in the store."""
        made = [[each.id, each.role.value, each.token, each.created] for each in self.made]
        begun = [self.base, self.session, self.n]
        values = [_VERSION, self.link.fragment(), self.epoch, self.stage, begun, made]
        packed: bytes = msgpack.packb(values)
        return packed

    @classmethod
    def unpack(cls, kept: bytes) -> "Share":
        """The inverse of `pack`. Raises `BadLink` or `BadRow`."""
        values = msgpack.unpackb(kept)
        match values:
            case [
                int(version),
                str(link),
                str(epoch),
                "draft" | "open" as stage,
                [base, session, n],
                made,
            ]:
                if version == _VERSION:
                    known = tuple(MadeLink(id_, Role(role), *rest) for id_, role, *rest in made)
                    return cls(parse(link), epoch, stage, base, session, n, known)
            case _:
                pass
        raise BadRow("what is kept of this notebook's sharing is not understood")

    @property
    def is_own(self) -> bool:
        """Whether the room was made here."""
        return bool(self.session)

    def link_for(self, role: Role, token: bytes) -> ShareLink:
        """A link to this notebook for a role."""
        seed = self.link.seed if role in (Role.RUN, Role.OWN) else None
        return replace(self.link, role=role, token=token, seed=seed)


async def begin(
    outside: Outside, relay: str, creation_token: str, room: str, epoch: str, actor_secret: bytes
) -> Share:
    """Make keys, and a draft of the room at the relay. Raises `Refused`, `BadLink`."""
    seed, key = new_seed(), new_room_key()
    verify = await outside.public_key(seed)
    token = new_room_key()[:_TOKEN_SIZE]
    link = ShareLink(relay.rstrip("/"), room, Role.OWN, token, key, verify, seed)
    values = {
        "room": room,
        "epoch": epoch,
        "key_id": Keys.of(key).id.hex(),
        "verify": verify.hex(),
        "owner": {"id": "owner", "token_hash": hashlib.sha256(token).hexdigest()},
    }
    await upstream_of(outside, link, actor_secret).create(values, creation_token)
    return Share(link, epoch, "draft", 0)


async def join(outside: Outside, link: ShareLink, actor_secret: bytes) -> Share:
    """What to keep of a notebook that one has a link to. Raises `Refused`."""
    info = await upstream_of(outside, link, actor_secret).info()
    if not info.open:
        raise Refused("draft", "whoever shares this notebook has not finished with that yet")
    if info.key_id != Keys.of(link.key).id.hex():
        raise Refused("key", "the key in this link is not this notebook's")
    return Share(link, info.epoch, "open", info.base)


class Sharing:
    """A shared notebook's way to its relay.

    history: reads rows of the log, needed while the room is a draft. session: that of the
    notebook, now. changed: called when `share` is to be kept anew.
    """

    def __init__(
        self,
        outside: Outside,
        share: Share,
        actor_secret: bytes,
        *,
        session: Callable[[], str],
        changed: Callable[[Share], None],
        history: Read,
    ) -> None:
        self.share = share
        self.keys: Final = Keys.of(share.link.key)
        self.upstream: Final = upstream_of(outside, share.link, actor_secret)
        self.trouble: str | None = None
        self._session = session
        self._changed = changed
        self._outside = outside
        self._actor = identify(actor_secret)
        self._history = history
        self._cipher: Cipher | None = None
        self._rows: RowSealer | None = None

    def change(self, share: Share) -> None:
        """From now on this is kept. Who got a seed with it signs from the next line on."""
        if share.link.seed != self.share.link.seed:
            self._cipher = self._rows = None
        self.share = share
        self._changed(share)

    async def sealer(self) -> Sealer:
        """Seals and opens what is not a row."""
        return Sealer(await self._ciphers(), self.keys)

    async def connect(self) -> Line | None:
        """A line to the relay; an ended one where it cannot be reached. See `trouble` then."""
        try:
            await self._publish()
            channel = await self.upstream.connect()
        except FoldbookError as why:
            self.trouble = str(why)
            return Deaf()
        if channel is None:
            self.trouble = "the relay does not answer"
            return Deaf()
        self.trouble = None
        cipher = await self._ciphers()
        link = self.share.link
        if self._rows is None:
            self._rows = RowSealer(
                cipher, self.keys, link.room, self.share.epoch, can_sign=link.seed is not None
            )
        other = Sealer(cipher, self.keys)
        return SealedLine(channel, self._rows, other, link.room, self._session(), self._actor)

    async def _publish(self) -> None:
        """Have the room opened, if it is still a draft."""
        if self.share.stage == "open":
            return
        link, epoch, base = self.share.link, self.share.epoch, self.share.base
        info = await self.upstream.info()
        sealer = await self.sealer()
        if not info.open:
            there = set(info.segments)
            async for rows in segments_of(self._history, base):
                first, last = rows[0].seq, rows[-1].seq
                if (first, last) in there:
                    continue
                data = seal.data_of_segment(link.room, epoch, first, last)
                [sealed] = await sealer.seal([(data, zlib.compress(encode_segment(rows)))])
                await self.upstream.put_segment(first, last, sealed)
            await self.upstream.open(base, self.share.session, self.share.n)
        self.change(replace(self.share, stage="open"))

    async def _ciphers(self) -> Cipher:
        if self._cipher is None:
            link = self.share.link
            self._cipher = await self._outside.open_cipher(
                self.keys.payload, link.verify, link.seed
            )
        return self._cipher


def secret_at(link: ShareLink, secret: bytes) -> bytes:
    """The secret by which a person joins a room that somebody else has made.

    A relay is shown it, and could use it elsewhere; so it is good for this room at this relay only,
    and who makes somebody follow a link learns nothing that opens another room.
    """
    return hmac.digest(secret, f"foldbook.actor.1 {link.relay} {link.room}".encode(), "sha256")


class Deaf:
    """A `foldbook.lines.Line` that has ended already."""

    def send(self, message: object) -> None:
        """It goes nowhere."""

    async def receive(self) -> None:
        """It has ended."""

    def close(self) -> None:
        """It is."""


def segmented(rows: Sequence[Row]) -> Iterator[Sequence[Row]]:
    """Rows in parts that are not too large, the same for the same rows."""
    first = size = 0
    for i, row in enumerate(rows):
        if i - first >= _SEGMENT_ROWS or size + len(row.payload) > _SEGMENT_BYTES:
            if i > first:
                yield rows[first:i]
            first, size = i, 0
        size += len(row.payload)
    if first < len(rows):
        yield rows[first:]


async def pieces(read: Read, last: int) -> AsyncIterator[list[Row]]:
    """The rows 1 to ``last``, some at a time. Raises `BadRow` where the log ends before."""
    seq = 0
    while seq < last:
        rows = await read(seq, min(_SEGMENT_ROWS, last - seq))
        check_dense(rows, seq)
        if not rows:
            raise BadRow(f"rows up to {last} expected, the log ends at {seq}")
        yield rows
        seq = rows[-1].seq


async def segments_of(read: Read, last: int) -> AsyncIterator[Sequence[Row]]:
    """The rows 1 to ``last`` as `segmented` parts them, read some at a time."""
    left: Sequence[Row] = ()
    async for rows in pieces(read, last):
        *done, left = segmented([*left, *rows])
        for part in done:
            yield part
    if left:
        yield left


def upstream_of(outside: Outside, link: ShareLink, actor_secret: bytes) -> Upstream:
    """The room of a link, for a person."""
    return Upstream(outside.network, link.relay, link.room, link.token, actor_secret)
