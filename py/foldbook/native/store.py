"""A notebook in one SQLite file: write-ahead log, one thread, one process at a time.

Every record of a row has a checksum. Whatever cannot be read is reported as damaged and left
where it is; while anything is, nothing is written any more (`foldbook.errors.StoreDamaged`).
"""

import asyncio
import os
import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

import msgpack

from foldbook.errors import BadRow, FoldbookError, StoreDamaged, StoreFull, StoreHeld
from foldbook.row import Row, check_dense, decode_segment, encode_segment, from_list, to_list
from foldbook.store import HISTORY, Batch, Damage, Durability, Folded, Loaded, RefusedRow

T = TypeVar("T")

VERSION: Final = 1
"""Of the layout of the file."""

_SCHEMA: Final = """
CREATE TABLE rows (seq INTEGER PRIMARY KEY, record BLOB NOT NULL);
CREATE TABLE pending (session TEXT, n INTEGER, record BLOB NOT NULL, PRIMARY KEY (session, n))
    WITHOUT ROWID;
CREATE TABLE refused (key TEXT PRIMARY KEY, record BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE meta (name TEXT PRIMARY KEY, value NOT NULL) WITHOUT ROWID;
CREATE TABLE views (view TEXT PRIMARY KEY, k INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE kept (name TEXT PRIMARY KEY, seq INTEGER NOT NULL, data BLOB NOT NULL);
CREATE TABLE blobs (digest TEXT PRIMARY KEY, data BLOB NOT NULL);
"""
_SNAPSHOT, _VIEW = "snapshot", "view"  # names in "kept"


class StoreFailed(FoldbookError):
    """The file cannot be opened, read or written; the message names it, and what the system says.

    What was to be written may be tried again.
    """


@dataclass(slots=True)
class _Files:
    """What is open: the data, and the lock that keeps other processes out."""

    lock: sqlite3.Connection
    db: sqlite3.Connection | None = None

    def close(self) -> None:
        if self.db is not None:
            self.db.close()
        self.lock.close()


