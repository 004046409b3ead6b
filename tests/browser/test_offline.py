"""Without any network: the page, Python and a shared notebook come from what this browser keeps."""

import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from builder import relay as relays
from builder import serve
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.sheet import Sheet

pytestmark = pytest.mark.browser

SAVED_HERE = "() => document.querySelector('.saved').innerText.startsWith('Saved here.')"
SENT_LATER = "() => /Saved here.*wait/.test(document.querySelector('.saved').innerText)"
PATIENCE = 150_000  # ms that Python may take to start on a busy machine


class Hosts:
    """The site and its relay, which go and come back at the same addresses."""

    def __init__(self, dist: Path, folder: Path, *, isolated: bool) -> None:
        self._dist = dist
        self._folder = folder
        self._isolated = isolated
        self._ports = (0, 0)
        self._up: ExitStack | None = None
        self.url = self.relay = ""
        self.begin()

    def begin(self) -> None:
        """Answer."""
        with ExitStack() as after:
            relay = after.enter_context(relays.running(self._folder, self._ports[1]))
            assert relay is not None
            server = serve.open_server(
                self._dist, self._ports[0], isolated=self._isolated, relay_at=relay
            )
            self.url, self.relay = after.enter_context(serve.answering(server)), relay
            self._ports = (server.server_address[1], int(relay.rpartition(":")[2]))
            self._up = after.pop_all()

    def end(self) -> None:
        """Answer nothing any more."""
        if self._up is not None:
            self._up.close()
            self._up = None


@pytest.fixture(params=["isolated", "plain"])
def hosts(dist: Path, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Hosts]:
    made = Hosts(dist, tmp_path / "relay", isolated=request.param == "isolated")
    yield made
    made.end()


@pytest.fixture
def context(chromium: Browser) -> Iterator[BrowserContext]:
    made = chromium.new_context()
    made.set_default_timeout(PATIENCE)
    yield made
    made.close()


def kept(page: Page) -> None:
    """Wait until the page is kept, and have the browser forget what it got over the network."""
    page.wait_for_function("() => 'kept' in document.documentElement.dataset", timeout=PATIENCE)
    devtools = page.context.new_cdp_session(page)
    devtools.send("Network.clearBrowserCache")
    devtools.detach()


def saved(page: Page) -> str:
    """What the header says of it, when nothing is under way."""
    page.wait_for_function(
        "() => document.querySelector('.saved')?.innerText.startsWith('Saved')", timeout=PATIENCE
    )
    return page.locator(".saved").inner_text()


def again(page: Page) -> Sheet:
    """The notebook, loaded again, when its Python is there."""
    page.reload()
    sheet = Sheet(page)
    page.set_default_timeout(PATIENCE)
    sheet.until("cells.length > 0")
    saved(page)
    return sheet


def test_a_notebook_opens_and_runs_where_nobody_answers(
    hosts: Hosts, context: BrowserContext
) -> None:
    page = context.new_page()
    page.on("dialog", lambda dialog: dialog.accept())
    page.goto(hosts.url, wait_until="commit")
    page.wait_for_function("() => self.crossOriginIsolated")
    page.get_by_role("button", name="New notebook").first.click()
    sheet = Sheet(page)
    sheet.until("cells.length === 1 && cells[0].editing")
    sheet.write("import numpy\nint(numpy.arange(4).sum())").press("Control+Enter")
    assert sheet.status(0, "ok", "error") == "ok"
    kept(page)
    hosts.end()
    sheet = again(page)
    assert page.evaluate("self.crossOriginIsolated")
    assert sheet.cells[0]["outputs"] == ["6"]
    sheet.go(0).press("b", "Enter").write("6 * 7").press("Control+Enter")
    assert sheet.status(1, "ok", "error") == "ok"
    assert sheet.cells[1]["outputs"] == ["42"]
    saved(page)
    sheet = again(page)
    sheet.until("cells.length === 2 && cells[1].source === '6 * 7'")
    page.goto(hosts.url)
    expect(page.get_by_role("button", name="More for Untitled")).to_be_visible()
    hosts.begin()
    page.reload()
    expect(page.get_by_role("button", name="More for Untitled")).to_be_visible()


def test_a_shared_notebook_opens_and_is_sent_when_the_hosts_are_back(
    hosts: Hosts, context: BrowserContext, chromium: Browser
) -> None:
    page = context.new_page()
    page.on("dialog", lambda dialog: dialog.accept())
    sheet = Sheet.new(context, hosts.url)
    page = sheet.page
    sheet.write("begun = 'together'").press("Escape")
    saved(page)
    page.get_by_role("button", name="Share", exact=True).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Share this notebook").click()
    dialog.get_by_role("button", name="Create edit link").click(timeout=PATIENCE)
    link = dialog.get_by_role("textbox", name="The edit link").input_value()
    page.keyboard.press("Escape")
    kept(page)
    hosts.end()
    sheet = again(page)
    page.wait_for_function(SAVED_HERE)
    sheet.shows("begun = 'together'")
    sheet.go(0).press("b", "Enter").write("alone = True").press("Escape")
    page.wait_for_function(SENT_LATER)
    sheet = again(page)
    sheet.shows("begun = 'together'", "alone = True")
    hosts.begin()
    page.wait_for_function(
        "() => /^Saved · event/.test(document.querySelector('.saved').innerText)", timeout=PATIENCE
    )
    other = chromium.new_context()
    guest = Sheet(other.new_page())
    guest.page.goto(link)
    guest.page.set_default_timeout(PATIENCE)
    guest.shows("begun = 'together'", "alone = True")
    other.close()


def test_what_is_built_anew_is_never_served_old(
    dist: Path, tmp_path: Path, context: BrowserContext
) -> None:
    """Another build at the same address, as after `build.py serve` began again."""
    site = tmp_path / "dist"
    shutil.copytree(dist, site, copy_function=lambda a, b: Path(b).hardlink_to(a))
    hosts = Hosts(site, tmp_path / "relay", isolated=True)
    try:
        sheet = Sheet.new(context, hosts.url)
        kept(sheet.page)
        page = site / "index.html"
        text = page.read_text(encoding="utf-8")
        stamp = sheet.page.locator("meta[name=foldbook-build]").get_attribute("content")
        assert stamp is not None
        for name in ("index.html", "index.html.br", "index.html.gz"):
            (site / name).unlink()
        page.write_text(text.replace(stamp, "another"), encoding="utf-8")
        sheet.page.reload()
        meta = sheet.page.locator("meta[name=foldbook-build]")
        expect(meta).to_have_attribute("content", "another")
        hosts.end()
        sheet.page.reload()
        expect(meta).to_have_attribute("content", stamp)
        expect(sheet.page.locator(".cm-content, .source").first).to_be_visible(timeout=PATIENCE)
    finally:
        hosts.end()
