"""Outputs and prose as the reader sees them: tables, errors, streams, formulas, pictures."""

import base64
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

pytestmark = pytest.mark.browser

FRAME = """<div><style scoped>.dataframe tbody tr th { vertical-align: top; }</style>
<table border="1" class="dataframe"><thead>
<tr style="text-align: right;"><th></th><th>anomaly</th><th>place</th></tr>
<tr><th>year</th><th></th><th></th></tr></thead><tbody>
<tr><th>1880</th><td>-0.17</td><td>here</td></tr>
<tr><th>...</th><td>...</td><td>...</td></tr>
<tr><th>2024</th><td>1.28</td><td>there</td></tr>
</tbody></table><p>145 rows × 2 columns</p></div>"""


@pytest.fixture
def page(chromium: Browser, address: str) -> Iterator[Page]:
    page = chromium.new_page()
    page.goto(address)
    page.evaluate("async () => { while (!window.isReady) await new Promise(setTimeout) }")
    yield page
    page.close()


def draw(page: Page, *outputs: dict[str, Any], run: str = "e") -> None:
    page.evaluate(
        "([id, outputs]) => renderOutputs(document.querySelector('#place'),"
        " { id, count: 8, outputs }, { onGoToLine: (line) => { window.wentTo = line },"
        " blob: async (digest) => new Blob([`blob ${digest}`]) })",
        [run, list(outputs)],
    )


def prose(page: Page, source: str) -> Any:
    return page.evaluate(
        "(source) => { const place = document.querySelector('#place'); place.className = 'md';"
        " const { headings } = renderMarkdown(place, source);"
        " return headings.map(({ level, text, id }) => [level, text, id]) }",
        source,
    )


def stream(text: str, name: str = "stdout") -> dict[str, Any]:
    return {"type": "stream", "name": name, "text": text}


def display(mime: str, value: object) -> dict[str, Any]:
    return {"type": "display_data", "data": {mime: value}, "metadata": {}}


def test_a_data_frame_is_a_table_of_our_own(page: Page) -> None:
    draw(page, display("text/html", FRAME))
    output = page.locator("[data-output-type=display_data]")
    expect(output).to_have_attribute("data-mime", "text/html")
    expect(output.locator("thead tr")).to_have_count(1)
    expect(output.locator("thead th")).to_have_text(["year", "anomaly", "place"])
    expect(output.locator(".cap")).to_have_text("2 of 145 rows, 2 columns")
    expect(output.locator("tbody td.nu")).to_have_text(["-0.17", "...", "1.28"])
    expect(output.locator("tbody td.tx").first).to_have_css("text-align", "left")


def test_an_error_says_what_and_where_first(page: Page) -> None:
    draw(
        page,
        {
            "type": "error",
            "ename": "ValueError",
            "evalue": "shape mismatch",
            "traceback": [
                "Cell In[8], line 4\n----> 4 ax.bar(x)\n",
                "File /lib/python3.14/site-packages/matplotlib/axes.py:52, in bar(x)\n---> 52 y\n",
                "File /lib/python3.14/site-packages/numpy/lib/b.py:12, in b(x)\n-> 12 y\n",
                "ValueError: shape mismatch",
            ],
        },
    )
    error = page.locator("[data-output-type=error]")
    expect(error.locator(".en")).to_have_text("ValueError: shape mismatch")
    expect(error).to_contain_text("In this cell, line 4")
    expect(error.locator(".hit")).to_have_text("ax.bar(x)")
    expect(error).to_contain_text("2 frames inside matplotlib and numpy")
    expect(error.locator(".whole")).to_be_hidden()
    error.get_by_role("button", name="Show").click()
    expect(error.locator(".whole")).to_contain_text("axes.py:52")
    error.get_by_role("button", name="Go to line 4").click()
    assert page.evaluate("wentTo") == 4


def test_a_stream_grows_in_place_and_is_cut(page: Page) -> None:
    draw(page, stream("10%\r"))
    page.evaluate("window.before = document.querySelector('.output')")
    draw(page, stream("10%\r100%\ndone\n"))
    assert page.evaluate("before === document.querySelector('.output')")
    expect(page.locator("pre")).to_have_text("100%\ndone")
    draw(page, stream("".join(f"{n}\n" for n in range(1204))))
    expect(page.locator("pre")).to_have_count(2)
    page.get_by_role("button", name="Show all 1,204 lines").click()
    expect(page.locator(".block")).to_have_count(7)
    draw(page, stream("".join(f"{n}\n" for n in range(1300))))
    expect(page.locator(".blocks")).to_contain_text("1299")
    page.get_by_role("button", name="Show less").click()
    expect(page.get_by_role("button", name="Show all 1,300 lines")).to_be_visible()


def test_a_frame_is_never_loaded_anew_by_what_comes_after_it(page: Page) -> None:
    html = display("text/html", "<input><script>window.born = Math.random()</script>")
    draw(page, html)
    inside = page.frame_locator("iframe").locator("input")
    inside.fill("typed")
    draw(page, html, stream("later"))
    draw(page, html, stream("later and later"))
    expect(inside).to_have_value("typed")
    draw(page, html, run="another")
    expect(inside).to_have_value("")


BMP = base64.b64encode(
    b"BM\x3a\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0\x01\0\0\0\x01\0\0\0\x01\0\x18\0"
    + bytes(24)
    + b"\0\0\xff\0"
).decode()
PDF = base64.b64encode(b"%PDF-1.4\n%%EOF\n").decode()


