"""Two people, two browsers, one notebook: shared through a real relay."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from cable import cable
from foldbook.link import parse
from playwright.sync_api import expect

from tests.browser.people import People
from tests.browser.sheet import PATIENCE, Sheet

pytestmark = pytest.mark.browser


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
    mara.go(0).press("Enter", "Control+End").write(" + mara")  # one step of undo
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
    secret = "secret = 6; open('fit.txt', 'w').write('level 4.25')"
    mara = people.owner(secret, "print(secret * 7)")
    mara.go(0).press("Control+Enter")
    mara.status(0, "ok")
    editor = people.join(people.link(mara, "Edit"), secret, "print(secret * 7)")
    editor.page.get_by_role("button", name="More for fit.txt").click()
    with editor.page.expect_download() as given:
        editor.page.get_by_role("menuitem", name="Download").click()
    assert Path(given.value.path()).read_text(encoding="utf-8") == "level 4.25"
    editor.cell(0).locator(".g").click(position={"x": 4, "y": 4})
    editor.go(1).press("Control+Enter")
    expect(editor.page.get_by_text(re.compile("but not run")).first).to_be_visible()
    runner = people.join(people.link(mara, "Edit and run"), secret, "print(secret * 7)")
    runner.go(1).press("Control+Enter")  # in the memory of Mara's Python
    for sheet in (mara, editor, runner):
        sheet.until("cells[1].outputs.join().includes('42')")
    people.leave(people.contexts[0])
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
