"""Notebook files run in a real browser, cell by cell: their outputs beside the saved ones."""

import json
from base64 import b64encode
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from outputs import cells_of, pictures_of, text_of
from playwright.sync_api import BrowserContext
from playwright.sync_api import TimeoutError as OutOfTime

from tests.browser.drive import Notebook
from tests.browser.profile import new_tab
from tests.corpus.likeness import difference
from tests.corpus.reasons import Reason, Reasons

COLLECTIONS: Final = ("whirlwind-tour", "ipython-in-depth", "nbclient")
PATIENCE: Final = 60_000
"""Milliseconds that a cell may take; then it is interrupted, as when it asks somebody for input."""
_PICTURE: Final = "python.png"
_SKIPPED: Final = "skip-execution"
_OVER: Final = ["ok", "error", "aborted", "cancelled", "lost"]
_IMPORT: Final = """([name, data]) =>
  catalogue.importFile(name, Uint8Array.from(atob(data), (c) => c.charCodeAt(0)).buffer)
"""
_EXPORT: Final = "async () => (await link.exportFile('ipynb')).data.text()"
_REACHED: Final = """(() => {
  const run = view.cells[argument.cell]?.execution;
  if (run?.id !== argument.run) return null;
  if (argument.over.includes(run.status)) return "over";
  return run.prompt && argument.asks ? "asks" : null;
})()"""


@dataclass(frozen=True, slots=True)
class Difference:
    """A cell that has other outputs than those that were saved. cell: its number among the code
    cells, from 1. note: why it was interrupted, if it was."""

    cell: int
    words: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Ran:
    """A notebook that has run. name: the path of its file in the corpus, without its ending."""

    name: str
    cells: int
    differences: Sequence[Difference] = field(default_factory=tuple)

    def explained(self, reasons: Reasons) -> Iterator[tuple[Difference, Reason | None]]:
        """Each difference with its reason, None where nobody has found one."""
        for each in self.differences:
            yield each, reasons.of(self.name, each.cell)

    def complaints(self, reasons: Reasons) -> list[str]:
        """What is not as the reasons say, in words."""
        unexplained = [
            f"{self.name}, cell {each.cell}: differs for no reason that is listed: "
            f"{each.words}{f' ({each.note})' if each.note else ''}"
            for each, reason in self.explained(reasons)
            if reason is None
        ]
        return unexplained + reasons.unused(self.name, [each.cell for each in self.differences])


def names_in(corpus: Path, *collections: str) -> list[str]:
    """The notebooks that have code cells, in order."""
    folder = corpus / "notebooks"
    files = [file for each in collections for file in sorted((folder / each).rglob("*.ipynb"))]
    with_code = [file for file in files if _code_cells(file.read_bytes())]
    return [str(file.relative_to(folder).with_suffix("")) for file in with_code]


def run(context: BrowserContext, url: str, corpus: Path, name: str, wait: int = PATIENCE) -> Ran:
    """Run a notebook of the corpus in a new tab, with a runtime of its own. Code of other languages
    than Python is left alone. wait: milliseconds, see `PATIENCE`."""
    data = (corpus / "notebooks" / f"{name}.ipynb").read_bytes()
    saved = _code_cells(data)
    if _language(data) != "python":
        return Ran(name, len(saved), [Difference(n, "it is not run") for n in _numbers(saved)])
    page = new_tab(context, url, drive=True)
    try:
        named = [f"{Path(name).name}.ipynb", b64encode(data).decode()]
        notebook = Notebook(page, page.evaluate(_IMPORT, named)).ready()
        if any(_PICTURE in _source(each) for each in saved):  # one of nbclient's shows it
            notebook.put_file(_PICTURE, pictures_of(data)[0])
        notes = _run_cells(notebook, wait)
        came = _code_cells(page.evaluate(_EXPORT).encode())
    finally:
        page.close()
    assert [_source(each) for each in came] == [_source(each) for each in saved], name
    pairs = zip(_numbers(saved), saved, came, strict=True)
    judged = [(n, difference(old["outputs"], new["outputs"])) for n, old, new in pairs]
    return Ran(
        name,
        len(saved),
        [Difference(n, words, notes.get(n, "")) for n, words in judged if words is not None],
    )


def _run_cells(notebook: Notebook, wait: int) -> dict[int, str]:
    """Run all code cells, each to its end; why some were interrupted, by number."""
    notebook.send(do="clear_all_outputs")
    view = notebook.view()
    cells = [view["cells"][each] for each in view["order"] if view["cells"][each]["type"] == "code"]
    notes = {}
    for number, cell in enumerate(cells, 1):
        runs = cell["source"].strip() and _SKIPPED not in cell["metadata"].get("tags", ())
        if runs and (note := _run_cell(notebook, cell["id"], number, wait)):
            notes[number] = note
    return notes


def _run_cell(notebook: Notebook, cell: str, number: int, wait: int) -> str:
    """Run one cell to its end. Returns why it was interrupted; empty: it was not."""
    asked: dict[str, Any] = {"cell": cell, "run": f"run-{number}", "over": _OVER, "asks": True}
    notebook.send(do="run_cells", cell_ids=[cell], execution_ids=[asked["run"]])
    try:
        if notebook.wait(_REACHED, asked, timeout=wait) == "over":
            return ""
        note = "it asks for input, and there is nobody"
    except OutOfTime:
        note = f"it took longer than {wait / 1000:.0f} s"
    notebook.send(do="interrupt")
    notebook.wait(_REACHED, asked | {"asks": False})
    return note


def _code_cells(file: bytes) -> list[dict[str, Any]]:
    return [cell for cell in cells_of(file) if cell["cell_type"] == "code"]


def _numbers(cells: Sequence[Any]) -> range:
    return range(1, len(cells) + 1)


def _source(cell: dict[str, Any]) -> str:
    return text_of(cell["source"])


def _language(file: bytes) -> str:
    metadata = json.loads(file)["metadata"]
    name: str = metadata.get("kernelspec", {}).get("language", "python")
    return name.lower()
