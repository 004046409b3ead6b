"""Pruned logs: whatever output is let go of, and whatever comes after, all that shows stays."""

import json
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from foldbook import snapshot
from foldbook.events import decode, encode
from foldbook.events.base import Event
from foldbook.events.files import FileUnlinked, FileWritten
from foldbook.events.outputs import (
    CellOutputsRestored,
    DisplayDataAdded,
    DisplayDataUpdated,
    ErrorAdded,
    ExecuteResultAdded,
    OutputCleared,
    StreamAppended,
)
from foldbook.ipynb import write
from foldbook.notebook import Execution, Executions, Notebook
from foldbook.pruning import (
    Dropped,
    is_pruned,
    named_blobs,
    prune,
    superseded,
    whole,
)
from foldbook.reducer import fold, fold_all
from foldbook.row import Kind, Role, Row, decode_segment
from foldbook.view import Around, full_view
from kernel_desk import FIGURE, KERNEL, LONG, Kernel
from sim.story import Story

LOGS = sorted((Path(__file__).parent / "logs").glob("*.segment"))


def without_outputs(notebook: Notebook, over: frozenset[str]) -> Notebook:
    """The notebook but for the outputs of these executions: what the law compares."""
    made = notebook.fork()
    made.executions = Executions(
        (each.id, replace(each, outputs=()) if each.id in over else each)
        for each in notebook.executions.values()
    )
    return made


def check(rows: list[Row], at: int, dice: Random) -> int:
    """The law for the first rows of a log, any of those that may be pruned, and the rest."""
    kept = fold_all(rows[:at])
    over = superseded(kept)
    made = [(prune(row, kept, over), row) for row in rows[:at]]
    pruned = [found.row if found and dice.random() < 0.7 else row for found, row in made]
    folded, expected = fold_all(pruned), fold_all(rows[:at])
    assert full_view(folded, Around()) == full_view(expected, Around())
    for row in rows[at:]:
        fold(folded, row)
        fold(expected, row)
    assert without_outputs(folded, over) == without_outputs(expected, over)
    again = snapshot.decode(snapshot.encode(folded)).notebook
    assert again == folded
    return sum(is_pruned(row) for row in pruned)


PRINT = StreamAppended(execution_id="x", name="stdout", text=LONG)


def written(path: str, digest: str) -> FileWritten:
    """Code has written a file."""
    return FileWritten(execution_id="x", path=path, digest=digest * 32, size=50_000)


SHOW = DisplayDataAdded(execution_id="x", data=FIGURE, display_id="d")


@pytest.mark.parametrize("path", LOGS, ids=lambda path: path.stem)
def test_golden_logs_hold_the_law_at_every_row(path: Path) -> None:
    rows = decode_segment(path.read_bytes())
    for at in range(len(rows) + 1):
        check(rows, at, Random(at))


