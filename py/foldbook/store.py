"""What keeps a notebook: the contract of a store, and the one that keeps it in memory only.

A store writes batches, each in one transaction: all of it or nothing. The acceptance suite
that every store passes is ``tests/store_acceptance.py``.
"""

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, Protocol, TypeVar

from foldbook.errors import BadSnapshot, StoreFull
from foldbook.notebook import Notebook
from foldbook.row import Row, digest
from foldbook.snapshot import Snapshot, decode

T = TypeVar("T")

Durability = Literal["strict", "relaxed"]
MetaValue = bytes | str | int

SESSION: Final = "session_secret"
"""The name of the session's secret in the meta."""

EPOCH: Final = "epoch"
"""The name of the log's epoch in the meta."""

HISTORY: Final = "history"
"""In the meta while rows that the first snapshot had folded are still to be fetched
(`foldbook.joining`): then some of them are missing, and that is no damage."""

_ROW_COST: Final = 200  # bytes that a row takes beside its payload, for MemoryStore's limit


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """A row in the drawer: the authority did not accept it, and why (fit for people).

    Its number may be that of another row by now, so the drawer is keyed by the row's digest.
    """

    row: Row
    reason: str

    @property
    def key(self) -> str:
        """What it is filed under."""
        return digest(self.row).hex()


@dataclass(frozen=True, slots=True)
class Folded:
    """The fold of the rows up to ``seq``, as bytes (`foldbook.snapshot`); 0: there is none."""

    seq: int
    data: bytes


@dataclass(slots=True)
class Batch:
    """What one transaction writes.

    confirmed: rows that go on, without a gap, from those the store has, or from its snapshot.
    earlier: rows that go on from the first, of a log that began with a snapshot. rewritten: rows
    that take the place of those with their seq, which the store has (`foldbook.pruning`).
    pending_added,
    pending_dropped: own rows that wait for the authority, by (session, n); dropping one that
    is not there is fine. refused_added, refused_dropped: the drawer, by `RefusedRow.key`.
    meta: small values by name (None: remove). views: newest command number of each view
    (None: forget it). saved_view: what the page draws before Python is up. snapshot: takes the
    place of the one before; it is of rows that the store has by then. blobs: SHA-256 in hex ->
    bytes. blobs_dropped: by SHA-256; dropping one that is not there is fine.
    """

    confirmed: list[Row] = field(default_factory=list)
    earlier: list[Row] = field(default_factory=list)
    rewritten: list[Row] = field(default_factory=list)
    pending_added: list[Row] = field(default_factory=list)
    pending_dropped: list[tuple[str, int]] = field(default_factory=list)
    refused_added: list[RefusedRow] = field(default_factory=list)
    refused_dropped: list[str] = field(default_factory=list)
    meta: dict[str, MetaValue | None] = field(default_factory=dict)
    views: dict[str, int | None] = field(default_factory=dict)
    saved_view: bytes | None = None
    snapshot: Folded | None = None
    blobs: dict[str, bytes] = field(default_factory=dict)
    blobs_dropped: list[str] = field(default_factory=list)

    def add(self, later: "Batch") -> None:
        """Take in what a later batch writes; a row added here and dropped there is not written."""
        self.confirmed += later.confirmed
        self.earlier += later.earlier
        self.rewritten += later.rewritten
        dropped = set(later.pending_dropped)
        kept = [row for row in self.pending_added if (row.session, row.n) not in dropped]
        self.pending_added = kept + later.pending_added
        self.pending_dropped += later.pending_dropped
        shown = [each for each in self.refused_added if each.key not in later.refused_dropped]
        self.refused_added = shown + later.refused_added
        self.refused_dropped += later.refused_dropped
        self.meta |= later.meta
        self.views |= later.views
        self.blobs_dropped += later.blobs_dropped
        self.blobs = {
            key: data for key, data in self.blobs.items() if key not in later.blobs_dropped
        } | later.blobs
        if later.saved_view is not None:
            self.saved_view = later.saved_view
        self.snapshot = later.snapshot or self.snapshot

    def spare(self) -> None:
        """Leave out what is large, and only saves time."""
        if self.snapshot is not None and self.snapshot.seq:
            self.snapshot = None

    def is_empty(self) -> bool:
        """Whether nothing would be written."""
        return self == Batch()


@dataclass(frozen=True, slots=True)
class Damage:
    """A record that cannot be read: where it stands, why, and its bytes for a rescue."""

    where: str
    reason: str
    record: bytes = b""


@dataclass(slots=True)
class Loaded:
    """What a store had when it was opened.

    snapshot: the fold that the rows go on from, None where they begin with the first. rows:
    every sound confirmed row after it, by seq; a gap means that a segment was damaged, and the
    damage is listed. pending: own unconfirmed rows, by session and n.
    """

    rows: list[Row] = field(default_factory=list)
    pending: list[Row] = field(default_factory=list)
    refused: list[RefusedRow] = field(default_factory=list)
    meta: dict[str, MetaValue] = field(default_factory=dict)
    views: dict[str, int] = field(default_factory=dict)
    saved_view: bytes | None = None
    damaged: list[Damage] = field(default_factory=list)
    snapshot: Folded | None = None
    _begun: Snapshot | None = field(default=None, repr=False, compare=False)

    def begin(self) -> Snapshot:
        """What the rows go on from; whoever folds them forks its notebook. Raises `BadSnapshot`."""
        if self._begun is None:
            self._begun = decode(self.snapshot.data) if self.snapshot else Snapshot(Notebook())
            if self.snapshot and self._begun.notebook.head != self.snapshot.seq:
                found, self._begun = self._begun.notebook.head, None
                raise BadSnapshot(f"the fold up to {self.snapshot.seq} expected, to {found} came")
        return self._begun

    @property
    def start(self) -> int:
        """The seq that the rows come after."""
        return self.snapshot.seq if self.snapshot else 0

    @property
    def head(self) -> int:
        """The newest seq; 0 where there is nothing."""
        return self.rows[-1].seq if self.rows else self.start


