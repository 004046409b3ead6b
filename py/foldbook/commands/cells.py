"""Intents on cells: create, move, delete, restore, paste; their type, metadata, attachments."""

from pydantic import Field

from foldbook.blobs import pack
from foldbook.commands.base import (
    Command,
    Decision,
    Stamp,
    counted,
    existing,
    living,
    living_of,
    sized,
)
from foldbook.commands.placing import place
from foldbook.commands.sources import NewCell, creation, free_id
from foldbook.errors import CommandRefused
from foldbook.events.base import Event, Id, Json
from foldbook.events.cells import (
    CellAttachmentsSet,
    CellDeleted,
    CellMetadataSet,
    CellMoved,
    CellRestored,
    CellTypeChanged,
)
from foldbook.notebook import CellType, Notebook


class CreateCell(Command):
    """Make a cell, right after or right before another one. ``after: null`` is the start;
    with neither it is the end."""

    cell_id: Id | None = None
    cell_type: CellType = "code"
    source: str = ""
    after: Id | None = None
    before: Id | None = None

    def label(self) -> str:
        return "Insert cell"

    def decide(self, notebook: Notebook, stamp: Stamp) -> Decision:
        [key], moves = place(
            notebook, stamp, 1, after=self.after, before=self.before, at_start=_at_start(self)
        )
        cell_id = free_id(notebook, stamp, self.cell_id)
        return Decision((*moves, *creation(cell_id, self.cell_type, key, self.source, {}, {})))


class MoveCells(Command):
    """Move cells right after or right before another one; among themselves they keep their
    order. ``after: null`` is the start; with neither they go to the end."""

    cell_ids: tuple[Id, ...]
    after: Id | None = None
    before: Id | None = None

    def label(self) -> str:
        return counted("Move", len(self.cell_ids))

    def decide(self, notebook: Notebook, stamp: Stamp) -> Decision:
        cells = living_of(notebook, self.cell_ids)
        moving = frozenset(cell.id for cell in cells)
        if moving & {self.after, self.before}:
            raise CommandRefused("A cell cannot be moved next to itself.")
        keys, moves = place(
            notebook,
            stamp,
            len(cells),
            after=self.after,
            before=self.before,
            at_start=_at_start(self),
            moving=moving,
        )
        for cell, key in zip(cells, keys, strict=True):
            moves.append(CellMoved(cell_id=cell.id, position=key))
        return Decision(tuple(moves))


class SetCellType(Command):
    """Make cells code, markdown or raw."""

    cell_ids: tuple[Id, ...]
    cell_type: CellType

    def label(self) -> str:
        return "Change cell type"

    def decide(self, notebook: Notebook, stamp: Stamp) -> Decision:
        return Decision(
            tuple(
                CellTypeChanged(cell_id=cell.id, cell_type=self.cell_type)
                for cell in living_of(notebook, self.cell_ids)
                if cell.type != self.cell_type
            )
        )


class SetCellMetadata(Command):
    """Set and remove top-level keys of a cell's metadata."""

    cell_id: Id
    values: Json = Field(default_factory=dict)
    removed: tuple[str, ...] = ()

    def label(self) -> str:
        return "Change cell metadata"

    def decide(self, notebook: Notebook, stamp: Stamp) -> Decision:
        cell = living(notebook, self.cell_id)
        event = CellMetadataSet(cell_id=cell.id, values=self.values, removed=self.removed)
        return Decision((sized(event, "The metadata"),))


class SetAttachments(Command):
    """Set and remove attachments of a cell: file name -> mime bundle. Large ones become blobs."""

    cell_id: Id
    values: dict[str, Json] = Field(default_factory=dict)
    removed: tuple[str, ...] = ()

    def label(self) -> str:
        return "Change attachments"

    def decide(self, notebook: Notebook, stamp: Stamp) -> Decision:
        cell = living(notebook, self.cell_id)
        blobs: dict[str, bytes] = {}
        values = {name: pack(bundle, blobs) for name, bundle in self.values.items()}
        event = CellAttachmentsSet(cell_id=cell.id, values=values, removed=self.removed)
        return Decision((sized(event, "The attachments"),), blobs)


class DeleteCells(Command):
    """Delete cells. They can be restored; edits made to them meanwhile come back with them."""

    cell_ids: tuple[Id, ...]

    def label(self) -> str:
        return counted("Delete", len(self.cell_ids))

    def decide(self, notebook: Notebook, stamp: Stamp) -> Decision:
        cells = living_of(notebook, self.cell_ids)
        return Decision(tuple(CellDeleted(cell_id=cell.id) for cell in cells))


class RestoreCells(Command):
    """Bring deleted cells back to where they were."""

    cell_ids: tuple[Id, ...]

    def label(self) -> str:
        return counted("Restore", len(self.cell_ids))

    def decide(self, notebook: Notebook, stamp: Stamp) -> Decision:
        cells = [existing(notebook, each) for each in self.cell_ids]
        events = tuple(CellRestored(cell_id=cell.id) for cell in cells if cell.deleted)
        if not events:
            raise CommandRefused("No deleted cell was named.")
        return Decision(events)


class PasteCells(Command):
    """Insert copies of cells after a cell (``after: null``: at the start; unsaid: at the end).
    They get new ids."""

    cells: tuple[NewCell, ...]
    after: Id | None = None

    def label(self) -> str:
        return counted("Paste", len(self.cells))

    def decide(self, notebook: Notebook, stamp: Stamp) -> Decision:
        if not self.cells:
            raise CommandRefused("There is nothing to paste.")
        keys, moves = place(
            notebook,
            stamp,
            len(self.cells),
            after=self.after,
            before=None,
            at_start=_at_start(self),
        )
        made, blobs = new_cells(notebook, stamp, self.cells, keys)
        return Decision((*moves, *made), blobs)


def new_cells(
    notebook: Notebook, stamp: Stamp, cells: tuple[NewCell, ...], keys: list[str]
) -> tuple[list[Event], dict[str, bytes]]:
    """The cells at these places, under the ids they ask for where those are free."""
    taken = set(notebook.cells)
    events: list[Event] = []
    blobs: dict[str, bytes] = {}
    for cell, key in zip(cells, keys, strict=True):
        free = cell.cell_id if cell.cell_id and cell.cell_id not in taken else stamp.new_id()
        taken.add(free)
        attachments = {name: pack(bundle, blobs) for name, bundle in cell.attachments.items()}
        events += creation(free, cell.cell_type, key, cell.source, cell.metadata, attachments)
    return events, blobs


def _at_start(command: CreateCell | MoveCells | PasteCells) -> bool:
    """Whether the place said is "after nothing"."""
    said = "after" in command.model_fields_set and command.after is None
    return said and getattr(command, "before", None) is None