class SqliteStore:
    """A `foldbook.store.Store` in the file ``path``, whose folder must be there. It is readable
    for its user only, as secrets stand in it.

    limit: the room that it has, in bytes; None: what the disk has.
    """

    def __init__(self, path: Path, limit: int | None = None) -> None:
        self._path = path
        self._limit = limit
        self._thread: ThreadPoolExecutor | None = None
        self._files: _Files | None = None
        self._damaged = False

    async def open(self, *, whole: bool = False) -> Loaded:
        """See `foldbook.store.Store`. Raises `StoreHeld` where another process has it open, and
        `StoreFailed`.
        """
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, "notebook")
        try:
            loaded = await self._do(lambda: self._open(whole))
        except BaseException:
            await self.close()
            raise
        self._damaged = bool(loaded.damaged)
        return loaded

    async def rows(self, after: int, limit: int) -> list[Row]:
        """See `foldbook.store.Store`; so for the following ones. Raises `StoreFailed`, too."""
        query = "SELECT seq, record FROM rows WHERE seq > ? ORDER BY seq LIMIT ?"

        def work() -> list[Row]:
            found = self._db.execute(query, (after, limit)).fetchall()
            try:
                rows = [_row(seq, record) for seq, record in found]
                check_dense(rows, after)
            except BadRow as why:
                raise StoreDamaged(str(why), f"{self._path}: rows after {after}") from None
            return rows

        return await self._do(work)

    async def commit(self, batch: Batch, durability: Durability) -> None:
        """Write a batch. Raises `StoreFull`, `StoreDamaged`, `StoreFailed`."""
        if self._damaged:
            raise StoreDamaged("a damaged notebook is not written to", str(self._path))

        def work() -> None:
            db = self._db
            db.execute(f"PRAGMA synchronous = {'FULL' if durability == 'strict' else 'NORMAL'}")
            db.execute("BEGIN IMMEDIATE")
            try:
                _write(db, batch)
                db.execute("COMMIT")
            except BaseException:
                if db.in_transaction:
                    db.execute("ROLLBACK")
                raise

        await self._do(work)

    async def blob(self, digest: str) -> bytes | None:
        """The bytes with this SHA-256 (hex), or None."""
        query = "SELECT data FROM blobs WHERE digest = ?"

        def work() -> bytes | None:
            found = self._db.execute(query, (digest,)).fetchone()
            return None if found is None else bytes(found[0])

        return await self._do(work)

    async def close(self) -> None:
        """End, after what is being written."""
        thread, self._thread = self._thread, None
        if thread is None:
            return
        files, self._files = self._files, None
        try:
            if files is not None:
                await asyncio.get_running_loop().run_in_executor(thread, files.close)
        finally:
            thread.shutdown()

    @property
    def _db(self) -> sqlite3.Connection:
        if self._files is None or self._files.db is None:
            raise StoreDamaged("this file is no notebook", str(self._path))
        return self._files.db

    async def _do(self, work: Callable[[], T]) -> T:
        """Do something in the store's thread; the system's errors become ours."""
        if self._thread is None:
            raise StoreFailed(f"{self._path} is not open")
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, work)
        except sqlite3.Error as why:
            raise self._translated(why) from why
        except OSError as why:
            raise StoreFailed(f"{self._path}: {why.strerror or why}") from why

    def _translated(self, why: sqlite3.Error) -> FoldbookError:
        code = getattr(why, "sqlite_errorcode", 0) & 0xFF
        if code == sqlite3.SQLITE_FULL:
            return StoreFull(f"the disk has no room for {self._path}")
        if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
            self._damaged = True
            return StoreDamaged(f"{self._path} is damaged: {why}", str(self._path))
        return StoreFailed(f"{self._path}: {why}")

    # In the thread

    def _open(self, whole: bool) -> Loaded:
        try:
            if self._files is None:
                self._files = _Files(self._hold())
                self._files.db = self._connect()
            if self._files.db is not None:
                return _read(self._files.db, whole)
        except sqlite3.DatabaseError as why:
            told = self._translated(why)
            if not isinstance(told, StoreDamaged):
                raise
        return Loaded(damaged=[Damage(str(self._path), "this file is no notebook, or damaged")])

    def _hold(self) -> sqlite3.Connection:
        """Two processes would give the same numbers twice: only one gets this lock."""
        lock = self._path.with_name(self._path.name + ".lock")
        _make_private(lock)
        db = sqlite3.connect(lock, isolation_level=None, check_same_thread=False, timeout=0)
        try:
            db.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as why:
            db.close()
            if why.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY:
                raise StoreHeld(f"another process works on {self._path}") from None
            raise
        return db

    def _connect(self) -> sqlite3.Connection | None:
        """The data; None where it is something else, which is left alone."""
        _make_private(self._path)
        db = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False, timeout=30)
        try:
            is_new = self._is_new(db)
            db.execute("PRAGMA journal_mode = WAL")
            db.execute("PRAGMA journal_size_limit = 16777216")
            if self._limit is not None:
                (page,) = db.execute("PRAGMA page_size").fetchone()
                db.execute(f"PRAGMA max_page_count = {max(1, self._limit // page)}")
            if is_new:
                db.executescript(f"BEGIN; {_SCHEMA} PRAGMA user_version = {VERSION}; COMMIT;")
        except BaseException:
            db.close()
            raise
        return db

    def _is_new(self, db: sqlite3.Connection) -> bool:
        """Whether the file is empty. Raises `StoreFailed` for one that is not ours to write."""
        (version,) = db.execute("PRAGMA user_version").fetchone()
        (tables,) = db.execute("SELECT count(*) FROM sqlite_master").fetchone()
        if version not in (0, VERSION) or (version == 0 and tables):
            raise StoreFailed(
                f"{self._path}: a notebook of version {VERSION} expected, version {version} found"
            )
        return bool(version == 0)


def _make_private(path: Path) -> None:
    """Have the file, for its user only; what SQLite puts beside it has the same mode."""
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    path.chmod(0o600)


def _row(seq: int, record: bytes) -> Row:
    """Raises `BadRow`."""
    rows = decode_segment(record)
    if [row.seq for row in rows] != [seq]:
        raise BadRow(f"a record of row {seq} expected, another one came")
    return rows[0]


def _read(db: sqlite3.Connection, whole: bool) -> Loaded:
    loaded = Loaded()
    pick = _Pick(db, loaded.damaged)
    for name, value in pick("SELECT name, value FROM meta"):
        loaded.meta[name] = value
    for view, k in pick("SELECT view, k FROM views"):
        loaded.views[view] = k
    for session, n, record in pick("SELECT session, n, record FROM pending ORDER BY session, n"):
        with pick.judging(f"pending/{session},{n}", record):
            loaded.pending += decode_segment(record)
    for key, record in pick("SELECT key, record FROM refused"):
        with pick.judging(f"refused/{key}", record):
            loaded.refused.append(_unpack_refused(record))
    for name, seq, data in pick("SELECT name, seq, data FROM kept"):
        if name == _VIEW:
            loaded.saved_view = data
        elif seq and not whole:
            loaded.snapshot = Folded(seq, data)
    _read_rows(pick, loaded, lacking=HISTORY in loaded.meta)
    return loaded


