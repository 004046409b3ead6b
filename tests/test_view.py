"""Views: what a screen shows, and patches that always lead to exactly that."""

import copy
import json
import random
import tracemalloc
from typing import Any

import pytest
from desk import Desk
from foldbook import text
from foldbook.commands import parse
from foldbook.errors import CommandRefused
from foldbook.events.outputs import (
    DisplayDataAdded,
    DisplayDataUpdated,
    ErrorAdded,
    ExecuteResultAdded,
    OutputCleared,
    StreamAppended,
)
from foldbook.events.runtimes import RuntimeStopped
from foldbook.notebook import Actor, Mark, Notebook
from foldbook.view import Around, Patch, Screen, Starting, Strip, full_view
from foldbook.view.shapes import HUES, initials, of_actors
from foldbook.view.strip import TICKS
from hypothesis import given, settings
from hypothesis import strategies as st


def apply(view: dict[str, Any], ops: list[list[Any]]) -> None:
    """What the page does with a patch."""
    for op, path, *rest in ops:
        if op == "text":
            cell = view["cells"][path]
            change = tuple(each if isinstance(each, int) else tuple(each) for each in rest[0])
            cell["source"] = text.apply(change, cell["source"])
            continue
        if op == "source":
            view["cells"][path]["source"] = rest[0]
            continue
        *way, last = path
        target: Any = view
        for step in way:
            target = target[step]
        match op:
            case "set":
                target[last] = copy.deepcopy(rest[0])
            case "del":
                del target[last]
            case "insert":
                target.insert(last, copy.deepcopy(rest[0]))
            case "push":
                target[last].append(copy.deepcopy(rest[0]))
            case "append":
                target[last] += rest[0]
            case _:
                pytest.fail(f"unknown op {op}")


def plain(value: Any) -> Any:
    """As it arrives on the page; NaN would not."""
    return json.loads(json.dumps(value, allow_nan=False))


class Page:
    """A view: applies patches, types, and holds what is not acknowledged."""

    def __init__(self, desk: Desk, name: str = "mara") -> None:
        self.desk = desk
        self.name = name
        self.strip = Strip()
        self.fed = 0
        self.k = 0
        self.acked = 0
        self.screen = Screen()
        self.view = plain(self.screen.open(desk.notebook, self.around))
        self.v = self.screen.v
        self.unacked: list[tuple[int, str, text.Change]] = []

    @property
    def around(self) -> Around:
        for row in self.desk.rows[self.fed :]:
            self.strip.add(row.actor, row.seq)
        self.fed = len(self.desk.rows)
        return Around(me=self.name, strip=self.strip)

    def update(self, ack: int | None = None) -> Patch | None:
        patch = self.screen.update(self.desk.notebook, self.around, ack)
        if patch:
            apply(self.view, plain(patch.ops))
        return patch

    def ops(self) -> list[list[Any]]:
        """The ops of an update, but for what every row changes."""
        patch = self.update()
        every = ("seq", "log")
        return [op for op in (patch.ops if patch else []) if op[1][0] not in every]

    def check(self) -> None:
        assert self.view == plain(full_view(self.desk.notebook, self.around))


@pytest.fixture
def desk() -> Desk:
    desk = Desk("a = 1", "print(a)", "# end")
    desk.do("set_cell_type", cell_ids=["c2"], cell_type="markdown")
    desk.start_runtime()
    return desk


