"""The fold: which rows count, what is kept aside, and that no row makes it raise."""

import json
from typing import ClassVar

import pytest
from foldbook.bridge import EMPTY, WINDOW
from foldbook.events import ALL, Unknown, decode
from foldbook.events.base import Event
from foldbook.events.cells import CellCreated, CellDeleted, CellSourceEdited
from foldbook.events.notebooks import MinimumReducerRaised, NotebookCreated, NotebookRenamed
from foldbook.events.people import ActorIntroduced
from foldbook.events.runtimes import RuntimeStarted, RuntimeStopped
from foldbook.notebook import Notebook
from foldbook.reducer import ASIDE_LIMIT, REDUCER_VERSION, fold, fold_all, fold_provisionally
from foldbook.row import RIGHTS, Kind, Role, Row, runtime_actor
from hypothesis import given
from hypothesis import strategies as st
from sample_rows import SAMPLE_PAYLOADS, row

CELL = CellCreated(cell_id="c", cell_type="code", position="a1", source="abc")


def test_a_log_folds_into_its_notebook() -> None:
    edit = CellSourceEdited(cell_id="c", changes=(3, (0, "d")), length_before=3)
    created = NotebookCreated(notebook_id="nb", name="Birds")
    notebook = fold_all([row(1, created), row(2, CELL), row(3, edit)])
    assert (notebook.id, notebook.name, notebook.head) == ("nb", "Birds", 3)
    assert notebook.cells["c"].source == "abcd"
    assert notebook.cells["c"].edited.seq == 3
    assert notebook.cells["c"].created.ts == 1002
    assert (notebook.aside, notebook.void_count) == ([], 0)


def test_an_event_at_hand_is_not_decoded_again() -> None:
    notebook = Notebook()
    fold(notebook, row(1, CELL, payload=b"never looked at"), CELL)
    assert "c" in notebook.cells


def test_a_row_that_is_not_numbered_leaves_the_head() -> None:
    notebook = fold_all([row(1, CELL)])
    fold(notebook, row(0, NotebookRenamed(name="new"), n=2, seen=1))
    assert (notebook.name, notebook.head) == ("new", 1)


def test_a_row_that_comes_twice_counts_once() -> None:
    typed = CellSourceEdited(cell_id="c", changes=((0, "x"),), length_before=3)
    again = row(3, typed.model_copy(update={"length_before": 4}), n=2, seen=2)
    notebook = fold_all([row(1, CELL), row(2, typed), again])
    assert notebook.cells["c"].source == "xabc"
    assert_void(notebook, "came before")


def test_a_runtime_of_somebodys_page_speaks_through_its_session_only() -> None:
    started = RuntimeStarted(name="Python", kind_name="browser", by="r1")
    notebook = fold_all([row(1, CELL), row(2, started, actor="ada")])
    assert notebook.runtimes["r1"].actor == runtime_actor("ada")
    assert notebook.homes == {"r1": "s"}
    claimed = RuntimeStopped(by="r1")
    fold(notebook, row(3, claimed, session="other", n=1, actor="bob"))
    assert_void(notebook, "another session")
    fold(notebook, row(4, claimed, session="forked", n=1, actor="ada"))
    assert notebook.runtimes["r1"].status == "stopped"
    assert notebook.homes == {"r1": "forked"}


@pytest.mark.parametrize(
    ("event", "role", "reason"),
    [
        (RuntimeStarted(name="P", kind_name="browser"), Role.OWN, "names none"),
        (RuntimeStarted(name="P", kind_name="browser", by="r"), Role.RUNTIME, "of one's own"),
        (ActorIntroduced(name="P", by="r"), Role.EDIT, "of one's own"),
        (NotebookRenamed(name="P", by="r"), Role.OWN, "kind edit"),
        (RuntimeStarted(name="P", kind_name="browser", by="s"), Role.OWN, "another session"),
    ],
)
def test_what_a_runtime_of_ones_own_may_not(event: Event, role: Role, reason: str) -> None:
    notebook = fold_all([row(1, CELL)])
    fold(notebook, row(2, event, role=role))
    assert_void(notebook, reason)


