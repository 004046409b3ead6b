"""A screen: what one view of a notebook has been shown, and the patches that bring it forward.

What changed is found by identity: the values in a `Notebook` are replaced, never changed. So an
update costs one look at each cell and real work only where something is new.
"""

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from foldbook.errors import CommandRefused
from foldbook.notebook import Cell, Execution, Notebook
from foldbook.text import Change
from foldbook.view import shapes
from foldbook.view.frame import Frame
from foldbook.view.patches import Op, as_json, cell_ops, rest_ops, text_change
from foldbook.view.shapes import NOWHERE, Around, Place, Shape, Shown
from foldbook.view.texts import Texts

_MANY: Final = 64  # places in the order beyond which the whole order is sent


@dataclass(frozen=True, slots=True)
class Patch:
    """What brings a view to version ``v``; ``ack``: the newest of its commands in there."""

    v: int
    ack: int | None
    ops: list[Op]


def full_view(notebook: Notebook, around: Around) -> Shape:
    """All that a view shows, as one JSON value (the package's docstring has its shape)."""
    unfinished = _unfinished(notebook)
    places = shapes.queue(unfinished, notebook.selected_runtime)
    cells = notebook.ordered_cells()
    return {
        **Frame().of(notebook, around, unfinished),
        "order": [cell.id for cell in cells],
        "cells": {cell.id: shapes.of_cell(shapes.shown(notebook, cell, places)) for cell in cells},
    }


