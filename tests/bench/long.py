"""A notebook of a thousand cells: how long the page's main thread is taken at a stretch.

Counts the tasks of the main thread that take longer than 50 ms (the platform's own measure of
what a reader may feel) and sums them, phase by phase: opening the notebook until Python is up,
scrolling to the end and back in steps, typing into a cell in the middle while its neighbour
prints, and running a cell. FOLDBOOK_CELLS and FOLDBOOK_ROUNDS say how many, if not 1,000 and 3.
"""

import os
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from harness import Figure, report
from playwright.sync_api import BrowserContext, Page, sync_playwright

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT / ".build"), str(ROOT / "tests")]

from builder import serve  # noqa: E402 - found through the path above
from conftest import CHROMIUM_ARGUMENTS  # noqa: E402 - as well
from long_notebook import PRINTING, long_notebook  # noqa: E402 - as well

CELLS = int(os.environ.get("FOLDBOOK_CELLS", "1000"))
ROUNDS = int(os.environ.get("FOLDBOOK_ROUNDS", "3"))
MIDDLE = CELLS // 2 + 1
TYPED = "total = sum(each * 2 for each in values)  # " * 5
WAIT = 150_000  # ms; a busy machine starts Python slowly
STEP = 2_400  # px that one step scrolls

_WATCH = """
globalThis.longTasks = [];
new PerformanceObserver((list) => {
  for (const { startTime, duration } of list.getEntries()) longTasks.push([startTime, duration]);
}).observe({ type: "longtask", buffered: true });
"""
_CALM = """
() => new Promise((done) => requestIdleCallback(() => setTimeout(() => done(performance.now()))))
"""
_PAINTED = """() => performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? NaN"""
_STANDS = "count => document.querySelectorAll('[data-cell-id]').length === count"
_PYTHON_IS_UP = """
() => !/Preparing/.test(document.querySelector(".rt-chip").getAttribute("aria-label"))
  && document.querySelector(".saved").textContent.startsWith("Saved")
"""
_SCROLL = """
async (step) => {
  const place = document.querySelector(".nb");
  place.scrollTop += step;
  await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
  return place.scrollTop + place.clientHeight < place.scrollHeight - 2;
}
"""
_SHOWN = """
([at, wanted]) => {
  const lines = document.querySelectorAll("[data-cell-id]")[at].querySelectorAll(".cm-line");
  return [...lines].map((line) => line.textContent).join("\\n").includes(wanted);
}
"""

Measured = dict[tuple[str, str], float]
"""A value by what was measured and its unit."""


class Round:
    """One visit to the long notebook, phase by phase."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.measured: Measured = {}

    def measure(self, address: str) -> Measured:
        """Open, scroll, type, run; gives what each took."""
        self.page.add_init_script(_WATCH)
        with self._phase("open", since=0):
            self.page.goto(address, wait_until="commit")
            self.page.wait_for_function(_STANDS, arg=CELLS, polling=20)
            self._note("open: all cells stand", "ms", self.page.evaluate("performance.now()"))
            self.page.wait_for_function(_PYTHON_IS_UP)
            self._note("open: first paint", "ms", self.page.evaluate(_PAINTED))
        with self._phase("scroll"):
            self._scroll()
        editor = self.page.locator("[data-cell-id]").nth(MIDDLE).locator(".code")
        editor.scroll_into_view_if_needed()
        self._print_beside()
        editor.click()
        with self._phase("type"):
            self.page.keyboard.type(TYPED, delay=30)
            self.page.wait_for_function(_SHOWN, arg=[MIDDLE, TYPED.strip()])
        return self.measured

    def _scroll(self) -> None:
        """To the end in steps of less than a screen, a frame between two of them."""
        while self.page.evaluate(_SCROLL, STEP):
            pass

    def _print_beside(self) -> None:
        """Let the cell above the middle one print."""
        cell = self.page.locator("[data-cell-id]").nth(MIDDLE - 1)
        with self._phase("run"):
            cell.locator(".code").click()
            self.page.keyboard.press("Control+Enter")
            cell.locator(".output").get_by_text("line 20", exact=False).first.wait_for()

    @contextmanager
    def _phase(self, name: str, since: float | None = None) -> Iterator[None]:
        start = self.page.evaluate(_CALM) if since is None else since
        yield
        end = self.page.evaluate(_CALM)
        found = [
            duration for at, duration in self.page.evaluate("longTasks") if at >= start and at < end
        ]
        self._note(f"{name}: tasks over 50 ms", "", len(found))
        self._note(f"{name}: their sum", "ms", sum(found))
        self._note(f"{name}: the longest", "ms", max(found, default=0))
        self._note(f"{name}: from start to rest", "ms", end - start)

    def _note(self, name: str, unit: str, value: float) -> None:
        self.measured[name, unit] = value


def import_into(context: BrowserContext, address: str) -> str:
    """Open the long notebook's file, and wait until it is kept; gives the notebook's address."""
    page = context.new_page()
    page.goto(address)
    text = long_notebook(CELLS, special={MIDDLE - 1: PRINTING, MIDDLE: "values = [1]\n"})
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Open .ipynb").first.click()
    chooser.value.set_files(
        [{"name": "Long.ipynb", "mimeType": "", "buffer": text.encode("utf-8")}]
    )
    page.wait_for_function(_STANDS, arg=CELLS)
    page.wait_for_function(_PYTHON_IS_UP)
    found = page.url
    page.goto(address)  # leaving keeps what is drawn first next time
    page.close()
    return found


def main() -> None:
    values: dict[tuple[str, str], list[float]] = defaultdict(list)
    dist, program = Path(os.environ["FOLDBOOK_DIST"]), os.environ["FOLDBOOK_CHROMIUM"]
    with serve.running(dist) as address, sync_playwright() as driver:
        for number in range(ROUNDS):
            with (
                tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile,
                driver.chromium.launch_persistent_context(
                    profile, executable_path=program, args=CHROMIUM_ARGUMENTS
                ) as context,
            ):
                context.set_default_timeout(WAIT)
                place = import_into(context, address)
                for name, value in Round(context.new_page()).measure(place).items():
                    values[name].append(value)
            print(f"  round {number + 1} of {ROUNDS}", flush=True)
    report("long", [Figure(name, unit, found) for (name, unit), found in values.items()])


if __name__ == "__main__":
    main()
