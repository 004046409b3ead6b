"""`foldbook export`: a notebook as a file, wherever it is."""

import argparse
import asyncio
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from foldbook import ipynb, logfile
from foldbook.errors import BadParameters, FoldbookError
from foldbook.native.exits import Exit, exit_of, sentence, table
from foldbook.native.links import ADVICE
from foldbook.native.outfile import checked, write_whole
from foldbook.native.sources import Source, source
from foldbook.percent import writing
from foldbook.pruning import named_blobs
from foldbook.webpage import document

_EPILOG: Final = f"""\
SOURCE is an .ipynb or .py file, a raw log (.foldbook), a log that foldbook run --log or foldbook
import has stored (or its folder), or a share link, whose right to view suffices; - is the
standard input. Nothing in it is run.

ipynb has everything, py is a script in jupytext's percent format (without outputs), html a page
that needs neither network nor scripts, log is the raw log: every event, and every file. OUT is
written whole or not at all.

{ADVICE}

{table(Exit.OK, Exit.USAGE, Exit.LINK, Exit.RIGHT, Exit.RELAY, Exit.REVOKED, Exit.HELD, Exit.DISK)}
"""


def add(subparsers: Any) -> None:
    """Add the command to a parser's."""
    parser = subparsers.add_parser(
        "export",
        help="write a notebook as .ipynb, .py, .html or raw log",
        description="Write a notebook as a file.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("source", nargs="?", metavar="SOURCE", help="what to write, see below")
    parser.add_argument(
        "-o", "--output", required=True, metavar="OUT", help="a file, or - (stdout)"
    )
    parser.add_argument(
        "-t", "--to", choices=tuple(_FORMS), help="the format (default: as OUT ends, or ipynb)"
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Carry the command out; the exit code."""
    try:
        asyncio.run(_export(arguments))
    except FoldbookError as why:
        _say(f"foldbook export: {sentence(why)}")
        return exit_of(why)
    return Exit.OK


async def _export(arguments: argparse.Namespace) -> None:
    form = arguments.to or _form_of(arguments.output)
    path = checked(arguments.output)
    async with source(arguments.source) as found:
        notes = list(found.notes)
        data = await _FORMS[form](found, notes)
    for note in notes:
        _say(note)
    write_whole(path, data)


def _form_of(name: str) -> str:
    if name == "-":
        return "ipynb"
    ending = Path(name).suffix.lower()
    if ending in _ENDINGS:
        return _ENDINGS[ending]
    raise BadParameters(f"-t expected: which format {name} is to have")


async def _ipynb(found: Source, notes: list[str]) -> bytes:
    blobs = {digest: await found.blob(digest) for digest in ipynb.needed(found.notebook)}
    return ipynb.write(found.notebook, blobs.get, notes)


async def _py(found: Source, notes: list[str]) -> bytes:
    return writing.write(found.notebook, notes).encode()


async def _html(found: Source, notes: list[str]) -> bytes:
    blobs = {digest: await found.blob(digest) for digest in document.needed(found.notebook)}
    return document.write(found.notebook, blobs.get, notes)


async def _log(found: Source, notes: list[str]) -> bytes:
    rows = await found.rows()
    blobs = {digest: await found.blob(digest) for digest in named_blobs(rows)}
    missing = sum(data is None for data in blobs.values())
    if missing:
        notes.append(f"{missing} files that the log names are not to be had.")
    there = {digest: data for digest, data in blobs.items() if data is not None}
    now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return logfile.write(found.name, rows, there, notebook=found.notebook.id, exported=now)


_FORMS: Final[dict[str, Callable[[Source, list[str]], Awaitable[bytes]]]] = {
    "ipynb": _ipynb,
    "py": _py,
    "html": _html,
    "log": _log,
}


_ENDINGS: Final = {
    ".ipynb": "ipynb", ".py": "py", ".html": "html", ".htm": "html", ".foldbook": "log",
}  # fmt: skip


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
