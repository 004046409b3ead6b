"""Undo and redo of what one session did to the structure of a notebook. Pure.

Typing is undone in the editor; this is for cells made, deleted, moved, split, merged and the
like (as Jupyter's Z). Undo appends events that take back what the session itself did. Where
somebody else has written the same field since, it refuses and says who: nobody's work is taken
away. Text that a split or a merge moved goes back around what was typed meanwhile.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from foldbook import text
from foldbook.commands import Command, Decision, Redo, Stamp, Undo, allow, decide
from foldbook.commands.base import who
from foldbook.commands.sources import edits
from foldbook.difference import difference
from foldbook.errors import CommandRefused
from foldbook.events.base import Event
from foldbook.events.cells import (
    CellAttachmentsSet,
    CellCreated,
    CellDeleted,
    CellMetadataSet,
    CellMoved,
    CellRestored,
    CellSourceEdited,
    CellTypeChanged,
)
from foldbook.events.notebooks import NotebookMetadataSet, NotebookRenamed
from foldbook.events.outputs import CellOutputsCleared, CellOutputsRestored
from foldbook.notebook import Cell, Mark, Notebook

LIMIT: Final = 100
"""Commands that can be undone, at most."""

_Back = Callable[[Notebook, Stamp], list[Event]]
"""Takes one thing back in the notebook as it is now. Raises `CommandRefused`."""


@dataclass(frozen=True, slots=True)
class _Entry:
    label: str
    backs: tuple[_Back, ...]  # in the order in which they are to be done


class UndoStack:
    """What one session did and undid, newest last. Lives as long as its notebook is open."""

    def __init__(self) -> None:
        self._done: list[_Entry] = []
        self._undone: list[_Entry] = []

    @property
    def undo_label(self) -> str | None:
        """What would be undone ("Delete cell"); None where there is nothing."""
        return self._done[-1].label if self._done else None

    @property
    def redo_label(self) -> str | None:
        """What would be done again; None where there is nothing."""
        return self._undone[-1].label if self._undone else None

    def decide(self, notebook: Notebook, command: Command, stamp: Stamp) -> Decision:
        """`foldbook.commands.decide`, and it remembers; for undo and redo, what they do now.

        Raises `CommandRefused`; what could not be undone is forgotten, so that the one before
        it can be.
        """
        if isinstance(command, Undo):
            return self._take_back(notebook, command, stamp, self._done, self._undone)
        if isinstance(command, Redo):
            return self._take_back(notebook, command, stamp, self._undone, self._done)
        decision = decide(notebook, command, stamp)
        if command.label() and decision.events:
            self._undone.clear()
            _push(self._done, _entry(notebook, command.label(), decision.events))
        return decision

    def _take_back(
        self,
        notebook: Notebook,
        command: Command,
        stamp: Stamp,
        source: list[_Entry],
        target: list[_Entry],
    ) -> Decision:
        if not source:
            return decide(notebook, command, stamp)  # which says that there is nothing
        entry = source.pop()
        events = tuple(event for back in entry.backs for event in back(notebook, stamp))
        if not events:
            raise CommandRefused(f"{entry.label}: nothing of it is left to be taken back.")
        decision = Decision(events)
        allow(decision, stamp.role)
        _push(target, _entry(notebook, entry.label, events))
        return decision


def _push(stack: list[_Entry], entry: _Entry) -> None:
    if entry.backs:
        stack.append(entry)
        del stack[:-LIMIT]


def _entry(notebook: Notebook, label: str, events: Iterable[Event]) -> _Entry:
    """How to take these events back; ``notebook`` is as it was before them."""
    backs: list[_Back] = []
    changes: dict[str, text.Change] = {}
    for event in events:
        if isinstance(event, CellSourceEdited):
            before = changes.get(event.cell_id, ())
            changes[event.cell_id] = text.compose(before, text.normal(event.changes))
        else:
            back = _back(notebook, event)
            backs += [back] if back else []
    for cell_id, change in changes.items():
        if cell_id in notebook.cells:  # else it is part of a cell that these events made
            backs.append(partial(_unedit, cell_id, notebook.cells[cell_id].source, change))
    return _Entry(label, tuple(reversed(backs)))


def _back(notebook: Notebook, event: Event) -> _Back | None:
    """How to take this event back; None where nothing needs to be."""
    match event:
        case CellCreated() | CellRestored():
            return partial(_delete, event.cell_id, notebook.head)
        case CellDeleted():
            return partial(_restore, event.cell_id)
        case CellMoved():
            old = CellMoved(cell_id=event.cell_id, position=notebook.cells[event.cell_id].position)
            return partial(_set_cell, old, "position", "moved this cell")
        case CellTypeChanged():
            cell_type = notebook.cells[event.cell_id].type
            typed = CellTypeChanged(cell_id=event.cell_id, cell_type=cell_type)
            return partial(_set_cell, typed, "type", "changed this cell's type")
        case CellMetadataSet():
            values, removed = _former(notebook.cells[event.cell_id].metadata, event)
            meta = CellMetadataSet(cell_id=event.cell_id, values=values, removed=removed)
            return partial(_set_cell, meta, "metadata", "changed this cell's metadata")
        case CellAttachmentsSet():
            values, removed = _former(notebook.cells[event.cell_id].attachments, event)
            files = CellAttachmentsSet(cell_id=event.cell_id, values=values, removed=removed)
            return partial(_set_cell, files, "attachments", "changed this cell's attachments")
        case _:
            return _back_of_rest(notebook, event)


def _back_of_rest(notebook: Notebook, event: Event) -> _Back | None:
    match event:
        case CellOutputsCleared():
            execution = notebook.execution_of(notebook.cells[event.cell_id])
            if execution is None or execution.completed is None:
                return None  # outputs of a running cell do not come back
            return partial(_show_outputs, event.cell_id, execution.id)
        case CellOutputsRestored():
            return partial(_hide_outputs, event.cell_id, event.execution_id)
        case NotebookRenamed():
            named = NotebookRenamed(name=notebook.name)
            return partial(_set_notebook, named, "name", "renamed the notebook")
        case NotebookMetadataSet():
            values, removed = _former(notebook.metadata, event)
            meta = NotebookMetadataSet(values=values, removed=removed)
            return partial(_set_notebook, meta, "metadata", "changed the notebook's metadata")
        case _:
            return None


def _former(
    old: Mapping[str, Any], event: CellMetadataSet | CellAttachmentsSet | NotebookMetadataSet
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The values and the removals that bring the keys back to what they were."""
    touched = [*event.values, *event.removed]
    values = {key: old[key] for key in touched if key in old}
    return values, tuple(key for key in event.values if key not in old)


