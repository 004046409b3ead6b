"""Others in the document: carets, where they are, what they change, and what a link allows."""

from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.engines import wait_until
from tests.browser.stand_in import (
    INES,
    KESTREL,
    ME,
    TOMAS,
    TREND,
    Open,
    StandIn,
    cell,
    paper,
    person,
    sharing,
    view,
)

pytestmark = pytest.mark.browser

_DRAWN = """async () => {
  // The editor measures a frame after a change, and draws what follows from that one later.
  for (let frame = 0; frame < 3; frame++) await new Promise(requestAnimationFrame);
}"""
READS = {"role": "view", "edit": False, "run": False, "comment": False}
EDITS = {"role": "edit", "edit": True, "run": False, "comment": True}


def flags(notebook: StandIn) -> Locator:
    """The flags at the carets of others."""
    return notebook.page.locator(".other-caret > span")


def left_of_text(notebook: StandIn, cell_index: int, units: int) -> float:
    """How far right a place of a cell's first line is on the screen; in UTF-16 units."""
    found: float = notebook.sheet.cell(cell_index).evaluate(
        """(cell, units) => {
          const range = document.createRange();
          const walker = document.createTreeWalker(cell.querySelector(".cm-line"), 4);
          for (let node; (node = walker.nextNode()); units -= node.length)
            if (units <= node.length) {
              range.setStart(node, units);
              range.setEnd(node, units);
              return range.getBoundingClientRect().left;
            }
        }""",
        units,
    )
    return found


def caret_at(notebook: StandIn, cell_index: int, units: int) -> None:
    """Wait until the only caret of others stands there; see `left_of_text`."""
    notebook.page.wait_for_function(
        """x => {
          const caret = document.querySelector(".other-caret");
          return Math.abs(caret.getBoundingClientRect().x + 1 - x) < 1.5;
        }""",
        arg=left_of_text(notebook, cell_index, units),
    )


def test_a_caret_stands_where_somebody_types(open_notebook: Open) -> None:
    cells = [*paper()[:1], cell("c1", "a🙂b = 15"), cell("c2", "x")]
    notebook = open_notebook(sharing(), view=view(*cells), reduced_motion="reduce")
    notebook.people(person(TOMAS, "c1", 3), person(ME, "c1", 2))
    caret = notebook.page.locator(".other-caret")
    expect(caret).to_have_count(1)
    expect(flags(notebook)).to_have_text("Tomás")
    box = caret.bounding_box()
    assert box is not None
    assert box["width"] == 2
    assert abs(box["x"] + 1 - left_of_text(notebook, 1, 4)) < 1.5
    expect(flags(notebook)).to_have_text("TR")  # after two seconds
    notebook.people(person(TOMAS, "c1", 1))
    expect(flags(notebook)).to_have_text("Tomás")


def test_what_others_selected_and_the_corners_of_agents(open_notebook: Open) -> None:
    notebook = open_notebook(sharing(), reduced_motion="reduce")
    notebook.people(person(INES, "c1", 11, anchor=9), person(KESTREL, "c1", 20))
    page = notebook.page
    expect(page.locator(".other-selection")).to_have_text("15")
    expect(page.locator(".other-caret.ag > span")).to_have_text("Kestrel")
    agent = page.locator(".other-caret.ag > span")
    assert agent.evaluate("e => getComputedStyle(e).borderRadius") == "0px"
    line = notebook.sheet.cell(1).locator(".cm-line").first
    before = line.bounding_box()
    notebook.people()
    expect(page.locator(".other-caret, .other-selection")).to_have_count(0)
    assert line.bounding_box() == before, "flags shift no text"


def test_a_caret_is_mapped_through_what_is_typed_here(open_notebook: Open) -> None:
    notebook = open_notebook(sharing(), reduced_motion="reduce")
    notebook.people(person(TOMAS, "c2", 6))
    notebook.sheet.go(2).press("Enter", "Home").write("abc = ")
    caret = notebook.page.locator(".other-caret")
    notebook.sheet.until("cells[2].source === 'abc = smooth.round(2)'")
    caret_at(notebook, 2, 12)
    mark = {"actor": INES, "ts": 2_000_000_000_000}
    notebook.change(["text", "c2", [[0, "é"]]], ["set", ["cells", "c2", "edited"], mark])
    expect(caret).to_have_count(1)
    caret_at(notebook, 2, 13)


def test_a_word_of_a_caret_may_come_before_what_was_typed_there(open_notebook: Open) -> None:
    notebook = open_notebook(sharing(), reduced_motion="reduce")
    mark = {"actor": TOMAS, "ts": 2_000_000_000_000}
    typed: list[list[Any]] = [
        ["text", "c2", [[0, "abc"]]],
        ["set", ["cells", "c2", "edited"], mark],
    ]
    notebook.people(person(TOMAS, "c2", 3))
    notebook.change(*typed)
    notebook.sheet.until("cells[2].source === 'abcsmooth.round(2)'")
    caret_at(notebook, 2, 3)
    notebook.change(["text", "c2", [3, [0, "!"]]], ["set", ["cells", "c2", "edited"], mark])
    notebook.people(person(TOMAS, "c2", 4))
    notebook.sheet.until("cells[2].source === 'abc!smooth.round(2)'")
    caret_at(notebook, 2, 4)