class TestFullView:
    def test_cells_in_order_with_their_marks(self, desk: Desk) -> None:
        view = full_view(desk.notebook, Around(me="mara"))
        assert view["order"] == ["c0", "c1", "c2"]
        assert view["cells"]["c2"]["type"] == "markdown"
        assert view["cells"]["c0"]["created"] == {"actor": "mara", "ts": 1002}
        assert view["cells"]["c0"]["edited"]["ts"] % 60_000 == 0

    def test_an_execution_and_its_outputs(self, desk: Desk) -> None:
        desk.do("run_cells", cell_ids=["c1"])
        execution_id = desk.start("c1")
        desk.says(
            StreamAppended(execution_id=execution_id, name="stderr", text="oh"),
            ExecuteResultAdded(
                execution_id=execution_id, data={"text/plain": "1"}, execution_count=4
            ),
            ErrorAdded(execution_id=execution_id, ename="E", evalue="v", traceback=("t",)),
        )
        desk.finish("c1", "error", count=4)
        shown = full_view(desk.notebook, Around())["cells"]["c1"]["execution"]
        assert (shown["status"], shown["count"], shown["stale"]) == ("error", 4, False)
        assert shown["completed"] > shown["started"] > shown["requested"]["ts"]
        assert shown["outputs"] == [
            {"type": "stream", "name": "stderr", "text": "oh"},
            {
                "type": "execute_result",
                "data": {"text/plain": "1"},
                "metadata": {},
                "count": 4,
            },
            {"type": "error", "ename": "E", "evalue": "v", "traceback": ["t"]},
        ]

    def test_an_execution_is_stale_while_its_source_differs(self, desk: Desk) -> None:
        desk.run("c1")
        page = Page(desk)
        desk.type("c1", 0, "x")
        page.update()
        assert page.view["cells"]["c1"]["execution"]["stale"]
        desk.do("edit_source", cell_id="c1", changes=[[1, ""]], length_before=9)
        page.update()
        assert not page.view["cells"]["c1"]["execution"]["stale"]

    def test_a_long_source_is_stale_too(self, desk: Desk) -> None:
        desk.do("create_cell", cell_id="long", source="x\n" * 10_000)
        desk.run("long")
        page = Page(desk)
        assert not page.view["cells"]["long"]["execution"]["stale"]
        desk.type("long", 3, "y")
        page.update()
        assert page.view["cells"]["long"]["execution"]["stale"]

    def test_the_queue(self, desk: Desk) -> None:
        desk.do("set_cell_type", cell_ids=["c2"], cell_type="code")
        desk.do("run_all")
        desk.start("c0")
        cells = full_view(desk.notebook, Around())["cells"]
        places = [
            (cells[each]["execution"]["position"], cells[each]["execution"]["after"])
            for each in ("c0", "c1", "c2")
        ]
        assert places == [(None, None), (1, "c0"), (2, "c1")]

    def test_the_runtime(self, desk: Desk) -> None:
        assert full_view(desk.notebook, Around())["runtime"]["status"] == "ready"
        desk.run("c0", count=7)
        desk.do("run_all")
        desk.start("c0")
        busy = full_view(desk.notebook, Around())["runtime"]
        assert (busy["status"], busy["queue"], busy["count"]) == ("busy", 1, 7)
        desk.says(RuntimeStopped(reason="closed"))
        gone = full_view(desk.notebook, Around())["runtime"]
        assert (gone["status"], gone["reason"], gone["queue"]) == ("stopped", "closed", 0)
        soon = Starting("py2", "Python", 5)
        starting = full_view(desk.notebook, Around(starting=soon))["runtime"]
        assert (starting["status"], starting["session"]) == ("starting", "py2")

    def test_without_a_runtime(self) -> None:
        assert full_view(Desk().notebook, Around())["runtime"] is None

    def test_numbers_that_json_has_not_are_null(self, desk: Desk) -> None:
        desk.do("run_cells", cell_ids=["c0"])
        execution_id = desk.start("c0")
        data = {"application/json": {"a": [1.5, float("nan"), float("inf")]}}
        desk.says(DisplayDataAdded(execution_id=execution_id, data=data))
        view = plain(full_view(desk.notebook, Around()))
        shown = view["cells"]["c0"]["execution"]["outputs"][0]["data"]
        assert shown == {"application/json": {"a": [1.5, None, None]}}

    def test_people_get_different_hues_until_there_are_no_more(self) -> None:
        desk = Desk()
        for i in range(9):
            desk.do("introduce", f"actor{i}", name=f"Actor {i}")
        actors = full_view(desk.notebook, Around(me="actor0"))["actors"]
        hues = [each["hue"] for each in actors.values()]
        assert set(hues) == set(HUES)
        assert len(set(hues[:8])) == 8
        assert [key for key, each in actors.items() if each["me"]] == ["actor0"]

    def test_the_runtime_is_an_actor(self, desk: Desk) -> None:
        actors = full_view(desk.notebook, Around(me="mara"))["actors"]
        assert actors["py"]["kind"] == "runtime"
        assert actors["mara"] == actors["mara"] | {"me": True, "name": "", "initials": ""}

    @pytest.mark.parametrize(
        ("name", "expected"),
        [("Mara Lindqvist", "ML"), ("Kestrel", "K"), ("ana  de  souza", "AS"), (" ", "")],
    )
    def test_initials(self, name: str, expected: str) -> None:
        assert initials(name) == expected


