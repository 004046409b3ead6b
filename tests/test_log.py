"""The log of one replica: pending rows over confirmed ones, confirmation, refusal, rebasing."""

from dataclasses import replace
from typing import Any

import pytest
from foldbook.bridge import WINDOW
from foldbook.errors import BadEvent, BadRow
from foldbook.events import encode
from foldbook.events.base import Event
from foldbook.events.cells import CellCreated, CellDeleted, CellMoved, CellSourceEdited
from foldbook.events.executions import ExecutionCancelled, ExecutionRequested
from foldbook.events.notebooks import NotebookRenamed
from foldbook.log import Log
from foldbook.notebook import Notebook
from foldbook.reducer import fold_all
from foldbook.row import Kind, Role, Row

CELL = CellCreated(cell_id="c", cell_type="code", position="a1", source="abc")


def numbered(seq: int, event: Event, session: str = "other", n: int = 0, seen: int = 0) -> Row:
    """A row of somebody else, as the authority tells it."""
    payload = encode(event)
    return Row(seq, session, n or seq, seen, session, Role.OWN, event.kind, 9000 + seq, payload)


def typed(text: str, place: int, length: int, cell: str = "c") -> CellSourceEdited:
    changes = (place, (0, text)) if place else ((0, text),)
    return CellSourceEdited(cell_id=cell, changes=changes, length_before=length)


class Writer:
    """Makes own rows as a client does."""

    def __init__(self, *events: Event) -> None:
        self.told = [numbered(i, event) for i, event in enumerate(events, 1)]
        self.log = Log(fold_all(self.told))
        self.n = 0

    def write(self, event: Event) -> Row:
        self.n += 1
        row = Row(0, "me", self.n, self.log.head, "me", Role.OWN, event.kind, 5, encode(event))
        self.log.append(row, event)
        return row

    def tell(self, *rows: Row) -> None:
        """The authority numbers rows and tells them."""
        places = enumerate(rows, self.log.head + 1)
        new = [replace(row, seq=seq, n=row.n or seq, ts=77) for seq, row in places]
        self.told += new
        self.log.confirm(new)
        assert self.log.confirmed == fold_all(self.told)

    @property
    def source(self) -> str:
        return self.log.view.cells["c"].source

    def assert_view_is_pending_over_confirmed(self) -> None:
        pending = [replace(row, seq=self.log.head + i) for i, row in enumerate(self.log.pending, 1)]
        expected = fold_all([*self.told, *pending])
        assert shown(self.log.view) == shown(expected)
        assert self.log.view.head == self.log.head


def shown(notebook: Notebook) -> dict[str, Any]:
    """What a person sees of it."""
    cells = {
        id_: (cell.source, cell.position, cell.deleted) for id_, cell in notebook.cells.items()
    }
    runs = {id_: run.status for id_, run in notebook.executions.items()}
    return {"name": notebook.name, "cells": cells, "runs": runs, "void": notebook.void_count}


def test_what_is_written_is_in_view_at_once_and_not_confirmed() -> None:
    me = Writer(CELL)
    me.write(typed("d", 3, 3))
    assert me.source == "abcd"
    assert me.log.confirmed.cells["c"].source == "abc"
    assert me.log.view.cells["c"].edited.seq > me.log.head == me.log.view.head == 1


def test_with_nothing_pending_the_view_is_the_confirmed_notebook() -> None:
    me = Writer(CELL)
    assert me.log.view is me.log.confirmed
    row = me.write(typed("d", 3, 3))
    assert me.log.view is not me.log.confirmed
    me.tell(row)
    assert me.log.view is me.log.confirmed
    assert me.log.view.cells["c"].edited.ts == 77
    assert not me.log.pending


def test_where_the_first_pending_row_is_confirmed_the_view_stays_as_it_is() -> None:
    me = Writer(CELL)
    first = me.write(typed("d", 3, 3))
    me.write(typed("e", 4, 4))
    view = me.log.view
    me.tell(first)
    assert me.log.view is view
    me.assert_view_is_pending_over_confirmed()
    assert me.source == "abcde"


def test_rows_of_others_go_under_the_pending_ones() -> None:
    me = Writer(CELL)
    mine = me.write(typed("!", 3, 3))
    me.tell(numbered(0, typed("> ", 0, 3), seen=1))
    assert me.source == "> abc!"
    me.assert_view_is_pending_over_confirmed()
    me.write(typed("?", 6, 6))
    me.assert_view_is_pending_over_confirmed()
    me.tell(mine, numbered(0, NotebookRenamed(name="x"), seen=1))
    assert me.source == "> abc!?"
    me.assert_view_is_pending_over_confirmed()


