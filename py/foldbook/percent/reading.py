"""From a script to a notebook's cells."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from foldbook.errors import BadNotebookFile
from foldbook.ipynb.reading import DEPTH, ImportedCell, ImportedNotebook, title, whole
from foldbook.notebook import CellType
from foldbook.percent import header
from foldbook.percent.languages import LANGUAGES
from foldbook.percent.lines import MARK, Quotes, is_magic, uncomment, uncomment_magics
from foldbook.percent.options import Options, is_active, parse

Values = dict[str, Any]

_IN_QUOTES: Final = re.compile(r"\s*[rR]?(\"{3}|''')\n?(?P<text>.*?)\n?\1\s*", re.DOTALL)


@dataclass(frozen=True, slots=True)
class _Block:
    """The lines of a cell. mark: what stands behind its percent signs; None: it has no mark."""

    mark: str | None
    lines: Sequence[str]


def read(data: bytes, name: str) -> ImportedNotebook:
    """The notebook of a script's bytes; ``name`` is the file's, for messages and as its title.

    A script without marks is one cell. Raises `BadNotebookFile`.
    """
    notes: list[str] = []
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as why:
        raise BadNotebookFile(f"{name}: not UTF-8 text, at byte {why.start}.") from None
    if "\0" in text:
        raise BadNotebookFile(f"{name}: a Python script expected, bytes that are no text came.")
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    found = header.read(lines, name, notes)
    found.metadata = _sound(found.metadata, f"{name}: the header")
    _note_format(found.metadata, notes)
    blocks = list(_blocks(lines[found.end :]))
    has_marks = any(block.mark is not None for block in blocks)
    is_commented = not _has_bare_magic(blocks) if has_marks else False
    cells = [ImportedCell(None, "raw", found.raw)] if found.raw is not None else []
    for number, block in enumerate(blocks, 1):
        cells.append(_cell(block, is_commented, f"{name}: cell {number}"))
    if not found.is_there:  # neither has what is written of it again
        own = found.metadata.get(header.JUPYTEXT, {})
        found.metadata[header.JUPYTEXT] = {header.FILTER: "-all", **own}
    return ImportedNotebook(title(name, ".py"), found.metadata, tuple(cells), tuple(notes))


def _note_format(metadata: Values, notes: list[str]) -> None:
    """Say where a file is of another format, and forget which one it was: it is written anew."""
    own = metadata.get(header.JUPYTEXT)
    if not isinstance(own, dict):
        return
    told = own.pop("text_representation", None)
    form = told.get("format_name") if isinstance(told, dict) else None
    if form not in (None, "percent", "hydrogen"):
        notes.append(f"It is in jupytext's format {form}; cells are looked for at # %% only.")
    if not own:
        del metadata[header.JUPYTEXT]


def _blocks(lines: Sequence[str]) -> Iterator[_Block]:
    """The cells' lines; empty ones between two cells are nobody's."""
    mark: str | None = None
    start = 0
    quotes = Quotes()
    for i, line in enumerate(lines):
        found = None if quotes.open else MARK.fullmatch(line)
        if found is None:
            quotes.read(line)
            continue
        if mark is not None or any(each.strip() for each in lines[start:i]):
            yield _Block(mark, _stripped(lines[start:i]))
        mark, start = found["options"] or "", i + 1
    if mark is not None or any(each.strip() for each in lines[start:]):
        yield _Block(mark, _stripped(lines[start:]))


def _stripped(lines: Sequence[str]) -> Sequence[str]:
    """Without one empty line at the end, or the two that stand behind a definition."""
    if len(lines) > 2 and lines[-3].strip() and not (lines[-2] + lines[-1]).strip():
        return lines[:-2]
    return lines[:-1] if lines and not lines[-1].strip() else lines


def _has_bare_magic(blocks: Sequence[_Block]) -> bool:
    """Whether magics stand uncommented, as some editors have them: then none is a comment."""
    for block in blocks:
        quotes = Quotes()
        for line in block.lines:
            if not quotes.open and not line.lstrip().startswith("#") and is_magic(line):
                return True
            quotes.read(line)
    return False


def _cell(block: _Block, is_commented: bool, place: str) -> ImportedCell:
    options = parse(block.mark) if block.mark is not None else Options()
    metadata = _metadata(options, place)
    language = metadata.pop("language", None)
    if not isinstance(language, str) or language not in LANGUAGES:
        metadata |= {} if language is None else {"language": language}
        language = None
    cell_type = _type(options, metadata)
    if cell_type != "code" and (quoted := _IN_QUOTES.fullmatch("\n".join(block.lines))):
        return ImportedCell(None, cell_type, quoted["text"], metadata)
    is_run = cell_type == "code" and is_active("py", metadata, language is None)
    if not is_run:
        lines = [uncomment(line) for line in block.lines]
    else:
        lines = list(uncomment_magics(block.lines) if is_commented else block.lines)
    if language is not None and cell_type == "code":
        arguments = metadata.pop("magic_args", "")
        lines.insert(0, f"%%{language} {arguments}" if arguments else f"%%{language}")
    return ImportedCell(None, cell_type, "\n".join(lines), metadata)


def _type(options: Options, metadata: Values) -> CellType:
    if options.type == "markdown":
        return "markdown"
    if options.type == "raw" or not is_active("ipynb", metadata):
        return "raw"
    return "code"


def _metadata(options: Options, place: str) -> Values:
    """The cell's metadata, title and depth among it."""
    metadata = options.metadata
    if options.title:
        metadata = {"title": options.title, **metadata}
    if options.depth:
        metadata = {"cell_depth": options.depth, **metadata}
    return _sound(metadata, f"{place}: its metadata")


def _sound(values: Values, place: str) -> Values:
    """The values. Raises `BadNotebookFile` where they are bottomless."""
    try:
        found: Values = whole(values, DEPTH)[0]
    except RecursionError:
        raise BadNotebookFile(f"{place} is nested too deeply.") from None
    return found
