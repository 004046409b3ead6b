"""Notebooks out of the page as files that others read, and in from an address or the clipboard."""

import base64
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.diagram_samples import FLOW, MERMAID, STATES, fence
from tests.browser.hostile.reader import PATIENCE
from tests.browser.newcomer import newcomer
from tests.browser.visitors import Visitors

pytestmark = pytest.mark.browser

PIXEL = base64.b64encode(
    bytes.fromhex(
        "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c489"
        "0000000d49444154789c63f8cfc0f01f00050001ff56c72f0d0000000049454e44ae426082"
    )
).decode()
TABLE = (
    "<table><thead><tr><th></th><th>level</th></tr></thead><tbody>"
    + "".join(f"<tr><th>{i}</th><td>{i}.5</td></tr>" for i in range(40))
    + "</tbody></table>"
)

ALIVE = "<p id=p>still</p><script>document.getElementById('p').textContent = 'moves'</script>"
REACH = "<p>reaches</p><img src='HOST/x.png'><script>fetch('HOST/y')</script>"
DRAWN = "element.textContent = 'drawn </script> well'"
ERROR = {
    "output_type": "error",
    "ename": "ZeroDivisionError",
    "evalue": "division by zero",
    "traceback": ["\x1b[31mZeroDivisionError\x1b[0m: division by zero"],
}


@pytest.fixture
def context(visitors: Visitors, site_url: str) -> Iterator[BrowserContext]:
    """A browser that knows no notebook."""
    with newcomer(visitors, site_url) as made:
        yield made


@pytest.fixture
def home(context: BrowserContext) -> Page:
    """The list of notebooks."""
    page = context.new_page()
    page.goto("/")
    expect(page.get_by_role("heading", name="Examples")).to_be_visible()
    return page


def code(source: str, *outputs: dict[str, Any], **metadata: Any) -> dict[str, Any]:
    return {
        "cell_type": "code", "id": f"c{abs(hash(source))}", "metadata": metadata, "source": source,
        "outputs": list(outputs), "execution_count": 3,
    }  # fmt: skip


def display(**data: Any) -> dict[str, Any]:
    named = {name.replace("_", "/", 1).replace("_", "+"): value for name, value in data.items()}
    return {"output_type": "display_data", "data": named, "metadata": {}}


def prose(source: str, **more: Any) -> dict[str, Any]:
    return {"cell_type": "markdown", "id": "prose", "metadata": {}, "source": source, **more}


