"""From a notebook to the bytes of a file of format 4.5."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import nbformat

from foldbook.blobs import unpack
from foldbook.ipynb.reading import CELL_TYPES, STASH, STRANGE_OUTPUT
from foldbook.mime import BLOB_KEY, is_blob
from foldbook.notebook import Cell, Execution, Notebook, Output
from foldbook.pruning import stand_in

Fetch = Callable[[str], bytes | None]
Values = dict[str, Any]

MINOR: Final = 5
_NBFORMAT: Final[Any] = nbformat  # its functions carry no types


@dataclass(slots=True)
class _Unpacking:
    """Puts values in the place of references, and notes which are not to be had."""

    blobs: Fetch
    notes: list[str]
    place: str = "The notebook's metadata"

    def __call__(self, bundle: Mapping[str, Any]) -> Values:
        return unpack(bundle, self.blobs, self._leave_out)

    def only_bundles(self, attachments: object) -> Values:
        """Those attachments that are such; nbformat stumbles over others."""
        named = attachments if isinstance(attachments, Mapping) else {}
        for name, bundle in named.items():
            if not isinstance(bundle, Mapping):
                self._leave_out(name, "it is no attachment")
        return {name: each for name, each in named.items() if isinstance(each, Mapping)}

    def _leave_out(self, key: str, why: str) -> None:
        self.notes.append(f"{self.place}: {key} is left out, {why}.")


def write(notebook: Notebook, blobs: Fetch, notes: list[str] | None = None) -> bytes:
    """The file. ``blobs`` gives the bytes of a digest; whatever it raises goes through.

    A value whose bytes it has not (None) is left out; ``notes`` tell of it, for people.
    `needed` tells beforehand which ones it will be asked for.
    """
    unpacked = _Unpacking(blobs, [] if notes is None else notes)
    metadata, strange = _unstash(unpacked(notebook.metadata))
    minor = strange.get("nbformat_minor")
    node = _NBFORMAT.from_dict(
        strange
        | {
            "nbformat": 4,
            "nbformat_minor": minor if type(minor) is int and minor > MINOR else MINOR,
            "metadata": metadata,
            "cells": _cells(notebook, unpacked),
        }
    )
    text: str = _NBFORMAT.v4.writes(node)
    return (text + "\n").encode()


def needed(notebook: Notebook) -> set[str]:
    """Digests of the blobs that `write` will ask for."""
    bundles: list[Any] = [notebook.metadata]
    for cell in notebook.ordered_cells():
        bundles += [cell.metadata, cell.attachments, *cell.attachments.values()]
        execution = notebook.execution_of(cell) if cell.type == "code" else None
        for output in execution.outputs if execution else ():
            bundles += [output.data, output.metadata]
    return {
        value[BLOB_KEY]
        for bundle in bundles
        if isinstance(bundle, Mapping)
        for value in bundle.values()
        if is_blob(value)
    }


def _cells(notebook: Notebook, unpacked: _Unpacking) -> list[Values]:
    cells: list[Values] = []
    for number, cell in enumerate(notebook.ordered_cells(), 1):
        unpacked.place = f"Cell {number}"
        cells.append(_cell(cell, notebook.execution_of(cell), unpacked))
    return cells


def _unstash(metadata: Values) -> tuple[Values, Values]:
    """The metadata, and what reading had put there for want of another place.

    It only adds: what the notebook itself has to say goes before it.
    """
    strange = metadata.pop(STASH, {})
    if not isinstance(strange, dict):
        return metadata, {}
    own = {STASH: strange[STASH]} if STASH in strange else {}
    return metadata | own, {name: strange[name] for name in strange if name != STASH}


def _cell(cell: Cell, execution: Execution | None, unpacked: _Unpacking) -> Values:
    metadata, strange = _unstash(unpacked(cell.metadata))
    unknown = strange.get("cell_type", "raw")  # unless a person gave it another type since
    values: Values = {
        "id": cell.id,
        "cell_type": unknown if cell.type == "raw" and unknown not in CELL_TYPES else cell.type,
        "metadata": metadata,
        "source": cell.source,
    }
    if cell.type == "code":
        values["execution_count"] = execution.execution_count if execution else None
        outputs = execution.outputs if execution else ()
        values["outputs"] = [_output(each, unpacked) for each in outputs]
    elif cell.attachments:
        values["attachments"] = _attachments(cell.attachments, unpacked)
    made = strange | values
    if "attachments" in made:
        made["attachments"] = unpacked.only_bundles(made["attachments"])
    return made


def _attachments(attachments: Mapping[str, Any], unpacked: _Unpacking) -> Values:
    found: Values = {}
    for name, bundle in attachments.items():
        if is_blob(bundle):  # it was put away as a whole
            found |= unpacked({name: bundle})
        else:
            found[name] = unpacked(bundle) if isinstance(bundle, Mapping) else bundle
    return found


def output_values(output: Output) -> Values:
    """An output as in a file; values of its ``data`` may be references to blobs
    (`foldbook.mime.is_blob`)."""
    match output.type:
        case "stream":
            return {"output_type": "stream", "name": output.name, "text": output.text}
        case "error":
            return {
                "output_type": "error",
                "ename": output.ename,
                "evalue": output.evalue,
                "traceback": list(output.traceback),
            }
        case "display_data" | "execute_result":
            values: Values = {
                "output_type": output.type,
                "data": dict(output.data),
                "metadata": dict(output.metadata),
            }
            if output.type == "execute_result":
                values["execution_count"] = output.execution_count
            return values


def _output(output: Output, unpacked: _Unpacking) -> Values:
    values = output_values(stand_in(output))
    if "data" not in values:
        return values
    data = unpacked(values["data"])
    whole = data.get(STRANGE_OUTPUT)
    if isinstance(whole, dict) and _can_be_written(whole):
        return whole
    metadata, strange = _unstash(unpacked(values["metadata"]))
    return strange | values | {"data": data, "metadata": metadata}


def _can_be_written(output: Values) -> bool:
    """Whether nbformat does not stumble over it: running code may have displayed anything."""
    match output.get("output_type"):
        case "stream":
            return "text" in output
        case "display_data" | "execute_result":
            return isinstance(output.get("data"), dict)
        case output_type:
            return isinstance(output_type, str)