def test_a_picture_of_a_rare_type_is_a_picture(page: Page) -> None:
    draw(page, display("image/bmp", BMP))
    expect(page.locator(".picture img")).to_have_js_property("naturalWidth", 1)


def test_a_document_is_saved_from_its_place(page: Page) -> None:
    draw(page, display("application/pdf", PDF))
    expect(page.locator("[data-mime='application/pdf']")).to_contain_text("A PDF document.")
    with page.expect_download() as saved:
        page.get_by_role("button", name="Save").click()
    assert saved.value.suggested_filename == "output.pdf"
    assert saved.value.path().read_bytes() == b"%PDF-1.4\n%%EOF\n"
    draw(page, display("application/pdf", "no base64 (%)"), run="other")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status")).to_have_text("It cannot be read.")


def test_javascript_has_two_names(page: Page) -> None:
    draw(page, display("text/javascript", "element.textContent = 'drawn'"))
    expect(page.frame_locator("iframe").locator("div")).to_have_text("drawn")


def test_a_map_as_json_is_a_tree(page: Page) -> None:
    draw(page, display("application/geo+json", {"type": "Point", "coordinates": [1, 2]}))
    expect(page.locator(".json summary").first).to_contain_text("2 keys")


def test_a_picture_is_saved_and_copied_by_keys(page: Page) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    svg = '<svg xmlns="http://www.w3.org/2000/svg" width="20" height="10"></svg>'
    draw(page, display("image/svg+xml", svg))
    button = page.get_by_label("Copy or save this picture")
    button.press("Enter")
    page.keyboard.press("Enter")
    expect(page.locator(".aloud")).to_have_text("Picture copied.")
    types = "async () => (await navigator.clipboard.read()).flatMap((each) => each.types)"
    assert page.evaluate(types) == ["image/png"]
    expect(button).to_be_focused()
    button.press("Enter")
    page.keyboard.press("ArrowDown")
    with page.expect_download() as saved:
        page.keyboard.press("Enter")
    assert saved.value.suggested_filename == "picture.svg"
    assert saved.value.path().read_text() == svg


def test_html_of_many_megabytes_waits_to_be_asked_for(page: Page) -> None:
    row = "<tr><td>1</td><td>2</td></tr>\n"
    draw(page, display("text/html", f"<table>{row * 150_000}</table>"))
    expect(page.locator(".notice")).to_contain_text("HTML of 4.5 MB.")
    expect(page.locator("iframe")).to_have_count(0)
    page.get_by_role("button", name="Show it").click()
    expect(page.frame_locator("iframe").locator("td").first).to_have_text("1", timeout=60_000)
    assert page.locator("iframe").evaluate("(frame) => frame.offsetHeight") <= 6000


def test_a_file_that_an_output_offers_is_saved_on_a_click_in_it(page: Page) -> None:
    link = '<a download="rain.csv" href="data:text/csv,a,b">rain</a>'
    draw(page, display("text/html", f"{link}<script>document.querySelector('a').click()</script>"))
    expect(page.get_by_role("button", name="Save rain.csv")).to_be_visible()
    with page.expect_download() as saved:
        page.frame_locator("iframe").locator("a").click()
    assert saved.value.suggested_filename == "rain.csv"
    assert saved.value.path().read_bytes() == b"a,b"


def test_what_is_kept_apart_arrives(page: Page) -> None:
    draw(page, display("text/plain", {"$blob": "abc", "size": 20000}))
    expect(page.locator("pre")).to_have_text("blob abc")


def test_stderr_is_told_apart(page: Page) -> None:
    draw(page, stream("a warning\n", "stderr"))
    expect(page.locator(".stderr .voice")).to_have_text("stderr")


def test_formulas_and_money(page: Page) -> None:
    headings = prose(
        page,
        "# The $x^2$ law\n\nIt costs $5 and $10. With $a_i$, \\(b*c*d\\) and\n"
        "$$\\sum_i x_i$$\n\n\\begin{align}\na &= b \\label{q}\\\\\nc &= d\n\\end{align}\n\n"
        "`$code$` and $\\nonsense$\n",
    )
    assert headings == [[1, "The x^2 law", "nb-The-x^2-law"]]
    place = page.locator("#place")
    expect(place).to_contain_text("It costs $5 and $10.")
    expect(place.locator(".katex-display")).to_have_count(2)
    expect(place.locator(".eqn-num")).to_have_count(2)
    expect(place.locator("code").first).to_have_text("$code$")
    expect(place.locator(".math-problem-words")).to_contain_text("Undefined control sequence")
    assert place.locator("em").count() == 0


def test_the_dialect_of_github(page: Page) -> None:
    prose(
        page,
        "~~old~~ www.example.org\n\n- [x] done\n- [ ] open\n\n"
        "| a | b |\n|:-:|--:|\n| 1 | 2 |\n\n```python\ndef f(): pass\n```\n",
    )
    place = page.locator("#place")
    expect(place.locator("s")).to_have_text("old")
    expect(place.get_by_role("checkbox", checked=True)).to_have_count(1)
    expect(place.locator("td").nth(1)).to_have_css("text-align", "right")
    expect(place.locator("pre .tok-kw")).to_have_text(["def", "pass"])
    expect(place.get_by_role("link")).to_have_attribute("href", "http://www.example.org")