class Store(Protocol):
    """Keeps one notebook."""

    async def open(self, *, whole: bool = False) -> Loaded:
        """Read everything but the blobs, and the rows that the snapshot has folded; ``whole``:
        those too, and no snapshot. Damaged records are reported, never raised.
        """

    async def rows(self, after: int, limit: int) -> list[Row]:
        """At most ``limit`` confirmed rows after this seq, of all that there are.

        Raises `StoreDamaged`.
        """

    async def commit(self, batch: Batch, durability: Durability) -> None:
        """Write a batch in one transaction; it is on its way to the disk (relaxed) or there
        (strict) when this returns. Within a batch, drops come before adds.

        Raises `StoreFull`; then nothing of the batch was written.
        """

    async def blob(self, digest: str) -> bytes | None:
        """The bytes with this SHA-256 (hex), or None."""

    async def close(self) -> None:
        """End; the store can be opened again."""


async def load(store: Store) -> Loaded:
    """Open a store; where its snapshot is of no use, with all its rows."""
    loaded = await store.open()
    try:
        loaded.begin()
    except BadSnapshot:
        loaded = await store.open(whole=True)
    return loaded


class MemoryStore:
    """A store that lasts as long as the object: for runtimes, and for tests.

    ``limit`` is the room that it has, in bytes, roughly counted.
    """

    def __init__(self, limit: int | None = None) -> None:
        self.limit = limit
        self._rows: list[Row] = []
        self._pending: dict[tuple[str, int], Row] = {}
        self._refused: dict[str, RefusedRow] = {}
        self._meta: dict[str, MetaValue] = {}
        self._views: dict[str, int] = {}
        self._saved_view: bytes | None = None
        self._snapshot: Folded | None = None
        self._blobs: dict[str, bytes] = {}
        self._used = 0

    async def open(self, *, whole: bool = False) -> Loaded:
        """See `Store`."""
        return self.load(whole=whole)

    def load(self, *, whole: bool = False) -> Loaded:
        """`open`, without waiting."""
        snapshot = None if whole or not (self._snapshot and self._snapshot.seq) else self._snapshot
        return Loaded(
            snapshot=snapshot,
            rows=self._rows[self._place(snapshot.seq if snapshot else 0) :],
            pending=sorted(self._pending.values(), key=lambda row: (row.session, row.n)),
            refused=list(self._refused.values()),
            meta=dict(self._meta),
            views=dict(self._views),
            saved_view=self._saved_view,
        )

    async def commit(self, batch: Batch, durability: Durability) -> None:
        """See `Store`."""
        self.write(batch)

    def write(self, batch: Batch) -> None:
        """`commit`, without waiting."""
        used = self._used + _cost(batch) - self._freed(batch)
        if self.limit is not None and used > self.limit:
            raise StoreFull(f"room for {self.limit} bytes, {used} would be needed")
        self._used = used
        self._rows += batch.confirmed
        if batch.earlier:
            place = self._place(batch.earlier[0].seq)
            self._rows[place:place] = batch.earlier
        for row in batch.rewritten:
            self._rows[self._place(row.seq) - 1] = row
        for key in batch.pending_dropped:
            self._pending.pop(key, None)
        self._pending |= {(row.session, row.n): row for row in batch.pending_added}
        for name in batch.refused_dropped:
            self._refused.pop(name, None)
        self._refused |= {each.key: each for each in batch.refused_added}
        _set(self._meta, batch.meta)
        _set(self._views, batch.views)
        for name in batch.blobs_dropped:
            self._blobs.pop(name, None)
        self._blobs |= batch.blobs
        if batch.saved_view is not None:
            self._saved_view = batch.saved_view
        self._snapshot = batch.snapshot or self._snapshot

    async def rows(self, after: int, limit: int) -> list[Row]:
        """See `Store`."""
        place = self._place(after)
        return self._rows[place : place + limit]

    def _freed(self, batch: Batch) -> int:
        """Bytes that there are less of what the store has."""
        rows = ((self._rows[self._place(row.seq) - 1], row) for row in batch.rewritten)
        blobs = (self._blobs.get(name, b"") for name in batch.blobs_dropped)
        return sum(len(old.payload) - len(new.payload) for old, new in rows) + sum(map(len, blobs))

    def _place(self, after: int) -> int:
        return bisect_right(self._rows, after, key=lambda row: row.seq)

    async def blob(self, digest: str) -> bytes | None:
        """See `Store`."""
        return self._blobs.get(digest)

    async def close(self) -> None:
        """See `Store`."""


def _set(target: dict[str, T], values: Mapping[str, T | None]) -> None:
    for name, value in values.items():
        if value is None:
            target.pop(name, None)
        else:
            target[name] = value


def _cost(batch: Batch) -> int:
    rows = [*batch.confirmed, *batch.pending_added]
    return sum(len(row.payload) + _ROW_COST for row in rows) + sum(
        len(data) for data in batch.blobs.values()
    )
