"""Every view is accessible: axe-core finds nothing at any width, in light and in dark.

Screenshots are left among the artefacts.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser import chart_samples as charts
from tests.browser.axe import SIZES
from tests.browser.eye import Eye, Size, looking
from tests.browser.shown import everything
from tests.browser.stand_in import (
    KESTREL,
    ME,
    NO_PYTHON,
    READY,
    TOMAS,
    Open,
    StandIn,
    cell,
    paper,
    person,
    sharing,
    view,
)
from tests.browser.visitors import Visitors

pytestmark = pytest.mark.browser

READS = {"role": "view", "edit": False, "run": False, "comment": False}
KEY = "Qm9va3M_" * 8
LINK = {"id": "edit", "role": "edit", "created": 1, "used": 0, "revoked": False}
PEOPLE = [
    {"actor": ME, "role": "own", "removed": False},
    {"actor": TOMAS, "role": "run", "removed": False},
]


CALLS = {
    "variables": {
        "variables": [
            {"name": "day", "type": "str", "shape": None, "preview": "'Monday'", "table": False},
            {"name": "rain", "type": "DataFrame", "shape": [99, 2], "preview": "", "table": True},
        ],
        "more": 3,
    },
    "variable": {
        "type": "DataFrame",
        "shape": [99, 2],
        "columns": ["month", "mm"],
        "index": ["0", "1"],
        "rows": [["Jan", "61.5"], ["Feb", "48.0"]],
    },
}
"""What the runtime has in memory."""


def id_of(size: Size) -> str:
    return str(size[0])


def by_name(page: Page, command: str) -> None:
    """Choose a command from the palette."""
    page.keyboard.press("Control+k")
    page.keyboard.insert_text(command)
    page.keyboard.press("Enter")


def close(page: Page) -> None:
    page.keyboard.press("Escape")
    expect(page.locator("dialog[open], [popover]:popover-open")).to_have_count(0)


def surfaces(notebook: StandIn) -> dict[str, tuple[str, Callable[[], object]]]:
    """What opens over a notebook: where it stands, and how a reader opens it at any width."""
    page = notebook.page

    def cell_menu() -> None:
        if page.get_by_role("navigation", name="Cell").is_visible():
            page.get_by_role("navigation", name="Cell").get_by_role("button", name="More").click()
            page.get_by_role("menuitem", name="This cell").click()
        else:
            notebook.sheet.cell(3).hover()
            notebook.sheet.cell(3).get_by_role("button", name="More for this cell").click()
        expect(page.get_by_role("menuitem", name="Duplicate")).to_be_visible()

    def share() -> None:
        by_name(page, "Share")
        page.get_by_text("For machines").click()
        expect(page.get_by_role("img", name="QR code")).to_be_visible()

    def toast() -> None:
        page.keyboard.press("Control+s")
        page.locator(".toasts > *").hover()  # it stays then

    def nothing_found() -> None:
        page.keyboard.press("Control+k")
        page.keyboard.insert_text("granite")
        expect(page.get_by_text("No command has these words.")).to_be_visible()

    def click(name: str) -> Callable[[], None]:
        return lambda: page.get_by_role("button", name=name).click()

    dialog, popover = "dialog[open]", "[popover]"
    return {
        "palette": (dialog, lambda: page.keyboard.press("Control+k")),
        "palette-none": (dialog, nothing_found),
        "shortcuts": (dialog, lambda: by_name(page, "Show keyboard shortcuts")),
        "settings": (dialog, lambda: by_name(page, "Settings")),
        "share": (dialog, share),
        "runtimes": (popover, click("Runtime: ")),
        "menu": (popover, click("Notebook menu")),
        "cell-menu": (popover, cell_menu),
        "question": (dialog, lambda: by_name(page, "Restart the runtime")),
        "toast": (".toasts", toast),
    }


def with_charts() -> dict[str, Any]:
    """A view with all that there is, and a chart of each library below."""
    shown = everything()
    for name, mime, chart in (
        ("vega", charts.VEGALITE, charts.bars()),
        ("plotly", charts.PLOTLY, charts.figure()),
    ):
        run = charts.execution(7, charts.display({mime: chart}))
        shown["order"].append(name)
        shown["cells"][name] = cell(name, name) | {"execution": run}
    return shown


def see_panel(notebook: StandIn, eye: Eye) -> None:
    """The outline, files and what is in memory; a file's menu, and a variable at length."""
    page = notebook.page
    notebook.change(["set", ["runtime"], READY])
    panel = page.locator("#panel")
    if not panel.is_visible():
        page.keyboard.press("Control+b")
    variable = panel.get_by_role("button", name="rain")
    expect(variable).to_be_visible()
    variable.scroll_into_view_if_needed()
    eye.see("panel")
    panel.get_by_role("button", name="More for data/tides.csv").click()
    eye.see("file-menu", "[popover]")
    close(page)
    variable.click()
    expect(page.get_by_role("dialog", name="rain").get_by_role("row")).to_have_count(3)
    eye.see("variable", "dialog[open]")
    close(page)
    page.keyboard.press("Escape")  # where the panel stands over the notebook


