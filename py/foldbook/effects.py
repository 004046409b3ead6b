"""What a room wants done, in order, by whoever hosts it. Pure."""

from dataclasses import dataclass

from foldbook.access import Change
from foldbook.ledger import Refusal
from foldbook.row import Row
from foldbook.wire import Message


@dataclass(frozen=True, slots=True)
class Send:
    """Send a message to a connection."""

    connection: int
    message: Message


@dataclass(frozen=True, slots=True)
class Append:
    """Write these in one transaction, then call `Room.committed` with the ticket."""

    ticket: int
    rows: tuple[Row, ...]
    refusals: tuple[Refusal, ...]
    access: tuple[Change, ...] = ()


@dataclass(frozen=True, slots=True)
class Publish:
    """There are new rows to `Room.take` for every connection."""


@dataclass(frozen=True, slots=True)
class Close:
    """Close a connection; the room has forgotten it."""

    connection: int


@dataclass(frozen=True, slots=True)
class Recall:
    """Load what the store has of a session, from number ``first`` on if that is not 0, and call
    `Room.recalled` with it.
    """

    connection: int
    session: str
    first: int


Effect = Send | Append | Publish | Close | Recall
