"""A browser profile that outlives its browser, so that a story can kill and come back."""

import os
import re
import signal
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from playwright.sync_api import BrowserContext, BrowserType, Error, Page

from tests.conftest import CHROMIUM_ARGUMENTS, SPARING

PAGES = Path(__file__).parent / "pages"
SITE = Path(__file__).resolve().parents[2] / "site"
_IMPORT = re.compile(r"""^(?:import|export)\b[^;]*?["']\./(\w+\.js)["'];""", re.MULTILINE)
_TYPES = {".html": "text/html", ".js": "text/javascript"}
_ISOLATING = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cross-Origin-Resource-Policy": "cross-origin",
}


class Profile:
    """Chromium with its own folder. ``url``: where the site is; isolated: with COOP and COEP."""

    def __init__(
        self,
        kind: BrowserType,
        executable: Path | None,
        folder: Path,
        url: str,
        *,
        isolated: bool = True,
    ) -> None:
        self.url = url
        self._isolated = isolated
        self._kind = kind
        self._executable = executable
        self._folder = folder
        self._context: BrowserContext | None = None

    @property
    def context(self) -> BrowserContext:
        """The browser of this profile; it is started when it is first asked for."""
        if self._context is None:
            self._context = self._kind.launch_persistent_context(
                self._folder, executable_path=self._executable, args=CHROMIUM_ARGUMENTS
            )
            self._context.add_init_script(SPARING)
            self._context.set_default_timeout(150_000)  # a busy machine starts Python slowly
        return self._context

    def page(self, path: str = "", *, drive: bool = False) -> Page:
        """A new tab at this path of the site; ``drive``: the page of `tests.browser.drive`."""
        return new_tab(self.context, self.url, path, drive=drive, isolated=self._isolated)

    def kill(self) -> None:
        """End the browser as a power cut would (kill -9), and everything it started."""
        context, self._context = self._context, None
        if context is None:
            return
        for pid in processes_of(self._folder):
            os.kill(pid, signal.SIGKILL)
        with suppress(Error):  # Playwright may have noticed
            context.close()

    def close(self) -> None:
        """End the browser in good order."""
        if self._context is not None:
            self._context.close()
            self._context = None


def processes_of(folder: Path) -> list[int]:
    """The processes that were started with this profile's folder."""
    mark = f"--user-data-dir={folder}".encode()
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            arguments = (entry / "cmdline").read_bytes().split(b"\0")
        except OSError:  # it has ended meanwhile
            continue
        if mark in arguments:
            found.append(int(entry.name))
    return found


def new_tab(
    context: BrowserContext, url: str, path: str = "", *, drive: bool = False, isolated: bool = True
) -> Page:
    """A new tab at this path of a site; ``drive``: the page of `tests.browser.drive`."""
    page = context.new_page()
    if drive:
        serve_sources(page, url, isolated=isolated)
    page.goto(url + ("drive.html" if drive else path))
    return page


def serve_sources(page: Page, url: str, *, isolated: bool) -> None:
    """Let the page at ``drive.html`` load the site's modules as they stand in ``site/``; the
    workers come from the built site."""
    pages = list(PAGES.iterdir())
    for source in (*pages, *modules_of(pages)):
        headers = {"Content-Type": f"{_TYPES[source.suffix]}; charset=utf-8"}
        _serve(page, url + source.name, source, headers | (_ISOLATING if isolated else {}))


def modules_of(scripts: Iterable[Path]) -> list[Path]:
    """The modules of ``site/`` that these scripts import from beside them, and those of theirs."""
    found: dict[str, Path] = {}
    waiting = [script for script in scripts if script.suffix == ".js"]
    while waiting:
        for name in _IMPORT.findall(waiting.pop().read_text(encoding="utf-8")):
            if name not in found:
                found[name] = SITE / name
                waiting.append(found[name])
    return list(found.values())


def _serve(page: Page, url: str, source: Path, headers: dict[str, str]) -> None:
    page.route(url, lambda route: route.fulfill(path=source, headers=headers))
