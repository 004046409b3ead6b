"""From the bytes of a file to plain values that are known to be sound."""

import json
import re
from dataclasses import dataclass, field
from typing import Any, Final, cast

import nbformat

from foldbook.errors import BadNotebookFile
from foldbook.notebook import CellType

Values = dict[str, Any]

_NBFORMAT: Final[Any] = nbformat  # its functions carry no types
_ID: Final = re.compile(r"[a-zA-Z0-9_-]{1,64}")
_TOP: Final = ("nbformat", "nbformat_minor", "metadata", "cells")
CELL_TYPES: Final = ("code", "markdown", "raw")
_LONE: Final = re.compile("[\ud800-\udfff]")  # half a character, which UTF-8 has not
DEPTH: Final = 150
"""Levels of a value; an event that is nested in 200 cannot be read back from the log."""
_OUTPUTS: Final[dict[str, dict[str, type]]] = {
    "stream": {"name": str, "text": str},
    "display_data": {"data": dict, "metadata": dict},
    "execute_result": {"data": dict, "metadata": dict},
    "error": {"ename": str, "evalue": str, "traceback": list},
}
"""The fields of each type of output that are kept, beside ``execution_count``."""


STASH: Final = "$foldbook"
"""Key in metadata of what the format, as we know it, has no place for; `write` puts it back.

What a file itself has under this key stands in there under the same key.
"""

STRANGE_OUTPUT: Final = "application/vnd.foldbook.output+json"
"""Type of the value that is a whole output of a kind that we do not know."""


@dataclass(frozen=True, slots=True)
class ImportedCell:
    """A cell of a file. ``id`` is None where the file has none that can be used.

    A cell of a type that we do not know is raw. outputs: nbformat's, with only the fields of
    their type.
    """

    id: str | None
    type: CellType
    source: str
    metadata: Values = field(default_factory=dict)
    attachments: Values = field(default_factory=dict)
    execution_count: int | None = None
    outputs: tuple[Values, ...] = ()


@dataclass(frozen=True, slots=True)
class ImportedNotebook:
    """A file, brought to format 4.5. ``notes``: what was mended or left out, for people."""

    name: str
    metadata: Values
    cells: tuple[ImportedCell, ...]
    notes: tuple[str, ...] = ()


def read(data: bytes, name: str) -> ImportedNotebook:
    """The notebook of a file's bytes; ``name`` is the file's, for messages and as its title.

    Raises `BadNotebookFile`, which says what is wrong and where.
    """
    notes: list[str] = []
    values = _parse(data, name, notes)
    version = _version(values, name)
    node = _upgraded(values, name)
    if version > (4, 5):
        notes.append(f"The file is of format {version[0]}.{version[1]}, newer than 4.5.")
    _note_invalid(node, notes)
    if not isinstance(node.get("cells"), list):
        raise BadNotebookFile(f"{name}: a notebook has a list of cells, this file has none.")
    seen: set[str] = set()
    cells = []
    for number, cell in enumerate(node["cells"], 1):
        made = _Reading(f"{name}: cell {number}", f"Cell {number}", notes).cell(cell)
        if version < (4, 5) or made.id in seen:
            made = _without_id(made)
        seen.add(made.id or "")
        cells.append(made)
    metadata = node.get("metadata", {})
    if not isinstance(metadata, dict):
        raise BadNotebookFile(f"{name}: metadata is an object, {_short(metadata)} came.")
    strange = {key: node[key] for key in node if key not in _TOP}
    if version > (4, 5):
        strange["nbformat_minor"] = version[1]
    metadata = _stashed(metadata, strange)
    return ImportedNotebook(title(name, ".ipynb"), metadata, tuple(cells), tuple(notes))