def assert_void(notebook: Notebook, reason: str) -> None:
    assert notebook.void_count == 1
    (aside,) = notebook.aside
    assert (aside.seq, aside.what) == (notebook.head, "void")
    assert reason in aside.reason


def test_an_event_in_a_row_of_another_kind_is_void() -> None:
    assert_void(fold_all([row(1, CELL, kind=Kind.NOTE)]), "of kind edit, its row of kind note")


@pytest.mark.parametrize("role", Role)
def test_only_rights_that_cover_a_row_let_it_count(role: Role) -> None:
    notebook = fold_all([row(1, CELL, role=role)])
    assert ("c" in notebook.cells) == (Kind.EDIT in RIGHTS[role])
    if Kind.EDIT not in RIGHTS[role]:
        assert_void(notebook, f"the right {role} does not cover")


def test_what_a_session_has_seen_never_falls() -> None:
    rows = [row(1, CELL), row(2, CELL, seen=1), row(3, NotebookRenamed(name="x"), seen=0)]
    notebook = fold_all([*rows[:1], row(2, NotebookRenamed(name="y"), seen=1), *rows[2:]])
    assert notebook.name == "y"
    assert_void(notebook, "has seen row 1 before, now only 0")
    assert notebook.seen == {"s": 1}


def test_nobody_sees_the_future() -> None:
    assert_void(fold_all([row(1, CELL, seen=1)]), "claims to have seen row 1")


def test_what_its_event_does_not_admit_is_void_with_a_reason() -> None:
    notebook = fold_all([row(1, CELL), row(2, CELL)])
    assert_void(notebook, "cell c exists already")
    assert notebook.head == 2


def test_a_writer_may_be_a_window_behind_and_no_further() -> None:
    edit = CellSourceEdited(cell_id="c", changes=((1, ""),), length_before=3)
    for head, source in ((WINDOW + 1, "bc"), (WINDOW + 2, "abc")):
        notebook = fold_all([row(1, CELL), row(head, NotebookRenamed(name="x"), session="t")])
        fold(notebook, row(head + 1, edit, seen=1))
        assert notebook.cells["c"].source == source
    assert_void(notebook, "made 8193 rows behind the head, 8192 at most")


def test_a_provisional_row_leaves_the_head() -> None:
    notebook = fold_all([row(1, CELL)])
    fold_provisionally(notebook, row(WINDOW, NotebookRenamed(name="new"), seen=1))
    assert (notebook.name, notebook.head) == ("new", 1)


def test_strangers_are_kept_aside_and_skipped() -> None:
    notebook = fold_all([row(1, b'{"type": "moonLanded"}'), row(2, b"not json"), row(3, CELL)])
    assert [(aside.seq, aside.what) for aside in notebook.aside] == [(1, "unknown"), (2, "unsound")]
    assert "moonLanded (version 1)" in notebook.aside[0].reason
    assert notebook.void_count == 0
    assert "c" in notebook.cells


class Painted(NotebookRenamed):
    """What a newer version brings."""

    since: ClassVar[int] = REDUCER_VERSION + 1

    def apply(self, notebook: Notebook, row: Row) -> None:
        notebook.name = f"painted {self.name}"


