"""Two reducer versions in one notebook: people with the product's own, and with the next one.

Both fold the same as long as no owner has raised the minimum. Then those with the product's own
may only look; what they have written and not sent waits, and goes on with a newer program.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from foldbook import reducer
from foldbook.events.base import Event
from foldbook.events.notebooks import MinimumReducerRaised
from foldbook.row import Role, Row
from foldbook.wire import Message
from sim.newer import NEXT, OURS, NewerEdit
from sim.people import Person
from sim.world import World


class NewerPerson(Person):
    """Somebody with the next version, who may let the notebook ask for it."""

    def act(self) -> None:
        super().act()
        asks = self.replica.log.view.reducer
        if self.dead or self.is_ended or asks >= NEXT or self.replica.role is not Role.OWN:
            return
        if self.world.chance(0.15):
            self.append([MinimumReducerRaised(reducer=NEXT)])
            self.book.count("minimum raised")

    def _edit(self, cell_id: str, source: str) -> Event:
        event = super()._edit(cell_id, source)
        if self.replica.log.confirmed.reducer < NEXT:
            return event
        self.book.count("written in the next version")
        return NewerEdit(**dict(event))


class OldPerson(Person):
    """Somebody with the product's own version among people who have the next one."""

    is_old = True

    def __init__(self, *given: Any) -> None:
        with _ours(given[1]):
            super().__init__(*given)

    def act(self) -> None:
        with _ours(self.world):
            super().act()

    def connect(self) -> None:
        with _ours(self.world):
            super().connect()

    def check_fold(self, rows: list[Row]) -> None:
        """Its notebook is what its own version makes of the log."""
        log = self.replica.log
        with _ours(self.world):
            assert self.replica.is_outdated, f"{self.name}: goes on, and is too old"
            expected = reducer.fold_all(rows[: log.head])
        assert log.confirmed == expected, f"{self.name}: another fold"
        assert self.is_ended or log.head == len(rows), f"{self.name}: not all rows"
        if log.pending:
            self.book.count("kept for a newer program")

    def _hear(self, message: Message) -> None:
        with _ours(self.world):
            super()._hear(message)


@contextmanager
def _ours(world: World) -> Iterator[None]:
    before = world.newer, reducer.REDUCER_VERSION
    world.newer, reducer.REDUCER_VERSION = False, OURS  # type: ignore[misc]
    try:
        yield
    finally:
        world.newer, reducer.REDUCER_VERSION = before  # type: ignore[misc]
