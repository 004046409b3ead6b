"""Two people, two browsers, one notebook: shared through a real relay."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from builder import serve
from cable import cable
from foldbook.link import parse
from playwright.sync_api import Browser, BrowserContext, expect

from tests.browser.sheet import PATIENCE, Sheet

pytestmark = pytest.mark.browser


class People:
    """Opens browsers of their own for people who share one notebook."""

    def __init__(self, browser: Browser, url: str, relay: str) -> None:
        self.url = url
        self.relay = relay
        self._browser = browser
        self.contexts: list[BrowserContext] = []

    def _context(self) -> BrowserContext:
        context = self._browser.new_context(viewport={"width": 1280, "height": 800})
        context.set_default_timeout(PATIENCE)
        self.contexts.append(context)
        return context

    def owner(self, *sources: str, relay: str | None = None) -> Sheet:
        """Somebody with a new notebook, who shares it at this relay."""
        sheet = Sheet.new(self._context(), self.url)
        sheet.fill(*sources)
        sheet.page.get_by_role("button", name="Share", exact=True).click()
        if relay is not None:
            sheet.page.get_by_role("dialog").get_by_role("textbox", name="Relay").fill(relay)
        sheet.page.get_by_role("button", name="Share this notebook").click()
        expect(sheet.page.get_by_role("radio", name=re.compile("^View"))).to_be_visible()
        self._back(sheet)
        return sheet

    def link(self, owner: Sheet, right: str) -> str:
        """The link for a right, as the dialog has it."""
        page = owner.page
        page.get_by_role("button", name="Share", exact=True).click()
        dialog = page.get_by_role("dialog")
        dialog.get_by_role("radio", name=right, exact=True).check()
        make = dialog.get_by_role("button", name=re.compile("^Create .* link$"))
        copy = dialog.get_by_role("button", name=re.compile("^Copy .* link"))
        expect(make.or_(copy)).to_be_visible()
        if make.is_visible():
            make.click()
        expect(copy).to_be_visible()
        link = dialog.get_by_role("textbox", name=re.compile("link", re.IGNORECASE)).input_value()
        assert "#join/" in link
        self._back(owner)
        return link

    def _back(self, sheet: Sheet) -> None:
        """Out of the dialog, and with the keys to the cells again."""
        sheet.press("Escape")
        expect(sheet.page.get_by_role("dialog")).to_have_count(0)
        sheet.cell(0).locator(".g").click(position={"x": 4, "y": 4})
        sheet.focused("cell 0")

    def join(self, link: str, *sources: str) -> Sheet:
        """Somebody follows a link, and sees these cells."""
        page = self._context().new_page()
        page.goto(link)
        sheet = Sheet(page)
        return sheet.shows(*sources)


@pytest.fixture
def people(chromium: Browser, dist: Path) -> Iterator[People]:
    with serve.running_with_relay(dist) as (url, relay):
        made = People(chromium, url, relay)
        yield made
        for context in made.contexts:
            context.close()


def write_at(sheet: Sheet, cell: int, key: str, text: str) -> None:
    """Go into a cell, to its "Home" or "End", and type, key by key."""
    sheet.go(cell).press("Enter", f"Control+{key}")
    sheet.page.keyboard.type(text)


def test_two_people_type_into_one_word_at_once(people: People) -> None:
    mara = people.owner("total = 1")
    ines = people.join(people.link(mara, "Edit"), "total = 1")
    for sheet in (mara, ines):
        sheet.go(0).press("Enter", "Home", *["ArrowRight"] * 5)
    for a, b in zip("abcdefgh", "stuvwxyz", strict=True):
        mara.page.keyboard.type(a)
        ines.page.keyboard.type(b)
    either = ["totalabcdefghstuvwxyz = 1", "totalstuvwxyzabcdefgh = 1"]
    for sheet in (mara, ines):
        sheet.until("argument.includes(cells[0].source)", either)
    assert mara.sources() == ines.sources()
    # Each goes on where they were: the others' letters have not moved them.
    mara.page.keyboard.type("1")
    ines.page.keyboard.type("2")
    for sheet in (mara, ines):
        sheet.until("/h1/.test(cells[0].source) && /z2/.test(cells[0].source)")
    assert mara.sources() == ines.sources()


def test_undo_takes_back_only_ones_own(people: People) -> None:
    mara = people.owner("x = 1")
    ines = people.join(people.link(mara, "Edit"), "x = 1")
    write_at(mara, 0, "End", " + mara")
    ines.shows("x = 1 + mara")
    write_at(ines, 0, "End", " + ines")
    mara.shows("x = 1 + mara + ines")
    mara.press("Control+z")
    for sheet in (mara, ines):
        sheet.shows("x = 1 + ines")


def test_somebody_goes_offline_types_and_runs_and_comes_back(people: People) -> None:
    with cable(people.relay) as wire:
        mara = people.owner("a = 1", "b = 2", relay=wire.address)
        link = parse(people.link(mara, "Edit and run").partition("#")[2])
        ines = people.join(replace(link, relay=people.relay).address(people.url), "a = 1", "b = 2")
        mara.go(1).press("Control+Enter")
        mara.status(1, "ok")
        ines.status(1, "ok")
        wire.pull()
        expect(mara.page.get_by_text(re.compile("Saved here"))).to_be_visible()
        write_at(mara, 0, "End", " # offline")
        mara.go(1).press("Enter", "Control+a").write("print('run offline')").press("Control+Enter")
        mara.until("cells[1].outputs.join().includes('run offline')")
        expect(mara.page.get_by_text(re.compile("[0-9]+ events wait to be sent"))).to_be_visible()
        write_at(ines, 0, "Home", "z = ")
        assert "offline" not in "".join(ines.sources())
        wire.plug()
        for sheet in (mara, ines):
            sheet.shows("z = a = 1 # offline", "print('run offline')")
            sheet.until(
                "cells[1].outputs.length === 1 && /^run offline$/.test(cells[1].outputs[0])"
            )
        expect(mara.page.get_by_text(re.compile("^Saved · event"))).to_be_visible(timeout=PATIENCE)


def test_who_has_a_view_link_reads(people: People) -> None:
    mara = people.owner("a = 1")
    ines = people.join(people.link(mara, "View"), "a = 1")
    editor = ines.cell(0).locator("[aria-readonly=true]").first
    expect(editor).to_be_visible()
    ines.go(0).press("Enter")
    ines.page.keyboard.type("no")
    ines.press("Escape", "b", "Control+Enter")
    write_at(mara, 0, "End", "0")
    ines.shows("a = 10")
    assert mara.sources() == ["a = 10"]


def test_code_runs_where_it_may_and_where_python_is(people: People) -> None:
    mara = people.owner("secret = 6", "print(secret * 7)")
    mara.go(0).press("Control+Enter")
    mara.status(0, "ok")
    editor = people.join(people.link(mara, "Edit"), "secret = 6", "print(secret * 7)")
    editor.go(1).press("Control+Enter")
    expect(editor.page.get_by_text(re.compile("but not run")).first).to_be_visible()
    runner = people.join(people.link(mara, "Edit and run"), "secret = 6", "print(secret * 7)")
    runner.go(1).press("Control+Enter")  # in the memory of Mara's Python
    for sheet in (mara, editor, runner):
        sheet.until("cells[1].outputs.join().includes('42')")
    mara.page.close()
    people.contexts[0].close()
    runner.go(1).press("Enter", "Control+a").write("print('still here')").press("Control+Enter")
    for sheet in (editor, runner):
        sheet.until("cells[1].outputs.join().includes('still here')")


def test_a_shared_notebook_is_there_after_a_reload(people: People) -> None:
    mara = people.owner("a = 1")
    link = people.link(mara, "Edit")
    ines = people.join(link, "a = 1")
    assert "#" not in ines.page.url
    write_at(ines, 0, "End", "2")
    mara.shows("a = 12")
    for sheet in (mara, ines):
        sheet.page.reload()
        sheet.shows("a = 12")
    write_at(mara, 0, "End", "3")
    ines.shows("a = 123")
    assert people.link(mara, "Edit") == link
