"""A long notebook costs what is on the screen and what changes. Counts, never times."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.sheet import Sheet
from tests.long_notebook import long_notebook

pytestmark = pytest.mark.browser

CELLS = 300
NEAR = 30
"""More cells than can be within 800 px of a screen of 860 px."""
MIDDLE = 150
PAINTED = ".source:has(span)"
PRINTS = "print('now', 6 * 7)"

_OPENED = "([cells]) => document.querySelectorAll('[data-cell-id]').length === cells"
_ALL_DRAWN = """() => [...document.querySelectorAll('[data-cell-type=markdown] .md')]
  .every((prose) => !prose.hidden && prose.textContent)"""
_CALM = """() => new Promise((done) =>
  requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done))))"""
# Notes every element that a mutation is found on, as the place of its cell or its region.
_WATCH = """
() => {
  globalThis.touched = {};
  globalThis.watcher?.disconnect(); // else a change would count twice
  const cells = [...document.querySelectorAll("[data-cell-id]")];
  globalThis.watcher = new MutationObserver((records) => {
    for (const { target } of records) {
      const element = target instanceof Element ? target : target.parentElement;
      const cell = element?.closest("[data-cell-id]");
      const place = element?.closest("[data-region]:not(main)");
      const name = cell ? `cell ${cells.indexOf(cell)}` : place ? place.dataset.region : "else";
      touched[name] = (touched[name] ?? 0) + 1;
    }
  });
  watcher.observe(document.querySelector(".app"),
    { subtree: true, childList: true, attributes: true, characterData: true });
}
"""


@pytest.fixture(scope="module")
def sheet(chromium: Browser, site_url: str) -> Iterator[Sheet]:
    """One long notebook for all of these."""
    context = chromium.new_context(viewport={"width": 1280, "height": 860})
    page = context.new_page()
    made = Sheet(page)
    page.goto(site_url)
    text = long_notebook(CELLS, frame_every=10, special={MIDDLE: PRINTS, MIDDLE + 1: "x = 1"})
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Open .ipynb").first.click()
    chooser.value.set_files([{"name": "Long.ipynb", "mimeType": "", "buffer": text.encode()}])
    page.wait_for_function(_OPENED, arg=[CELLS])
    page.wait_for_function(_ALL_DRAWN)
    page.evaluate(_CALM)
    yield made
    context.close()


def count(page: Page, selector: str) -> int:
    """How many of these the document has."""
    return page.locator(selector).count()


def touched(sheet: Sheet) -> dict[str, int]:
    """Where the DOM was changed since `_WATCH`, and how often."""
    found: dict[str, Any] = sheet.page.evaluate("touched")
    return found


def calm(sheet: Sheet) -> None:
    """Wait until nothing more is drawn of what was done."""
    before = None
    while before != (before := touched(sheet)):
        for _ in range(10):
            sheet.page.evaluate(_CALM)


def test_colours_editors_and_frames_are_only_near_the_screen(sheet: Sheet) -> None:
    assert 0 < count(sheet.page, PAINTED) <= NEAR
    assert count(sheet.page, ".cm-editor") == 0  # the first cell is text, and none was gone into
    assert count(sheet.page, ".outs iframe") <= NEAR / 5
    sheet.press("Escape", "End")
    sheet.page.wait_for_function(
        "([at, painted]) => document.querySelectorAll('[data-cell-id]')[at].querySelector(painted)",
        arg=[CELLS - 2, PAINTED],
    )
    sheet.page.wait_for_function(
        "([painted, near]) => document.querySelectorAll(painted).length <= near",
        arg=[PAINTED, NEAR],
    )
    sheet.cell(CELLS - 1).locator(".cm-editor").wait_for()
    assert count(sheet.page, ".cm-editor") == 1
    box = sheet.cell(CELLS - 1).bounding_box()
    assert box is not None
    assert 0 < box["y"] < 860
    sheet.press("Home")
    sheet.until("cells[0].selected")
    sheet.page.wait_for_function("() => !document.querySelector('.cm-editor')")  # nothing was typed


def test_what_is_far_has_its_text_in_the_document(sheet: Sheet) -> None:
    last = sheet.cells[CELLS - 3]
    assert last["source"].startswith(f"# Step {CELLS - 3}\n")
    heading = sheet.cell(CELLS - 4).get_by_role("heading", name=f"Part {CELLS - 4}")
    assert heading.text_content() == f"Part {CELLS - 4}"
    session = sheet.page.context.new_cdp_session(sheet.page)
    nodes = session.send("Accessibility.getFullAXTree")["nodes"]
    said = {str(node.get("name", {}).get("value", "")) for node in nodes}
    assert f"Part {CELLS - 4}" in said
    session.detach()
    found = sheet.page.evaluate("text => find(text)", f"def step_{CELLS - 3}")
    assert found is True
    place = sheet.page.evaluate(
        """() => {
          const element = getSelection().anchorNode.parentElement.closest("[data-cell-id]");
          getSelection().removeAllRanges();
          return [...document.querySelectorAll("[data-cell-id]")].indexOf(element);
        }"""
    )
    assert place == CELLS - 3


def test_a_jump_by_the_outline_shows_the_cell_at_the_top(sheet: Sheet) -> None:
    sheet.page.get_by_role("button", name="Part 200", exact=True).click()
    sheet.until("cells[200].selected")
    sheet.page.evaluate(_CALM)
    box = sheet.cell(200).bounding_box()
    assert box is not None
    assert 0 < box["y"] < 300
    assert count(sheet.page, ".cm-editor") <= 2 * NEAR


def test_one_character_is_one_command_and_touches_its_cell_only(sheet: Sheet) -> None:
    ready(sheet)
    sheet.cell(MIDDLE + 1).locator(".code").click()
    sheet.focused(f"editor {MIDDLE + 1}")
    sheet.press("Control+End")
    sheet.page.evaluate(_CALM)
    before = events(sheet)
    sheet.page.evaluate(_WATCH)
    sheet.write("2")
    sheet.until("cells[argument].source === 'x = 12'", MIDDLE + 1)
    sheet.page.wait_for_function(f"() => ({_EVENTS})() > {before}")
    calm(sheet)
    assert events(sheet) == before + 1
    cells = {name for name in touched(sheet) if name.startswith("cell")}
    assert cells == {f"cell {MIDDLE + 1}"}
    assert touched(sheet).get("panel", 0) <= 4  # its line, and nothing of the others


def test_a_run_draws_its_own_cell_only(sheet: Sheet) -> None:
    ready(sheet)
    sheet.cell(MIDDLE).locator(".g").click()
    sheet.until("cells[argument].selected && !cells[argument].editing", MIDDLE)
    sheet.page.evaluate(_CALM)
    sheet.page.evaluate(_WATCH)
    sheet.press("Control+Enter")
    sheet.status(MIDDLE, "ok")
    sheet.until("cells[argument].outputs[0]?.startsWith('now 42')", MIDDLE)
    calm(sheet)
    cells = {name for name in touched(sheet) if name.startswith("cell")}
    assert cells == {f"cell {MIDDLE}"}
    assert touched(sheet).get("panel", 0) <= 15  # its line, in each of its states


def ready(sheet: Sheet) -> None:
    """Wait until Python is up and idle."""
    sheet.page.wait_for_function(
        "() => document.querySelector('.rt-chip').getAttribute('aria-label').includes('Ready')"
    )


_EVENTS = """() =>
  Number(document.querySelector("[data-region=status] .strip b").textContent.replace(/\\D/g, ""))"""


def events(sheet: Sheet) -> int:
    """How many events the log has, as the status bar says."""
    found: int = sheet.page.evaluate(_EVENTS)
    return found
