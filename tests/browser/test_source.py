"""The source of a cell: text until somebody goes into it, then an editor, and no seam between."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.sheet import Sheet

pytestmark = pytest.mark.browser

ALPHA = "alpha = 1  # one"
BETA = "def beta(x):\n    return f'{x:>4}', 0x2a\n\n@beta\nclass Gamma: ...\n"
LONGER = "wide = [" + ", ".join(f"'{n:04}'" for n in range(60)) + "]"
RAW = "Raw words that are wrapped where the block ends. " * 6
# Where the text stands between two places of a source, whatever shows it.
_BOX = """([cell, from, to]) => {
  const content = document.querySelectorAll("[data-cell-id]")[cell].querySelector(".cm-content");
  const walker = document.createTreeWalker(content, NodeFilter.SHOW_TEXT);
  const range = document.createRange();
  let at = 0;
  for (let node; (node = walker.nextNode()); at += node.data.length) {
    if (from >= at && from <= at + node.data.length) range.setStart(node, from - at);
    if (to >= at && to <= at + node.data.length) {
      range.setEnd(node, to - at);
      break;
    }
  }
  const { left, right, top, bottom } = range.getBoundingClientRect();
  return { left, right, middle: (top + bottom) / 2 };
}"""

_LOOK = """cell => {
  const block = document.querySelectorAll("[data-cell-id]")[cell].querySelector(".code");
  const walker = document.createTreeWalker(block, NodeFilter.SHOW_TEXT);
  const seen = [["", getComputedStyle(block).backgroundColor]];
  for (let node; (node = walker.nextNode()); ) {
    const style = getComputedStyle(node.parentElement);
    const looks = [
      "color", "fontFamily", "fontSize", "fontStyle", "fontWeight", "whiteSpace", "tabSize",
    ].map((name) => style[name]);
    for (const { index, 0: word } of node.data.matchAll(/\\S+/g)) {
      const range = document.createRange();
      range.setStart(node, index);
      range.setEnd(node, index + word.length);
      const boxes = [...range.getClientRects()].map(({ x, y, width, height }) =>
        [x, y, width, height].map((each) => Math.round(each * 8) / 8));
      seen.push([word, boxes, ...looks]);
    }
  }
  return seen;
}"""


@pytest.fixture(scope="module")
def address(chromium: Browser, site_url: str) -> Iterator[tuple[Any, str]]:
    """A reader who has a notebook, and where it is."""
    context = chromium.new_context(viewport={"width": 1280, "height": 860})
    made = Sheet.new(context, site_url)
    made.fill(ALPHA, BETA, LONGER, RAW, "")
    made.go(3).press("r").until("cells[3].type === 'raw'")
    made.page.get_by_text("Saved", exact=False).first.wait_for()
    url = made.page.url
    made.page.goto(site_url)  # leaving keeps what is drawn first next time
    made.page.close()
    yield context, url
    context.close()


@pytest.fixture
def sheet(address: tuple[Any, str]) -> Iterator[Sheet]:
    """That notebook, opened anew: nobody has gone anywhere in it yet."""
    context, url = address
    errors: list[str] = []
    page = context.new_page()
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(url)
    sheet = Sheet(page)
    sheet.until("cells.length === 5 && cells[0].selected")
    page.locator("[data-cell-id] .source:has(.tok-def)").wait_for()
    yield sheet
    page.close()
    assert errors == []


def editors(sheet: Sheet) -> list[int]:
    """Which cells have an editor."""
    found: list[int] = sheet.page.evaluate(
        """() => [...document.querySelectorAll("[data-cell-id]")].flatMap((cell, at) =>
          cell.querySelector(".cm-editor") ? [at] : [])"""
    )
    return found


def place(sheet: Sheet, cell: int, at: int, to: int | None = None) -> dict[str, float]:
    """Where the characters from ``at`` to ``to`` stand on the screen."""
    found: dict[str, float] = sheet.page.evaluate(_BOX, [cell, at, at if to is None else to])
    return found


def test_only_the_active_cell_has_an_editor_and_the_others_look_the_same(sheet: Sheet) -> None:
    expect(sheet.cell(0).locator(".cm-editor")).to_be_visible()
    assert editors(sheet) == [0]
    sheet.still()
    for cell in (1, 2, 3, 4):
        block = sheet.cell(cell).locator(".code")
        before, tokens = block.bounding_box(), look(sheet, cell)
        assert tokens
        height = block.locator(".source").evaluate("it => [it.scrollWidth, it.clientHeight]")
        sheet.go(cell).press("Enter").focused(f"editor {cell}").press("Escape").go(0)
        assert editors(sheet) == list(range(cell + 1))
        assert block.bounding_box() == before
        assert look(sheet, cell) == tokens
        scroller = block.locator(".cm-scroller")
        assert scroller.evaluate("it => [it.scrollWidth, it.clientHeight]") == height


def look(sheet: Sheet, cell: int) -> list[list[Any]]:
    """Each word of a cell, where it stands and how it is drawn."""
    found: list[list[Any]] = sheet.page.evaluate(
        _LOOK,
        cell,
    )
    return found


def test_a_press_puts_the_cursor_where_it_is_and_typing_goes_on_there(sheet: Sheet) -> None:
    at = BETA.index("return") + 3
    spot = place(sheet, 1, at)
    sheet.page.mouse.click(spot["left"], spot["middle"])
    sheet.write("!").focused("editor 1")
    sheet.until("cells[1].source === argument", BETA[:at] + "!" + BETA[at:])
    sheet.press("Backspace").until("cells[1].source === argument", BETA)
    sheet.page.get_by_text("Ln 2, Col 8").wait_for()
    assert sheet.selected() == [1]
    assert editors(sheet) == [0, 1]


def test_the_first_press_can_be_drawn_over_text(sheet: Sheet) -> None:
    at = BETA.index("beta")
    spot = place(sheet, 1, at, at + 4)
    mouse = sheet.page.mouse
    mouse.move(spot["left"] + 1, spot["middle"])
    mouse.down()
    mouse.move(spot["left"] + 8, spot["middle"], steps=2)
    mouse.move(spot["right"] - 1, spot["middle"], steps=4)
    mouse.up()
    sheet.focused("editor 1").write("delta")
    sheet.until("cells[1].source === argument", BETA.replace("beta", "delta", 1))
    sheet.press("Control+z").until("cells[1].source === argument", BETA)


def test_two_presses_choose_a_word(sheet: Sheet) -> None:
    spot = place(sheet, 1, BETA.index("Gamma") + 2)
    sheet.page.mouse.dblclick(spot["left"], spot["middle"])
    sheet.focused("editor 1").write("Delta")
    sheet.until("cells[1].source === argument", BETA.replace("Gamma", "Delta"))
    sheet.press("Control+z").until("cells[1].source === argument", BETA)


def test_what_was_scrolled_aside_stays_there_when_it_is_pressed(sheet: Sheet) -> None:
    sheet.cell(2).locator(".source").evaluate("it => { it.scrollLeft = 200 }")
    at = LONGER.index("'0008'") + 1
    spot = place(sheet, 2, at)
    sheet.page.mouse.click(spot["left"], spot["middle"])
    sheet.focused("editor 2")
    sheet.page.get_by_text(f"Ln 1, Col {at + 1}").wait_for()
    assert sheet.cell(2).locator(".cm-scroller").evaluate("it => it.scrollLeft") == 200


def test_the_other_button_finds_the_cursor_there_too(sheet: Sheet) -> None:
    spot = place(sheet, 1, 3)
    sheet.page.mouse.click(spot["left"], spot["middle"], button="right")
    sheet.focused("editor 1")
    sheet.page.get_by_text("Ln 1, Col 4").wait_for()


def test_keys_lead_into_it(sheet: Sheet) -> None:
    sheet.press("Enter", "Control+End", "ArrowDown").focused("editor 1")
    sheet.page.get_by_text("Ln 1, Col 1").wait_for()
    sheet.press("Tab").until("cells[1].source === argument", "    " + BETA)
    sheet.press("Control+z").until("cells[1].source === argument", BETA)
    sheet.press("Escape").focused("cell 1").press("j", "Enter").focused("editor 2")
    assert editors(sheet) == [0, 1, 2]


def test_who_hears_the_page_finds_the_field_and_goes_into_it(sheet: Sheet) -> None:
    field = sheet.page.get_by_role("textbox", name="Source of cell 2, code")
    assert field.inner_text().rstrip("\n") == BETA.rstrip("\n")
    assert field.get_attribute("aria-readonly") == "false"
    assert editors(sheet) == [0]
    field.focus()
    sheet.focused("editor 1")
    sheet.page.get_by_role("textbox", name="Source of cell 3, code").dispatch_event("click")
    sheet.focused("editor 2")
    # The names follow a cell that moves, and those beside it.
    sheet.press("Escape", "Alt+ArrowDown").focused("cell 3")
    moved = sheet.page.get_by_role("textbox", name="Source of cell 3, raw text")
    expect(moved).to_contain_text("Raw words")
    sheet.press("Alt+ArrowUp").shows(ALPHA, BETA, LONGER, RAW, "")


def test_the_search_of_the_browser_finds_it_and_its_match_stays_chosen(sheet: Sheet) -> None:
    sheet.page.evaluate("getSelection().removeAllRanges()")
    assert sheet.page.evaluate("text => find(text)", "class Gamma") is True
    assert editors(sheet) == [0]
    sheet.cell(1).locator(".source").evaluate("it => it.focus()")
    sheet.focused("editor 1")
    assert sheet.page.evaluate("String(getSelection())") == "class Gamma"


def test_the_changes_of_others_are_shown_and_make_no_editor(
    sheet: Sheet, address: tuple[Any, str]
) -> None:
    context, url = address
    page = context.new_page()
    page.goto(url)
    other = Sheet(page)
    other.until("cells.length === 5 && cells[0].selected")
    other.go(4).press("Enter").write("import this")
    sheet.until("cells[4].source === 'import this'")
    sheet.cell(4).locator(".source .tok-kw").wait_for()
    assert editors(sheet) == [0]
    # What is opened now stands on their text.
    sheet.cell(4).locator(".source").click()
    sheet.focused("editor 4").press("Control+End").write("!")
    other.until("cells[4].source === 'import this!'")
    sheet.press("Control+a", "Backspace")
    other.until("cells[4].source === ''")
    page.close()
