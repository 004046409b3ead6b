"""Snapshots that somebody made to do harm: refused, or at least of the shape that a fold has."""

import random
import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgpack
import pytest
from foldbook import snapshot
from foldbook.commands import Stamp, decide, parse
from foldbook.errors import BadSnapshot, CommandRefused
from foldbook.examine import BYTES, LENGTH, VALUES, examine
from foldbook.notebook import Notebook
from foldbook.reducer import REDUCER_VERSION, fold, fold_all
from foldbook.row import Role, Row, decode_segment
from foldbook.view import Around, Screen, full_view
from pydantic_core import to_json
from sim.story import Story

LOGS = Path(__file__).parent / "logs"
GOLDEN = {
    name: decode_segment((LOGS / f"{name}.segment").read_bytes())
    for name in ("cells", "executions", "outputs", "switching")
}


def packed(values: Any) -> bytes:
    """A snapshot of these values, with everything around them in order."""
    plain = values if isinstance(values, bytes) else snapshot._pack(values)
    body = zlib.compress(plain, level=1)
    return zlib.crc32(body).to_bytes(4, "big") + body


def values_of(rows: list[Row]) -> list[Any]:
    """A true snapshot's values, to be made wrong."""
    found: list[Any] = snapshot._unpack(snapshot.inflated(snapshot.encode(fold_all(rows)), 2**30))
    return found


def use(notebook: Notebook, rows: list[Row]) -> None:
    """What a joiner does with it before it is checked."""
    screen = Screen()
    to_json(screen.open(notebook, Around(me="ada-actor")))
    stamp = Stamp("mine", "mine", Role.OWN, 1, "seed")
    asked: list[dict[str, Any]] = [{"do": "create_cell"}, {"do": "run_all"}]
    for cell_id in list(notebook.cells)[:6]:
        asked += [
            {"do": "create_cell", "after": cell_id},
            {"do": "delete_cells", "cell_ids": [cell_id]},
            {"do": "move_cells", "cell_ids": [cell_id], "after": None},
            {"do": "run_cells", "cell_ids": [cell_id]},
        ]
    for each in asked:
        try:
            decide(notebook, parse(each), stamp)
        except CommandRefused:
            pass
    snapshot.mark(notebook)
    for row in rows:
        fold(notebook, row)
        screen.update(notebook, Around(me="ada-actor"))
    snapshot.encode(notebook)
    screen.update(fold_all(rows), Around())


@pytest.mark.parametrize("name", GOLDEN)
def test_a_true_one_is_taken(name: str) -> None:
    rows = GOLDEN[name]
    for at in range(len(rows) + 1):
        notebook = fold_all(rows[:at])
        assert examine(snapshot.encode(notebook)).notebook == notebook


@pytest.mark.parametrize("seed", range(30))
def test_true_ones_of_many_writers_are_taken(seed: int) -> None:
    story = Story(seed)
    story.tell()
    assert story.host is not None
    notebook = understood(story.host.rows)
    assert examine(snapshot.encode(notebook)).notebook == notebook


def understood(rows: list[Row]) -> Notebook:
    """As far as this reducer goes: a newer client may have raised the least one."""
    notebook = Notebook()
    for n, row in enumerate(rows):
        fold(notebook, row)
        if notebook.reducer > REDUCER_VERSION:
            return fold_all(rows[:n])
    return notebook


def nested(levels: int) -> Any:
    made: Any = 1
    for _ in range(levels):
        made = [made]
    return made


