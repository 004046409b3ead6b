"""The editor of a cell: keys, completion, documentation, and the changes of others."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

pytestmark = pytest.mark.browser

OPEN = """([doc, options]) => {
  window.edits = [];
  window.keys = [];
  const key = (name) => [name, (at) => keys.push(at === undefined ? name : [name, at])];
  const names = ["runAdvance", "run", "runInsert", "escape", "leaveUp", "leaveDown", "split"];
  window.editor = createEditor({
    parent: document.querySelector("#place"),
    doc,
    language: "python",
    label: "Cell 4, code",
    keys: Object.fromEntries(names.map(key)),
    onEdit: (changes, lengthBefore) => edits.push([changes, lengthBefore]),
    complete: async (source, position) => {
      window.asked = [source, position];
      window.questions = (window.questions ?? 0) + 1;
      return { start: position - 2, end: position, ...options };
    },
    inspect: async (source, position, detail) => ({ "text/plain": `\\u001b[31mhelp ${detail}` }),
  });
  editor.focus("end");
}"""


@pytest.fixture
def page(chromium: Browser, address: str) -> Iterator[Page]:
    page = chromium.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(address)
    page.evaluate("async () => { while (!window.isReady) await new Promise(setTimeout) }")
    yield page
    assert errors == []
    page.close()


def edit(page: Page, doc: str = "", **options: Any) -> None:
    page.evaluate(OPEN, [doc, options])


def text(page: Page) -> str:
    return str(page.evaluate("editor.text()"))


def test_what_is_typed_goes_out_one_change_at_a_time(page: Page) -> None:
    edit(page, "😀")
    page.keyboard.type("abc")
    assert page.evaluate("edits") == [[[1, [0, "a"]], 1]]
    page.evaluate("editor.acknowledge()")
    assert page.evaluate("edits[1]") == [[2, [0, "bc"]], 2]
    assert page.evaluate("editor.isDirty()")
    page.evaluate("editor.acknowledge()")
    assert not page.evaluate("editor.isDirty()")


def test_undo_takes_back_only_ones_own(page: Page) -> None:
    edit(page, "one")
    page.keyboard.type("!")
    page.evaluate("editor.applyRemote([[0, 'theirs ']])")
    assert text(page) == "theirs one!"
    page.keyboard.press("Control+z")
    assert text(page) == "theirs one"
    page.keyboard.press("Control+z")
    assert text(page) == "theirs one"


def test_the_keys_of_a_cell(page: Page) -> None:
    edit(page, "a😀\nb")
    for key in ("Shift+Enter", "Control+Enter", "Alt+Enter", "ArrowDown", "Control+Shift+Minus"):
        page.keyboard.press(key)
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Escape")
    pressed = ["runAdvance", "run", "runInsert", "leaveDown", ["split", 4], "leaveUp", "escape"]
    assert page.evaluate("keys") == pressed
    assert text(page) == "a😀\nb"


def test_tab_indents_and_dedents(page: Page) -> None:
    edit(page)
    page.keyboard.press("Tab")
    page.keyboard.type("x")
    page.keyboard.press("Home")
    assert text(page) == "    x"
    page.keyboard.press("Shift+Tab")
    assert text(page) == "x"
    page.keyboard.press("Control+a")
    page.keyboard.press("Tab")
    assert text(page) == "    x"


def test_lines_become_comments_and_code_again(page: Page) -> None:
    edit(page, "def f():\n    return 1")
    page.keyboard.press("Control+a")
    page.keyboard.press("Control+/")
    assert text(page) == "# def f():\n#     return 1"
    page.keyboard.press("Control+/")
    assert text(page) == "def f():\n    return 1"


def test_several_cursors_type_at_once(page: Page) -> None:
    edit(page, "rate = 1\nprint(rate)\nrate")
    page.keyboard.press("Control+Home")
    page.keyboard.press("Control+Shift+ArrowRight")
    page.keyboard.press("Control+d")
    page.keyboard.type("x")
    assert text(page) == "x = 1\nprint(x)\nrate"
    page.keyboard.press("Escape")
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+Home")
    page.keyboard.press("Control+Shift+ArrowRight")
    page.keyboard.press("Control+Shift+l")
    page.keyboard.type("y")
    assert text(page) == "y = 1\nprint(y)\ny"


def test_tab_after_a_word_asks_and_takes_the_chosen_one(page: Page) -> None:
    edit(page, "😀 np.", matches=["p.array", "p.arange"], types=["function", "function"])
    page.keyboard.press("Tab")
    expect(page.locator(".cm-tooltip-autocomplete li")).to_have_count(2)
    assert page.evaluate("asked") == ["😀 np.", 5]
    assert page.evaluate("questions") == 1
    expect(page.locator("li[aria-selected]")).to_contain_text("p.arange")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    assert text(page) == "😀 np.array"


def test_a_single_answer_is_taken_at_once(page: Page) -> None:
    edit(page, "pr", matches=["print"])
    page.keyboard.press("Tab")
    page.wait_for_function("() => editor.text() === 'print'", polling=20)


def test_enter_is_a_new_line_where_names_are_only_offered(page: Page) -> None:
    edit(page, "window = 1\n")
    page.keyboard.type("win")
    expect(page.locator(".cm-tooltip-autocomplete li")).to_have_text("window")
    page.keyboard.press("Enter")
    assert text(page) == "window = 1\nwin\n"


def test_shift_tab_shows_documentation_and_then_more(page: Page) -> None:
    edit(page, "print")
    page.keyboard.press("Shift+Tab")
    expect(page.locator(".documentation")).to_have_text("help 0")
    page.keyboard.press("Shift+Tab")
    expect(page.locator(".documentation.more")).to_have_text("help 1")
    page.keyboard.press("Escape")
    expect(page.locator(".documentation")).to_have_count(0)
    assert page.evaluate("keys") == []


def test_the_editor_is_named_and_read_only_when_told(page: Page) -> None:
    edit(page, "x")
    box = page.get_by_role("textbox", name="Cell 4, code")
    expect(box).to_be_focused()
    page.evaluate("editor.setReadOnly(true)")
    page.keyboard.type("y")
    assert text(page) == "x"
    expect(box).to_have_attribute("aria-readonly", "true")


def test_carriage_returns_and_half_characters_stay_sound(page: Page) -> None:
    edit(page, "a\r\nb")
    assert text(page) == "a\r\nb"
    page.evaluate("editor.view.dispatch({ changes: { from: 4, insert: '\\ud83d' } })")
    assert text(page) == "a\r\nb\ufffd"
    assert page.evaluate("edits") == [[[4, [0, "\ufffd"]], 4]]


def test_go_to_line_counts_from_one(page: Page) -> None:
    edit(page, "a\n  b\nc")
    page.evaluate("editor.goToLine(2)")
    assert page.evaluate("editor.cursor()") == {"line": 2, "col": 3}
