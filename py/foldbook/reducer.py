"""The fold: rows in, a notebook out. Total: no row of a log makes it raise. Pure.

A row that cannot count is void, with a reason; one that this version does not know, or whose
payload is unsound, is kept aside. Either way the head moves on, and every replica that folds
the same rows with the same `REDUCER_VERSION` has the same notebook.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import Final, Literal

from foldbook import bridge
from foldbook.errors import BadEvent, FoldbookError
from foldbook.events import Unknown, decode
from foldbook.events.base import Event
from foldbook.events.cells import CellSourceEdited
from foldbook.notebook import Aside, Notebook, Void
from foldbook.row import RIGHTS, Row

REDUCER_VERSION: Final = 1
"""Changes when rows that are folded today would fold to something else."""

ASIDE_LIMIT: Final = 1000
"""Rows kept aside, at most; void ones make room for unknown and unsound ones."""


def fold(notebook: Notebook, row: Row, event: Event | Unknown | None = None) -> None:
    """Fold the next row of the log; ``event`` is its decoded payload, if that is at hand."""
    fold_provisionally(notebook, row, event)
    notebook.head = row.seq or notebook.head
    if row.seq and row.seq % bridge.WINDOW == 0:
        _prune(notebook)


def fold_provisionally(notebook: Notebook, row: Row, event: Event | Unknown | None = None) -> None:
    """Fold a row that has no place in the log yet: the head stays, nothing is forgotten.

    Its ``seq`` is the one that it may get.
    """
    try:
        _admit(notebook, row, decode(row.payload) if event is None else event)
    except BadEvent as why:
        _put_aside(notebook, row, str(why), "unsound")
    except (Void, FoldbookError) as why:
        notebook.void_count += 1
        _put_aside(notebook, row, str(why), "void")
    if row.seen > notebook.seen.get(row.session, -1):
        notebook.seen[row.session] = row.seen


def fold_all(rows: Iterable[Row]) -> Notebook:
    """The notebook of a whole log."""
    notebook = Notebook()
    for row in rows:
        fold(notebook, row)
    return notebook


def _admit(notebook: Notebook, row: Row, event: Event | Unknown) -> None:
    if isinstance(event, Unknown):
        reason = f"{event.type} (version {event.version}) is not known to this version"
        _put_aside(notebook, row, reason, "unknown")
        return
    if event.kind is not row.kind:
        raise Void(f"{event.wire_name()} is of kind {event.kind}, its row of kind {row.kind}")
    if row.kind not in RIGHTS[row.role]:
        raise Void(f"the right {row.role} does not cover rows of kind {row.kind}")
    if row.seq and row.seen >= row.seq:
        raise Void(f"row {row.seq} claims to have seen row {row.seen}")
    known = notebook.seen.get(row.session, 0)
    if row.seen < known:
        raise Void(f"the session has seen row {known} before, now only {row.seen}")
    behind = notebook.head - row.seen
    if isinstance(event, CellSourceEdited) and behind > bridge.WINDOW:
        raise Void(f"made {behind} rows behind the head, {bridge.WINDOW} at most can be bridged")
    event.apply(notebook, row)


def _put_aside(
    notebook: Notebook, row: Row, reason: str, what: Literal["void", "unknown", "unsound"]
) -> None:
    if len(notebook.aside) >= ASIDE_LIMIT:
        if what == "void":
            return
        void = next((i for i, each in enumerate(notebook.aside) if each.what == "void"), None)
        if void is None:
            return
        del notebook.aside[void]
    notebook.aside.append(Aside(row.seq, reason, what))


def _prune(notebook: Notebook) -> None:
    """Forget what no later row can need of the cells' histories, so that memory is bounded."""
    for cell in list(notebook.cells.values()):
        history = bridge.prune(cell.history, notebook.head)
        if history is not cell.history:
            notebook.cells[cell.id] = replace(cell, history=history)
