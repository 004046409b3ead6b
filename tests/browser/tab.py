"""The page in any engine's tab, driven as a person drives it."""

import base64
import json
from typing import Any

from tests.browser.engines import Engine, wait_until

_DROP = """
const [name, text] = args;
const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
const files = new DataTransfer();
files.items.add(new File([bytes], name, { type: 'application/json' }));
const place = document.querySelector('.home');
for (const kind of ['dragenter', 'dragover', 'drop']) {
  const event = new DragEvent(kind, { bubbles: true, cancelable: true, dataTransfer: files });
  place.dispatchEvent(event);
}
"""
_SEEN = """
return [...document.querySelectorAll('[data-cell-id]')].map((cell) => ({
  id: cell.dataset.cellId,
  status: cell.dataset.executionStatus,
  text: [...cell.querySelectorAll('.outs')].map((outputs) => outputs.innerText).join(''),
  pictures: [...cell.querySelectorAll('.outs img')].filter((img) => img.naturalWidth > 100).length,
}))
"""
_PLACE = """
element?.scrollIntoView({ block: 'center' });
const { left, top, width, height } = element?.getBoundingClientRect() ?? {};
return element ? [left + width / 2, top + height / 2] : null;
"""


class Tab:
    """The page in an engine's tab."""

    def __init__(self, engine: Engine, url: str) -> None:
        self.engine = engine
        self.url = url

    def open_file(self, name: str, notebook: dict[str, Any]) -> str:
        """Open a notebook file by dropping it on the list of notebooks; its address."""
        self.engine.go(self.url)
        self.wait("document.querySelector('.home')", "the list of notebooks")
        data = base64.b64encode(json.dumps(notebook).encode()).decode()
        self.engine.run(_DROP, name, data)
        found: str = self.wait(
            "location.search && document.querySelector('[data-cell-id]') && location.href",
            "the notebook",
        )
        self.wait("document.querySelector('.saved')?.innerText.startsWith('Saved')", "Saved")
        return found

    def wait(self, expression: str, what: str) -> Any:
        """Wait until an expression in the page is truthy; its value."""

        def look() -> Any:
            return self.engine.run(
                f"const found = {expression}; return found && (found.nodeType ? true : found)"
            )

        return wait_until(look, what)

    def press_at(self, selector: str) -> None:
        """Click in the middle of an element."""
        self.press_on(f"document.querySelector({json.dumps(selector)})")

    def press_on(self, expression: str) -> None:
        """Click in the middle of the element that an expression in the page gives."""
        look = f"const element = {expression}; {_PLACE}"
        x, y = wait_until(lambda: self.engine.run(look), expression)
        self.engine.click(x, y)

    def press_until(self, selector: str, expression: str) -> None:
        """Click on an element, again where it has moved away meanwhile, until something is so."""

        def look() -> Any:
            if self.engine.run(f"return Boolean({expression})"):
                return True
            self.press_at(selector)
            return self.engine.run(f"return Boolean({expression})")

        wait_until(look, expression)

    def press_button(self, words: str, within: str = "body") -> None:
        """Press the button with these words on it. within: a selector."""
        found = f"[...document.querySelectorAll('{within} button')].find((each) =>"
        found += f" each.getClientRects().length && each.innerText.trim() === {json.dumps(words)})"
        self.press_on(found)

    def write(self, cell: str, *keys: str) -> None:
        """Click into a cell and press these keys, one after the other."""
        self.go(cell)
        for key in keys:
            self.engine.press(key)

    def share(self, right: str) -> str:
        """Share the notebook at the relay that the page names; the link for a right ("edit")."""
        self.press_button("Share")
        choice = f"dialog[open] input[value={right}]"
        begun = (
            f"document.querySelector('{choice}') || document.querySelector('.share-start[hidden]')"
        )
        self.press_until("dialog[open] .share-start button[type=submit]", begun)
        self.wait(f"document.querySelector('{choice}')", "the links")
        self.press_until(choice, f"document.querySelector('{choice}')?.checked")
        field = "document.querySelector('dialog[open] .share-row input')"
        has_link = f"{field}?.value.includes('#join/')"
        self.press_until("dialog[open] .share-row button[data-name=main]", has_link)
        link: str = self.engine.run(f"return {field}.value")
        self.engine.press("Escape")
        self.wait("!document.querySelector('dialog[open]')", "the end of the dialog")
        return link

    def run_cell(self, cell: str) -> None:
        """Run a cell as a person does: click into it, then Ctrl+Enter."""
        self.go(cell)
        self.engine.press("Control", "Enter")

    def go(self, cell: str) -> None:
        """Click into a cell."""
        self.press_at(f"[data-cell-id={cell}] .code")
        self.wait(f"document.activeElement?.closest('[data-cell-id={cell}]')", "the focus")

    def source(self, cell: str) -> str:
        """What stands in a cell's editor."""
        lines = f"document.querySelectorAll('[data-cell-id={cell}] .cm-line')"
        found: str = self.engine.run(
            f"return [...{lines}].map((each) => each.textContent).join('\\n')"
        )
        return found

    def cell(self, cell: str) -> dict[str, Any]:
        """What is to be seen of a cell."""
        found: list[dict[str, Any]] = self.engine.run(_SEEN)
        return next((each for each in found if each["id"] == cell), {"status": None})

    def status(self, cell: str, *wanted: str) -> str:
        """Wait until the cell's run is in one of these states; which."""
        wait_until(lambda: self.cell(cell)["status"] in wanted, f"cell {cell} {wanted}")
        found: str = self.cell(cell)["status"]
        return found


def notebook_of(**sources: str) -> dict[str, Any]:
    """A notebook file with these code cells."""
    cells = [
        {
            "cell_type": "code",
            "id": name,
            "metadata": {},
            "source": source,
            "outputs": [],
            "execution_count": None,
        }
        for name, source in sources.items()
    ]
    return {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells}
