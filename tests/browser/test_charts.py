"""Vega-Lite, Vega and Plotly: drawn in frames of their own by what this site brings."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, FrameLocator, Locator, Page, Route, expect

from tests.browser import chart_samples as samples
from tests.browser.chart_samples import PLOTLY, VEGA, VEGALITE, display
from tests.browser.hostile.attacker import Attacker
from tests.browser.hostile.reader import PATIENCE, Reader
from tests.browser.stand_in import StandIn, cell, sharing, view

pytestmark = pytest.mark.browser


class Look:
    """Somebody who looks at notebooks with charts: the real page, with nothing that runs Python."""

    def __init__(self, context: BrowserContext, site: str) -> None:
        self._context = context
        self._site = site
        self.asked: list[str] = []
        context.on("request", lambda request: self._note(request.url))

    def open(self, *outputs: dict[str, Any], without_libraries: bool = False) -> Page:
        """Open a notebook with these outputs, each in a cell of its own."""
        cells = [
            {**cell(f"c{at}", f"chart_{at}"), "execution": samples.execution(at, output)}
            for at, output in enumerate(outputs)
        ]
        page = self._context.new_page()
        if without_libraries:
            page.route("**/charts/**", abort)
        StandIn(page, self._site, sharing(), view=view(*cells))
        return page

    def _note(self, address: str) -> None:
        if "/charts/" in address:
            self.asked.append(address.rpartition("/")[2])


@pytest.fixture
def context(chromium: Browser, request: pytest.FixtureRequest) -> Iterator[BrowserContext]:
    options = getattr(request, "param", {"color_scheme": "light"})
    with chromium.new_context(ignore_https_errors=True, service_workers="block", **options) as made:
        made.set_default_timeout(PATIENCE)
        yield made


@pytest.fixture
def look(context: BrowserContext, standing_site: str) -> Look:
    return Look(context, standing_site)


def inside(page: Page, at: int = 0) -> FrameLocator:
    """The frame of a cell's chart, when it is drawn."""
    place = page.locator("[data-cell-id]").nth(at)
    place.scroll_into_view_if_needed()
    place.locator(".picture-tools").wait_for(state="attached")
    return place.frame_locator("iframe")


def abort(route: Route) -> None:
    """The network does not give it."""
    route.abort()


def frame_of(page: Page, at: int = 0) -> Locator:
    return page.locator("[data-cell-id]").nth(at).locator("iframe")


def test_vega_lite_is_drawn_with_words_and_marks(look: Look, artefacts: Path) -> None:
    page = look.open(display({VEGALITE: samples.bars(), "text/plain": "alt.Chart(...)"}))
    chart = inside(page)
    marks = chart.locator(".mark-rect.role-mark path")
    expect(marks).to_have_count(3)
    expect(marks.nth(1)).to_have_attribute("opacity", "0.4")  # an expression said so, uncompiled
    expect(marks.first).to_have_attribute("aria-label", re.compile("month: Jan"))
    expect(frame_of(page)).to_have_attribute("title", "Chart: Rain by month")
    expect(page.locator(".frame-note:visible")).to_have_count(0)
    page.screenshot(path=artefacts / "chart-vega-lite.png")
    marks.first.hover()
    expect(chart.locator("#vg-tooltip-element")).to_contain_text("61")


def test_vega_draws_by_its_own_rules(look: Look) -> None:
    page = look.open(display({VEGA: samples.circles()}))
    expect(inside(page).locator(".mark-symbol path")).to_have_count(5)
    expect(frame_of(page)).to_have_attribute("title", "Chart: Five circles in a row")


def test_plotly_draws_and_its_tools_work(look: Look, artefacts: Path) -> None:
    page = look.open(display({PLOTLY: samples.figure(), "text/html": "<script>no</script>"}))
    chart = inside(page)
    expect(chart.locator(".scatterlayer .point")).to_have_count(4)
    expect(frame_of(page)).to_have_attribute("title", "Chart: Growth")
    expect(chart.locator("text=Growth")).to_be_visible()
    page.screenshot(path=artefacts / "chart-plotly.png")
    chart.locator(".scatterlayer .point").nth(1).hover(force=True)
    expect(chart.get_by_role("button", name="Share")).to_have_count(0)
    ticks = "els => els.map(each => each.textContent).join()"
    before = chart.locator(".xtick text").evaluate_all(ticks)
    chart.get_by_role("button", name="Zoom in").click()
    expect(chart.locator(".xtick text").first).not_to_have_text(before.split(",")[0])
    with page.expect_download() as saved:
        chart.get_by_role("button", name="Download plot").click()
    assert saved.value.suggested_filename == "growth.png"
    assert saved.value.path().read_bytes().startswith(b"\x89PNG")
    expect(page.locator(".frame-note:visible")).to_have_count(0)


