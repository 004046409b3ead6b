"""The store in one SQLite file: write-ahead log, synced at every commit, one thread that writes.

Rows are kept encoded; beside them stands what is looked for: the session, its number, and the
digest that tells two rows under one number apart. A second thread reads meanwhile, and sees
what has been committed.
"""

import asyncio
import sqlite3
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final, TypeVar

import msgpack
from foldbook.access import Change, Grant, Link
from foldbook.errors import FoldbookError
from foldbook.ledger import Refusal, SessionRecord
from foldbook.ring import fitting
from foldbook.row import Role, Row, digest, from_list, to_list
from foldbook.wire import BATCH_ROWS, size_of

from sync_relay.store import MARKS, LoadedRoom, RoomInfo, StoreFailed, Write

T = TypeVar("T")

_VERSION: Final = 1
_SCHEMA: Final = """
CREATE TABLE rooms (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, epoch TEXT NOT NULL, base INTEGER NOT NULL,
    key_id TEXT NOT NULL, verify TEXT NOT NULL, created INTEGER NOT NULL, open INTEGER NOT NULL,
    session TEXT NOT NULL DEFAULT '', n INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE rows (
    room INTEGER NOT NULL, seq INTEGER NOT NULL, session TEXT NOT NULL, n INTEGER NOT NULL,
    seen INTEGER NOT NULL, digest BLOB NOT NULL, row BLOB NOT NULL
);
CREATE UNIQUE INDEX rows_seq ON rows (room, seq);
CREATE UNIQUE INDEX rows_n ON rows (room, session, n);
CREATE TABLE refusals (
    room INTEGER NOT NULL, session TEXT NOT NULL, n INTEGER NOT NULL, digest BLOB NOT NULL,
    code TEXT NOT NULL, reason TEXT NOT NULL, PRIMARY KEY (room, session, n)
) WITHOUT ROWID;
CREATE TABLE links (
    room INTEGER NOT NULL, id TEXT NOT NULL, role TEXT NOT NULL, token_hash TEXT NOT NULL,
    created INTEGER NOT NULL, expires INTEGER, revoked INTEGER NOT NULL, used INTEGER NOT NULL,
    PRIMARY KEY (room, id)
) WITHOUT ROWID;
CREATE TABLE grants (
    room INTEGER NOT NULL, actor TEXT NOT NULL, role TEXT NOT NULL, link TEXT NOT NULL,
    removed INTEGER NOT NULL, PRIMARY KEY (room, actor)
) WITHOUT ROWID;
"""
_INFO: Final = "SELECT id, name, epoch, base, key_id, verify, created, open FROM rooms"


