"""A notebook of rows that mean harm, drawn by the real page: nothing throws, nothing of it runs."""

import json
from typing import Any

import pytest
from foldbook.reducer import fold_all
from foldbook.view import Around, full_view
from hostile import MALLORY, rows
from playwright.sync_api import expect
from pydantic_core import to_json

from tests.browser.stand_in import ACTORS, Open, sharing

pytestmark = pytest.mark.browser


# As text: on its way into the worker as values some of it would be lost.
_SHOW = """text => {
  const given = JSON.parse(text);
  self.give({ view: given, state: { status: "live", links: [], people: [] } });
}"""


def hostile_view() -> dict[str, Any]:
    """As the worker would send it."""
    made: dict[str, Any] = json.loads(to_json(full_view(fold_all(rows()), Around(me="aa"))))
    return made | {"actors": ACTORS | {MALLORY: made["actors"][MALLORY]}}


def test_it_is_drawn_and_others_go_on(open_notebook: Open) -> None:
    shown = hostile_view()
    notebook = open_notebook(sharing())
    page, sheet = notebook.page, notebook.sheet
    page.on("dialog", lambda dialog: pytest.fail(f"it runs: {dialog.message}"))
    notebook.worker.evaluate(_SHOW, json.dumps(shown))
    expect(page.locator("[data-cell-id]")).to_have_count(len(shown["order"]))
    for at, cell_id in enumerate(shown["order"]):
        each = sheet.cell(at)
        each.scroll_into_view_if_needed()
        expect(each).to_have_attribute("data-cell-id", cell_id)
    evil = {"actor": MALLORY, "ts": 253_402_300_799_999}
    notebook.change(
        ["set", ["notebook", "name"], "\u202e\u0000\n<img src=x onerror=alert(1)>"],
        ["set", ["cells", "__proto__", "edited"], evil],
        ["del", ["cells", "constructor"]],
        ["del", ["order", shown["order"].index("constructor")]],
    )
    expect(page.locator("[data-cell-id]")).to_have_count(len(shown["order"]) - 1)
    assert page.evaluate("({}).x === undefined && ({}).edited === undefined")
    sheet.go(0).press("Enter").write("on")
    sheet.until("cells[0].source.startsWith('on') || cells[0].source.endsWith('on')")
