"""Undo of structure: what oneself did goes back, what somebody else did since stays."""

import random

import pytest
from desk import Desk
from foldbook import text
from foldbook.commands import Stamp, parse
from foldbook.difference import difference
from foldbook.errors import CommandRefused
from foldbook.notebook import Notebook
from foldbook.row import Role
from foldbook.undo import LIMIT, UndoStack
from hypothesis import given, settings
from hypothesis import strategies as st


@pytest.fixture
def desk() -> Desk:
    desk = Desk("one", "two", "three")
    desk.do("introduce", "tomas", name="Tomás")
    return desk


def state(notebook: Notebook) -> list[object]:
    """What undo must bring back."""
    return [
        notebook.name,
        notebook.metadata,
        *(
            (cell.id, cell.type, cell.source, cell.metadata, cell.attachments, cell.execution)
            for cell in notebook.ordered_cells()
        ),
    ]


def refusal(desk: Desk, name: str = "undo") -> str:
    with pytest.raises(CommandRefused) as caught:
        desk.do(name)
    return str(caught.value)


def labels(desk: Desk) -> tuple[str | None, str | None]:
    stack = desk.stacks["mara"]
    return stack.undo_label, stack.redo_label


COMMANDS = [
    ("Insert cell", "create_cell", {"after": "c0", "source": "new " * 20_000}),
    ("Delete 2 cells", "delete_cells", {"cell_ids": ["c0", "c2"]}),
    ("Move cell", "move_cells", {"cell_ids": ["c2"], "after": None}),
    ("Change cell type", "set_cell_type", {"cell_ids": ["c0", "c1"], "cell_type": "raw"}),
    ("Change cell metadata", "set_cell_metadata", {"cell_id": "c0", "values": {"a": 1}}),
    (
        "Replace text",
        "replace_text",
        {
            "edits": [
                {"cell_id": "c0", "changes": [[1, "O"]], "before": "one"},
                {"cell_id": "c2", "changes": [1, [1, "H"]], "before": "three"},
            ]
        },
    ),
    ("Split cell", "split_cell", {"cell_id": "c2", "at": 2}),
    ("Merge cells", "merge_cells", {"cell_ids": ["c0", "c1", "c2"]}),
    ("Paste 2 cells", "paste_cells", {"cells": [{"source": "x"}, {}], "after": "c0"}),
    ("Clear outputs", "clear_outputs", {"cell_ids": ["c1"]}),
    ("Clear all outputs", "clear_all_outputs", {}),
    ("Rename notebook", "rename_notebook", {"name": "Other"}),
    ("Change notebook metadata", "set_notebook_metadata", {"values": {"k": 2}, "removed": ["j"]}),
    ("Change attachments", "set_attachments", {"cell_id": "c0", "values": {"f": {"a/b": "c"}}}),
]


@pytest.mark.parametrize(("label", "name", "fields"), COMMANDS, ids=[each[1] for each in COMMANDS])
def test_undo_and_redo(desk: Desk, label: str, name: str, fields: dict[str, object]) -> None:
    desk.start_runtime()
    desk.run("c1", "out")
    desk.send(*desk.plan("set_notebook_metadata", values={"j": 1}).events)
    before = state(desk.notebook)
    desk.do(name, **fields)
    after = state(desk.notebook)
    assert after != before
    for _ in range(2):
        assert labels(desk) == (label, None)
        desk.do("undo")
        assert state(desk.notebook) == before
        assert labels(desk) == (None, label)
        desk.do("redo")
        assert state(desk.notebook) == after


def test_undo_restore(desk: Desk) -> None:
    desk.do("delete_cells", "tomas", cell_ids=["c1"])
    desk.do("restore_cells", cell_ids=["c1"])
    desk.do("undo")
    assert desk.order == ["c0", "c2"]


def test_the_newest_first(desk: Desk) -> None:
    before = [state(desk.notebook)]
    for name in ("delete_cells", "set_cell_type"):
        fields = {"cell_ids": ["c1" if name == "delete_cells" else "c0"]}
        extra = {} if name == "delete_cells" else {"cell_type": "raw"}
        desk.do(name, **fields, **extra)
        before.append(state(desk.notebook))
    desk.do("undo")
    assert state(desk.notebook) == before[1]
    desk.do("undo")
    assert state(desk.notebook) == before[0]
    assert refusal(desk) == "There is nothing to undo."


def test_a_new_command_forgets_what_was_undone(desk: Desk) -> None:
    desk.do("delete_cells", cell_ids=["c1"])
    desk.do("undo")
    desk.do("create_cell")
    assert refusal(desk, "redo") == "There is nothing to redo."


def test_typing_and_running_are_not_undone_here(desk: Desk) -> None:
    desk.type("c0", 0, "x")
    desk.do("run_all")
    assert refusal(desk) == "There is nothing to undo."


def test_each_session_has_its_own(desk: Desk) -> None:
    desk.do("delete_cells", "tomas", cell_ids=["c1"])
    assert refusal(desk) == "There is nothing to undo."


