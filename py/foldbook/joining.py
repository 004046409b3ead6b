"""Coming to a shared notebook: its newest snapshot first, its history behind it.

    fetch_snapshot   what somebody left at the relay for whoever joins: enough to begin with
    fetch_base       where nobody did: the rows that are older than the room
    History          has the rows that a snapshot stands for fetched, and then checks it: they must
                     be those that its maker had, and their fold must be what it says

Everything comes sealed by somebody who has the key; that it is also true only the check tells.
"""

import logging
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any, Final, Protocol

import msgpack

from foldbook import seal
from foldbook.errors import BadRow, BadSnapshot, Refused
from foldbook.examine import examine
from foldbook.notebook import Notebook
from foldbook.reducer import fold
from foldbook.row import Row, chained, check_dense, decode_segment
from foldbook.saver import Saver
from foldbook.seal import Keys, Unopened
from foldbook.sealed import opened_rows
from foldbook.sealer import RowSealer, Sealer
from foldbook.sharing import Share, upstream_of
from foldbook.snapshot import mark
from foldbook.store import HISTORY, Batch, Folded
from foldbook.upstream import Outside

PREFIX: Final = "prefix"
"""What stands for the rows (`foldbook.row.chained`), among what a snapshot has beside it."""

_VERSION: Final = 2
_UNPACKED: Final = 64 * 1024 * 1024  # bytes of a segment, at most
_SLICE: Final = 256  # rows that are folded at a stretch while somebody may be typing


class Margin(Protocol):
    """What else than the fold a snapshot has of the rows."""

    def add(self, row: Row) -> None:
        """The next row."""

    def kept(self) -> Mapping[str, Any]:
        """As it stands beside a snapshot."""


ReadMargin = Callable[[Mapping[str, Any]], Margin]
"""Reads what stands beside a snapshot. Raises `BadSnapshot`."""


@dataclass(frozen=True, slots=True)
class Told:
    """What is left at the relay. data: `foldbook.snapshot`; maker: the actor who says so.

    No picture of it, though one could be drawn before Python is there: nothing could be made
    sure of it by then.
    """

    data: bytes
    maker: str

    def pack(self) -> bytes:
        """As it is sealed."""
        packed: bytes = msgpack.packb([_VERSION, self.maker, self.data])
        return packed

    @classmethod
    def unpack(cls, plain: bytes) -> "Told":
        """The inverse of `pack`. Raises `BadSnapshot`."""
        try:
            version, maker, data = msgpack.unpackb(plain, max_array_len=3, max_map_len=0)
        except (ValueError, TypeError) as why:
            raise BadSnapshot(f"what is told of a snapshot cannot be read: {why!r:.200}") from None
        if version != _VERSION or not isinstance(data, bytes) or not isinstance(maker, str):
            raise BadSnapshot(f"what is told of a snapshot has version {version!r:.40}")
        return cls(data, maker)


@dataclass(frozen=True, slots=True)
class Owed:
    """What a joined notebook still lacks: the rows after ``there`` up to ``seq``. prefix: what
    stands for the maker's rows; mark: of the fold, and what was beside it, that was begun with."""

    there: int
    seq: int
    prefix: bytes
    mark: bytes

    @classmethod
    def of(cls, data: bytes, margin: ReadMargin) -> tuple["Owed", Folded]:
        """What somebody's snapshot owes. Raises `BadSnapshot` where it is none."""
        found = examine(data)
        prefix = found.beside.get(PREFIX)
        if not isinstance(prefix, bytes) or len(prefix) != 32:
            raise BadSnapshot("a snapshot does not say of which rows it is")
        seq = found.notebook.head
        return cls(0, seq, prefix, _mark(found.notebook, margin(found.beside))), Folded(seq, data)

    def pack(self) -> bytes:
        """As it stands in the store's meta under `foldbook.store.HISTORY`."""
        packed: bytes = msgpack.packb([self.there, self.seq, self.prefix, self.mark])
        return packed

    @classmethod
    def unpack(cls, kept: bytes) -> "Owed":
        """The inverse of `pack`."""
        return cls(*msgpack.unpackb(kept))


@dataclass(frozen=True, slots=True)
class Beginning:
    """What a notebook can begin with: a snapshot, and what is owed."""

    folded: Folded
    owed: Owed


