"""Real notebooks in a page: exactly those cells differ from what was saved that have a reason."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext

from tests.browser.corpus import run
from tests.corpus.reasons import Reasons

pytestmark = pytest.mark.browser

SAMPLE = (
    "whirlwind-tour/06-Built-in-Data-Structures",
    "whirlwind-tour/09-Errors-and-Exceptions",
    "whirlwind-tour/15-Preview-of-Data-Science-Tools",
    "ipython-in-depth/IPython Kernel/Capturing Output",
    "ipython-in-depth/IPython Kernel/Updating Displays",
    "ipython-in-depth/IPython Kernel/Custom Display Logic",
    "nbclient/Clear Output",
    "nbclient/Unicode",
)
"""Values and errors, plots and tables, what IPython's display can do. `build.py bench corpus` runs
all notebooks."""


@pytest.fixture(scope="module")
def context(chromium: Browser) -> Iterator[BrowserContext]:
    """One browser for all of them, so that what it fetched is fetched once."""
    made = chromium.new_context()
    made.set_default_timeout(150_000)  # a busy machine starts Python slowly
    yield made
    made.close()


@pytest.mark.parametrize("name", SAMPLE)
def test_a_notebook_shows_what_was_saved(
    context: BrowserContext, site_url: str, corpus: Path, name: str
) -> None:
    assert run(context, site_url, corpus, name).complaints(Reasons.read()) == []
