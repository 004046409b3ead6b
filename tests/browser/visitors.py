"""Browsers that have been at the site before. What a first visit costs (fetching, unpacking and
compiling two Pythons) is paid by the first stories of a run; the later ones find it kept, as
people do, and nothing else: no notebook, no setting, no name.
"""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page

from tests.browser.profile import new_tab

_FORGOTTEN = "cookies,file_systems,indexeddb,local_storage"


class Visitors:
    """Lends out browser contexts, and takes them back. ``urls``: the sites they know."""

    def __init__(self, browser: Browser, *urls: str) -> None:
        self._browser = browser
        self._origins = [url.rstrip("/") for url in urls]
        self._idle: defaultdict[str, list[BrowserContext]] = defaultdict(list)
        self._kinds: dict[BrowserContext, str] = {}

    def come(self, **options: Any) -> BrowserContext:
        """A context with these options that knows no notebook."""
        kind = repr(sorted(options.items()))
        if self._idle[kind]:
            known = self._idle[kind].pop()
            known.grant_permissions(options.get("permissions", []))
            return known
        made = self._browser.new_context(**options)
        self._kinds[made] = kind
        return made

    def go(self, context: BrowserContext) -> None:
        """Its story is over."""
        kind = self._kinds[context]
        for page in context.pages:
            page.close()
        context.unroute_all()
        context.set_offline(False)
        context.clear_permissions()
        page = context.new_page()
        devtools = context.new_cdp_session(page)
        for origin in self._origins:
            what = {"origin": origin, "storageTypes": _FORGOTTEN}
            devtools.send("Storage.clearDataForOrigin", what)
        page.close()
        self._idle[kind].append(context)

    def end(self) -> None:
        """The run is over."""
        for context in self._kinds:
            context.close()


class Visit:
    """A browser that is lent for one story, with the face of `tests.browser.profile.Profile`."""

    def __init__(self, context: BrowserContext, url: str) -> None:
        self.context = context
        self.url = url

    def page(self, path: str = "", *, drive: bool = False) -> Page:
        """A new tab at this path of the site; ``drive``: the page of `tests.browser.drive`."""
        return new_tab(self.context, self.url, path, drive=drive)


@contextmanager
def visiting(visitors: Visitors, url: str) -> Iterator[Visit]:
    """A browser that has been at this site before, and knows no notebook."""
    context = visitors.come()
    context.set_default_timeout(150_000)  # a busy machine starts Python slowly
    yield Visit(context, url)
    visitors.go(context)
