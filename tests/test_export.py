"""`foldbook import` and `foldbook export` as programs: every way in, every way out."""

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import foldbook as programs
import pytest
from foldbook import logfile
from foldbook.native.exits import Exit
from foldbook.native.store import SqliteStore
from foldbook.notebook import Notebook
from foldbook.reducer import fold
from running_program import STAY, V4, Runs, foldbook, foldbook_run, texts, valid, write_notebook
from stories import story

PICTURE = "iVBORw0KGgo" + "A" * 40_000 + "\n"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A notebook with an output that is a blob."""
    path = write_notebook(tmp_path / "tides.ipynb", "%pwd", ("1", "tag"), custom=1)
    made = valid(path)
    made.cells[0].outputs = [V4.new_output("display_data", {"image/png": PICTURE})]
    made.cells.append(V4.new_markdown_cell("# Title"))
    path.write_text(json.dumps(made))
    return path


def same(one: Path, other: Path) -> None:
    assert valid(one) == valid(other)


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


class TestThereAndBack:
    def test_an_ipynb_through_a_stored_log(self, tmp_path: Path, source: Path) -> None:
        done = foldbook(tmp_path, "import", source)
        assert (done.returncode, done.stderr) == (Exit.OK, "")
        assert done.stdout.decode() == "tides.sqlite\n"
        assert names(tmp_path) == {"tides.ipynb", "tides.sqlite"}
        done = foldbook(tmp_path, "export", "tides.sqlite", "-o", "out.ipynb")
        assert (done.returncode, done.stderr, done.stdout) == (Exit.OK, "", b"")
        same(source, tmp_path / "out.ipynb")

    def test_through_a_raw_log(self, tmp_path: Path, source: Path) -> None:
        assert foldbook(tmp_path, "export", source, "-o", "a.foldbook").returncode == Exit.OK
        found = logfile.read((tmp_path / "a.foldbook").read_bytes(), "a.foldbook")
        assert (found.name, found.left_out, len(found.blobs)) == ("tides", 0, 1)
        notebook = Notebook()
        for row in found.rows:
            fold(notebook, row)
        assert notebook.void_count == 0
        assert foldbook(tmp_path, "import", "a.foldbook", "--log", "b.log").returncode == Exit.OK
        assert foldbook(tmp_path, "export", "b.log", "-o", "out.ipynb").returncode == Exit.OK
        same(source, tmp_path / "out.ipynb")

    def test_through_a_script(self, tmp_path: Path, source: Path) -> None:
        assert foldbook(tmp_path, "export", source, "-o", "tides.py").returncode == Exit.OK
        text = (tmp_path / "tides.py").read_text()
        assert text.endswith('# %%\n# %pwd\n\n# %% tags=["tag"]\n1\n\n# %% [markdown]\n# # Title\n')
        assert foldbook(tmp_path, "export", "tides.py", "-o", "out.ipynb").returncode == Exit.OK
        assert [(c.cell_type, c.source) for c in valid(tmp_path / "out.ipynb").cells] == [
            (c.cell_type, c.source) for c in valid(source).cells
        ]

    def test_as_a_web_page(self, tmp_path: Path, source: Path) -> None:
        done = foldbook(tmp_path, "export", source, "-o", "tides.html")
        assert (done.returncode, done.stderr) == (Exit.OK, "")
        html = (tmp_path / "tides.html").read_text()
        assert "<title>tides</title>" in html
        assert f"data:image/png;base64,{PICTURE.strip()}" in html
        assert '<h1 id="Title">Title</h1>' in html

    def test_by_pipes(self, tmp_path: Path, source: Path) -> None:
        done = foldbook(tmp_path, "export", "-", "-o", "-", "-t", "py", stdin=source.read_bytes())
        assert done.returncode == Exit.OK
        back = foldbook(tmp_path, "export", "-", "-o", "-", stdin=done.stdout)
        assert [cell["cell_type"] for cell in json.loads(back.stdout)["cells"]] == [
            "code", "code", "markdown",
        ]  # fmt: skip

    def test_what_a_run_has_stored(self, tmp_path: Path) -> None:
        write_notebook(tmp_path / "in.ipynb", "print('kept')")
        foldbook_run(tmp_path, "in.ipynb", "--log", "log.sqlite")
        done = foldbook(tmp_path, "export", "log.sqlite", "-o", "out.ipynb")
        assert (done.returncode, done.stderr) == (Exit.OK, "")
        assert texts(valid(tmp_path / "out.ipynb")) == ["kept\n"]

    def test_what_had_to_be_mended_is_told(self, tmp_path: Path) -> None:
        made: dict[str, Any] = dict(V4.new_notebook(cells=[V4.new_code_cell("1")]))
        made["cells"][0]["strange"] = 1
        (tmp_path / "in.ipynb").write_text(json.dumps(made))
        done = foldbook(tmp_path, "import", "in.ipynb")
        assert "Cell 1: 'strange' is no part of the format." in done.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("export", "none.ipynb", "-o", "o.py"), Exit.USAGE, "none.ipynb cannot be read: No such"),
        (("export", "bad.ipynb", "-o", "o.py"), Exit.USAGE, "bad.ipynb: not JSON"),
        (("export", "bad.py", "-o", "o.ipynb"), Exit.USAGE, "bad.py: not UTF-8 text, at byte 0"),
        (("export", "bad.foldbook", "-o", "o.py"), Exit.USAGE, "bad.foldbook: no row of the log"),
        (("export", "in.ipynb", "-o", "o.txt"), Exit.USAGE, "-t expected: which format o.txt"),
        (("export", "in.ipynb", "-o", "no/o.py"), Exit.DISK, "there is no folder"),
        (("export", "in.ipynb", "-o", ".", "-t", "py"), Exit.DISK, "is a folder"),
        (("export", ".", "-o", "o.py"), Exit.USAGE, "a folder with a notebook.sqlite expected"),
        (("export", "other.sqlite", "-o", "o.py"), Exit.DISK, "a notebook of version 1 expected"),
        (("export", "-o", "o.py"), Exit.LINK, "a link expected"),
        (("export", "#join/x/y", "-o", "o.py"), Exit.LINK, "link"),
        (("import", "none.py"), Exit.USAGE, "none.py cannot be read: No such"),
        (("import", "bad.ipynb"), Exit.USAGE, "bad.ipynb: not JSON"),
        (("import", "bad.ipynb", "--log", "o.py"), Exit.USAGE, "bad.ipynb: not JSON"),
        (("import", "other.sqlite"), Exit.USAGE, "new file, there is a other.sqlite"),
        (("import", "other.sqlite", "--log", "o.py"), Exit.USAGE, "expected, a stored log came"),
        (("import", "in.ipynb", "--log", "in.ipynb"), Exit.USAGE, "new file, there is a in.ipynb"),
        (("import", "in.ipynb", "--log", "no/o.py"), Exit.DISK, "there is no folder"),
        (("import", "in.ipynb", "--share"), Exit.USAGE, "--share expects a relay's address"),
        (("import", "in.ipynb", "--share", "http://127.0.0.1:9"), Exit.RELAY, "does not answer"),
    ],
)
def test_bad_input_leaves_nothing_behind(
    tmp_path: Path, arguments: tuple[str, ...], code: Exit, message: str
) -> None:
    write_notebook(tmp_path / "in.ipynb", "1")
    (tmp_path / "bad.ipynb").write_text("no json")
    (tmp_path / "bad.py").write_bytes(b"\xff")
    (tmp_path / "bad.foldbook").write_bytes(logfile.MAGIC + b"{}\n")
    with sqlite3.connect(tmp_path / "other.sqlite") as other:
        other.execute("CREATE TABLE other (x)")
    other.close()
    before = names(tmp_path)
    done = foldbook(tmp_path, *arguments)
    assert message in done.stderr
    assert done.returncode == code
    assert names(tmp_path) - {"data", "other.sqlite.lock"} == before


def test_a_log_that_somebody_works_on_is_left_alone(tmp_path: Path, source: Path) -> None:
    foldbook(tmp_path, "import", source)

    @story
    async def try_it() -> None:
        store = SqliteStore(tmp_path / "tides.sqlite")
        await store.open()
        done = foldbook(tmp_path, "export", "tides.sqlite", "-o", "o.py")
        assert (done.returncode, "another process" in done.stderr) == (Exit.HELD, True)
        await store.close()

    try_it()


# Over a relay


@pytest.fixture
def runs(relay: str, tmp_path: Path) -> Iterator[Runs]:
    found = Runs(relay, tmp_path)
    yield found
    found.end()


def test_who_may_look_may_export(runs: Runs, tmp_path: Path) -> None:
    run = runs.start("print('shared')", options=(*STAY, "--role", "view"))
    (tmp_path / "link").write_text(run.link)
    log = foldbook(tmp_path, "export", "link", "-o", "out.foldbook")
    assert (log.returncode, log.stderr) == (Exit.OK, "")
    found = logfile.read((tmp_path / "out.foldbook").read_bytes(), "out.foldbook")
    assert (found.rows[0].seq, found.left_out) == (1, 0)
    done = foldbook(tmp_path, "export", "-o", "-", "-t", "py", FOLDBOOK_LINK=run.link)
    assert done.stdout.decode().endswith("# %%\nprint('shared')\n")


@pytest.mark.parametrize("ending", ["ipynb", "py", "foldbook"])
def test_a_file_is_shared(relay: str, tmp_path: Path, source: Path, ending: str) -> None:
    file = source.with_suffix(f".{ending}")
    foldbook(tmp_path, "export", source, "-o", file)
    done = foldbook(tmp_path, "import", file, "--share", relay, "--site", "https://x.example/")
    assert (done.returncode, done.stderr) == (Exit.OK, "")
    link = done.stdout.decode().strip()
    assert link.startswith("https://x.example/#join/")

    @story
    async def look() -> None:
        async with programs.open(link) as notebook:
            assert notebook.role == "own"
            assert (notebook.name, notebook.cells[0].source) == ("tides", "%pwd")
            if ending != "py":
                made = json.loads(await notebook.to_ipynb())
                picture = made["cells"][0]["outputs"][0]["data"]["image/png"]
                assert "".join(picture) == PICTURE

    look()
