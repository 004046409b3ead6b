"""A small world on one seed: time, chance, and what happens when.

What happens next is drawn from one `random.Random`, so a seed is a story that can be told again.
"""

import heapq
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from foldbook.ties import Surroundings
from sim.loop import Loop

LENGTH = 120
"""Ticks until all is calm."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a story is about, beside people who type and what always goes wrong.

    recalls: the authority has only its newest rows at hand. links: rights come from links and
    grants, else from whoever opens a connection. sealed: rows travel sealed. lies: how the
    authority lies ("": it does not; "same": everybody is told the same; "each": everybody is
    told something else). shared: the notebook begins on somebody's own disk. guests: pages have
    runtimes of their own. pages: people type in pages over their workers. old: some have the
    product's own version, the others the next one. villain: an editor's rows are made by hand.
    structure: cells are split and merged. files: files with bytes are added and read. snapshots:
    folds are kept on disks, and at the relay for whoever joins. tabs: several tabs on one store, of
    which one has the worker.
    """

    recalls: bool
    links: bool
    sealed: bool
    lies: str
    shared: bool
    guests: bool
    pages: bool
    old: bool
    villain: bool
    structure: bool
    batch: int
    files: bool
    snapshots: bool
    tabs: bool


def planned(rng: Random) -> Plan:
    """Chance decides what a story is about; a few things at once, not all."""
    lies = rng.choice(["same", "each"]) if rng.random() < 0.12 else ""
    shared = not lies and rng.random() < 0.2
    snapshots = not lies and rng.random() < 0.12
    tabs = rng.random() < 0.12
    return Plan(
        recalls=rng.random() < 0.5 or shared,
        links=not lies and (shared or rng.random() < 0.4),
        sealed=bool(lies) or snapshots or rng.random() < 0.1,
        lies=lies,
        shared=shared,
        guests=rng.random() < 0.25,
        pages=tabs or rng.random() < 0.1,
        old=not lies and rng.random() < 0.08,
        villain=not lies and rng.random() < 0.15,
        structure=not lies and rng.random() < 0.15,
        batch=rng.choice([3, 256]),
        files=rng.random() < 0.25,
        snapshots=snapshots,
        tabs=tabs,
    )


class World:
    """Time, chance, and what happens when. ``calm`` ends all faults."""

    def __init__(self, seed: int) -> None:
        self.rng = Random(seed)
        self.plan = planned(self.rng)
        self.time = 0
        self.calm = False
        self.newer = self.plan.old  # whether whoever acts now has the product's next version
        self.frames = seed % 8 == 0  # messages travel as bytes in these
        self.loop = Loop(self)  # type: ignore[abstract]  # nothing here asks for the rest
        self.around = Surroundings(
            lambda: self.time, lambda: self.rng.randbytes(32), self.rng.random, self.loop.pause
        )
        self._queue: list[tuple[int, int, Callable[[], None]]] = []
        self._count = 0

    def after(self, most: int, act: Callable[[], None]) -> None:
        """Something happens in up to ``most`` ticks from now."""
        self.at(self.time + 1 + int(self.rng.random() * most), act)

    def at(self, time: int, act: Callable[[], None]) -> None:
        """Something happens at this time; what was planned first happens first."""
        self._count += 1
        heapq.heappush(self._queue, (time, self._count, act))

    def run(self, until: int | None = None) -> None:
        """Let things happen, up to a time, or until nothing is left to happen."""
        steps = 0
        queue, loop = self._queue, self.loop
        loop.turn()
        while queue and (until is None or queue[0][0] <= until):
            self.time, _, act = heapq.heappop(queue)
            act()
            if loop.ready:
                loop.turn()
            steps += 1
            assert steps < 100_000, "the world does not come to rest"
        if until is not None:
            self.time = until

    def chance(self, probability: float) -> bool:
        """Whether a fault happens; never when all is calm."""
        return not self.calm and self.rng.random() < probability