async def fetch_snapshot(
    outside: Outside,
    share: Share,
    actor_secret: bytes,
    margin: ReadMargin,
    trying: Callable[[], Awaitable[None]],
) -> Beginning | None:
    """The newest snapshot at the relay, None where there is none that is of use here.

    trying: called before anything is read that somebody else made.
    Raises `Refused` where the relay cannot be asked.
    """
    relay = _Relay(outside, share, actor_secret)
    info = await relay.upstream.info()
    seq = info.snapshot
    if not max(share.base, 1) <= seq <= info.head:  # no rows from before the room are sent
        return None
    data = seal.data_of_snapshot(share.link.room, share.epoch, seq)
    sealer = await relay.sealer()
    sealed = await relay.upstream.snapshot(seq)
    await trying()
    [plain] = await sealer.open([(data, sealed)])
    try:
        return _begun(plain, seq, margin)
    except BadSnapshot as why:  # of another version, or not made by Foldbook: the rows tell all
        logging.getLogger(__name__).warning("a snapshot is passed over: %s", why)
        return None


def _begun(plain: bytes | Unopened, seq: int, margin: ReadMargin) -> Beginning:
    if isinstance(plain, Unopened):
        raise BadSnapshot(str(plain))
    owed, folded = Owed.of(Told.unpack(plain).data, margin)
    if folded.seq != seq:
        raise BadSnapshot(f"a snapshot of {seq} rows expected, of {folded.seq} came")
    return Beginning(folded, owed)


async def fetch_base(outside: Outside, share: Share, actor_secret: bytes) -> list[Row]:
    """The rows that are older than the room, as its owner told them.

    Raises `Refused`, also where something is missing or cannot be opened.
    """
    relay = _Relay(outside, share, actor_secret)
    return [row async for rows in relay.segments(0) for row in rows]


async def fetch_rows(
    outside: Outside, share: Share, actor_secret: bytes, after: int, last: int
) -> list[Row]:
    """The rows after ``after`` up to ``last`` as the relay has them, from whatever time they are.

    Raises `Refused`.
    """
    relay = _Relay(outside, share, actor_secret)
    found: list[Row] = []
    async for rows in relay.segments(after):
        found += [row for row in rows if after < row.seq <= last]
        if rows[-1].seq >= last:
            return found
    reached = max(after, share.base)
    while reached < last:
        rows = await relay.rows(reached)
        found += [row for row in rows if row.seq <= last]
        reached = rows[-1].seq
    return found


async def fetch_owed(
    outside: Outside,
    share: Share,
    actor_secret: bytes,
    kept: bytes,
    write: Callable[[Batch], Awaitable[None]],
) -> None:
    """Fetch what is owed before anything is shown: the snapshot that stands for it cannot be read
    any more. Raises `Refused`; what came so far is written.
    """
    owed = Owed.unpack(kept)
    async for rows in _Relay(outside, share, actor_secret).missing(owed):
        owed = replace(owed, there=rows[-1].seq)
        await write(Batch(earlier=rows, meta={HISTORY: owed.pack()}))
    await write(Batch(meta={HISTORY: None}))


class History:
    """Fetches what is owed, a piece at a time, and checks the snapshot when all is there.

    margin: an empty one, which is given all rows. amend: called with the right fold where the
    snapshot was wrong; it has folded every row that is kept by then, and gives False where more
    have come.
    """

    def __init__(
        self,
        outside: Outside,
        share: Share,
        actor_secret: bytes,
        saver: Saver,
        owed: Owed,
        *,
        pause: Callable[[float], Awaitable[None]],
        margin: Margin,
        amend: Callable[[Notebook], bool],
    ) -> None:
        self._owed = owed
        self._relay = _Relay(outside, share, actor_secret)
        self._saver = saver
        self._pause = pause
        self._margin = margin
        self._amend = amend

    async def run(self) -> bool:
        """Return when all is there; whether the snapshot was right. Raises `Refused`: what came
        so far is kept."""
        async for rows in self._relay.missing(self._owed):
            self._owed = replace(self._owed, there=rows[-1].seq)
            batch = Batch(earlier=rows, meta={HISTORY: self._owed.pack()})
            self._saver.put(batch, durability="relaxed")
            await self._saver.flush()
        notebook, prefix = Notebook(), b""
        while notebook.head < self._owed.seq:
            prefix = await self._fold(notebook, prefix, self._owed.seq)
        marked = _mark(notebook, self._margin)
        is_right = prefix == self._owed.prefix and marked == self._owed.mark
        if is_right:
            self._saver.put(Batch(meta={HISTORY: None}), durability="relaxed")
        else:
            while not self._amend(notebook):
                await self._saver.flush()
                prefix = await self._fold(notebook, prefix, 2**53)
            # A snapshot of nothing: the next opening folds all the rows.
            nothing = Batch(meta={HISTORY: None}, snapshot=Folded(0, b""))
            self._saver.put(nothing)
        return is_right

    async def _fold(self, notebook: Notebook, prefix: bytes, last: int) -> bytes:
        """Fold the next rows that are kept; gives what stands for all of them."""
        rows = await self._saver.rows(notebook.head, min(_SLICE, last - notebook.head))
        check_dense(rows, notebook.head)
        for row in rows:
            fold(notebook, row)
            self._margin.add(row)
            prefix = chained(prefix, row)
        await self._pause(0)
        return prefix


