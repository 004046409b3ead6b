"""Notebooks of 500 and of 1,000 cells: how long the page's main thread is taken at a stretch.

Counts the tasks of the main thread that take longer than 50 ms (the platform's own measure of
what a reader may feel) and sums them, phase by phase: opening the notebook until Python is up,
scrolling to the end in steps, running a cell. That cell goes on and on with what people watch:
lines, a bar of progress that writes over itself, and a display that is updated. While it does,
the notebook is typed into beside that cell (with the time from each key to its paint), and scrolled
through again. FOLDBOOK_CELLS and FOLDBOOK_ROUNDS say how many, if not
500,1000 and 3.
"""

import os
import sys
from pathlib import Path

from driving.feel import Felt, Measured
from driving.long_visit import begin, browser, cell, import_into, python_is_up, stands
from harness import Figure, report
from playwright.sync_api import BrowserContext, sync_playwright

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT / ".build"), str(ROOT / "tests")]

from builder import serve  # noqa: E402 - found through the path above
from conftest import CHROMIUM_ARGUMENTS  # noqa: E402 - as well
from long_notebook import STREAMING, long_notebook  # noqa: E402 - as well

SIZES = [int(each) for each in os.environ.get("FOLDBOOK_CELLS", "500,1000").split(",")]
ROUNDS = int(os.environ.get("FOLDBOOK_ROUNDS", "3"))
TYPED = "total = sum(each * 2 for each in values)  # " * 5
STEP = 2_400  # px that one step scrolls

_PAINTED = """() => performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? NaN"""
_SCROLL = """
async (step) => {
  const place = document.querySelector(".nb");
  place.scrollTop += step;
  await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
  return place.scrollTop + place.clientHeight < place.scrollHeight - 2;
}
"""
_TO_THE_START = """() => { document.querySelector(".nb").scrollTop = 0; }"""
_SHOWN = """
([at, wanted]) => {
  const lines = document.querySelectorAll("[data-cell-id]")[at].querySelectorAll(".cm-line");
  return [...lines].map((line) => line.textContent).join("\\n").includes(wanted);
}
"""


class Round:
    """One visit to a long notebook, phase by phase."""

    def __init__(self, context: BrowserContext, cells: int, measured: Measured) -> None:
        self._cells = cells
        self._title = f"{cells} cells"
        self.page = context.new_page()
        self._felt = Felt(self.page, measured)

    def measure(self, address: str) -> None:
        """Open, scroll, run; type and scroll while outputs stream."""
        self._open(address)
        with self._felt.phase(f"{self._title}, scroll"):
            self._scroll()
        streaming = self._cells // 2
        with self._felt.phase(f"{self._title}, run"):
            cell(self.page, streaming).scroll_into_view_if_needed()
            shown = begin(self.page, streaming)
            shown.locator(".output").get_by_text("line 12", exact=False).first.wait_for()
        typed = cell(self.page, streaming + 1)
        typed.locator(".code").click()
        with self._felt.phase(f"{self._title}, type while outputs stream", keys=True):
            self.page.keyboard.type(TYPED, delay=30)
            self.page.wait_for_function(_SHOWN, arg=[streaming + 1, TYPED.strip()])
        self.page.evaluate(_TO_THE_START)
        with self._felt.phase(f"{self._title}, scroll while outputs stream"):
            self._scroll()

    def _open(self, address: str) -> None:
        """Go there, and wait until Python is up."""
        name = f"{self._title}, open"
        with self._felt.phase(name, since=0):
            self.page.goto(address, wait_until="commit")
            stands(self.page, self._cells)
            self._felt.note(
                f"{name}: all cells stand", "ms", self.page.evaluate("performance.now()")
            )
            python_is_up(self.page)
            self._felt.note(f"{name}: first paint", "ms", self.page.evaluate(_PAINTED))

    def _scroll(self) -> None:
        """To the end in steps of less than a screen, a frame between two of them."""
        while self.page.evaluate(_SCROLL, STEP):
            pass


def main() -> None:
    measured: Measured = {}
    dist, program = Path(os.environ["FOLDBOOK_DIST"]), os.environ["FOLDBOOK_CHROMIUM"]
    with serve.running(dist) as address, sync_playwright() as driver:
        for cells in SIZES:
            special = {cells // 2: STREAMING, cells // 2 + 1: "values = [1]\n"}
            text = long_notebook(cells, special=special)
            for number in range(ROUNDS):
                with browser(driver, program, CHROMIUM_ARGUMENTS) as context:
                    place = import_into(context, address, text, cells)
                    Round(context, cells, measured).measure(place)
                print(f"  {cells} cells: round {number + 1} of {ROUNDS}", flush=True)
    report("long", [Figure(name, unit, found) for (name, unit), found in measured.items()])


if __name__ == "__main__":
    main()
