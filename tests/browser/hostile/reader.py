"""Somebody who opens notebooks in the real page, and what can be seen of what happened there."""

import base64
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from foldbook.row import Row, decode_segment
from playwright.sync_api import Browser, BrowserContext, Error, Page, expect

PATIENCE = 180_000
"""Milliseconds: a loaded machine may need long to start Python twice."""
_SHORT = 2_000
"""Milliseconds that a frame gets to answer; one that goes elsewhere never does."""
_LOOKS = PATIENCE // 100
"""Looks for a mark, 50 ms apart or more, before it is given up."""
_MARKS = "() => window.__hacked ?? []"

_ROWS = """async id => {
  const database = await new Promise((resolve, reject) => {
    const request = indexedDB.open(`foldbook-${id}`);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  const segments = await new Promise((resolve) => {
    const request = database.transaction('rows').objectStore('rows').getAll();
    request.onsuccess = () => resolve(request.result);
  });
  database.close();
  const character = (byte) => String.fromCharCode(byte);
  return segments.map((bytes) => btoa([...bytes].map(character).join('')));
}"""


class Reader:
    """A browser context that notes what no notebook may do: dialogs, windows, what it logs."""

    def __init__(self, context: BrowserContext, url: str) -> None:
        self.context = context
        self.url = url
        self.dialogs: list[str] = []
        self.opened: list[str] = []
        self.said: list[str] = []

    def tab(self, path: str = "") -> Page:
        """A new tab of the site."""
        page = self.context.new_page()
        page.on("dialog", self._asked)
        page.on("popup", lambda popup: self.opened.append(popup.url))
        page.on("console", lambda message: self.said.append(message.text))
        page.goto(self.url + path)
        return page

    def open_file(self, name: str, data: bytes) -> Page:
        """Open a notebook file with the picker of the home page, as a reader does."""
        page = self.tab()
        with page.expect_file_chooser() as chooser:
            page.get_by_role("button", name="Open .ipynb").first.click()
        file: Any = {"name": name, "mimeType": "application/json", "buffer": data}
        chooser.value.set_files([file])
        page.wait_for_url("**/?notebook=*")
        count = len(json.loads(data)["cells"])
        expect(page.locator("[data-cell-id]")).to_have_count(count, timeout=PATIENCE)
        page.get_by_text(re.compile(r"^Saved")).first.wait_for()
        return page

    def new(self) -> Page:
        """A new notebook, ready to be typed in."""
        page = self.tab()
        page.get_by_role("button", name="New notebook").first.click()
        page.wait_for_url("**/?notebook=*")
        page.locator(".cm-content").first.wait_for()
        return page

    def _asked(self, dialog: Any) -> None:
        if dialog.type != "beforeunload":
            self.dialogs.append(dialog.message)
        dialog.accept()


@contextmanager
def reading(browser: Browser, url: str, *, bypass_csp: bool = False) -> Iterator[Reader]:
    """A reader with a profile of its own, who would accept any certificate."""
    with browser.new_context(ignore_https_errors=True, bypass_csp=bypass_csp) as context:
        context.set_default_timeout(PATIENCE)
        yield Reader(context, url)


def notebook_id(page: Page) -> str:
    """The id of the notebook that the page shows."""
    found: str = page.evaluate("new URLSearchParams(location.search).get('notebook')")
    return found


def log_of(page: Page, notebook: str) -> list[Row]:
    """The rows of a notebook of this browser, as they are stored."""
    segments: list[str] = page.evaluate(_ROWS, notebook)
    rows = [row for each in segments for row in decode_segment(base64.b64decode(each))]
    return sorted(rows, key=lambda row: row.seq)


def marks_of(page: Page) -> tuple[list[str], set[str]]:
    """The marks that were left in the page itself, and those in all frames below it."""
    mine: list[str] = page.evaluate(_MARKS)
    below: set[str] = set()
    for frame in page.frames:
        if frame is page.main_frame:
            continue
        try:
            below |= set(frame.locator(":root").evaluate(_MARKS, timeout=_SHORT))
        except Error:  # it was replaced meanwhile, or is on its way to nowhere
            continue
    return mine, below


def wait_for_mark(page: Page, name: str) -> None:
    """Wait until a frame below the page has this mark."""
    for _ in range(_LOOKS):
        if name in marks_of(page)[1]:
            return
        page.wait_for_function("() => new Promise((next) => setTimeout(() => next(true), 50))")
    raise AssertionError(f"the mark {name} expected, {sorted(marks_of(page)[1])} found")


def shot(page: Page, folder: Path, name: str) -> None:
    """Leave a picture of the page."""
    page.screenshot(path=folder / f"{name}.png")