def see_find_bar(page: Page, eye: Eye) -> None:
    """With matches, with a field for what takes their place, and with what is wrong."""
    page.keyboard.press("Control+f")
    bar = page.get_by_role("search")
    page.keyboard.insert_text("plain")
    expect(bar.locator(".found-count")).to_contain_text("of")
    eye.see("find", ".find")
    bar.get_by_role("button", name="Show replace").click()
    eye.see("find-replace", ".find")
    bar.get_by_role("button", name="Regular expression").click()
    bar.get_by_role("textbox", name="Find").fill("(")
    expect(bar.get_by_text("This is no regular expression")).to_be_visible()
    eye.see("find-wrong", ".find")
    page.keyboard.press("Escape")
    expect(bar).to_be_hidden()


@pytest.mark.parametrize("size", SIZES, ids=id_of)
def test_a_notebook(open_notebook: Open, artefacts: Path, size: Size) -> None:
    link = LINK | {"fragment": f"join/roomedit/{KEY}"}
    sharing_it = sharing(links=[link], people=PEOPLE)
    notebook = open_notebook(sharing_it, view=with_charts(), calls=CALLS, **looking(size))
    page, eye = notebook.page, Eye(notebook.page, artefacts, size)
    notebook.people(person(ME, "idle"), person(TOMAS, "ok", 3), person(KESTREL, "run"))
    page.set_viewport_size({"width": size[0], "height": 5200})
    framed = page.locator("iframe").first.content_frame
    expect(framed.get_by_text("Framed")).to_be_visible()
    for chart in ("vega", "plotly"):
        drawn = page.locator(f"[data-cell-id={chart}] iframe").content_frame
        drawn.locator("svg").first.wait_for()
    eye.see("notebook")
    eye.see_frames("frames")
    page.set_viewport_size({"width": size[0], "height": size[1]})
    for name, (within, opening) in surfaces(notebook).items():
        opening()
        eye.see(name, within)
        close(page)
    see_panel(notebook, eye)
    see_find_bar(page, eye)
    notebook.sheet.cell(3).locator(".g").click(position={"x": 4, "y": 4})
    notebook.sheet.press("Enter").until("cells[3].editing")
    eye.see("editing")
    assert eye.wrong == {}


@pytest.mark.parametrize("size", SIZES, ids=id_of)
def test_a_notebook_to_be_read(open_notebook: Open, artefacts: Path, size: Size) -> None:
    """Behind a link that lets people only read; with banners, and a stranger asked for a name."""
    notebook = open_notebook(
        sharing("live", role="view", people=PEOPLE),
        view=view(*paper(), rights=READS),
        name="",
        **looking(size),
    )
    page, eye = notebook.page, Eye(notebook.page, artefacts, size)
    expect(page.locator(".saved")).to_contain_text("Reading")
    eye.see("reading")
    notebook.share(status="ended", message="Mara removed you")
    expect(page.locator(".banner").get_by_text("Sharing has ended.")).to_be_visible()
    broken = {"reason": "row 12 is not what was signed", "aside": 2, "outdated": False}
    notebook.change(["set", ["readonly"], broken])
    expect(page.get_by_text("Read-only.")).to_be_visible()
    eye.see("banners")
    notebook.worker.evaluate("self.say({ t: 'status', stage: 'failed', message: 'No memory' })")
    expect(page.get_by_role("alert")).to_be_visible()
    eye.see("failed")
    assert eye.wrong == {}


@pytest.mark.parametrize("size", SIZES, ids=id_of)
def test_the_list_of_notebooks(
    readers: Visitors, standing_site: str, artefacts: Path, size: Size
) -> None:
    context = readers.come(service_workers="block", **looking(size))
    context.set_default_timeout(60_000)
    page = context.new_page()
    page.add_init_script(NO_PYTHON)
    eye = Eye(page, artefacts, size)
    page.goto(standing_site)
    expect(page.get_by_role("heading", name="No notebooks yet")).to_be_visible()
    eye.see("home-empty")
    page.get_by_role("button", name="New notebook").locator("visible=true").first.click()
    page.wait_for_url("**notebook=*")
    page.goto(standing_site)
    more = page.get_by_role("button", name="More for Untitled")
    expect(more).to_be_visible()
    eye.see("home")
    more.click()
    eye.see("home-menu", "[popover]")
    page.get_by_role("menuitem", name="Rename").click()
    eye.see("home-rename", "dialog[open]")
    close(page)
    page.keyboard.press("/")
    page.keyboard.insert_text("granite")
    expect(page.get_by_text("No notebook is called")).to_be_visible()
    eye.see("home-search")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Settings").click()
    eye.see("home-settings", "dialog[open]")
    close(page)
    more.click()
    page.get_by_role("menuitem", name="Delete").click()
    expect(page.get_by_text("Deleted “Untitled”.")).to_be_visible()
    page.locator(".toasts > *").hover()  # it stays then
    eye.see("home-toast", ".toasts")
    readers.go(context)
    assert eye.wrong == {}