def test_a_plotly_figure_s_config_is_heeded(look: Look) -> None:
    still = {**samples.figure(), "config": {"staticPlot": True}}
    named = {**samples.figure(), "config": {"modeBarButtonsToRemove": ["zoomIn2d"]}}
    page = look.open(display({PLOTLY: still}), display({PLOTLY: named}))
    expect(inside(page).locator(".scatterlayer .point")).to_have_count(4)
    expect(inside(page).get_by_role("button")).to_have_count(0)
    expect(inside(page, 1).get_by_role("button", name="Zoom out")).to_have_count(1)
    expect(inside(page, 1).get_by_role("button", name="Zoom in")).to_have_count(0)


@pytest.mark.parametrize("trace", ["scattergl", "surface", "pie", "treemap", "sankey"])
def test_traces_of_every_engine_are_drawn_where_no_text_becomes_code(
    look: Look, trace: str
) -> None:
    data: dict[str, dict[str, Any]] = {
        "scattergl": {"x": [1, 2], "y": [3, 4], "mode": "markers"},
        "surface": {"z": [[1, 2], [3, 4]]},
        "pie": {"labels": ["a", "b"], "values": [1, 2]},
        "treemap": {"labels": ["a", "b"], "parents": ["", "a"]},
        "sankey": {
            "node": {"label": ["a", "b"]},
            "link": {"source": [0], "target": [1], "value": [1]},
        },
    }
    page = look.open(display({PLOTLY: {"data": [{"type": trace, **data[trace]}], "layout": {}}}))
    expect(inside(page).locator(".main-svg").first).to_be_visible()
    expect(
        page.locator(".frame-note:visible, .notice, .picture-problem:not(:empty)")
    ).to_have_count(0)


def test_libraries_are_fetched_when_a_chart_is_first_near_the_screen(look: Look) -> None:
    lines = [display({"text/plain": "\n".join("x" * 20)}) for _ in range(8)]
    chart = display({VEGALITE: samples.bars()})
    page = look.open(*lines, chart, display({PLOTLY: samples.figure()}), chart)
    expect(page.locator("[data-cell-id]")).to_have_count(11)
    assert look.asked == []
    expect(inside(page, 8).locator(".mark-rect.role-mark path")).to_have_count(3)
    expect(inside(page, 10).locator(".mark-rect.role-mark path")).to_have_count(3)
    expect(inside(page, 9).locator(".scatterlayer .point")).to_have_count(4)
    assert {name.removesuffix(".gz") for name in look.asked} == {"plotly_chart.js", "vega_chart.js"}
    assert len(look.asked) == len(set(look.asked)), "each once"


def test_what_was_used_is_kept(context: BrowserContext, site_url: str) -> None:
    chart = display({VEGALITE: samples.bars()})
    page = Reader(context, site_url).open_file("Kept.ipynb", samples.as_file(chart))
    expect(inside(page).locator(".mark-rect.role-mark path")).to_have_count(3)
    page.wait_for_function(
        "async () => (await (await caches.open('foldbook-files')).keys()).length > 0"
    )
    page.route("**/charts/**", abort)
    page.reload()
    expect(inside(page).locator(".mark-rect.role-mark path")).to_have_count(3)


def test_a_library_that_does_not_come_is_told_and_asked_for_again(look: Look) -> None:
    chart = display({VEGALITE: samples.bars(), "text/plain": "the chart in words"})
    page = look.open(chart, without_libraries=True)
    place = page.locator("[data-cell-id]").first
    place.get_by_role("button", name="Try again").wait_for()
    expect(place.locator(".notice").first).to_contain_text("This chart is not drawn")
    expect(place.locator(".outs pre")).to_have_text("the chart in words")
    page.unroute("**/charts/**", abort)
    place.get_by_role("button", name="Try again").click()
    expect(inside(page).locator(".mark-rect.role-mark path")).to_have_count(3)
    expect(place.locator(".outs pre")).to_have_count(0)


def test_what_cannot_be_drawn_shows_why_and_the_next_best_form(look: Look) -> None:
    broken = {name: value for name, value in samples.bars().items() if name != "mark"}
    page = look.open(
        display({VEGALITE: broken, "image/gif": samples.PIXEL, "text/plain": "words"}),
        display({PLOTLY: {"data": "none"}, "text/plain": "Figure({})"}),
        display({VEGALITE: "no chart"}),
    )
    first, second, third = (page.locator("[data-cell-id]").nth(at) for at in range(3))
    for each in (first, second, third):
        each.scroll_into_view_if_needed()
        each.get_by_role("button", name="Try again").wait_for()
    expect(first.locator(".notice").first).to_contain_text("Invalid specification")
    expect(first.locator("img")).to_be_visible()
    expect(second.locator(".notice")).to_contain_text("a list of data expected")
    expect(second.locator(".outs pre")).to_have_text("Figure({})")
    expect(third.locator(".notice")).to_contain_text("a specification expected")
    expect(page.locator(".outs iframe")).to_have_count(0)