def test_the_page_says_where_the_reader_is(open_notebook: Open) -> None:
    notebook = open_notebook(sharing())
    notebook.sheet.go(2).press("Enter", "End")

    def last() -> dict[str, Any]:
        said = {**notebook.heard("presence")[-1]}
        return {name: said[name] for name in ("cell", "anchor", "head", "mode")}

    def says(**place: Any) -> None:
        wait_until(lambda: last() == place, f"{place}")

    notebook.sheet.until("cells[2].editing")
    says(cell="c2", anchor=15, head=15, mode="edit")
    notebook.sheet.press("Shift+Home")
    says(cell="c2", anchor=15, head=0, mode="edit")
    notebook.sheet.press("Escape")
    says(cell="c2", anchor=0, head=0, mode="select")
    count = len(notebook.heard("presence"))
    notebook.share(waiting=1)  # the page is drawn anew, and the reader is where they were
    notebook.sheet.press("k")
    says(cell="c1", anchor=0, head=0, mode="select")
    assert len(notebook.heard("presence")) == count + 1, "what is the same is not said again"


def test_a_notebook_that_nobody_shares_says_nothing(open_notebook: Open) -> None:
    notebook = open_notebook(sharing("local"))
    notebook.sheet.go(2).press("Enter", "End").write("1")
    notebook.next_heard("cmd")  # where one is would have been said before what one typed there
    assert notebook.heard("presence") == []


def test_who_is_in_which_cell_stands_in_the_margin(open_notebook: Open) -> None:
    notebook = open_notebook(sharing())
    heights = "cells => cells.map((cell) => cell.offsetHeight)"
    cells = notebook.page.locator("[data-cell-id]")
    before = cells.evaluate_all(heights)
    notebook.sheet.go(1).press("Enter")
    notebook.people(
        person(ME, "c1"),
        person(TOMAS, "c1"),
        person(INES, "c1"),
        person(KESTREL, "t1", mode="select"),
    )
    here = notebook.page.locator(".here")
    expect(here).to_have_count(2)
    expect(notebook.sheet.cell(1).locator(".here")).to_contain_text("3 people editing")
    expect(notebook.sheet.cell(0).locator(".here")).to_have_text("KKestrelReading")
    expect(notebook.page.locator(".st")).to_contain_text("with Tomás and Ines")
    assert cells.evaluate_all(heights) == before, "nobody's coming moves a line"
    notebook.people(person(ME, "c1"))
    expect(here).to_have_count(0)
    expect(notebook.page.locator(".st")).not_to_contain_text("with")


def test_what_somebody_changes_in_view_flashes_once(open_notebook: Open) -> None:
    notebook = open_notebook(sharing())
    notebook.page.evaluate(
        """() => {
          globalThis.flashed = [];
          document.addEventListener("animationstart", (event) => {
            if (event.animationName === "changed")
              flashed.push(event.target.closest(".cell").dataset.cellId);
          });
        }"""
    )

    def edit(cell_id: str, actor: str, ts: int) -> None:
        notebook.change(
            ["text", cell_id, [[0, "#"]]],
            ["set", ["cells", cell_id, "edited"], {"actor": actor, "ts": ts}],
        )

    edit("c2", TOMAS, 2_000_000_000_000)
    edit("c2", TOMAS, 2_000_000_000_300)
    edit("c1", ME, 2_000_000_000_000)
    notebook.sheet.until("cells[2].source.startsWith('##') && cells[1].source.startsWith('#')")
    expect(notebook.page.locator(".flash")).to_have_count(0)
    assert notebook.page.evaluate("flashed.filter((id, i, all) => all.indexOf(id) === i)") == ["c2"]


def test_the_line_that_is_typed_in_stays_where_it_is(open_notebook: Open) -> None:
    cells = [cell("t1", "# Top", "markdown"), cell("c0", TREND), cell("c1", TREND)]
    cells += [cell(f"x{i}", TREND) for i in range(8)]
    notebook = open_notebook(sharing(), view=view(*cells))
    page = notebook.page
    notebook.sheet.go(2).press("Enter", "Control+End")
    top = """() => {
      const scroller = document.querySelector("#notebook");
      return document.querySelector(".cell.editing .cm-cursor-primary").getBoundingClientRect().top;
    }"""
    page.evaluate("document.querySelector('#notebook').scrollTop = 120")
    page.evaluate(_DRAWN)
    before = page.evaluate(top)
    lines = "\n".join(f"line_{i} = {i}" for i in range(5)) + "\n"
    notebook.change(["text", "c0", [[0, lines]]])
    notebook.sheet.until("cells[1].source.startsWith('line_0')")
    page.evaluate(_DRAWN)
    assert abs(page.evaluate(top) - before) < 1.5, "text came into the cell above"
    notebook.change(["text", "c1", [[0, lines]]])
    notebook.sheet.until("cells[2].source.startsWith('line_0')")
    page.evaluate(_DRAWN)
    assert abs(page.evaluate(top) - before) < 1.5, "text came above in the same cell"


