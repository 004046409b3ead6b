"""Rows that mean harm, against the fold, the view, commands and files: nothing raises, nothing that
a page could not read comes out, and nobody else is stopped."""

import json
from typing import Any

from foldbook import ipynb
from foldbook.browser import transfer
from foldbook.commands import Stamp, decide, parse
from foldbook.examine import examine
from foldbook.notebook import Notebook
from foldbook.reducer import fold, fold_all
from foldbook.row import Role
from foldbook.snapshot import encode
from foldbook.view import Around, Screen, full_view
from foldbook.view.shapes import LATEST
from hostile import EVENTS, rows
from pydantic_core import to_json
from stories import story


def test_what_they_come_to_can_be_drawn_after_each() -> None:
    notebook, screen = Notebook(), Screen()
    screen.open(notebook, Around())
    for row in rows():
        fold(notebook, row)
        patch = screen.update(notebook, Around())
        if patch is not None:
            json.loads(to_json(patch.ops), parse_constant=_no_constant)
        json.loads(to_json(full_view(notebook, Around())), parse_constant=_no_constant)
    assert len(notebook.aside) == 5
    assert notebook.reducer == 0
    view = full_view(notebook, Around())
    assert view["cells"]["c"]["edited"]["ts"] <= LATEST
    assert view["cells"]["c"]["execution"]["completed"] == LATEST


def _no_constant(name: str) -> Any:
    raise AssertionError(f"{name} is not JSON")


def test_others_go_on_working_between_them() -> None:
    notebook = fold_all(rows())
    stamp = Stamp("s", "s", Role.EDIT, 1, "x")
    for cell in notebook.ordered_cells():
        for place in ("after", "before"):
            decision = decide(notebook, parse({"do": "create_cell", place: cell.id}), stamp)
            assert all(len(getattr(each, "position", "")) <= 256 for each in decision.events)
        decide(notebook, parse({"do": "delete_cells", "cell_ids": [cell.id]}), stamp)


def test_a_snapshot_of_them_is_taken() -> None:
    notebook = fold_all(rows())
    assert to_json(full_view(examine(encode(notebook)).notebook, Around())) == to_json(
        full_view(notebook, Around())
    )


@story
async def test_they_can_be_written_to_files() -> None:
    async def nowhere(_digest: str) -> None:
        return None

    notebook = fold_all(rows())
    assert transfer.write_py(notebook)[0]
    text, notes = await transfer.write_ipynb(ipynb, notebook, nowhere)
    assert json.loads(text)["nbformat"] == 4
    assert notes


def test_each_of_them_is_small() -> None:
    assert max(len(row.payload) for row in rows()) < 60_000
    assert len(EVENTS) == len(rows())
