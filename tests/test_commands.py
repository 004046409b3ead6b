"""Commands: what each turns into, where cells go, and the sentences with which they refuse."""

import hashlib

import pytest
from desk import Desk, wire
from foldbook import pieces, text
from foldbook.commands import ALL, Stamp, catalogue, decide, parse
from foldbook.errors import CommandRefused
from foldbook.events import encode
from foldbook.events.cells import CellSourceEdited
from foldbook.events.executions import InputRequested
from foldbook.row import ROW_LIMIT, Role
from hypothesis import given, settings
from hypothesis import strategies as st


def refusal(desk: Desk, name: str, session: str = "mara", /, **fields: object) -> str:
    with pytest.raises(CommandRefused) as caught:
        desk.do(name, session, **fields)
    return str(caught.value)


class TestParsing:
    def test_names_follow_the_classes(self) -> None:
        assert {"create_cell", "run_all", "set_cell_type", "undo", "add_file"} <= set(ALL)

    def test_an_unknown_command_is_named(self) -> None:
        with pytest.raises(CommandRefused, match="'fly' is none"):
            parse({"do": "fly"})

    @pytest.mark.parametrize(
        ("values", "expected"),
        [
            ({"do": "create_cell", "cell_type": "poem"}, "create_cell: cell_type: .*'poem' came"),
            ({"do": "delete_cells"}, "delete_cells: cell_ids: Field required"),
            ({"do": "run_all", "twice": True}, "run_all: twice: Extra inputs"),
            ({"do": "create_cell", "cell_id": "no spaces"}, "cell_id: String should match"),
        ],
    )
    def test_a_bad_field_is_named(self, values: dict[str, object], expected: str) -> None:
        with pytest.raises(CommandRefused, match=expected):
            parse(values)

    def test_the_catalogue_describes_every_command(self) -> None:
        tools = catalogue()
        assert [tool["name"] for tool in tools] == list(ALL)
        assert all(
            tool["description"] and tool["input_schema"]["type"] == "object" for tool in tools
        )


class TestPackages:
    def test_what_was_installed_stands_in_the_metadata_once_for_each_name(self) -> None:
        desk = Desk("a")
        desk.do("set_notebook_metadata", values={"foldbook": {"other": 1}, "x": 2})
        wheel = "https://e.example/tides-1.2-py3-none-any.whl"
        desk.do("record_packages", requirements=["Cow_Say==6.0", wheel])
        desk.do("record_packages", requirements=["cow-say==6.1", "dask[array]"])
        assert desk.notebook.metadata == {
            "foldbook": {"other": 1, "packages": ["cow-say==6.1", wheel, "dask[array]"]},
            "x": 2,
        }
        again = desk.do("record_packages", requirements=["dask[array]"])
        assert again.events == (), "nothing is new"

    def test_strange_metadata_gives_way(self) -> None:
        desk = Desk("a")
        for strange in ("text", {"packages": "text"}, {"packages": [7]}):
            desk.do("set_notebook_metadata", values={"foldbook": strange})
            desk.do("record_packages", requirements=["cowsay"])
            assert desk.notebook.metadata["foldbook"]["packages"] == ["cowsay"]

    @pytest.mark.parametrize("word", ["--pre", "a b", "a\nimport os", "{x}", "a;b", "$x", ""])
    def test_what_is_not_one_plain_word_is_refused(self, word: str) -> None:
        assert "requirements" in refusal(Desk("a"), "record_packages", requirements=[word])


