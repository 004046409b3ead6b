"""Intents on the text of cells: edit, replace, split, merge."""

from pydantic import BaseModel, ConfigDict, Field

from foldbook import pieces, text
from foldbook.bridge import PLACES
from foldbook.commands.base import (
    PAYLOAD_LIMIT,
    Command,
    Decision,
    Stamp,
    existing,
    living,
    living_of,
    size_of,
    sized,
)
from foldbook.commands.placing import place
from foldbook.difference import difference
from foldbook.errors import CommandRefused, TextMisfit
from foldbook.events.base import Event, Id, Json, Positive
from foldbook.events.cells import (
    CellAttachmentsSet,
    CellCreated,
    CellDeleted,
    CellSourceEdited,
    Section,
)
from foldbook.notebook import CellType, Notebook


class EditSource(Command):
    """Change characters of a cell's source.

    changes: sections over the source as it is now; a number keeps that many code points, a pair
    [n, text] puts text in the place of the next n, the rest is kept. length_before: code points
    of that source.
    """

    cell_id: Id
    changes: tuple[Section, ...]
    length_before: Positive

    def decide(self, notebook: Notebook, stamp: Stamp) -> Decision:
        cell = existing(notebook, self.cell_id)  # edits to a deleted cell are kept with it
        if self.length_before != len(cell.source):
            raise CommandRefused(
                f"The edit is made on a text of {self.length_before} characters; "
                f"the cell has {len(cell.source)}."
            )
        try:
            return Decision(tuple(edits(cell.id, self.changes, cell.source)))
        except TextMisfit as why:
            raise CommandRefused(f"The edit does not fit the cell's text: {why}.") from None


class TextEdit(BaseModel):
    """What is to be changed in one cell's source: part of `ReplaceText`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    cell_id: Id
    changes: tuple[Section, ...]
    before: str


class ReplaceText(Command):
    """Change the sources of several cells, as one step of undo.

    edits: for each cell the changes, as in `EditSource`, and the source that they were made on.
    What others have typed there since stays; a cell that is gone is left out.
    """

    edits: tuple[TextEdit, ...]

    def label(self) -> str:
        return "Replace text"

    def decide(self, notebook: Notebook, stamp: Stamp) -> Decision:
        cells = {
            cell.id: cell for cell in living_of(notebook, tuple(e.cell_id for e in self.edits))
        }
        events: list[Event] = []
        for edit in self.edits:
            if (cell := cells.pop(edit.cell_id, None)) is not None:
                events += edits(cell.id, _on_top(edit, cell.source), cell.source)
        return Decision(tuple(events))


class SplitCell(Command):
    """Cut a cell in two at a place of its source (code points). What follows it becomes a new
    cell of the same type; the outputs stay with the first part."""

    cell_id: Id
    at: Positive
    new_id: Id | None = None

    def label(self) -> str:
        return "Split cell"

    def decide(self, notebook: Notebook, stamp: Stamp) -> Decision:
        cell = living(notebook, self.cell_id)
        if self.at > len(cell.source):
            raise CommandRefused(
                f"The cell has {len(cell.source)} characters; it cannot be split at {self.at}."
            )
        head = cell.source[: self.at].rstrip("\n")
        tail = cell.source[self.at :].lstrip("\n")
        shortened = text.replace(len(head), len(cell.source) - len(head), "")
        [key], before = place(notebook, stamp, 1, after=cell.id, before=None)
        new_id = free_id(notebook, stamp, self.new_id)
        made = creation(new_id, cell.type, key, tail, dict(cell.metadata), dict(cell.attachments))
        return Decision((*before, *edits(cell.id, shortened, cell.source), *made))


class MergeCells(Command):
    """Join cells into the first of them, an empty line between their sources; its type and
    outputs stay, the other cells are deleted."""

    cell_ids: tuple[Id, ...]

    def label(self) -> str:
        return "Merge cells"

    def decide(self, notebook: Notebook, stamp: Stamp) -> Decision:
        first, *others = living_of(notebook, self.cell_ids)
        if not others:
            raise CommandRefused("Two cells at least are needed for a merge.")
        joined = "".join("\n\n" + cell.source for cell in others)
        longer = text.replace(len(first.source), 0, joined)
        events: list[Event] = [*edits(first.id, longer, first.source)]
        attachments = {
            name: bundle
            for cell in others
            for name, bundle in cell.attachments.items()
            if name not in first.attachments
        }
        if attachments:
            setting = CellAttachmentsSet(cell_id=first.id, values=attachments)
            events.append(sized(setting, "The attachments"))
        events += [CellDeleted(cell_id=cell.id) for cell in others]
        return Decision(tuple(events))


class NewCell(BaseModel):
    """A cell to be made: part of other commands."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    cell_id: Id | None = None
    cell_type: CellType = "code"
    source: str = ""
    metadata: Json = Field(default_factory=dict)
    attachments: dict[str, Json] = Field(default_factory=dict)


def _on_top(edit: TextEdit, now: str) -> text.Change:
    """The change, rewritten over what was typed since it was made. Raises `CommandRefused`."""
    try:
        change = text.normal(edit.changes)
        text.check(change, len(edit.before))
    except TextMisfit as why:
        raise CommandRefused(f"The edit does not fit the cell's text: {why}.") from None
    return text.transform(change, difference(edit.before, now))


def edits(cell_id: str, change: text.Change, source: str) -> list[CellSourceEdited]:
    """The change of a source as events that fit a row; one in very many places as one of what
    lies between the first and the last (`foldbook.bridge.PLACES`). Raises `TextMisfit`."""
    change = text.normal(change)
    text.check(change, len(source))
    if len(change) > PLACES:
        change = text.coarse(change, source)
    return [
        CellSourceEdited(cell_id=cell_id, changes=step, length_before=length)
        for step, length in pieces.split(change, len(source))
    ]


def creation(
    cell_id: str, cell_type: CellType, position: str, source: str, metadata: Json, attachments: Json
) -> list[Event]:
    """A new cell, a long source in several events. Raises `CommandRefused`."""
    first, *rest = pieces.cut(source)
    created = CellCreated(
        cell_id=cell_id,
        cell_type=cell_type,
        position=position,
        source=first,
        metadata=metadata,
        attachments=attachments,
    )
    if first and size_of(created) > PAYLOAD_LIMIT:
        created, rest = created.model_copy(update={"source": ""}), [first, *rest]
    events: list[Event] = [sized(created, "The cell's metadata and attachments")]
    length = len(created.source)
    for piece in rest:
        change = text.replace(length, 0, piece)
        events.append(CellSourceEdited(cell_id=cell_id, changes=change, length_before=length))
        length += len(piece)
    return events


def free_id(notebook: Notebook, stamp: Stamp, wanted: str | None) -> str:
    """The wanted id of a new cell, or a new one. Raises `CommandRefused` where it is taken."""
    if wanted in notebook.cells:
        raise CommandRefused(f"There is a cell {wanted} already.")
    return wanted or stamp.new_id()
