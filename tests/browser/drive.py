"""A notebook driven without the page's looks: commands in, the view out."""

from base64 import b64encode
from typing import Any, Protocol

from playwright.sync_api import Page

from tests.browser.engines import wait_until


class Tabs(Protocol):
    """What has tabs: a `Profile`, or a `Visit`."""

    def page(self, path: str = "", *, drive: bool = False) -> Page:
        """A new tab; ``drive``: on the page of this module."""


class Notebook:
    """One tab on one notebook."""

    def __init__(self, page: Page, notebook_id: str) -> None:
        self.page = page
        self._open(notebook_id)

    @classmethod
    def new(cls, profile: Tabs, name: str = "Story") -> "Notebook":
        """A new notebook in a new tab."""
        page = profile.page(drive=True)
        return cls(page, page.evaluate("name => catalogue.create(name)", name))

    @classmethod
    def again(cls, profile: Tabs, notebook_id: str) -> "Notebook":
        """A notebook that is there already, in a new tab."""
        return cls(profile.page(drive=True), notebook_id)

    def begin(self) -> "Notebook":
        """Leave this notebook for a new one, in the same tab."""
        self.page.reload()
        self._open(self.page.evaluate("() => catalogue.create('Story')"))
        return self

    def empty(self) -> "Notebook":
        """For the next story: one empty cell, and nothing that was told of others."""
        before = self.page.evaluate("() => state.view.order")
        new = self.add("")
        self.send(do="delete_cells", cell_ids=before)
        self.wait("view.order.length === 1 && view.order[0] === argument", new)
        self.page.evaluate("() => state.toasts.splice(0)")
        return self

    def _open(self, notebook_id: str) -> None:
        self.id = notebook_id
        self.page.evaluate("id => open(id)", notebook_id)
        self.wait("view !== null")

    def wait(self, condition: str, argument: Any = None, timeout: float | None = None) -> Any:
        """Wait until a JavaScript expression over ``state`` (and ``argument``) is truthy. timeout:
        milliseconds, if not as usual."""
        body = f"argument => {{ const view = state.view; return {condition}; }}"
        return self.page.wait_for_function(body, arg=argument, timeout=timeout).json_value()

    def ready(self) -> "Notebook":
        """Wait until Python is up and its view is drawn."""
        self.wait("state.drawn.some(how => !how.saved)")
        return self

    def send(self, **command: Any) -> int:
        """Send a command; returns its k."""
        k: int = self.page.evaluate("command => send(command)", command)
        return k

    def type(self, text: str, cell: int = 0) -> None:
        """Put text at the end of a cell."""
        cell_id, length = self.page.evaluate(
            "i => Object.values(state.view.cells)"
            ".filter(cell => cell.id === state.view.order[i])"
            ".flatMap(cell => [cell.id, [...cell.source].length])",
            cell,
        )
        changes = [length, [0, text]] if length else [[0, text]]
        self.send(do="edit_source", cell_id=cell_id, changes=changes, length_before=length)

    def add(self, source: str) -> str:
        """A new code cell at the end; returns its id."""
        cell_id: str = self.page.evaluate("() => catalogue.newId()")
        last = self.page.evaluate("() => state.view.order.at(-1) ?? null")
        self.send(do="create_cell", cell_id=cell_id, cell_type="code", source=source, after=last)
        self.wait("view.cells[argument]", cell_id)
        return cell_id

    def cell_id(self, cell: int = 0) -> str:
        """The id of the cell at this place."""
        found: str = self.page.evaluate("i => state.view.order[i]", cell)
        return found

    def run(self, cell: int = 0) -> None:
        """Ask for a cell to be run."""
        self.send(do="run_cells", cell_ids=[self.cell_id(cell)])

    def status(self, *wanted: str, cell: int = 0) -> str:
        """Wait until the cell's latest execution is in one of these states; returns which."""
        found: str = self.wait(
            "argument[1].includes(view.cells[view.order[argument[0]]]?.execution?.status)"
            " && view.cells[view.order[argument[0]]].execution.status",
            [cell, list(wanted)],
        )
        return found

    def outputs(self, cell: int = 0) -> list[dict[str, Any]]:
        """The outputs of the cell at this place."""
        found: list[dict[str, Any]] = self.page.evaluate(
            "i => state.view.cells[state.view.order[i]].execution?.outputs ?? []", cell
        )
        return found

    def text(self, cell: int = 0) -> str:
        """All text among the outputs of the cell: streams, results, errors."""
        parts = []
        for output in self.outputs(cell):
            parts.append(output.get("text") or "")
            parts.append(output.get("data", {}).get("text/plain") or "")
            parts.append(output.get("evalue") or "")
        return "".join(parts)

    def saved(self) -> None:
        """Wait until everything sent is stored."""
        self.wait("state.saved && state.saved.unsaved === 0")

    def view(self) -> Any:
        """The view as it is drawn."""
        return self.page.evaluate("() => state.view")

    def source(self, cell: int = 0) -> str:
        """The source of the cell at this place."""
        found: str = self.page.evaluate("i => state.view.cells[state.view.order[i]].source", cell)
        return found

    def leads(self) -> bool:
        """Whether this tab holds the notebook worker."""
        found: bool = self.page.evaluate("link.isLeader()")
        return found

    def hide(self) -> None:
        """What a tab does that goes to the background: keep what is drawn first next time."""
        self.page.evaluate(
            """() => {
                Object.defineProperty(document, "visibilityState",
                    { configurable: true, get: () => "hidden" });
                document.dispatchEvent(new Event("visibilitychange"));
            }"""
        )
        # It may have been kept by itself just before: then it does not change once more.
        kept = "async id => JSON.parse(await readSaved(id)).seq >= state.view.seq"
        wait_until(lambda: self.page.evaluate(kept, self.id), "the kept view of now")

    def put_file(self, path: str, content: str | bytes) -> None:
        """Add a file to the notebook, as dropping it on the page does."""
        data = content.encode() if isinstance(content, str) else content
        blob = self.page.evaluate(
            "data => link.putBlob(Uint8Array.from(atob(data), (c) => c.charCodeAt(0)).buffer)",
            b64encode(data).decode(),
        )
        self.send(do="add_file", path=path, mime="text/plain", **blob)