class Screen:
    """One view of a notebook: `open` it, then `update` it after every fold."""

    def __init__(self) -> None:
        self.v = 0
        self._texts = Texts(0)
        self._cells: dict[str, Cell] = {}
        self._executions: dict[str, Execution] = {}
        self._places: dict[str, Place] = {}
        self._order: list[str] = []
        self._frame = Frame()
        self._rest: Shape = {}

    def open(self, notebook: Notebook, around: Around) -> Shape:
        """The full view, version `v`. Edits made on earlier versions no longer fit."""
        view = full_view(notebook, around)
        self.v += 1
        self._texts = Texts(self.v)
        self._cells = dict(notebook.cells)
        self._executions = _latest(notebook)
        self._places = shapes.queue(_unfinished(notebook), notebook.selected_runtime)
        self._order = list(view["order"])
        self._rest = {key: view[key] for key in view if key not in ("order", "cells")}
        return view

    def receive_edit(self, cell_id: str, changes: Change, length_before: int, base: int) -> Change:
        """The view's edit, rewritten to fit the source as it is now: the command to decide.

        changes, length_before: over the source as the view has it; base: the newest version
        that it had applied. Raises `CommandRefused` where that is too long ago or does not fit;
        the next update then resets the view's source.
        """
        cell = self._cells.get(cell_id)
        if cell is None:
            raise CommandRefused(f"There is no cell {cell_id} in this notebook.")
        return self._texts.receive(cell_id, changes, length_before, base, len(cell.source))

    def update(self, notebook: Notebook, around: Around, ack: int | None = None) -> Patch | None:
        """What leads from the last shown state to this one; None where there is nothing to say."""
        unfinished = _unfinished(notebook)
        places = shapes.queue(unfinished, notebook.selected_runtime)
        changed = self._changed(notebook, places)
        rest = self._frame.of(notebook, around, unfinished)
        ops = rest_ops(self._rest, rest)
        removals: list[Op] = []
        for cell_id in changed:
            ops += self._cell_ops(cell_id, notebook, places, removals)
        ops += self._order_ops(notebook, changed)
        ops += removals
        if not ops and ack is None:
            return None
        self.v += 1
        self._rest, self._places = rest, places
        if changed:
            self._cells = dict(notebook.cells)
            self._executions = _latest(notebook)
        return Patch(self.v, ack, ops)

    def _changed(self, notebook: Notebook, places: Mapping[str, Place]) -> list[str]:
        """Ids of the cells that are not what they were."""
        cells, executions = self._cells, self._executions
        latest = notebook.executions
        found = [
            cell_id
            for cell_id, cell in notebook.cells.items()
            if cells.get(cell_id) is not cell
            or (
                cell.execution is not None
                and executions.get(cell_id) is not latest.get(cell.execution)
            )
        ]
        known = set(found)
        known.update(self._texts.resets, self._texts.touched)
        for execution_id in places.keys() | self._places.keys():
            if places.get(execution_id) != self._places.get(execution_id):
                known.add(latest[execution_id].cell_id if execution_id in latest else "")
        if len(cells) + sum(1 for each in found if each not in cells) > len(notebook.cells):
            known.update(each for each in cells if each not in notebook.cells)
        known.difference_update(found)
        return found + sorted(each for each in known if each in cells or each in notebook.cells)

    def _cell_ops(
        self, cell_id: str, notebook: Notebook, places: Mapping[str, Place], removals: list[Op]
    ) -> list[Op]:
        before, cell = self._cells.get(cell_id), notebook.cells.get(cell_id)
        text_ops = self._text_ops(cell_id, before, cell)
        was = before is not None and not before.deleted
        if cell is None or cell.deleted:
            if was:
                removals.append(["del", ["cells", cell_id]])
            return []
        now = shapes.shown(notebook, cell, places)
        if before is None or not was:
            return [["set", ["cells", cell_id], shapes.of_cell(now)]]
        return [*text_ops, *cell_ops(self._was(before), now)]

    def _was(self, cell: Cell) -> Shown:
        execution = self._executions.get(cell.id) if cell.type == "code" else None
        place = self._places.get(execution.id, NOWHERE) if execution else NOWHERE
        return Shown(cell, execution, place)

    def _text_ops(self, cell_id: str, before: Cell | None, cell: Cell | None) -> list[Op]:
        """The source's change beyond what the view did itself. Deleted cells are followed too."""
        own = self._texts.received(cell_id)
        if cell is None:
            return []
        if cell_id in self._texts.resets:
            self._texts.resets.discard(cell_id)
            self._texts.reset(cell_id, self.v + 1)
            return [["source", cell_id, cell.source]]
        if before is None:
            return []
        change = text_change(before, own, cell)
        if not change:
            return []
        self._texts.send(cell_id, change, self.v + 1)
        return [["text", cell_id, as_json(change)]]

    def _order_ops(self, notebook: Notebook, changed: list[str]) -> list[Op]:
        """Takes out what moved or went, puts in what moved or came."""
        moved = [each for each in changed if self._is_elsewhere(each, notebook.cells.get(each))]
        if not moved:
            return []
        if len(moved) > _MANY:
            self._order = [cell.id for cell in notebook.ordered_cells()]
            return [["set", ["order"], list(self._order)]]
        ops: list[Op] = []
        for cell_id in moved:
            if cell_id in self._order:
                at = self._order.index(cell_id)
                del self._order[at]
                ops.append(["del", ["order", at]])
        for cell_id in moved:
            cell = notebook.cells.get(cell_id)
            if cell is None or cell.deleted:
                continue
            at = bisect_left(
                self._order,
                (cell.position, cell.id),
                key=lambda each: (notebook.cells[each].position, each),
            )
            self._order.insert(at, cell_id)
            ops.append(["insert", ["order", at], cell_id])
        return ops

    def _is_elsewhere(self, cell_id: str, cell: Cell | None) -> bool:
        before = self._cells.get(cell_id)
        was = before.position if before and not before.deleted else None
        now = cell.position if cell and not cell.deleted else None
        return was != now


def _unfinished(notebook: Notebook) -> list[Execution]:
    return list(notebook.unfinished())


def _latest(notebook: Notebook) -> dict[str, Execution]:
    executions = notebook.executions
    return {
        cell.id: executions[cell.execution]
        for cell in notebook.cells.values()
        if cell.execution is not None and cell.execution in executions
    }
