"""A long run and somebody who looks at something else: clock, title, notification."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, expect

from tests.browser.engines import wait_until
from tests.browser.sheet import Sheet

pytestmark = pytest.mark.browser

# Headless tabs are never hidden: the page is told that it is, or is not.
_SEEN = """(state) => {
  Object.defineProperty(document, "visibilityState", { configurable: true, get: () => state });
  Object.defineProperty(document, "hidden", { configurable: true, get: () => state === "hidden" });
  document.dispatchEvent(new Event("visibilitychange"));
}"""
_SHOWN = """async () => {
  const registration = await navigator.serviceWorker.ready;
  const all = await registration.getNotifications();
  return all.map(({ title, body }) => `${title}: ${body}`);
}"""
OFFER = "Tell me when it ends"


@pytest.fixture
def context(chromium: Browser) -> Iterator[BrowserContext]:
    made = chromium.new_context(permissions=["notifications"])
    made.set_default_timeout(150_000)
    yield made
    made.close()


def test_a_run_that_ends_behind_another_tab_is_told(context: BrowserContext, site_url: str) -> None:
    sheet = Sheet.new(context, site_url)
    page = sheet.page
    sheet.fill("while True: pass", "1 / 0").go(0).press("Control+Enter")
    sheet.status(0, "running")
    page.evaluate(_SEEN, "hidden")
    expect(page).to_have_title("Running · Untitled - Foldbook")
    page.evaluate(_SEEN, "visible")
    expect(page).to_have_title("Untitled - Foldbook")
    offer = sheet.cell(0).get_by_role("button", name=OFFER)
    expect(offer).to_be_visible()  # after some seconds that are counted beside it
    sheet.until(r"/^Running\s*[\d.]+ s/.test(cells[0].words)")
    offer.click()
    expect(offer).to_have_attribute("aria-pressed", "true")
    page.evaluate("async () => { await navigator.serviceWorker.ready; }")
    page.evaluate(_SEEN, "hidden")
    sheet.press("Escape", "i", "i")
    assert sheet.status(0, "error", "lost") == "error"
    expect(page).to_have_title("Failed · Untitled - Foldbook")
    [told] = wait_until(lambda: page.evaluate(_SHOWN), "a notification")
    assert told.startswith("Cell 1 failed: Untitled, after ")
    page.evaluate(_SEEN, "visible")
    expect(page).to_have_title("Untitled - Foldbook")
    # Nobody has asked to be told of this one.
    page.evaluate(_SEEN, "hidden")
    sheet.go(1).press("Control+Enter")
    sheet.status(1, "error")
    expect(page).to_have_title("Failed · Untitled - Foldbook")
    assert len(page.evaluate(_SHOWN)) == 1


def test_where_it_may_not_notify_the_page_says_so(chromium: Browser, site_url: str) -> None:
    context = chromium.new_context()
    context.set_default_timeout(60_000)
    page = context.new_page()
    page.goto(site_url)
    page.get_by_role("button", name="Settings").click()
    box = page.get_by_role("checkbox", name="Notify me")
    expect(box).not_to_be_checked()
    box.click()
    expect(page.get_by_text("This browser does not let the page notify you.")).to_be_visible()
    expect(box).not_to_be_checked()
    assert page.evaluate("localStorage.getItem('tell-ends')") == "off"
    context.close()