def _parse(data: bytes, name: str, notes: list[str]) -> Values:
    try:
        values = json.loads(data.decode("utf-8-sig"))
        found, count = whole(values, DEPTH)
    except UnicodeDecodeError as why:
        raise BadNotebookFile(f"{name}: not UTF-8 text, at byte {why.start}.") from None
    except json.JSONDecodeError as why:
        place = f"line {why.lineno}, column {why.colno}"
        raise BadNotebookFile(f"{name}: not JSON, {why.msg} at {place}.") from None
    except RecursionError:
        raise BadNotebookFile(f"{name}: nested too deeply to be a notebook.") from None
    if not isinstance(values, dict):
        raise BadNotebookFile(f"{name}: a notebook is a JSON object, {_short(values)} came.")
    if count:
        notes.append(f"{count} texts had half characters, which are replaced by �.")
    return cast(Values, found)


def whole(value: Any, depth: int) -> tuple[Any, int]:
    """The value without lone surrogates, and the number of texts that had some.

    Raises RecursionError where it is nested in more than ``depth`` levels.
    """
    if isinstance(value, (dict, list)) and not depth:
        raise RecursionError
    if isinstance(value, str):
        return (_LONE.sub("�", value), 1) if _LONE.search(value) else (value, 0)
    if isinstance(value, dict):
        pairs = [(whole(key, depth), whole(each, depth - 1)) for key, each in value.items()]
        total = sum(key[1] + each[1] for key, each in pairs)
        return ({key[0]: each[0] for key, each in pairs}, total) if total else (value, 0)
    if isinstance(value, list):
        items = [whole(each, depth - 1) for each in value]
        total = sum(each[1] for each in items)
        return ([each[0] for each in items], total) if total else (value, 0)
    return value, 0


def _version(values: Values, name: str) -> tuple[int, int]:
    major, minor = _NBFORMAT.reader.get_version(values)
    if type(major) is not int or type(minor) is not int:
        came = f"nbformat {_short(major)}, nbformat_minor {_short(minor)}"
        raise BadNotebookFile(f"{name}: a format's version is two numbers, {came} came.")
    if not {"nbformat", "cells", "worksheets"} & values.keys():
        raise BadNotebookFile(f"{name}: JSON, but not of a notebook: neither nbformat nor cells.")
    if major not in nbformat.versions:
        raise BadNotebookFile(
            f"{name}: notebooks of format 1 to 4 can be opened, this is of format {major}."
        )
    return major, minor


def _upgraded(values: Values, name: str) -> nbformat.NotebookNode:
    """The notebook in format 4. Files of strangers break nbformat in many ways."""
    try:
        major, minor = _NBFORMAT.reader.get_version(values)
        node = _NBFORMAT.versions[major].to_notebook_json(values, minor=minor)
        node = _NBFORMAT.converter.convert(node, 4)
        return cast(nbformat.NotebookNode, _NBFORMAT.v4.rwbase.strip_transient(node))
    except Exception as why:
        raise BadNotebookFile(
            f"{name}: nbformat cannot read it, {type(why).__name__}: {_short(str(why))}."
        ) from why


def _note_invalid(node: nbformat.NotebookNode, notes: list[str]) -> None:
    minor = node.get("nbformat_minor", 0)
    errors = _NBFORMAT.validator.iter_validate(node, version=4, version_minor=minor)
    error = next(iter(errors), None)
    if error is not None:
        where = ".".join(str(part) for part in getattr(error, "relative_path", ()))
        notes.append(f"The file breaks the rules of its format at {where or 'its top'}.")


