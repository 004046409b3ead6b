"""How one person wants code, in editors and where none is: numbers, wrapping, indents, folds."""

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.engines import wait_until
from tests.browser.sheet import Sheet
from tests.browser.stand_in import Open, StandIn, cell, sharing, view

pytestmark = pytest.mark.browser

CODE = "def area(r):\n    # " + "a long line " * 20 + "\n    return 3 * r\n\narea(2)"
_LINES = """at => {
  const cell = document.querySelectorAll("[data-cell-id]")[at];
  const top = cell.querySelector(".code").getBoundingClientRect();
  const lines = [...cell.querySelectorAll(".ln, .cm-line")];
  const text = document.createRange();
  return lines.map((line) => {
    text.selectNodeContents(line);
    const { left, top: y } = text.getClientRects()[0] ?? line.getBoundingClientRect();
    return [Math.round(left - top.left), Math.round(y - top.top)];
  });
}"""


def paper(open_notebook: Open) -> StandIn:
    there = open_notebook(sharing(), view=view(cell("a", CODE), cell("b", CODE)))
    there.sheet.until("cells.length === 2 && cells[1].source.length > 0")
    there.sheet.press("Escape")
    return there


def prefer(there: StandIn, **choices: str) -> None:
    """Choose in the settings."""
    there.page.get_by_role("button", name="Commands").click()
    there.page.get_by_role("combobox", name="Command").fill("settings")
    there.sheet.press("Enter")
    for group, choice in choices.items():
        field = there.page.get_by_role("radiogroup", name=group.replace("_", " "))
        field.get_by_role("radio", name=choice, exact=True).check()
    there.page.get_by_role("button", name="Done").click()


def lines_of(sheet: Sheet, at: int) -> Any:
    return sheet.page.evaluate(_LINES, at)


@pytest.mark.parametrize("wrap", ["Off", "On"])
def test_lines_have_numbers_in_the_same_places_with_and_without_an_editor(
    open_notebook: Open, wrap: str
) -> None:
    there = paper(open_notebook)
    sheet = there.sheet
    prefer(there, Line_numbers="On", Wrap_long_lines_of_code=wrap)
    expect(sheet.cell(1).locator(".source .ln")).to_have_count(5)
    still = lines_of(sheet, 1)
    height = sheet.cell(1).bounding_box()
    sheet.go(1).press("Enter")
    expect(sheet.cell(1).locator(".cm-lineNumbers .cm-gutterElement").last).to_have_text("5")
    assert lines_of(sheet, 1) == still
    wait_until(lambda: sheet.cell(1).bounding_box() == height, "the cell as high as it was")
    assert there.heard("cmd") == []


def test_numbers_come_and_go_by_a_key(open_notebook: Open) -> None:
    there = paper(open_notebook)
    there.sheet.press("Shift+L")
    expect(there.sheet.cell(1).locator(".source .ln")).to_have_count(5)
    there.sheet.press("Shift+L")
    expect(there.sheet.cell(1).locator(".source .ln")).to_have_count(0)
    assert there.sheet.sources()[1] == CODE


def test_indents_and_brackets(open_notebook: Open) -> None:
    there = paper(open_notebook)
    sheet = there.sheet
    prefer(there, Indent_with="2 spaces", Close_brackets_and_quotes="Off")
    sheet.go(0).press("Enter", "Control+a", "Delete", "Tab")
    sheet.page.keyboard.type("f(")
    sheet.until("cells[0].source === '  f('")
    prefer(there, Indent_with="Tab", Close_brackets_and_quotes="On")
    sheet.press("Control+a", "Delete", "Tab")
    sheet.page.keyboard.type("f(")
    sheet.until("cells[0].source === '\\tf()'")


def test_code_folds_and_what_is_gone_to_unfolds(open_notebook: Open) -> None:
    there = paper(open_notebook)
    sheet = there.sheet
    sheet.go(0).press("Enter", "Control+Home", "Control+Shift+BracketLeft")
    expect(sheet.cell(0).locator(".cm-foldPlaceholder")).to_have_count(1)
    sheet.press("Control+f")
    there.page.get_by_role("textbox", name="Find", exact=True).fill("return 3")
    expect(sheet.cell(0).locator(".cm-foldPlaceholder")).to_have_count(0)
    sheet.press("Escape")
    sheet.cell(0).locator(".fold-mark").nth(1).click()  # the first holds the place
    expect(sheet.cell(0).locator(".cm-foldPlaceholder")).to_have_count(1)
    sheet.press("Control+Alt+g")
    there.page.get_by_role("textbox", name="Line, 1 to 5").fill("3")
    sheet.press("Enter")
    expect(there.page.get_by_text("Ln 3, Col 5")).to_be_visible()
    expect(sheet.cell(0).locator(".cm-foldPlaceholder")).to_have_count(0)


def test_a_line_that_is_not_there_is_told(open_notebook: Open) -> None:
    there = paper(open_notebook)
    there.sheet.press("Control+Alt+g")
    there.page.get_by_role("textbox", name="Line, 1 to 5").fill("9")
    there.sheet.press("Enter")
    expect(there.page.get_by_text("A line from 1 to 5 was expected; 9 came.")).to_be_visible()
