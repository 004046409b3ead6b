"""One visit to a notebook, as a reader makes it: type, run, plot, import, restart."""

import time
from typing import NamedTuple

from driving.products import Product
from playwright.sync_api import BrowserContext, Page, Request
from playwright.sync_api import TimeoutError as OutOfTime

WAIT = 90_000
"""Milliseconds until a step is given up."""
_QUIET_SECONDS = 2.0
# A reader comes back later: what a product does by itself after a first visit is over then.
_LATER_SECONDS = 15.0
_PAINTED = """() => performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? NaN"""
_KEPT = "async () => (await navigator.storage?.estimate())?.usage ?? 0"
# The number of cells once all are there and the last one is empty and can be pressed and typed
# into. A page that is still being filled shows fewer, and empty ones that are not.
_EMPTY_LAST = """
([selector, least]) => {
  const cells = document.querySelectorAll(selector), last = cells[cells.length - 1];
  const editor = last?.querySelector(".cm-content");
  if (last && !editor) last.scrollIntoView();
  const empty = editor && editor.innerText.trim() === "";
  return cells.length >= least && empty ? cells.length : 0;
}
"""
# Asked at every frame: what is waited for otherwise is looked for up to half a second late.
_SHOWN = """
([cells, at, part, text]) => {
  const parts = document.querySelectorAll(cells)[at]?.querySelectorAll(part) ?? [];
  const isSeen = (each) => each.getBoundingClientRect().height > 0;
  return [...parts].some((each) => each.textContent.includes(text) && isSeen(each));
}
"""
PLOT = """import numpy as np
import matplotlib.pyplot as plt
plt.plot(np.sin(np.arange(50)))
plt.show()"""

Measured = dict[str, float]
"""Milliseconds by what was waited for."""


class Place(NamedTuple):
    """Where a notebook is found again, and how many cells it has."""

    address: str
    cells: int


class Visit:
    """A new page of a profile, with one notebook of one product.

    Playwright's TimeoutError comes from every step that does not end within WAIT.
    """

    def __init__(self, product: Product, page: Page, cells: int = 1) -> None:
        self.page = page
        self._product = product
        self._cells = cells
        self._requests = 0
        page.set_default_timeout(WAIT)
        for event in ("request", "requestfinished", "requestfailed"):
            page.on(event, self._count)
        self._started = time.perf_counter()

    @classmethod
    def begin(cls, product: Product, context: BrowserContext, address: str) -> "Visit":
        """The first visit of a profile; `address` is that of the site."""
        visit = cls(product, context.new_page())
        visit.page.goto(address + product.path, wait_until="commit")
        product.begin(visit.page)
        return visit

    @classmethod
    def return_to(cls, product: Product, context: BrowserContext, place: Place) -> "Visit":
        """A later visit to a notebook."""
        visit = cls(product, context.new_page(), place.cells)
        visit.page.goto(place.address, wait_until="commit")
        return visit

    def leave(self) -> Place:
        """Close the page once it has come to rest; gives where it can be opened again."""
        self._product.save(self.page)
        self.settle()
        # This time passes for a reader, too, and is the same for both products. Its end cannot be
        # waited for by an event: V8 stores what it has compiled some seconds later, unseen by any
        # page, and JupyterLite never stops looking at its files.
        self.page.wait_for_timeout(_LATER_SECONDS * 1e3)
        place = Place(self.page.url, self.page.locator(self._product.cell).count())
        self.page.close()
        return place

    def measure(self, measured: Measured, when: str) -> None:
        """Do all that a reader does, and note how long each took under `when`."""
        self.wait_for_editor()
        measured[f"{when}: first editor visible"] = self._milliseconds()
        self.run("print(6*7)", "42")
        measured[f"{when}: first output of print(6*7)"] = self._milliseconds()
        measured[f"{when}: first paint"] = float(self.page.evaluate(_PAINTED))
        self._run(PLOT, self._product.picture)
        measured[f"{when}: first numpy + matplotlib plot"] = self._milliseconds()
        self._started = time.perf_counter()
        self.run("import pandas\nprint('pandas is here')", "pandas is here")
        measured[f"{when}: import pandas, numpy being there"] = self._milliseconds()
        self._restart()
        self.run("print(6*7, 'plt' in globals())", "42 False")
        measured[f"{when}: restart to first output"] = self._milliseconds()

    def wait_for_editor(self) -> None:
        """Wait until a cell has an editor that can be seen: text that looks like one is not it."""
        self.page.locator(f"{self._product.cell} .cm-editor .cm-content").first.wait_for()

    def run(self, source: str, output: str) -> None:
        """Type into the last cell, run it, and wait for an output with this text."""
        self._run(source, self._product.stream, output)

    def _run(self, source: str, part: str, text: str = "") -> None:
        cells = self._product.cell
        found = self.page.wait_for_function(_EMPTY_LAST, arg=[cells, self._cells])
        self._cells = found.json_value()
        cell = self.page.locator(cells).nth(self._cells - 1)
        cell.scroll_into_view_if_needed()  # what is far from the screen may not be drawn
        cell.locator(".cm-content").click()
        self.page.keyboard.insert_text(source)
        self._product.run(self.page, cell)
        self.page.wait_for_function(_SHOWN, arg=[cells, self._cells - 1, part, text])

    def _restart(self) -> None:
        """Both products ask for the same keys and then for a yes, from which the clock runs."""
        for key in ("Escape", "0", "0"):
            self.page.keyboard.press(key)
        dialog = self.page.get_by_role("dialog")
        button = dialog.get_by_role("button", name=self._product.restart, exact=True)
        button.click(trial=True)  # the dialog has come to rest
        self._started = time.perf_counter()
        button.click()

    def settle(self) -> None:
        """Wait until the page has fetched and kept nothing for some seconds."""
        quiet = False
        while not quiet:
            before = self._activity()
            try:
                self.page.context.wait_for_event("request", timeout=_QUIET_SECONDS * 1e3)
            except OutOfTime:
                quiet = self._activity() == before

    def _activity(self) -> tuple[int, int]:
        return self._requests, self.page.evaluate(_KEPT)

    def _count(self, _request: Request) -> None:
        self._requests += 1

    def _milliseconds(self) -> float:
        return (time.perf_counter() - self._started) * 1e3
