"""Scripts in the percent format: what jupytext writes and reads, and what comes back."""

import json
import random
import re
import textwrap
from pathlib import Path
from typing import Any

import jupytext
import nbformat
import pytest
from desk import Desk
from foldbook.errors import BadNotebookFile
from foldbook.ipynb import read as read_ipynb
from foldbook.ipynb import to_events
from foldbook.ipynb.reading import ImportedCell, ImportedNotebook
from foldbook.notebook import Notebook
from foldbook.percent import header, options, reading, writing
from hypothesis import given, settings
from hypothesis import strategies as st

FORMAT = "py:percent"
LAID_OUT = ("lines_to_next_cell", "cell_marker")


def fold(imported: ImportedNotebook) -> Notebook:
    desk = Desk(empty=True)
    desk.take(to_events(imported, desk.stamp(), "nb"))
    return desk.notebook


def notebook(*cells: ImportedCell | str, **metadata: Any) -> Notebook:
    """These cells; a text is code."""
    made = [code(cell) if isinstance(cell, str) else cell for cell in cells]
    return fold(ImportedNotebook("file", metadata, tuple(made)))


def code(source: str, **metadata: Any) -> ImportedCell:
    return ImportedCell(None, "code", source, metadata)


def prose(source: str, **metadata: Any) -> ImportedCell:
    return ImportedCell(None, "markdown", source, metadata)


def raw(source: str, **metadata: Any) -> ImportedCell:
    return ImportedCell(None, "raw", source, metadata)


def body(text: str) -> str:
    """A script without its header."""
    return re.sub(r"\A# ---\n(?:#.*\n)*?# ---\n\n?", "", text)


def again(found: Notebook) -> ImportedNotebook:
    """The notebook of its script."""
    return reading.read(writing.write(found).encode(), "file.py")


def shown(cells: Any) -> list[tuple[str, str, dict[str, Any]]]:
    """Cells of ours, or of nbformat: what a script has of them."""
    return [
        (
            each.get("cell_type") if isinstance(each, dict) else each.type,
            each.source,
            {key: value for key, value in each.metadata.items() if key not in LAID_OUT},
        )
        for each in cells
    ]


def sources(cells: Any) -> list[tuple[str, str]]:
    """Types and texts; empty lines at the end are nobody's in a script."""
    return [(each.type, each.source.rstrip("\n")) for each in cells]


class TestCorpus:
    def test_it_is_written_as_jupytext_writes_it(self, corpus: Path) -> None:
        count = cells = 0
        others: list[str] = []
        for path in sorted((corpus / "notebooks").rglob("*.ipynb")):
            try:
                node = nbformat.reads(path.read_text("utf-8"), 4)  # type: ignore[no-untyped-call]
                imported = read_ipynb(path.read_bytes(), path.name)
                theirs = jupytext.writes(node, FORMAT)
                jupytext.reads(theirs, FORMAT)
            except Exception:  # what one of the three cannot read is no measure
                continue
            ours = writing.write(fold(imported))
            wanted = re.sub(r"#       jupytext_version: .*\n", "", theirs)
            if ours != wanted:
                others.append(path.name)
            found = reading.read(ours.encode(), path.name)
            assert sources(found.cells) == sources(imported.cells), path
            assert [(each.type, each.metadata) for each in found.cells] == [
                (told[0], told[2]) for told in shown(jupytext.reads(ours, FORMAT).cells)
            ], path
            count, cells = count + 1, cells + len(imported.cells)
        print(f"{count} notebooks, {cells} cells")
        assert count > 50
        # A line of its prose begins with %%, and with a cell in what jupytext makes of that.
        assert others == ["mermaid_diagrams.ipynb"]


