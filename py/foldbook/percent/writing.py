"""From a notebook to a script."""

from collections.abc import Mapping
from itertools import chain
from typing import Any, Final

from foldbook.mime import is_blob
from foldbook.notebook import Cell, Notebook
from foldbook.percent import header
from foldbook.percent.languages import LANGUAGES
from foldbook.percent.lines import MARK, Quotes, comment, comment_magics
from foldbook.percent.options import Options, has_active_tag, is_active, kept
from foldbook.percent.spacing import between

Values = dict[str, Any]

_OURS: Final = "$foldbook"  # what reading put into metadata for want of another place


def write(notebook: Notebook, notes: list[str] | None = None) -> str:
    """The script. Outputs and attachments are not in it; ``notes`` tell, for people, of what else
    is not, and of cells that will not come back as they are."""
    told = [] if notes is None else notes
    metadata = {key: value for key, value in notebook.metadata.items() if not is_blob(value)}
    cells = notebook.ordered_cells()
    raw = None
    if cells and cells[0].type == "raw" and header.is_raw(cells[0].source):
        raw = cells[0].source
        cells = cells[1:]
    begin = header.write(metadata, raw)
    is_python = _language(metadata) == "python"
    texts = [
        _Script(cell, f"Cell {number}", is_python, told).lines()
        for number, cell in enumerate(cells, 1 if raw is None else 2)
    ]
    behind: list[str] = []  # all that follows, the last line first
    for cell, text in zip(reversed(cells), reversed(texts), strict=True):
        wanted = cell.metadata.get("lines_to_next_cell")
        if type(wanted) is not int or not 0 <= wanted <= _MOST_EMPTY:
            wanted = between(text, reversed(behind))
        behind += [""] * wanted
        behind += reversed(text)
    behind += [""] * between(begin, reversed(behind))
    return "\n".join(chain(begin, reversed(behind)))


_MOST_EMPTY: Final = 10


def _language(metadata: Mapping[str, Any]) -> str:
    spec = metadata.get("kernelspec")
    language = spec.get("language") if isinstance(spec, Mapping) else None
    return language.lower() if isinstance(language, str) and language else "python"


class _Script:
    """One cell as lines."""

    def __init__(self, cell: Cell, place: str, is_python: bool, notes: list[str]) -> None:
        self._cell = cell
        self._place = place
        self._is_python = is_python
        self._notes = notes

    def lines(self) -> list[str]:
        """The mark, and what stands below."""
        source = self._cell.source.split("\n")
        options = Options(metadata=self._metadata())
        self._take_language(source, options)
        is_code = self._is_code(options)
        is_run = is_code and is_active("py", options.metadata, "language" not in options.metadata)
        code = list(comment_magics(source)) if self._is_python else source
        if is_run and _stays_open(code):
            options.metadata["active"] = "ipynb"  # else it would swallow the cells behind it
            is_run = False
        if not is_run:
            return [options.write(), *self._commented(source, is_code)]
        self._note_marks(code)
        indent = source[0][: len(source[0]) - len(source[0].lstrip())] if source[0].strip() else ""
        return [indent + options.write(), *(code if code != [""] else ())]

    def _commented(self, source: list[str], is_code: bool) -> list[str]:
        """Comments; or quotes, where a comment would be taken for the beginning of a cell."""
        lines = [comment(line) for line in source]
        if any(MARK.fullmatch(line) for line in lines):
            text = "\n".join(source)
            for quote in () if is_code else ('"""', "'''"):
                if quote not in text and not text.endswith("\\"):
                    return [("r" if "\\" in text else "") + quote, *source, quote]
            self._note_marks(lines)
        return lines

    def _metadata(self) -> Values:
        metadata, strange = kept(self._cell.metadata)
        strange = [key for key in strange if key != _OURS]
        large = [key for key, value in metadata.items() if is_blob(value)]
        for key in (*strange, *large):
            self._notes.append(f"{self._place}: {key} of its metadata is left out.")
        return {key: value for key, value in metadata.items() if key not in large}

    def _take_language(self, source: list[str], options: Options) -> None:
        """A cell in another language has that in its mark, and its first line no more."""
        options.title = _popped(options.metadata, "title")
        depth = options.metadata.get("cell_depth")
        if type(depth) is int and 0 < depth < _MOST_EMPTY:
            options.depth = options.metadata.pop("cell_depth")
        if self._cell.type != "code" or not source[0].startswith("%%"):
            return
        language, _, arguments = source[0][2:].partition(" ")
        if language in LANGUAGES:
            if arguments:
                options.metadata["magic_args"] = arguments
            options.metadata["language"] = language
            del source[0]

    def _is_code(self, options: Options) -> bool:
        """Whether it is marked as code; a raw cell may be code for somewhere else."""
        metadata = options.metadata
        if self._cell.type == "code" or has_active_tag(metadata):
            return True
        if self._cell.type == "raw" and metadata.get("active"):
            return True
        if self._cell.type == "raw":
            metadata.pop("active", None)
        options.type = _popped(metadata, "region_name") or self._cell.type
        return False

    def _note_marks(self, code: list[str]) -> None:
        quotes = Quotes()
        for line in code:
            if not quotes.open and MARK.fullmatch(line):
                self._notes.append(f"{self._place}: the line “{line.strip()[:60]}” begins a cell.")
            quotes.read(line)


def _stays_open(lines: list[str]) -> bool:
    quotes = Quotes()
    for line in lines:
        quotes.read(line)
    return bool(quotes.open)


def _popped(metadata: Values, key: str) -> str:
    value = metadata.get(key)
    return metadata.pop(key) if isinstance(value, str) and value else ""