class TestCreating:
    @pytest.mark.parametrize(
        ("place", "expected"),
        [
            ({}, ["c0", "c1", "new"]),
            ({"after": None}, ["new", "c0", "c1"]),
            ({"before": None}, ["c0", "c1", "new"]),
            ({"after": "c0"}, ["c0", "new", "c1"]),
            ({"before": "c0"}, ["new", "c0", "c1"]),
            ({"before": "c1", "after": None}, ["c0", "new", "c1"]),
        ],
    )
    def test_places(self, place: dict[str, object], expected: list[str]) -> None:
        desk = Desk("a", "b")
        desk.do("create_cell", cell_id="new", **place)
        assert desk.order == expected

    def test_a_deleted_cell_still_marks_its_place(self) -> None:
        desk = Desk("a", "b", "c")
        desk.do("delete_cells", cell_ids=["c1"])
        desk.do("create_cell", cell_id="new", after="c1")
        desk.do("restore_cells", cell_ids=["c1"])
        assert desk.order == ["c0", "c1", "new", "c2"]

    def test_without_an_id_the_stamp_gives_one_and_the_same_seed_the_same(self) -> None:
        desk = Desk()
        command = parse({"do": "create_cell"})
        made = [decide(desk.notebook, command, desk.stamp()).events for _ in range(2)]
        assert made[0] == made[1]

    def test_an_id_that_is_taken_is_refused(self) -> None:
        assert "a cell c0 already" in refusal(Desk("a"), "create_cell", cell_id="c0")

    def test_a_missing_neighbour_is_refused(self) -> None:
        assert "no cell zz" in refusal(Desk("a"), "create_cell", after="zz")

    def test_a_thousand_cells_at_one_place_stay_in_order(self) -> None:
        desk = Desk("a", "b")
        for i in range(1000):
            desk.do("create_cell", cell_id=f"n{i}", after="c0")
        assert desk.order == ["c0", *(f"n{i}" for i in reversed(range(1000))), "c1"]
        assert max(len(cell.position) for cell in desk.notebook.cells.values()) <= 256

    def test_cells_with_one_key_are_told_apart_by_new_keys(self) -> None:
        desk = Desk()
        desk.send(*desk.plan("create_cell", cell_id="x").events)
        clash = desk.plan("create_cell", cell_id="y").events[0]
        desk.send(clash.model_copy(update={"position": desk.cell("x").position + "0"}))
        desk.do("create_cell", cell_id="new", before="y")
        assert desk.order == ["x", "new", "y"]

    def test_a_long_source_comes_in_pieces_that_fit_rows(self) -> None:
        source = "\x01ä🌱\n" * 40_000
        desk = Desk()
        desk.do("create_cell", cell_id="long", source=source)
        assert desk.cell("long").source == source


class TestMoving:
    @pytest.mark.parametrize(
        ("place", "expected"),
        [
            ({"after": "c0"}, "c0 c3 c4 c1 c2"),
            ({"before": "c1"}, "c0 c3 c4 c1 c2"),
            ({"after": None}, "c3 c4 c0 c1 c2"),
            ({}, "c0 c1 c2 c3 c4"),
            ({"after": "c2"}, "c0 c1 c2 c3 c4"),
        ],
    )
    def test_several_keep_their_order(self, place: dict[str, object], expected: str) -> None:
        desk = Desk(*"abcde")
        desk.do("move_cells", cell_ids=["c4", "c3"], **place)
        assert desk.order == expected.split()

    def test_not_next_to_itself(self) -> None:
        assert "itself" in refusal(Desk("a"), "move_cells", cell_ids=["c0"], after="c0")


class TestSources:
    def test_an_edit_must_fit(self) -> None:
        desk = Desk("abc")
        message = refusal(desk, "edit_source", cell_id="c0", changes=[], length_before=7)
        assert message == "The edit is made on a text of 7 characters; the cell has 3."
        assert "does not fit" in refusal(
            desk, "edit_source", cell_id="c0", changes=[9, [1, ""]], length_before=3
        )

    def test_text_is_replaced_in_several_cells(self) -> None:
        desk = Desk("a = 1\na", "b", "a")
        edits = [
            {"cell_id": "c0", "changes": [[1, "x"], 5, [1, "x"]], "before": "a = 1\na"},
            {"cell_id": "c2", "changes": [[1, "x"]], "before": "a"},
        ]
        desk.do("replace_text", edits=edits)
        assert desk.sources == ["x = 1\nx", "b", "x"]

    def test_what_others_typed_since_stays_beside_what_is_replaced(self) -> None:
        desk = Desk("one two", "one")
        edits = [
            {"cell_id": "c0", "changes": [4, [3, "2"]], "before": "one two"},
            {"cell_id": "c1", "changes": [[3, "1"]], "before": "one"},
        ]
        desk.type("c0", 0, "zero ", "tomas")
        desk.do("delete_cells", "tomas", cell_ids=["c1"])
        desk.do("replace_text", edits=edits)
        desk.do("restore_cells", "tomas", cell_ids=["c1"])
        assert desk.sources == ["zero one 2", "one"]

    def test_a_replacement_must_fit(self) -> None:
        desk = Desk("a")
        edits = [{"cell_id": "c0", "changes": [2, [1, "x"]], "before": "a"}]
        assert "does not fit" in refusal(desk, "replace_text", edits=edits)
        assert refusal(desk, "replace_text", edits=[]) == "No cell was named."
        desk.do("delete_cells", cell_ids=["c0"])
        assert refusal(desk, "replace_text", edits=edits) == "Somebody deleted this cell."

    def test_an_edit_of_a_deleted_cell_is_kept(self) -> None:
        desk = Desk("a", "b")
        desk.do("delete_cells", cell_ids=["c0"])
        desk.type("c0", 1, "!")
        desk.do("restore_cells", cell_ids=["c0"])
        assert desk.sources == ["a!", "b"]

    def test_split(self) -> None:
        desk = Desk("one\n\ntwo", "end")
        desk.do("split_cell", cell_id="c0", at=4, new_id="tail")
        assert (desk.order, desk.sources) == (["c0", "tail", "c1"], ["one", "two", "end"])

    def test_split_beyond_the_end(self) -> None:
        assert "cannot be split at 9" in refusal(Desk("abc"), "split_cell", cell_id="c0", at=9)

    def test_merge(self) -> None:
        desk = Desk("one", "two", "three")
        desk.do("merge_cells", cell_ids=["c2", "c0"])
        assert desk.sources == ["one\n\nthree", "two"]
        assert "Two cells" in refusal(desk, "merge_cells", cell_ids=["c0", "c2"])

    def test_paste(self) -> None:
        desk = Desk("a", "b")
        cells = [{"cell_id": "c0", "source": "x"}, {"cell_type": "markdown", "source": "# y"}]
        desk.do("paste_cells", cells=cells, after="c0")
        assert desk.sources == ["a", "x", "# y", "b"]
        assert desk.order.count("c0") == 1


