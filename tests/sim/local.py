"""A notebook that is not shared yet: its room is on its owner's own disk.

What `foldbook.authority` does with tasks happens here at once.
"""

from typing import Protocol

from foldbook.effects import Append, Effect, Publish, Send
from foldbook.replica import Replica
from foldbook.room import Room
from foldbook.row import Role, Row
from foldbook.seats import check_readable
from foldbook.store import EPOCH, Batch, Durability
from foldbook.wire import Message
from sim.disk import Disk
from sim.network import Connection

SHARE = "share"
"""In the meta of a disk: the rows up to this one are older than the notebook's room elsewhere."""


class _Owner(Protocol):
    replica: Replica

    def now(self) -> int: ...

    def keep(self, batch: Batch, then: object, how: Durability) -> None: ...


class Local:
    """See the module; it hears the one replica of its owner."""

    def __init__(self, disk: Disk, owner: _Owner) -> None:
        self._disk = disk
        self._owner = owner
        self._room = Room("book", "e1", disk.rows, (), check_readable)
        disk.write(Batch(meta={EPOCH: "e1"}))

    def open(self, *_: object) -> Connection:
        """The owner sits down."""
        self._room.open(1, Role.OWN)
        return None  # type: ignore[return-value]

    def has(self, row: Row) -> bool:
        """See `sim.clients.Station`."""
        return row.seq <= len(self._disk.rows) and self._disk.rows[row.seq - 1] == row

    def hear(self, message: Message) -> None:
        """The owner says something."""
        self._carry_out(self._room.receive(1, message, self._owner.now()))

    def _carry_out(self, effects: list[Effect]) -> None:
        for effect in effects:
            if isinstance(effect, Send):
                self._owner.replica.hear(effect.message)
            elif isinstance(effect, Append):
                ticket = effect.ticket
                self._owner.keep(
                    Batch(confirmed=list(effect.rows)),
                    lambda ticket=ticket: self._carry_out(self._room.committed(ticket)),
                    "strict",
                )
            elif isinstance(effect, Publish):
                while (rows := self._room.take(1)) is not None:
                    self._owner.replica.hear(rows)