class _Reading:
    """Reads one cell; ``place`` is for errors, ``title`` for notes."""

    def __init__(self, place: str, title: str, notes: list[str]) -> None:
        self._place = place
        self._title = title
        self._notes = notes

    def cell(self, node: Any) -> ImportedCell:
        if not isinstance(node, dict):
            raise BadNotebookFile(f"{self._place}: a cell is an object, {_short(node)} came.")
        cell_type = node.get("cell_type")
        is_code = cell_type == "code"
        known = {"id", "cell_type", "metadata", "source"}
        known |= {"execution_count", "outputs"} if is_code else {"attachments"}
        strange = {name: value for name, value in node.items() if name not in known}
        if cell_type not in CELL_TYPES:
            self._note("", f"of unknown type {_short(cell_type)}, shown as raw text")
            strange["cell_type"] = cell_type
        metadata = self._typed(node, "metadata", dict, {})
        self._note_strangers(strange, "")
        given = node.get("id")
        usable = isinstance(given, str) and _ID.fullmatch(given)
        outputs = self._typed(node, "outputs", list, []) if is_code else []
        return ImportedCell(
            id=given if usable else None,
            type=cast(CellType, cell_type if cell_type in CELL_TYPES else "raw"),
            source=self._typed(node, "source", str, ""),
            metadata=_stashed(metadata, strange),
            attachments={} if is_code else self._typed(node, "attachments", dict, {}),
            execution_count=self._count(node) if is_code else None,
            outputs=tuple(self._output(each, i) for i, each in enumerate(outputs, 1)),
        )

    def _output(self, node: Any, number: int) -> Values:
        place = f", output {number}"
        if not isinstance(node, dict):
            raise BadNotebookFile(
                f"{self._place}{place}: an output is an object, {_short(node)} came."
            )
        output_type = node.get("output_type")
        fields = _OUTPUTS.get(output_type) if isinstance(output_type, str) else None
        if fields is None:
            self._note(place, f"of unknown type {_short(output_type)}")
            return _strange_output(node)
        made: Values = {"output_type": output_type}
        for name, kind in fields.items():
            made[name] = self._typed(node, name, kind, kind(), place)
        if output_type == "execute_result":
            made["execution_count"] = self._count(node)
        if output_type == "error":
            made["traceback"] = [str(line) for line in made["traceback"]]
        strange = {name: value for name, value in node.items() if name not in made}
        self._note_strangers(strange, place)
        if "metadata" not in made:
            return _strange_output(made | node) if strange else made
        if STRANGE_OUTPUT in made["data"]:  # the file's own: it is not to pass for ours
            return _strange_output(made | node)
        return made | {"metadata": _stashed(made["metadata"], strange)}

    def _typed(self, node: Values, name: str, kind: type, default: Any, place: str = "") -> Any:
        value = node.get(name, default)
        if not isinstance(value, kind):
            raise BadNotebookFile(
                f"{self._place}{place}: {name} is {_WORDS[kind]}, {_short(value)} came."
            )
        return value

    def _count(self, node: Values) -> int | None:
        count = node.get("execution_count")
        if count is None or (type(count) is int and 0 <= count < 2**53):
            return count
        self._note("", f"the count {_short(count)} is left out")
        return None

    def _note_strangers(self, strange: Values, place: str) -> None:
        for name in sorted(strange.keys() - {"cell_type"}):
            self._note(place, f"{name!r} is no part of the format")

    def _note(self, place: str, what: str) -> None:
        self._notes.append(f"{self._title}{place}: {what}.")


def _stashed(metadata: Values, strange: Values) -> Values:
    """The metadata, with what has no other place put into it."""
    if STASH in metadata:
        strange = {**strange, STASH: metadata[STASH]}
    return {**metadata, STASH: strange} if strange else metadata


def _strange_output(node: Values) -> Values:
    """An output that we cannot hold in its own form, with its text to be shown, if it has one."""
    text = node.get("text")
    shown = {"text/plain": text} if isinstance(text, str) else {}
    return {
        "output_type": "display_data",
        "data": {**shown, STRANGE_OUTPUT: dict(node)},
        "metadata": {},
    }


_WORDS: Final[dict[type, str]] = {str: "text", dict: "an object", list: "a list"}


def _without_id(cell: ImportedCell) -> ImportedCell:
    return ImportedCell(
        None,
        cell.type,
        cell.source,
        cell.metadata,
        cell.attachments,
        cell.execution_count,
        cell.outputs,
    )


def title(name: str, ending: str) -> str:
    """A notebook's title, from its file's name."""
    return name.rsplit("/", 1)[-1].removesuffix(ending) or "Untitled"


def _short(value: object) -> str:
    shown = value if isinstance(value, str) else json.dumps(value, default=repr)
    return repr(shown[:60]) if isinstance(value, str) else shown[:60]
