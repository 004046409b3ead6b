"""Mermaid's diagrams, in outputs and in Markdown: pictures that a frame of this site has drawn."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, Route, expect

from tests.browser import diagram_samples as samples
from tests.browser.axe import violations
from tests.browser.chart_samples import display, execution
from tests.browser.diagram_samples import FLOW, MERMAID, STATES, fence
from tests.browser.hostile.attacker import Attacker
from tests.browser.hostile.reader import PATIENCE, marks_of
from tests.browser.stand_in import StandIn, cell, sharing, view

pytestmark = pytest.mark.browser

Show = Callable[..., StandIn]

IS_SOURCE_SEEN = """() => {
  window.flashes = 0;
  const look = () => {
    const place = document.querySelector(".diagram");
    if (!place || !place.querySelector(".picture:not([hidden]) img")) window.flashes += 1;
  };
  new MutationObserver(look).observe(document.querySelector("[data-cell-id]"),
    { subtree: true, childList: true, attributes: true });
}"""

DANGERS = """async img => {
  const text = await (await fetch(img.src)).text();
  const made = new DOMParser().parseFromString(text, "image/svg+xml");
  const all = [...made.querySelectorAll("*")];
  const found = all.filter((each) => each.matches("script, iframe, object, embed"));
  const loads = (each, { name, value }) =>
    /^(src|xlink:href|href)$/.test(name) && each.localName !== "a" && !/^(#|data:)/.test(value);
  const isBad = (each, { name, value }) => /^on/i.test(name) || /^\\s*javascript:/i.test(value);
  for (const each of all)
    for (const one of each.attributes)
      if (loads(each, one) || isBad(each, one)) found.push(each);
  const styles = all.filter((each) => each.localName === "style").map((each) => each.textContent);
  const told = found.map((each) => each.outerHTML.slice(0, 200));
  return [...told, ...(styles.join().match(/@import|url\\(["']?http[^)]*/g) ?? [])];
}"""
"""What in a picture could run or load something, were it opened as a file of its own."""


@pytest.fixture
def context(chromium: Browser, request: pytest.FixtureRequest) -> Iterator[BrowserContext]:
    options = getattr(request, "param", {"color_scheme": "light"})
    with chromium.new_context(service_workers="block", **options) as made:
        made.set_default_timeout(PATIENCE)
        yield made


@pytest.fixture
def show(context: BrowserContext, standing_site: str) -> Show:
    """Opens a notebook with these cells: the real page, with nothing that runs Python."""

    def opened(*cells: dict[str, Any], page: Page | None = None) -> StandIn:
        return StandIn(page or context.new_page(), standing_site, sharing(), view=view(*cells))

    return opened


def output(at: int, source: str, mime: str = MERMAID) -> dict[str, Any]:
    """A cell with an output."""
    data = {"text/plain": "<Mermaid>", mime: source}
    return {**cell(f"c{at}", f"diagram_{at}"), "execution": execution(at, display(data))}


def prose(at: int, source: str) -> dict[str, Any]:
    return cell(f"t{at}", source, "markdown")


def picture(page: Page, at: int = 0) -> Locator:
    """The picture of a cell's diagram, when it is drawn."""
    place = page.locator("[data-cell-id]").nth(at)
    place.scroll_into_view_if_needed()
    found = place.locator(".diagram img")
    expect(found).to_be_visible(timeout=PATIENCE)
    return found


def svg_of(img: Locator) -> str:
    """What a picture is made of."""
    text: str = img.evaluate("async img => (await fetch(img.src)).text()")
    return text


def abort(route: Route) -> None:
    """The network does not give it."""
    route.abort()


def test_an_output_is_a_picture_with_a_name_and_its_source(show: Show, artefacts: Path) -> None:
    page = show(output(0, FLOW)).page
    img = picture(page)
    expect(img).to_have_attribute("alt", "How readings travel")
    place = page.locator(".diagram")
    expect(place.locator("p.aloud")).to_have_text("From the gauge to the report")
    expect(place.locator("code.language-mermaid")).to_have_text(FLOW)
    expect(place.get_by_role("code")).to_have_count(1)  # read aloud
    expect(page.locator(".outs iframe, .outs .notice")).to_have_count(0)
    expect(page.locator(".outs")).not_to_contain_text("<Mermaid>")
    assert "Raw readings" in svg_of(img)
    assert violations(page, ".diagram") == []
    page.screenshot(path=artefacts / "diagram-output.png")


def test_fences_in_text_are_drawn_and_other_code_is_code(show: Show, artefacts: Path) -> None:
    text = f"# Flow\n\nFirst\n\n{fence(FLOW)}\n```python\nx = 1\n```\n\n- in a list\n\n  "
    nested = fence(STATES).replace("\n", "\n  ")
    page = show(
        prose(0, text + nested), output(1, f"Made:\n\n{fence(STATES)}", "text/markdown")
    ).page
    expect(page.locator(".cell").first.locator(".diagram img")).to_have_count(2, timeout=PATIENCE)
    expect(page.locator("li .diagram img")).to_be_visible()
    expect(page.locator(".md > pre")).to_have_text("x = 1")
    expect(picture(page, 1)).to_have_attribute("alt", "Diagram")
    page.screenshot(path=artefacts / "diagram-prose.png")


def test_every_kind_is_drawn_where_no_text_becomes_code(show: Show) -> None:
    page = show(*(output(at, source) for at, source in enumerate(samples.KINDS.values()))).page
    for at in range(len(samples.KINDS)):
        picture(page, at)
    expect(page.locator(".diagram-problem:visible")).to_have_count(0)


def test_one_frame_draws_all_and_comes_with_the_first_one_near(
    show: Show, context: BrowserContext
) -> None:
    asked: list[str] = []
    context.on("request", lambda request: asked.append(request.url))

    def libraries() -> list[str]:
        return [each for each in asked if "/charts/" in each and not each.endswith(".gz")]

    lines = [output(at, "x\n" * 20, "text/plain") for at in range(8)]
    page = show(*lines, output(8, FLOW), prose(9, fence(STATES))).page
    expect(page.locator("[data-cell-id]")).to_have_count(10)
    expect(page.locator("iframe.press")).to_have_count(0)
    assert libraries() == []
    picture(page, 8)
    picture(page, 9)
    assert [each.rpartition("/")[2] for each in libraries()] == ["mermaid_chart.js"]
    expect(page.locator("iframe.press")).to_have_count(1)
    expect(page.locator("iframe.press")).to_have_attribute("sandbox", "allow-scripts")


@pytest.mark.parametrize(
    ("source", "words"),
    [
        (samples.BROKEN, r"Parse error on line 3:[\s\S]*Expecting[\s\S]*got 'DIAMOND_START'"),
        ("flowxchart LR\n  A --> B", "No diagram type detected"),
        ("flowchart LR", "nothing in it to draw"),
        ("", "No diagram type detected"),
        ("x" * 100_001, "at most 100,000 characters expected, 100,001 came"),
    ],
    ids=["broken", "unknown", "empty", "none", "long"],
)
def test_what_cannot_be_drawn_says_why_beside_its_source(
    show: Show, artefacts: Path, source: str, words: str
) -> None:
    page = show(prose(0, "Before\n\n" + fence(source)), output(1, source), output(2, STATES)).page
    for at in range(2):
        place = page.locator("[data-cell-id]").nth(at)
        expect(place.locator(".diagram-problem")).to_contain_text(
            "This diagram is not drawn.", timeout=PATIENCE
        )
        expect(place.locator(".diagram-problem pre")).to_have_text(re.compile(words))
        expect(place.locator("code.language-mermaid")).to_have_text(source)
        expect(place.locator(".diagram img")).to_have_count(0)
    picture(page, 2)  # and the next one is drawn all the same
    page.screenshot(path=artefacts / "diagram-broken.png")


@pytest.mark.parametrize("context", [{"color_scheme": "dark"}], indirect=True)
def test_diagrams_wear_the_dark_and_follow_it(show: Show, artefacts: Path) -> None:
    page = show(prose(0, fence(FLOW)), output(1, STATES), output(2, samples.COLOURED)).page
    for at, ground in enumerate(("rgb(16, 19, 23)", "rgb(16, 19, 23)", "rgb(255, 255, 255)")):
        assert f"background: {ground}" in svg_of(picture(page, at))
    expect(page.locator(".diagram .plated")).to_have_count(1)
    page.screenshot(path=artefacts / "diagrams-dark.png")
    before = [picture(page, at).get_attribute("src") for at in range(2)]
    page.emulate_media(color_scheme="light")
    for at in range(2):
        expect(picture(page, at)).not_to_have_attribute("src", before[at] or "", timeout=PATIENCE)
        assert "background: rgb(255, 255, 255)" in svg_of(picture(page, at))
    page.evaluate("document.documentElement.dataset.theme = 'dark'")
    for at in range(2):
        expect(picture(page, at)).not_to_have_attribute("src", before[at] or "", timeout=PATIENCE)
        page.wait_for_function(
            """async at => (await (await fetch(document.querySelectorAll(".diagram img")[at].src))
              .text()).includes("background: rgb(16, 19, 23)")""",
            arg=at,
        )


def test_what_is_edited_is_drawn_again_without_a_flash(show: Show) -> None:
    notebook = show(prose(0, f"One\n\n{fence(STATES)}"))
    page = notebook.page
    first = picture(page).get_attribute("src") or ""
    page.evaluate(IS_SOURCE_SEEN)
    notebook.change(["set", ["cells", "t0", "source"], f"Two\n\n{fence(STATES)}"])
    expect(page.locator(".md p")).to_have_text("Two")
    expect(page.locator(".diagram img")).to_have_attribute("src", first)  # the same element
    other = STATES.replace("Still", "Calm")
    notebook.change(["set", ["cells", "t0", "source"], f"Two\n\n{fence(other)}"])
    expect(page.locator(".diagram img")).not_to_have_attribute("src", first, timeout=PATIENCE)
    assert "Calm" in svg_of(picture(page))
    assert page.evaluate("window.flashes") == 0
    notebook.change(["set", ["cells", "t0", "source"], f"Two\n\n{fence(samples.BROKEN)}"])
    expect(page.locator(".diagram-problem")).to_contain_text("Parse error", timeout=PATIENCE)
    expect(page.locator(".diagram .picture")).to_be_hidden()


def test_a_wide_diagram_scrolls_in_its_own_box(show: Show, artefacts: Path) -> None:
    page = show(prose(0, f"Text\n\n{fence(FLOW)}"), output(1, STATES)).page
    page.set_viewport_size({"width": 360, "height": 740})
    picture(page)
    box = page.locator(".diagram-box").first
    expect(box).to_have_attribute("tabindex", "0")
    assert box.evaluate("box => box.scrollWidth > box.clientWidth")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.screenshot(path=artefacts / "diagram-phone.png")
    expect(picture(page, 1)).to_be_visible()
    expect(page.locator(".diagram-box").nth(1)).not_to_have_attribute("tabindex", "0")


def test_a_diagram_is_copied_and_saved_by_keys(show: Show, context: BrowserContext) -> None:
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = show(output(0, FLOW)).page
    picture(page)
    button = page.get_by_label("Copy or save this picture")
    for kind, begins in (("Save as PNG", b"\x89PNG"), ("Save as SVG", b"<svg")):
        expect(page.get_by_role("menu")).to_have_count(0)
        button.press("Enter")
        expect(page.get_by_role("menuitem", name="Copy picture")).to_be_focused()
        with page.expect_download() as saved:
            page.get_by_role("menuitem", name=kind).press("Enter")
        assert saved.value.path().read_bytes().startswith(begins)
        assert saved.value.suggested_filename == f"picture.{kind[-3:].lower()}"
    expect(page.get_by_role("menu")).to_have_count(0)
    button.press("Enter")
    page.get_by_role("menuitem", name="Copy picture").press("Enter")
    expect(page.locator(".aloud", has_text="Picture copied.")).to_be_attached()
    types = "async () => (await navigator.clipboard.read()).flatMap((each) => each.types)"
    assert page.evaluate(types) == ["image/png"]


def test_a_library_that_does_not_come_is_told_and_asked_for_again(
    show: Show, context: BrowserContext
) -> None:
    page = context.new_page()
    page.route("**/charts/**", abort)
    show(output(0, STATES), page=page)
    problem = page.locator(".diagram-problem")
    expect(problem).to_contain_text("What draws it could not be loaded", timeout=PATIENCE)
    expect(page.locator(".diagram code")).to_be_visible()
    page.unroute("**/charts/**", abort)
    problem.get_by_role("button", name="Try again").click()
    picture(page)
    expect(problem).to_be_hidden()


@pytest.mark.parametrize("name", list(samples.hostile("http://x")))
def test_a_hostile_diagram_runs_nothing_and_reaches_nobody(
    show: Show, context: BrowserContext, attacker: Attacker, name: str
) -> None:
    page = context.new_page()
    dialogs: list[str] = []
    page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    before = len(attacker.paths())
    source = samples.hostile(attacker.http)[name]
    show(prose(0, fence(source)), output(1, source), output(2, STATES), page=page)
    picture(page, 2)  # what came before it is drawn by then, or is not
    expect(page.locator(".diagram-problem:visible, .diagram .picture-tools")).to_have_count(3)
    for img in page.locator(".diagram img").all():
        img.click()
        assert img.evaluate(DANGERS) == []
    assert marks_of(page) == ([], set())
    assert dialogs == []
    assert attacker.paths()[before:] == []
    theirs = ":is(.md, .outs) :is(script, iframe, svg:not(.i))"
    expect(page.locator(theirs)).to_have_count(0)
