"""`foldbook run` beside papermill and nbclient: the same notebooks, as programs, in turn.

A round starts each program once: ours with its own Python, ours with a Jupyter kernel, nbclient
and papermill with the same kernel. Times are from the start of the process to its end. Then the
time from asking for a cell until its first output is there, through a relay on this machine, and
in nbclient's place from a kernel client that is connected to its kernel directly.
FOLDBOOK_ROUNDS and FOLDBOOK_LINES say how many rounds and printed lines, if not 5 and 100000.
"""

import asyncio
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import quantiles

from harness import Comparison, Figure, load, report, report_comparisons

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT / ".build"), str(ROOT / "tests")]

import foldbook  # noqa: E402 - found through the path above
from builder import relay as relays  # noqa: E402 - as well
from builder.papermill import papermill_python  # noqa: E402 - as well
from foldbook.api.changes import OutputAdded  # noqa: E402 - as well
from running_program import PROGRAM, environment, write_notebook  # noqa: E402 - as well

ROUNDS = int(os.environ.get("FOLDBOOK_ROUNDS", "5"))
LINES = int(os.environ.get("FOLDBOOK_LINES", "100000"))
ASKED = 60  # cells, for the latency

_NBCLIENT = """
import sys, nbclient, nbformat
notebook = nbformat.read(sys.argv[1], 4)
nbclient.NotebookClient(notebook, kernel_name="python3").execute()
nbformat.write(notebook, sys.argv[2])
"""
_DIRECT = """
import sys, time
from jupyter_client.manager import start_new_kernel
manager, client = start_new_kernel(kernel_name="python3")
for _ in range(int(sys.argv[1])):
    began = time.perf_counter()
    asked = client.execute("print('x')")
    first = None
    while True:
        message = client.get_iopub_msg(timeout=60)
        if message["parent_header"].get("msg_id") != asked:
            continue
        if message["msg_type"] == "stream" and first is None:
            first = time.perf_counter() - began
        if message["msg_type"] == "status" and message["content"]["execution_state"] == "idle":
            break
    print(first * 1000, flush=True)
    client.get_shell_msg(timeout=60)
client.stop_channels()
manager.shutdown_kernel(now=True)
"""


def notebook(path: Path, *sources: str) -> Path:
    """A notebook file with these cells, as Jupyter writes one: papermill needs its kernel."""
    spec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return write_notebook(path, *sources, kernelspec=spec)


class Programs:
    """What is measured, by name."""

    def __init__(self, home: Path) -> None:
        self._home = home
        python = str(papermill_python())
        ours = [*PROGRAM, "--no-progress"]
        self.commands: dict[str, Callable[[Path, Path], list[str]]] = {
            "foldbook run": lambda source, out: [*ours, str(source), "-o", str(out)],
            "foldbook run --kernel": lambda source, out: [
                *(*ours, str(source), "-o", str(out), "--kernel", "python3")
            ],
            "nbclient": lambda source, out: [python, "-c", _NBCLIENT, str(source), str(out)],
            "papermill": lambda source, out: [
                *(python, "-m", "papermill", str(source), str(out)),
                "--no-progress-bar",
            ],
        }
        self._python = python

    def seconds(self, name: str, source: Path) -> float:
        """How long a program takes for a notebook."""
        out = self._home / "out.ipynb"
        out.unlink(missing_ok=True)
        command = self.commands[name](source, out)
        began = time.perf_counter()
        subprocess.run(command, env=environment(self._home), check=True, capture_output=True)
        took = time.perf_counter() - began
        assert out.exists(), name
        return took

    def direct(self) -> list[float]:
        """Milliseconds to the first output for a client that is connected to the kernel."""
        command = [self._python, "-c", _DIRECT, str(ASKED)]
        done = subprocess.run(
            command, env=environment(self._home), check=True, capture_output=True, text=True
        )
        return [float(each) for each in done.stdout.split()]


def measure(programs: Programs, source: Path) -> tuple[dict[str, list[float]], list[float]]:
    """The seconds of each program, round by round, and the loads."""
    found: dict[str, list[float]] = {name: [] for name in programs.commands}
    loads = []
    for _ in range(ROUNDS):
        for name, seconds in found.items():
            seconds.append(programs.seconds(name, source))
        loads.append(load())
    return found, loads


async def through_a_relay(link: str) -> list[float]:
    """Milliseconds from asking for a cell to its first output, at another client of the relay."""
    found = []
    async with foldbook.open(link) as book:
        cell = book.append("print('x')")
        await book.wait_for_ready()
        await book.run(cell)
        for _ in range(ASKED):
            watch = book.watch()
            began = time.perf_counter()
            run = book.request(cell)
            async for change in watch:
                if isinstance(change, OutputAdded) and change.run_id == run.id:
                    break
            found.append((time.perf_counter() - began) * 1000)
            await book.finished(run)
    return found


def latency(home: Path, address: str, *options: str) -> list[float]:
    """The same, with a run of ours that stays."""
    source = notebook(home / "stays.ipynb", "1")
    command = [*PROGRAM, str(source), "--share", address, "--stay", "ever", *options]
    with subprocess.Popen(
        command, env=environment(home), stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr is not None
        link = next(match[0] for line in process.stderr if (match := re.search(r"#join/\S+", line)))
        try:
            return asyncio.run(through_a_relay(link))
        finally:
            process.terminate()


def compare(what: str, seconds: dict[str, list[float]], loads: list[float]) -> list[Comparison]:
    """Ours against nbclient and papermill."""
    return [
        Comparison(f"{what}: {ours} : {theirs}", "s", pairs, loads)
        for ours in ("foldbook run", "foldbook run --kernel")
        for theirs in ("nbclient", "papermill")
        for pairs in [list(zip(seconds[ours], seconds[theirs], strict=True))]
    ]


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        os.environ["FOLDBOOK_DATA"] = str(home / "data")
        programs = Programs(home)
        small = notebook(home / "small.ipynb", *(f"x{i} = {i}\nprint(x{i})" for i in range(20)))
        lines = notebook(home / "lines.ipynb", f"for i in range({LINES}):\n    print(i)")
        compared = compare("20 small cells", *measure(programs, small))
        compared += compare(f"{LINES:,} printed lines", *measure(programs, lines))
        report_comparisons("running", ("ours", "theirs"), compared)
        with relays.running(home / "relay", 0) as address:
            assert address is not None
            figures = [
                Figure("first output, by a relay", "ms", latency(home, address)),
                Figure(
                    "first output, by a relay, --kernel",
                    "ms",
                    latency(home, address, "--kernel", "python3"),
                ),
                Figure("first output, kernel client", "ms", programs.direct()),
            ]
        report("running: request to first output", figures)
        for each in figures:
            print(f"  {each.name}: p95 {quantiles(each.values, n=20)[-1]:.1f} ms")


if __name__ == "__main__":
    main()