class TestPatches:
    """What is sent is in proportion to what changed."""

    def test_nothing_new_says_nothing(self, desk: Desk) -> None:
        page = Page(desk)
        assert page.update() is None
        assert page.v == page.screen.v

    def test_an_acknowledgement_alone(self, desk: Desk) -> None:
        page = Page(desk)
        assert page.screen.update(desk.notebook, page.around, ack=3) == Patch(2, 3, [])

    def test_streams_are_appended(self, desk: Desk) -> None:
        desk.do("run_cells", cell_ids=["c1"])
        desk.start("c1")
        desk.print("c1", "one\n")
        page = Page(desk)
        desk.print("c1", "two\n")
        path = ["cells", "c1", "execution", "outputs"]
        assert page.ops() == [["append", [*path, 0, "text"], "two\n"]]
        execution_id = desk.execution("c1").id
        desk.says(StreamAppended(execution_id=execution_id, name="stderr", text="!"))
        assert page.ops() == [["push", path, {"type": "stream", "name": "stderr", "text": "!"}]]

    def test_going_on_with_a_long_stream_costs_what_is_added(self, desk: Desk) -> None:
        desk.do("run_cells", cell_ids=["c1"])
        execution_id = desk.start("c1")
        for _ in range(500):
            desk.print("c1", "x" * 20_000)
        page = Page(desk)
        more = StreamAppended(execution_id=execution_id, name="stdout", text="new")
        other = desk.notebook.fork()
        tracemalloc.start()
        try:
            desk.says(more)
            ops = page.screen.update(desk.notebook, page.around).ops  # type: ignore[union-attr]
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert ["append", ["cells", "c1", "execution", "outputs", 0, "text"], "new"] in ops
        assert peak < 1_000_000, "the text of ten million characters has been copied"
        assert desk.execution("c1").outputs[0].text.endswith("xnew")
        assert other.executions[execution_id].outputs[0].text.endswith("x")

    def test_a_stream_that_was_kept_as_a_whole_meanwhile(self, desk: Desk) -> None:
        desk.do("run_cells", cell_ids=["c1"])
        desk.start("c1")
        desk.print("c1", "one\n")
        page = Page(desk)
        desk.print("c1", "two\n")
        full_view(desk.notebook, page.around)
        desk.print("c1", "three\n")
        path = ["cells", "c1", "execution", "outputs", 0, "text"]
        assert page.ops() == [["append", path, "two\nthree\n"]]

    def test_a_display_that_is_updated_elsewhere(self, desk: Desk) -> None:
        desk.do("run_cells", cell_ids=["c0", "c1"])
        first = desk.start("c0")
        desk.says(DisplayDataAdded(execution_id=first, data={"text/plain": "0"}, display_id="d"))
        desk.finish("c0")
        page = Page(desk)
        desk.says(DisplayDataUpdated(display_id="d", data={"text/plain": "1"}))
        new = {"type": "display_data", "data": {"text/plain": "1"}, "metadata": {}}
        assert page.ops() == [["set", ["cells", "c0", "execution", "outputs", 0], new]]

    def test_clear_and_draw_again_sets_one_output(self, desk: Desk) -> None:
        desk.do("run_cells", cell_ids=["c0"])
        execution_id = desk.start("c0")
        desk.says(DisplayDataAdded(execution_id=execution_id, data={"text/plain": "0"}))
        page = Page(desk)
        desk.says(
            OutputCleared(execution_id=execution_id, wait=True),
            DisplayDataAdded(execution_id=execution_id, data={"text/plain": "1"}),
        )
        assert [op[:2] for op in page.ops()] == [
            ["set", ["cells", "c0", "execution", "outputs", 0]]
        ]

    def test_one_cell_moved_among_a_thousand(self) -> None:
        desk = Desk(*("x" for _ in range(1000)))
        page = Page(desk)
        desk.do("move_cells", cell_ids=["c900"], after="c1")
        assert page.ops() == [["del", ["order", 900]], ["insert", ["order", 2], "c900"]]
        page.check()

    def test_deleting_and_bringing_back(self, desk: Desk) -> None:
        page = Page(desk)
        desk.do("delete_cells", cell_ids=["c1"])
        assert page.ops() == [["del", ["order", 1]], ["del", ["cells", "c1"]]]
        desk.type("c1", 0, "kept: ", "tomas")
        assert page.ops() == []
        desk.do("restore_cells", cell_ids=["c1"])
        ops = page.ops()
        assert [op[:2] for op in ops] == [["set", ["cells", "c1"]], ["insert", ["order", 1]]]
        assert page.view["cells"]["c1"]["source"] == "kept: print(a)"
        page.check()

    def test_a_keystroke_of_somebody_else(self, desk: Desk) -> None:
        desk.do("introduce", "tomas", name="Tomás")
        page = Page(desk)
        desk.type("c0", 2, "b", "tomas")
        assert page.ops() == [
            ["text", "c0", [2, [0, "b"]]],
            ["set", ["cells", "c0", "edited"], {"actor": "tomas", "ts": 0}],
        ]

    def test_two_keystrokes_between_two_updates_stay_two(self, desk: Desk) -> None:
        page = Page(desk)
        desk.type("c1", 8, "2", "tomas")
        desk.type("c1", 0, "1", "tomas")
        assert page.ops()[0] == ["text", "c1", [[0, "1"], 8, [0, "2"]]]

    def test_one_that_leaves_a_long_queue_changes_few(self) -> None:
        desk = Desk(*("x" for _ in range(200)))
        desk.start_runtime()
        desk.do("run_all")
        desk.start("c0")
        page = Page(desk)
        desk.finish("c0")
        desk.start("c1")
        assert len(page.ops()) < 40
        page.check()


