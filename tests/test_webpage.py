"""A notebook as a web page without a browser: what is drawn, and what cannot get out of it."""

import base64
import json
import re
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from desk import Desk
from foldbook.errors import BadNotebookFile
from foldbook.ipynb import read, to_events
from foldbook.mime import PREFERENCE, is_drawn_elsewhere
from foldbook.webpage import ansi, document, frames, look, prose

PIXEL = base64.b64encode(b"\x89PNG and so on").decode()


def page_of(data: bytes, notes: list[str] | None = None, name: str = "Tides.ipynb") -> str:
    desk = Desk(empty=True)
    desk.take(to_events(read(data, name), desk.stamp(), "nb"))
    return document.write(desk.notebook, desk.blobs.get, notes).decode()


def page(*cells: dict[str, Any], notes: list[str] | None = None, **metadata: Any) -> str:
    made = [{"id": f"c{i}", "metadata": {}, **cell} for i, cell in enumerate(cells)]
    values = {"nbformat": 4, "nbformat_minor": 5, "metadata": metadata, "cells": made}
    return page_of(json.dumps(values).encode(), notes)


def code(source: str, *outputs: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "cell_type": "code", "source": source, "outputs": list(outputs), "execution_count": 3,
    } | more  # fmt: skip


def display(data: dict[str, Any], **metadata: Any) -> dict[str, Any]:
    return {"output_type": "display_data", "data": data, "metadata": metadata}


VOID = frozenset({"meta", "img", "br", "hr", "input"})