class TestWriting:
    def test_each_kind_of_cell_has_its_mark(self) -> None:
        text = writing.write(notebook("x = 1", prose("# Title\n\ntext"), raw("as it is")))
        assert body(text) == textwrap.dedent("""\
            # %%
            x = 1

            # %% [markdown]
            # # Title
            #
            # text

            # %% [raw]
            # as it is
            """)

    def test_the_header_names_the_kernel(self) -> None:
        spec = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
        assert writing.write(notebook("1", kernelspec=spec, other=1)).startswith(
            textwrap.dedent("""\
            # ---
            # jupyter:
            #   jupytext:
            #     text_representation:
            #       extension: .py
            #       format_name: percent
            #       format_version: '1.3'
            #   kernelspec:
            #     display_name: Python 3 (ipykernel)
            #     language: python
            #     name: python3
            # ---

            # %%
            1
            """)
        )

    def test_what_only_ipython_understands_is_commented_out(self) -> None:
        lines = [
            "%matplotlib inline",
            "!ls",
            "print?",
            "x = !ls",
            "if x:",
            "    %time 1",
            "cd data",
        ]
        assert body(writing.write(notebook("\n".join(lines)))) == textwrap.dedent("""\
            # %%
            # %matplotlib inline
            # !ls
            # print?
            # x = !ls
            if x:
                # %time 1
            # cd data
            """)

    def test_text_in_quotes_stays_as_it_is(self) -> None:
        source = 'text = """\n%matplotlib\n# %% no mark\n"""\n%pwd'
        assert f"{source[:-4]}# %pwd\n" in writing.write(notebook(source))

    def test_metadata_and_title_stand_in_the_mark(self) -> None:
        cell = code("1", title="The data", tags=["a", "b"], collapsed=True, deep={"k": None})
        text = body(writing.write(notebook(cell)))
        assert text.splitlines()[0] == '# %% The data tags=["a", "b"] deep={"k": null}'

    def test_a_cell_in_another_language_names_it(self) -> None:
        text = body(writing.write(notebook("%%bash --bg\nls\necho 'it'")))
        assert text.splitlines() == [
            '# %% magic_args="--bg" language="bash"', "# ls", "# echo 'it'",
        ]  # fmt: skip

    def test_quotes_that_stay_open_do_not_swallow_what_follows(self) -> None:
        found = notebook('text = """open', prose("after"), "2")
        assert [cell.source for cell in again(found).cells] == ['text = """open', "after", "2"]

    def test_prose_that_looks_like_a_mark_stands_in_quotes(self) -> None:
        found = notebook(prose("%% a\n\\b"), raw("%% c"), prose("''' \"\"\"\n%% d"))
        assert body(writing.write(found)).startswith('# %% [markdown]\nr"""\n%% a\n\\b\n"""\n')
        assert [cell.source for cell in again(found).cells][:2] == ["%% a\n\\b", "%% c"]
        notes: list[str] = []
        writing.write(found, notes)
        assert notes == ["Cell 3: the line “# %% d” begins a cell."]

    def test_it_is_told_what_is_not_in_it(self) -> None:
        notes: list[str] = []
        cell = code("1\n# %% two\n2", **{"a b": 1, "large": "x" * 20_000})
        writing.write(notebook(cell), notes)
        assert notes == [
            "Cell 1: a b of its metadata is left out.",
            "Cell 1: large of its metadata is left out.",
            "Cell 1: the line “# %% two” begins a cell.",
        ]


class TestReading:
    def test_a_script_without_marks_is_one_cell(self) -> None:
        source = "import this\n\n\ndef f():\n    return 1"
        found = reading.read(f"{source}\n".encode(), "a/b.py")
        assert (found.name, shown(found.cells)) == ("b", [("code", source, {})])
        assert writing.write(fold(found)) == f"# %%\n{source}\n", "nor has it a header then"

    def test_marks_of_other_editors(self) -> None:
        text = "#%%\n1\n#%% Title\n2\n# In[3]:\n3\n# <codecell>\n4\n# %% [md]\n# five\n#six\n"
        assert shown(reading.read(text.encode(), "a.py").cells) == [
            ("code", "1", {}),
            ("code", "2", {"title": "Title"}),
            ("code", "3", {}),
            ("code", "4", {}),
            ("markdown", "five\nsix", {}),
        ]

    @pytest.mark.parametrize("quote", ['"""', "'''", 'r"""'])
    def test_prose_may_stand_in_quotes(self, quote: str) -> None:
        text = f"# %% [markdown]\n{quote}\n# Title\n\\alpha\n{quote[-3:]}\n\n# %%\n1\n"
        found = shown(reading.read(text.encode(), "a.py").cells)
        assert found == [("markdown", "# Title\n\\alpha", {}), ("code", "1", {})]

    def test_magics_that_stand_bare_leave_comments_alone(self) -> None:
        text = "# %%\n%matplotlib inline\n# %%\n# %load it\n"
        found = reading.read(text.encode(), "a.py")
        assert [cell.source for cell in found.cells] == ["%matplotlib inline", "# %load it"]

    def test_what_else_a_header_has_is_a_raw_cell(self) -> None:
        text = "#!/usr/bin/env python\n# ---\n# title: Tides\n# jupyter:\n#   kernelspec:\n" + (
            "#     name: python3\n#   tocdepth: 2\n# author:\n#   - Ines\n# ---\n\n# %%\n1\n"
        )
        found = reading.read(text.encode(), "a.py")
        assert found.metadata == {
            "kernelspec": {"name": "python3"},
            "tocdepth": 2,
            "jupytext": {"executable": "/usr/bin/env python"},
        }
        assert shown(found.cells)[0] == ("raw", "---\ntitle: Tides\nauthor:\n  - Ines\n---", {})
        written = writing.write(fold(found)).splitlines()
        assert written[:3] == ["#!/usr/bin/env python", "# ---", "# title: Tides"]

    def test_a_header_that_is_not_understood_is_kept_as_text(self) -> None:
        text = "# ---\n# jupyter:\n#   a: &x 1\n# ---\n\n# %%\n1\n"
        found = reading.read(text.encode(), "a.py")
        assert found.notes == ("a.py: the header is kept as text: “&x 1” is not understood.",)
        assert [cell.type for cell in found.cells] == ["raw", "code"]

    def test_another_format_of_jupytext_is_told(self) -> None:
        told = "#   jupytext:\n#     text_representation:\n#       format_name: light\n"
        text = f"# ---\n# jupyter:\n{told}# ---\n\n1\n"
        found = reading.read(text.encode(), "a.py")
        assert found.notes == (
            "It is in jupytext's format light; cells are looked for at # %% only.",
        )

    @pytest.mark.parametrize(
        ("data", "message"),
        [
            (b"x = '\xff'", "a.py: not UTF-8 text, at byte 5."),
            (b"\x7fELF\0\0", "a.py: a Python script expected, bytes that are no text came."),
            (b"# -*- coding: latin-1 -*-\n1", "text in UTF-8 expected, this is said to be latin-1"),
            (b"# %% a=" + b"[" * 160 + b"]" * 160, "cell 1: its metadata is nested too deeply"),
        ],
    )
    def test_what_is_no_script_is_named(self, data: bytes, message: str) -> None:
        with pytest.raises(BadNotebookFile, match=re.escape(message)):
            reading.read(data, "a.py")

    @pytest.mark.parametrize(
        ("text", "title", "metadata"),
        [
            (" A title", "A title", {}),
            (' tags=["x"]', "", {"tags": ["x"]}),
            (
                " Title a=1 b=\"c=d e\" c={'k': (1, 2)}",
                "Title",
                {"a": 1, "b": "c=d e", "c": {"k": [1, 2]}},
            ),
            (' Title {"a": 1}', "Title", {"a": 1}),
            (" a=1 b=what is this", "", {"a": 1, options.STRANGE: "b=what is this"}),
            (" {broken", "", {options.STRANGE: "{broken"}),
        ],
    )
    def test_options(self, text: str, title: str, metadata: dict[str, Any]) -> None:
        found = options.parse(text)
        assert (found.title, found.metadata) == (title, metadata)