class TestFields:
    def test_type_only_where_it_differs(self) -> None:
        desk = Desk("a", "b")
        desk.do("set_cell_type", cell_ids=["c0"], cell_type="markdown")
        plan = desk.plan("set_cell_type", cell_ids=["c0", "c1"], cell_type="markdown")
        assert wire(plan) == [{"type": "cellTypeChanged", "cell_id": "c1", "cell_type": "markdown"}]

    def test_metadata_too_large_is_refused(self) -> None:
        message = refusal(
            Desk("a"), "set_cell_metadata", cell_id="c0", values={"x": "y" * ROW_LIMIT}
        )
        assert message.startswith("The metadata would take 65,")

    def test_a_large_attachment_becomes_a_blob(self) -> None:
        desk = Desk("a")
        desk.do("set_attachments", cell_id="c0", values={"a.svg": {"image/svg+xml": "<" * 20_000}})
        digest = hashlib.sha256(b"<" * 20_000).hexdigest()
        reference = {"$blob": digest, "size": 20_000}
        assert desk.cell("c0").attachments == {"a.svg": {"image/svg+xml": reference}}
        assert desk.blobs[digest] == b"<" * 20_000

    def test_deleted_by_whom(self) -> None:
        desk = Desk("a", "b")
        desk.do("introduce", "tomas", name="Tomás")
        desk.do("delete_cells", "tomas", cell_ids=["c0"])
        assert refusal(desk, "run_cells", cell_ids=["c0"]) == "Tomás deleted this cell."
        assert "no cell was named" in refusal(desk, "delete_cells", cell_ids=[]).lower()

    def test_names(self) -> None:
        desk = Desk()
        assert "one letter" in refusal(desk, "rename_notebook", name=" ")
        desk.do("rename_notebook", name="Trend")
        assert desk.notebook.name == "Trend"
        assert desk.plan("rename_notebook", name="Trend").events == ()

    def test_a_right_that_is_missing(self) -> None:
        desk = Desk("a")
        stamp = Stamp("ines", "ines", Role.EDIT, 0, "seed")
        with pytest.raises(CommandRefused, match="right to edit this notebook you cannot run"):
            decide(desk.notebook, parse({"do": "run_all"}), stamp)


