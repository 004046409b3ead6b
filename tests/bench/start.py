"""From opening the page to the first results, in Chromium: cold (a new profile) and warm.

Cold is the first visit of a fresh profile; warm opens the same notebook again in a new page of
the same profile. Times are from navigation, in milliseconds; the server is on loopback.
"""

import os
import sys
import time
from pathlib import Path

from harness import Figure, report
from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT / ".build"), str(ROOT / "tests")]

from builder import serve  # noqa: E402 - found through the path above
from conftest import CHROMIUM_ARGUMENTS  # noqa: E402 - as well

TIMES = 3
PLOT = "import numpy as np, matplotlib.pyplot as plt\nplt.plot(np.sin(np.arange(50)));"
PAINTED = """() => performance.getEntriesByName("first-contentful-paint")[0]?.startTime"""
WAIT = 180_000

Measured = dict[str, list[float]]


def note(measured: Measured, name: str, milliseconds: float) -> None:
    measured.setdefault(name, []).append(milliseconds)


def run_and_wait(page: Page, source: str, selector: str) -> None:
    """Type into the last cell, run it, and wait for an output."""
    page.locator(".cm-content").last.click()
    page.keyboard.insert_text(source)
    page.keyboard.press("Shift+Enter")
    page.locator(selector).last.wait_for(timeout=WAIT)


class Visit:
    """One opening of a page, timed from navigation."""

    def __init__(self, page: Page, name: str, measured: Measured) -> None:
        self._page, self._name, self._measured = page, name, measured
        self._started = time.perf_counter()

    def tell(self, what: str) -> None:
        """Note the milliseconds until now."""
        took = (time.perf_counter() - self._started) * 1e3
        note(self._measured, f"{self._name}: {what}", took)

    def work(self) -> None:
        """Wait for the editor, run 6*7, then plot; each is noted."""
        page = self._page
        page.locator(".cm-content").first.wait_for(timeout=WAIT)
        self.tell("editor ready")
        note(self._measured, f"{self._name}: first paint", float(page.evaluate(PAINTED)))
        results = '[data-output-type="execute_result"]'
        count = page.locator(results).count()
        run_and_wait(page, "6*7", f"{results} >> nth={count}")
        self.tell("first result of 6*7")
        pictures = '[data-output-type="display_data"] img'
        count = page.locator(pictures).count()
        run_and_wait(page, PLOT, f"{pictures} >> nth={count}")
        self.tell("first plot")


def one_round(browser: Browser, address: str, measured: Measured) -> None:
    """A fresh profile: home and a new notebook; then the same notebook in a new page."""
    context = browser.new_context()
    page = context.new_page()
    visit = Visit(page, "cold", measured)
    page.goto(address)
    button = page.get_by_role("button", name="New notebook").first
    button.wait_for(timeout=WAIT)
    visit.tell("home ready")
    button.click()
    page.wait_for_url("**?notebook=*")
    visit.work()
    opened = page.url
    page.close()
    page = context.new_page()
    visit = Visit(page, "warm", measured)
    page.goto(opened)
    visit.work()
    context.close()


def main() -> None:
    measured: Measured = {}
    dist, chromium = os.environ["FOLDBOOK_DIST"], os.environ["FOLDBOOK_CHROMIUM"]
    with serve.running(Path(dist)) as address, sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=CHROMIUM_ARGUMENTS)
        for _ in range(TIMES):
            one_round(browser, address, measured)
        browser.close()
    report("start", [Figure(name, "ms", values) for name, values in measured.items()])


if __name__ == "__main__":
    main()