def book(*cells: dict[str, Any]) -> bytes:
    return json.dumps(
        {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": list(cells)}
    ).encode()


RICH = book(
    prose(
        "# Tides\n\nThe mean is $\\bar{x}=\\frac{1}{n}\\sum_i x_i$, see [below](#More).\n\n"
        "$$\\int_0^1 x^2\\,dx$$\n\n![moon](attachment:moon.png) ![far](https://far.example/a.png)\n\n"
        "| a | b |\n|---|--:|\n| 1 | 2 |\n\n```python\nx = 'fenced'\n```\n\n## More",
        attachments={"moon.png": {"image/png": PIXEL}},
    ),
    code(
        "def level(hour):\n    return 'high'  # or low",
        {"output_type": "stream", "name": "stdout",
         "text": "\x1b[31mred\x1b[0m\n" + "".join(f"line {i}\n" for i in range(60))},
        {"output_type": "stream", "name": "stderr", "text": "a warning\n"},
    ),
    code("figure", display(image_png=PIXEL, text_plain="<Figure>")),
    code("table", display(text_html=TABLE)),
    code("alive", display(text_html=ALIVE), display(application_javascript=DRAWN)),
    code("reach", display(text_html=REACH)),
    code("latex", display(text_latex="$\\alpha^2$"), display(application_json={"deep": [1, 2]})),
    code("1 / 0", ERROR),
    code("secret_code", display(text_plain="seen"), jupyter={"source_hidden": True}),
    {"cell_type": "raw", "id": "raw", "metadata": {}, "source": "as <it> is"},
)  # fmt: skip


def pick(page: Page, name: str, data: bytes) -> None:
    """Open a file by the button of the list."""
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Open .ipynb").first.click()
    chooser.value.set_files([{"name": name, "mimeType": "", "buffer": data}])
    expect(page.locator("[data-cell-id]")).not_to_have_count(0)


def download(page: Page, menu: str, label: str, to: Path) -> str:
    """Choose under "Download as" of a menu; the text of the file, which is kept."""
    page.get_by_role("button", name=menu).first.click()
    page.get_by_role("menuitem", name="Download as").click()
    with page.expect_download() as given:
        page.get_by_role("menuitem", name=label).click()
    given.value.save_as(to)
    return to.read_text()


def saved(page: Page) -> None:
    expect(page.locator(".saved")).to_contain_text("Saved")


class TestWebPage:
    def test_it_stands_for_itself(
        self, home: Page, chromium: Browser, tmp_path: Path, artefacts: Path
    ) -> None:
        with hosting() as (host, asked):
            data = RICH.replace(b"HOST", host.encode())
            self._read_everywhere(home, data, chromium, tmp_path / "Tides.html", artefacts)
        assert asked == []

    def _read_everywhere(
        self, home: Page, data: bytes, chromium: Browser, file: Path, artefacts: Path
    ) -> None:
        pick(home, "Tides.ipynb", data)
        saved(home)
        text = download(home, "Notebook menu", "Web page (.html)", file)
        assert "<button" not in text
        for scheme in ("light", "dark"):
            for width in (1280, 360):
                reader = chromium.new_context(
                    color_scheme=scheme, viewport={"width": width, "height": 900}
                )
                page = reader.new_page()
                page.goto(file.as_uri())
                self._look(page)
                page.screenshot(path=artefacts / f"web-page-{scheme}-{width}.png", full_page=True)
                wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
                assert wide <= 0, f"{wide} px wider than the screen"
                reader.close()

    def _look(self, page: Page) -> None:
        expect(page).to_have_title("Tides")
        expect(page.get_by_role("heading", name="Tides")).to_be_visible()
        expect(page.locator("math")).to_have_count(3)
        expect(page.get_by_role("link", name="far")).to_have_attribute(
            "href", "https://far.example/a.png"
        )
        expect(page.get_by_alt_text("moon")).to_have_js_property("naturalWidth", 1)
        expect(page.locator(".picture img")).to_have_js_property("naturalWidth", 1)
        expect(page.locator("pre", has_text="line 59")).to_be_visible()
        expect(page.locator(".ansi-fg-red").first).to_have_text("red")
        expect(page.locator("table.df tr").last).to_be_visible()
        expect(page.locator(".doc-code .tok-kw, .doc-code [class]").first).to_be_visible()
        expect(page.get_by_text("secret_code")).to_be_hidden()
        expect(page.get_by_text("as <it> is")).to_be_visible()
        alive, drawn, reach = (page.frame_locator("iframe").nth(i) for i in range(3))
        page.locator("iframe").nth(1).scroll_into_view_if_needed()
        expect(alive.locator("#p")).to_have_text("moves")
        expect(drawn.locator("#element")).to_have_text("drawn </script> well")
        expect(reach.locator("p")).to_have_text("reaches")
        page.wait_for_function("document.querySelector('iframe').offsetHeight < 100")

    def test_it_is_read_without_scripts(
        self, home: Page, chromium: Browser, tmp_path: Path
    ) -> None:
        pick(home, "Tides.ipynb", RICH)
        saved(home)
        file = tmp_path / "Tides.html"
        home.goto("/")
        download(home, "More for Tides", "Web page (.html)", file)  # from the list: the same
        reader = chromium.new_context(java_script_enabled=False)
        page = reader.new_page()
        page.goto(file.as_uri())
        expect(page.get_by_role("heading", name="Tides")).to_be_visible()
        expect(page.get_by_text("line 59")).to_be_visible()
        expect(page.locator("math").first).to_be_visible()
        expect(page.frame_locator("iframe").first.locator("#p")).to_be_visible()
        reader.close()

    def test_diagrams_are_pictures_before_their_sources(
        self, home: Page, chromium: Browser, tmp_path: Path, artefacts: Path
    ) -> None:
        shown = display() | {"data": {MERMAID: FLOW, "text/plain": "Mermaid()"}}
        broken = fence("flowchart LR\n  a -->")
        made = book(prose(f"# Flow\n\n{fence(STATES)}\n{broken}"), code("flow", shown))
        pick(home, "Flow.ipynb", made)
        expect(home.locator(".diagram img")).to_have_count(2, timeout=PATIENCE)
        saved(home)
        again = json.loads(
            download(home, "Notebook menu", "Notebook (.ipynb)", tmp_path / "Flow.ipynb")
        )
        (output,) = again["cells"][1]["outputs"]
        texts = {mime: "".join(lines) for mime, lines in output["data"].items()}
        assert texts == shown["data"]  # what was drawn is in no file
        home.set_default_timeout(PATIENCE)
        file = tmp_path / "Flow.html"
        download(home, "Notebook menu", "Web page (.html)", file)
        reader = chromium.new_context(java_script_enabled=False, color_scheme="dark")
        page = reader.new_page()
        page.goto(file.as_uri())
        expect(page.get_by_role("img", name="How readings travel")).to_be_visible()
        expect(page.locator(".diagram img")).to_have_count(2)
        page.screenshot(path=artefacts / "web-page-diagrams.png", full_page=True)
        expect(page.locator("code.language-mermaid:visible")).to_have_text(
            "flowchart LR\n  a -->\n"
        )
        page.get_by_text("Source").last.click()
        expect(page.locator("code.language-mermaid").last).to_have_text(FLOW)
        expect(page.locator("code.language-mermaid").last).to_be_visible()
        reader.close()


class TestScripts:
    def test_a_script_is_opened_and_comes_out_again(self, home: Page, tmp_path: Path) -> None:
        script = '# %% [markdown]\n# # Title\n\n# %% First tags=["a"]\n# %pwd\nx = 1\n'
        pick(home, "tides.py", script.encode())
        expect(home.locator("[data-cell-id]")).to_have_count(2)
        expect(home.get_by_role("heading", name="Title")).to_be_visible()
        expect(home.locator("[data-cell-type=code]")).to_contain_text("%pwd")
        saved(home)
        assert home.get_by_role("textbox", name="Name of the notebook").input_value() == "tides"
        assert download(home, "Notebook menu", "Python script (.py)", tmp_path / "o.py") == script

    def test_what_is_no_script_makes_no_notebook(self, home: Page) -> None:
        with home.expect_file_chooser() as chooser:
            home.get_by_role("button", name="Open .ipynb").first.click()
        chooser.value.set_files([{"name": "a.py", "mimeType": "", "buffer": b"\xff\0"}])
        expect(home.get_by_role("alert")).to_contain_text("a.py is no Python script")
        home.reload()
        expect(home.get_by_role("heading", name="No notebooks yet")).to_be_visible()


class Host(BaseHTTPRequestHandler):
    """Gives notebooks: under /open/ to every page, under /shut/ to none but its own."""

    asked: list[str]

    def do_GET(self) -> None:
        self.asked.append(self.path)
        is_there = self.path.endswith(".ipynb")
        self.send_response(200 if is_there else 404)
        if self.path.startswith("/open/"):
            self.send_header("Access-Control-Allow-Origin", "*")
        data = book(prose("# From afar")) if is_there else b""
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def hosting() -> Iterator[tuple[str, list[str]]]:
    """The address of such a host, and what was asked of it."""
    asked: list[str] = []
    handler = type("Handler", (Host,), {"asked": asked})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", asked
    server.shutdown()
    server.server_close()


class TestAddresses:
    def test_a_notebook_is_opened_by_its_address(self, home: Page) -> None:
        with hosting() as (host, _):
            home.get_by_role("button", name="open from a URL").click()
            field = home.get_by_role("textbox", name="Address")
            expect(field).to_be_focused()
            field.fill("tides.ipynb")
            field.press("Enter")
            expect(home.get_by_role("alert")).to_contain_text("begins with https://")
            field.fill(f"{host}/open/far%20away.ipynb")
            field.press("Enter")
            expect(home.get_by_role("heading", name="From afar")).to_be_visible()
        name = home.get_by_role("textbox", name="Name of the notebook")
        expect(name).to_have_value("far away")

    def test_a_link_asks_before_anything_is_fetched(self, home: Page) -> None:
        with hosting() as (host, asked):
            home.goto(f"/?url={host}/open/a.ipynb")
            dialog = home.get_by_role("dialog", name="Open this notebook?")
            expect(dialog.get_by_role("textbox")).to_have_value(f"{host}/open/a.ipynb")
            assert "url=" not in home.url
            dialog.get_by_role("button", name="Cancel").click()
            expect(dialog).to_be_hidden()
            assert asked == []
            home.goto(f"/?url={host}/open/a.ipynb")
            home.get_by_role("button", name="Open", exact=True).click()
            expect(home.get_by_role("heading", name="From afar")).to_be_visible()

    @pytest.mark.parametrize(
        ("path", "words"),
        [
            ("/shut/a.ipynb", r"does not let pages of other sites read its files \(CORS\)"),
            ("/open/a.py", "answered 404: there is no such file, or it is not public"),
        ],
    )
    def test_what_cannot_be_fetched_says_why(self, home: Page, path: str, words: str) -> None:
        with hosting() as (host, _):
            home.goto(f"/?url={host}{path}")
            home.get_by_role("button", name="Open", exact=True).click()
            expect(home.get_by_role("alert")).to_contain_text(re.compile(words))
        home.keyboard.press("Escape")
        expect(home.get_by_role("heading", name="No notebooks yet")).to_be_visible()


class TestClipboard:
    @pytest.fixture(autouse=True)
    def allowed(self, context: BrowserContext) -> None:
        context.grant_permissions(["clipboard-read", "clipboard-write"])

    def _paste(self, page: Page, text: str) -> None:
        page.evaluate("text => navigator.clipboard.writeText(text)", text)
        page.keyboard.press("Control+v")

    def test_the_text_of_a_notebook_is_opened(self, home: Page) -> None:
        self._paste(home, book(prose("# Pasted here")).decode())
        expect(home.get_by_role("heading", name="Pasted here")).to_be_visible()

    def test_an_address_is_asked_for(self, home: Page) -> None:
        self._paste(home, "https://github.com/a/b/blob/main/c.ipynb")
        expect(home.get_by_role("dialog", name="Open this notebook?")).to_be_visible()

    def test_what_is_no_notebook_is_told(self, home: Page) -> None:
        self._paste(home, "hello")
        expect(home.get_by_role("alert")).to_contain_text("neither a notebook's text nor")

    def test_in_a_notebook_its_cells_come_after_those_that_are_there(self, home: Page) -> None:
        pick(home, "a.ipynb", book(code("first")))
        saved(home)
        home.keyboard.press("Escape")
        self._paste(home, book(prose("# Pasted here")).decode())
        expect(home.locator("[data-cell-id]")).to_have_count(2)
        expect(home.get_by_role("heading", name="Pasted here")).to_be_visible()
        # An editor takes text as text.
        home.locator(".cm-content").first.click()
        self._paste(home, '{"nbformat": 4}')
        expect(home.locator(".cm-content").first).to_contain_text('"nbformat"')
        expect(home.locator("[data-cell-id]")).to_have_count(2)
