"""Notebook files: what is read is written back unharmed, and what cannot be read says why."""

import base64
import json
import random
import re
from collections import Counter
from pathlib import Path
from typing import Any

import nbformat
import pytest
from desk import Desk
from foldbook import blobs
from foldbook.errors import BadNotebookFile
from foldbook.events import decode
from foldbook.events.outputs import DisplayDataAdded
from foldbook.ipynb import needed, read, to_events, write
from foldbook.ipynb.reading import STASH, STRANGE_OUTPUT
from foldbook.row import Role
from foldbook.view import Around, full_view
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.corpus.round_trip import Tallies, table, together

PICTURE = random.Random(1).randbytes(30_000)


def fold(data: bytes, name: str = "file.ipynb") -> Desk:
    """A desk with the file's notebook on it."""
    desk = Desk(empty=True)
    desk.take(to_events(read(data, name), desk.stamp(), "nb"))
    return desk


def round_trip(data: bytes) -> bytes:
    desk = fold(data)
    assert needed(desk.notebook) <= desk.blobs.keys()
    return write(desk.notebook, desk.blobs.__getitem__)


def as_v4(data: bytes) -> Any:
    """As nbformat reads it; without its version and what nbformat calls transient.

    A source that is missing is empty, attachments that are empty are missing.
    """
    given = nbformat.reader.reads(data.decode("utf-8-sig"))
    had_ids = nbformat.reader.get_version(given) >= (4, 5)
    node = json.loads(json.dumps(nbformat.v4.rwbase.strip_transient(nbformat.convert(given, 4))))
    node.pop("nbformat_minor", None)
    for cell in node["cells"]:
        if not had_ids or not re.fullmatch("[a-zA-Z0-9_-]{1,64}", cell.get("id", "")):
            cell.pop("id", None)
        cell.setdefault("source", "")
        if not cell.get("attachments"):
            cell.pop("attachments", None)
    return node


def differences(one: Any, other: Any, path: str = "") -> list[str]:
    """Where two JSON values differ."""
    if isinstance(one, dict) and isinstance(other, dict):
        found = [f"{path}: keys {one.keys() ^ other.keys()}"] if one.keys() != other.keys() else []
        for key in one.keys() & other.keys():
            found += differences(one[key], other[key], f"{path}.{key}")
        return found
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        return [
            each
            for i, (a, b) in enumerate(zip(one, other, strict=True))
            for each in differences(a, b, f"{path}[{i}]")
        ]
    return [] if json.dumps(one) == json.dumps(other) else [f"{path}: {one!r} {other!r}"[:300]]


def harm(data: bytes) -> list[str]:
    """What a round trip changes; an id that was unusable, or there twice, may change."""
    before, after = as_v4(data), as_v4(round_trip(data))
    ids: set[str | None] = {None}
    for one, other in zip(before["cells"], after["cells"], strict=True):
        if one.get("id") in ids:
            one["id"] = other["id"]
        ids.add(one["id"])
    return differences(before, after)


def notebook(*cells: dict[str, Any], minor: int = 5, **metadata: Any) -> bytes:
    """The bytes of a file."""
    made = [
        {"id": f"id{i}", "metadata": {}, "source": ""}
        | ({"outputs": [], "execution_count": None} if cell["cell_type"] == "code" else {})
        | cell
        for i, cell in enumerate(cells)
    ]
    if minor < 5:
        for each in made:
            each.pop("id")
    values = {"nbformat": 4, "nbformat_minor": minor, "metadata": metadata, "cells": made}
    return json.dumps(values).encode()


def code(*outputs: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"cell_type": "code", "outputs": list(outputs)} | more


def display(data: dict[str, Any], **metadata: Any) -> dict[str, Any]:
    return {"output_type": "display_data", "data": data, "metadata": metadata}


def stream(text: str, name: str = "stdout") -> dict[str, Any]:
    return {"output_type": "stream", "name": name, "text": text}


