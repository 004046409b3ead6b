"""How confirmed rows are laid down in segments: one record for many rows, few records in all.

Every commit writes a record of its own, so that it is small; as soon as `FAN` records of one
size class or smaller ones stand at the end, the next commit writes them and its rows as one. So
a row is written anew some times only, and a log of 100,000 rows is some hundred records. Pure.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from foldbook.errors import BadRow
from foldbook.row import Row, check_dense, decode_segment, encode_segment
from foldbook.store import Damage

FAN: Final = 16
FULL: Final = 256 * 1024
"""Bytes of a record that is not joined with others any more."""


@dataclass(frozen=True, slots=True)
class _Segment:
    first: int
    rows: Sequence[Row]
    size: int

    @property
    def level(self) -> int:
        """The size class: 0 up to FAN - 1 rows, 1 up to FAN² - 1 ..."""
        level, rows = 0, len(self.rows)
        while rows >= FAN:
            level, rows = level + 1, rows // FAN
        return level


@dataclass(slots=True)
class Tail:
    """The records at the end of the log that may still be joined, oldest first."""

    _segments: list[_Segment] = field(default_factory=list)

    def seed(self, rows: Sequence[Row], size: int) -> None:
        """Note a record that was read, in order."""
        self._push(_Segment(rows[0].seq, rows, size))

    def rewritten(self, rows: Mapping[int, Row]) -> "Tail":
        """This tail with these rows, by seq, in place of its own."""
        if not rows:
            return self
        return Tail(
            [
                replace(each, rows=[rows.get(row.seq, row) for row in each.rows])
                for each in self._segments
            ]
        )

    def plan(self, rows: Sequence[Row]) -> "Plan":
        """How to write these rows next. Nothing is noted before `done`."""
        joined = list(rows)
        kept = list(self._segments)
        while (group := _small(kept)) and len(group) >= FAN:
            joined = [row for segment in group for row in segment.rows] + joined
            del kept[-len(group) :]
        replaced = [segment.first for segment in self._segments[len(kept) :]]
        first = joined[0].seq
        return Plan(
            first, encode_segment(joined), [key for key in replaced if key != first], joined, kept
        )

    def done(self, plan: "Plan") -> None:
        """The plan was written."""
        self._segments = plan.kept
        self._push(_Segment(plan.first, plan.rows, len(plan.record)))

    def _push(self, segment: _Segment) -> None:
        if segment.size >= FULL:
            self._segments.clear()  # what stands before a full record cannot be joined over it
        else:
            self._segments.append(segment)


@dataclass(frozen=True, slots=True)
class Plan:
    """Write ``record`` under ``first``, and in the same transaction delete ``replaced``."""

    first: int
    record: bytes
    replaced: list[int]
    rows: list[Row]
    kept: list[_Segment]


def _small(segments: list[_Segment]) -> list[_Segment]:
    """The run of records at the end that are of no higher size class than the last one: smaller
    ones between them must not keep them apart for ever."""
    run: list[_Segment] = []
    for segment in reversed(segments):
        if segment.level > segments[-1].level:
            break
        run.append(segment)
    return run[::-1]


@dataclass(slots=True)
class Reading:
    """Records read in order of their keys: the sound rows, and what is wrong with the rest.

    after: only rows after this seq are wanted; the first record is the one with the next.
    lacking: rows up to ``after`` may be missing.
    """

    after: int = 0
    lacking: bool = False
    rows: list[Row] = field(default_factory=list)
    damaged: list[Damage] = field(default_factory=list)
    tail: Tail = field(default_factory=Tail)
    _top: int | None = None  # of the records so far, once one was sound

    def take(self, key: object, record: bytes) -> None:
        """One more record."""
        where = f"rows/{key}"
        try:
            rows = _decode(key, record)
        except BadRow as why:
            self.damaged.append(Damage(where, str(why), record))
            return
        head = self.after if self._top is None else self._top
        if self._top is not None and rows[0].seq <= head:
            self.damaged.append(Damage(where, f"row {head + 1} expected next", record))
            return
        if self.lacking and rows[0].seq > self.after:
            head, self.tail = max(head, self.after), Tail() if head < self.after else self.tail
        if rows[0].seq > head + 1:
            self._miss(where, head + 1, rows[0].seq - 1)
        self._top = rows[-1].seq
        self.rows += [row for row in rows if row.seq > self.after]
        self.tail.seed(rows, len(record))

    def end(self) -> None:
        """There are no more records."""
        top = self._top or 0
        if top < self.after and self.lacking:
            self.tail = Tail()
        elif top < self.after:
            self._miss("rows", top + 1, self.after)

    def _miss(self, where: str, first: int, last: int) -> None:
        if not self.damaged:
            self.damaged.append(Damage(where, f"the rows {first} to {last} are missing"))


def _decode(key: object, record: bytes) -> list[Row]:
    rows = decode_segment(record)
    if not rows or rows[0].seq != key:
        raise BadRow(f"a record of rows from {key} on expected, {len(rows)} others came")
    check_dense(rows, rows[0].seq - 1)
    return rows
