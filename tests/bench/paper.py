"""A paper of 259,778 edits by one author: Foldbook beside Yjs in Chromium, beside pycrdt natively.

Foldbook's Python and Yjs run in two workers of one page; natively each round is a new process.
They take turns, and only one works at a time. The workers stay, so both are warm from the second
round on. Every step's text is compared with the one that the author ended in.

What each row of the tables holds, for Foldbook and for the two CRDTs:

text alone      each change laid over the text; insert and delete, and nobody observes
fold            ready rows and events through the reducer, with its checks and the history that
                later merges need; insert and delete with an observer of the text
write           a patch becomes a change, a validated event, its bytes, a row, the author's fold,
                and with 512 others a segment; insert and delete, and each update's bytes are kept
read            segments, rows, events validated once, the fold; each update applied to another
                document
write and read  the whole path, from the author's keys to a reader's text

None of them stores, sends, seals or shows anything; Foldbook's segments carry a CRC-32. Neither
side takes its short cut for reading, which is a snapshot of the fold, or a document's whole state.
Yjs' observer does not ask what changed. pycrdt reckons that unasked, which takes several times
what the edit does, so it goes unobserved: its "fold" is its "text alone".
FOLDBOOK_ROUNDS says how many rounds, if not five.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from harness import Comparison, load, report_comparisons
from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).parents[2]
WORK = Path(__file__).parent / "work"
TRACE = ROOT.parent / "shared" / "corpus" / "traces" / "automerge-paper.json.gz"
sys.path[:0] = [str(ROOT / ".build"), str(ROOT / "tests")]

from builder import crdts, serve  # noqa: E402 - found through the path above
from conftest import CHROMIUM_ARGUMENTS  # noqa: E402 - as well

ROUNDS = int(os.environ.get("FOLDBOOK_ROUNDS", "5"))
STEPS = {
    "text alone": ("text",),
    "fold": ("fold",),
    "write": ("write",),
    "read": ("read",),
    "write and read": ("write", "read"),
}
_WORKERS = [WORK / "paper_pyodide.js", WORK / "paper_yjs.js"]
_ASK = """
([script, asked]) => new Promise((done, fail) => {
  const workers = (globalThis.workers ??= {});
  const worker = (workers[script] ??= new Worker(script, { type: "module" }));
  worker.onerror = (event) => fail(new Error(`${script}: ${event.message}`));
  worker.onmessage = ({ data }) => data.error ? fail(new Error(data.error)) : done(data.figures);
  worker.postMessage(asked);
})
"""

Measured = dict[str, float]
"""Milliseconds by step."""
Product = tuple[str, Callable[[], Measured]]
"""A name, and what measures one round of it."""


class Pair:
    """Two products that are measured by turns."""

    def __init__(self, title: str, first: Product, second: Product) -> None:
        self.title = title
        self._products = dict([first, second])
        self._rounds: list[dict[str, Measured]] = []
        self._loads: list[float] = []

    def measure(self) -> None:
        """One round; each product is first in every other one."""
        names = list(self._products)[:: -1 if len(self._rounds) % 2 else 1]
        self._rounds.append({name: self._products[name]() for name in names})
        self._loads.append(load())

    def report(self) -> None:
        """The table of all rounds."""
        first, second = self._products
        found = [
            Comparison(
                label,
                "ms",
                [
                    (_total(each[first], steps), _total(each[second], steps))
                    for each in self._rounds
                ],
                self._loads,
            )
            for label, steps in STEPS.items()
        ]
        print(f"\n{self.title}")
        report_comparisons(self.title, (first, second), found)


def _total(measured: Measured, steps: Sequence[str]) -> float:
    return sum(measured[step] for step in steps)


def natively(python: str | Path, script: str) -> Measured:
    """One round in a process of its own."""
    command = [str(python), str(WORK / script), str(TRACE)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    measured: Measured = json.loads(done.stdout)
    return measured


def in_page(page: Page, worker: str, **asked: str) -> Measured:
    """One round in a worker of the page."""
    measured: Measured = page.evaluate(_ASK, [worker, asked])
    return measured


@contextmanager
def opened_page() -> Iterator[Page]:
    """An empty page of Chromium beside the workers' files."""
    with tempfile.TemporaryDirectory() as name, sync_playwright() as driver:
        folder = Path(name)
        crdts.bundle_workers(_WORKERS, folder)
        for script in ("folding.py", "stopwatch.py", "paper_foldbook.py"):
            shutil.copyfile(WORK / script, folder / script)
        shutil.copyfile(TRACE, folder / "trace.json.gz")
        (folder / "index.html").write_text("<!doctype html><title>paper</title>", encoding="utf-8")
        browser = driver.chromium.launch(
            executable_path=os.environ["FOLDBOOK_CHROMIUM"], args=CHROMIUM_ARGUMENTS
        )
        with serve.running(folder) as address, browser.new_page() as page:
            page.goto(address)
            yield page
        browser.close()


def main() -> None:
    if not TRACE.exists():
        print("The editing trace is not here (../shared/corpus): nothing to measure.")
        return
    ours, theirs = sys.executable, crdts.pycrdt_python()
    with serve.running(Path(os.environ["FOLDBOOK_DIST"])) as dist, opened_page() as page:
        pairs = [
            Pair(
                "paper in Chromium",
                ("Foldbook", partial(in_page, page, "paper_pyodide.js", pyodide=f"{dist}pyodide/")),
                ("Yjs", partial(in_page, page, "paper_yjs.js")),
            ),
            Pair(
                "paper natively",
                ("Foldbook", partial(natively, ours, "paper_foldbook.py")),
                ("pycrdt", partial(natively, theirs, "paper_pycrdt.py")),
            ),
        ]
        for number in range(ROUNDS):
            for pair in pairs:
                pair.measure()
            print(f"  round {number + 1} of {ROUNDS}", flush=True)
    for pair in pairs:
        pair.report()


if __name__ == "__main__":
    main()
