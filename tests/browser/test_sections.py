"""Sections that one person folds: hidden, counted, opened by whatever goes there, in no log."""

import pytest
from playwright.sync_api import expect

from tests.browser.sheet import Sheet
from tests.browser.stand_in import Open, StandIn, cell, sharing, view

pytestmark = pytest.mark.browser


def paper(open_notebook: Open, **how: object) -> StandIn:
    """Two sections, the first of which has one of its own."""
    cells = [
        cell("h1", "# Rain", "markdown"),
        cell("a", "rain = 1"),
        cell("h2", "## Details", "markdown"),
        cell("b", "rain + 1"),
        cell("h3", "# Sun", "markdown"),
        cell("c", "sun = 2"),
    ]
    there = open_notebook(sharing(), view=view(*cells), **how)
    there.sheet.until("cells.length === 6 && cells[0].selected")
    there.sheet.press("Escape")
    return there


def seen(sheet: Sheet, *wanted: int) -> None:
    """Wait until these cells are shown, and no others."""
    sheet.page.wait_for_function(
        """wanted => JSON.stringify([...document.querySelectorAll("[data-cell-id]")]
          .flatMap((cell, at) => cell.hidden ? [] : [at])) === JSON.stringify(wanted)""",
        arg=list(wanted),
    )


def test_keys_fold_a_section_and_step_over_it(open_notebook: Open) -> None:
    there = paper(open_notebook)
    sheet = there.sheet
    sheet.go(2).press("ArrowLeft")
    seen(sheet, 0, 1, 2, 4, 5)
    sheet.press("j").focused("cell 4").press("k").focused("cell 2")
    sheet.press("ArrowLeft").focused("cell 0").press("ArrowLeft")
    sheet.says("3 cells hidden")
    seen(sheet, 0, 4, 5)
    expect(sheet.cell(0).get_by_role("button", name="3 cells hidden")).to_be_visible()
    sheet.press("End").focused("cell 5").press("Home").focused("cell 0")
    sheet.press("ArrowRight")
    seen(sheet, 0, 1, 2, 4, 5)  # what was folded inside still is
    sheet.press("Control+Shift+ArrowLeft")
    seen(sheet, 0, 4)
    sheet.press("Control+Shift+ArrowRight")
    seen(sheet, 0, 1, 2, 3, 4, 5)
    assert there.heard("cmd") == []


def test_a_hand_folds_and_opens(open_notebook: Open) -> None:
    there = paper(open_notebook)
    sheet = there.sheet
    sheet.cell(4).hover()
    sheet.cell(4).get_by_role("button", name="Hide section").click()
    seen(sheet, 0, 1, 2, 3, 4)
    expect(sheet.cell(4).get_by_role("button", name="Show section")).to_have_attribute(
        "aria-expanded", "false"
    )
    sheet.cell(4).get_by_role("button", name="1 cell hidden").click()
    seen(sheet, 0, 1, 2, 3, 4, 5)


def test_it_is_folded_after_a_reload_and_on_no_other_page(open_notebook: Open) -> None:
    there = paper(open_notebook)
    there.sheet.press("ArrowLeft")
    seen(there.sheet, 0, 4, 5)
    stored = there.page.evaluate("id => localStorage.getItem(`folded:${id}`)", there.id)
    assert stored == '["h1"]'
    assert there.heard("cmd") == []


def test_cells_that_come_after_the_first_stand_in_their_order_and_folded(
    open_notebook: Open,
) -> None:
    """A long notebook is not made in one go, which would hold up whoever opens it."""
    many = [cell(f"c{at}", f"{at}") for at in range(100)]
    ends = [cell("sun", "# Sun", "markdown"), cell("last", "'last'")]
    notebook = view(cell("rain", "# Rain", "markdown"), *many, *ends)
    there = open_notebook(sharing(), view=notebook)
    sheet = there.sheet
    sheet.until("cells.length > 24 && cells[0].selected")
    sheet.press("Escape", "End").focused("cell 102")
    order = "() => [...document.querySelectorAll('[data-cell-id]')].map(e => e.dataset.cellId)"
    assert there.page.evaluate(order) == notebook["order"]
    sheet.press("Home", "ArrowLeft")
    seen(sheet, 0, 101, 102)


def test_the_outline_and_the_search_open_what_they_go_to(open_notebook: Open) -> None:
    there = paper(open_notebook)
    sheet = there.sheet
    sheet.press("Control+Shift+ArrowLeft")
    seen(sheet, 0, 4)
    there.page.get_by_role("list", name="Outline").get_by_text("rain + 1").click()
    seen(sheet, 0, 1, 2, 3, 4)
    sheet.press("Control+f")
    there.page.get_by_role("textbox", name="Find", exact=True).fill("sun = 2")
    seen(sheet, 0, 1, 2, 3, 4, 5)


def test_a_folded_heading_moves_with_its_section(open_notebook: Open) -> None:
    there = paper(open_notebook)
    sheet = there.sheet
    sheet.press("ArrowLeft")
    seen(sheet, 0, 4, 5)
    sheet.press("Alt+ArrowDown")
    moved = there.next_heard("cmd")["command"]
    assert (moved["cell_ids"], moved["after"]) == (["h1", "a", "h2", "b"], "c")


def test_a_folded_heading_is_cut_with_its_section(open_notebook: Open) -> None:
    there = paper(open_notebook)
    sheet = there.sheet
    sheet.press("ArrowLeft")
    seen(sheet, 0, 4, 5)
    sheet.press("x")
    cut = there.next_heard("cmd")["command"]
    assert (cut["do"], cut["cell_ids"]) == ("delete_cells", ["h1", "a", "h2", "b"])
    there.page.get_by_role("status").get_by_text("4 cells deleted.").wait_for()
