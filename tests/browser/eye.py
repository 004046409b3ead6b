"""Who looks at a page at one width, in light and in dark, as people with any eyes need it."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from playwright.sync_api import Frame, Page

from tests.browser.axe import COLOURS, SCHEMES, violations

Size = tuple[int, int]

_PHONE = 600
_GROUND = """(paper) => {
  const root = document.documentElement;
  if (getComputedStyle(root).colorScheme.includes("dark")) root.style.background = paper;
}"""


# What is pressed with a thumb, but for what stands in a line of text.
_SMALL = """() => [...document.querySelectorAll(":is(.hd, .bar, .panel, .menu, .dlg-foot) button")]
  .filter((each) => each.checkVisibility() && !each.closest(".stack"))
  .map((each) => [each.getAttribute("aria-label") || each.innerText, each.getBoundingClientRect()])
  .filter(([, { width, height }]) => Math.min(width, height) < 44)
  .map(([name, { width, height }]) => `${name} is ${width} by ${height} px`)"""


class Eye:
    """Looks at one view after the other, in light and in dark; what it does not like is told at
    the end."""

    def __init__(self, page: Page, folder: Path, size: Size) -> None:
        self.page = page
        self._folder = folder
        self._width = size[0]
        self.wrong: dict[str, list[str]] = {}

    def see(self, name: str, within: str = "") -> None:
        """What stands there now is to be accessible, and as wide as the screen."""
        found = []
        for scheme, rules in self._schemes():
            self.page.screenshot(path=self._folder / f"axe-{name}-{self._width}-{scheme}.png")
            found += violations(self.page, within, rules)
        if self._width < _PHONE:
            found += self.page.evaluate(_SMALL)
        over = self.page.evaluate("document.documentElement.scrollWidth - innerWidth")
        if over > 0:
            found.append(f"it is {over} px wider than the screen")
        if found:
            self.wrong[name] = found

    def see_frames(self, name: str) -> None:
        """What was put into frames for outputs: their page is ours."""
        for _, rules in self._schemes():
            paper = self.page.evaluate("getComputedStyle(document.body).backgroundColor")
            for frame in self.page.frames:
                if frame.parent_frame is not None and not frame.is_detached():
                    # It is transparent, and axe takes what it does not see for white.
                    frame.evaluate(_GROUND, paper)
                    if found := self._when_drawn(frame, rules):
                        self.wrong.setdefault(name, []).extend(found)

    def _schemes(self) -> Iterator[tuple[str, Sequence[str]]]:
        """One after the other the page wears each, and is to be seen by these rules."""
        for scheme in SCHEMES:
            self.page.emulate_media(color_scheme=scheme)
            yield scheme, COLOURS if scheme == "dark" else ()
        self.page.emulate_media(color_scheme="light")

    @staticmethod
    def _when_drawn(frame: Frame, rules: Sequence[str]) -> list[str]:
        """What is wrong with it also when charts have been drawn in the colours of now."""
        found = violations(frame, rules=rules)
        for _ in range(100):
            if not found:
                break
            frame.evaluate("() => new Promise(requestAnimationFrame)")
            found = violations(frame, rules=rules)
        return found


def looking(size: Size) -> dict[str, Any]:
    """Options of a browser context."""
    return {"viewport": {"width": size[0], "height": size[1]}, "reduced_motion": "reduce"}