class TestCorpus:
    def test_every_notebook_that_nbformat_reads_comes_back_unharmed(
        self, corpus: Path, artefacts: Path
    ) -> None:
        tallies: Tallies = {}
        harmed: dict[str, list[str]] = {}
        for path in sorted((corpus / "notebooks").rglob("*.ipynb")):
            data = path.read_bytes()
            name = path.relative_to(corpus / "notebooks")
            tally = tallies.setdefault(name.parts[0], Counter())
            tally["files"] += 1
            try:
                node = nbformat.reads(data.decode(), as_version=4)
            except Exception:
                with pytest.raises(BadNotebookFile):
                    read(data, path.name)
                tally["unreadable"] += 1
                continue
            tally["cells"] += len(node.cells)
            tally["outputs"] += sum(len(cell.get("outputs", ())) for cell in node.cells)
            if found := harm(data):
                harmed[str(name)] = found
                tally["differences"] += len(found)
        (artefacts / "round-trip.md").write_text(table(tallies, harmed), encoding="utf-8")
        sum_of_all = together(tallies)
        assert sum_of_all["files"] - sum_of_all["unreadable"] >= 160
        assert sum_of_all["differences"] == 0, harmed

    def test_what_is_written_is_valid_and_nothing_was_mended(self, corpus: Path) -> None:
        invalid = []
        noted: dict[str, tuple[str, ...]] = {}
        for path in sorted((corpus / "notebooks").rglob("*.ipynb")):
            data = path.read_bytes()
            try:
                before = nbformat.convert(nbformat.reader.reads(data.decode()), 4)
                nbformat.validate(before, repair_duplicate_cell_ids=False)
            except Exception:
                continue  # what comes in broken goes out broken
            if notes := read(data, path.name).notes:
                noted[path.name] = notes
            written = round_trip(data)
            errors: dict[str, Any] = {}
            nbformat.reads(written.decode(), as_version=4, capture_validation_error=errors)
            if errors:
                invalid.append(path.name)
        assert invalid == []
        assert noted.keys() <= {"test4plus.ipynb"}  # a file from the future


