"""The runtimes of a story: they come, sleep, die at their work, and others come in their place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.people import Person
from sim.runtimes import Guest, GuestRoom, Native, Runtime

if TYPE_CHECKING:
    from sim.story import Story

SLEEPS_AFTER, SLEEPS = 60, 150
"""Ticks: when a runtime's machine falls asleep, and for how long."""

STRIKES = 3
"""How often at most a runtime with a disk dies at its work."""


class Machines:
    """See the module."""

    def __init__(self, story: Story) -> None:
        self._story = story
        self._world = story.world
        self._book = story.book
        self.runtimes: list[Runtime] = []

    def start(self, name: str = "r", forerunner: Runtime | None = None) -> None:
        """A runtime comes to the authority; in the place of one that has died."""
        host = self._story.host
        assert host is not None
        made: Runtime
        if self._story.seed // 3 % 2:
            before = forerunner if isinstance(forerunner, Native) else None
            disk = before.disk if before else self._story.new_disk()
            made = Native(name, self._world, host, self._book, disk, before)
            made.began = lambda: self._strike(made)  # type: ignore[method-assign]
        else:
            replaces = forerunner.replica.session if forerunner else None
            made = Runtime(name, self._world, host, self._book, self._story.new_disk(), replaces)
        self._work(made)
        if self._story.seed % 3 == 2:
            self._world.at(self._world.time + SLEEPS_AFTER, lambda: self._sleep(made))

    def _strike(self, runtime: Runtime) -> None:
        """It may die at its work, whether or not all is calm."""
        if self._book.counts["struck at work"] < STRIKES and self._world.rng.random() < 0.5:
            self._book.count("struck at work")
            self._world.after(40, lambda: self.end(runtime))

    def end(self, runtime: Runtime) -> None:
        """It dies, and another one comes in its place."""
        if not runtime.dead:
            self._book.count("runtime died")
            self._story.die(runtime)
            self.start(runtime.name, runtime)

    def _sleep(self, runtime: Runtime) -> None:
        """Its machine sleeps: it does nothing, and nobody is told."""

        def wake() -> None:
            runtime.asleep = False

        if runtime.dead or self._world.calm:
            return
        self._book.count("slept")
        runtime.asleep = True
        if runtime.link is not None:
            runtime.link.half_cut(self._story.seed % 2)
        self._world.at(self._world.time + SLEEPS, wake)

    def bring_guest(self, person: Person) -> None:
        """A runtime of somebody's page."""
        mine = [
            each.replica.session
            for each in self.runtimes
            if isinstance(each, Guest) and each.dead and each.person.name == person.name
        ]
        replaces = mine[-1] if mine else None
        self._work(Guest(person, GuestRoom(person, self._world), replaces))

    def _work(self, runtime: Runtime) -> None:
        self.runtimes.append(runtime)
        runtime.followers.append(lambda _: self._wake(runtime))
        runtime.connect()
        self._go_on(runtime)

    def _go_on(self, runtime: Runtime) -> None:
        if runtime.dead:
            return
        runtime.act()
        is_of_use = runtime.has_work and runtime.replica.log.head and not runtime.is_ended
        if not self._world.calm or is_of_use:
            self._world.after(12, lambda: self._go_on(runtime))
        else:
            runtime.rests = True

    def _wake(self, runtime: Runtime) -> None:
        """All is calm, and there may be something to do again."""
        if runtime.rests and runtime.has_work:
            runtime.rests = False
            self._world.after(12, lambda: self._go_on(runtime))
