"""What a reader sees: the list of notebooks, the examples, and every width in light and dark.

Screenshots are left among the artefacts; what a machine can judge of them is asserted here.
"""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.visitors import Visitors

pytestmark = pytest.mark.browser

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "site" / "assets" / "examples"
PATIENCE = 150_000
"""Milliseconds that Python may take to start and run on a busy machine."""

_DROP = """([name, text]) => {
  const transfer = new DataTransfer();
  transfer.items.add(new File([text], name));
  const target = document.querySelector(".home");
  for (const kind of ["dragenter", "dragover", "drop"])
    target.dispatchEvent(
      new DragEvent(kind, { dataTransfer: transfer, bubbles: true, cancelable: true }));
}"""
_WIDER = "document.documentElement.scrollWidth - innerWidth"

NewPage = Callable[..., Page]


@pytest.fixture
def new_page(visitors: Visitors, site_url: str) -> Iterator[NewPage]:
    """Make pages of a browser that knows no notebook; a complaint on the console is a failure."""
    complaints: list[str] = []
    contexts = []

    def make(width: int = 1280, height: int = 860, **how: object) -> Page:
        context = visitors.come(viewport={"width": width, "height": height}, **how)
        contexts.append(context)
        context.set_default_timeout(PATIENCE)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "console",
            lambda said: complaints.append(said.text) if said.type == "error" else None,
        )
        page.on("dialog", lambda dialog: dialog.accept())
        page.goto(site_url)
        expect(page.get_by_role("heading", name="Examples")).to_be_visible()
        return page

    yield make
    for context in contexts:
        visitors.go(context)
    assert complaints == []