class TestOfOthers:
    """What somebody else did since stays, and the refusal says who it was."""

    def test_a_move(self, desk: Desk) -> None:
        desk.do("move_cells", cell_ids=["c0"], after="c2")
        desk.do("move_cells", "tomas", cell_ids=["c0"], after="c1")
        assert refusal(desk) == "Tomás moved this cell since."
        assert desk.order == ["c1", "c0", "c2"]

    def test_what_was_refused_does_not_stand_in_the_way(self, desk: Desk) -> None:
        desk.do("delete_cells", cell_ids=["c2"])
        desk.do("set_cell_type", cell_ids=["c0"], cell_type="raw")
        desk.do("set_cell_type", "tomas", cell_ids=["c0"], cell_type="markdown")
        assert refusal(desk) == "Tomás changed this cell's type since."
        desk.do("undo")
        assert desk.order == ["c0", "c1", "c2"]

    def test_a_new_cell_that_somebody_wrote_in(self, desk: Desk) -> None:
        desk.do("create_cell", cell_id="new")
        desk.type("new", 0, "mine", "tomas")
        assert refusal(desk) == "Tomás worked in this cell since."
        assert "new" in desk.order

    def test_a_split_whose_first_part_was_deleted(self, desk: Desk) -> None:
        desk.do("split_cell", cell_id="c0", at=1, new_id="tail")
        desk.do("delete_cells", "tomas", cell_ids=["c0"])
        assert refusal(desk) == "The cell that its text came from was deleted since."
        assert not desk.cell("tail").deleted

    def test_a_new_cell_that_somebody_wrote_in_before_oneself(self, desk: Desk) -> None:
        desk.do("create_cell", cell_id="new")
        desk.type("new", 0, "theirs", "tomas")
        desk.type("new", 0, "mine ")
        assert refusal(desk) == "Somebody worked in this cell since."
        assert not desk.cell("new").deleted

    def test_a_new_cell_that_oneself_wrote_in(self, desk: Desk) -> None:
        desk.do("create_cell", cell_id="new")
        desk.type("new", 0, "mine")
        desk.do("undo")
        assert "new" not in desk.order
        desk.do("redo")
        assert desk.cell("new").source == "mine"

    def test_a_deleted_cell_that_somebody_brought_back(self, desk: Desk) -> None:
        desk.do("delete_cells", cell_ids=["c1"])
        desk.do("restore_cells", "tomas", cell_ids=["c1"])
        assert refusal(desk) == "Delete cell: nothing of it is left to be taken back."

    def test_other_fields_do_not_matter(self, desk: Desk) -> None:
        desk.do("move_cells", cell_ids=["c0"], after="c2")
        desk.type("c0", 0, "x", "tomas")
        desk.do("set_cell_type", "tomas", cell_ids=["c0"], cell_type="raw")
        desk.do("undo")
        assert desk.sources == ["xone", "two", "three"]

    def test_a_cell_that_has_run_since(self, desk: Desk) -> None:
        desk.start_runtime()
        desk.run("c0", "old")
        desk.do("clear_outputs", cell_ids=["c0"])
        desk.run("c0", "new")
        assert refusal(desk) == "This cell has run since."

    def test_the_name(self, desk: Desk) -> None:
        desk.do("rename_notebook", name="A")
        desk.do("rename_notebook", "tomas", name="B")
        assert refusal(desk) == "Tomás renamed the notebook since."

    def test_typing_where_a_cell_was_split(self, desk: Desk) -> None:
        desk.do("split_cell", cell_id="c2", at=3, new_id="tail")
        desk.type("c2", 3, " and Tomás", "tomas")
        desk.do("undo")
        assert desk.sources == ["one", "two", "three and Tomás"]

    def test_typing_in_a_merged_cell(self, desk: Desk) -> None:
        desk.do("merge_cells", cell_ids=["c0", "c1"])
        desk.type("c0", 8, "!", "tomas")
        desk.type("c0", 3, "?", "tomas")
        assert desk.cell("c0").source == "one?\n\ntwo!"
        desk.do("undo")
        assert desk.sources == ["one?!", "two", "three"]


def test_the_right_to_do_it_may_be_gone(desk: Desk) -> None:
    stack = UndoStack()
    stamp = Stamp("mara", "mara", Role.OWN, 0, "s")
    desk.take(stack.decide(desk.notebook, parse({"do": "delete_cells", "cell_ids": ["c1"]}), stamp))
    reader = Stamp("mara", "mara", Role.VIEW, 0, "t")
    with pytest.raises(CommandRefused, match="right to view this notebook you cannot edit it"):
        stack.decide(desk.notebook, parse({"do": "undo"}), reader)


def test_only_so_many_are_remembered(desk: Desk) -> None:
    for i in range(LIMIT + 5):
        desk.do("rename_notebook", name=f"name {i}")
    for _ in range(LIMIT):
        desk.do("undo")
    assert desk.notebook.name == "name 4"
    assert refusal(desk) == "There is nothing to undo."


@settings(deadline=None)
@given(st.text("ab\n", max_size=40), st.text("ab\n", max_size=40))
def test_a_difference_leads_from_one_text_to_the_other(old: str, new: str) -> None:
    change = difference(old, new)
    assert text.apply(change, old) == new
    assert text.normal(change) == change


def test_differences_of_long_texts() -> None:
    chance = random.Random(7)
    lines = [f"line {chance.randrange(40)}\n" for _ in range(6000)]
    for size in (300, 1500, 6000):
        old = lines[:size]
        new = [line for line in old if chance.random() < 0.9] + ["end"]
        new.insert(3, "start\n")
        change = difference("".join(old), "".join(new))
        assert text.apply(change, "".join(old)) == "".join(new)


def test_two_edits_far_apart_leave_alone_what_is_between() -> None:
    assert difference("one two three", "One two three!") == ((1, "O"), 12, (0, "!"))
