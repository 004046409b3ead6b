"""What every command is: an intent that a notebook may turn into events. Pure.

A new command is one class in one file of this package. Its name is its class name in small
letters (`CreateCell` -> ``create_cell``); the parser and the catalogue follow from `ALL` in
``__init__``. A command that the notebook cannot take now raises `CommandRefused` with a
sentence for a person, and nothing has happened.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from pydantic import BaseModel, ConfigDict

from foldbook.errors import BadEvent, CommandRefused
from foldbook.events import readable
from foldbook.events.base import Event
from foldbook.notebook import Cell, Notebook
from foldbook.row import ROW_LIMIT, Role

PAYLOAD_LIMIT: Final = ROW_LIMIT - 4096
"""Bytes of one event; the rest of a row is for its head and its seal."""


@dataclass(slots=True)
class Stamp:
    """Who decides, when, and where new ids come from: all that a command may not make up.

    ts: ms since 1970. seed: any text that no other command has (the session and its next n);
    the same seed gives the same ids. runtime: the session of the page's runtime that is being
    started, for requests while none is selected; for a restart, of the one that will stand in
    the old one's place. None where that is not known.
    """

    session: str
    actor: str
    role: Role
    ts: int
    seed: str
    runtime: str | None = None
    _made: int = 0

    def new_id(self) -> str:
        """The next id (16 hex digits)."""
        self._made += 1
        return hashlib.sha256(f"{self.seed}|{self._made}".encode()).hexdigest()[:16]

    @property
    def salt(self) -> str:
        """Some characters that tell this session's order keys from those of others."""
        return re.sub(r"[^0-9A-Za-z]", "", self.session)[:4]


@dataclass(frozen=True, slots=True)
class Decision:
    """What follows from a command: events, and the blobs (SHA-256 hex -> bytes) they name."""

    events: tuple[Event, ...] = ()
    blobs: Mapping[str, bytes] = field(default_factory=dict)


class Command(BaseModel):
    """An intent. The docstring of each is its description in the catalogue."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=False)

    def decide(self, notebook: Notebook, stamp: Stamp) -> Decision:
        """The events that carry it out. Raises `CommandRefused`."""
        raise NotImplementedError

    def label(self) -> str:
        """How its undo is called ("Delete cell"); empty where it cannot be undone."""
        return ""

    @classmethod
    def wire_name(cls) -> str:
        """``CreateCell`` -> ``create_cell``."""
        return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", cls.__name__).lower()


def who(notebook: Notebook, actor: str) -> str:
    """The actor's name, or "Somebody"."""
    known = notebook.actors.get(actor)
    return known.name if known and known.name else "Somebody"


def existing(notebook: Notebook, cell_id: str) -> Cell:
    """The cell, deleted or not. Raises `CommandRefused` where there is none."""
    cell = notebook.cells.get(cell_id)
    if cell is None:
        raise CommandRefused(f"There is no cell {cell_id} in this notebook.")
    return cell


def living(notebook: Notebook, cell_id: str) -> Cell:
    """The cell. Raises `CommandRefused` where there is none, or it was deleted."""
    cell = existing(notebook, cell_id)
    if cell.deleted:
        name = who(notebook, cell.writers["deleted"].actor)
        raise CommandRefused(f"{name} deleted this cell.")
    return cell


def living_of(notebook: Notebook, cell_ids: tuple[str, ...]) -> list[Cell]:
    """Those of the cells that are there, in the order of the notebook.

    Raises `CommandRefused` where none is left.
    """
    if not cell_ids:
        raise CommandRefused("No cell was named.")
    cells = {each: notebook.cells[each] for each in cell_ids if each in notebook.cells}
    found = [cell for cell in cells.values() if not cell.deleted]
    if not found:
        living(notebook, cell_ids[0])
    return sorted(found, key=lambda cell: (cell.position, cell.id))


def counted(verb: str, count: int) -> str:
    """ "Delete cell" or "Delete 3 cells"."""
    return f"{verb} cell" if count == 1 else f"{verb} {count} cells"


def sized(event: Event, what: str) -> Event:
    """The event, if its row has room for it. Raises `CommandRefused`."""
    size = size_of(event)
    if size > PAYLOAD_LIMIT:
        raise CommandRefused(
            f"{what} would take {size:,} bytes; one event has room for {PAYLOAD_LIMIT:,}."
        )
    return event


def size_of(event: Event) -> int:
    """Bytes of an event. Raises `CommandRefused` where it cannot stand in a log."""
    try:
        return len(readable(event))
    except BadEvent as why:
        raise CommandRefused(f"This cannot be kept in the log: {why}.") from None