def book(*sources: str) -> str:
    """An .ipynb file with these code cells after a heading."""
    heading = {"cell_type": "markdown", "id": "top", "metadata": {}, "source": "# Found"}
    cells = [
        {
            "cell_type": "code",
            "id": f"c{i}",
            "metadata": {},
            "source": source,
            "outputs": [],
            "execution_count": None,
        }
        for i, source in enumerate(sources)
    ]
    return json.dumps(
        {"cells": [heading, *cells], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    )


def open_file(page: Page, name: str, text: str) -> None:
    """Open a file by the button of the home page."""
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Open .ipynb").first.click()
    chooser.value.set_files([{"name": name, "mimeType": "", "buffer": text.encode()}])
    expect(page.locator(".cell")).not_to_have_count(0, timeout=PATIENCE)


def rows(page: Page) -> Locator:
    """The notebooks of the list."""
    return page.locator(".books tbody tr")


def names(page: Page) -> list[str]:
    """Their names, in order."""
    return page.locator(".books .name").all_inner_texts()


def go_home(page: Page) -> None:
    """Back to the list, once everything is stored."""
    expect(page.locator(".saved")).to_contain_text("Saved", timeout=PATIENCE)
    expect(page.locator(".rt-chip")).not_to_contain_text("Preparing", timeout=PATIENCE)
    page.get_by_role("link", name="All notebooks").click()
    expect(rows(page)).not_to_have_count(0)


def choose(page: Page, name: str, what: str) -> None:
    """Choose from the menu of a notebook in the list."""
    page.get_by_role("button", name=f"More for {name}", exact=True).click()
    page.get_by_role("menuitem", name=what).click()


def run_all(page: Page) -> list[str]:
    """Run every cell and wait for the end; gives the states of the code cells."""
    page.get_by_role("button", name="Run all").first.click()
    page.wait_for_function(
        """() => {
          const cells = [...document.querySelectorAll('[data-cell-type=code]')];
          const ends = ['ok', 'error', 'aborted', 'cancelled', 'lost'];
          return cells.length && cells.every((cell) => ends.includes(cell.dataset.executionStatus));
        }""",
        timeout=PATIENCE,
    )
    found: list[str] = page.locator("[data-cell-type=code]").evaluate_all(
        "cells => cells.map((cell) => cell.dataset.executionStatus)"
    )
    return found


def test_an_empty_browser_says_what_this_is_and_starts(new_page: NewPage) -> None:
    page = new_page()
    expect(page.get_by_role("heading", name="No notebooks yet")).to_be_visible()
    expect(page.get_by_role("searchbox")).to_be_hidden()
    new = page.get_by_role("button", name="New notebook").first
    expect(new).to_be_focused()
    new.press("Enter")
    expect(page.get_by_role("textbox", name="Name of the notebook")).to_have_value("Untitled")
    page.keyboard.type("1 + 1")
    expect(page.locator(".cell .code")).to_contain_text("1 + 1")
    go_home(page)
    assert names(page) == ["Untitled"]
    expect(page.locator(".under")).to_contain_text("Stored in this browser")


def test_the_list_renames_duplicates_deletes_and_brings_back(new_page: NewPage) -> None:
    page = new_page()
    open_file(page, "Found.ipynb", book("1"))
    go_home(page)
    assert names(page) == ["Found"]

    choose(page, "Found", "Rename")
    field = page.get_by_role("textbox", name="Name")
    expect(field).to_be_focused()
    field.fill("Tides")
    field.press("Enter")
    expect(page.locator(".books .name")).to_have_text(["Tides"])

    choose(page, "Tides", "Duplicate")
    expect(rows(page)).to_have_count(2)
    assert sorted(names(page)) == ["Tides", "Tides copy"]

    choose(page, "Tides copy", "Delete")
    expect(rows(page)).to_have_count(1)
    page.get_by_role("button", name="Undo").click()
    expect(rows(page)).to_have_count(2)

    choose(page, "Tides", "Delete")
    expect(rows(page)).to_have_count(1)
    page.reload()
    expect(rows(page)).to_have_count(1)
    page.locator(".books .name").click()
    expect(page.get_by_role("textbox", name="Name of the notebook")).to_have_value("Tides copy")
    expect(page.locator(".md h1")).to_have_text("Found", timeout=PATIENCE)


def test_search_shows_what_matches_and_says_when_nothing_does(new_page: NewPage) -> None:
    page = new_page()
    for name in ("Baltic oxygen", "Ice cores"):
        open_file(page, f"{name}.ipynb", book())
        go_home(page)
    page.keyboard.press("/")
    search = page.get_by_role("searchbox")
    expect(search).to_be_focused()
    page.keyboard.type("ICE")
    expect(rows(page)).to_have_count(1)
    assert names(page) == ["Ice cores"]
    search.fill("granite")
    expect(page.get_by_text("No notebook is called “granite”.")).to_be_visible()
    search.press("Escape")
    expect(rows(page)).to_have_count(2)


def test_a_file_dropped_on_the_list_opens(new_page: NewPage) -> None:
    page = new_page()
    page.evaluate(_DROP, ["notes.txt", "no notebook"])
    expect(page.get_by_role("alert")).to_contain_text("notes.txt")
    page.evaluate(_DROP, ["Dropped.ipynb", book("2 + 2")])
    expect(page.locator(".md h1")).to_have_text("Found", timeout=PATIENCE)
    expect(page.locator("[data-cell-type=code] .code")).to_contain_text("2 + 2")


def test_a_backup_holds_every_notebook(new_page: NewPage) -> None:
    page = new_page()
    open_file(page, "Found.ipynb", book("1"))
    go_home(page)
    with page.expect_download() as download:
        page.get_by_role("button", name="Back up all").click()
    assert download.value.suggested_filename.endswith(".zip")
    data = Path(download.value.path()).read_bytes()
    assert data.startswith(b"PK")
    assert b"Found.foldbook" in data


@pytest.mark.parametrize("file", sorted(path.name for path in EXAMPLES.glob("*.ipynb")))
def test_an_example_opens_and_runs(new_page: NewPage, file: str, artefacts: Path) -> None:
    cells = json.loads((EXAMPLES / file).read_text(encoding="utf-8"))["cells"]
    title = "".join(cells[0]["source"]).splitlines()[0].removeprefix("# ")
    page = new_page()
    card = page.locator(".example", has_text=title)
    expect(card).to_contain_text(f"{len(cells)} cells")
    card.click()
    expect(page.locator(".cell")).to_have_count(len(cells), timeout=PATIENCE)
    assert set(run_all(page)) == {"ok"}
    expect(page.locator(".katex-error")).to_have_count(0)
    expect(page.locator(".output.stderr")).to_have_count(0)
    page.screenshot(path=artefacts / f"example-{Path(file).stem}.png")


def test_every_example_file_is_on_the_list(new_page: NewPage) -> None:
    page = new_page()
    expect(page.locator(".example")).to_have_count(len(list(EXAMPLES.glob("*.ipynb"))))


def test_the_runtime_says_what_it_is(new_page: NewPage, artefacts: Path) -> None:
    page = new_page()
    open_file(page, "Found.ipynb", book("1 + 1"))
    assert run_all(page) == ["ok"]
    chip = page.locator(".rt-chip")
    expect(chip).to_contain_text("Ready")
    chip.click()
    menu = page.get_by_role("dialog", name="Runtime")
    expect(menu).to_contain_text("Ready")
    expect(menu).to_contain_text("in this tab. Nothing leaves your computer unless code sends it.")
    expect(menu.get_by_role("button", name="Interrupt")).to_be_disabled()
    expect(menu.get_by_role("button", name="Restart", exact=True)).to_be_enabled()
    page.screenshot(path=artefacts / "look-runtime.png")
    page.keyboard.press("Escape")
    expect(menu).to_be_hidden()
    expect(chip).to_be_focused()


WIDTHS = [(1440, 900), (1280, 860), (1024, 800), (768, 1024), (360, 760)]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_width_holds_the_page(new_page: NewPage, artefacts: Path, scheme: str) -> None:
    page = new_page(color_scheme=scheme)
    for width, height in WIDTHS:
        page.set_viewport_size({"width": width, "height": height})
        page.screenshot(path=artefacts / f"look-empty-{width}-{scheme}.png")
        assert page.evaluate(_WIDER) <= 0, f"the empty home page scrolls sideways at {width}"
    page.set_viewport_size({"width": 1280, "height": 860})
    wide = "value = [" + ", ".join(str(n) for n in range(80)) + "]\nprint(*value)\n1 / 0"
    open_file(page, "A name that is rather long for a notebook.ipynb", book(wide))
    assert run_all(page) == ["error"]
    for width, height in WIDTHS:
        page.set_viewport_size({"width": width, "height": height})
        page.screenshot(path=artefacts / f"look-notebook-{width}-{scheme}.png")
        assert page.evaluate(_WIDER) <= 0, f"the notebook scrolls sideways at {width}"
        _inside(page.locator(".rt-chip"), width)
        _inside(page.locator(".hd > .btn"), width)
        _apart(page.locator(".ttl"), page.locator(".saved"))
    go_home(page)
    for width, height in WIDTHS:
        page.set_viewport_size({"width": width, "height": height})
        page.screenshot(path=artefacts / f"look-home-{width}-{scheme}.png")
        assert page.evaluate(_WIDER) <= 0, f"the home page scrolls sideways at {width}"
        _inside(page.get_by_role("button", name="Settings"), width)


def test_the_measures_of_the_sheet(new_page: NewPage) -> None:
    page = new_page()
    open_file(page, "Found.ipynb", book("1"))
    assert page.locator(".hd").evaluate("e => e.offsetHeight") == 44
    assert page.locator(".tb").evaluate("e => e.offsetHeight") == 36
    assert page.locator(".st").evaluate("e => e.offsetHeight") == 28
    assert page.locator(".panel").evaluate("e => e.offsetWidth") == 232
    assert (
        page.locator(".cell.code .col, [data-cell-type=code] .col").first.evaluate(
            "e => e.offsetWidth"
        )
        == 744
    )
    code = _box(page.locator("[data-cell-type=code] .code"))
    prose = _box(page.locator(".md h1"))
    assert prose["x"] == code["x"] + 16, "prose and code share one left text edge"


def test_a_theme_that_is_pinned_stays(new_page: NewPage) -> None:
    page = new_page(color_scheme="light")
    page.get_by_role("button", name="Settings").click()
    page.get_by_role("radio", name="Dark").check(force=True)
    page.get_by_role("button", name="Done").click()
    page.reload()
    expect(page.locator("body")).to_have_css("background-color", "rgb(16, 19, 23)")
    frame = page.locator("meta[name=theme-color]").evaluate_all("all => all.map((e) => e.content)")
    assert frame == ["#101317", "#101317"]


def test_a_phone_edits_with_its_own_bar(new_page: NewPage, artefacts: Path) -> None:
    page = new_page(width=360, height=760, has_touch=True)
    open_file(page, "Found.ipynb", book("total = 1"))
    page.locator("[data-cell-type=code] .code").tap()
    bar = page.get_by_role("navigation", name="Cell")
    done = page.get_by_role("button", name="Done")
    expect(done).to_be_visible()
    expect(bar).to_be_hidden()
    page.keyboard.press("Control+End")
    page.locator(".keyrow").get_by_role("button", name="(", exact=True).tap()
    expect(page.locator("[data-cell-type=code] .code")).to_contain_text("total = 1(")
    page.screenshot(path=artefacts / "look-phone-edit.png")
    assert page.evaluate(_WIDER) <= 0
    done.tap()
    expect(bar).to_be_visible()


def _box(element: Locator) -> dict[str, float]:
    box = element.bounding_box()
    assert box is not None, f"{element} is not drawn"
    return {"x": box["x"], "y": box["y"], "width": box["width"], "height": box["height"]}


def _inside(element: Locator, width: int) -> None:
    box = _box(element)
    ends = [box["x"], width - box["x"] - box["width"]]
    assert min(ends) >= 0, f"{element} stands outside of {width}"


def _apart(one: Locator, other: Locator) -> None:
    first, second = _box(one), _box(other)
    beside = first["x"] + first["width"] <= second["x"] + 0.5
    above = first["y"] + first["height"] <= second["y"] + 4.5
    assert beside or above, f"{one} and {other} overlap"