class TestTyping:
    """Edits between a page and its screen."""

    def type(self, page: Page, cell_id: str, position: int, inserted: str) -> dict[str, Any]:
        """The page inserts text; returns the message that goes to the worker."""
        source = page.view["cells"][cell_id]["source"]
        change = text.replace(position, 0, inserted)
        page.view["cells"][cell_id]["source"] = text.apply(change, source)
        return {
            "cell_id": cell_id,
            "changes": change,
            "length_before": len(source),
            "base": page.v,
        }

    def arrive(self, page: Page, message: dict[str, Any]) -> None:
        """The worker takes it."""
        change = page.screen.receive_edit(**message)
        length = len(page.desk.cell(message["cell_id"]).source)
        page.desk.do(
            "edit_source",
            page.name,
            cell_id=message["cell_id"],
            changes=change,
            length_before=length,
        )

    def test_an_own_edit_is_not_sent_back(self, desk: Desk) -> None:
        page = Page(desk)
        self.arrive(page, self.type(page, "c0", 0, "xy"))
        patch = page.update(ack=1)
        assert patch is not None
        assert patch.ack == 1
        assert not [op for op in patch.ops if op[0] in ("text", "source")]
        page.check()

    def test_an_edit_made_before_a_patch_arrived_is_rewritten(self, desk: Desk) -> None:
        page = Page(desk)
        message = self.type(page, "c0", 5, "!")  # "a = 1!"
        desk.type("c0", 0, "## ", "tomas")
        page.screen.update(desk.notebook, page.around)  # under way to the page
        self.arrive(page, message)
        assert desk.cell("c0").source == "## a = 1!"

    def test_the_next_one_made_without_that_patch_too(self, desk: Desk) -> None:
        page = Page(desk)
        one = self.type(page, "c0", 0, "x")
        two = self.type(page, "c0", 1, "y")
        desk.type("c0", 0, "T", "tomas")
        page.screen.update(desk.notebook, page.around)
        self.arrive(page, one)
        page.screen.update(desk.notebook, page.around, ack=1)
        self.arrive(page, two)
        assert desk.cell("c0").source == "xyTa = 1"

    def test_several_edits_between_two_updates(self, desk: Desk) -> None:
        page = Page(desk)
        messages = [self.type(page, "c0", i, each) for i, each in enumerate("abc")]
        for message in messages:
            self.arrive(page, message)
        page.update(ack=3)
        page.check()
        assert desk.cell("c0").source == "abca = 1"

    def test_an_edit_that_was_refused_is_taken_back(self, desk: Desk) -> None:
        page = Page(desk)
        message = self.type(page, "c0", 0, "lost")
        page.screen.receive_edit(**message)  # and the notebook did not take it
        assert page.ops() == [["text", "c0", [[4, ""]]]]
        page.check()

    def test_an_edit_that_does_not_fit_resets_the_source(self, desk: Desk) -> None:
        page = Page(desk)
        with pytest.raises(CommandRefused, match="this view has one of 5"):
            page.screen.receive_edit("c0", (), 9, page.v)
        assert page.ops() == [["source", "c0", "a = 1"]]
        with pytest.raises(CommandRefused, match="replaced since"):
            page.screen.receive_edit("c0", (), 5, page.v)
        # It was under way, and the view puts it over the new text when it is acknowledged.
        assert page.ops() == [["source", "c0", "a = 1"]]
        page.screen.receive_edit("c0", (), 5, page.screen.v)

    def test_edits_of_an_earlier_screen_do_not_fit(self, desk: Desk) -> None:
        page = Page(desk)
        page.screen.open(desk.notebook, page.around)
        with pytest.raises(CommandRefused, match="replaced since"):
            page.screen.receive_edit("c0", (), 5, page.v)

    def test_an_edit_of_a_cell_that_somebody_deleted_is_kept(self, desk: Desk) -> None:
        page = Page(desk)
        message = self.type(page, "c0", 5, "!")
        desk.type("c0", 0, "T", "tomas")
        desk.do("delete_cells", "tomas", cell_ids=["c0"])
        page.update()
        self.arrive(page, message)
        assert desk.cell("c0").source == "Ta = 1!"

    def test_pages_and_people_typing_at_once_end_alike(self) -> None:
        for seed in range(150):
            _Typists(random.Random(seed)).run()


