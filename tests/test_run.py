"""`foldbook run` as a program: like papermill, and more honest about its file."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import nbformat
import pytest
from foldbook.native.exits import Exit
from foldbook.native.store import SqliteStore
from foldbook.notebook import Notebook
from foldbook.reducer import fold
from running_program import (
    PROGRAM,
    V4,
    environment,
    foldbook_run,
    texts,
    valid,
    write_notebook,
)


def test_a_notebook_is_run_and_written(tmp_path: Path) -> None:
    source = write_notebook(tmp_path / "in.ipynb", "x = 20", "print('out')\nx + 1", custom={"a": 1})
    out = tmp_path / "out.ipynb"
    done = foldbook_run(tmp_path, source, "-o", out)
    assert (done.returncode, done.stderr, done.stdout) == (Exit.OK, "", b"")
    made, before = valid(out), valid(source)
    assert texts(made) == ["", "out\n21"]
    assert [cell.execution_count for cell in made.cells] == [1, 2]
    assert made.metadata == before.metadata
    assert [(c.id, c.source, c.metadata) for c in made.cells] == [
        (c.id, c.source, c.metadata) for c in before.cells
    ]
    assert [each.name for each in tmp_path.iterdir() if each.name.startswith(".")] == []


def test_parameters_are_injected_and_count_in_papermill_s_order(tmp_path: Path) -> None:
    source = write_notebook(
        tmp_path / "in.ipynb", ("a = b = c = d = 0", "parameters"), "print([a, b, c, d])"
    )
    (tmp_path / "p.yaml").write_text("a: [1, 2]\nb: file\nc: file\n")
    out = tmp_path / "out.ipynb"
    given = ("-p", "b", "2", "-r", "c", "3", "-y", "p.yaml", "-y", "d: null")
    done = foldbook_run(tmp_path, source, "-o", out, *given)
    assert done.returncode == Exit.OK, done.stderr
    made = valid(out)
    assert made.cells[1].metadata.tags == ["injected-parameters"]
    assert made.cells[1].source.startswith("# Parameters\n")
    assert texts(made)[-1] == "[[1, 2], 2, '3', None]\n"
    # The file that came out can be run again with others.
    again = tmp_path / "again.ipynb"
    assert foldbook_run(tmp_path, out, "-o", again, "-p", "a", "9", "-y", "{b: 1, c: 1, d: 1}")
    assert len(valid(again).cells) == 3
    assert texts(valid(again))[-1] == "[9, 1, 1, 1]\n"


def test_without_a_tagged_cell_parameters_stand_at_the_top(tmp_path: Path) -> None:
    source = write_notebook(tmp_path / "in.ipynb", "print(a)")
    done = foldbook_run(tmp_path, source, "-o", "out.ipynb", "-p", "a", "text")
    assert "No cell is tagged parameters: they stand at the top." in done.stderr
    assert texts(valid(tmp_path / "out.ipynb")) == ["", "text\n"]


def test_an_error_ends_the_run_and_is_shown(tmp_path: Path) -> None:
    source = write_notebook(tmp_path / "in.ipynb", "print('before')", "1 / 0", "print('never')")
    write_outputs(source, 2, "from an earlier run\n")
    done = foldbook_run(tmp_path, source, "-o", "out.ipynb")
    assert done.returncode == Exit.CELLS
    assert "foldbook run: cell 2 ended with status error" in done.stderr
    assert "ZeroDivisionError: division by zero" in done.stderr
    assert "\x1b" not in done.stderr
    made = valid(tmp_path / "out.ipynb")
    assert texts(made) == ["before\n", "ZeroDivisionError", ""], "what was not run shows nothing"
    assert made.cells[2].execution_count is None


def write_outputs(path: Path, cell: int, text: str) -> None:
    notebook = valid(path)
    notebook.cells[cell].outputs = [V4.new_output("stream", text=text)]
    notebook.cells[cell].execution_count = 7
    nbformat.write(notebook, path)  # type: ignore[no-untyped-call]


def test_errors_are_allowed_by_the_option_or_by_a_tag(tmp_path: Path) -> None:
    source = write_notebook(tmp_path / "in.ipynb", ("1 / 0", "raises-exception"), "print(1)")
    assert foldbook_run(tmp_path, source, "-o", "out.ipynb").returncode == Exit.OK
    assert texts(valid(tmp_path / "out.ipynb")) == ["ZeroDivisionError", "1\n"]
    source = write_notebook(tmp_path / "in.ipynb", "1 / 0", "print(1)")
    done = foldbook_run(tmp_path, source, "-o", "out.ipynb", "--allow-errors")
    assert (done.returncode, done.stderr) == (Exit.OK, "")
    assert texts(valid(tmp_path / "out.ipynb")) == ["ZeroDivisionError", "1\n"]


def test_a_skipped_cell_keeps_what_it_has(tmp_path: Path) -> None:
    source = write_notebook(tmp_path / "in.ipynb", ("1 / 0", "skip-execution"), "print(1)")
    write_outputs(source, 0, "kept\n")
    assert foldbook_run(tmp_path, source, "-o", "out.ipynb").returncode == Exit.OK
    assert texts(valid(tmp_path / "out.ipynb")) == ["kept\n", "1\n"]


def test_a_cell_that_takes_too_long_is_interrupted(tmp_path: Path) -> None:
    source = write_notebook(tmp_path / "in.ipynb", "while True: pass", "print(1)")
    done = foldbook_run(tmp_path, source, "-o", "out.ipynb", "--timeout", "1")
    assert done.returncode == Exit.CELLS
    assert "cell 1 ended with status error: it took longer than 1 seconds" in done.stderr
    assert texts(valid(tmp_path / "out.ipynb")) == ["KeyboardInterrupt", ""]
    allowed = ("--timeout", "1", "--allow-errors")
    assert foldbook_run(tmp_path, source, "-o", "out.ipynb", *allowed).returncode == Exit.OK
    assert texts(valid(tmp_path / "out.ipynb")) == ["KeyboardInterrupt", "1\n"]


def test_python_that_dies_ends_the_run(tmp_path: Path) -> None:
    source = write_notebook(
        tmp_path / "in.ipynb", "print('last words', flush=True)\nimport os; os._exit(3)", "print(1)"
    )
    done = foldbook_run(tmp_path, source, "-o", "out.ipynb", "--allow-errors")
    assert done.returncode == Exit.CELLS
    assert "cell 1 ended with status lost" in done.stderr
    assert texts(valid(tmp_path / "out.ipynb")) == ["last words\n", ""]


def test_code_that_asks_is_told_that_nobody_answers(tmp_path: Path) -> None:
    source = write_notebook(tmp_path / "in.ipynb", "input('who? ')")
    done = foldbook_run(tmp_path, source, "-o", "out.ipynb")
    assert done.returncode == Exit.CELLS
    assert "nobody watches this run" in done.stderr


def test_pipes_and_the_working_directory(tmp_path: Path) -> None:
    source = write_notebook(tmp_path / "in.ipynb", "import os\nprint(os.getcwd())\n'é'")
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    done = foldbook_run(tmp_path, "-", "-o", "-", "--cwd", folder, stdin=source.read_bytes())
    assert done.returncode == Exit.OK, done.stderr
    made = json.loads(done.stdout)
    assert "".join(made["cells"][0]["outputs"][0]["text"]) == f"{folder}\n"


def test_the_log_is_kept_where_it_is_wanted(tmp_path: Path) -> None:
    source = write_notebook(tmp_path / "in.ipynb", "print('kept')")
    log = tmp_path / "log.sqlite"
    assert foldbook_run(tmp_path, source, "--log", log).returncode == Exit.OK
    again = foldbook_run(tmp_path, source, "--log", log)
    assert again.returncode == Exit.USAGE
    assert "expects the name of a new file" in again.stderr
    notebook = Notebook()
    for row in rows_of(log):
        fold(notebook, row)
    assert notebook.void_count == 0
    [execution] = notebook.executions.values()
    assert execution.outputs[0].text == "kept\n"
    assert [each.status for each in notebook.runtimes.values()] == ["stopped"]


def rows_of(log: Path) -> list[Any]:
    import asyncio  # noqa: PLC0415

    async def read_rows() -> list[Any]:
        store = SqliteStore(log)
        try:
            await store.open()
            return await store.rows(0, 10**6)
        finally:
            await store.close()

    return asyncio.run(read_rows())


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("in.ipynb",), Exit.USAGE, "-o OUT expected"),
        (("none.ipynb", "-o", "o"), Exit.USAGE, "none.ipynb cannot be read: No such file"),
        (("bad.ipynb", "-o", "o"), Exit.USAGE, "bad.ipynb: not JSON"),
        (("in.ipynb", "-o", "no/where"), Exit.DISK, "there is no folder"),
        (("in.ipynb", "-o", "."), Exit.DISK, "is a folder"),
        (("in.ipynb", "-o", "o", "--kernel", "none"), Exit.KERNEL, "There is no kernel 'none'"),
        (("r.ipynb", "-o", "o"), Exit.KERNEL, "There is no kernel 'ir'"),
        (("in.ipynb", "-o", "o", "-y", "x"), Exit.USAGE, "names with values expected"),
        (("in.ipynb", "-o", "o", "-p", "a b", "1"), Exit.USAGE, "that of a variable"),
        (("in.ipynb", "-o", "o", "--share"), Exit.USAGE, "--share expects a relay's address"),
        (("in.ipynb", "--share", "ftp://x"), Exit.LINK, "a relay's address is http"),
        (("in.ipynb", "--share", "http://127.0.0.1:9"), Exit.RELAY, "does not answer"),
        (("in.ipynb", "-o", "o", "--timeout", "0"), Exit.USAGE, "seconds expected"),
        (("in.ipynb", "-o", "o", "--stay", "x"), Exit.USAGE, "seconds expected, or ever; 'x' came"),
    ],
)
def test_bad_input_is_told_before_anything_runs(
    tmp_path: Path, arguments: tuple[str, ...], code: Exit, message: str
) -> None:
    write_notebook(tmp_path / "in.ipynb", "open('ran', 'w')")
    write_notebook(tmp_path / "r.ipynb", "1", kernelspec={"name": "ir", "display_name": "R"})
    (tmp_path / "bad.ipynb").write_text("no json")
    done = foldbook_run(tmp_path, *arguments)
    assert message in done.stderr
    assert done.returncode == code
    assert not (tmp_path / "ran").exists()


def test_another_language_gets_its_own_parameters(tmp_path: Path) -> None:
    installed = [sys.executable, "-m", "bash_kernel.install", "--prefix", str(tmp_path)]
    subprocess.run(installed, check=True, capture_output=True)
    source = write_notebook(tmp_path / "in.ipynb", 'echo "$word, $count"')
    given = ("--kernel", "bash", "-p", "word", "it's", "-p", "count", "3")
    done = foldbook_run(
        tmp_path, source, "-o", "out.ipynb", *given, JUPYTER_PATH=str(tmp_path / "share/jupyter")
    )
    assert done.returncode == Exit.OK, done.stderr
    assert texts(valid(tmp_path / "out.ipynb")) == ["", "it's, 3\n"]


# The file while it runs


class Going:
    """A run that goes on."""

    def __init__(self, home: Path, *arguments: object) -> None:
        self.process = subprocess.Popen(
            [*PROGRAM, *map(str, arguments)],
            cwd=home,
            env=environment(home),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )

    def shows(self, path: Path, text: str) -> None:
        """Wait until the file shows this; it is a valid notebook whenever it is looked at."""
        deadline = time.monotonic() + 60
        while not (path.exists() and text in "".join(texts(valid(path)))):
            assert time.monotonic() < deadline, f"{path} does not show {text!r}"
            assert self.process.poll() is None, self.process.communicate()[1]
            time.sleep(0.02)

    def end(self, number: int) -> int:
        self.process.send_signal(number)
        self.process.communicate(timeout=60)
        return self.process.returncode


SLOW = """\
import time
for i in range(10_000):
    print(f"line {i}.", flush=True)
    time.sleep(0.01)
"""


def test_a_run_that_is_killed_leaves_a_valid_file_with_what_it_had(tmp_path: Path) -> None:
    source = write_notebook(tmp_path / "in.ipynb", "print('first')", SLOW)
    out = tmp_path / "out.ipynb"
    going = Going(tmp_path, source, "-o", out)
    going.shows(out, "line 20.")
    assert going.end(signal.SIGKILL) == -signal.SIGKILL
    shown = texts(valid(out))
    assert shown[0] == "first\n"
    assert shown[1].startswith("line 0.\nline 1.\n")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_run_that_is_stopped_writes_the_rest(tmp_path: Path, number: int) -> None:
    source = write_notebook(tmp_path / "in.ipynb", "import os\nprint(os.getpid(), '!')", SLOW)
    out = tmp_path / "out.ipynb"
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)  # nohup may have started the tests
    going = Going(tmp_path, source, "-o", out)
    signal.signal(signal.SIGHUP, before)
    going.shows(out, "line 20.")
    pid = int(texts(valid(out))[0].split()[0])
    assert going.end(number) == 128 + number
    assert "line 20." in texts(valid(out))[1]
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
