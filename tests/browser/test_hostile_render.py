"""What a notebook brings runs nothing in the page: script in every place that can hold markup."""

import base64
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.render import outside_world

pytestmark = pytest.mark.browser

MARK = "top.document.title='hacked';document.title='hacked';window.hacked=1"
SCRIPT = f"<script>{MARK}</script>"
IMG = f'<img src=x onerror="{MARK}">'
SVG = (
    f'<svg xmlns="http://www.w3.org/2000/svg" width="40" height="20" onload="{MARK}">'
    f'<script>{MARK}</script><rect width="40" height="20"/></svg>'
)
ALL = f'{SCRIPT}{IMG}{SVG}<iframe srcdoc="{SCRIPT}"></iframe><a href="javascript:{MARK}">x</a>'


@pytest.fixture
def outside() -> Iterator[str]:
    with outside_world() as (url, asked):
        yield url
        assert asked == []


@pytest.fixture
def page(chromium: Browser, address: str, outside: str) -> Iterator[Page]:
    context = chromium.new_context(color_scheme="light")
    page = context.new_page()
    page.goto(address)
    expect(page.locator("#place")).to_be_attached()
    page.evaluate("async () => { while (!window.isReady) await new Promise(setTimeout) }")
    page.evaluate("document.title = 'clean'")
    yield page
    assert page.title() == "clean"
    assert page.evaluate("window.hacked") is None
    context.close()


def draw(page: Page, *outputs: dict[str, Any]) -> None:
    page.evaluate(
        "(outputs) => renderOutputs(document.querySelector('#place'),"
        " { id: 'e', count: 3, outputs }, {})",
        list(outputs),
    )


def display(mime: str, value: object, metadata: object = None) -> dict[str, Any]:
    return {"type": "display_data", "data": {mime: value}, "metadata": metadata or {}}


def prose(page: Page, source: str, attachments: object = None) -> None:
    page.evaluate(
        "([source, attachments]) => renderMarkdown("
        "document.querySelector('#place'), source, { attachments })",
        [source, attachments or {}],
    )


def settle(page: Page) -> None:
    """Waits until everything that was started could have run: pictures, frames, two paints."""
    page.evaluate(
        """async () => {
          await Promise.allSettled([...document.images].map((img) => img.decode()));
          for (let i = 0; i < 3; i += 1) await new Promise(requestAnimationFrame);
        }"""
    )


def test_html_runs_in_an_opaque_origin_only(page: Page) -> None:
    probe = (
        "<p id=where></p><script>let stored; try { indexedDB.open('x'); stored = 'open' }"
        " catch (error) { stored = error.name }"
        "document.getElementById('where').textContent = origin + ' ' + stored</script>"
    )
    draw(page, display("text/html", probe + ALL))
    frame = page.frame_locator("iframe")
    expect(frame.locator("#where")).to_have_text(re.compile(r"^null SecurityError$"))
    expect(page.locator("iframe")).to_have_attribute("sandbox", "allow-scripts")
    settle(page)


def test_html_cannot_reach_the_network_by_loading_or_by_leaving(page: Page, outside: str) -> None:
    draw(
        page,
        display(
            "text/html",
            f"<p>there</p><img src='{outside}/a.png'>"
            f"<link rel=stylesheet href='{outside}/a.css'>"
            f"<script>fetch('{outside}/call').catch(() => 0);"
            f"location = '{outside}/?secret'</script>",
        ),
    )
    note = page.locator(".frame-note").first
    expect(note).to_contain_text("has no network")
    settle(page)
    assert not any(outside in frame.url for frame in page.frames)


def test_handlers_and_scripts_of_an_output_work_inside_its_frame(page: Page) -> None:
    draw(
        page,
        display("text/html", "<button onclick=\"this.textContent='pressed'\">press</button>"),
        display("application/javascript", "element.textContent = 'drawn ' + (window === top)"),
    )
    button = page.frame_locator("iframe").first.locator("button")
    button.click()
    expect(button).to_have_text("pressed")
    expect(page.frame_locator("iframe").nth(1).locator("div")).to_have_text("drawn false")


def test_a_frame_opens_nothing_on_a_click_that_was_not_meant_for_it(page: Page) -> None:
    opened: list[str] = []
    page.context.on("page", lambda other: opened.append(other.url))
    page.keyboard.press("Shift")
    draw(
        page,
        display(
            "text/html",
            f'<a href="javascript:{MARK}">evil</a>'
            "<script>window.focus(); document.querySelector('a').focus();"
            "parent.postMessage({foldbook: 1, open: 'https://ads.invalid/'}, '*');"
            "parent.postMessage({foldbook: 1, open: 'javascript:1'}, '*');"
            "parent.postMessage({foldbook: 1, height: 1e9}, '*')</script>",
        ),
    )
    expect(page.get_by_role("button", name="Open ads.invalid")).to_be_visible()
    page.frame_locator("iframe").locator("a").click()
    settle(page)
    assert opened == []
    assert page.locator("iframe").evaluate("(frame) => frame.offsetHeight") <= 6000


def test_a_link_in_a_frame_opens_beside_the_page_without_a_way_back(
    page: Page, address: str
) -> None:
    draw(page, display("text/html", f'<a href="{address}">out</a>'))
    with page.context.expect_page() as other:
        page.frame_locator("iframe").locator("a").click()
    assert other.value.evaluate("window.opener") is None


def test_svg_is_a_picture(page: Page) -> None:
    encoded = base64.b64encode(SVG.encode()).decode()
    draw(page, display("image/svg+xml", SVG), display("image/png", encoded))
    expect(page.locator(".picture img").first).to_have_js_property("naturalWidth", 40)
    expect(page.locator(".notice")).to_contain_text("cannot be read")
    assert page.locator("#place svg:not(.i)").count() == 0


