"""How soon after one piece of output the next may leave. Pure but for its clock."""

from collections.abc import Callable
from typing import Final

INTERVAL: Final = 0.05
"""Seconds between two pieces, at least."""
DOUBLING: Final = 2_500
"""Pieces of one execution after which it is twice as long, and so on: what goes on for a day, as a
bar of progress may, stays within what one execution may put into a log."""


class Pace:
    """The pace of what one execution after the other says.

    clock: seconds, from any start.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._sent_at = float("-inf")
        self._parent: str | None = None
        self._pieces = 0

    @property
    def interval(self) -> float:
        """Seconds between two pieces now, at least."""
        return INTERVAL * 2 ** (self._pieces / DOUBLING)

    @property
    def is_due(self) -> bool:
        """Whether the next piece may leave."""
        return self._clock() - self._sent_at >= self.interval

    @property
    def wait(self) -> float:
        """Seconds that a piece waits for others which may come."""
        return max(INTERVAL, self.interval - (self._clock() - self._sent_at))

    def turn(self, parent: str) -> None:
        """This execution is going to say something."""
        if parent != self._parent:
            self._parent, self._pieces = parent, 0

    def sent(self, parent: str) -> None:
        """A piece of this execution leaves now."""
        self.turn(parent)
        self._pieces += 1
        self._sent_at = self._clock()
