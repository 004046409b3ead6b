"""A hostile notebook, opened in the real page: nothing of it runs there, and nothing leaves."""

from pathlib import Path
from typing import Any

import pytest
from foldbook import events
from foldbook.events.executions import ExecutionRequested
from playwright.sync_api import Browser, Page, expect

from tests.browser.hostile import notebook as hostile
from tests.browser.hostile.attacker import Attacker
from tests.browser.hostile.reader import (
    PATIENCE,
    Reader,
    log_of,
    marks_of,
    notebook_id,
    reading,
    shot,
    wait_for_mark,
)

pytestmark = pytest.mark.browser

FRAMES = 9
"""Outputs of the hostile notebook that are drawn in frames of their own and stay there."""

_DANGEROUS = """() => {
  const found = [];
  for (const element of document.querySelectorAll('*')) {
    const name = element.localName;
    for (const { name: key, value } of element.attributes) {
      if (/^on/i.test(key)) found.push(`${name} ${key}`);
      if (/^\\s*(javascript|vbscript|data:text)/i.test(value)) found.push(`${name} ${value}`);
    }
    if (/^(object|embed|base|form|applet|frame)$/.test(name)) found.push(name);
    const own = /^main\\.js\\?[0-9a-f]{12}$/.test(element.getAttribute('src') ?? '');
    if (name === 'script' && !own) found.push(name);
    if (name === 'meta' && /refresh/i.test(element.httpEquiv)) found.push('meta refresh');
    if (name === 'iframe' && element.getAttribute('sandbox') !== 'allow-scripts') found.push(name);
  }
  return found;
}"""


@pytest.fixture(scope="module")
def opened(reader: Reader, attacker: Attacker, artefacts: Path) -> Page:
    """The hostile notebook before anybody has clicked on anything in it."""
    page = open_hostile(reader, attacker)
    shot(page, artefacts, "hostile")
    return page


def open_hostile(reader: Reader, attacker: Attacker) -> Page:
    """The hostile notebook, open, with every cell of it looked at."""
    page = reader.open_file(hostile.FILE_NAME, hostile.as_file(attacker.http, attacker.https))
    look_at_all(page)
    return page


def look_at_all(page: Page) -> None:
    """Scroll through the notebook until every output with a frame has drawn it."""
    for cell in page.locator("[data-cell-id]").all():
        cell.scroll_into_view_if_needed()
    expect(page.locator(".outs iframe")).to_have_count(FRAMES, timeout=PATIENCE)
    for frame in page.locator(".outs iframe").all():
        frame.scroll_into_view_if_needed()
    wait_for_mark(page, hostile.CONTROL)
    wait_for_mark(page, "javascript-output")


def test_scripts_run_in_opaque_frames_only(opened: Page, reader: Reader) -> None:
    mine, below = marks_of(opened)
    assert mine == []
    assert hostile.CONTROL in below, "a script in a frame may run: then its mark must be found"
    assert below <= hostile.ALLOWED
    assert opened.title() == f"{hostile.FILE_NAME.removesuffix('.ipynb')} - Foldbook"
    assert reader.dialogs == []
    assert reader.opened == []
    assert opened.url == f"{reader.url}?notebook={notebook_id(opened)}"
    assert opened.evaluate("({}).polluted") is None


def test_a_script_in_the_page_would_be_seen(reader: Reader) -> None:
    page = reader.tab()
    page.evaluate(hostile.mark("control"))
    assert marks_of(page)[0].count("control") == 3  # self, parent and top are one window here
    assert page.title() == "hacked"
    assert reader.dialogs == ["control"]
    reader.dialogs.clear()
    page.evaluate("document.body.innerHTML += '<object></object><p onclick=x><iframe></iframe>'")
    assert page.evaluate(_DANGEROUS) == ["object", "p onclick", "iframe"]
    page.close()


