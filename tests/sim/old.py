"""Somebody whose code is older than that of the others."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from foldbook.wire import Message
from sim.people import Person
from sim.world import World


class OldPerson(Person):
    """Somebody whose code does not know one kind of event: the notebook is read-only there as
    soon as one stands in it.
    """

    is_old = True
    lacks = "cellTypeChanged"

    def __init__(self, *given: Any) -> None:
        with self._lacking(given[1]):
            super().__init__(*given)

    def act(self) -> None:
        with self._lacking(self.world):
            super().act()

    def connect(self) -> None:
        with self._lacking(self.world):
            super().connect()

    def _hear(self, message: Message) -> None:
        with self._lacking(self.world):
            super()._hear(message)

    def _commit(self) -> None:
        with self._lacking(self.world):
            super()._commit()

    @contextmanager
    def _lacking(self, world: World) -> Iterator[None]:
        before, world.lacking = world.lacking, self.lacks
        try:
            yield
        finally:
            world.lacking = before
