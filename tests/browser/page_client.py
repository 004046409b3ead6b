"""A `notebook_client.NotebookClient` of a notebook in a real browser, and Python in its page."""

import json
from base64 import b64decode
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from foldbook.row import decode_segment
from notebook_client import NotebookClient, Shown

from tests.browser.drive import Notebook
from tests.browser.engines import wait_until

_OVER: Final = ["ok", "error", "aborted", "cancelled", "lost"]
_ROWS: Final = """
async id => {
    const database = await db.openNotebookDatabase(id);
    const [{ values }] = await db.readAll(database, ["rows"]);
    database.close();
    const letters = (bytes) => Array.from(bytes, (each) => String.fromCharCode(each)).join("");
    return values.map((bytes) => btoa(letters(bytes)));
}
"""


class PageClient(NotebookClient):
    """notebook: one whose Python is up."""

    def __init__(self, notebook: Notebook) -> None:
        super().__init__()
        self._notebook = notebook
        self._cells: dict[str, str] = {}
        self._answered: list[str] = []

    def begin(self, *codes: str) -> list[str]:
        """See `NotebookClient`; so for the following ones."""
        cells = [self._notebook.add(code) for code in codes]
        runs = [f"x{cell}" for cell in cells]
        self._cells.update(zip(runs, cells, strict=True))
        self._notebook.send(do="run_cells", cell_ids=cells, execution_ids=runs)
        return runs

    def ended(self, run: str) -> tuple[str, int]:
        found = self._until(run, "argument.over.includes(run.status) && run", over=_OVER)
        if found["status"] in ("ok", "error"):
            wait_until(lambda: self._is_stored(run), "the end of the run in the stored log")
        return found["status"], found["count"] or 0

    def outputs(self, run: str) -> list[Shown]:
        return [_shown(each) for each in self._until(run, "run")["outputs"]]

    def wait(self, done: Callable[[], bool], what: str) -> None:
        wait_until(done, what)

    def asked(self, run: str) -> tuple[str, bool]:
        prompt = self._prompt(run)
        return prompt["prompt"], prompt["password"]

    def answer(self, run: str, value: str) -> None:
        prompt = self._prompt(run)
        self._answered.append(prompt["id"])  # it takes a while until the page shows it
        reply = {"execution_id": run, "input_id": prompt["id"], "value": value}
        self._notebook.send(do="reply_input", **reply)

    def interrupt(self) -> None:
        self._notebook.send(do="interrupt")

    def _language(self) -> Mapping[str, Any]:
        [started] = [each for each in self.events() if each["type"] == "runtimeStarted"]
        language: Mapping[str, Any] = started["language"]
        return language

    def events(self) -> Iterable[Mapping[str, Any]]:
        for record in self._notebook.page.evaluate(_ROWS, self._notebook.id):
            for row in decode_segment(b64decode(record)):
                yield json.loads(row.payload)

    def _call(self, method: str, place: Mapping[str, Any]) -> Any:
        return self._notebook.page.evaluate("asked => link.call(...asked)", [method, dict(place)])

    def _prompt(self, run: str) -> Any:
        is_new = "!argument.answered.includes(run.prompt?.id) && run.prompt"
        return self._until(run, is_new, answered=self._answered)

    def _until(self, run: str, condition: str, **argument: Any) -> Any:
        """Wait until something over ``run`` is truthy; what that is."""
        named = {"cell": self._cells[run], "run": run, **argument}
        found = "[view.cells[argument.cell].execution].find((run) => run?.id === argument.run)"
        return self._notebook.wait(f"((run) => run && {condition})({found})", named)

    def _is_stored(self, run: str) -> bool:
        ended = [each for each in self.events() if each["type"] == "executionCompleted"]
        return any(each["execution_id"] == run for each in ended)


def _shown(output: Mapping[str, Any]) -> Shown:
    match output["type"]:
        case "stream":
            return "stream", (output["name"], output["text"])
        case "error":
            return "error", output["ename"]
        case kind:
            return kind, output["data"]