class SqliteStore:
    """See `sync_relay.store.RelayStore`. path: the file; its folder must be there."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._alone: sqlite3.Connection | None = None

    async def open(self) -> None:
        """See `RelayStore`."""
        self._threads = [ThreadPoolExecutor(1, f"relay-{name}") for name in ("writes", "reads")]
        self._connections: list[sqlite3.Connection] = []
        try:
            self._alone = await _on(self._threads[0], self._claim)
            for threads in self._threads:
                self._connections.append(await _on(threads, self._connect))
            await self._write(_migrate)
        except StoreFailed:
            await self.close()
            raise

    async def close(self) -> None:
        """See `RelayStore`."""
        for threads, connection in zip(self._threads, self._connections, strict=False):
            await _on(threads, connection.close)
        for threads in self._threads:
            threads.shutdown()
        if self._alone is not None:
            self._alone.close()
            self._alone = None

    async def create(self, info: RoomInfo, owner: Link) -> bool:
        """See `RelayStore`."""

        def work(db: sqlite3.Connection) -> bool:
            values = (
                info.name, info.epoch, info.base, info.key_id, info.verify, info.created, info.open
            )  # fmt: skip
            if _room(db, info.name) is not None:
                return False
            made = db.execute(
                "INSERT INTO rooms (name, epoch, base, key_id, verify, created, open)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                values,
            )
            _write_access(db, made.lastrowid or 0, [owner])
            return True

        return await self._write(work)

    async def info(self, room: str) -> RoomInfo | None:
        """See `RelayStore`."""
        found = await self._read(lambda db: _room(db, room))
        return found[1] if found else None

    async def set_open(self, room: str, base: int, session: str = "", n: int = 0) -> None:
        """See `RelayStore`."""
        values = "SET open = 1, base = ?, session = ?, n = ?"
        await self._write(
            lambda db: db.execute(f"UPDATE rooms {values} WHERE name = ?", (base, session, n, room))
        )

    async def drafts(self, before: int) -> list[str]:
        """See `RelayStore`."""
        query = "SELECT name FROM rooms WHERE open = 0 AND created < ?"
        found = await self._read(lambda db: db.execute(query, (before,)).fetchall())
        return [name for (name,) in found]

    async def delete(self, room: str) -> None:
        """See `RelayStore`."""

        def work(db: sqlite3.Connection) -> None:
            found = _room(db, room)
            if found is None:
                return
            for table in ("rows", "refusals", "links", "grants"):
                db.execute(f"DELETE FROM {table} WHERE room = ?", (found[0],))
            db.execute("DELETE FROM rooms WHERE id = ?", (found[0],))

        await self._write(work)

    async def load(self, room: str, keep: tuple[int, int]) -> LoadedRoom | None:
        """See `RelayStore`."""

        def work(db: sqlite3.Connection) -> LoadedRoom | None:
            found = _room(db, room)
            if found is None:
                return None
            number, info = found
            rows = _newest(db, number, keep)
            head = rows[-1].seq if rows else info.base
            return LoadedRoom(info, head, rows, tuple(_read_access(db, number)))

        return await self._read(work)

    async def commit(self, writes: list[Write]) -> None:
        """See `RelayStore`."""

        def work(db: sqlite3.Connection) -> None:
            numbers: dict[str, int] = {}
            for write in writes:
                if write.room not in numbers:
                    numbers[write.room] = _number(db, write.room)
                _write_one(db, numbers[write.room], write)

        await self._write(work)

    async def session(self, room: str, session: str, first: int) -> SessionRecord:
        """See `RelayStore`."""
        return await self._read(lambda db: _record(db, _number(db, room), session, first))

    async def rows(self, room: str, after: int) -> tuple[Row, ...]:
        """See `RelayStore`."""
        query = "SELECT row FROM rows WHERE room = ? AND seq > ? ORDER BY seq LIMIT ?"

        def work(db: sqlite3.Connection) -> tuple[Row, ...]:
            found = db.execute(query, (_number(db, room), after, BATCH_ROWS))
            return fitting(_decoded(row) for (row,) in found)

        return await self._read(work)

    def _claim(self) -> sqlite3.Connection:
        """Two relays on the same data would number the same rows: only one gets this lock."""
        lock = self._path.with_name(self._path.name + ".lock")
        db = sqlite3.connect(lock, isolation_level=None, check_same_thread=False, timeout=0)
        try:
            db.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as why:
            raise StoreFailed(f"another relay works on {self._path}: {why}") from None
        return db

    def _connect(self) -> sqlite3.Connection:
        db = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False, timeout=30)
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")
        db.execute("PRAGMA journal_size_limit = 67108864")
        return db

    async def _write(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Do something in a transaction, in the thread that writes."""
        db = self._connections[0]

        def transaction() -> T:
            db.execute("BEGIN IMMEDIATE")
            try:
                result = work(db)
                db.execute("COMMIT")
            except BaseException:
                if db.in_transaction:
                    db.execute("ROLLBACK")
                raise
            return result

        return await _on(self._threads[0], transaction)

    async def _read(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Do something in the thread that reads, on one state of the data."""
        db = self._connections[1]

        def transaction() -> T:
            db.execute("BEGIN")
            try:
                return work(db)
            finally:
                db.execute("COMMIT")

        return await _on(self._threads[1], transaction)


async def _on(threads: ThreadPoolExecutor, work: Callable[[], T]) -> T:
    try:
        return await asyncio.get_running_loop().run_in_executor(threads, work)
    except (sqlite3.Error, OSError, ValueError, FoldbookError) as why:
        raise StoreFailed(f"{type(why).__name__}: {why}") from why


def _migrate(db: sqlite3.Connection) -> None:
    (version,) = db.execute("PRAGMA user_version").fetchone()
    if version == _VERSION:
        return
    if version:
        raise StoreFailed(f"data of version {_VERSION} expected, version {version} found")
    for statement in _SCHEMA.split(";"):
        db.execute(statement)
    db.execute(f"PRAGMA user_version = {_VERSION}")


def _room(db: sqlite3.Connection, name: str) -> tuple[int, RoomInfo] | None:
    found = db.execute(f"{_INFO} WHERE name = ?", (name,)).fetchone()
    if found is None:
        return None
    number, name, epoch, base, key_id, verify, created, is_open = found
    return number, RoomInfo(name, epoch, base, key_id, verify, created, bool(is_open))


def _number(db: sqlite3.Connection, name: str) -> int:
    found = db.execute("SELECT id FROM rooms WHERE name = ?", (name,)).fetchone()
    if found is None:
        raise StoreFailed(f"there is no room {name}")
    number: int = found[0]
    return number


def _newest(db: sqlite3.Connection, number: int, keep: tuple[int, int]) -> tuple[Row, ...]:
    most, size = keep
    query = "SELECT row FROM rows WHERE room = ? ORDER BY seq DESC LIMIT ?"
    rows: list[Row] = []
    for (row,) in db.execute(query, (number, most)):
        found = _decoded(row)
        size -= size_of(found)
        if rows and size < 0:
            break
        rows.append(found)
    return tuple(reversed(rows))


def _decoded(row: bytes) -> Row:
    return from_list(msgpack.unpackb(row, raw=False))


def _write_one(db: sqlite3.Connection, number: int, write: Write) -> None:
    db.executemany(
        "INSERT INTO rows VALUES (?, ?, ?, ?, ?, ?, ?)",
        [
            (
                number, row.seq, row.session, row.n, row.seen, digest(row),
                msgpack.packb(to_list(row), use_bin_type=True),
            )
            for row in write.rows
        ],
    )  # fmt: skip
    db.executemany(
        "INSERT INTO refusals VALUES (?, ?, ?, ?, ?, ?)",
        [
            (number, each.session, each.n, each.digest, each.code, each.reason)
            for each in write.refusals
        ],
    )
    _write_access(db, number, write.access)


def _write_access(db: sqlite3.Connection, number: int, changes: Iterable[Change]) -> None:
    for each in changes:
        values: tuple[Any, ...]
        if isinstance(each, Link):
            values = (
                number, each.id, each.role.value, each.token_hash, each.created, each.expires,
                each.revoked, each.used,
            )  # fmt: skip
            db.execute("INSERT OR REPLACE INTO links VALUES (?, ?, ?, ?, ?, ?, ?, ?)", values)
        else:
            values = (number, each.actor, each.role.value, each.link, each.removed)
            db.execute("INSERT OR REPLACE INTO grants VALUES (?, ?, ?, ?, ?)", values)


def _read_access(db: sqlite3.Connection, number: int) -> Iterable[Change]:
    links = "SELECT id, role, token_hash, created, expires, revoked, used FROM links"
    for name, role, mark, created, expires, revoked, used in db.execute(
        f"{links} WHERE room = ?", (number,)
    ):
        yield Link(name, Role(role), mark, created, expires, bool(revoked), used)
    grants = "SELECT actor, role, link, removed FROM grants WHERE room = ?"
    for actor, role, link, removed in db.execute(grants, (number,)):
        yield Grant(actor, Role(role), link, bool(removed))


def _record(db: sqlite3.Connection, number: int, session: str, first: int) -> SessionRecord:
    where = "WHERE room = ? AND session = ?"
    newest = f"SELECT n, seen FROM rows {where} ORDER BY n DESC LIMIT 1"
    n, seen = db.execute(newest, (number, session)).fetchone() or (0, 0)
    (refused,) = db.execute(f"SELECT max(n) FROM refusals {where}", (number, session)).fetchone()
    begun = "SELECT n FROM rooms WHERE id = ? AND session = ?"
    (before,) = db.execute(begun, (number, session)).fetchone() or (0,)
    n = max(n, refused or 0, before)
    first = max(first, n - MARKS + 1, 1) if first else n + 1
    range_ = (number, session, first)
    marks = db.execute(f"SELECT n, seq, digest FROM rows {where} AND n >= ?", range_)
    nacks = db.execute(
        f"SELECT n, digest, code, reason FROM refusals {where} AND n >= ? ORDER BY n", range_
    )
    return SessionRecord(
        session,
        n,
        seen,
        first,
        {number_: (seq, mark) for number_, seq, mark in marks},
        tuple(Refusal(session, *each) for each in nacks),
    )
