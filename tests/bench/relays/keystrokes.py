"""From a keystroke in one Chromium to the other's screen: two contexts, one machine.

Counts from the `input` event in the one page to the change of the DOM in the other that shows the
character. Both pages' clocks begin at `performance.timeOrigin`, which two processes may set apart
by some tenths of a millisecond: that is measured, too, and told as the error. Foldbook is its
real page with its editor, its workers, its encryption; Yjs is a bare text field with its
provider, and stands for what the way itself takes.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from builder import crdts, node, serve
from playwright.sync_api import Browser, Page, expect, sync_playwright
from relays.servers import HERE, ROOT, Server

sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from conftest import CHROMIUM_ARGUMENTS  # noqa: E402 - found through the path above

from tests.browser.people import People  # noqa: E402

_MARK = "#"
_PAGE = """<!doctype html><textarea></textarea><pre></pre>
<script type="module" src="{}"></script>
"""
_PAUSE = 120  # ms between two keys: a fast typist's, who is what is measured
_CALM = 3000  # ms for what starts beside the editor, and is not what is measured here
_WATCH_KEYS = """
() => {
  globalThis.typed = [];
  const note = () => typed.push(performance.timeOrigin + performance.now());
  document.addEventListener("input", note, true);
}
"""
_WATCH_TEXT = """
(selector) => {
  globalThis.shown = [];
  const place = document.querySelector(selector);
  const look = () => {
    const count = place.textContent.split("#").length - 1;
    const now = performance.timeOrigin + performance.now();
    while (shown.length < count) shown.push(now);
  };
  const all = { childList: true, characterData: true, subtree: true };
  new MutationObserver(look).observe(place, all);
}
"""
_CLOCK = """
() => {
  let most = -Infinity;
  const end = performance.now() + 60;
  while (performance.now() < end)
    most = Math.max(most, Date.now() - performance.timeOrigin - performance.now());
  return most;
}
"""


def typed(writer: Page, reader: Page, selector: str, keys: int) -> tuple[list[float], float]:
    """Milliseconds of each key, and how far the two clocks are apart."""
    reader.evaluate(_WATCH_TEXT, selector)
    writer.evaluate(_WATCH_KEYS)
    apart = abs(writer.evaluate(_CLOCK) - reader.evaluate(_CLOCK))
    for _ in range(keys):
        writer.keyboard.press(_MARK)
        writer.wait_for_timeout(_PAUSE)
    reader.wait_for_function("count => shown.length >= count", arg=keys)
    pairs = zip(writer.evaluate("typed"), reader.evaluate("shown"), strict=True)
    return [shown - at for at, shown in pairs], apart


@contextmanager
def browser() -> Iterator[Browser]:
    """A Chromium."""
    with sync_playwright() as driver:
        chromium = driver.chromium.launch(
            executable_path=os.environ["FOLDBOOK_CHROMIUM"], args=CHROMIUM_ARGUMENTS
        )
        yield chromium
        chromium.close()


def foldbook(chromium: Browser, keys: int) -> tuple[list[float], float]:
    """The built page and a relay of its own."""
    with serve.running_with_relay(Path(os.environ["FOLDBOOK_DIST"])) as (url, relay):
        people = People(chromium, url, relay)
        mara = people.owner("x = 1  ")
        ines = people.join(people.link(mara, "Edit"), "x = 1  ")
        mara.go(0).press("Enter", "Control+End")
        expect(ines.page.locator(".other-caret")).to_be_visible()  # each hears of the other
        mara.page.wait_for_timeout(_CALM)
        found = typed(mara.page, ines.page, "[data-cell-id] .cm-content", keys)
        for context in people.contexts:
            context.close()
    return found


def yjs(chromium: Browser, server: Server, keys: int) -> tuple[list[float], float]:
    """A text field and y-websocket's provider, at its server."""
    script = HERE / "keystrokes.js"
    with TemporaryDirectory() as name:
        folder = Path(name)
        source = crdts.relays_folder(script) / script.name
        options = ("--bundle", "--format=esm", f"--outdir={folder}", "--log-level=warning")
        node.run_tool_quietly("bundle a page", "esbuild", source, *options)
        (folder / "index.html").write_text(_PAGE.format(script.name), encoding="utf-8")
        with serve.running(folder) as url:
            pages = [chromium.new_context().new_page() for _ in range(2)]
            for each in pages:
                each.goto(f"{url}#{server.address.replace('http', 'ws')}")
                each.wait_for_function("globalThis.isThere")
            pages[0].locator("textarea").click()
            found = typed(pages[0], pages[1], "pre", keys)
            for each in pages:
                each.context.close()
    return found
