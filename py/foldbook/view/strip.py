"""The strip of the log: who wrote how much, from the first row to the last, in few ticks."""

from typing import Any, Final, Self

TICKS: Final = 110


class Strip:
    """Counts rows by actor in ticks of equal size; the size doubles when there are too many."""

    def __init__(self) -> None:
        self.size = 1
        self._counts: dict[int, dict[str, int]] = {}

    def add(self, actor: str, seq: int) -> None:
        """A confirmed row of this actor; each row once."""
        while (seq - 1) // self.size >= TICKS:
            self._coarsen()
        self._count((seq - 1) // self.size, actor, 1)

    def ticks(self) -> list[list[int | str]]:
        """[tick, the actor who wrote most of it, rows], in order, ticks without rows left out.

        The rows from tick x ``size`` + 1 on.
        """
        return [
            [tick, max(counts, key=lambda actor: counts[actor]), sum(counts.values())]
            for tick, counts in sorted(self._counts.items())
        ]

    def kept(self) -> list[Any]:
        """All of it as plain values."""
        counts = [[tick, list(counts.items())] for tick, counts in self._counts.items()]
        return [self.size, counts]

    @classmethod
    def of(cls, kept: Any) -> Self:
        """The inverse of `kept`."""
        made = cls()
        made.size, counts = kept
        made._counts = {tick: dict(some) for tick, some in counts}
        return made

    def _count(self, tick: int, actor: str, rows: int) -> None:
        counts = self._counts.setdefault(tick, {})
        counts[actor] = counts.get(actor, 0) + rows

    def _coarsen(self) -> None:
        fine, self._counts = self._counts, {}
        self.size *= 2
        for tick, counts in fine.items():
            for actor, rows in counts.items():
                self._count(tick // 2, actor, rows)
