"""A notebook from a file, in a browser of its own: brought there, kept, and opened again."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from driving.feel import Felt, Measured
from playwright.sync_api import BrowserContext, Locator, Page, Playwright

WAIT = 120_000  # ms; a busy machine starts Python slowly
_STANDS = "count => document.querySelectorAll('[data-cell-id]').length === count"
_KEPT = """
async (count) => {
  const asked = (request) => new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  const id = new URLSearchParams(location.search).get("notebook");
  const database = await asked(indexedDB.open(`foldbook-${id}`));
  const saved = () => asked(database.transaction("view").objectStore("view").get("saved"));
  while (JSON.parse((await saved()) ?? '{"order": []}').order.length !== count)
    await new Promise((resolve) => setTimeout(resolve, 50));
  database.close();
}
"""
"""Until what is drawn first next time has so many cells."""
_PYTHON_IS_UP = """
() => !/Preparing/.test(document.querySelector(".rt-chip").getAttribute("aria-label"))
  && document.querySelector(".saved").textContent.startsWith("Saved")
"""


@contextmanager
def browser(driver: Playwright, program: str, arguments: list[str]) -> Iterator[BrowserContext]:
    """A browser that has seen nothing yet, with a profile on disk."""
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile,
        driver.chromium.launch_persistent_context(
            profile, executable_path=Path(program), args=arguments
        ) as context,
    ):
        context.set_default_timeout(WAIT)
        yield context


def import_into(context: BrowserContext, address: str, text: str, cells: int) -> str:
    """Open a file with so many cells, and wait until it is kept; gives the notebook's address."""
    page = context.new_page()
    page.goto(address)
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Open .ipynb").first.click()
    chooser.value.set_files(
        [{"name": "Long.ipynb", "mimeType": "", "buffer": text.encode("utf-8")}]
    )
    stands(page, cells)
    python_is_up(page)
    found = page.url
    page.evaluate(_KEPT, cells)
    page.close()
    return found


def opened(
    context: BrowserContext, address: str, text: str, cells: int, measured: Measured
) -> Felt:
    """A notebook from a file, kept and opened again in a page that is watched; Python is up."""
    place = import_into(context, address, text, cells)
    felt = Felt(context.new_page(), measured)
    felt.page.goto(place)
    stands(felt.page, cells)
    python_is_up(felt.page)
    return felt


def stands(page: Page, cells: int) -> None:
    """Wait until so many cells are there."""
    page.wait_for_function(_STANDS, arg=cells, polling=20)


def python_is_up(page: Page) -> None:
    """Wait until the runtime is ready, and all that was done is saved."""
    page.wait_for_function(_PYTHON_IS_UP)


def cell(page: Page, at: int) -> Locator:
    """The cell at this place."""
    return page.locator("[data-cell-id]").nth(at)


def begin(page: Page, at: int) -> Locator:
    """Run a cell by its keys; gives it."""
    found = cell(page, at)
    found.locator(".code").click()
    page.keyboard.press("Control+Enter")
    return found


def run(page: Page, at: int) -> Locator:
    """Run a cell, and wait until it has ended well; gives it."""
    found = begin(page, at)
    found.and_(page.locator("[data-execution-status=ok]")).wait_for()
    return found
