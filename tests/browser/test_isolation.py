"""A host that sends no isolating headers: the service worker adds them, and never disturbs."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

pytestmark = pytest.mark.browser

PATIENCE = 150_000
"""Milliseconds that Python may take to start and run on a busy machine."""

_ACT_FIRST = """
const register = navigator.serviceWorker.register.bind(navigator.serviceWorker);
navigator.serviceWorker.register = (...how) => {
  dispatchEvent(new KeyboardEvent("keydown", { key: "Shift" }));
  return register(...how);
};
window.changes = 0;
navigator.serviceWorker.addEventListener("controllerchange", () => { window.changes += 1; });
"""


@pytest.fixture
def context(chromium: Browser, site_url_plain: str) -> Iterator[BrowserContext]:
    """A browser that has never been at this host."""
    made = chromium.new_context(base_url=site_url_plain)
    made.set_default_timeout(PATIENCE)
    yield made
    made.close()


def loads(page: Page) -> list[str]:
    """The addresses that the tab loads from now on, as they come."""
    found: list[str] = []
    page.on("load", lambda loaded: found.append(loaded.url))
    return found


def status(page: Page, cell: int, *wanted: str) -> Any:
    """Wait until the run of the cell at this place is in one of these states; returns which."""
    return page.wait_for_function(
        """([cell, wanted]) => {
          const status = document.querySelectorAll("[data-cell-id]")[cell]?.dataset.executionStatus;
          return wanted.includes(status) && status;
        }""",
        arg=[cell, list(wanted)],
    ).json_value()


def test_one_reload_isolates_the_page_and_an_interrupt_keeps_memory(
    context: BrowserContext,
) -> None:
    page = context.new_page()
    page.on("dialog", lambda dialog: dialog.accept())
    seen = loads(page)
    page.goto("/", wait_until="commit")
    page.wait_for_function("() => self.crossOriginIsolated")
    page.get_by_role("button", name="New notebook").first.click()
    expect(page.locator(".cm-content")).to_be_visible(timeout=PATIENCE)
    assert page.evaluate("self.crossOriginIsolated")
    page.keyboard.insert_text("kept = 6\nwhile True: pass")
    page.keyboard.press("Control+Enter")
    status(page, 0, "running")
    page.get_by_role("button", name="Interrupt").first.click()
    assert status(page, 0, "error", "lost") == "error"
    expect(page.locator("[data-output-type=error]")).to_contain_text("KeyboardInterrupt")
    page.keyboard.press("b")
    page.keyboard.press("Enter")
    page.keyboard.insert_text("kept * 7")
    page.keyboard.press("Control+Enter")
    assert status(page, 1, "ok", "error") == "ok"
    expect(page.locator("[data-output-type=execute_result]")).to_contain_text("42")
    assert len(seen) == 3, "the list, the list again, the notebook"


def test_the_page_is_not_loaded_again_under_the_hands_of_its_reader(
    context: BrowserContext,
) -> None:
    page = context.new_page()
    page.add_init_script(_ACT_FIRST)
    seen = loads(page)
    page.goto("/")
    page.wait_for_function("() => window.changes === 1")
    assert page.evaluate("[sessionStorage.getItem('isolated'), self.crossOriginIsolated]") == [
        None,
        False,
    ]
    page.get_by_role("button", name="New notebook").first.click()
    expect(page.locator(".cm-content")).to_be_visible(timeout=PATIENCE)
    assert page.evaluate("self.crossOriginIsolated"), "from the next page on"
    assert len(seen) == 2


def test_what_the_page_fetches_goes_past_the_service_worker(context: BrowserContext) -> None:
    """It would only stand in the way: a browser keeps compiled code of the network's answers."""
    page = context.new_page()
    page.goto("/", wait_until="commit")
    page.wait_for_function("() => self.crossOriginIsolated && navigator.serviceWorker.controller")
    added = page.evaluate(
        """async () => (await fetch("manifest.json")).headers.get("cross-origin-embedder-policy")"""
    )
    assert added is None