def test_markdown_keeps_words_and_drops_what_acts(page: Page, outside: str) -> None:
    prose(
        page,
        f"# Title {IMG}\n\n{ALL}\n\n[a](javascript:{MARK}) [b](data:text/html,x) "
        f"[c](vbscript:x) <a href='&#106;avascript:{MARK}'>d</a>\n\n"
        f"![x]({outside}/a.png) ![y](javascript:{MARK})\n\n"
        f"<form action='{outside}'><input name=q><button>go</button></form>"
        "<style>body{display:none}</style>"
        "<div id=place style='position:fixed' class='btn pri'>s</div>"
        f"<math><mtext><table><mglyph><style><!--</style>{IMG}--></style></table></math>"
        f"<noscript><p title='</noscript>{IMG}'></noscript>"
        f"\n\n$\\href{{javascript:{MARK}}}{{x}}$ $\\htmlData{{a=b}}{{x}}$",
    )
    settle(page)
    place = page.locator("#place")
    acting = "script, iframe, form, style, input:not([type=checkbox]), object, embed, [onerror]"
    assert place.locator(acting).count() == 0
    assert place.locator("[onload], [class~=btn], #place").count() == 0
    styled = "[...document.querySelectorAll('#place [style]')].filter((e) => !e.closest('.katex'))"
    assert page.evaluate(f"{styled}.length") == 0
    hrefs = place.locator("a").evaluate_all("(all) => all.map((a) => a.getAttribute('href'))")
    assert [href for href in hrefs if href is not None] == []
    expect(place.locator("h1")).to_contain_text("Title")
    expect(place).to_contain_text("from 127.0.0.1")


def test_a_markdown_link_leaves_without_a_way_back(page: Page) -> None:
    prose(page, "[out](https://example.invalid/) and [in](#Title)\n\n# Title")
    out = page.get_by_role("link", name="out")
    expect(out).to_have_attribute("rel", "noopener noreferrer")
    expect(out).to_have_attribute("target", "_blank")
    expect(page.locator("h1")).to_have_id("nb-Title")


def test_errors_streams_and_unknown_types_are_text(page: Page) -> None:
    traceback = [f"Cell In[3], line 1\n----> 1 {ALL}", f"File /lib/python3.14/{IMG}.py:1, in {IMG}"]
    draw(
        page,
        {"type": "error", "ename": IMG, "evalue": ALL, "traceback": traceback},
        {"type": "error", "ename": IMG, "evalue": ALL, "traceback": [ALL]},
        {
            "type": "stream",
            "name": IMG,
            "text": ALL + "\x1b[31m" + ALL + "\x1b]8;;javascript:1\x07x",
        },
        display(IMG, ALL),
        display("text/plain", ALL),
        display("application/json", {IMG: ALL}, {"application/json": {"expanded": True}}),
        display("text/latex", ALL),
        display("text/markdown", ALL),
    )
    for button in page.get_by_role("button", name="Show", exact=True).all():
        button.click()
    settle(page)
    assert page.locator("#place").locator("script, iframe, svg:not(.i), [onerror]").count() == 0
    expect(page.locator(".tbk .en").first).to_contain_text("<script>")


def test_metadata_cannot_bring_markup_or_sizes_out_of_reason(page: Page) -> None:
    sizes = {"image/svg+xml": {"width": f'1" onload="{MARK}', "height": 1e12}}
    draw(page, display("image/svg+xml", SVG, sizes))
    picture = page.locator(".picture img")
    expect(picture).to_have_js_property("naturalWidth", 40)
    assert picture.get_attribute("width") is None
    assert picture.get_attribute("height") is None


def test_a_table_with_anything_more_than_a_table_goes_to_a_frame(page: Page) -> None:
    plain = "<div><style scoped>.dataframe td {x: y}</style><table border=1 class=dataframe>"
    plain += "<tbody><tr><th>0</th><td>&lt;img src=x onerror=1&gt;</td></tr></tbody></table></div>"
    with_image = plain.replace("&lt;", "<").replace("&gt;", ">")
    styled = plain.replace(".dataframe td", "body")
    draw(page, *(display("text/html", html) for html in (plain, with_image, styled)))
    expect(page.locator("table.df td")).to_have_text("<img src=x onerror=1>")
    expect(page.locator("#place iframe")).to_have_count(2)
    settle(page)


def test_ten_megabytes_of_output_stay_readable(page: Page, tmp_path: Path) -> None:
    page.evaluate(
        """() => {
          const text = 'a line that somebody printed in a loop, again and again and again\\n'
            .repeat(150000) + 'x'.repeat(1e6) + '\\n';
          const draw = (text) => renderOutputs(document.querySelector('#place'),
            { id: 'e', outputs: [{ type: 'stream', name: 'stdout', text }] }, {});
          draw(text);
          draw(text + 'the end\\n');
        }"""
    )
    place = page.locator("#place")
    expect(place).to_contain_text("Show all 150,002 lines")
    expect(place).to_contain_text("995,000 more characters")
    expect(place).to_contain_text("the end")
    assert page.evaluate("document.querySelector('#place').textContent.length") < 20_000
    page.get_by_role("button", name="Show all").click()
    expect(place).to_contain_text("130,002 lines are left out here")
    with page.expect_download() as download:
        page.get_by_role("button", name="Save as a text file").click()
    download.value.save_as(tmp_path / "output.txt")
    assert (tmp_path / "output.txt").stat().st_size > 10_000_000