class _Relay:
    """What a room has of long ago, opened."""

    def __init__(self, outside: Outside, share: Share, actor_secret: bytes) -> None:
        self.upstream: Final = upstream_of(outside, share.link, actor_secret)
        self._outside = outside
        self._share = share
        self._keys = Keys.of(share.link.key)

    async def sealer(self) -> Sealer:
        """For what is not a row."""
        return Sealer(await self._cipher(), self._keys)

    async def segments(self, after: int) -> AsyncIterator[list[Row]]:
        """The rows that are older than the room; those segments that reach beyond ``after``.

        Raises `Refused`, also where something is missing or cannot be opened.
        """
        room, epoch, base = self._share.link.room, self._share.epoch, self._share.base
        sealer = await self.sealer()
        reached = 0
        for first, last in (await self.upstream.info()).segments if after < base else ():
            if first != reached + 1:
                break
            reached = last
            if last <= after:
                continue
            data = seal.data_of_segment(room, epoch, first, last)
            [plain] = await sealer.open([(data, await self.upstream.segment(first, last))])
            if isinstance(plain, Unopened):
                raise Refused("segment", f"the rows {first} to {last} cannot be opened: {plain}")
            yield _unpacked(plain, first, last)
        if after < base != reached:
            raise Refused("segment", f"rows 1 to {base} expected, {reached} rows came")

    async def rows(self, after: int) -> list[Row]:
        """The next rows after one from the room's base on. Raises `Refused`."""
        link = self._share.link
        try:
            sealed = decode_segment(await self.upstream.rows(after))
            check_dense(sealed, after)
        except BadRow as why:
            raise Refused("rows", f"the rows after {after} cannot be read: {why}") from None
        if not sealed:
            raise Refused("rows", f"the rows after {after} are not to be had")
        sealer = RowSealer(await self._cipher(), self._keys, link.room, self._share.epoch)
        return await opened_rows(sealer, sealed)

    async def missing(self, owed: Owed) -> AsyncIterator[list[Row]]:
        """What is owed, in order. Raises `Refused`."""
        there, last = owed.there, owed.seq
        async for rows in self.segments(there):
            if wanted := [row for row in rows if there < row.seq <= last]:
                there = wanted[-1].seq
                yield wanted
        while there < last:
            rows = [row for row in await self.rows(there) if row.seq <= last]
            there = rows[-1].seq
            yield rows

    async def _cipher(self) -> Any:
        return await self._outside.open_cipher(self._keys.payload, self._share.link.verify, None)


def _mark(notebook: Notebook, margin: Margin) -> bytes:
    """32 bytes for all that a snapshot tells."""
    return sha256(mark(notebook) + msgpack.packb(margin.kept())).digest()


def _unpacked(plain: bytes, first: int, last: int) -> list[Row]:
    try:
        rows = decode_segment(_inflated(plain))
        check_dense(rows, first - 1)
    except (zlib.error, BadRow) as why:
        raise Refused("segment", f"the rows {first} to {last} cannot be read: {why}") from None
    if first + len(rows) - 1 != last:
        raise Refused("segment", f"rows {first} to {last} expected, {len(rows)} rows came")
    return rows


def _inflated(packed: bytes) -> bytes:
    """Raises `zlib.error`, also for more than is sensible."""
    unpacker = zlib.decompressobj()
    found = unpacker.decompress(packed, _UNPACKED)
    if unpacker.unconsumed_tail:
        raise zlib.error(f"more than {_UNPACKED} bytes")
    return found
