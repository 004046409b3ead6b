"""`foldbook import`: a notebook file becomes a log, on this disk or at a relay."""

import argparse
import asyncio
import os
import re
import sys
from pathlib import Path
from typing import Any, Final

from foldbook.errors import BadParameters, FoldbookError
from foldbook.native.exits import Exit, exit_of, sentence, table
from foldbook.native.local import kept_notebook
from foldbook.native.outfile import FileFailed
from foldbook.native.sharing import (
    RELAY,
    SITE,
    TOKEN,
    address_of,
    delivered,
    relay_of,
    share,
)
from foldbook.native.sources import put, read_bytes
from foldbook.native.store import SqliteStore
from foldbook.store import MemoryStore

_EPILOG: Final = f"""\
FILE is an .ipynb file (of any version that nbformat reads), a .py file in jupytext's percent
format, or a raw log (.foldbook). Nothing in it is run. What had to be mended is told; a file that
cannot be read leaves nothing behind.

With --log it becomes a stored log, which foldbook export reads. With --share it goes to a relay,
and the link to it is printed: whoever has it opens the notebook. A relay that asks for a token
finds it in {TOKEN}.

{table(Exit.OK, Exit.USAGE, Exit.RELAY, Exit.DISK)}
"""


def add(subparsers: Any) -> None:
    """Add the command to a parser's."""
    parser = subparsers.add_parser(
        "import",
        help="make a notebook of an .ipynb, .py or raw log",
        description="Make a notebook of a file.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("file", metavar="FILE", help="the file, or - (stdin)")
    where = parser.add_mutually_exclusive_group()
    where.add_argument(
        "--log",
        type=Path,
        metavar="DIR_OR_FILE",
        help="where its log is stored: a new file, or a folder (default: this one)",
    )
    where.add_argument(
        "--share", nargs="?", const="", metavar="RELAY", help=f"a relay (or {RELAY})"
    )
    roles = ("view", "comment", "edit", "run", "own")
    parser.add_argument("--role", choices=roles, default="own", help="the link's right")
    parser.add_argument("--site", metavar="URL", help=f"the page that the link opens (or {SITE})")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Carry the command out; the exit code."""
    try:
        return asyncio.run(_import(arguments))
    except FoldbookError as why:
        _say(f"foldbook import: {sentence(why)}")
        return exit_of(why)


async def _import(arguments: argparse.Namespace) -> int:
    relay = relay_of(arguments.share)
    data = read_bytes(arguments.file)
    if relay is not None:
        return await _share(data, arguments, relay)
    path = _new_file(arguments.log or Path(), arguments.file)
    print(await _store(data, arguments.file, path))
    return Exit.OK


async def _store(data: bytes, given: str, path: Path) -> Path:
    """Write the log beside its place first: nobody finds half of it."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        notes = await put(SqliteStore(part), data, given)
        os.link(part, path)  # unlike a move it fails where there is one by now
    except OSError as why:
        raise FileFailed(f"{path} cannot be written: {why.strerror}") from why
    finally:
        for each in (part, *(part.with_name(part.name + end) for end in (".lock", "-wal", "-shm"))):
            each.unlink(missing_ok=True)
    for note in notes:
        _say(note)
    return path


def _new_file(place: Path, given: str) -> Path:
    """The file of the log. Raises `BadParameters`, `FileFailed`."""
    path = place
    if place.is_dir():
        stem = "notebook" if given == "-" else Path(given).stem
        path = place / f"{re.sub(r'^[.]+', '', stem) or 'notebook'}.sqlite"
    if path.exists():
        raise BadParameters(f"--log expects the name of a new file, there is a {path}")
    if not path.parent.is_dir():
        raise FileFailed(f"{path} cannot be written: there is no folder {path.parent}")
    return path


async def _share(data: bytes, arguments: argparse.Namespace, relay: str) -> int:
    store = MemoryStore()
    for note in await put(store, data, arguments.file):
        _say(note)
    async with kept_notebook(store) as local:
        link = await share(local, relay, arguments.role)
        trouble = await delivered(local)
    if trouble is not None:
        raise trouble
    print(address_of(link, arguments.site))
    return Exit.OK


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
