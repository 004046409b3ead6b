"""Snapshots: whatever comes after one folds as if the log had been folded from its start."""

from pathlib import Path

import pytest
from desk import Desk
from foldbook import snapshot
from foldbook.errors import BadSnapshot
from foldbook.events.outputs import DisplayDataAdded, DisplayDataUpdated
from foldbook.notebook import Execution, Notebook, Status
from foldbook.reducer import fold, fold_all
from foldbook.row import Kind, Row, decode_segment
from hypothesis import given
from hypothesis import strategies as st
from sample_rows import SAMPLE_PAYLOADS, row
from sim.story import Story

LOGS = sorted((Path(__file__).parent / "logs").glob("*.segment"))


def again(notebook: Notebook) -> Notebook:
    """The notebook as it comes back."""
    return snapshot.decode(snapshot.encode(notebook)).notebook


def check(rows: list[Row], at: int) -> None:
    """A snapshot after so many rows, the rest folded over it."""
    expected = fold_all(rows)
    kept = fold_all(rows[:at])
    went_on = again(kept)
    assert went_on == kept
    for each in rows[at:]:
        fold(went_on, each)
        fold(kept, each)
    assert went_on == expected
    assert kept == expected, "making a snapshot changes nothing"
    assert [*went_on.executions] == [*expected.executions]
    assert list(went_on.unfinished()) == list(expected.unfinished())
    assert [*reversed(went_on.executions.values())] == [*reversed(expected.executions.values())]


@pytest.mark.parametrize("path", LOGS, ids=lambda path: path.stem)
def test_golden_logs_go_on_from_every_row(path: Path) -> None:
    rows = decode_segment(path.read_bytes())
    for at in range(len(rows) + 1):
        check(rows, at)


@pytest.mark.parametrize("seed", range(40))
def test_stories_of_many_writers_go_on_from_anywhere(seed: int) -> None:
    story = Story(seed)
    story.tell()
    assert story.host is not None
    rows = list(story.host.rows)
    for at in range(0, len(rows) + 1, max(1, len(rows) // 6)):
        check(rows, at)


@given(st.lists(st.sampled_from(SAMPLE_PAYLOADS), max_size=30), st.integers(0, 30))
def test_any_events_in_any_order_go_on_from_anywhere(payloads: list[bytes], at: int) -> None:
    rows = [
        row(i, payload, kind=kind)
        for i, (payload, kind) in enumerate(
            ((payload, kind) for payload in payloads for kind in (Kind.EDIT, Kind.RUN)), 1
        )
    ]
    check(rows, min(at, len(rows)))


def test_numbers_beyond_64_bits_and_texts_in_any_script_come_back() -> None:
    payload = b'{"type":"notebookMetadataSet","values":{"n":123456789012345678901,"t":"\\u00e9"}}'
    notebook = fold_all([row(1, payload)])
    assert again(notebook).metadata == {"n": 123456789012345678901, "t": "é"}


def ran() -> Desk:
    """One cell that was run three times by a runtime; the first run has a display."""
    desk = Desk("1")
    desk.start_runtime()
    desk.do("run_cells", cell_ids=["c0"])
    desk.start("c0")
    shown = DisplayDataAdded(
        execution_id=desk.execution("c0").id, data={"text/plain": "a"}, display_id="d"
    )
    desk.says(shown)
    desk.finish("c0")
    desk.run("c0", "two", count=2)
    desk.run("c0", "three", count=3)
    return desk


def test_what_is_over_and_shown_nowhere_stays_packed_until_somebody_looks() -> None:
    desk = ran()
    found = again(desk.notebook)
    kinds = [type(each) for _, each in found.executions.packed()]
    assert kinds == [bytes, bytes, Execution]
    assert found.executions.copy() == desk.notebook.executions
    first, second, _ = found.executions
    assert found.executions[second].outputs[0].text == "two"
    assert found.executions.get("none") is None
    kinds = [type(each) for _, each in found.executions.packed()]
    assert kinds == [bytes, Execution, Execution]
    update = DisplayDataUpdated(display_id="d", data={"text/plain": "b"})
    before = len(desk.rows)
    desk.says(update)
    for each in desk.rows[before:]:
        fold(found, each)
    assert found.executions[first].outputs[0].data == {"text/plain": "b"}
    assert found == desk.notebook


def test_a_slim_notebook_has_what_is_to_be_run_and_nothing_that_grows() -> None:
    desk = ran()
    desk.do("run_cells", cell_ids=["c0"])
    slim = snapshot.slim(desk.notebook)
    assert [each.status for each in slim.executions.values()] == [Status.QUEUED]
    assert slim.executions[desk.execution("c0").id].source == "1"
    assert slim.cells["c0"].source == ""
    assert slim.runtimes == desk.notebook.runtimes
    assert again(slim) == slim


def test_damage_and_another_version_are_told() -> None:
    data = snapshot.encode(ran().notebook, {"strip": [1]})
    assert snapshot.decode(data).beside == {"strip": [1]}
    for at in (0, 4, len(data) // 2, len(data) - 1):
        broken = bytearray(data)
        broken[at] ^= 1
        with pytest.raises(BadSnapshot, match="checksum"):
            snapshot.decode(bytes(broken))
    for cut in (0, 3, 4, 100):
        with pytest.raises(BadSnapshot):
            snapshot.decode(data[:cut])


@pytest.mark.parametrize(
    "values", [[], 3, [1], [9, 2, {}, [], []], [1, 99, {}, [], []], [1, 2, {}, [1], []]]
)
def test_a_sound_checksum_over_something_else_is_told(
    values: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = snapshot._pack
    monkeypatch.setattr(snapshot, "_pack", lambda _: whole(values))
    data = snapshot.encode(Notebook())
    with pytest.raises(BadSnapshot):
        snapshot.decode(data)
