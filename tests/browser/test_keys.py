"""Keys as in Jupyter: two modes, cells made, moved, cut, merged, split, undone; nobody is lost."""

import pytest

from tests.browser.sheet import Sheet

pytestmark = pytest.mark.browser


TYPED_AND_LEFT = """() => {
  document.execCommand("insertText", false, "alpha");
  const escape = { key: "Escape", bubbles: true, cancelable: true };
  document.activeElement.dispatchEvent(new KeyboardEvent("keydown", escape));
}"""
"""In one task, so that the list cannot open in between."""


@pytest.fixture(scope="module", autouse=True)
def _python_is_up(sheet: Sheet) -> None:
    sheet.write("6 * 7").press("Control+Enter")
    sheet.status(0, "ok")


def test_escape_and_enter_change_between_the_two_modes(sheet: Sheet) -> None:
    sheet.fill("alpha", "beta")
    sheet.go(0).focused("cell 0").press("Enter").focused("editor 0")
    sheet.write("1").press("Escape").focused("cell 0")
    sheet.until("cells[0].selected && !cells[0].editing")
    sheet.cell(1).locator(".cm-content").click()
    sheet.focused("editor 1")
    assert sheet.selected() == [1]


def test_escape_leaves_though_a_list_of_names_is_about_to_open(sheet: Sheet) -> None:
    sheet.fill("alphabet = 1")
    sheet.press("Enter", "Control+End", "Enter")
    sheet.page.evaluate(TYPED_AND_LEFT)
    sheet.focused("cell 0")


def test_cells_come_above_and_below_and_go_and_come_back(sheet: Sheet) -> None:
    sheet.fill("one")
    sheet.press("a")
    sheet.shows("", "one").focused("cell 0")
    sheet.press("j", "b")
    sheet.shows("", "one", "").focused("cell 2")
    sheet.press("d", "d")
    sheet.shows("", "one").focused("cell 1")
    assert sheet.selected() == [1]
    sheet.press("k", "k", "Shift+j", "d", "d")
    sheet.shows()
    sheet.press("z")
    sheet.shows("", "one").focused("cell 0")


def test_deleting_offers_undo_in_words(sheet: Sheet) -> None:
    sheet.fill("one", "two")
    sheet.press("d", "d")
    sheet.shows("one")
    sheet.page.get_by_role("status").get_by_role("button", name="Undo").click()
    sheet.shows("one", "two")


def test_a_single_d_deletes_nothing(sheet: Sheet) -> None:
    sheet.fill("one", "two")
    sheet.press("d", "k", "d", "j")
    assert sheet.sources() == ["one", "two"]


def test_cut_copy_and_paste(sheet: Sheet) -> None:
    sheet.fill("one", "two", "three")
    sheet.go(0).press("x")
    sheet.shows("two", "three").focused("cell 0")
    sheet.press("v")
    sheet.shows("two", "one", "three").focused("cell 1")
    sheet.press("j", "c", "k", "Shift+V")
    sheet.shows("two", "three", "one", "three").focused("cell 1")


def test_cells_move_by_keys_and_by_their_margin(sheet: Sheet) -> None:
    sheet.fill("one", "two", "three")
    sheet.press("Alt+ArrowUp")
    sheet.shows("one", "three", "two").focused("cell 1")
    sheet.press("Alt+ArrowDown")
    sheet.shows("one", "two", "three").focused("cell 2")
    sheet.drag(0, below=1)
    sheet.shows("two", "one", "three")
    sheet.go(0).press("Shift+j", "Alt+ArrowDown")
    sheet.shows("three", "two", "one")
    assert sheet.selected() == [1, 2]


def test_selection_extends_and_collapses(sheet: Sheet) -> None:
    sheet.fill("one", "two", "three")
    sheet.go(0).press("Shift+ArrowDown", "Shift+J")
    sheet.says("3 cells selected")
    assert sheet.selected() == [0, 1, 2]
    sheet.press("Shift+K")
    assert sheet.selected() == [0, 1]
    sheet.press("Escape")
    assert sheet.selected() == [1]
    sheet.press("Control+a")
    assert sheet.selected() == [0, 1, 2]
    sheet.press("Home")
    sheet.cell(2).locator(".cm-content").click(modifiers=["Shift"])
    sheet.focused("cell 2")
    assert sheet.selected() == [0, 1, 2]


def test_escape_leaves_the_editor_though_some_text_is_selected(sheet: Sheet) -> None:
    sheet.fill("one")
    sheet.press("Enter", "Control+a", "Escape").focused("cell 0")


