"""Two browsers on one notebook, over a real relay: from a link to each other's carets."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.visitors import Visitors

pytestmark = pytest.mark.browser

PATIENCE = 150_000
"""Milliseconds that Python may take to start on a busy machine."""


@pytest.fixture
def site(shared_site: tuple[str, str]) -> str:
    """The page, and beside it a relay that it knows of."""
    return shared_site[0]


@pytest.fixture
def browsers(visitors: Visitors) -> Iterator[list[BrowserContext]]:
    """Two browsers that know nothing of each other."""
    contexts = [visitors.come(), visitors.come()]
    for context in contexts:
        context.set_default_timeout(PATIENCE)
    yield contexts
    for context in contexts:
        visitors.go(context)


def shared(page: Page, site: str, role: str) -> str:
    """Share a new notebook with one cell; the address of a link for this role."""
    page.goto(site)
    page.get_by_role("button", name="Settings").click()
    page.get_by_label("Your name").fill("Mara Lindqvist")
    page.get_by_role("button", name="Done").click()
    page.get_by_role("button", name="New notebook").first.click()
    expect(page.locator(".cell.editing")).to_be_visible(timeout=PATIENCE)
    page.keyboard.insert_text("x = 1")
    expect(page.locator(".rt-chip")).not_to_contain_text("Preparing", timeout=PATIENCE)
    page.get_by_role("button", name="Share", exact=True).click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("textbox", name="Relay")).not_to_have_value("")
    dialog.get_by_role("button", name="Share this notebook").click()
    dialog.get_by_role("radio", name=role.capitalize(), exact=True).check()
    create = dialog.get_by_role("button", name=f"Create {role} link")
    expect(create).not_to_have_attribute("aria-disabled", "true", timeout=PATIENCE)
    create.click()
    field = dialog.get_by_role("textbox", name=f"The {role} link")
    expect(field).to_be_visible()
    address = field.input_value()
    page.keyboard.press("Escape")
    return address


def test_two_people_write_one_cell(browsers: list[BrowserContext], site: str) -> None:
    mara, tomas = (context.new_page() for context in browsers)
    address = shared(mara, site, "edit")
    tomas.goto(address)
    expect(tomas.locator(".cell")).to_have_count(1, timeout=PATIENCE)
    form = tomas.get_by_role("form", name="Introduce yourself")
    form.get_by_role("textbox").fill("Tomás Rey")
    form.get_by_role("button", name="Use this name").click()

    tomas.locator(".cell .code").click()
    tomas.keyboard.press("End")
    tomas.keyboard.type(" + 2")
    expect(mara.locator(".cell .code")).to_contain_text("x = 1 + 2")
    here = mara.get_by_role("button", name="Here now")
    expect(here).to_have_accessible_name("Here now: Mara Lindqvist (you), Tomás Rey")
    expect(mara.locator(".other-caret")).to_have_count(1)

    mara.locator(".cell .code").click()
    mara.keyboard.press("Home")
    mara.keyboard.type("y = ")
    expect(tomas.locator(".cell .cm-line")).to_contain_text("y = x = 1 + 2")
    # The caret of the other stands where the other has it, after all that was on its way.
    tomas.wait_for_function(
        """() => {
          const range = document.createRange();
          const text = document.querySelector(".cell .cm-line").firstChild;
          range.setStart(text, 4);
          range.setEnd(text, 4);
          const caret = document.querySelector(".other-caret").getBoundingClientRect();
          return Math.abs(caret.x + 1 - range.getBoundingClientRect().left) < 1.5;
        }"""
    )
    tomas.keyboard.press("Shift+Enter")
    expect(tomas.locator(".toast")).to_contain_text("You can edit here, but not run")


def test_a_reader_reads_what_is_written_and_is_seen(
    browsers: list[BrowserContext], site: str
) -> None:
    mara, reader = (context.new_page() for context in browsers)
    reader.goto(shared(mara, site, "view"))
    expect(reader.locator(".cell")).to_have_count(1, timeout=PATIENCE)
    expect(reader.locator(".saved")).to_contain_text("Reading")
    expect(mara.get_by_role("button", name="Here now")).to_be_visible()
    mara.locator(".cell .code").click()
    mara.keyboard.press("End")
    mara.keyboard.type("0")
    expect(reader.locator(".cell .code")).to_contain_text("x = 10")
    reader.goto(site)
    expect(reader.locator(".where")).to_contain_text("Shared")
