"""From two states of what is shown to the ops between them; the ops stand in the package's
docstring."""

from typing import Any

from foldbook import text
from foldbook.bridge import History, newest
from foldbook.difference import difference
from foldbook.errors import TextMisfit
from foldbook.notebook import Cell, Execution
from foldbook.text import Change
from foldbook.view import shapes
from foldbook.view.shapes import Shape, Shown

Op = list[Any]


def rest_ops(old: Shape, new: Shape) -> list[Op]:
    """Changes of everything but the cells and their order."""
    ops: list[Op] = []
    for key, value in new.items():
        was = old[key]
        if key == "log":
            ops += _changes([key], was, value, apart=("strip",))
            ops += _list_ops([key, "strip"], was["strip"], value["strip"])
        elif isinstance(value, dict) and isinstance(was, dict):
            ops += _changes([key], was, value)
        elif not _same(was, value):
            ops.append(["set", [key], value])
    return ops


def cell_ops(old: Shown, new: Shown) -> list[Op]:
    """Changes of a cell but for its source."""
    path: list[str | int] = ["cells", new.cell.id]
    ops = _changes(path, shapes.cell_head(old.cell), shapes.cell_head(new.cell))
    was, now = shapes.of_execution(old), shapes.of_execution(new)
    if was is None and now is None:
        return ops
    path.append("execution")
    if was is None or now is None or was["id"] != now["id"]:
        return [*ops, ["set", path, shapes.of_cell(new)["execution"]]]
    ops += _changes(path, was, now)
    if old.execution and new.execution and old.execution.outputs is not new.execution.outputs:
        ops += _output_ops([*path, "outputs"], old.execution, new.execution)
    return ops


def _output_ops(path: list[str | int], old: Execution, new: Execution) -> list[Op]:
    if len(new.outputs) < len(old.outputs):
        return [["set", path, [shapes.of_output(each) for each in new.outputs]]]
    ops: list[Op] = []
    for i, (was, now) in enumerate(zip(old.outputs, new.outputs, strict=False)):
        if was is now:
            continue
        stream = was.type == now.type == "stream" and was.name == now.name
        added = now.rope.since(was.rope) if stream else None
        if added is None:
            ops.append(["set", [*path, i], shapes.of_output(now)])
        elif added:
            ops.append(["append", [*path, i, "text"], added])
    ops += [["push", path, shapes.of_output(each)] for each in new.outputs[len(old.outputs) :]]
    return ops


def _list_ops(path: list[str | int], old: list[Any], new: list[Any]) -> list[Op]:
    if len(new) < len(old):
        return [["set", path, new]]
    ops: list[Op] = [
        ["set", [*path, i], now]
        for i, (was, now) in enumerate(zip(old, new, strict=False))
        if was != now
    ]
    return [*ops, *(["push", path, each] for each in new[len(old) :])]


def _changes(
    path: list[str | int], old: Shape, new: Shape, apart: tuple[str, ...] = ()
) -> list[Op]:
    """Keys set and removed; those ``apart`` are somebody else's."""
    ops: list[Op] = [
        ["set", [*path, key], value]
        for key, value in new.items()
        if key not in apart and not (key in old and _same(old[key], value))
    ]
    return [*ops, *(["del", [*path, key]] for key in old if key not in new and key not in apart)]


def _same(one: object, other: object) -> bool:
    """Equal as JSON: unlike Python, it tells true from 1."""
    return one is other or (one == other and repr(one) == repr(other))


def text_change(before: Cell, own: Change, cell: Cell) -> Change:
    """What happened to a cell's source beside the view's ``own`` change of it."""
    source = text.apply(own, before.source)
    if source == cell.source:
        return ()
    told = None if own else _since(before, cell)
    return difference(source, cell.source) if told is None else told


def as_json(change: Change) -> list[Any]:
    """A change as plain lists."""
    return [each if isinstance(each, int) else list(each) for each in change]


def _since(before: Cell, cell: Cell) -> Change | None:
    """The change between two states of a cell as its history tells it, if it does."""
    last = newest(before.history)
    change: Change = ()
    for entry in reversed(_entries(cell.history)):
        if entry == last:
            break
        change = text.compose(entry[1], change)
    else:
        if last is not None:
            return None
    try:
        return change if text.apply(change, before.source) == cell.source else None
    except TextMisfit:
        return None


def _entries(history: History) -> list[tuple[int, Change]]:
    """The newest changes of a history: more than one update ever has to look back for."""
    return [*(history.older[-1] if history.older else ()), *history.tail]