def test_rows_come_without_gaps_or_nothing_changes() -> None:
    me = Writer(CELL)
    good, bad = numbered(2, NotebookRenamed(name="x")), numbered(4, NotebookRenamed(name="y"))
    with pytest.raises(BadRow, match="row 3 expected, row 4 came"):
        me.log.confirm([good, bad])
    assert (me.log.head, me.log.view.name) == (1, "")


def test_own_rows_come_one_after_the_other_and_without_seq() -> None:
    me = Writer(CELL)
    first = me.write(typed("d", 3, 3))
    for wrong in (first, replace(first, n=0), replace(first, session="you", n=2)):
        with pytest.raises(BadRow, match="a row after me/1 expected"):
            me.log.append(wrong)
    with pytest.raises(BadRow, match="has seq 0"):
        me.log.append(replace(first, n=2, seq=9))
    with pytest.raises(BadEvent):
        me.log.append(replace(first, n=2, payload=b"?"))
    assert len(me.log.pending) == 1


def test_another_right_than_expected_shows_in_the_view() -> None:
    me = Writer(CELL)
    row = me.write(typed("d", 3, 3))
    me.write(NotebookRenamed(name="mine"))
    me.tell(replace(row, role=Role.VIEW))
    assert me.source == "abc"
    assert me.log.view.name == "mine"
    assert me.log.confirmed.void_count == 1


def test_a_row_in_the_place_of_a_pending_one_does_not_make_it_disappear() -> None:
    me = Writer(CELL)
    row = me.write(typed("d", 3, 3))
    me.tell(replace(row, payload=encode(NotebookRenamed(name="a copy of me"))))
    assert list(me.log.pending) == [row]
    moved = me.log.rebase(1, session="me-again")
    assert moved == []
    (again,) = me.log.pending
    assert (again.session, again.n, again.seen) == ("me-again", 1, 2)
    me.tell(again)
    assert (me.source, me.log.view.name) == ("abcd", "a copy of me")


def test_what_is_refused_goes_to_the_drawer_with_what_builds_on_it() -> None:
    me = Writer(CELL, CellCreated(cell_id="d", cell_type="code", position="a2"))
    acked = me.write(NotebookRenamed(name="kept"))
    me.write(typed("x", 3, 3))
    me.write(typed("y", 0, 0, cell="d"))
    me.write(typed("z", 4, 4))
    me.write(CellMoved(cell_id="c", position="a3"))
    moved = me.log.refuse(2, "the right comment does not cover edits")
    assert [refusal.row.n for refusal in moved] == [2, 4]
    assert [refusal.reason for refusal in moved] == [
        "the right comment does not cover edits",
        "it builds on a change that was not accepted",
    ]
    assert me.log.refused == moved
    assert [row.n for row in me.log.pending] == [1, 3, 4]
    assert me.source == "abc"
    assert me.log.view.cells["d"].source == "y"
    assert me.log.view.cells["c"].position == "a3"
    me.assert_view_is_pending_over_confirmed()
    me.tell(acked)
    me.assert_view_is_pending_over_confirmed()


def test_everything_about_a_cell_builds_on_its_creation() -> None:
    me = Writer()
    me.write(CELL)
    me.write(ExecutionRequested(execution_id="e", cell_id="c", source="abc", run_id="r"))
    me.write(ExecutionCancelled(execution_id="e"))
    me.write(NotebookRenamed(name="kept"))
    assert len(me.log.refuse(1, "no")) == 3
    assert [(row.n, row.kind) for row in me.log.pending] == [(2, Kind.EDIT)]
    assert shown(me.log.view) == {"name": "kept", "cells": {}, "runs": {}, "void": 0}


def test_a_rebased_row_is_made_on_the_head() -> None:
    me = Writer(CELL)
    me.write(typed("1", 3, 3))
    me.write(typed("2", 4, 4))
    me.write(CellDeleted(cell_id="c"))
    me.tell(numbered(0, typed("> ", 0, 3), seen=1), numbered(0, typed("-", 3, 5), seen=2))
    before = me.source
    assert me.log.rebase(1) == []
    assert [row.seen for row in me.log.pending] == [3, 3, 3]
    assert me.source == before == "> a-bc12"
    me.assert_view_is_pending_over_confirmed()
    me.tell(*me.log.pending)
    assert me.source == before
    assert me.log.confirmed.void_count == 0