class TestKept:
    @pytest.mark.parametrize(
        "text",
        [
            base64.b64encode(PICTURE).decode(),
            base64.b64encode(PICTURE).decode() + "\n",
            base64.encodebytes(PICTURE).decode(),
            base64.encodebytes(PICTURE).decode().rstrip("\n"),
            "no base64 at all, but long " * 1000,
            base64.b64encode(PICTURE).decode()[:-1] + "!",
        ],
        ids=["line", "line-and-newline", "lines", "lines-open", "other", "broken"],
    )
    def test_pictures_whatever_their_base64_looks_like(self, text: str) -> None:
        assert harm(notebook(code(display({"image/png": text})))) == []

    def test_a_picture_is_stored_decoded(self) -> None:
        text = base64.b64encode(PICTURE).decode()
        assert PICTURE in fold(notebook(code(display({"image/png": text})))).blobs.values()

    def test_values_of_all_kinds(self) -> None:
        data = {
            "application/json": {"a": [1, 2.5, None, True], "$blob": "0" * 64, "size": 3},
            "application/vnd.x+json": ["y" * 20_000],
            "application/geo+json": "text where JSON stands",
            "text/odd": "z\r\n\u2028" * 5000,
            "unknown/type": "ä" * 20_000,
        }
        assert harm(notebook(code(display(data, **{"image/png": {"width": 3}})))) == []

    def test_many_values_of_middle_size(self) -> None:
        data = {f"text/x{i}": "\x01y" * 5000 for i in range(12)}
        assert harm(notebook(code(display(data, **data)))) == []

    def test_streams(self) -> None:
        outputs = [
            stream("one"),
            stream("two"),
            stream("x\x1b[31m\r\n" * 40_000, "stderr"),
            stream("", "stderr"),
            stream("last" * 30_000, "stderr"),
        ]
        assert harm(notebook(code(*outputs))) == []

    def test_results_and_errors(self) -> None:
        result = display({"text/plain": "1"}) | {
            "output_type": "execute_result",
            "execution_count": 3,
        }
        error = {"output_type": "error", "ename": "E", "evalue": "v", "traceback": ["a\nb", ""]}
        outputs = (result, result | {"execution_count": None}, error)
        assert harm(notebook(code(*outputs, execution_count=7))) == []

    def test_a_count_without_outputs(self) -> None:
        assert harm(notebook(code(execution_count=7), code())) == []

    def test_a_long_source(self) -> None:
        assert harm(notebook(code(stream("x"), source="é\x02" * 60_000))) == []

    def test_metadata_of_any_size(self) -> None:
        widgets = {"state": {str(i): "x" * 1000 for i in range(200)}}
        middle = {f"m{i}": "y" * 10_000 for i in range(10)}
        cell = code(metadata={"tags": ["a"], **middle, "deep": {"$blob": "no", "n": [None]}})
        assert harm(notebook(cell, widgets=widgets, **middle)) == []

    def test_attachments(self) -> None:
        picture = {"image/png": base64.b64encode(PICTURE).decode()}
        small = {"image/svg+xml": "<svg/>", "text/plain": "x" * 9000}
        files = {f"f{i}.svg": small for i in range(10)} | {"p.png": picture}
        cell = {"cell_type": "markdown", "source": "![p](attachment:p.png)", "attachments": files}
        assert harm(notebook(cell)) == []

    @pytest.mark.parametrize(
        "bundle",
        [
            {f"text/x-{i}": "é" * 7500 for i in range(6)},
            {f"text/x-{i}": "x" for i in range(6000)},
            {"image/png": {"$blob": "ab" * 32, "size": 1}},
            {"$blob": "ab" * 32, "size": 1},
        ],
    )
    def test_one_attachment_that_fits_no_row(self, bundle: Any) -> None:
        cell = {"cell_type": "markdown", "source": "", "attachments": {"a": bundle, "b": {}}}
        assert harm(notebook(cell)) == []

    def test_an_output_of_a_great_many_types(self) -> None:
        many = {f"text/x-{i}": "x" for i in range(3000)}
        assert harm(notebook(code(display(many), display({"text/plain": "after"})))) == []

    def test_ids(self) -> None:
        cells = json.loads(write(*_parts(notebook(code(), code(id="x-1_Y")))))["cells"]
        assert [cell["id"] for cell in cells] == ["id0", "x-1_Y"]

    def test_large_numbers_and_those_that_json_has_not(self) -> None:
        data = {"application/json": {"n": [2**70, float("nan"), float("-inf"), 1e300]}}
        assert harm(notebook(code(display(data)))) == []

    def test_attachments_of_a_code_cell(self) -> None:
        assert harm(notebook(code(attachments={"a.txt": {"text/plain": "z"}}))) == []

    def test_keys_that_are_called_like_ours_replace_nothing(self) -> None:
        sly = {"source": "theirs", "cell_type": "poem", "outputs": [], "id": "id9"}
        output = display({"text/plain": "x"}, **{STASH: {"data": {}, "output_type": "stream"}})
        cells = (
            code(output, source="mine", metadata={STASH: sly}),
            {"cell_type": "raw", "source": "mine", "metadata": {STASH: sly}},
        )
        assert harm(notebook(*cells, **{STASH: {"cells": [], "metadata": {}, "nbformat": 3}})) == []

    @pytest.mark.parametrize(
        "whole",
        [
            {"output_type": "display_data", "data": 5},
            {"output_type": "stream"},
            {"output_type": "stream", "text": "theirs"},
            {"depth": 3},
            "text",
        ],
    )
    def test_values_of_our_own_type(self, whole: Any) -> None:
        data = {STRANGE_OUTPUT: whole, "text/plain": "x"}
        assert harm(notebook(code(display(data)))) == []
        desk = fold(notebook(code(source="display")))
        desk.start_runtime()
        desk.run("id0", "")
        execution = desk.execution("id0").id
        desk.send(DisplayDataAdded(execution_id=execution, data=data), session="py",
                  role=Role.RUNTIME)  # fmt: skip
        assert b"display" in write(desk.notebook, desk.blobs.__getitem__)

    def test_saving_changes_nothing_in_the_notebook(self) -> None:
        poem = {"cell_type": "poem", "source": "Roses"}
        desk = fold(notebook(poem))
        desk.do("set_cell_type", cell_ids=["id0"], cell_type="markdown")
        write(desk.notebook, desk.blobs.__getitem__)
        desk.do("undo")
        [cell] = json.loads(write(desk.notebook, desk.blobs.__getitem__))["cells"]
        assert cell["cell_type"] == "poem"

    def test_trust_is_not_taken_over(self) -> None:
        data = notebook(code(metadata={"trusted": True, "kept": 1}))
        assert fold(data).notebook.cells["id0"].metadata == {"kept": 1}

    def test_a_cell_that_became_text_is_valid_without_its_outputs(self) -> None:
        desk = fold(notebook(code(stream("x"), source="# Title")))
        desk.do("set_cell_type", cell_ids=["id0"], cell_type="markdown")
        nbformat.validate(json.loads(write(desk.notebook, desk.blobs.__getitem__)))

    def test_outputs_of_a_run_here(self) -> None:
        desk = fold(notebook(code(source="print(1)")))
        desk.start_runtime()
        desk.run("id0", "1\n", count=5)
        [cell] = json.loads(write(desk.notebook, desk.blobs.__getitem__))["cells"]
        assert cell["execution_count"] == 5
        assert cell["outputs"] == [{"name": "stdout", "output_type": "stream", "text": ["1\n"]}]

    def test_a_value_that_is_missing_or_damaged_is_left_out_and_told(self) -> None:
        long = "x" * 20_000
        desk = fold(
            notebook(
                code(source="1", metadata={"long": long, "kept": 1}),
                code(display({"text/plain": "short", "text/html": long + "y"}), stream("said")),
                code(display({"application/json": [long], "text/plain": "also"})),
            )
        )
        texts = {digest: data.decode() for digest, data in desk.blobs.items()}
        [gone] = [digest for digest, text in texts.items() if text == long + "y"]
        [damaged] = [digest for digest, text in texts.items() if text.startswith("[")]
        notes: list[str] = []
        parts = desk.blobs | {gone: None, damaged: b"\xff"}
        first, second, third = json.loads(write(desk.notebook, parts.__getitem__, notes))["cells"]
        assert first["metadata"] == {"long": long, "kept": 1}
        shown, said = second["outputs"]
        assert shown["data"] == {"text/plain": ["short"]}
        assert said["text"] == ["said"]
        assert third["outputs"][0]["data"] == {"text/plain": ["also"]}
        assert notes[0] == "Cell 2: text/html is left out, its bytes are not there."
        assert notes[1].startswith("Cell 3: application/json is left out, its bytes cannot be read")
        assert len(notes) == 2

    def test_a_form_that_nobody_knows_leaves_its_value_out(self) -> None:
        desk = fold(notebook(code(source="display")))
        desk.start_runtime()
        desk.run("id0", "")
        strange = blobs.reference("ab" * 32, 3, "rolled")
        data = {"image/png": strange, "text/plain": "x"}
        event = DisplayDataAdded(execution_id=desk.execution("id0").id, data=data)
        desk.send(event, session="py", role=Role.RUNTIME)
        notes: list[str] = []
        [cell] = json.loads(write(desk.notebook, lambda _: b"abc", notes))["cells"]
        assert cell["outputs"][0]["data"] == {"text/plain": ["x"]}
        [note] = notes
        assert "line, lines, text, json expected, 'rolled' came" in note