def test_nothing_was_asked_of_the_attacker(opened: Page, attacker: Attacker) -> None:
    assert attacker.paths() == []


def test_the_page_holds_nothing_that_could_act(opened: Page) -> None:
    assert opened.evaluate(_DANGEROUS) == []


def test_nothing_covers_the_page(opened: Page) -> None:
    for name in ("All notebooks", "Notebook menu"):
        control = opened.get_by_label(name, exact=True).first
        assert control.evaluate(
            """(element) => {
              const { left, top, width, height } = element.getBoundingClientRect();
              const [x, y] = [left + width / 2, top + height / 2];
              return element.contains(document.elementFromPoint(x, y));
            }"""
        ), f"{name} cannot be reached"
    sizes: Any = opened.evaluate(
        "[...document.querySelectorAll('.outs, .md')].map((e) => [e.clientWidth, e.clientHeight])"
    )
    assert max(width for width, _ in sizes) <= opened.viewport_size["width"]
    assert max(height for _, height in sizes) < 60_000


def test_no_cell_runs_on_open(opened: Page, reader: Reader) -> None:
    rows = log_of(opened, notebook_id(opened))
    assert rows, "the file's cells must be in the log"
    asked = [row for row in rows if isinstance(events.decode(row.payload), ExecutionRequested)]
    assert asked == []
    assert not [said for said in reader.said if "ran by itself" in said]


def test_the_file_has_no_say_in_what_is_trusted(opened: Page) -> None:
    rows = log_of(opened, notebook_id(opened))
    assert b"init_cell" in b"".join(row.payload for row in rows), "metadata must be in the log"
    assert not [row for row in rows if b'"trusted"' in row.payload]


def test_its_links_and_buttons_do_no_harm(opened: Page, reader: Reader, attacker: Attacker) -> None:
    links = opened.locator(".md a, .outs a")
    assert links.count() > 10
    for link in links.all():
        link.dispatch_event("click")
    for frame in opened.locator(".outs iframe").all():
        for link in frame.content_frame.locator("a:not(svg a)").all():
            link.click(force=True)
        for link in frame.content_frame.locator("svg a").all():  # of charts, drawn over another
            link.dispatch_event("click")
    assert marks_of(opened)[0] == []
    assert marks_of(opened)[1] <= hostile.ALLOWED
    assert reader.opened == []
    assert attacker.paths() == []


def test_the_list_of_notebooks_shows_its_name_as_text(opened: Page, reader: Reader) -> None:
    home = reader.tab()
    name = home.locator(f"[data-notebook-id='{notebook_id(opened)}'] .name")
    expect(name).to_have_text(hostile.FILE_NAME.removesuffix(".ipynb"))
    name.hover()
    assert home.evaluate(_DANGEROUS) == []
    assert marks_of(home) == ([], set())
    home.close()


def test_a_reader_can_allow_what_leaves(opened: Page, attacker: Attacker) -> None:
    """The control of the tests above: when the reader says so, the attacker is reached."""
    assert attacker.paths() == []
    opened.locator(".md").get_by_role("button", name="Load it").first.click()
    attacker.expect("/markdown.png")
    assert attacker.paths() == ["/markdown.png"]
    opened.get_by_role("button", name="Allow network for this output").first.click()
    attacker.expect("/html.png")
    assert not [path for path in attacker.paths() if "secret" in path or "cookie" in path]
    assert marks_of(opened)[0] == []


def test_without_its_policy_the_page_still_runs_nothing(
    chromium: Browser, site_url: str, attacker: Attacker
) -> None:
    """The policy is the second wall; the first must hold alone."""
    with reading(chromium, site_url, bypass_csp=True) as reader:
        page = open_hostile(reader, attacker)
        assert marks_of(page)[0] == []
        assert page.title().startswith("<img src=x")
        assert page.evaluate(_DANGEROUS) == []
        assert [path for path in attacker.paths() if path.startswith("/leave")]
