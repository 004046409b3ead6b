"""What keeps the rooms: the contract of a relay's store.

A commit is one transaction over as many rooms as have something to write. The acceptance suite
that every store passes is ``tests/relay_store_acceptance.py``.
"""

from dataclasses import dataclass
from typing import Protocol

from foldbook.access import Change, Link
from foldbook.ledger import Refusal, SessionRecord
from foldbook.row import Row


class StoreFailed(Exception):
    """A transaction did not come about, or nobody knows whether it did."""


@dataclass(frozen=True, slots=True)
class RoomInfo:
    """What is known of a room from its creation on.

    base: rows up to this one are in segments, told by the owner. key_id, verify: opaque, for
    the peers. created: ms since 1970. open: rows are numbered; before that it is a draft.
    """

    name: str
    epoch: str
    base: int
    key_id: str
    verify: str
    created: int
    open: bool = False


@dataclass(frozen=True, slots=True)
class LoadedRoom:
    """A room as it goes on: its newest rows, dense up to ``head``, and who may join it."""

    info: RoomInfo
    head: int
    rows: tuple[Row, ...]
    access: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class Write:
    """What a room has to write: rows that go on without a gap, refusals, links and grants."""

    room: str
    rows: tuple[Row, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    access: tuple[Change, ...] = ()


class RelayStore(Protocol):
    """Keeps rooms. Every method but `open` and `close` may raise `StoreFailed`."""

    async def open(self) -> None:
        """Get ready. Raises `StoreFailed` where the data is of another version."""

    async def close(self) -> None:
        """End, after what is under way; the store can be opened again."""

    async def create(self, info: RoomInfo, owner: Link) -> bool:
        """A new draft with its owner's link; False where there is a room of this name."""

    async def info(self, room: str) -> RoomInfo | None:
        """What is known of a room, or None."""

    async def set_open(self, room: str, base: int, session: str = "", n: int = 0) -> None:
        """A draft becomes a room that numbers rows from ``base + 1`` on. The owner's session goes
        on: its newest number among the rows before is ``n``.
        """

    async def drafts(self, before: int) -> list[str]:
        """Drafts that were created before a time (ms since 1970) and never opened."""

    async def delete(self, room: str) -> None:
        """Forget a room and everything of it."""

    async def load(self, room: str, keep: tuple[int, int]) -> LoadedRoom | None:
        """A room with its newest rows, at most ``keep`` (rows, bytes); None: there is none."""

    async def commit(self, writes: list[Write]) -> None:
        """Write all of this in one transaction, in order, on the disk when this returns.

        When it raises, nothing may be assumed: what was written is what `load` gives then.
        """

    async def session(self, room: str, session: str, first: int) -> SessionRecord:
        """What is known of a session, with marks and refusals from ``first`` on if that is not
        0; a store may give only the newest `MARKS` of them, and says from where on.
        """

    async def rows(self, room: str, after: int) -> tuple[Row, ...]:
        """The rows after a seq, as many as one message holds."""


MARKS = 65_536
"""Numbers of one session that a store has to give marks for."""
