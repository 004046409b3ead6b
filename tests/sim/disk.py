"""Disks that lose what they were not told to keep."""

from foldbook.row import Row
from foldbook.store import Batch, Durability, MemoryStore, MetaValue


class Disk(MemoryStore):
    """A store whose machine may lose power: then what was written *relaxed* since the last strict
    write is gone, all of it or its end.
    """

    def __init__(self) -> None:
        super().__init__()
        self._undo: list[tuple[int, dict[tuple[str, int], Row], dict[str, MetaValue]]] = []

    @property
    def rows(self) -> list[Row]:
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

    def keep(self, batch: Batch, how: Durability) -> None:
        """Write a batch; a relaxed one is not safe before the next strict one."""
        if how == "strict":
            self._undo.clear()
        else:
            dropped = {
                key: self._pending[key] for key in batch.pending_dropped if key in self._pending
            }
            self._undo.append((len(self._rows), dropped, dict(self._meta)))
        self.write(batch)

    def lose_power(self, keeps: int) -> bool:
        """Only the first relaxed writes are kept; whether anything was lost."""
        lost = self._undo[keeps:]
        for count, dropped, meta in reversed(lost):
            del self._rows[count:]
            self._pending |= dropped
            self._meta = meta
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
        return copied