class _Typists:
    """Two pages with messages under way in both directions, and somebody else."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.desk = Desk("hello")
        self.pages = [Page(self.desk, name) for name in ("mara", "ines")]
        self.inward: list[list[dict[str, Any]]] = [[], []]
        self.outward: list[list[Patch]] = [[], []]
        self.docs = ["hello", "hello"]

    def run(self) -> None:
        for _ in range(60):
            self.step(self.chance.randrange(2), self.chance.random())
        for i in (0, 1):
            while self.inward[i]:
                self.take(i)
        for i in (0, 1):
            self.send(i)
            while self.outward[i]:
                self.show(i)
        assert self.docs == [self.desk.cell("c0").source] * 2

    def step(self, i: int, dice: float) -> None:
        if dice < 0.35:
            self.type(i)
        elif dice < 0.55:
            self.take(i)
        elif dice < 0.65:
            self.desk.type("c0", self.place(self.desk.cell("c0").source), "#", "tomas")
        elif dice < 0.8:
            self.send(i)
        else:
            self.show(i)

    def place(self, source: str) -> int:
        return self.chance.randint(0, len(source))

    def type(self, i: int) -> None:
        page, doc = self.pages[i], self.docs[i]
        at = self.place(doc)
        gone = min(self.chance.choice([0, 0, 0, 2]), len(doc) - at)
        change = text.replace(at, gone, "AB"[i] * self.chance.randint(1, 2))
        self.docs[i] = text.apply(change, doc)
        page.k += 1
        page.unacked.append((page.k, "c0", change))
        self.inward[i].append(
            {"cell_id": "c0", "changes": change, "length_before": len(doc), "base": page.v}
        )

    def take(self, i: int) -> None:
        if not self.inward[i]:
            return
        self.send(i)  # a worker brings the screen up to date before it takes an edit
        page = self.pages[i]
        TestTyping().arrive(page, self.inward[i].pop(0))
        page.acked += 1

    def send(self, i: int) -> None:
        page = self.pages[i]
        patch = page.screen.update(self.desk.notebook, page.around, page.acked)
        if patch:
            self.outward[i].append(patch)

    def show(self, i: int) -> None:
        if not self.outward[i]:
            return
        page, patch = self.pages[i], self.outward[i].pop(0)
        page.v = patch.v
        page.unacked = [each for each in page.unacked if each[0] > (patch.ack or 0)]
        for op, _, *rest in patch.ops:
            assert op != "source"
            if op == "text":
                other = text.normal(
                    each if isinstance(each, int) else tuple(each) for each in rest[0]
                )
                mapped = []
                for k, cell_id, mine in page.unacked:
                    mine_after, other = text.transform_pair(mine, other)
                    mapped.append((k, cell_id, mine_after))
                page.unacked = mapped
                self.docs[i] = text.apply(other, self.docs[i])


class TestStrip:
    def test_one_tick_for_each_row_at_first(self) -> None:
        strip = Strip()
        for seq in range(1, 4):
            strip.add("ab"[seq % 2], seq)
        assert strip.ticks() == [[0, "b", 1], [1, "a", 1], [2, "b", 1]]

    @given(st.integers(1, 5000))
    @settings(deadline=None, max_examples=25)
    def test_few_ticks_count_all_rows(self, rows: int) -> None:
        strip = Strip()
        for seq in range(1, rows + 1):
            strip.add("a" if seq % 3 else "b", seq)
        ticks = strip.ticks()
        assert len(ticks) <= TICKS
        assert sum(int(tick[2]) for tick in ticks) == rows
        assert all(tick[2] == strip.size for tick in ticks[:-1])


class _Chaos:
    """Random commands and outputs; every one must count."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.desk = Desk("one", "two = 2\n", "three")
        self.made = 0

    def cell(self) -> str:
        return self.chance.choice(list(self.desk.notebook.cells))

    def step(self) -> None:
        act = self.chance.choice([self.structure, self.words, self.fields, self.runs, self.runs])
        try:
            act()
        except CommandRefused:
            pass  # chance asks for much that cannot be

    def structure(self) -> None:
        chance, desk = self.chance, self.desk
        self.made += 1
        name, fields = chance.choice(
            [
                ("create_cell", {"cell_id": f"n{self.made}", "after": self.cell(), "source": "x"}),
                ("create_cell", {"cell_id": f"n{self.made}", "after": None}),
                ("move_cells", {"cell_ids": [self.cell(), self.cell()], "before": self.cell()}),
                ("delete_cells", {"cell_ids": [self.cell()]}),
                ("restore_cells", {"cell_ids": [self.cell()]}),
                ("split_cell", {"cell_id": self.cell(), "at": chance.randint(0, 5)}),
                ("merge_cells", {"cell_ids": [self.cell(), self.cell()]}),
                ("replace_text", {"edits": [self.replacement(), self.replacement()]}),
                ("undo", {}),
                ("redo", {}),
            ]
        )
        desk.do(name, chance.choice(["mara", "tomas"]), **fields)

    def replacement(self) -> dict[str, object]:
        cell_id = self.cell()
        source = self.desk.cell(cell_id).source
        changes = [self.chance.randint(0, len(source)), [0, "r"]]
        return {"cell_id": cell_id, "changes": changes, "before": source}

    def words(self) -> None:
        cell_id = self.cell()
        source = self.desk.cell(cell_id).source
        at = self.chance.randint(0, len(source))
        gone = min(self.chance.randint(0, 3), len(source) - at)
        changes = [at, [gone, self.chance.choice(["", "y", "\n🌱", "zz"])]]
        self.desk.do(
            "edit_source", "tomas", cell_id=cell_id, changes=changes, length_before=len(source)
        )

    def fields(self) -> None:
        name, fields = self.chance.choice(
            [
                ("set_cell_type", {"cell_ids": [self.cell()], "cell_type": "markdown"}),
                ("set_cell_type", {"cell_ids": [self.cell()], "cell_type": "code"}),
                ("set_cell_metadata", {"cell_id": self.cell(), "values": {"a": True}}),
                ("set_cell_metadata", {"cell_id": self.cell(), "values": {"a": 1}}),
                ("set_notebook_metadata", {"values": {"b": {"c": [1]}}}),
                ("set_notebook_metadata", {"removed": ["b"]}),
                ("introduce", {"name": self.chance.choice(["Mara L", "M"])}),
                ("rename_notebook", {"name": self.chance.choice("xyz")}),
                ("add_file", {"path": self.chance.choice("abc"), "digest": "0" * 64, "size": 1}),
                ("remove_file", {"path": "a"}),
                ("rename_file", {"path": "b", "to": self.chance.choice("ac")}),
                ("clear_outputs", {"cell_ids": [self.cell()]}),
            ]
        )
        self.desk.do(name, self.chance.choice(["mara", "tomas"]), **fields)

    def runs(self) -> None:
        desk, chance = self.desk, self.chance
        if desk.notebook.selected_runtime is None:
            self.made += 1
            desk.start_runtime(f"py{self.made}")
        runtime = desk.notebook.selected_runtime or ""
        unfinished = [
            each for each in desk.notebook.unfinished() if each.runtime in (None, runtime)
        ]
        if not unfinished or chance.random() < 0.2:
            desk.do(chance.choice(["run_all", "run_cells"]), cell_ids=[self.cell()]) if (
                chance.random() < 0.8
            ) else desk.do("run_all")
            return
        self.output(unfinished[0].id, runtime)

    def output(self, execution_id: str, runtime: str) -> None:
        desk, chance = self.desk, self.chance
        execution = desk.notebook.executions[execution_id]
        if execution.status == "queued":
            desk.begin(execution_id, runtime)
            return
        name = chance.choice(["stdout", "stderr"])
        shown = {"text/plain": chance.choice("abc")}
        event = chance.choice(
            [
                StreamAppended(execution_id=execution_id, name=name, text="line\n"),
                StreamAppended(execution_id=execution_id, name="stdout", text="more"),
                DisplayDataAdded(execution_id=execution_id, data=shown, display_id="d"),
                ExecuteResultAdded(execution_id=execution_id, data=shown),
                ErrorAdded(execution_id=execution_id, ename="E", evalue=""),
                OutputCleared(execution_id=execution_id, wait=chance.random() < 0.5),
                None,
                RuntimeStopped() if chance.random() < 0.1 else None,
            ]
        )
        if event is not None:
            desk.says(event, runtime=runtime)
        else:
            desk.end(execution_id, chance.choice(["ok", "ok", "error"]), runtime)