def _delete(cell_id: str, since: int, notebook: Notebook, stamp: Stamp) -> list[Event]:
    cell = _there(notebook, cell_id)
    if cell.deleted:
        return []
    for mark in (cell.edited, *cell.writers.values()):
        if mark.seq > since:
            _own(notebook, mark, stamp, "worked in this cell")
    for session, (seq, _) in cell.history.bridges.items():
        # Whoever typed before the last one did; of these only the sessions are known.
        if seq > since and session not in (stamp.session, cell.edited.session):
            raise CommandRefused("Somebody worked in this cell since.")
    return [CellDeleted(cell_id=cell_id)]


def _restore(cell_id: str, notebook: Notebook, stamp: Stamp) -> list[Event]:
    cell = _there(notebook, cell_id)
    return [CellRestored(cell_id=cell_id)] if cell.deleted else []


def _set_cell(
    event: CellMoved | CellTypeChanged | CellMetadataSet | CellAttachmentsSet,
    what: str,
    did: str,
    notebook: Notebook,
    stamp: Stamp,
) -> list[Event]:
    _own(notebook, _there(notebook, event.cell_id).writers.get(what), stamp, did)
    return [event]


def _set_notebook(
    event: Event, what: str, did: str, notebook: Notebook, stamp: Stamp
) -> list[Event]:
    _own(notebook, notebook.writers.get(what), stamp, did)
    return [event]


def _show_outputs(cell_id: str, execution_id: str, notebook: Notebook, stamp: Stamp) -> list[Event]:
    cell = _there(notebook, cell_id)
    if cell.execution is not None:
        raise CommandRefused("This cell has run since.")
    _own(notebook, cell.writers.get("execution"), stamp, "cleared this cell's outputs")
    return [CellOutputsRestored(cell_id=cell_id, execution_id=execution_id)]


def _hide_outputs(cell_id: str, execution_id: str, notebook: Notebook, stamp: Stamp) -> list[Event]:
    if _there(notebook, cell_id).execution != execution_id:
        raise CommandRefused("This cell has run since.")
    return [CellOutputsCleared(cell_id=cell_id)]


def _unedit(
    cell_id: str, before: str, change: text.Change, notebook: Notebook, stamp: Stamp
) -> list[Event]:
    """The inverse of a change, rewritten over what was typed since."""
    cell = _there(notebook, cell_id)
    now, inverse = cell.source, text.invert(change, before)
    if cell.deleted and any(not isinstance(each, int) and each[1] for each in inverse):
        raise CommandRefused("The cell that its text came from was deleted since.")
    since = difference(text.apply(change, before), now)
    return [*edits(cell_id, text.transform(inverse, since), now)]


def _there(notebook: Notebook, cell_id: str) -> Cell:
    cell = notebook.cells.get(cell_id)
    if cell is None:
        raise CommandRefused("What was to be undone was never accepted.")
    return cell


def _own(notebook: Notebook, mark: Mark | None, stamp: Stamp, did: str) -> None:
    """Raises `CommandRefused` where the mark is somebody else's."""
    if mark and mark.session != stamp.session and mark.actor != stamp.actor:
        raise CommandRefused(f"{who(notebook, mark.actor)} {did} since.")