def test_only_rows_that_were_not_taken_are_rebased() -> None:
    me = Writer(CELL)
    taken = me.write(typed("1", 3, 3))
    me.write(typed("2", 4, 4))
    me.tell(numbered(0, typed("> ", 0, 3), seen=1))
    me.log.rebase(2)
    assert me.log.pending[0] == taken
    assert [(row.n, row.seen) for row in me.log.pending] == [(1, 1), (2, 2)]
    me.tell(*me.log.pending)
    assert me.source == "> abc12"
    assert me.log.confirmed.void_count == 0


def test_however_long_edits_wait_they_find_their_place() -> None:
    me = Writer(CELL)
    me.write(typed("old", 3, 3))
    me.write(NotebookRenamed(name="kept"))
    me.write(typed("er", 6, 6))
    rows = [numbered(2, typed("> ", 0, 3), seen=1)]
    renamed = numbered(0, NotebookRenamed(name="busy"))
    rows += [replace(renamed, seq=seq, n=seq, seen=seq - 1) for seq in range(3, 3 * WINDOW)]
    rows.append(numbered(3 * WINDOW, typed("!", 5, 5), seen=3 * WINDOW - 1))
    sent = list(me.log.pending)
    me.log.confirm(rows)
    assert list(me.log.pending) == sent
    assert me.source == "> abcolder!"
    assert me.log.view.name == "kept"
    assert me.log.rebase(1) == []
    assert [row.seen for row in me.log.pending] == [3 * WINDOW] * 3
    me.log.confirm([replace(row, seq=me.log.head + i) for i, row in enumerate(me.log.pending, 1)])
    assert me.log.view is me.log.confirmed
    assert (me.source, me.log.view.void_count) == ("> abcolder!", 0)


def test_rewritten_edits_still_come_back_as_they_were_sent() -> None:
    me = Writer(CELL)
    first = me.write(typed("1", 3, 3))
    me.write(typed("2", 4, 4))
    renamed = numbered(0, NotebookRenamed(name="busy"))
    others = [replace(renamed, seen=1) for _ in range(1, WINDOW - 5)]
    me.tell(*others[:10], numbered(0, typed("> ", 0, 3), seen=1), *others[10:])
    assert me.source == "> abc12"
    me.tell(first)
    assert len(me.log.pending) == 1
    me.tell(numbered(0, typed("-", 3, 5), session="new", seen=WINDOW - 10), *me.log.pending)
    assert (me.source, me.log.confirmed.void_count) == ("> a-bc12", 0)


def test_more_rows_than_the_window_may_be_pending() -> None:
    me = Writer(CELL)
    for i in range(WINDOW + 100):
        me.write(typed("x", 3 + i, 3 + i))
    assert me.log.view.void_count == 0
    assert len(me.source) == 3 + WINDOW + 100
    me.log.confirm([numbered(2, typed("> ", 0, 3), seen=1)])
    assert me.log.view.void_count == 0
    assert me.source == "> abc" + "x" * (WINDOW + 100)


def test_who_comes_back_after_long_is_met_by_others_in_the_middle() -> None:
    me = Writer(CELL)
    for i in range(WINDOW + 100):
        me.write(typed("x", 3 + i, 3 + i))
    waiting = list(me.log.pending)
    first = WINDOW // 2 + 10  # so many that the rest is rewritten, before anybody else comes in
    me.tell(*waiting[:first])
    assert me.log.pending == tuple(waiting[first:])
    assert me.source == "abc" + "x" * (WINDOW + 100)
    me.tell(numbered(0, typed(">", 0, 3), seen=1))
    assert me.source == ">abc" + "x" * (WINDOW + 100)
    assert me.log.rebase(first + 1) == []
    me.tell(*me.log.pending)
    assert me.source == ">abc" + "x" * (WINDOW + 100)
    assert not me.log.waiting


def test_what_is_confirmed_tells_which_rows_were_pending() -> None:
    me = Writer(CELL)
    mine = me.write(typed("x", 3, 3))
    other = numbered(2, typed(">", 0, 3), seen=1)
    assert me.log.confirm([other, replace(mine, seq=3)]) == [("me", 1)]


def test_an_edit_of_a_text_that_never_was_goes_to_the_drawer() -> None:
    me = Writer(CELL)
    me.write(typed("x", 3, 7))
    me.write(NotebookRenamed(name="kept"))
    me.tell(numbered(0, NotebookRenamed(name="busy")))
    (moved,) = me.log.rebase(1)
    assert moved.row.n == 1
    (kept,) = me.log.pending
    assert (kept.n, kept.seen) == (1, 2)
    assert me.log.view.name == "kept"
    assert me.log.view.void_count == 0