def test_merge_and_split_and_take_both_back(sheet: Sheet) -> None:
    sheet.fill("one", "two", "three")
    sheet.go(0).press("Shift+j", "Shift+M")
    sheet.shows("one\n\ntwo", "three").focused("cell 0")
    sheet.press("z")
    sheet.shows("one", "two", "three")
    sheet.go(2).press("Shift+M")  # there is none below
    sheet.go(1).press("Shift+M")
    sheet.shows("one", "two\n\nthree")
    sheet.press("Enter", "Control+Home", "ArrowDown", "Delete", "Control+Shift+Minus")
    sheet.shows("one", "two", "three")
    sheet.focused("cell 2")


def test_types_change_and_text_is_rendered(sheet: Sheet) -> None:
    sheet.fill("# Title\n\n| a | b |\n|---|---|\n| 1 | ~~2~~ |\n\n$x^2$")
    sheet.press("m")
    sheet.until("cells[0].type === 'markdown' && cells[0].prose !== null")
    prose = sheet.cell(0).locator(".md")
    assert prose.locator("h1").inner_text() == "Title"
    assert prose.locator("table s").inner_text() == "2"
    prose.locator(".katex").wait_for()
    sheet.press("Enter").focused("editor 0")
    assert not prose.is_visible()
    sheet.press("Control+Enter").focused("cell 0")
    prose.dblclick()
    sheet.focused("editor 0")
    sheet.press("Control+Home", "End").write(" two").press("Shift+Enter")
    sheet.until("cells.length === 2 && cells[0].prose?.startsWith('Title two')")
    sheet.go(0).press("y")
    sheet.until("cells[0].type === 'code'")
    sheet.press("r")
    sheet.until("cells[0].type === 'raw'")
    sheet.press("2")
    sheet.until("cells[0].type === 'markdown'")
    prose.locator("h2").wait_for()


def test_undo_in_the_editor_takes_back_what_was_typed_there(sheet: Sheet) -> None:
    sheet.fill("one", "two")
    sheet.press("Enter", "Control+End").write(" more").press("Control+z")
    sheet.shows("one", "two")
    sheet.press("Control+Shift+Z")
    sheet.shows("one", "two more")
    sheet.press("Escape", "z")  # typing is not the cells' to undo: the newest cell goes
    sheet.shows("one")
    sheet.press("Shift+Z")
    sheet.until("cells.length === 2")


def test_arrows_lead_from_one_editor_to_the_next(sheet: Sheet) -> None:
    sheet.fill("one", "two")
    sheet.go(0).press("Enter", "Control+End", "ArrowDown").focused("editor 1")
    sheet.press("Control+Home", "ArrowUp").focused("editor 0")


def test_the_palette_finds_and_does_and_gives_the_focus_back(sheet: Sheet) -> None:
    sheet.fill("one")
    sheet.press("Control+k").focused("Command")
    sheet.press("Escape").focused("cell 0")
    sheet.press("Enter", "Control+Shift+P").focused("Command")
    sheet.write("duplicate")
    assert sheet.page.get_by_role("option").count() == 1
    sheet.press("Enter")
    sheet.shows("one", "one")


def test_the_sheet_of_shortcuts_opens_and_closes(sheet: Sheet) -> None:
    sheet.fill("one")
    sheet.press("h")
    dialog = sheet.page.get_by_role("dialog", name="Keyboard shortcuts")
    dialog.wait_for()
    assert "Shift+Enter" in dialog.inner_text()
    sheet.press("Escape").focused("cell 0")


def test_f6_goes_round_the_regions_and_comes_back_to_the_cell(sheet: Sheet) -> None:
    sheet.fill("one", "two")
    seen: list[str] = []
    while len(seen) < 12 and "cell 1" not in seen:
        sheet.press("F6")
        seen.append(sheet.focus())
    assert seen[-1] == "cell 1"
    assert len(seen) >= 4
    assert "nothing" not in seen
    sheet.press("Shift+F6")
    assert sheet.focus() == seen[-2]
    sheet.press("F6").focused("cell 1")


def test_the_notebook_is_one_stop_for_tab(sheet: Sheet) -> None:
    sheet.fill("one", "two", "three")
    stops = sheet.page.locator("[data-cell-id][tabindex='0'], .cm-content[tabindex='0']")
    assert stops.count() == 1


def test_a_press_on_the_toolbar_leaves_the_keyboard_with_the_cell(sheet: Sheet) -> None:
    sheet.fill("one", "two")
    sheet.page.get_by_role("button", name="Run all").first.click()
    sheet.focused("cell 1")
    sheet.press("a")
    sheet.shows("one", "", "two")
    sheet.status(0, "error")
