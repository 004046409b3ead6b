"""The fold: rows in, a notebook out. Total: no row of a log makes it raise. Pure.

A row that cannot count, that this version does not know, or whose payload is unsound, counts for
nothing: the reason is kept aside, the head moves on. Every replica that folds the same rows has
the same notebook, whatever its `REDUCER_VERSION`, as long as that is not below what the notebook
asks for (`foldbook.events.notebooks.MinimumReducerRaised`): before it does, what only newer ones
know counts for none.
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
from foldbook.row import RIGHTS, Kind, Role, Row, runtime_actor

REDUCER_VERSION: Final = 4
"""Changes when rows that are folded today would fold to something else."""

ASIDE_LIMIT: Final = 1000
"""Rows kept aside, at most; void ones make room for unknown and unsound ones."""


def fold(notebook: Notebook, row: Row, event: Event | Unknown | None = None) -> None:
    """Fold the next row of the log; ``event`` is its decoded payload, if that is at hand."""
    if row.n > notebook.numbers.get(row.session, 0):
        fold_provisionally(notebook, row, event)
        notebook.numbers[row.session] = row.n
    else:  # whoever carries the rows may have put one in twice
        notebook.void_count += 1
        _put_aside(notebook, row, f"row {row.n} of its session came before", "void")
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
    if isinstance(event, Unknown) or event.since > notebook.reducer:
        name = event.type if isinstance(event, Unknown) else event.wire_name()
        reason = f"{name} (version {event.version}) is not known to this version"
        _put_aside(notebook, row, reason, "unknown")
        return
    if event.kind is not row.kind:
        raise Void(f"{event.wire_name()} is of kind {event.kind}, its row of kind {row.kind}")
    if row.kind not in RIGHTS[row.role]:
        raise Void(f"the right {row.role} does not cover rows of kind {row.kind}")
    if event.by is not None:
        row = _spoken(notebook, row, event.by)
    elif row.kind is Kind.OUTPUT and row.role is not Role.RUNTIME:
        raise Void("output is a runtime's, and this row names none")
    if row.seq and row.seen >= row.seq:
        raise Void(f"row {row.seq} claims to have seen row {row.seen}")
    known = notebook.seen.get(row.session, 0)
    if row.seen < known:
        raise Void(f"the session has seen row {known} before, now only {row.seen}")
    behind = notebook.head - row.seen
    if isinstance(event, CellSourceEdited) and behind > bridge.WINDOW:
        raise Void(f"made {behind} rows behind the head, {bridge.WINDOW} at most can be bridged")
    event.apply(notebook, row)


def _spoken(notebook: Notebook, row: Row, runtime: str) -> Row:
    """The row as a runtime of the writer's own page says it: it has a runtime's right only."""
    if Kind.OUTPUT not in RIGHTS[row.role] or row.role is Role.RUNTIME:
        raise Void(f"the right {row.role} does not cover runtimes of one's own")
    if row.kind not in RIGHTS[Role.RUNTIME]:
        raise Void(f"a runtime does not write rows of kind {row.kind}")
    actor = runtime_actor(row.actor)
    known = notebook.runtimes.get(runtime)
    # After a fork the same person's page goes on under another session, its runtime with it.
    is_theirs = known is not None and known.actor == actor
    home = notebook.homes.get(runtime, row.session)
    if (home != row.session and not is_theirs) or runtime in notebook.seen:
        raise Void(f"the runtime {runtime} speaks through another session")
    notebook.homes[runtime] = row.session
    return replace(row, session=runtime, actor=actor, role=Role.RUNTIME)


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
