"""The program `foldbook`, and `foldbook run` above all, for tests."""

import os
import re
import signal
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat

MAIN = (sys.executable, "-m", "foldbook.native.main")
PROGRAM = (*MAIN, "run")
STAY = ("--stay", "ever")
V4: Any = nbformat.v4


def environment(home: Path, **more: str) -> dict[str, str]:
    """That of the tests, without what a user's own Foldbook would say in it."""
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("FOLDBOOK_") and name != "MPLBACKEND"
    }
    own = {
        "FOLDBOOK_DATA": str(home / "data"),
        "IPYTHONDIR": str(home / "ipython"),
        "COLUMNS": "80",
        "LINES": "24",
    }
    return inherited | own | more


def foldbook_run(
    home: Path, *arguments: object, cwd: Path | None = None, stdin: bytes = b"", **more: str
) -> "subprocess.CompletedProcess[Any]":
    """`foldbook run`, to its end."""
    return foldbook(home, "run", *arguments, cwd=cwd, stdin=stdin, **more)


def foldbook(
    home: Path, *arguments: object, cwd: Path | None = None, stdin: bytes = b"", **more: str
) -> "subprocess.CompletedProcess[Any]":
    """Any command, to its end; standard error is text, standard output is bytes."""
    done = subprocess.run(
        [*MAIN, *map(str, arguments)],
        cwd=cwd or home,
        env=environment(home, **more),
        input=stdin,
        capture_output=True,
        timeout=120,
        check=False,
    )
    return subprocess.CompletedProcess(
        done.args, done.returncode, done.stdout, done.stderr.decode()
    )


def write_notebook(path: Path, *sources: Any, **metadata: Any) -> Path:
    """A notebook file; a source is text, or text and tags."""
    cells = []
    for each in sources:
        source, *tags = each if isinstance(each, tuple) else (each,)
        cells.append(V4.new_code_cell(source, metadata={"tags": tags} if tags else {}))
    notebook = V4.new_notebook(cells=cells, metadata=metadata)
    nbformat.write(notebook, path)  # type: ignore[no-untyped-call]
    return path


def valid(path: Path) -> Any:
    """The notebook of a file, which is a valid one."""
    notebook: Any = nbformat.read(path, 4)  # type: ignore[no-untyped-call]
    nbformat.validate(notebook)
    return notebook


def texts(notebook: Any) -> list[str]:
    """What each cell shows."""
    return [
        "".join(
            each.get("text") or each.get("data", {}).get("text/plain") or each.get("ename", "")
            for each in cell.get("outputs", [])
        )
        for cell in notebook.cells
    ]


@dataclass
class Run:
    """A run that is shared. said: what it says to its user."""

    process: "subprocess.Popen[str]"
    link: str
    out: Path
    said: list[str]

    def end(self) -> int:
        """Stop it as Ctrl-C does; the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        return self.process.wait(60)


class Runs:
    """Starts runs, and ends them."""

    def __init__(self, relay: str, home: Path) -> None:
        self._relay = relay
        self._home = home
        self._runs: list[Run] = []

    def start(self, *sources: str, options: tuple[str, ...] = ()) -> Run:
        """Run a notebook with these cells; its link is there when this returns."""
        source = write_notebook(self._home / "in.ipynb", *sources)
        out = self._home / "out.ipynb"
        process = subprocess.Popen(
            [*PROGRAM, str(source), "-o", str(out), "--share", self._relay, *options],
            env=environment(self._home),
            stderr=subprocess.PIPE,
            text=True,
        )
        said: list[str] = []
        assert process.stderr is not None
        for line in process.stderr:
            said.append(line)
            if found := re.search(r"\S*#join/\S+", line):
                threading.Thread(target=said.extend, args=(process.stderr,)).start()
                self._runs.append(Run(process, found[0], out, said))
                return self._runs[-1]
        raise AssertionError(f"no link: {said}")

    def end(self) -> None:
        for run in self._runs:
            run.end()