def test_data_by_address_is_asked_of_the_reader(
    context: BrowserContext, site_url: str, attacker: Attacker
) -> None:
    far = {**samples.bars(), "data": {"url": f"{attacker.https}/rain.csv"}}
    near = {**samples.bars(), "data": {"url": "altair-data-1.json"}}
    charts = samples.as_file(display({VEGALITE: far}), display({VEGALITE: near}))
    page = Reader(context, site_url).open_file("Far.ipynb", charts)
    inside(page)
    note = page.locator("[data-cell-id]").first.locator(".frame-note")
    expect(note.first).to_contain_text("and has no network")
    assert attacker.paths() == []
    # What else it asks for is told while the reader presses, and the press counts all the same.
    place = note.get_by_role("button", name="Allow network for this output").bounding_box()
    assert place is not None
    page.mouse.move(place["x"] + place["width"] - 4, place["y"] + place["height"] / 2)
    page.mouse.down()
    frame = page.locator(".outs iframe").first.element_handle().content_frame()
    assert frame is not None
    frame.evaluate(
        "parent.postMessage({ foldbook: 1, blocked: 'https://far.example/snow.csv' }, '*')"
    )
    expect(note.first).to_contain_text("and 1 more")
    page.mouse.up()
    attacker.expect("/rain.csv")
    inside(page, 1)
    told = page.locator("[data-cell-id]").nth(1).locator(".problem")
    expect(told).to_contain_text("its data is the file altair-data-1.json")


@pytest.mark.parametrize("context", [{"color_scheme": "dark"}], indirect=True)
def test_charts_wear_the_dark_and_follow_it(look: Look, artefacts: Path) -> None:
    own = samples.figure(paper_bgcolor="rgb(255, 240, 220)")
    page = look.open(
        display({VEGALITE: samples.bars()}),
        display({PLOTLY: samples.figure()}),
        display({PLOTLY: own}),
        display({VEGALITE: samples.bars(background="beige")}),
    )
    title = inside(page).locator(".role-title-text text")
    expect(title).to_have_attribute("fill", "rgb(228, 232, 236)")
    expect(inside(page, 1).locator(".main-svg").first).to_have_css(
        "background-color", "rgb(16, 19, 23)"
    )
    expect(inside(page, 2).locator(".main-svg").first).to_have_css(
        "background-color", "rgb(255, 240, 220)"
    )
    page.screenshot(path=artefacts / "charts-dark.png")
    page.locator("[data-cell-id]").nth(2).scroll_into_view_if_needed()
    page.screenshot(path=artefacts / "charts-dark-own-ground.png")
    page.emulate_media(color_scheme="light")
    inside(page)  # a frame that nobody can see is told of it when it is seen
    expect(title).to_have_attribute("fill", "rgb(20, 24, 29)")
    expect(inside(page, 1).locator(".main-svg").first).to_have_css(
        "background-color", "rgb(255, 255, 255)"
    )


def test_charts_fit_the_window(look: Look, artefacts: Path) -> None:
    wide = samples.bars(width="container")
    page = look.open(display({PLOTLY: samples.figure()}), display({VEGALITE: wide}))
    width = "each => each.getBoundingClientRect().width"
    plot = inside(page).locator(".main-svg").first
    chart = inside(page, 1).locator("svg").first
    expect(plot).to_be_visible()
    expect(chart).to_be_visible()
    before = plot.evaluate(width), chart.evaluate(width)
    page.set_viewport_size({"width": 360, "height": 740})
    page.wait_for_function("() => document.querySelector('iframe').clientWidth < 361")
    for element, was in zip((plot, chart), before, strict=True):
        box = element.element_handle()
        assert box is not None
        frame = box.owner_frame()
        assert frame is not None
        narrower = "([e, was]) => e.getBoundingClientRect().width < was - 100"
        frame.wait_for_function(narrower, arg=[box, was])
    page.screenshot(path=artefacts / "charts-phone.png")


def test_a_chart_is_copied_and_saved_by_keys(look: Look, context: BrowserContext) -> None:
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = look.open(display({VEGALITE: samples.bars()}), display({PLOTLY: samples.figure()}))
    for at in range(2):
        inside(page, at)
        button = page.locator("[data-cell-id]").nth(at).get_by_label("Copy or save this picture")
        for kind, begins in (("Save as PNG", b"\x89PNG"), ("Save as SVG", b"<svg")):
            button.focus()
            page.keyboard.press("Enter")
            expect(page.get_by_role("menuitem", name="Copy picture")).to_be_focused()
            page.keyboard.press("ArrowDown")
            if kind == "Save as SVG":
                page.keyboard.press("ArrowDown")
            with page.expect_download() as saved:
                page.keyboard.press("Enter")
            assert saved.value.path().read_bytes().startswith(begins)
            assert saved.value.suggested_filename == f"picture.{kind[-3:].lower()}"
        button.press("Enter")
        page.keyboard.press("Enter")
        expect(page.locator(".aloud").last).to_have_text("Picture copied.")
        types = "async () => (await navigator.clipboard.read()).flatMap((each) => each.types)"
        assert page.evaluate(types) == ["image/png"]
