"""The rows of a log that are at hand: all of them, or only the newest. Pure."""

from collections.abc import Iterable, Iterator
from typing import Final

from foldbook.row import Row, check_dense
from foldbook.wire import BATCH_BYTES, BATCH_ROWS, size_of

KEEP: Final = (8192, 16 * 1024 * 1024)
"""Rows and bytes (`foldbook.wire.size_of`) that a ring holds, unless told otherwise."""


class Ring:
    """Rows from ``start + 1`` to ``top``, dense. Raises `BadRow` where they are not.

    keep: (rows, bytes) at most, give or take an eighth; None: all rows.
    """

    def __init__(self, rows: Iterable[Row], start: int, keep: tuple[int, int] | None) -> None:
        self.start = start
        self._rows = list(rows)
        check_dense(self._rows, start)
        self._keep = keep
        self._bytes = sum(map(size_of, self._rows)) if keep else 0
        self._newest: tuple[int, int, tuple[Row, ...]] = (0, 0, ())  # after, head, that batch

    @property
    def top(self) -> int:
        """The newest seq, committed or not."""
        return self.start + len(self._rows)

    def __getitem__(self, seq: int) -> Row:
        return self._rows[seq - self.start - 1]

    def __iter__(self) -> Iterator[Row]:
        return iter(self._rows)

    def append(self, row: Row) -> None:
        """The next row."""
        self._rows.append(row)
        if self._keep:
            self._bytes += size_of(row)

    def batch(self, after: int, head: int) -> tuple[Row, ...]:
        """Rows after ``after``, not beyond ``head``, as many as one message holds.

        Most readers are equally far: the last batch is kept, since what is below head stays.
        """
        if self._newest[:2] != (after, head):
            first = after - self.start
            found = fitting(self._rows[first : min(first + BATCH_ROWS, head - self.start)])
            self._newest = (after, head, found)
        return self._newest[2]

    def trim(self, head: int) -> list[Row]:
        """Let go of the oldest rows that are over the limits, none beyond ``head``; return them.

        It waits until an eighth is too much: letting go of rows one by one costs more.
        """
        if self._keep is None:
            return []
        rows, size = self._keep
        if len(self._rows) <= rows + rows // 8 and self._bytes <= size + size // 8:
            return []
        count = 0
        while count < head - self.start and (len(self._rows) - count > rows or self._bytes > size):
            self._bytes -= size_of(self._rows[count])
            count += 1
        gone = self._rows[:count]
        del self._rows[:count]
        self.start += count
        return gone


def fitting(rows: Iterable[Row]) -> tuple[Row, ...]:
    """The first of these rows, as many as one message holds; one always fits."""
    found: list[Row] = []
    size = 0
    for row in rows:
        size += size_of(row)
        if found and (size > BATCH_BYTES or len(found) >= BATCH_ROWS):
            break
        found.append(row)
    return tuple(found)