def test_a_reader_may_look_and_is_told_why_no_more(open_notebook: Open) -> None:
    grants = [{"actor": TOMAS, "role": "own", "removed": False}]
    notebook = open_notebook(sharing(role="view", people=grants), view=view(*paper(), rights=READS))
    page, sheet = notebook.page, notebook.sheet
    told = "This link lets you read. Ask Tomás for an edit link."
    expect(page.locator(".saved")).to_have_text("Reading · event 1,284")
    expect(page.get_by_role("textbox", name="Name of the notebook")).not_to_be_editable()
    sheet.go(1).press("Enter")
    expect(sheet.cell(1).locator(".cm-content")).to_have_attribute("aria-readonly", "true")
    sheet.focused("editor 1").write("no")
    assert sheet.cells[1]["source"] == TREND
    sheet.press("Escape", "b")
    expect(page.locator(".toast")).to_have_text(told)
    assert len(sheet.cells) == 3
    add = page.get_by_role("button", name="Add code", exact=True)
    expect(add).to_have_attribute("aria-disabled", "true")
    expect(add).to_have_attribute("title", told)
    expect(page.get_by_role("button", name="Add code at the end")).to_be_hidden()
    run = page.get_by_role("button", name="Run all")
    expect(run).to_be_visible()
    run.click(force=True)
    expect(page.locator(".toast")).to_have_text(
        "This link lets you read. Ask Tomás for a run link."
    )
    sheet.press("Control+k")
    page.keyboard.type("Delete cell")
    expect(page.get_by_role("option", name="Delete cell")).to_have_attribute(
        "aria-disabled", "true"
    )
    assert notebook.heard("cmd") == []


def test_who_may_edit_but_not_run_is_told_so(open_notebook: Open) -> None:
    notebook = open_notebook(sharing(role="edit"), view=view(*paper(), rights=EDITS))
    page, sheet = notebook.page, notebook.sheet
    told = "You can edit here, but not run: ask the owner for a run link."
    expect(page.locator(".saved")).to_have_text("Saved · event 1,284")
    sheet.go(2).press("Enter", "End").write("x")
    sheet.until("cells[2].source === 'smooth.round(2)x'")
    sheet.press("Shift+Enter")
    expect(page.locator(".toast")).to_have_text(told)
    go = sheet.cell(2).get_by_role("button", name="Run cell")
    expect(go).to_have_attribute("title", told)
    expect(go).to_be_visible()
    assert {each["command"]["do"] for each in notebook.heard("cmd")} == {"edit_source"}


def test_a_right_that_is_given_later_counts_at_once(open_notebook: Open) -> None:
    notebook = open_notebook(sharing(role="view"), view=view(*paper(), rights=READS))
    sheet = notebook.sheet
    expect(sheet.cell(1).locator(".cm-content")).to_have_attribute("aria-readonly", "true")
    notebook.change(["set", ["rights"], {**EDITS, "run": True}])
    expect(sheet.cell(1).locator(".cm-content")).to_have_attribute("aria-readonly", "false")
    expect(notebook.page.locator(".saved")).to_have_text("Saved · event 1,284")
    sheet.go(1).press("b")
    assert notebook.next_heard("cmd")["command"]["do"] == "create_cell"


def test_a_notebook_that_comes_later_than_its_page(open_notebook: Open) -> None:
    notebook = open_notebook(sharing("connecting"), view=view())
    expect(notebook.page.locator(".nothing")).to_have_text(
        "The notebook is on its way from the relay."
    )
    cells = {each["id"]: each for each in paper()}
    notebook.change(["set", ["cells"], cells], ["set", ["order"], list(cells)])
    notebook.sheet.until("cells.length === 3 && cells[0].selected")
    expect(notebook.page.locator(".nothing")).to_be_hidden()


def test_the_bar_of_a_phone_explains_itself(open_notebook: Open) -> None:
    phone = {"width": 360, "height": 760}
    notebook = open_notebook(
        sharing(role="edit"), view=view(*paper(), rights=EDITS), viewport=phone
    )
    page = notebook.page
    notebook.sheet.cell(2).locator(".cm-content").click()
    page.get_by_role("button", name="Done").click()
    run = page.get_by_role("navigation", name="Cell").get_by_role("button", name="Run")
    expect(run).to_have_attribute("aria-disabled", "true")
    run.click(force=True)
    expect(page.locator(".toast")).to_contain_text("You can edit here, but not run")
    assert len(notebook.sheet.cells) == 3
    assert notebook.heard("cmd") == []
