"""Chromium behind the face of `tests.browser.engines`, for stories that all engines tell."""

from pathlib import Path
from typing import Any

from playwright.sync_api import Page


class Chromium:
    """One tab of Playwright's browser."""

    name = "chromium"

    def __init__(self, page: Page) -> None:
        self._page = page

    def go(self, url: str) -> None:
        """See `Engine`; so for the following ones."""
        self._page.goto(url)

    def run(self, body: str, *arguments: Any) -> Any:
        """In the page."""
        return self._page.evaluate(f"async (args) => {{ {body} }}", list(arguments))

    def press(self, *keys: str) -> None:
        """Together."""
        self._page.keyboard.press("+".join(keys))

    def click(self, x: float, y: float) -> None:
        """At a place."""
        self._page.mouse.click(x, y)

    def below(self, body: str) -> list[Any]:
        """In each frame."""
        frames = [frame for frame in self._page.frames if frame.parent_frame is not None]
        return [frame.evaluate(f"() => {{ {body} }}") for frame in frames]

    def marks_below(self) -> list[str]:
        """The marks of hostile scripts."""
        return [mark for marks in self.below("return window.__hacked ?? []") for mark in marks]

    def shot(self, path: Path) -> None:
        """A picture."""
        self._page.screenshot(path=path)