class Sound(HTMLParser):
    """Reads a page as it is outside of its frames: each element closed, no script but ours."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.scripts = 0
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.scripts += tag == "script"
        for name, value in attrs:
            assert not name.startswith("on"), (tag, name)
            if name == "src" or (name == "href" and tag != "a"):
                self.addresses.append(value or "")
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in self.open:
            while self.open.pop() != tag:
                pass


def check(html: str) -> None:
    found = Sound()
    found.feed(html)
    assert found.open == []
    assert found.scripts == ("<iframe" in html)
    assert all(each.startswith("data:image/") for each in found.addresses), found.addresses


def test_every_notebook_of_the_corpus_is_a_sound_page(corpus: Path) -> None:
    count = 0
    for path in sorted((corpus / "notebooks").rglob("*.ipynb")):
        try:
            read(path.read_bytes(), path.name)
        except BadNotebookFile:
            continue
        check(page_of(path.read_bytes(), name=path.name))
        count += 1
    assert count > 50


def test_code_and_outputs_are_drawn() -> None:
    stream = {"output_type": "stream", "name": "stdout", "text": "\x1b[31mred\x1b[0m <b>\nold\rnew"}
    error = {
        "output_type": "error",
        "ename": "E",
        "evalue": "v",
        "traceback": ["\x1b[1mE\x1b[0m: v"],
    }
    html = page(
        code("def f():\n    return 1  # <one>", stream, error),
        code("1", display({"image/png": PIXEL, "text/plain": "<Figure>"}), display({"a/b": 1})),
        code(
            "secret", display({"text/plain": "seen"}), metadata={"jupyter": {"source_hidden": True}}
        ),
        {"cell_type": "raw", "source": "as <it> is"},
    )
    check(html)
    assert "<title>Tides</title>" in html
    assert '<div class="doc-count">[3]</div>' in html
    assert '<span class="tok-kw">def</span> <span class="tok-def">f</span>' in html
    assert '<span class="tok-com"># &lt;one&gt;</span>' in html
    assert '<span class="ansi-fg-red">red</span> &lt;b&gt;\nnew</pre>' in html
    assert '<span class="ansi-bold">E</span>: v' in html
    assert f'<img src="data:image/png;base64,{PIXEL}" alt="&lt;Figure&gt;">' in html
    assert "An output that comes only as a/b." in html
    assert '<details class="doc-folded"><summary>Code</summary>' in html
    assert "as &lt;it&gt; is" in html


def test_prose_has_formulas_tables_and_attachments() -> None:
    source = (
        "# A title\n\n$\\frac{1}{n}$ costs $5 or $10\n\n$$\\int_0^1$$\n\n"
        "\\begin{align}a\\end{align}\n\n"
        "|a|\n|-|\n|1|\n\n![m](attachment:m.png)\n\n```python\ndef g(): pass\n```\n\n- [x] done"
    )
    attachments = {"m.png": {"image/png": PIXEL}}
    html = page({"cell_type": "markdown", "source": source, "attachments": attachments})
    check(html)
    assert html.count("<math") == 3
    assert '<h1 id="A-title">' in html
    assert "<td>1</td>" in html
    assert f'<img src="data:image/png;base64,{PIXEL}" alt="m">' in html
    assert '<span class="tok-def">g</span>' in html
    assert "costs $5 or $10" in html


@pytest.mark.parametrize(
    "source",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "<img src='https://evil.example/x.png'>",
        "![x](https://evil.example/x.png)",
        "[x](javascript:alert(1))",
        "<a href='data:text/html,x'>x</a>",
        "<iframe src='https://evil.example'></iframe>",
        "<style>body{background:url(https://evil.example)}</style>",
        "<svg><script>alert(1)</script></svg>",
        "<math><mtext></table><mglyph><style><img src=x onerror=alert(1)>",
        "$\\text{<img src=x onerror=alert(1)>}$",
        '![x" onerror="alert(1)](attachment:m.png)',
        "```<script>\n</pre><script>alert(1)</script>\n```",
        "\x010\x01 $x$",
    ],
)
def test_nothing_in_prose_runs_or_is_loaded(source: str) -> None:
    attachments = {"m.png": {"image/png": PIXEL + '" onerror="x'}}
    html = page({"cell_type": "markdown", "source": source, "attachments": attachments})
    check(html)
    body = re.sub(r"<head>.*</head>", "", html, flags=re.DOTALL)
    assert not re.search(r"<[^>]*(javascript:|data:text|\son\w+=)", body, re.IGNORECASE)


def test_html_and_scripts_stand_in_frames() -> None:
    html = page(
        code("1", display({"text/html": '<b>"bold"</b><script>x</script>'})),
        code("2", display({"application/javascript": "element.textContent = '</script>'"})),
    )
    check(html)
    frames = [unescape(each) for each in re.findall(r'srcdoc="([^"]*)"', html)]
    assert html.count('sandbox="allow-scripts"') == 2
    assert '<b>"bold"</b><script>x</script>' in frames[0]
    assert "element.textContent = '\\x3C/script>'" in frames[1]
    assert "default-src 'none'" in html


def test_what_is_not_to_be_had_is_told() -> None:
    large = base64.b64encode(bytes(30_000)).decode()
    data = code("1", display({"image/png": large, "text/plain": "instead"}))
    values = {
        "nbformat": 4,
        "nbformat_minor": 5,
        "metadata": {},
        "cells": [data | {"id": "a", "metadata": {}}],
    }
    desk = Desk(empty=True)
    desk.take(to_events(read(json.dumps(values).encode(), "a.ipynb"), desk.stamp(), "nb"))
    notes: list[str] = []
    html = document.write(desk.notebook, lambda _: None, notes).decode()
    assert ">instead</pre>" in html
    assert notes[0].startswith("Cell 1: image/png is left out")


def test_colours_of_a_terminal() -> None:
    text = "\x1b[1;38;5;196;44ma\x1b[22;39;49mb\x1b[38;2;1;2;3mc\x1b[0;7md\x1b]8;;x\x07e\x1b[K"
    assert ansi.to_html(text) == (
        '<span class="ansi-bold ansi-bg-blue ansi-rgb" style="--rgb:rgb(255 0 0)">a</span>b'
        '<span class="ansi-rgb" style="--rgb:rgb(1 2 3)">c</span>de'
    )


def test_a_formula_that_is_none_is_shown_as_it_was_written() -> None:
    assert prose.formula("\\left( <", False) == '<code class="math-problem">\\left( &lt;</code>'


def test_a_diagram_is_its_source_behind_the_picture_that_came_with_it() -> None:
    diagram = "flowchart LR\n  a --> b"
    svg = '<svg xmlns="http://www.w3.org/2000/svg"/>'
    kept = '<code class="language-mermaid">flowchart LR\n  a --&gt; b</code></pre>'
    alone = page(code("1", display({"text/vnd.mermaid": diagram, "text/plain": "Mermaid()"})))
    check(alone)
    assert f'<pre class="doc-code" tabindex="0">{kept}' in alone
    assert "Mermaid()" not in alone
    assert "<figure" not in alone.partition("<main>")[2]
    drawn = page(code("1", display({"text/vnd.mermaid": diagram, "image/svg+xml": svg})))
    check(drawn)
    source = base64.b64encode(svg.encode()).decode()
    assert f'<img src="data:image/svg+xml;base64,{source}" alt="Diagram">' in drawn
    assert kept in drawn.partition("<summary>Source</summary>")[2]
    fence = page({"cell_type": "markdown", "source": f"```mermaid\n{diagram}\n```"})
    check(fence)
    assert kept.replace("</code>", "\n</code>") in fence


@pytest.mark.parametrize("mime", [each for each in PREFERENCE if is_drawn_elsewhere(each)])
def test_what_needs_a_library_is_shown_in_its_other_form(mime: str) -> None:
    made = page(code("chart", display({mime: {"mark": "bar"}, "text/plain": "a chart"})))
    assert "a chart" in made
    assert "mark" not in made.partition("<main>")[2]


def test_it_looks_and_draws_frames_as_the_page_does() -> None:
    """What stands in both, as the page's own is in no package."""
    site = Path(__file__).parents[1] / "site"
    tokens = (site / "tokens.css").read_text(encoding="utf-8")
    for name, (light, dark) in look._COLOURS.items():
        assert f"--{name}: light-dark({light}, {dark});" in tokens
    page = (site / "web_page_frame.js").read_text(encoding="utf-8")
    assert frames.FRAME_SCRIPT in page
    assert frames._INNER in page
    pattern = frames._BRINGS_COLOURS.pattern
    assert f"BRINGS_COLOURS = /{pattern}/i;" in (site / "output_frame.js").read_text("utf-8")
