"""What stands around a replica in life, of which guests, desks and offers know a peer."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from foldbook.events.base import Event
from foldbook.log import Log
from foldbook.notebook import Notebook
from foldbook.replica import Change
from foldbook.row import Role, Row
from foldbook.sync import State
from foldbook.undo import UndoStack

if TYPE_CHECKING:
    from sim.people import Person


class Peer:
    """A person, as `foldbook.peer.Peer` shows one."""

    damaged = ()

    def __init__(self, person: "Person") -> None:
        self._person = person

    def append(self, events: Sequence[Event]) -> list[Row]:
        """See `foldbook.peer.Peer`; so for the following ones."""
        return self._person.append(events)

    def subscribe(self, callback: Callable[[Change], None]) -> None:
        self._person.followers.append(callback)

    def amend(self, confirmed: Notebook) -> None:
        self._person.replica.amend(confirmed)

    @property
    def session(self) -> str:
        return self._person.replica.session

    @property
    def actor(self) -> str:
        return self._person.replica.actor

    @property
    def role(self) -> Role:
        return self._person.replica.role

    @property
    def log(self) -> Log:
        return self._person.replica.log

    @property
    def notebook(self) -> Notebook:
        return self._person.replica.log.view

    @property
    def is_outdated(self) -> bool:
        return self._person.replica.is_outdated

    @property
    def unsaved(self) -> int:
        return self._person.replica.unsaved

    @property
    def waiting(self) -> int:
        return self._person.replica.log.waiting

    @property
    def undo(self) -> UndoStack:
        return self._person.undo

    @property
    def ended(self) -> str | None:
        return "ended" if self._person.is_ended or self._person.dead else None

    @property
    def is_moved(self) -> bool:
        return self._person.local is None

    @property
    def is_linked(self) -> bool:
        return self._person.replica.sync.state not in (State.OFFLINE, State.GREETING)

    @property
    def present(self) -> frozenset[str]:
        return frozenset(self._person.present)
