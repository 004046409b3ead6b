"""Whoever comes to the page for the first time, on a machine that may be busy."""

from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import BrowserContext, expect

from tests.browser.visitors import Visitors

PATIENCE = 150_000  # ms: a busy machine starts Python slowly
_USUAL = 5_000  # ms: what Playwright waits for


@contextmanager
def newcomer(visitors: Visitors, url: str) -> Iterator[BrowserContext]:
    """A browser that knows no notebook; all that is expected may take long."""
    made = visitors.come(base_url=url)
    made.set_default_timeout(PATIENCE)
    expect.set_options(timeout=PATIENCE)
    yield made
    expect.set_options(timeout=_USUAL)
    visitors.go(made)
