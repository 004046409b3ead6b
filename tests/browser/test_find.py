"""Finding and replacing text in all cells: seen, drawn or not; undone in one step."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.sheet import Sheet
from tests.browser.stand_in import Open, cell, sharing, view

pytestmark = pytest.mark.browser

_MARKED = """name => [
  ...[...(CSS.highlights.get(name) ?? [])].map((range) => range.toString()),
  ...[...document.querySelectorAll(name === "found" ? ".found:not(.here)" : ".found.here")]
    .map((mark) => mark.textContent),
]"""
_SEEN = """() => {
  const [range] = CSS.highlights.get("found-here") ?? [];
  const mark = range ?? document.querySelector(".found.here");
  if (!mark) return false;
  const box = mark.getBoundingClientRect();
  const view = document.querySelector(".nb").getBoundingClientRect();
  return box.height > 0 && box.top >= view.top && box.bottom <= view.bottom;
}"""


class Bar:
    """The bar as a reader uses it."""

    def __init__(self, sheet: Sheet) -> None:
        self.sheet = sheet
        self.page = sheet.page
        self.element = sheet.page.get_by_role("search")

    def find(self, text: str, count: str) -> "Bar":
        """Look for a text; so many are found."""
        self.sheet.press("Control+f")
        self.field("Find").fill(text)
        return self.counts(count)

    def counts(self, words: str) -> "Bar":
        expect(self.element.locator(".found-count")).to_have_text(words)
        return self

    def field(self, name: str) -> Locator:
        return self.element.get_by_role("textbox", name=name, exact=True)

    def press(self, name: str) -> "Bar":
        self.element.get_by_role("button", name=name, exact=True).click()
        return self

    def marked(self, *texts: str, name: str = "found") -> "Bar":
        """Wait until these are marked."""
        same = f"JSON.stringify(({_MARKED})(name).sort()) === JSON.stringify(texts)"
        self.page.wait_for_function(f"([name, texts]) => {same}", arg=[name, sorted(texts)])
        return self

    def here(self, text: str) -> "Bar":
        """Wait until the reader is at this one, and sees it."""
        self.marked(text, name="found-here")
        self.page.wait_for_function(_SEEN)
        return self


@pytest.fixture
def bar(sheet: Sheet) -> Iterator[Bar]:
    made = Bar(sheet)
    yield made
    sheet.press("Control+f")
    for pressed in made.element.locator("[aria-pressed=true]").all():
        pressed.click()
    sheet.press("Control+f", "Escape")
    expect(made.element).to_be_hidden()


def test_matches_are_counted_marked_and_gone_through(sheet: Sheet, bar: Bar) -> None:
    sheet.fill("alpha = 1", "beta = Alpha", "print(alpha, alpha)")
    sheet.go(1)
    bar.find("alpha", "2 of 4").marked("alpha", "alpha", "alpha").here("Alpha")
    sheet.press("Enter").says("Match 3 of 4, cell 3")
    sheet.press("Enter", "Enter")
    bar.counts("1 of 4")
    sheet.press("Shift+Enter")
    bar.counts("4 of 4")
    sheet.press("F3", "Shift+F3", "Shift+F3")
    bar.counts("3 of 4")
    sheet.press("Escape").focused("cell 2")
    bar.marked()


def test_case_words_and_regular_expressions(sheet: Sheet, bar: Bar) -> None:
    sheet.fill("Rain rain rainy", "a.b axb")
    bar.find("rain", "1 of 3").press("Match case").counts("1 of 2").press("Whole words").counts(
        "1 of 1"
    )
    bar.press("Match case").press("Whole words").press("Regular expression")
    bar.field("Find").fill("a.b|^R")
    bar.counts("2 of 3")
    bar.field("Find").fill("a(")
    expect(
        bar.element.get_by_text("This is no regular expression: Unterminated group.")
    ).to_be_visible()
    expect(bar.field("Find")).to_have_attribute("aria-invalid", "true")
    bar.field("Find").fill("nothing")
    bar.counts("No matches")


def test_a_selection_is_looked_for_and_its_editor_gone_back_to(sheet: Sheet, bar: Bar) -> None:
    sheet.fill("one two", "two three two")
    sheet.go(0).press("Enter", "Home", "Control+Shift+ArrowRight", "Control+f")
    expect(bar.field("Find")).to_have_value("one")
    bar.find("two", "1 of 3")
    sheet.press("Enter", "Enter", "Escape").focused("editor 1").write("2")
    sheet.shows("one two", "two three 2")


def test_one_is_replaced_after_the_other(sheet: Sheet, bar: Bar) -> None:
    sheet.fill("x = x", "y = x")
    sheet.go(0)
    bar.find("x", "1 of 3")
    sheet.press("Control+h")
    bar.field("Replace with").fill("xx")
    sheet.press("Enter")
    sheet.shows("xx = x", "y = x")
    bar.here("x").counts("3 of 4")
    sheet.press("Enter", "Enter")
    sheet.shows("xx = xx", "y = xx")


def test_all_are_replaced_and_undone_in_one_step(sheet: Sheet, bar: Bar) -> None:
    sheet.fill("rain = 1\nrain + rain", "print(rain)", "sun")
    bar.find("(r)ain", "No matches").press("Regular expression").counts("1 of 4")
    sheet.press("Control+h")
    bar.field("Replace with").fill("$1s")
    bar.press("Replace all").counts("No matches")
    sheet.shows("rs = 1\nrs + rs", "print(rs)", "sun")
    toast = sheet.page.get_by_role("status").filter(has_text="Replaced 4 times in 2 cells.")
    toast.get_by_role("button", name="Undo").click()
    sheet.shows("rain = 1\nrain + rain", "print(rain)", "sun")
    bar.counts("1 of 4")
    sheet.press("Escape").go(2).press("Shift+Z")
    sheet.shows("rs = 1\nrs + rs", "print(rs)", "sun")


def test_what_is_typed_while_the_bar_is_open_is_found(sheet: Sheet, bar: Bar) -> None:
    sheet.fill("one", "two")
    bar.find("new", "No matches")
    sheet.cell(0).locator(".cm-content, .source").first.click()
    sheet.press("End").write(" new")
    bar.counts("1")
    bar.marked("new")


def test_only_the_selected_cells(sheet: Sheet, bar: Bar) -> None:
    sheet.fill("a", "a", "a")
    sheet.go(0).press("Shift+j")
    bar.find("a", "2 of 3")
    bar.element.get_by_label("In 2 selected cells").check()
    bar.counts("2 of 2")
    bar.element.get_by_label("In 2 selected cells").uncheck()
    bar.counts("2 of 3")


def printed(text: str) -> dict[str, Any]:
    """A cell that has printed something."""
    run = {
        "id": "e", "status": "ok", "count": 1, "requested": {"actor": "aa", "ts": 1},
        "started": 1, "completed": 2,
        "outputs": [{"type": "stream", "name": "stdout", "text": text}],
    }  # fmt: skip
    return cell("p", "print(word)") | {"execution": run}


def test_outputs_are_searched_where_that_is_asked(open_notebook: Open) -> None:
    there = open_notebook(sharing(), view=view(cell("a", "word = 1"), printed("a word\nwords")))
    bar = Bar(there.sheet)
    there.sheet.press("Escape")
    bar.find("word", "1 of 2")
    bar.element.get_by_label("In outputs").check()
    bar.counts("1 of 4")
    there.sheet.press("Control+f", "Enter", "Enter", "Enter")
    bar.counts("4 of 4").here("word").marked("word", "word", "word")
    there.sheet.press("Enter")
    bar.counts("1 of 4").here("word")


def test_a_match_far_away_is_drawn_and_seen(open_notebook: Open) -> None:
    """Most of a long notebook is not laid out, and has no editor."""
    cells = [cell(f"c{at}", f"value_{at} = {at}\n" * 3) for at in range(1000)]
    cells[990] = cell("t", "Some *prose* with a needle.", "markdown")
    there = open_notebook(sharing(), view=view(*cells))
    there.sheet.press("Escape")
    bar = Bar(there.sheet).find("needle", "1 of 1").here("needle")
    there.sheet.until("cells[990].selected && cells[990].prose === null")
    bar.field("Find").fill("value_3 ")
    bar.counts("1 of 3").here("value_3 ")
    there.sheet.until("cells[990].prose !== null")


def test_who_may_not_edit_finds_and_is_told_why_nothing_is_replaced(open_notebook: Open) -> None:
    rights = {"role": "view", "edit": False, "run": False, "comment": False}
    there = open_notebook(sharing(role="view"), view=view(cell("a", "x = 1"), rights=rights))
    there.sheet.press("Escape")
    bar = Bar(there.sheet).find("x", "1 of 1")
    bar.press("Show replace")
    why = "This link lets you read. Ask the owner for an edit link."
    expect(bar.element.get_by_role("button", name="Replace all")).to_have_attribute("title", why)
    bar.element.get_by_role("button", name="Replace all").click(force=True)
    expect(there.page.get_by_role("status").filter(has_text=why)).to_be_visible()
    assert there.heard("cmd") == []


def test_what_somebody_else_types_meanwhile_stays(open_notebook: Open) -> None:
    there = open_notebook(sharing(), view=view(cell("a", "x = 1"), cell("b", "y")))
    there.sheet.press("Escape")
    bar = Bar(there.sheet).find("x", "1 of 1")
    there.change(["text", "a", [[0, "# x\n"]]])
    bar.counts("2 of 2")
    there.sheet.press("Control+h")
    bar.field("Replace with").fill("z")
    bar.press("Replace all")
    command = there.next_heard("cmd")["command"]
    assert command["edits"] == [
        {"cell_id": "a", "changes": [2, [1, "z"], 1, [1, "z"]], "before": "# x\nx = 1"}
    ]


# What the worker that finds is asked, of which page; and nothing else that is asked of a worker.
_OVERHEAR = """() => {
  window.asked = [];
  const post = Worker.prototype.postMessage;
  Worker.prototype.postMessage = function (message, ...rest) {
    if (message?.question) window.asked.push(message.question.text);
    return post.call(this, message, ...rest);
  };
}"""
# The second cell's text is a slow one when it is looked through to be replaced.
_SWAP = """slow => {
  window.swapped = 0;
  const post = Worker.prototype.postMessage;
  Worker.prototype.postMessage = function (message, ...rest) {
    const { template, text } = message?.question ?? {};
    if (template === undefined || text !== "a") return post.call(this, message, ...rest);
    window.swapped += 1;
    return post.call(this, { ...message, question: { ...message.question, text: slow } }, ...rest);
  };
}"""
EXPLODES = "(a+)+$"
TOO_LONG = "This regular expression takes too long. The search has stopped."


def test_an_expression_that_explodes_is_ended_and_the_page_goes_on(sheet: Sheet, bar: Bar) -> None:
    sheet.fill("x = 1", "#" + "a" * 40 + "b", "y = 1")
    bar.find("x", "1 of 1").press("Regular expression")
    bar.field("Find").fill(EXPLODES)
    sheet.press("Escape").go(2).press("Enter", "End").write("0")
    sheet.shows("x = 1", "#" + "a" * 40 + "b", "y = 10")
    sheet.press("Control+f")
    bar.field("Find").fill(EXPLODES)
    expect(bar.element.get_by_text(TOO_LONG)).to_be_visible()
    bar.field("Find").fill("a+")
    bar.counts("1 of 1")
    expect(bar.element.get_by_text(TOO_LONG)).to_be_hidden()


def test_what_an_older_expression_would_find_is_never_shown(sheet: Sheet, bar: Bar) -> None:
    sheet.fill("b", "a" * 40 + "b")
    bar.find("a", "1 of 40").press("Regular expression")
    bar.field("Find").fill(EXPLODES)
    bar.field("Find").fill("b$")
    bar.counts("2 of 2").marked("b")
    expect(bar.element.get_by_text(TOO_LONG)).to_be_hidden()


def test_nothing_is_half_replaced_when_time_runs_out(open_notebook: Open) -> None:
    there = open_notebook(sharing(), view=view(cell("a", "aaa"), cell("b", "a")))
    there.sheet.press("Escape")
    bar = Bar(there.sheet).find(EXPLODES, "No matches").press("Regular expression").counts("1 of 2")
    bar.press("Show replace").field("Replace with").fill("z")
    there.page.evaluate(_SWAP, "a" * 40 + "b")
    bar.press("Replace all")
    expect(bar.element.get_by_text(f"{TOO_LONG} Nothing was replaced.")).to_be_visible()
    assert there.page.evaluate("window.swapped") == 1
    there.sheet.shows("aaa", "a")
    assert there.heard("cmd") == []


def test_a_key_has_its_own_cell_searched_and_no_other(open_notebook: Open) -> None:
    cells = [cell(f"c{at}", f"value_{at} = {at}") for at in range(1000)]
    there = open_notebook(sharing(), view=view(*cells))
    there.sheet.press("Escape")
    bar = Bar(there.sheet).find("value_", "1 of 1,000")
    there.page.evaluate(_OVERHEAR)
    bar.press("Regular expression").counts("1 of 1,000")
    assert len(there.page.evaluate("window.asked")) == 1000
    there.page.evaluate("window.asked = []")
    there.sheet.cell(1).locator(".cm-content, .source").first.click()
    there.sheet.press("End").write(" + value_9")
    bar.counts("1 of 1,001")
    assert there.page.evaluate("window.asked") == ["value_1 = 1 + value_9"]