def _parts(data: bytes) -> tuple[Any, Any]:
    desk = fold(data)
    return desk.notebook, desk.blobs.__getitem__


class TestShown:
    def test_imported_outputs_are_shown_and_not_stale(self) -> None:
        desk = fold(notebook(code(stream("hi"), source="x", execution_count=2)))
        shown = full_view(desk.notebook, Around())["cells"]["id0"]["execution"]
        assert (shown["imported"], shown["stale"], shown["count"]) == (True, False, 2)

    def test_the_title_is_the_file_name(self) -> None:
        assert read(notebook(), "dir/My trend.ipynb").name == "My trend"
        assert read(notebook(), ".ipynb").name == "Untitled"

    def test_the_same_seed_makes_the_same_events(self) -> None:
        imported = read(notebook(code(), minor=4), "a.ipynb")
        made = [to_events(imported, Desk().stamp(), "nb").events for _ in range(2)]
        assert made[0] == made[1]


class TestMended:
    def test_ids_that_are_missing_or_twice(self) -> None:
        cells = fold(notebook(code(), code(id="id0"), code(id="not good"), minor=5)).order
        assert len(set(cells)) == 3
        assert cells[0] == "id0"

    def test_strangers_are_named_and_kept(self) -> None:
        odd = code(
            {"output_type": "hologram", "depth": 3},
            stream("x") | {"colour": 1},
            display({"text/plain": "y"}) | {"transient": {}},
            mood="good",
        )
        data = notebook(odd, {"cell_type": "poem", "source": "Roses", "metre": [1]})
        values = json.loads(data) | {"nbformat_minor": 9, "author": "me"}
        data = json.dumps(values).encode()
        assert [note for note in read(data, "a.ipynb").notes if "rules" not in note] == [
            "The file is of format 4.9, newer than 4.5.",
            "Cell 1: 'mood' is no part of the format.",
            "Cell 1, output 1: of unknown type 'hologram'.",
            "Cell 1, output 2: 'colour' is no part of the format.",
            "Cell 1, output 3: 'transient' is no part of the format.",
            "Cell 2: of unknown type 'poem', shown as raw text.",
            "Cell 2: 'metre' is no part of the format.",
        ]
        assert harm(data) == []
        assert json.loads(round_trip(data))["nbformat_minor"] == 9

    def test_a_stranger_without_its_text(self) -> None:
        data = notebook(code({"output_type": "stream", "name": "stdout", "colour": 1}))
        [cell] = json.loads(round_trip(data))["cells"]
        assert cell["outputs"][0]["colour"] == 1

    def test_half_characters(self) -> None:
        data = notebook(code(source="REPLACE")).replace(b"REPLACE", b"a\\ud800b")
        imported = read(data, "a.ipynb")
        assert imported.cells[0].source == "a�b"
        assert imported.notes == ("1 texts had half characters, which are replaced by �.",)

    def test_a_byte_order_mark(self) -> None:
        assert read(b"\xef\xbb\xbf" + notebook(code()), "a.ipynb").cells

    def test_a_huge_traceback_is_shortened_and_keeps_its_ends(self) -> None:
        lines = [f"frame {i} " + "x" * 500 for i in range(500)]
        error = {"output_type": "error", "ename": "E", "evalue": "v" * 9000, "traceback": lines}
        desk = fold(notebook(code(error)))
        [output] = desk.execution("id0").outputs
        assert output.traceback[0] == "… (shortened)"
        assert (output.traceback[1], output.traceback[-1]) == (lines[0], lines[-1])

    def test_an_old_format(self) -> None:
        cell = {
            "cell_type": "code",
            "language": "python",
            "input": ["1 +", "1"],
            "prompt_number": 2,
            "outputs": [{"output_type": "pyout", "prompt_number": 2, "text": ["2"]}],
        }
        heading = {"cell_type": "heading", "level": 2, "source": "Sum"}
        values = {
            "nbformat": 3,
            "nbformat_minor": 0,
            "metadata": {"name": "old"},
            "worksheets": [{"cells": [heading, cell]}],
        }
        imported = read(json.dumps(values).encode(), "old.ipynb")
        assert [each.source for each in imported.cells] == ["## Sum", "1 +\n1"]
        assert imported.cells[1].outputs[0]["data"] == {"text/plain": "2"}


