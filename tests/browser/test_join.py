"""A link to a shared notebook: its key leaves the address, and the page goes to the notebook."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.stand_in import NO_PYTHON
from tests.browser.visitors import Visitors

pytestmark = pytest.mark.browser

KEY = "Qm9va3MgYXJlIGZvbGRlZCBzaGVldHM"
LINK = f"join/7Q2M_room/{KEY}"
_STORED = """() => new Promise((resolve, reject) => {
  const request = indexedDB.open("foldbook");
  request.onerror = () => reject(request.error);
  request.onsuccess = () => {
    const database = request.result;
    const transaction = database.transaction(["inbox", "notebooks"]);
    const inbox = transaction.objectStore("inbox").getAll();
    const notebooks = transaction.objectStore("notebooks").getAll();
    transaction.oncomplete = () => {
      database.close();
      resolve({ inbox: inbox.result, notebooks: notebooks.result });
    };
  };
})"""
_TOLD = """key => [
  location.href, document.baseURI, document.referrer, document.documentElement.outerHTML,
  JSON.stringify(performance.getEntries()), JSON.stringify(history.state),
  JSON.stringify(localStorage), JSON.stringify(sessionStorage),
].filter((text) => text?.includes(key))"""


@pytest.fixture
def page(readers: Visitors) -> Iterator[Page]:
    """A page of a browser that knows no notebook."""
    context = readers.come(service_workers="block")
    context.set_default_timeout(60_000)
    page = context.new_page()
    page.add_init_script(NO_PYTHON)
    yield page
    readers.go(context)


def stored(page: Page) -> dict[str, Any]:
    """The list of notebooks, and what waits for them."""
    found: dict[str, Any] = page.evaluate(_STORED)
    return found


def test_a_link_leads_to_its_notebook_and_leaves_no_key(page: Page, standing_site: str) -> None:
    page.goto(f"{standing_site}#{LINK}")
    page.wait_for_url(f"{standing_site}?notebook=7Q2M_room")
    expect(page.get_by_role("textbox", name="Name of the notebook")).to_have_value(
        "Shared notebook"
    )
    assert page.evaluate(_TOLD, KEY) == []
    found = stored(page)
    assert [(each["id"], each["name"]) for each in found["notebooks"]] == [
        ("7Q2M_room", "Shared notebook")
    ]
    assert [(each["notebook"], each["command"]) for each in found["inbox"]] == [
        ("7Q2M_room", {"do": "join", "link": LINK})
    ]
    assert page.evaluate("history.length") <= 2, "about:blank and the notebook"


def test_a_link_pasted_into_an_open_page_is_followed(page: Page, standing_site: str) -> None:
    page.goto(standing_site)
    expect(page.get_by_role("heading", name="No notebooks yet")).to_be_visible()
    page.evaluate("link => { location.hash = link; }", LINK)
    page.wait_for_url(f"{standing_site}?notebook=7Q2M_room")
    assert page.evaluate(_TOLD, KEY) == []
    page.evaluate("link => { location.hash = link; }", LINK.replace("7Q2M", "other"))
    page.wait_for_url(f"{standing_site}?notebook=other_room")
    page.go_back()
    page.wait_for_url(f"{standing_site}?notebook=7Q2M_room")
    assert page.evaluate(_TOLD, KEY) == []
    page.go_back()
    page.wait_for_url(standing_site)
    assert page.evaluate(_TOLD, KEY) == []


def test_a_notebook_that_was_removed_comes_back_under_its_name(
    page: Page, standing_site: str
) -> None:
    page.goto(f"{standing_site}#{LINK}")
    page.wait_for_url("**notebook=7Q2M_room")
    page.goto(standing_site)
    page.get_by_role("button", name="More for Shared notebook").click()
    page.get_by_role("menuitem", name="Rename").click()
    page.get_by_role("textbox", name="Name").fill("Tides")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="More for Tides").click()
    page.get_by_role("menuitem", name="Delete").click()
    expect(page.get_by_role("heading", name="No notebooks yet")).to_be_visible()
    page.goto(f"{standing_site}#{LINK}")
    page.wait_for_url("**notebook=7Q2M_room")
    (entry,) = stored(page)["notebooks"]
    assert (entry["name"], entry["deletedAt"]) == ("Tides", None)


@pytest.mark.parametrize("query", ["", "?notebook=mine"])
def test_a_link_that_is_not_whole_says_so_and_opens_nothing(
    page: Page, standing_site: str, query: str
) -> None:
    page.goto(f"{standing_site}{query}#join/7Q2M_room/")
    banner = page.get_by_role("alert")
    expect(banner).to_contain_text("This link is not whole.")
    expect(page.get_by_role("heading", name="No notebooks yet")).to_be_visible()
    assert page.url == standing_site + query
    assert stored(page) == {"inbox": [], "notebooks": []}
    banner.get_by_role("button", name="Close").click()
    expect(banner).to_be_hidden()


def test_half_a_link_on_an_open_page_leaves_that_open(page: Page, standing_site: str) -> None:
    page.goto(standing_site)
    page.get_by_role("button", name="New notebook").first.click()
    page.wait_for_url("**notebook=*")
    before = page.url
    page.evaluate("() => { location.hash = 'join/7Q2M_room/x'; }")
    expect(page.get_by_role("alert")).to_contain_text("This link is not whole.")
    assert page.url == before
