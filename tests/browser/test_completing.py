"""Completion where the runtime cannot be asked: names that stand in the cells."""

import pytest
from playwright.sync_api import expect

from tests.browser.stand_in import READY, Open, cell, sharing, view

pytestmark = pytest.mark.browser


def test_while_code_runs_names_of_the_cells_are_offered(open_notebook: Open) -> None:
    code = "smooth = gt.rolling()  # smoothly\nword = 'smoother'\ndef smoothen(smoke): pass"
    busy = READY | {"status": "busy", "running": "e"}
    there = open_notebook(sharing(), view=view(cell("a", code), cell("b", ""), runtime=busy))
    sheet = there.sheet
    sheet.press("Escape")
    sheet.go(1).press("Enter").write("smo").press("Tab")
    offered = there.page.get_by_role("listbox").get_by_role("option")
    expect(offered).to_have_text(
        ["smokein the cells", "smoothin the cells", "smoothenin the cells"]
    )
    sheet.press("ArrowDown", "Enter")
    sheet.until("cells[1].source === 'smooth'")
    assert there.heard("call") == []