class TestPatchesLeadToTheFullView:
    @pytest.mark.parametrize("seed", range(60))
    def test_after_any_events(self, seed: int) -> None:
        chance = random.Random(seed)
        chaos = _Chaos(chance)
        pages = [Page(chaos.desk), Page(chaos.desk, "tomas")]
        for _ in range(150):
            chaos.step()
            for page in pages:
                if chance.random() < 0.4:
                    page.update()
                    page.check()

    def test_when_pending_rows_are_folded_anew(self) -> None:
        """The screen goes from a view with a row to one without, and back."""
        desk = Desk("a", "b")
        page = Page(desk)
        before = desk.notebook.fork()
        desk.do("create_cell", cell_id="gone", after="c0")
        desk.do("run_all")
        desk.type("c0", 0, "x")
        page.update()
        after, desk.notebook = desk.notebook, before
        page.update()
        page.check()
        desk.notebook = after
        page.update()
        page.check()


def test_commands_of_the_page_parse() -> None:
    """The JSON that a page sends, as lists and not tuples."""
    values = {"do": "edit_source", "cell_id": "c", "changes": [1, [0, "x"]], "length_before": 1}
    command: Any = parse(json.loads(json.dumps(values)))
    assert command.changes == (1, (0, "x"))


def test_nobody_is_shown_under_the_name_of_another() -> None:
    names = {"aa11": "Ada", "bb22": "\u202eada\u200b ", "cc33": "Bob", "dd44": "You"}
    notebook = Notebook()
    for actor, name in names.items():
        introduced = Mark(1, "s", actor, 1)
        notebook.actors[actor] = Actor(actor, name, "person", introduced)

    def shown(me: str) -> list[str]:
        return [each["name"] for each in of_actors(notebook, me, {}).values()]

    assert shown("cc33") == ["Ada (aa11)", "ada (bb22)", "Bob", ""]
    assert shown("aa11") == ["Ada", "ada (bb22)", "Bob", ""]