def _read_rows(pick: "_Pick", loaded: Loaded, *, lacking: bool) -> None:
    """The rows that the snapshot has not folded. lacking: some before it may be missing."""
    last = loaded.start
    if last and not lacking:
        (top,) = next(pick("SELECT max(seq) FROM rows"), (None,))
        if (top or 0) < last:
            reason = f"the rows {(top or 0) + 1} to {last} are missing"
            loaded.damaged.append(Damage("rows", reason))
    query = f"SELECT seq, record FROM rows WHERE seq > {last} ORDER BY seq"
    for seq, record in pick(query):
        if seq != last + 1 and not (lacking and not loaded.rows and not loaded.snapshot):
            reason = f"the rows {last + 1} to {seq - 1} are missing"
            loaded.damaged.append(Damage(f"rows/{seq}", reason))
        last = seq
        with pick.judging(f"rows/{seq}", record):
            loaded.rows.append(_row(seq, record))


class _Pick:
    """Reads tables as far as they can be read."""

    def __init__(self, db: sqlite3.Connection, damaged: list[Damage]) -> None:
        self._db = db
        self._damaged = damaged

    def __call__(self, query: str) -> Iterator[Any]:
        try:
            yield from self._db.execute(query)
        except sqlite3.DatabaseError as why:
            if why.sqlite_errorcode & 0xFF != sqlite3.SQLITE_CORRUPT:
                raise
            self._damaged.append(Damage(query.split(" FROM ")[1].split()[0], str(why)))

    @contextmanager
    def judging(self, where: str, record: bytes) -> Iterator[None]:
        """While a record is read: what is wrong with it is damage, and no error."""
        try:
            yield
        except (BadRow, ValueError) as why:
            self._damaged.append(Damage(where, str(why), record))


def _unpack_refused(record: bytes) -> RefusedRow:
    values = msgpack.unpackb(record)
    if not isinstance(values, list) or len(values) != 2:
        raise BadRow("a refused row is a list of the row and a reason")
    return RefusedRow(from_list(values[0]), str(values[1]))


def _write(db: sqlite3.Connection, batch: Batch) -> None:
    """Drops come before adds."""
    records = [(row.seq, encode_segment([row])) for row in (*batch.confirmed, *batch.earlier)]
    db.executemany("INSERT INTO rows VALUES (?, ?)", records)
    rewritten = [(encode_segment([row]), row.seq) for row in batch.rewritten]
    db.executemany("UPDATE rows SET record = ? WHERE seq = ?", rewritten)
    db.executemany("DELETE FROM pending WHERE session = ? AND n = ?", batch.pending_dropped)
    db.executemany(
        "INSERT OR REPLACE INTO pending VALUES (?, ?, ?)",
        [(row.session, row.n, encode_segment([row])) for row in batch.pending_added],
    )
    db.executemany("DELETE FROM refused WHERE key = ?", [(key,) for key in batch.refused_dropped])
    db.executemany(
        "INSERT OR REPLACE INTO refused VALUES (?, ?)",
        [
            (each.key, msgpack.packb([to_list(each.row), each.reason]))
            for each in batch.refused_added
        ],
    )
    for table, key, values in (("meta", "name", batch.meta), ("views", "view", batch.views)):
        gone = [(name,) for name, value in values.items() if value is None]
        db.executemany(f"DELETE FROM {table} WHERE {key} = ?", gone)
        there = [(name, value) for name, value in values.items() if value is not None]
        db.executemany(f"INSERT OR REPLACE INTO {table} VALUES (?, ?)", there)
    db.executemany("DELETE FROM blobs WHERE digest = ?", [(each,) for each in batch.blobs_dropped])
    db.executemany("INSERT OR REPLACE INTO blobs VALUES (?, ?)", list(batch.blobs.items()))
    if batch.saved_view is not None:
        db.execute("INSERT OR REPLACE INTO kept VALUES (?, 0, ?)", (_VIEW, batch.saved_view))
    if batch.snapshot is not None:
        kept = (_SNAPSHOT, batch.snapshot.seq, batch.snapshot.data)
        db.execute("INSERT OR REPLACE INTO kept VALUES (?, ?, ?)", kept)
