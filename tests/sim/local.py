"""A notebook that is not shared yet: its authority is on its owner's own machine."""

from collections.abc import Callable
from typing import Protocol

from foldbook.authority import LocalAuthority
from foldbook.replica import Replica
from foldbook.row import Role, Row
from foldbook.saver import Saver
from foldbook.seats import Seat
from foldbook.wire import Message
from sim.disk import Disk
from sim.network import Connection

SHARE = "share"
"""In the meta of a disk: the rows up to this one are older than the notebook's room elsewhere."""


class _Owner(Protocol):
    saver: Saver

    def now(self) -> int: ...


class Local:
    """See the module; `begin` comes first."""

    def __init__(self, disk: Disk) -> None:
        self._disk = disk
        self._seat: Seat | None = None

    def begin(self, owner: _Owner) -> None:
        """From now on rows are numbered, and kept by the owner's saver."""
        loaded = self._disk.load()
        self._authority = LocalAuthority("book", loaded, owner.saver, epoch="e1", now=owner.now)

    def connect(self, replica: Replica) -> None:
        """The owner sits down."""
        self._seat = self._authority.join(Role.OWN, replica.hear)
        replica.connected()

    def send(self, message: Message) -> None:
        """The owner says something."""
        if self._seat is not None:
            self._seat.send(message)

    def leave(self) -> None:
        """The owner gets up."""
        if self._seat is not None:
            self._seat.close()

    def has(self, row: Row) -> bool:
        """See `sim.clients.Station`; so for the following one."""
        return row.seq <= len(self._disk.confirmed) and self._disk.confirmed[row.seq - 1] == row

    def open(
        self, role: Role, hear: Callable[[Message], None], lost: Callable[[], None]
    ) -> Connection:
        """Nobody else connects."""
        raise AssertionError("this notebook is not shared")