class TestRuntimes:
    """How the runtimes of a notebook are shown."""

    def shown(self, desk: Desk, **around: Any) -> dict[str, tuple[str, Any]]:
        found = full_view(desk.notebook, Around(**around))["runtimes"]
        return {each["session"]: (each["status"], each["gone"]) for each in found}

    def test_those_that_are_there_and_how_they_are(self) -> None:
        desk = Desk("1")
        desk.start_runtime("one")
        desk.start_runtime("two")
        desk.do("run_cells", cell_ids=["c0"])
        desk.begin(desk.execution("c0").id, "one")
        assert self.shown(desk) == {"one": ("busy", None), "two": ("ready", None)}
        away = {"away": {"one": 7000}}
        assert self.shown(desk, **away) == {"one": ("unreachable", 7000), "two": ("ready", None)}
        apart = {"apart": True, "here": "two"}
        assert self.shown(desk, **apart) == {"one": ("unknown", None), "two": ("ready", None)}
        desk.says(RuntimeStopped(), runtime="one")
        soon = Starting("three", "Python", 5)
        assert self.shown(desk, starting=soon) == {
            "two": ("ready", None),
            "three": ("starting", None),
        }

    def test_which_is_selected_what_waits_and_what_people_have_asked(self) -> None:
        desk = Desk("1", "2")
        desk.start_runtime("one")
        desk.start_runtime("two")
        desk.do("run_all")
        desk.do("select_runtime", runtime="two")
        desk.do("stop_runtime", runtime="one")
        view = full_view(desk.notebook, Around(here="one"))
        told = [
            (each["session"], each["selected"], each["here"], each["queue"], each["asked"])
            for each in view["runtimes"]
        ]
        assert told == [("one", False, True, 0, "stop"), ("two", True, False, 2, "")]
        assert view["runtime"] == view["runtimes"][1]