class TestRefused:
    @pytest.mark.parametrize(
        ("data", "message"),
        [
            (b"\xff\xfe", "a.ipynb: not UTF-8 text, at byte 0."),
            (b'{"cells": [}', "a.ipynb: not JSON, Expecting value at line 1, column 12."),
            (b"[1]", "a.ipynb: a notebook is a JSON object, [1] came."),
            (b'{"x": 1}', "a.ipynb: JSON, but not of a notebook: neither nbformat nor cells."),
            (
                b'{"nbformat": 9, "cells": []}',
                "a.ipynb: notebooks of format 1 to 4 can be opened, this is of format 9.",
            ),
            (
                b'{"nbformat": "4", "cells": []}',
                "a.ipynb: a format's version is two numbers, nbformat '4', nbformat_minor 0 came.",
            ),
            (
                notebook(code(), code(source=7)),
                "a.ipynb: cell 2: source is text, 7 came.",
            ),
            (
                notebook(code(display({}) | {"metadata": []})),
                "a.ipynb: cell 1, output 1: metadata is an object, [] came.",
            ),
        ],
    )
    def test_with_what_and_where(self, data: bytes, message: str) -> None:
        with pytest.raises(BadNotebookFile) as caught:
            read(data, "a.ipynb")
        assert str(caught.value) == message

    @pytest.mark.parametrize("depth", [160, 198, 240, 400, 700, 950, 100_000])
    def test_what_is_nested_too_deeply_to_be_kept(self, depth: int) -> None:
        data = notebook(code(metadata={"deep": "REPLACE"}))
        data = data.replace(b'"REPLACE"', b"[" * depth + b"]" * depth)
        with pytest.raises(BadNotebookFile, match=r"^a\.ipynb: nested too deeply"):
            read(data, "a.ipynb")

    def test_the_deepest_that_is_taken_can_be_read_back_from_the_log(self) -> None:
        deep: Any = 1
        for _ in range(140):
            deep = [deep]
        output = {"output_type": "hologram", "deep": deep}
        shown = display({"application/json": deep, STRANGE_OUTPUT: 1}, **{STASH: deep})
        data = notebook(code(output, shown, metadata={STASH: deep}), **{STASH: deep})
        for row in fold(data).rows:
            decode(row.payload)

    def test_whatever_nbformat_stumbles_over(self) -> None:
        for data in (
            b'{"nbformat": 4, "nbformat_minor": 5}',
            b'{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": 3}',
            b'{"nbformat": 4, "nbformat_minor": 5, "metadata": [], "cells": []}',
            b'{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [3]}',
            b'{"nbformat": 3, "worksheets": [{}]}',
            b'{"nbformat": 2, "worksheets": 1}',
            b"[" * 100_000,
        ):
            with pytest.raises(BadNotebookFile, match=r"^a\.ipynb: "):
                read(data, "a.ipynb")


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
long_texts = st.builds(lambda text, times: text * times, texts, st.sampled_from([1, 1, 1, 3000]))
leaves = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | texts
values = st.recursive(
    leaves, lambda v: st.lists(v, max_size=3) | st.dictionaries(texts, v, max_size=3), max_leaves=5
)
metadata = st.dictionaries(texts.map("m:{}".format), values, max_size=3)
bundles = st.dictionaries(
    st.sampled_from(["text/plain", "text/html", "image/png", "image/svg+xml", "a/b"]),
    long_texts,
    max_size=4,
)
json_bundles = st.dictionaries(
    st.sampled_from(["application/json", "application/vnd.q+json"]), st.dictionaries(texts, values)
)
displays = st.builds(lambda a, b, m: display({**a, **b}, **m), bundles, json_bundles, metadata)
counts = st.none() | st.integers(0, 99)
outputs = st.one_of(
    st.builds(stream, long_texts, st.sampled_from(["stdout", "stderr"])),
    displays,
    st.builds(
        lambda d, n: d | {"output_type": "execute_result", "execution_count": n}, displays, counts
    ),
    st.builds(
        lambda a, b, c: {"output_type": "error", "ename": a, "evalue": b, "traceback": c},
        texts,
        texts,
        st.lists(texts, max_size=3),
    ),
)
code_cells = st.builds(
    lambda o, s, n, m: code(*o, source=s, execution_count=n, metadata=m),
    st.lists(outputs, max_size=4),
    long_texts,
    counts,
    metadata,
)
text_cells = st.builds(
    lambda t, s, a, m: (
        {"cell_type": t, "source": s, "metadata": m} | ({"attachments": a} if a else {})
    ),
    st.sampled_from(["markdown", "raw"]),
    long_texts,
    st.dictionaries(texts, bundles, max_size=2),
    metadata,
)


@settings(deadline=None, max_examples=150)
@given(st.lists(code_cells | text_cells, max_size=4), metadata, st.sampled_from([4, 5]))
def test_any_notebook_comes_back(cells: list[Any], top: Any, minor: int) -> None:
    assert harm(notebook(*cells, minor=minor, **top)) == []


@settings(deadline=None)
@given(st.sampled_from(["image/png", "text/plain", "application/json"]), values | long_texts)
def test_a_value_comes_back_from_its_bytes(mime: str, value: Any) -> None:
    data, form = blobs.to_bytes(mime, value)
    assert blobs.from_bytes(mime, data, form) == value
