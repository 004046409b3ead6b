"""Cells: created, source edited, moved, type changed, metadata set, deleted, restored."""

from dataclasses import replace
from typing import Annotated, Any, ClassVar

from pydantic import Field, StringConstraints

from foldbook import text
from foldbook.bridge import admit
from foldbook.errors import TextMisfit
from foldbook.events.base import Event, Id, Json, Positive, mark
from foldbook.notebook import Cell, CellType, Notebook, Void
from foldbook.row import Kind, Row

Position = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z]+$", max_length=512)]
Section = Positive | tuple[Positive, str]


class CellCreated(Event):
    """A new cell stands at a position (an order key)."""

    kind: ClassVar[Kind] = Kind.EDIT
    cell_id: Id
    cell_type: CellType
    position: Position
    source: str = ""
    metadata: Json = Field(default_factory=dict)
    attachments: Json = Field(default_factory=dict)

    def apply(self, notebook: Notebook, row: Row) -> None:
        if self.cell_id in notebook.cells:
            raise Void(f"cell {self.cell_id} exists already")
        who = mark(row)
        notebook.cells[self.cell_id] = Cell(
            id=self.cell_id,
            type=self.cell_type,
            position=self.position,
            source=self.source,
            created=who,
            edited=who,
            metadata=self.metadata,
            attachments=self.attachments,
        )


class CellSourceEdited(Event):
    """Characters of a cell's source changed.

    changes: sections over the source as its writer saw it (`foldbook.text.Change`).
    length_before: code points of that source; a change that does not fit it is void.
    """

    kind: ClassVar[Kind] = Kind.EDIT
    cell_id: Id
    changes: tuple[Section, ...]
    length_before: Positive

    def apply(self, notebook: Notebook, row: Row) -> None:
        cell = notebook.cell(self.cell_id)
        try:
            history, change = admit(
                cell.history,
                change=self.changes,
                length_before=self.length_before,
                session=row.session,
                seen=row.seen,
                seq=row.seq,
                length_now=len(cell.source),
            )
        except TextMisfit as why:
            raise Void(f"the change does not fit the source: {why}") from None
        source = text.apply(change, cell.source)
        notebook.cells[cell.id] = cell.rewritten(source, history, mark(row))


class CellMoved(Event):
    """A cell has a new position."""

    kind: ClassVar[Kind] = Kind.EDIT
    cell_id: Id
    position: Position

    def apply(self, notebook: Notebook, row: Row) -> None:
        _write(notebook, self.cell_id, row, "position", position=self.position)


class CellTypeChanged(Event):
    """A cell became code, markdown or raw."""

    kind: ClassVar[Kind] = Kind.EDIT
    cell_id: Id
    cell_type: CellType

    def apply(self, notebook: Notebook, row: Row) -> None:
        _write(notebook, self.cell_id, row, "type", type=self.cell_type)


class CellMetadataSet(Event):
    """Top-level keys of a cell's metadata were set or removed."""

    kind: ClassVar[Kind] = Kind.EDIT
    cell_id: Id
    values: Json = Field(default_factory=dict)
    removed: tuple[str, ...] = ()

    def apply(self, notebook: Notebook, row: Row) -> None:
        old = notebook.cell(self.cell_id).metadata
        new = {k: v for k, v in old.items() if k not in self.removed} | self.values
        _write(notebook, self.cell_id, row, "metadata", metadata=new)


class CellAttachmentsSet(Event):
    """Attachments of a cell (file name -> mime bundle) were set or removed."""

    kind: ClassVar[Kind] = Kind.EDIT
    cell_id: Id
    values: Json = Field(default_factory=dict)
    removed: tuple[str, ...] = ()

    def apply(self, notebook: Notebook, row: Row) -> None:
        old = notebook.cell(self.cell_id).attachments
        new = {k: v for k, v in old.items() if k not in self.removed} | self.values
        _write(notebook, self.cell_id, row, "attachments", attachments=new)


class CellDeleted(Event):
    """A cell is gone from sight. It stays in the log's fold, with edits made to it since."""

    kind: ClassVar[Kind] = Kind.EDIT
    cell_id: Id

    def apply(self, notebook: Notebook, row: Row) -> None:
        if notebook.cell(self.cell_id).deleted:
            raise Void(f"cell {self.cell_id} is deleted already")
        _write(notebook, self.cell_id, row, "deleted", deleted=True)


class CellRestored(Event):
    """A deleted cell is back where it was."""

    kind: ClassVar[Kind] = Kind.EDIT
    cell_id: Id

    def apply(self, notebook: Notebook, row: Row) -> None:
        if not notebook.cell(self.cell_id).deleted:
            raise Void(f"cell {self.cell_id} is not deleted")
        _write(notebook, self.cell_id, row, "deleted", deleted=False)


def _write(notebook: Notebook, cell_id: str, row: Row, what: str, **values: Any) -> None:
    cell = notebook.cell(cell_id)
    writers = {**cell.writers, what: mark(row)}
    notebook.cells[cell_id] = replace(cell, writers=writers, **values)