@pytest.mark.parametrize("seed", range(30))
def test_stories_of_many_writers_hold_the_law(seed: int) -> None:
    story = Story(seed)
    story.tell()
    assert story.host is not None
    rows = list(story.host.rows)
    dice = Random(seed)
    for at in range(0, len(rows) + 1, max(1, len(rows) // 6)):
        check(rows, at, dice)


def random_notebook(dice: Random) -> Kernel:
    """Cells that are run again and again, with outputs of every kind, also late ones."""
    desk = Kernel("one", "two")
    ids: list[str] = []
    for _ in range(dice.randint(3, 9)):
        outputs: list[Event] = []
        for _ in range(dice.randint(0, 5)):
            number = dice.randint(0, 9)
            shown = f"d{dice.randint(0, 1)}"
            known = (KERNEL, shown) in desk.notebook.displays
            outputs += [
                [PRINT],
                [StreamAppended(execution_id="x", name="stderr", text="é" * 200)],
                [DisplayDataAdded(execution_id="x", data=FIGURE, display_id=shown)],
                [DisplayDataUpdated(display_id=shown, data=FIGURE) if known else PRINT],
                [ExecuteResultAdded(execution_id="x", data={"text/plain": LONG})],
                [ErrorAdded(execution_id="x", ename="E", evalue=LONG)],
                [OutputCleared(execution_id="x", wait=dice.random() < 0.5)],
                [DisplayDataAdded(execution_id="x", data={"text/plain": LONG})],
                [written(dice.choice("pq"), dice.choice(["a1", "b2", "c3"]))],
                [written("p", "e5"), FileUnlinked(execution_id="x", path="p")],
            ][number]
        ids.append(desk.run(dice.choice(["c0", "c1"]), *outputs))
        if dice.random() < 0.4:  # a thread that goes on
            desk.say(PRINT.model_copy(update={"execution_id": dice.choice(ids)}))
        if dice.random() < 0.3:
            desk.do("clear_outputs", cell_ids=["c0", "c1"])
    return desk


@pytest.mark.parametrize("seed", range(40))
def test_any_outputs_in_any_order_hold_the_law(seed: int) -> None:
    dice = Random(seed)
    rows = random_notebook(dice).rows
    for at in range(0, len(rows) + 1, 3):
        check(rows, at, dice)


def test_so_many_are_pruned_that_the_law_says_something() -> None:
    dice = Random(0)
    rows = [random_notebook(Random(seed)).rows for seed in range(10)]
    assert sum(check(each, len(each), dice) for each in rows) > 50


def test_only_what_a_later_run_has_replaced_goes() -> None:
    desk = Kernel("one", "two", "three")
    first = desk.run("c0", PRINT, ErrorAdded(execution_id="x", ename="E", evalue=LONG))
    desk.run("c0", PRINT)
    desk.run("c1", PRINT)
    running = desk.run("c1", PRINT, status=None)
    failed = desk.run("c2", PRINT, status="error")
    over = superseded(desk.notebook)
    assert over == {first, "x3"}
    assert running not in over
    assert failed not in over
    gone = [row.seq for row in desk.pruned() if is_pruned(row)]
    events = [decode(desk.rows[seq - 1].payload) for seq in gone]
    assert [getattr(each, "execution_id", "") for each in events] == [first, "x3"]
    assert {type(each) for each in events} == {StreamAppended}


def test_what_is_cleared_can_come_back_and_stays() -> None:
    desk = Kernel("one")
    desk.run("c0", PRINT)
    desk.do("clear_outputs", cell_ids=["c0"])
    assert superseded(desk.notebook) == frozenset()
    assert desk.pruned() == desk.rows


def test_a_pruned_row_keeps_all_but_what_it_put_out() -> None:
    desk = Kernel("one")
    desk.run("c0", PRINT, SHOW)
    desk.run("c0")
    pairs = [(old, new) for old, new in zip(desk.rows, desk.pruned(), strict=True) if old != new]
    assert len(pairs) == 2
    for old, new in pairs:
        assert replace(new, payload=old.payload) == old
        assert len(new.payload) < len(old.payload)
        assert json.loads(new.payload)["type"] == json.loads(old.payload)["type"]
        assert is_pruned(new)
        assert not is_pruned(old)
        assert whole(new, old) == old
        assert whole(new, replace(old, n=old.n + 1)) == new
    sizes = [getattr(decode(new.payload), "not_kept", 0) for _, new in pairs]
    assert sizes == [len(LONG), 40_000 + len("<Figure>")]
    again = [prune(new, desk.notebook, superseded(desk.notebook)) for _, new in pairs]
    assert again == [None, None]


def test_a_display_that_is_shown_elsewhere_keeps_its_updates() -> None:
    desk = Kernel("one", "two")
    desk.run("c0", SHOW)
    desk.run("c1", SHOW)
    desk.say(DisplayDataUpdated(display_id="d", data={"text/plain": LONG}))
    desk.run("c0")
    kinds = [type(decode(row.payload)) for row in desk.pruned() if is_pruned(row)]
    assert kinds == [DisplayDataAdded]
    desk.run("c1")
    kinds = [type(decode(row.payload)) for row in desk.pruned() if is_pruned(row)]
    assert kinds == [DisplayDataAdded, DisplayDataAdded, DisplayDataUpdated]


def test_a_file_that_code_has_changed_since_goes_and_no_other() -> None:
    desk = Kernel("one")
    first = written("fit.csv", "a1")
    desk.run("c0", first, written("once.csv", "b2"), written("gone.csv", "c3"))
    desk.run("c0", written("fit.csv", "d4"))
    desk.do("remove_file", path="gone.csv")
    (pair,) = [pair for pair in zip(desk.rows, desk.pruned(), strict=True) if pair[0] != pair[1]]
    found = prune(pair[0], desk.notebook, superseded(desk.notebook))
    assert found is not None
    assert found.blobs == {first.digest: first.size}
    assert list(named_blobs([found.row])) == ["0" * 64]
    rest = decode(pair[1].payload)
    assert isinstance(rest, FileWritten)
    assert (rest.path, rest.size, rest.not_kept) == ("fit.csv", first.size, first.size)
    assert is_pruned(pair[1])
    assert prune(pair[1], desk.notebook, frozenset()) is None


def test_small_outputs_stay() -> None:
    desk = Kernel("one")
    desk.run("c0", StreamAppended(execution_id="x", name="stdout", text="1\n"))
    desk.run("c0")
    assert desk.pruned() == desk.rows


def test_blobs_are_named_by_whatever_row_may_name_them() -> None:
    desk = Kernel("one")
    desk.run("c0", SHOW)
    [showing] = [row for row in desk.rows if b"image/png" in row.payload]
    assert list(named_blobs([showing, showing])) == ["ab" * 32]
    desk.run("c0")
    found = prune(showing, desk.notebook, superseded(desk.notebook))
    assert found is not None
    assert found.blobs == {"ab" * 32: 40_000}
    assert list(named_blobs([found.row])) == []


def test_who_brings_back_what_is_not_kept_is_told_so() -> None:
    desk = Kernel("one")
    first = desk.run("c0", PRINT, SHOW)
    desk.run("c0")
    desk.do("clear_outputs", cell_ids=["c0"])
    notebook = fold_all(desk.pruned())
    seq = notebook.head + 1
    restored = CellOutputsRestored(cell_id="c0", execution_id=first)
    payload = encode(restored)
    fold(notebook, Row(seq, "mara", seq, seq - 1, "mara", Role.OWN, Kind.EDIT, 1, payload))
    outputs = full_view(notebook, Around())["cells"]["c0"]["execution"]["outputs"]
    assert [each["type"] for each in outputs] == ["stream", "stream"]
    assert all("Not kept" in each["text"] for each in outputs)
    assert b"Not kept: 40,008 bytes" in write(notebook, lambda _: None)


def test_passing_executions_stay_put_away() -> None:
    desk = Kernel("one")
    desk.run("c0", PRINT)
    desk.run("c0")
    again = snapshot.decode(snapshot.encode(desk.notebook)).notebook
    expected = list(desk.notebook.executions.values())
    assert list(again.executions.passing()) == expected
    packed = [isinstance(each, Execution) for _, each in again.executions.packed()]
    assert packed == [False, True]


def test_what_was_dropped_is_counted_up() -> None:
    total = Dropped.unpack(None).plus(Dropped(2, 30)).plus(Dropped(1, 4, elsewhere=True))
    assert total == Dropped(3, 34, elsewhere=True)
    assert Dropped.unpack(total.pack()) == total


def test_what_is_no_output_or_cannot_be_read_stays() -> None:
    desk = Kernel("one")
    desk.run("c0", PRINT)
    desk.run("c0")
    over = superseded(desk.notebook)
    row = next(row for row in desk.rows if row.kind is Kind.OUTPUT)
    for strange in (
        replace(row, payload=b"\x00"),
        replace(row, payload=b""),
        replace(row, payload=b'{"type":"moonLanded"}'),
        replace(row, kind=Kind.EDIT),
    ):
        assert prune(strange, desk.notebook, over) is None
        assert not is_pruned(strange)
