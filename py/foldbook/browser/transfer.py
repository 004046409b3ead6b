"""Notebooks from files and to files."""

import importlib
import logging
import re
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

from foldbook import logfile, order
from foldbook.browser.page import Page
from foldbook.commands import Decision, Stamp
from foldbook.errors import FoldbookError
from foldbook.events.cells import CellCreated
from foldbook.events.notebooks import NotebookCreated, NotebookMetadataSet
from foldbook.notebook import Notebook
from foldbook.store import Batch, Store


async def restore(store: Store, data: bytes, name: str) -> str:
    """Put a log file's rows into an empty store; returns what people should know of it.

    Raises `BadNotebookFile`. The log gets a new epoch: it goes its own way from now on.
    """
    found = logfile.read(data, name)
    await store.commit(Batch(confirmed=found.rows, blobs=found.blobs), "strict")
    if not found.left_out:
        return ""
    return f"{name}: {found.left_out} records could not be taken over; they are damaged."


async def load_ipynb(page: Page) -> Any:
    """`foldbook.ipynb`: slow to import and large to load, so only when it is needed."""
    await page.load_package("nbformat")
    return importlib.import_module("foldbook.ipynb")


def read_file(
    ipynb: Any, data: bytes, name: str, stamp: Stamp, notebook_id: str
) -> tuple[Decision, list[str]]:
    """The facts of an .ipynb file, or of a script (.py), for an empty log, and notes for people.

    Raises `BadNotebookFile`.
    """
    imported = _read(ipynb, data, name)
    return ipynb.to_events(imported, stamp, notebook_id), list(imported.notes)


def append_file(
    ipynb: Any, data: bytes, name: str, stamp: Stamp, notebook: Notebook
) -> tuple[Decision, list[str]]:
    """The same for a notebook that is there: the file's cells come after its own.

    Raises `BadNotebookFile`.
    """
    imported = _read(ipynb, data, name)
    free = tuple(
        replace(cell, id=None) if cell.id in notebook.cells else cell for cell in imported.cells
    )
    decision = ipynb.to_events(replace(imported, cells=free), stamp, notebook.id)
    last = max((cell.position for cell in notebook.cells.values()), default=None)
    keys = iter(order.spread(len(free), last, None, stamp.salt))
    events = tuple(
        event.model_copy(update={"position": next(keys)})
        if isinstance(event, CellCreated)
        else event
        for event in decision.events
        if not isinstance(event, (NotebookCreated, NotebookMetadataSet))
    )
    return Decision(events, decision.blobs), list(imported.notes)


async def write_ipynb(
    ipynb: Any, notebook: Notebook, blob: Callable[[str], Awaitable[bytes | None]]
) -> tuple[str, list[str]]:
    """The notebook, as it is now, as an .ipynb file, and notes for people: a value whose bytes
    are not to be had is left out."""
    notebook = notebook.fork()  # it goes on while its blobs are fetched
    blobs: dict[str, bytes | None] = {}
    for digest in ipynb.needed(notebook):
        try:
            blobs[digest] = await blob(digest)
        except FoldbookError:
            logging.getLogger(__name__).exception("blob %s cannot be read", digest)
            blobs[digest] = None
    notes: list[str] = []
    written: bytes = ipynb.write(notebook, blobs.__getitem__, notes)
    return written.decode(), notes


def write_py(notebook: Notebook) -> tuple[str, list[str]]:
    """The notebook as a script in jupytext's percent format, without outputs, and notes."""
    notes: list[str] = []
    text: str = importlib.import_module("foldbook.percent.writing").write(notebook, notes)
    return text, notes


def _read(ipynb: Any, data: bytes, name: str) -> Any:
    if not name.lower().endswith(".py"):
        return ipynb.read(data, name)
    return importlib.import_module("foldbook.percent.reading").read(data, name)


def file_name(name: str, suffix: str) -> str:
    """A name that file systems take."""
    clean = re.sub(r'[\\/:*?"<>|\x00-\x1f]', "_", name).strip() or "Untitled"
    return f"{clean}.{suffix}"
