"""Variables in the panel: real Python in the page, asked for only while they are looked at."""

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.sheet import Sheet
from tests.browser.stand_in import READY, Open, cell, sharing, view

pytestmark = pytest.mark.browser


def lines(sheet: Sheet) -> Locator:
    return sheet.page.get_by_role("list", name="Variables").get_by_role("button")


def test_what_ran_is_there_and_a_table_opens(sheet: Sheet) -> None:
    sheet.fill("import numpy as np\nrain = np.arange(200.0).reshape(100, 2)\nday = 'Monday'")
    sheet.press("Control+Enter")
    sheet.status(0, "ok")
    expect(lines(sheet)).to_have_text(["daystr 'Monday'", "rainndarray 100 × 2"])
    lines(sheet).nth(1).click()
    dialog = sheet.page.get_by_role("dialog", name="rain")
    expect(dialog.get_by_role("row")).to_have_count(51)
    expect(dialog.get_by_role("row").nth(2)).to_have_text("12.03.0")
    expect(dialog.get_by_text("The first 50 of 100 rows.")).to_be_visible()
    sheet.press("Escape")
    expect(lines(sheet).nth(1)).to_be_focused()
    sheet.press("F6").focused("cell 0")


def test_it_follows_each_run_and_says_when_it_is_old(sheet: Sheet) -> None:
    sheet.fill("window = 15", "window = input('?')", "del window")
    sheet.go(0).press("Control+Enter")
    sheet.status(0, "ok")
    line = lines(sheet).filter(has_text="window")
    expect(line).to_have_text("windowint 15")
    sheet.go(1).press("Control+Enter")
    panel = sheet.page.get_by_label("Panel")
    expect(panel.get_by_text("As they were before this run.")).to_be_visible()
    expect(line).to_have_text("windowint 15")
    sheet.page.get_by_role("textbox", name="?").fill("20")
    sheet.press("Enter")
    sheet.status(1, "ok")
    expect(line).to_have_text("windowstr '20'")
    expect(panel.get_by_text("As they were before this run.")).to_be_hidden()
    sheet.go(2).press("Control+Enter")
    sheet.status(2, "ok")
    expect(line).to_have_count(0)


def test_nobody_asks_while_the_section_is_closed(open_notebook: Open) -> None:
    there = open_notebook(sharing(), view=view(cell("a", "x = 1")))
    section = there.page.get_by_role("button", name="Variables", exact=True)
    section.click()
    there.change(["set", ["runtime"], READY])
    expect(there.page.get_by_text("Ready")).to_be_visible()
    there.change(["set", ["runtime"], {**READY, "count": 4}])
    assert there.heard("call") == []
    section.click()
    assert there.next_heard("call")["method"] == "variables"


def test_it_is_for_python_and_for_who_may_run(open_notebook: Open) -> None:
    there = open_notebook(sharing(), view=view(cell("a", "x = 1")))
    panel = there.page.get_by_label("Panel")
    expect(panel.get_by_text("They come with the first run.")).to_be_visible()
    bash = {**READY, "name": "lab", "kind": "jupyter", "language": {"name": "bash"}}
    there.change(["set", ["runtime"], bash])
    expect(panel.get_by_text("They are shown for Python. lab runs bash.")).to_be_visible()
    reads = {"role": "view", "edit": False, "run": False, "comment": False}
    there.change(["set", ["rights"], reads], ["set", ["runtime"], READY])
    expect(
        panel.get_by_text("This link lets you read. Ask the owner for a run link.")
    ).to_be_visible()
    assert there.heard("call") == []