def test_what_is_newer_counts_for_nobody_until_an_owner_raises_the_minimum() -> None:
    new = Painted(name="red")
    as_known, as_unknown = Notebook(), Notebook()
    for notebook, event in ((as_known, new), (as_unknown, Unknown("painted", 1))):
        fold(notebook, row(1, CELL))
        fold(notebook, row(2, new), event)
    assert as_known == as_unknown
    assert (as_known.aside[0].what, as_known.void_count) == ("unknown", 0)
    raised = MinimumReducerRaised(reducer=REDUCER_VERSION + 1)
    fold(as_known, row(3, raised, role=Role.EDIT))
    fold(as_known, row(4, new), new)
    assert (as_known.reducer, as_known.name) == (0, "")
    assert as_known.aside[1].reason == "the right edit does not cover rows of kind admin"
    fold(as_known, row(5, raised))
    fold(as_known, row(6, new), new)
    assert (as_known.reducer, as_known.name) == (REDUCER_VERSION + 1, "painted red")
    fold(as_known, row(7, MinimumReducerRaised(reducer=REDUCER_VERSION)))
    assert as_known.reducer == REDUCER_VERSION + 1
    assert as_known.fork().reducer == as_known.reducer


def test_asides_are_bounded_and_strangers_come_before_void_rows() -> None:
    count = ASIDE_LIMIT + 50
    rows = [row(seq, CellDeleted(cell_id="none")) for seq in range(1, count + 1)]
    rows += [row(count + i, b"unsound") for i in range(1, 4)]
    notebook = fold_all(rows)
    assert notebook.void_count == count
    assert len(notebook.aside) == ASIDE_LIMIT
    assert [aside.what for aside in notebook.aside[-4:]] == ["void", *["unsound"] * 3]


def test_histories_are_forgotten_when_nobody_can_need_them() -> None:
    edit = CellSourceEdited(cell_id="c", changes=((0, "x"),), length_before=3)
    renamed = NotebookRenamed(name="x")
    notebook = fold_all([row(1, CELL), row(2, edit), row(WINDOW, renamed)])
    assert notebook.cells["c"].history.tail
    fold(notebook, row(2 * WINDOW, renamed))
    assert notebook.cells["c"].history is EMPTY


def test_a_fork_goes_its_own_way() -> None:
    notebook = fold_all([row(1, CELL)])
    fork = notebook.fork()
    assert fork == notebook
    fold(fork, row(2, CellDeleted(cell_id="c")))
    fold(fork, row(3, b"unsound"))
    fold(fork, row(4, ActorIntroduced(name="Ada")))
    assert notebook == fold_all([row(1, CELL)])


payloads = st.one_of(
    st.sampled_from(SAMPLE_PAYLOADS),
    st.sampled_from(SAMPLE_PAYLOADS),
    st.binary(max_size=20),
    st.builds(
        lambda name, values: json.dumps({"type": name, **values}).encode(),
        st.sampled_from([*ALL, "stranger"]),
        st.dictionaries(st.text(max_size=4), st.integers() | st.text(max_size=3), max_size=3),
    ),
)
any_row = st.builds(
    Row,
    seq=st.integers(0, 20),
    session=st.sampled_from(["s1", "r7", ""]),
    n=st.integers(0, 5),
    seen=st.integers(0, 20),
    actor=st.sampled_from(["a", "b"]),
    role=st.sampled_from(Role),
    kind=st.sampled_from(Kind),
    ts=st.integers(0, 10),
    payload=payloads,
)


@given(st.lists(any_row, max_size=25))
def test_no_row_makes_the_fold_raise(rows: list[Row]) -> None:
    notebook = Notebook()
    for each in rows:
        before = notebook.head
        fold(notebook, each)
        assert notebook.head == (each.seq or before)
    assert fold_all(rows) == notebook


@given(st.lists(st.tuples(st.sampled_from(SAMPLE_PAYLOADS), st.booleans()), max_size=40))
def test_sound_rows_in_any_order_fold_the_same_twice(some: list[tuple[bytes, bool]]) -> None:
    rows = []
    for seq, (payload, is_runtime) in enumerate(some, 1):
        event = decode(payload)
        assert isinstance(event, Event)
        role = Role.RUNTIME if is_runtime else Role.OWN
        rows.append(row(seq, event, session="r7" if is_runtime else "s", role=role))
    assert fold_all(rows) == fold_all(rows)