LETTERS = "ab1-:#'\"[]{}&*!|>%@,.~= \t\n\\é\u2028😀"
WORDS = st.text(LETTERS, max_size=8) | st.sampled_from(
    ["null", "yes", "1.3", "2026-01-01", "0x1", ".inf"]
)
YAML = st.recursive(
    st.none() | st.booleans() | st.integers(-999, 999) | WORDS,
    lambda values: st.lists(values, max_size=3) | st.dictionaries(WORDS, values, max_size=3),
    max_leaves=6,
)


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from(["kernel_info", "org_babel", "orphan"]), YAML))
def test_whatever_a_header_has_comes_back(metadata: dict[str, Any]) -> None:
    lines = header.write(metadata)
    notes: list[str] = []
    found = header.read(lines, "a.py", notes)
    found.metadata.pop("jupytext")
    assert (notes, found.raw) == ([], None)
    assert found.metadata == {key: value for key, value in metadata.items() if value}
    theirs = jupytext.reads("\n".join([*lines, ""]), FORMAT).metadata
    assert all(
        json.loads(json.dumps(theirs[key])) == value for key, value in found.metadata.items()
    )


TRICKY = [
    "", "x = 1", "    y = 2", "# comment", "%time x", "    !ls -l", "files = !ls", "    a = %pwd",
    "!cp a \\", "b", "print?", "?print", "'''", '"""', "it's", '"# %%"', "# %matplotlib", "# # !ls",
    "cd x", "cd = 1", "# %pwd # noescape", "%%time", "def f():", "class A:", "@d", ")", "#", "\\",
    "# +", "é\u2028ü",
]  # fmt: skip
SOURCES = st.lists(st.sampled_from(TRICKY), max_size=6).map("\n".join)
VALUES = WORDS | st.integers(-9, 9) | st.none() | st.lists(WORDS, max_size=2)
METADATA = st.dictionaries(st.sampled_from(["a", "d", "b-c", "e.f"]), VALUES, max_size=2)
TITLES = st.none() | st.text("ab =[]{}.%\n", min_size=1, max_size=8)
CELLS = st.tuples(st.sampled_from([code, prose, raw]), SOURCES, METADATA, TITLES)


@settings(max_examples=300, deadline=None)
@given(st.lists(CELLS, max_size=5))
def test_whatever_cells_have_comes_back(
    made: list[tuple[Any, str, dict[str, Any], str | None]],
) -> None:
    cells = [
        make(source, **metadata, **({} if title is None else {"title": title}))
        for make, source, metadata, title in made
    ]
    found = again(notebook(*cells))
    assert len(found.cells) == len(cells)
    for one, other in zip(cells, found.cells, strict=True):
        assert (one.type, one.source.rstrip("\n")) == (other.type, other.source.rstrip("\n"))
        assert {k: v for k, v in other.metadata.items() if k != "active"} == one.metadata


def test_no_bytes_are_too_strange() -> None:
    chance = random.Random(7)
    pieces = [
        "# ---",
        "# jupyter:",
        "#   a: [",
        "# %% {",
        "# %%%% =",
        '"""',
        "\r",
        "# In[]:",
        "#!",
        "\\",
    ]
    for _ in range(500):
        text = "\n".join(chance.choices([*pieces, *TRICKY], k=chance.randrange(12)))
        writing.write(fold(reading.read(text.encode(), "a.py")))