class TestRunning:
    def test_only_code_that_is_not_empty(self) -> None:
        desk = Desk("a", "b", "  ")
        desk.do("set_cell_type", cell_ids=["c1"], cell_type="raw")
        assert [each["cell_id"] for each in wire(desk.plan("run_all"))] == ["c0"]

    def test_running_an_emptied_cell_clears_its_outputs(self) -> None:
        desk = Desk("a")
        desk.start_runtime()
        desk.run("c0", "out")
        desk.do("edit_source", cell_id="c0", changes=[[1, ""]], length_before=1)
        desk.do("run_cells", cell_ids=["c0"])
        assert desk.cell("c0").execution is None

    def test_above_and_below(self) -> None:
        desk = Desk("a", "b", "c")
        above = wire(desk.plan("run_above", cell_id="c1"))
        below = wire(desk.plan("run_below", cell_id="c1"))
        assert [each["cell_id"] for each in above] == ["c0"]
        assert [each["cell_id"] for each in below] == ["c1", "c2"]
        assert below[0]["run_id"] == below[1]["run_id"]

    def test_the_runtime_named(self) -> None:
        desk = Desk("a")
        command = parse({"do": "run_all"})
        starting = decide(desk.notebook, command, desk.stamp(runtime="soon"))
        assert wire(starting)[0]["runtime"] == "soon"
        assert "runtime" not in wire(desk.plan("run_all"))[0]
        desk.start_runtime("py")
        selected = decide(desk.notebook, command, desk.stamp(runtime="soon"))
        assert wire(selected)[0]["runtime"] == "py"

    def test_given_execution_ids(self) -> None:
        desk = Desk("a", "b")
        desk.do("run_cells", cell_ids=["c1", "c0"], execution_ids=["e1", "e0"])
        assert desk.execution("c0").id == "e0"
        assert "1 execution ids came for 2" in refusal(
            desk, "run_cells", cell_ids=["c0", "c1"], execution_ids=["e2"]
        )
        assert "an execution e0 already" in refusal(
            desk, "run_cells", cell_ids=["c0"], execution_ids=["e0"]
        )

    def test_a_running_cell_is_run_again_after(self) -> None:
        desk = Desk("a")
        desk.start_runtime()
        desk.do("run_cells", cell_ids=["c0"])
        first = desk.start("c0")
        desk.do("run_cells", cell_ids=["c0"])
        assert desk.execution("c0").id != first
        assert [each.status for each in desk.notebook.unfinished()] == ["running", "queued"]

    def test_a_long_source_is_a_blob(self) -> None:
        desk = Desk("é" * 9000)
        desk.do("run_cells", cell_ids=["c0"])
        execution = desk.execution("c0")
        assert execution.source == ""
        assert desk.blobs[execution.source_blob or ""].decode() == "é" * 9000

    def test_cancel_and_give_up(self) -> None:
        desk = Desk("a", "b")
        desk.start_runtime()
        desk.do("run_all")
        running = desk.start("c0")
        assert "interrupt it" in refusal(desk, "cancel", execution_id=running)
        desk.do("cancel", execution_id=desk.execution("c1").id)
        desk.do("give_up", execution_id=running)
        assert [desk.execution(each).status for each in ("c0", "c1")] == ["lost", "cancelled"]
        assert "ended" in refusal(desk, "give_up", execution_id=running)

    def test_interrupt_and_restart_need_a_runtime(self) -> None:
        desk = Desk("a")
        assert "no runtime" in refusal(desk, "interrupt")
        assert "running a cell starts one" in refusal(desk, "restart")
        desk.start_runtime()
        desk.do("interrupt")
        desk.do("restart")
        runtime = desk.notebook.runtimes["py"]
        assert 0 < runtime.interrupt < runtime.restart

    def test_restart_and_run_all_outlives_the_old_runtime(self) -> None:
        desk = Desk("a")
        desk.start_runtime()
        desk.do("restart", run_all=True)
        desk.start_runtime("py2")
        assert desk.execution("c0").status == "queued"
        assert desk.execution("c0").runtime is None

    def test_a_password_never_stands_in_the_log(self) -> None:
        desk = Desk("a")
        desk.start_runtime()
        desk.do("run_all")
        execution_id = desk.start("c0")
        desk.says(InputRequested(execution_id=execution_id, input_id="i", password=True))
        reply = {"execution_id": execution_id, "input_id": "i", "value": "secret"}
        desk.do("reply_input", **reply)
        assert b"secret" not in b"".join(row.payload for row in desk.rows)
        assert "not waited for" in refusal(desk, "reply_input", **reply)

    def test_an_interrupt_ends_an_open_question_without_an_answer(self) -> None:
        desk = Desk("a")
        desk.start_runtime()
        desk.do("run_all")
        execution_id = desk.start("c0")
        desk.says(InputRequested(execution_id=execution_id, input_id="i", prompt="Name: "))
        desk.do("interrupt")
        prompt = desk.execution("c0").prompt
        assert prompt is not None
        assert (prompt.answered, prompt.value) == (True, None)
        assert desk.execution("c0").outputs[0].text == "Name: \n"
        desk.do("interrupt")  # there is nothing more to be ended
        desk.says(InputRequested(execution_id=execution_id, input_id="j", password=True))
        desk.do("interrupt")
        prompt = desk.execution("c0").prompt
        assert prompt is not None
        assert not prompt.answered, "a password would seem to have been given"

    def test_clear_all(self) -> None:
        desk = Desk("a", "b", "c")
        desk.start_runtime()
        desk.run("c0", "out")
        desk.do("run_cells", cell_ids=["c1"])
        assert [each["cell_id"] for each in wire(desk.plan("clear_all_outputs"))] == ["c0"]


