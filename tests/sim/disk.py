"""Disks that lose what they were not told to keep, and refuse to keep more."""

from collections.abc import Callable

from foldbook.errors import StoreFull
from foldbook.row import Row
from foldbook.store import Batch, Durability, Folded, Loaded, MemoryStore, MetaValue
from sim.world import World

_Before = tuple[int | list[Row], dict[tuple[str, int], Row], dict[str, MetaValue], Folded | None]
"""What a relaxed write found: rows, or how many if it only puts some behind them."""


class Disk(MemoryStore):
    """A store whose machine may lose power: then what was written *relaxed* since the last strict
    write is gone, all of it or its end.
    """

    def __init__(self) -> None:
        super().__init__()
        self._undo: list[_Before] = []

    @property
    def confirmed(self) -> list[Row]:
        """The confirmed rows, without a copy of them."""
        return self._rows

    @property
    def waiting(self) -> list[Row]:
        """The pending rows, in the order in which they are read."""
        return sorted(self._pending.values(), key=lambda row: (row.session, row.n))

    @property
    def drawer(self) -> list[Row]:
        """The rows that were not accepted."""
        return [each.row for each in self._refused.values()]

    @property
    def meta(self) -> dict[str, MetaValue]:
        """The small values."""
        return self._meta

    @property
    def views(self) -> dict[str, int]:
        """The newest command number of each view."""
        return self._views

    @property
    def blobs(self) -> dict[str, bytes]:
        """The bytes by their names."""
        return self._blobs

    def keep(self, batch: Batch, how: Durability) -> None:
        """Write a batch; a relaxed one is not safe before the next strict one."""
        if how == "strict":
            self._undo.clear()
        else:
            dropped = {
                key: self._pending[key] for key in batch.pending_dropped if key in self._pending
            }
            rows = list(self._rows) if batch.earlier else len(self._rows)
            self._undo.append((rows, dropped, dict(self._meta), self._snapshot))
        self.write(batch)

    def has(self, row: Row) -> bool:
        """Whether this row waits here as it is, or has its place among the confirmed ones."""
        if self._pending.get((row.session, row.n)) == row:
            return True
        place = (row.session, row.n)
        return any((each.session, each.n) == place for each in reversed(self._rows))

    def slice(self, after: int, limit: int) -> list[Row]:
        """`rows` of a store, without waiting."""
        place = self._place(after)
        return self._rows[place : place + limit]

    def lose_power(self, keeps: int) -> bool:
        """Only the first relaxed writes are kept; whether anything was lost."""
        lost = self._undo[keeps:]
        for rows, dropped, meta, snapshot in reversed(lost):
            self._rows = self._rows[:rows] if isinstance(rows, int) else rows
            self._meta, self._snapshot = meta, snapshot
            self._pending |= dropped
        self._undo = []
        return bool(lost)

    def copy(self) -> "Disk":
        """This disk as it is now: what a restored backup is."""
        copied = Disk()
        copied._rows = list(self._rows)
        copied._pending = dict(self._pending)
        copied._refused = dict(self._refused)
        copied._meta = dict(self._meta)
        copied._views = dict(self._views)
        copied._snapshot = self._snapshot
        copied._blobs = dict(self._blobs)
        return copied


class Drive:
    """A disk as one worker writes to it: that takes time, and ends with the worker.

    kept: told of the rows that are written.
    """

    def __init__(self, disk: Disk, world: World, kept: Callable[[list[Row]], None]) -> None:
        self._disk = disk
        self._world = world
        self._kept = kept
        self._under_way: tuple[Batch, Durability] | None = None
        self.refusals = 0

    async def open(self, *, whole: bool = False) -> Loaded:
        """See `foldbook.store.Store`; so for the following ones."""
        return self._disk.load(whole=whole)

    async def rows(self, after: int, limit: int) -> list[Row]:
        """What is written."""
        return self._disk.slice(after, limit)

    async def blob(self, digest: str) -> bytes | None:
        """What is written."""
        return self._disk.blobs.get(digest)

    async def close(self) -> None:
        """Nothing is to be done."""

    async def commit(self, batch: Batch, durability: Durability) -> None:
        """It takes some ticks. Raises `StoreFull` now and then."""
        self._under_way = (batch, durability)
        await self._world.loop.ticks(1 + int(self._world.rng.random() * 8))
        if self._world.chance(0.004):
            self._under_way = None
            self.refusals += 1
            raise StoreFull("there is no room")
        self._write()

    def die(self) -> None:
        """The worker has died; what was being written may be there in the end."""
        if self._under_way is not None and self._world.rng.random() < 0.5:
            self._write()

    def _write(self) -> None:
        assert self._under_way is not None
        (batch, durability), self._under_way = self._under_way, None
        self._disk.keep(batch, durability)
        self._kept([*batch.pending_added, *batch.confirmed])
