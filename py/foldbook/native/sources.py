"""A notebook wherever it is: a file, a stored log, a raw log, behind a link. For what reads one.

async with source("trend.ipynb") as found:
    found.notebook                      # `foldbook.notebook.Notebook`
    await found.blob(digest)
    await found.rows()                  # its log
"""

import asyncio
import re
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from foldbook import ipynb, logfile
from foldbook.errors import BadNotebookFile, Refused, StoreDamaged
from foldbook.link import ShareLink
from foldbook.log import Log
from foldbook.native.folders import data_folder, person_secret, program_secret
from foldbook.native.links import read_link
from foldbook.native.local import local_notebook
from foldbook.native.notebooks import FILE, Held, opened
from foldbook.native.store import SqliteStore
from foldbook.notebook import Notebook
from foldbook.percent import reading
from foldbook.reducer import fold
from foldbook.row import Row
from foldbook.store import HISTORY, Batch, Loaded, MemoryStore, Store

PATIENCE: Final = 30.0
"""Seconds that a relay has to answer."""
ENDINGS: Final = (".ipynb", ".json", ".py", ".foldbook")
"""Of files that a notebook can begin with."""

_STORED: Final = b"SQLite format 3\0"
_LINK: Final = re.compile(rb"\s*\S*#?join/")
_MANY: Final = 2**31 - 1
_NAME: Final = "foldbook export"


@dataclass(frozen=True, slots=True)
class Source:
    """A notebook that can be read while its block runs. notes: what people should know of it.

    blob: the bytes of a digest, None where they are not to be had. rows: the whole log; raises
    `BadNotebookFile` where some of it is not there.
    """

    name: str
    notebook: Notebook
    blob: Callable[[str], Awaitable[bytes | None]]
    rows: Callable[[], Awaitable[list[Row]]]
    notes: tuple[str, ...] = ()


@asynccontextmanager
async def source(given: str | None) -> AsyncIterator[Source]:
    """Open it. given: the name of a file or of a folder with a stored log, a share link or the
    name of a file that has one, "-" for the standard input; None: a link, by the environment.

    Raises `BadNotebookFile`, what a store says (`StoreHeld`, `StoreDamaged`), `BadLink`, and
    `Refused` where a relay wants nothing of us.
    """
    async with _opening(given) as found:
        yield found


def _opening(given: str | None) -> AbstractAsyncContextManager[Source]:
    if given is None or "#join/" in given or given.startswith("join/"):
        return _shared(read_link(given))
    if given != "-" and Path(given).is_dir():
        path = Path(given) / FILE
        if not path.is_file():
            raise BadNotebookFile(f"{given}: a folder with a {FILE} expected, there is none.")
        return _stored(path)
    data = read_bytes(given)
    if data.startswith(_STORED):
        return _stored(Path(given))
    if not given.lower().endswith(ENDINGS) and _LINK.match(data):
        return _shared(read_link(given))
    return _file(data, given)


def read_bytes(name: str) -> bytes:
    """What a file has; "-": the standard input. Raises `BadNotebookFile`."""
    try:
        return sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
    except OSError as why:
        raise BadNotebookFile(f"{name} cannot be read: {why.strerror}") from None


async def put(store: Store, data: bytes, given: str) -> tuple[str, ...]:
    """Put what a file has into an empty store, which is closed then; what people should know.

    Raises `BadNotebookFile`, before anything is written.
    """
    name = "Standard input" if given == "-" else given
    if not data.startswith(_STORED) and logfile.is_log(data):
        found = logfile.read(data, name)
        try:
            await store.open()
            await store.commit(Batch(confirmed=found.rows, blobs=found.blobs), "strict")
        finally:
            await store.close()
        left_out = f"{name}: {found.left_out} records are damaged, and left out."
        return (left_out,) if found.left_out else ()
    if data.startswith(_STORED):
        raise BadNotebookFile(f"{name}: {', '.join(ENDINGS)} expected, a stored log came.")
    is_script = given.lower().endswith(".py") or (given == "-" and not _is_json(data))
    imported = reading.read(data, name) if is_script else ipynb.read(data, name)
    async with local_notebook(store, imported, "foldbook import"):
        pass
    return imported.notes


def _is_json(data: bytes) -> bool:
    return data.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in (b"{", b"[", b"")


@asynccontextmanager
async def _file(data: bytes, given: str) -> AsyncIterator[Source]:
    store = MemoryStore()
    notes = await put(store, data, given)
    yield _source(store, store.load(whole=True), given, notes)


@asynccontextmanager
async def _stored(path: Path) -> AsyncIterator[Source]:
    store = SqliteStore(path)
    try:
        loaded = await store.open(whole=True)
        if loaded.damaged:
            first = loaded.damaged[0]
            raise StoreDamaged(f"{path} is damaged ({first.where}: {first.reason})", str(path))
        if not loaded.rows:
            raise BadNotebookFile(f"{path}: a stored log expected, there is no row in it.")
        yield _source(store, loaded, str(path), ())
    finally:
        await store.close()


def _source(store: Store, loaded: Loaded, place: str, notes: tuple[str, ...]) -> Source:
    """That of a store which is open. Own rows that no authority has numbered count too."""
    if HISTORY in loaded.meta:
        raise BadNotebookFile(f"{place}: the beginning of its log has not arrived; join it once.")
    confirmed = Notebook()
    for row in loaded.rows:
        fold(confirmed, row)
    log = Log(confirmed)
    for row in loaded.pending:
        log.append(row)
    if loaded.pending:
        notes = (*notes, f"{len(loaded.pending)} events are not confirmed; a raw log lacks them.")

    async def rows() -> list[Row]:
        return loaded.rows

    return Source(log.view.name, log.view, store.blob, rows, notes)


@asynccontextmanager
async def _shared(link: ShareLink) -> AsyncIterator[Source]:
    secret = program_secret(person_secret(data_folder()), _NAME)
    async with opened(link, None, secret) as held:
        try:
            async with asyncio.timeout(PATIENCE):
                await held.current()
        except TimeoutError:
            raise Refused("offline", held.trouble or "the relay does not answer") from None
        notebook = held.peer.notebook.fork()
        yield Source(notebook.name, notebook, _fetching(held), _reading(held))


def _fetching(held: Held) -> Callable[[str], Awaitable[bytes | None]]:
    async def blob(digest: str) -> bytes | None:
        try:
            return await held.peer.get_blob(digest)
        except Refused:
            return None  # it is told as what is left out

    return blob


def _reading(held: Held) -> Callable[[], Awaitable[list[Row]]]:
    async def rows() -> list[Row]:
        await held.relaying.checked.wait()  # until then the oldest ones are still coming
        await held.kept()
        return await held.saver.rows(0, _MANY)

    return rows