class TestFiles:
    def test_add_and_remove(self) -> None:
        desk = Desk()
        desk.do("add_file", path="data/a.csv", digest="0" * 64, size=3)
        assert "data/a.csv" in desk.notebook.files
        desk.do("remove_file", path="data/a.csv")
        assert "no file data/a.csv" in refusal(desk, "remove_file", path="data/a.csv")

    def test_a_file_gets_another_path(self) -> None:
        desk = Desk()
        desk.do("add_file", path="a.csv", digest="0" * 64, size=3, mime="text/csv")
        desk.do("add_file", path="b.csv", digest="1" * 64, size=4)
        before = desk.notebook.files["a.csv"]
        desk.do("rename_file", path="a.csv", to="data/rain.csv")
        assert desk.notebook.files.keys() == {"b.csv", "data/rain.csv"}
        after = desk.notebook.files["data/rain.csv"]
        assert (after.digest, after.size, after.mime) == (before.digest, before.size, before.mime)
        desk.do("rename_file", path="b.csv", to="b.csv")
        assert desk.notebook.files.keys() == {"b.csv", "data/rain.csv"}

    def test_no_file_is_written_over_by_a_new_name(self) -> None:
        desk = Desk()
        desk.do("add_file", path="a.csv", digest="0" * 64, size=3)
        desk.do("add_file", path="b.csv", digest="1" * 64, size=4)
        assert "b.csv already" in refusal(desk, "rename_file", path="a.csv", to="b.csv")
        assert "no file c.csv" in refusal(desk, "rename_file", path="c.csv", to="d.csv")
        message = refusal(desk, "rename_file", path="a.csv", to="../up")
        assert message.startswith("rename_file: to")

    def test_no_way_out_of_the_folder(self) -> None:
        message = refusal(Desk(), "add_file", path="../up", digest="0" * 64, size=1)
        assert message.startswith("add_file: path")


@st.composite
def long_changes(draw: st.DrawFn) -> tuple[str, text.Change]:
    source = "abcdefghij" * 30
    sections: list[text.Section] = []
    room = len(source)
    for _ in range(draw(st.integers(1, 5))):
        kept = draw(st.integers(0, room))
        gone = draw(st.integers(0, room - kept))
        room -= kept + gone
        filling = draw(st.sampled_from(["x", "\x00", "é", "🌱", '"']))
        sections += [kept, (gone, filling * draw(st.sampled_from([0, 1, 5000, 40_000])))]
    return source, text.normal(sections)


class TestPieces:
    @settings(deadline=None)
    @given(long_changes())
    def test_a_change_in_steps_is_the_same_change(self, given: tuple[str, text.Change]) -> None:
        source, change = given
        result = source
        for step, length in pieces.split(change, len(source)):
            assert length == len(result)
            assert pieces.size(str(step)) < 2 * pieces.PIECE
            result = text.apply(step, result)
        assert result == text.apply(change, source)

    @settings(deadline=None)
    @given(st.lists(st.sampled_from(["\x00", "a", "é", "🌱"])), st.integers(1, 30_000))
    def test_cut(self, characters: list[str], times: int) -> None:
        value = "".join(characters) * times
        made = pieces.cut(value[:200_000])
        assert "".join(made) == value[:200_000]
        assert max(map(pieces.size, made)) <= pieces.PIECE

    def test_replacing_everywhere_at_once_fits_rows(self) -> None:
        desk = Desk("ab" * 30_000)
        changes = [section for _ in range(30_000) for section in (1, [1, "c"])]
        decision = desk.do("edit_source", cell_id="c0", changes=changes, length_before=60_000)
        assert desk.cell("c0").source == "ac" * 30_000
        assert max(len(encode(event)) for event in decision.events) < ROW_LIMIT - 4096


def test_a_change_in_very_many_places_is_written_as_one_of_what_lies_between() -> None:
    desk = Desk("a" * 500)
    changes = [each for _ in range(200) for each in (1, [1, "b"])]
    decision = desk.plan("edit_source", cell_id="c0", changes=changes, length_before=500)
    [event] = decision.events
    assert isinstance(event, CellSourceEdited)
    assert event.changes == (1, (399, "b" + "ab" * 199))
    desk.take(decision)
    assert desk.cell("c0").source == "ab" * 200 + "a" * 100
