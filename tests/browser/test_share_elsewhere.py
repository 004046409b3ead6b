"""Sharing from Firefox and from WebKitGTK, with somebody in Chromium."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser.engines import ENGINES, launched, wait_until
from tests.browser.people import People
from tests.browser.tab import Tab, notebook_of

pytestmark = pytest.mark.browser


@pytest.fixture(params=sorted(ENGINES))
def tab(request: pytest.FixtureRequest, people: People, tmp_path: Path) -> Iterator[Tab]:
    """Where the notebook is: the page with the relay that the people use."""
    with launched(request.param, tmp_path) as engine:
        yield Tab(engine, people.url)


def test_two_people_type_and_run_in_what_one_of_them_shares(tab: Tab, people: People) -> None:
    address = tab.open_file("shared.ipynb", notebook_of(one="a = 1", two="print(a + 41)"))
    ines = people.join(tab.share("run"), "a = 1", "print(a + 41)")
    tab.write("one", "End", "0")
    ines.shows("a = 10", "print(a + 41)")
    ines.go(1).press("Enter", "Control+End")
    ines.page.keyboard.type(" # seen")
    wait_until(lambda: tab.source("two") == "print(a + 41) # seen", "what Ines has typed")

    # What she asks is run by the Python of whoever shares it, if that is there, or else by hers.
    tab.run_cell("one")
    assert tab.status("one", "ok", "error") == "ok", tab.cell("one")
    ines.go(1).press("Control+Enter")
    ines.until("cells[1].outputs.join().includes('51')")
    wait_until(lambda: "51" in tab.cell("two")["text"], "her result")

    # After a reload it is still shared, and each hears what the other has done.
    tab.engine.go(tab.url)
    ines.go(0).press("Enter", "Home")
    ines.page.keyboard.type("b = ")
    tab.engine.go(address)
    wait_until(lambda: tab.source("one") == "b = a = 10", "what was typed meanwhile")
    tab.write("one", "End", "0")
    ines.shows("b = a = 100", "print(a + 41) # seen")
