"""The page as an app: it can be installed, and goes over to a new version when asked to."""

import json
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest
from builder import serve
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser import later_build
from tests.browser.profile import Profile
from tests.browser.sheet import Sheet

pytestmark = pytest.mark.browser

PATIENCE = 150_000  # ms that Python may take to start on a busy machine
NEWS = "A new version of Foldbook is here."
_NO_SERVICE = "delete Navigator.prototype.serviceWorker"


@pytest.fixture
def context(chromium: Browser) -> Iterator[BrowserContext]:
    made = chromium.new_context()
    made.set_default_timeout(PATIENCE)
    yield made
    made.close()


@pytest.fixture
def site(dist: Path, tmp_path: Path) -> Path:
    """Where a host has the build of now."""
    folder = tmp_path / "site-of-now"
    later_build.link_all(dist, folder)
    return folder


@pytest.fixture(scope="module")
def later(dist: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The build that comes after it."""
    return later_build.build(dist, tmp_path_factory.mktemp("later"))


def build_of(page: Page) -> str | None:
    return page.locator("meta[name=foldbook-build]").get_attribute("content")


def kept(page: Page) -> None:
    page.wait_for_function("() => 'kept' in document.documentElement.dataset", timeout=PATIENCE)


def online_again(page: Page) -> None:
    """The network goes and comes back: a page looks then."""
    page.context.set_offline(True)
    page.wait_for_function("() => !navigator.onLine")
    page.context.set_offline(False)


def test_chromium_finds_nothing_that_keeps_it_from_being_installed(profile: Profile) -> None:
    page = profile.page()
    expect(page.get_by_role("heading", name="Examples")).to_be_visible()
    devtools = profile.context.new_cdp_session(page)
    app = devtools.send("Page.getAppManifest")
    assert app["errors"] == []
    assert app["url"] == f"{profile.url}app.webmanifest"
    assert devtools.send("Page.getInstallabilityErrors")["installabilityErrors"] == []


def test_the_app_stands_at_any_path_and_its_icons_are_what_they_say(dist: Path) -> None:
    app = json.loads((dist / "app.webmanifest").read_text(encoding="utf-8"))
    assert (app["start_url"], app["scope"]) == ("./", "./")
    assert "maskable" in {icon.get("purpose") for icon in app["icons"]}
    for icon in app["icons"]:
        head = (dist / icon["src"]).read_bytes()[:24]
        assert head[:8] == b"\x89PNG\r\n\x1a\n"
        width, height = struct.unpack(">II", head[16:24])
        assert icon["sizes"] == f"{width}x{height}"
    listed = json.loads((dist / "manifest.json").read_text(encoding="utf-8"))["page"]
    assert {"app.webmanifest", *(icon["src"] for icon in app["icons"])} <= set(listed)


def test_an_open_page_tells_of_a_new_version_and_goes_over_when_asked(
    site: Path, later: Path, context: BrowserContext
) -> None:
    with serve.running(site) as url:
        sheet = Sheet.new(context, url)
        page = sheet.page
        sheet.write("kept = 6 * 7\nkept").press("Control+Enter")
        assert sheet.status(0, "ok", "error") == "ok"
        kept(page)
        first = build_of(page)
        later_build.deploy(later, site)
        other = context.new_page()
        other.goto(url)  # the new one is here, and keeps itself
        assert build_of(other) == later_build.STAMP
        other.locator(".books .name").click()
        expect(other.locator(".saved")).to_contain_text("Saved")
        kept(other)

        banner = page.locator(".banner", has_text=NEWS)
        expect(banner).to_have_count(0)
        online_again(page)
        expect(banner).to_be_visible()
        assert build_of(page) == first, "nothing moves by itself"
        # What it has not loaded yet is of its own build, though the host has it no more.
        page.get_by_role("button", name="Share", exact=True).click()
        expect(page.get_by_role("dialog").get_by_role("heading", level=2)).to_be_visible()
        page.keyboard.press("Escape")
        sheet.cell(0).locator(".g").click(position={"x": 4, "y": 4})
        sheet.focused("cell 0").press("b", "Enter").write("also = 'typed'").press("Escape")
        sheet.shows("kept = 6 * 7\nkept", "also = 'typed'")

        banner.get_by_role("button", name="Load the new version").click()
        question = page.get_by_role("dialog", name="Load the new version")
        expect(question).to_contain_text("variables, imports and files that code wrote are lost")
        question.get_by_role("button", name="Load it").click()
        expect(page.locator("meta[name=foldbook-build]")).to_have_attribute(
            "content", later_build.STAMP
        )
        sheet = Sheet(page).shows("kept = 6 * 7\nkept", "also = 'typed'")
        sheet.go(0).press("h")
        expect(page.get_by_role("dialog", name="Keyboard shortcuts, later")).to_be_visible()
        expect(page.locator(".banner", has_text=NEWS)).to_have_count(0)


def test_the_list_goes_over_too(site: Path, later: Path, context: BrowserContext) -> None:
    with serve.running(site) as url:
        page = context.new_page()
        page.goto(url)
        expect(page.get_by_role("heading", name="Examples")).to_be_visible()
        online_again(page)
        expect(page.locator(".banner")).to_have_count(0)
        later_build.deploy(later, site)
        online_again(page)
        page.get_by_role("button", name="Load the new version").click()
        expect(page.locator("meta[name=foldbook-build]")).to_have_attribute(
            "content", later_build.STAMP
        )


def test_a_window_without_a_service_worker_works_and_says_what_is_lost(
    context: BrowserContext, site_url_plain: str
) -> None:
    context.add_init_script(_NO_SERVICE)  # as in Firefox's private windows
    sheet = Sheet.new(context, site_url_plain)
    sheet.write("6 * 7").press("Control+Enter")
    assert sheet.status(0, "ok", "error") == "ok"
    banner = sheet.page.locator(".banner", has_text="This window keeps less than others.")
    expect(banner).to_contain_text("without a network the page does not open")
    expect(banner).to_contain_text("To interrupt a cell ends Python here")
    with sheet.page.expect_download() as download:
        banner.get_by_role("button", name="Download .ipynb").click()
    assert download.value.suggested_filename.endswith(".ipynb")
    banner.get_by_role("button", name="Close").click()
    sheet.page.on("dialog", lambda dialog: dialog.accept())
    sheet.page.reload()
    sheet = Sheet(sheet.page).shows("6 * 7")
    expect(sheet.page.locator(".saved")).to_contain_text("Saved")
    expect(sheet.page.locator(".banner")).to_have_count(0)