HOSTILE: tuple[Any, ...] = (
    *(None, True, -1, 0, 1, 2**53, 2**64, 10**400, 0.5, float("nan"), float("inf")),
    *("", "x", "__proto__", "\x00\u202e", "x" * 70_000, "0", "a0", "é"),
    *(b"", b"\xff" * 9, b"\x93\x90\x90\x80"),
    *([], [[]], [0, 0, 0, 0], {}, {"a": 1}, {"\x00": {}}, nested(150), nested(400)),
    msgpack.Timestamp(1, 2),
)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Paths to everything in plain values."""
    yield path
    if isinstance(value, (dict, list)):
        for key, each in value.items() if isinstance(value, dict) else enumerate(value):
            yield from places(each, (*path, key))


def changed(value: Any, path: tuple[Any, ...], change: Callable[[Any], Any]) -> Any:
    if not path:
        return change(value)
    made = dict(value) if isinstance(value, dict) else list(value)
    made[path[0]] = changed(made[path[0]], path[1:], change)
    return made


@pytest.mark.parametrize("name", GOLDEN)
@pytest.mark.parametrize("part", range(4))
def test_any_value_in_the_place_of_any_other_harms_nobody(name: str, part: int) -> None:
    rng = random.Random(f"{name}{part}")
    rows = GOLDEN[name]
    true = values_of(rows[: len(rows) // 2 + 6 * part])
    later = rows[true[3][4] :]
    paths = [path for path in places(true) if path]
    taken = 0
    for path in rng.sample(paths, min(len(paths), 400)):
        data = packed(changed(true, path, lambda old: _hostile(rng, old, true)))
        try:
            found = examine(data)
        except BadSnapshot:
            continue
        taken += 1
        use(found.notebook, later)
    assert taken > 5, "what is only a lie is for the check"


def _hostile(rng: random.Random, old: Any, true: list[Any]) -> Any:
    what = rng.random()
    if what < 0.6:
        return rng.choice(HOSTILE)
    if what < 0.75 and isinstance(old, list):
        return old[: rng.randint(0, len(old))] if rng.random() < 0.5 else old + old[:3]
    if what < 0.9:  # something true from somewhere else
        for key in rng.choice(list(places(true))):
            true = true[key]
        return true
    return old + 1 if isinstance(old, int) else rng.choice(HOSTILE)


@pytest.mark.parametrize("what", ["bytes", "pack"])
def test_bytes_that_have_changed_are_refused_or_harmless(what: str) -> None:
    rng = random.Random(what)
    rows = GOLDEN["outputs"]
    data = snapshot.encode(fold_all(rows[:20]))
    plain = snapshot.inflated(data, 2**30)
    for _ in range(1500):
        made = bytearray(plain if what == "pack" else data)
        for _ in range(rng.randint(1, 3)):
            made[rng.randrange(len(made))] = rng.randrange(256)
        try:
            found = examine(packed(bytes(made)) if what == "pack" else bytes(made))
        except BadSnapshot:
            continue
        use(found.notebook, rows[20:])


def head(*values: Any) -> list[Any]:
    return [snapshot.FORMAT, REDUCER_VERSION, *values]


def _deep_lists(levels: int, count: int) -> bytes:
    """Lists that each name so many values and hold one."""
    return (b"\xdd" + struct.pack(">I", count)) * levels


_FIRST_TWO = bytes([0x95, snapshot.FORMAT, REDUCER_VERSION])
"""How the values of a snapshot begin."""


@pytest.mark.parametrize(
    ("plain", "reason"),
    [
        (b"", "not laid out"),
        (b"\xc1", "not laid out"),
        (_deep_lists(900, 10**8), "not laid out"),
        (_deep_lists(900, LENGTH), "not laid out"),
        (b"\xdd" + struct.pack(">I", 100_000) + b"\x90" * 99_999, "not laid out"),
        (_FIRST_TWO + b"\x80\xdc\xff\xff" + b"\xc0" * 65535 + b"\x90", "not laid out"),
        (b"\x91" * 1500, "not laid out"),
        (b"\xc7\xff\x01" + b"9" * 255, "not laid out"),
        (snapshot._pack(head({}, [], [])), "not laid out"),
        (snapshot._pack([snapshot.FORMAT, "x" * 10**6, {}, [], []]), "by reducer"),
        (snapshot._pack([1, 2, {}, [], []]), f"by reducer {REDUCER_VERSION} expected"),
        (b"\x00" * (BYTES + 1), "a longer one came"),
    ],
)
def test_what_costs_more_than_it_says_is_refused(plain: bytes, reason: str) -> None:
    with pytest.raises(BadSnapshot, match=reason) as why:
        examine(packed(plain))
    assert len(str(why.value)) < 600


def test_there_are_limits_for_how_much_may_come() -> None:
    rows = GOLDEN["cells"]
    for place, count in ((5, 100), (12, 100)):
        true = values_of(rows)
        if place == 5:
            [first, *_] = true[3][5]
            true[3][5] = [[f"c{i}", *first[1:]] for i in range(count)]
        else:
            true[3][12] = {f"s{i}": 1 for i in range(count)}
        with pytest.raises(BadSnapshot, match="100 things that take a row each"):
            examine(packed(true))
    lists = [[[] for _ in range(1000)] for _ in range(VALUES // 1000)]
    with pytest.raises(BadSnapshot, match="at most 4000000 values"):
        examine(packed(head({}, lists, [])))


def test_one_wrong_value_is_enough() -> None:
    true = values_of(GOLDEN["cells"])
    for place, wrong in ((5, [[]] * 60_000), (7, [b""] * 60_000), (2, {"a": [b"x"] * 60_000})):
        made = changed(true, (3, place), lambda _, wrong=wrong: wrong)
        with pytest.raises(BadSnapshot, match=r"not laid out as one: [0-9.a-z]*: ") as why:
            examine(packed(made))
        assert len(str(why.value)) < 600


def test_a_snapshot_that_shuts_out_its_reader_is_refused() -> None:
    notebook = fold_all(GOLDEN["cells"])
    notebook.reducer = REDUCER_VERSION + 1
    with pytest.raises(BadSnapshot, match="and was not made by it"):
        examine(snapshot.encode(notebook))


def test_histories_that_lie_are_refused_or_make_edits_void() -> None:
    rows = GOLDEN["cells"]
    true = values_of(rows[:8])
    lies: list[Any] = [
        [[[5, [3, [1, ""], 2]]], [], {}],  # not canonical: ends in a keep
        [[[9, [[0, "a"]]], [7, [[0, "b"]]]], [], {}],  # not in order
        [[[5, [[-1, "a"]]]], [], {}],
        [[[5, [[10**15, ""]]]], [], {}],
        [[[i, [[0, "abc"]]] for i in range(1, 9)], [], {"bob": [9, [[1, [[10**9, ""]]]]]}],
        [[], [[[1, [[0, "x" * 99]]]]], {"ada": [2**52, []]}],
    ]
    taken = 0
    for lie in lies:
        true[3][5][0][11] = snapshot._pack(lie)
        try:
            found = examine(packed(true))
        except BadSnapshot:
            continue
        taken += 1
        use(found.notebook, rows[8:])
    assert taken == 3


def test_what_is_seen_of_a_hostile_one_is_json() -> None:
    true = values_of(GOLDEN["cells"])
    true[3][5][0][6] = {"a": float("nan"), "__proto__": {"b": [10**300]}, "\u202e": nested(195)}
    notebook = examine(packed(true)).notebook
    view = to_json(full_view(notebook, Around()))
    assert b"NaN" not in view


def test_a_notebook_that_was_pruned_is_taken() -> None:
    notebook = fold_all(GOLDEN["outputs"])
    key, run = next((key, run) for key, run in notebook.executions.items() if run.outputs)
    kept = replace(run.outputs[0], not_kept=9)
    notebook.executions[key] = replace(run, outputs=(kept, *run.outputs[1:]))
    assert examine(snapshot.encode(notebook)).notebook == notebook
