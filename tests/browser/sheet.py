"""A notebook driven as a reader drives it: keys, mouse and what stands on the page."""

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from playwright.sync_api import BrowserContext, Locator, Page
from playwright.sync_api import TimeoutError as OutOfTime

_SNAPSHOT = """
() => [...document.querySelectorAll("[data-cell-id]")].map((cell) => {
  const lines = [...cell.querySelectorAll(".cm-line")].map((line) => line.textContent);
  const prose = cell.querySelector(".md");
  const words = [".state-above", ".state-below"].map((each) => cell.querySelector(each).innerText);
  return {
    id: cell.dataset.cellId,
    type: cell.dataset.cellType,
    status: cell.dataset.executionStatus,
    source: lines.length ? lines.join("\\n") : (cell.querySelector(".source")?.textContent ?? ""),
    prose: prose && !prose.hidden ? prose.innerText : null,
    count: cell.querySelector(".count").textContent,
    outputs: [...cell.querySelectorAll("[data-output-type]")].map((output) => output.innerText),
    words: words.join(""),
    selected: cell.getAttribute("aria-current") === "true",
    editing: cell.classList.contains("editing"),
    also: cell.classList.contains("also"),
  };
})
"""
PATIENCE = 60_000  # ms; a busy machine starts Python slowly


class Sheet:
    """The page of one notebook. Nothing here waits for a time, all for what is to be seen."""

    def __init__(self, page: Page, home: str | None = None) -> None:
        """``home``: where the list of notebooks is, for `begin`."""
        self.page = page
        self._home = home
        page.set_default_timeout(PATIENCE)

    @classmethod
    def new(cls, context: BrowserContext, url: str) -> "Sheet":
        """A new notebook, made from the list of notebooks; its first cell is being edited."""
        return cls(context.new_page(), url).begin()

    def begin(self) -> "Sheet":
        """A new notebook in this tab; nothing of the one before goes on."""
        if self._home is not None:
            self.page.goto("about:blank")
            self.page.goto(self._home)
            self.page.get_by_role("button", name="New notebook").first.click()
            self.until("cells.length === 1 && cells[0].editing")
        return self

    def press(self, *keys: str) -> "Sheet":
        """Press these keys, one after the other."""
        for key in keys:
            self.page.keyboard.press(key)
        return self

    def write(self, text: str) -> "Sheet":
        """Type a text, as an input method would: in one step, without the editor's helpers."""
        self.page.keyboard.insert_text(text)
        return self

    def fill(self, *sources: str) -> "Sheet":
        """Only these code cells; the last one is selected."""
        self.press("Escape", "Control+a")
        self.until("cells.every((cell) => cell.selected || cell.also)")
        self._delete()
        for index, source in enumerate(sources):
            self.press("b")
            self.until("cells.length === argument && cells.at(-1).selected", index + 1)
            self.press("Enter").write(source).press("Escape")
        self.shows(*sources)
        return self

    def _delete(self) -> None:
        """Delete what is selected, all cells. Two strokes that come too slowly are none, and on a
        busy machine they may."""
        for _ in range(5):
            self.press("d", "d")
            with suppress(OutOfTime):
                self.page.locator("[data-cell-id]").first.wait_for(state="detached", timeout=3_000)
                return
        raise AssertionError(f"all cells are to be deleted; there are {self.cells}")

    def go(self, cell: int) -> "Sheet":
        """Select a cell by keys."""
        self.press("Escape", "Home", *["j"] * cell)
        self.until("cells[argument].selected && !cells[argument].editing", cell)
        return self

    def cell(self, index: int) -> Locator:
        """The cell at this place."""
        return self.page.locator("[data-cell-id]").nth(index)

    @property
    def cells(self) -> list[dict[str, Any]]:
        """What all cells show now."""
        found: list[dict[str, Any]] = self.page.evaluate(_SNAPSHOT)
        return found

    def until(self, condition: str, argument: Any = None) -> Any:
        """Wait until a JavaScript expression over ``cells`` (and ``argument``) is truthy."""
        body = f"argument => {{ const cells = ({_SNAPSHOT})(); return {condition}; }}"
        try:
            return self.page.wait_for_function(body, arg=argument).json_value()
        except OutOfTime:
            raise AssertionError(f"{condition} ({argument}) does not come; {self.cells}") from None

    def shows(self, *sources: str) -> "Sheet":
        """Wait until these are the sources of all cells."""
        self.until(
            "JSON.stringify(cells.map(cell => cell.source)) === JSON.stringify(argument)",
            list(sources),
        )
        return self

    def status(self, cell: int, *wanted: str) -> str:
        """Wait until a cell's run is in one of these states; returns which."""
        found: str = self.until(
            "argument[1].includes(cells[argument[0]]?.status) && cells[argument[0]].status",
            [cell, list(wanted)],
        )
        return found

    def says(self, words: str) -> "Sheet":
        """Wait until a screen reader is told this."""
        self.page.wait_for_function(
            "words => [...document.querySelectorAll('.aloud')].some(e => e.textContent === words)",
            arg=words,
        )
        return self

    def selected(self) -> list[int]:
        """The places of all cells that are selected."""
        return [at for at, cell in enumerate(self.cells) if cell["selected"] or cell["also"]]

    def focus(self) -> str:
        """What has the keyboard: "cell 1", "editor 1", the element's name, or "nothing"."""
        found: str = self.page.evaluate(
            """() => {
              const now = document.activeElement;
              if (!now || now === document.body) return "nothing";
              const cells = [...document.querySelectorAll("[data-cell-id]")];
              const at = cells.findIndex((cell) => cell.contains(now));
              if (cells[at] === now) return `cell ${at}`;
              if (now.matches(".cm-content")) return `editor ${at}`;
              return now.getAttribute("aria-label") ?? now.textContent.trim();
            }"""
        )
        return found

    def focused(self, wanted: str) -> "Sheet":
        """Wait until this has the keyboard; see `focus`."""
        for _ in range(200):
            if self.focus() == wanted:
                return self
            self.page.evaluate("() => new Promise(requestAnimationFrame)")
        raise AssertionError(f"{wanted} is to have the keyboard; it is with {self.focus()}")

    def still(self) -> "Sheet":
        """Wait until nothing moves any more: cells that arrive rise to their place."""
        self.page.wait_for_function(
            "() => document.getAnimations().every((each) =>"
            " each.playState !== 'running' || each.effect.getComputedTiming().endTime === Infinity)"
        )
        return self

    def drag(self, cell: int, *, below: int) -> "Sheet":
        """Move a cell by its left margin to below another one."""
        margin = self.cell(cell).locator(".g").bounding_box()
        goal = self.cell(below).bounding_box()
        assert margin is not None
        assert goal is not None
        mouse, x = self.page.mouse, margin["x"] + 6
        mouse.move(x, margin["y"] + margin["height"] - 4)
        mouse.down()
        mouse.move(x, margin["y"] + margin["height"] + 12, steps=3)
        mouse.move(x, goal["y"] + goal["height"] - 2, steps=6)
        mouse.up()
        return self

    def sources(self) -> Sequence[str]:
        """The sources of all cells now."""
        return [cell["source"] for cell in self.cells]
