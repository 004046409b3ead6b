"""What the browser stories share: profiles that outlive their browser, a page of renderers, and
those who take part in a hostile story.
"""

from collections.abc import Generator, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from builder import serve
from playwright.sync_api import Browser, Error

from tests.browser.drive import Notebook
from tests.browser.hostile.attacker import Attacker, listening
from tests.browser.hostile.reader import Reader, reading
from tests.browser.page_client import PageClient
from tests.browser.people import People
from tests.browser.profile import Profile
from tests.browser.render import rendering_page
from tests.browser.sheet import Sheet
from tests.browser.stand_in import Open, StandIn, standing
from tests.browser.visitors import Visit, Visitors, visiting


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """After a story that fails the next ones of its module get a new notebook: what it left
    running would be in their way, and each would fail for no reason of its own."""
    report = yield
    given = item.funcargs if isinstance(item, pytest.Function) else {}
    for each in (given.get("sheet"), given.get("notebook")):
        if call.when == "call" and report.failed and isinstance(each, Sheet | Notebook):
            with suppress(Error, AssertionError):  # else they tell why it does not come
                each.begin()
    return report


@pytest.fixture
def profile(
    chromium: Browser, chromium_path: Path | None, site_url: str, tmp_path: Path
) -> Iterator[Profile]:
    """A new browser profile on the isolated site."""
    made = Profile(chromium.browser_type, chromium_path, tmp_path / "profile", site_url)
    yield made
    made.close()


@pytest.fixture
def visit(visitors: Visitors, site_url: str) -> Iterator[Visit]:
    """A browser that has been at the isolated site before, and knows no notebook."""
    with visiting(visitors, site_url) as made:
        yield made


@pytest.fixture
def plain_profile(
    chromium: Browser, chromium_path: Path | None, site_url_plain: str, tmp_path: Path
) -> Iterator[Profile]:
    """A new browser profile on the site without isolating headers."""
    made = Profile(
        chromium.browser_type, chromium_path, tmp_path / "plain", site_url_plain, isolated=False
    )
    yield made
    made.close()


@pytest.fixture(scope="module")
def page_client(visitors: Visitors, site_url: str) -> Iterator[PageClient]:
    """A client of a notebook in a page, where Python is up."""
    with visiting(visitors, site_url) as visit:
        yield PageClient(Notebook.new(visit).ready())


@pytest.fixture(scope="session")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a page with the real renderers on it."""
    with rendering_page(tmp_path_factory.mktemp("render")) as url:
        yield url


@pytest.fixture(scope="module")
def sheet(visitors: Visitors, site_url: str) -> Iterator[Sheet]:
    """One notebook for a module's stories, each of which fills it anew; what the page throws
    fails the last one."""
    context = visitors.come(viewport={"width": 1280, "height": 860})
    errors: list[str] = []
    made = Sheet.new(context, site_url)
    made.page.on("pageerror", lambda error: errors.append(str(error)))
    yield made
    visitors.go(context)
    assert errors == []


@pytest.fixture(scope="module")
def attacker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Attacker]:
    """A server that a hostile notebook would like to reach."""
    with listening(tmp_path_factory.mktemp("attacker")) as server:
        yield server


@pytest.fixture(scope="module")
def reader(chromium: Browser, site_url: str) -> Iterator[Reader]:
    """Somebody who opens hostile notebooks."""
    with reading(chromium, site_url) as made:
        yield made


@pytest.fixture(scope="session")
def shared_site(dist: Path) -> Iterator[tuple[str, str]]:
    """The address of the page with a relay beside it, and the relay's."""
    with serve.running_with_relay(dist) as addresses:
        yield addresses


@pytest.fixture(scope="session")
def visitors(chromium: Browser, site_url: str, shared_site: tuple[str, str]) -> Iterator[Visitors]:
    """Browsers that have been at these sites before."""
    made = Visitors(chromium, site_url, shared_site[0])
    yield made
    made.end()


@pytest.fixture
def people(visitors: Visitors, shared_site: tuple[str, str]) -> Iterator[People]:
    """Opens browsers for people who share a notebook, over a relay."""
    made = People(visitors, *shared_site)
    yield made
    made.leave()


@pytest.fixture(scope="session")
def standing_site(dist: Path) -> Iterator[str]:
    """The address of the built site with a stand-in for the worker."""
    with standing(dist) as url:
        yield url


@pytest.fixture(scope="session")
def readers(chromium: Browser, standing_site: str) -> Iterator[Visitors]:
    """Browsers that have been there before."""
    made = Visitors(chromium, standing_site)
    yield made
    made.end()


@pytest.fixture
def open_notebook(readers: Visitors, standing_site: str) -> Iterator[Open]:
    """Open a notebook that a stand-in keeps; what the page throws fails the story."""
    complaints: list[str] = []
    contexts = []
    options = ("viewport", "color_scheme", "forced_colors", "reduced_motion", "permissions")

    def make(state: dict[str, Any], **how: Any) -> StandIn:
        given = {name: how.pop(name) for name in options if name in how}
        context = readers.come(service_workers="block", **given)
        contexts.append(context)
        context.set_default_timeout(60_000)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        return StandIn(page, standing_site, state, **how)

    yield make
    for context in contexts:
        readers.go(context)
    assert complaints == []
