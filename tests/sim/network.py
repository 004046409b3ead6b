"""A network that delays, repeats, cuts, and loses one direction without a word."""

from collections.abc import Callable
from typing import Protocol

from foldbook.wire import Message, decode, encode
from sim.world import World

HALF_OPEN = 100
"""Ticks, at most, until a connection of which one direction is dead is known to be."""


class Far(Protocol):
    """Whoever is at the other end."""

    def hear(self, connection: "Connection", message: Message) -> None:
        """A message arrived."""

    def gone(self, connection: "Connection") -> None:
        """A connection is noticed to be lost."""


class Connection:
    """Two pipes. Each keeps its order; a cut loses what is under way.

    reads_at: when its far end can be written to again; slow: it reads now and then.
    """

    def __init__(
        self, world: World, number: int, far: Far, hear: Callable[[Message], None],
        lost: Callable[[], None],
    ) -> None:  # fmt: skip
        self.number = number
        self.slow = world.chance(0.1)
        self.reads_at = 0
        self._dead = [False, False]  # up, down
        self._world = world
        self._far = far
        self._hear = hear
        self._lost = lost
        self._last = [0, 0]

    def up(self, message: Message) -> None:
        """From the client."""
        if not self._dead[0]:
            self._travel(0, message)
            if self._world.chance(0.01):
                self._travel(0, message)

    def down(self, message: Message) -> None:
        """From the authority."""
        if not self._dead[1]:
            self._travel(1, message)
            if self._world.chance(0.003):
                self._travel(1, message)

    def cut(self) -> None:
        """Both ends lose each other, and notice it some time later."""
        self._dead = [True, True]
        self._world.after(30, lambda: self._far.gone(self))
        self._world.after(30, self._lost)

    def half_cut(self, way: int) -> None:
        """One direction carries nothing any more. Nobody notices for long."""
        self._dead[way] = True
        self._world.after(HALF_OPEN, self.cut)

    def leave(self) -> None:
        """The client has ended; what it sent is still under way."""
        self._dead[1] = True
        self._at(0, lambda: self._far.gone(self))

    def shut(self) -> None:
        """The authority has ended it; what it sent is still under way."""
        self._dead[0] = True
        self._at(1, self._lost)

    def _travel(self, way: int, message: Message) -> None:
        if self._world.frames:
            message = decode(encode(message))
        self._at(way, lambda: self._arrive(way, message))

    def _at(self, way: int, act: Callable[[], None]) -> None:
        rng = self._world.rng
        slow = 40 if self._world.chance(0.05) else 4
        due = max(self._last[way], self._world.time + 1 + int(rng.random() * slow))
        self._last[way] = due
        self._world.at(due, act)

    def _arrive(self, way: int, message: Message) -> None:
        if self._dead[way]:
            return
        if way:
            self._hear(message)
        else:
            self._far.hear(self, message)
