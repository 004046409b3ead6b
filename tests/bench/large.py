"""Typing beside what is large, and in it: from each key to its paint, and the long tasks.

In a cell of a notebook that holds ten million bytes of stdout (while they are printed, when they
stand there, and when all lines of them are shown) and the output of a table of 100,000 rows (as
pandas cuts it, and all of its rows as HTML, arrived and shown); then in a cell whose own text has
ten million characters, without the find bar and with a word in it that stands there often or not
at all. FOLDBOOK_ROUNDS says how often, if not 3; FOLDBOOK_PARTS which of outputs,source.
"""

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

from driving.feel import Felt, Measured
from driving.long_visit import begin, browser, cell, opened, run
from harness import Figure, report
from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT / ".build"), str(ROOT / "tests")]

from builder import serve  # noqa: E402 - found through the path above
from conftest import CHROMIUM_ARGUMENTS  # noqa: E402 - as well

ROUNDS = int(os.environ.get("FOLDBOOK_ROUNDS", "3"))
PARTS = os.environ.get("FOLDBOOK_PARTS", "outputs,source").split(",")
TYPED = "total = sum(each * 2 for each in values)  # "
DELAY = 60  # ms between two keys of somebody who types fast
LINES = 97_000  # as many as one execution may put into a notebook, nearly
PRINTING = f"for n in range({LINES}):\n    print(f'{{n:>8}} ' + 'x' * 90)"
TABLE = "import numpy as np, pandas as pd\nt = pd.DataFrame(np.arange(300_000).reshape(-1, 3))\nt"
WHOLE = "from IPython.display import HTML\nHTML(t.to_html())"
LINE = "value_{at} = compute(previous, factor={at})  # keep the running total in here\n"
SOURCE = "".join(LINE.format(at=at) for at in range(130_000))[:10_000_000]


def notebook(*sources: str) -> str:
    """An .ipynb file of code cells."""
    cells = [
        {"cell_type": "code", "id": f"c{at}", "metadata": {}, "source": source, "outputs": []}
        | {"execution_count": None}
        for at, source in enumerate(sources)
    ]
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


def type_in(page: Page, felt: Felt, at: int, name: str) -> None:
    """Type in a cell; it is over with the last key, whatever else goes on."""
    cell(page, at).locator(".code").click()
    page.keyboard.press("Home")
    with felt.phase(f"type {name}", keys=True, rest=False):
        page.keyboard.type(TYPED, delay=DELAY)
        page.evaluate("() => new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")


def outputs(page: Page, felt: Felt) -> None:
    """Beside large outputs, in the first cell."""
    type_in(page, felt, 0, "beside nothing")
    printing = begin(page, 1)
    printing.get_by_text("lines", exact=False).first.wait_for()
    type_in(page, felt, 0, "while 10 MB are printed")
    printing.and_(page.locator("[data-execution-status=ok]")).wait_for()
    type_in(page, felt, 0, "beside 10 MB of stdout")
    with felt.phase("show all lines"):
        printing.get_by_role("button", name=f"Show all {LINES:,} lines").click()
        printing.get_by_role("button", name="Show less").wait_for()
    type_in(page, felt, 0, "beside all its lines")
    with felt.phase("a table of 100,000 rows comes"):
        run(page, 2)
    type_in(page, felt, 0, "beside the table")
    with felt.phase("all rows of the table come"):
        whole = run(page, 3)
        whole.get_by_role("button", name="Show it").wait_for()
    type_in(page, felt, 0, "beside HTML that waits to be shown")
    whole.get_by_role("button", name="Show it").click()
    type_in(page, felt, 0, "while it is shown")
    whole.frame_locator("iframe").locator("tbody tr").last.wait_for()
    type_in(page, felt, 0, "beside all rows of the table")


def source(page: Page, felt: Felt) -> None:
    """In ten million characters."""
    type_in(page, felt, 0, "in 10 MB")
    for name, word, count in (
        ("finds nothing", "nowhere", "No matches"),
        ("finds one", "factor=77)", "1 of 1"),
        ("finds it in each line", "previous", " of 1"),
    ):
        with felt.phase(f"the find bar {name}"):
            page.keyboard.press("Control+f")
            page.get_by_role("textbox", name="Find", exact=True).fill(word)
            page.locator(".found-count", has_text=count).wait_for()
        type_in(page, felt, 0, f"in 10 MB; the find bar {name}")
        page.keyboard.press("Control+f")
        page.keyboard.press("Escape")
    type_in(page, felt, 0, "in 10 MB; the find bar was closed")


VISITS: dict[str, tuple[str, Callable[[Page, Felt], None]]] = {
    "outputs": (notebook("values = [1]\n", PRINTING, TABLE, WHOLE), outputs),
    "source": (notebook(SOURCE), source),
}


def main() -> None:
    measured: Measured = {}
    dist, program = Path(os.environ["FOLDBOOK_DIST"]), os.environ["FOLDBOOK_CHROMIUM"]
    with serve.running(dist) as address, sync_playwright() as driver:
        for part in PARTS:
            text, visit = VISITS[part]
            cells = len(json.loads(text)["cells"])
            for number in range(ROUNDS):
                with browser(driver, program, CHROMIUM_ARGUMENTS) as context:
                    felt = opened(context, address, text, cells, measured)
                    visit(felt.page, felt)
                print(f"  {part}: round {number + 1} of {ROUNDS}", flush=True)
    report("large", [Figure(name, unit, found) for (name, unit), found in measured.items()])


if __name__ == "__main__":
    main()
