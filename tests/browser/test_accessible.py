"""Every view is accessible: axe-core finds nothing at any width, in light and in dark.

Screenshots are left among the artefacts.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.axe import COLOURS, LOOKS, violations
from tests.browser.shown import everything
from tests.browser.stand_in import (
    KESTREL,
    ME,
    SITE,
    TOMAS,
    Open,
    StandIn,
    paper,
    person,
    sharing,
    stand_there,
    view,
)

pytestmark = pytest.mark.browser

READS = {"role": "view", "edit": False, "run": False, "comment": False}
KEY = "Qm9va3M_" * 8
LINK = {"id": "edit", "role": "edit", "created": 1, "used": 0, "revoked": False}
PEOPLE = [
    {"actor": ME, "role": "own", "removed": False},
    {"actor": TOMAS, "role": "run", "removed": False},
]


_PHONE = 600
_GROUND = """(paper) => {
  const root = document.documentElement;
  if (getComputedStyle(root).colorScheme.includes("dark")) root.style.background = paper;
}"""


# What is pressed with a thumb, but for what stands in a line of text.
_SMALL = """() => [...document.querySelectorAll(":is(.hd, .bar, .panel, .menu, .dlg-foot) button")]
  .filter((each) => each.checkVisibility() && !each.closest(".stack"))
  .map((each) => [each.getAttribute("aria-label") || each.innerText, each.getBoundingClientRect()])
  .filter(([, { width, height }]) => Math.min(width, height) < 44)
  .map(([name, { width, height }]) => `${name} is ${width} by ${height} px`)"""


class Eye:
    """Looks at one view after the other; what it does not like is told at the end."""

    def __init__(self, page: Page, folder: Path, look: tuple[int, int, str]) -> None:
        self.page = page
        self._folder = folder
        self._look = look
        self._rules = COLOURS if look[2] == "dark" else ()
        self.wrong: dict[str, list[str]] = {}

    def see(self, name: str, within: str = "") -> None:
        """What stands there now is to be accessible, and as wide as the screen."""
        width, _, scheme = self._look
        self.page.screenshot(path=self._folder / f"axe-{name}-{width}-{scheme}.png")
        found = violations(self.page, within, self._rules)
        if width < _PHONE:
            found += self.page.evaluate(_SMALL)
        over = self.page.evaluate("document.documentElement.scrollWidth - innerWidth")
        if over > 0:
            found.append(f"it is {over} px wider than the screen")
        if found:
            self.wrong[name] = found

    def see_frames(self, name: str) -> None:
        """What was put into frames for outputs: their page is ours."""
        paper = self.page.evaluate("getComputedStyle(document.body).backgroundColor")
        for frame in self.page.frames:
            if frame.parent_frame is not None and not frame.is_detached():
                # It is transparent, and axe takes what it does not see for white.
                frame.evaluate(_GROUND, paper)
                if found := violations(frame, rules=self._rules):
                    self.wrong.setdefault(name, []).extend(found)


def looking(look: tuple[int, int, str]) -> dict[str, Any]:
    """Options of a browser context."""
    width, height, scheme = look
    size = {"width": width, "height": height}
    return {"viewport": size, "color_scheme": scheme, "reduced_motion": "reduce"}


def id_of(look: tuple[int, int, str]) -> str:
    return f"{look[0]}-{look[2]}"


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
        "toast": (".toasts", lambda: page.keyboard.press("Control+s")),
        "panel": ("", lambda: page.keyboard.press("Control+b")),
    }


@pytest.mark.parametrize("look", LOOKS, ids=id_of)
def test_a_notebook(open_notebook: Open, artefacts: Path, look: tuple[int, int, str]) -> None:
    link = LINK | {"fragment": f"join/roomedit/{KEY}"}
    sharing_it = sharing(links=[link], people=PEOPLE)
    notebook = open_notebook(sharing_it, view=everything(), **looking(look))
    page, eye = notebook.page, Eye(notebook.page, artefacts, look)
    notebook.people(person(ME, "idle"), person(TOMAS, "ok", 3), person(KESTREL, "run"))
    page.set_viewport_size({"width": look[0], "height": 3800})
    framed = page.locator("iframe").first.content_frame
    expect(framed.get_by_text("Framed")).to_be_visible()
    eye.see("notebook")
    eye.see_frames("frames")
    page.set_viewport_size({"width": look[0], "height": look[1]})
    for name, (within, opening) in surfaces(notebook).items():
        opening()
        eye.see(name, within)
        close(page)
    notebook.sheet.cell(3).locator(".g").click(position={"x": 4, "y": 4})
    notebook.sheet.press("Enter").until("cells[3].editing")
    eye.see("editing")
    assert eye.wrong == {}


@pytest.mark.parametrize("look", LOOKS, ids=id_of)
def test_a_notebook_to_be_read(
    open_notebook: Open, artefacts: Path, look: tuple[int, int, str]
) -> None:
    """Behind a link that lets people only read; with banners, and a stranger asked for a name."""
    notebook = open_notebook(
        sharing("live", role="view", people=PEOPLE),
        view=view(*paper(), rights=READS),
        name="",
        **looking(look),
    )
    page, eye = notebook.page, Eye(notebook.page, artefacts, look)
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


@pytest.mark.parametrize("look", LOOKS, ids=id_of)
def test_the_list_of_notebooks(
    chromium: Browser, dist: Path, artefacts: Path, look: tuple[int, int, str]
) -> None:
    context = chromium.new_context(**looking(look))
    context.set_default_timeout(60_000)
    stand_there(context, dist)
    page = context.new_page()
    eye = Eye(page, artefacts, look)
    page.goto(SITE)
    expect(page.get_by_role("heading", name="No notebooks yet")).to_be_visible()
    eye.see("home-empty")
    page.get_by_role("button", name="New notebook").locator("visible=true").first.click()
    page.wait_for_url("**notebook=*")
    page.goto(SITE)
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
    eye.see("home-toast", ".toasts")
    context.close()
    assert eye.wrong == {}
