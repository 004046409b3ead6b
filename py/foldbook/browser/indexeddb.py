"""A store in the browser's IndexedDB. The layout, and the transactions, stand in ``site/db.js``.

Whatever cannot be read is reported as damaged and left where it is; while anything is, nothing
is written any more (`foldbook.errors.StoreDamaged`).
"""

from collections.abc import Mapping
from typing import Any, Final

import msgpack
from pyodide.ffi import JsException, to_js

from foldbook.errors import BadRow, FoldbookError, StoreDamaged, StoreFull
from foldbook.row import Row, decode_segment, encode_segment, from_list, to_list
from foldbook.segments import Plan, Reading, Tail
from foldbook.store import HISTORY, Batch, Damage, Durability, Folded, Loaded, MetaValue, RefusedRow

_STORES: Final = ("pending", "refused", "meta", "views", "view")
_RECORDS: Final = 64  # of rows, read at once where somebody wants rows from long ago
_ALL: Final = 2**31 - 1
_SAVED, _SNAPSHOT, _SNAPSHOT_SEQ = "saved", "snapshot", "snapshot_seq"  # keys in "view"


class StoreFailed(FoldbookError):
    """The browser's database does not work; ``kind`` as in ``site/db.js``."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


class IndexedDBStore:
    """Keeps the notebook ``notebook_id``. ``db`` is the JavaScript module ``db.js``."""

    def __init__(self, notebook_id: str, db: Any) -> None:
        self.id = notebook_id
        self._js = db
        self._database: Any = None
        self._tail = Tail()
        self._damaged = False

    async def open(self, *, whole: bool = False) -> Loaded:
        """See `foldbook.store.Store`. Raises `StoreFailed`."""
        try:
            if self._database is None:
                self._database = await self._js.openNotebookDatabase(self.id)
            found = await self._js.readAll(self._database, to_js(_STORES))
        except JsException as why:
            raise _translate(why) from None
        loaded = _read({name: _pairs(table) for name, table in zip(_STORES, found, strict=True)})
        if whole:
            loaded.snapshot = None
        reading = await self._read(loaded.start, _ALL, lacking=HISTORY in loaded.meta)
        reading.end()
        loaded.rows, self._tail = reading.rows, reading.tail
        loaded.damaged = reading.damaged + loaded.damaged
        self._damaged = bool(loaded.damaged)
        return loaded

    async def rows(self, after: int, limit: int) -> list[Row]:
        """See `foldbook.store.Store`. Raises `StoreFailed`, too."""
        rows: list[Row] = []
        while len(rows) < limit:
            reading = await self._read(after + len(rows), _RECORDS)
            if reading.damaged:
                damage = reading.damaged[0]
                raise StoreDamaged(damage.reason, damage.where)
            if not reading.rows:
                break
            rows += reading.rows
        return rows[:limit]

    async def commit(self, batch: Batch, durability: Durability) -> None:
        """See `foldbook.store.Store`."""
        if self._damaged:
            raise StoreDamaged("a damaged notebook is not written to", self.id)
        rewritten = {row.seq: row for row in batch.rewritten}
        records = [] if not rewritten else await self._rewritten(rewritten)
        tail = self._tail.rewritten(rewritten)
        plan = tail.plan(batch.confirmed) if batch.confirmed else None
        await self._write([*records, *_changes(batch, plan)], durability)
        self._tail = tail
        if plan:
            self._tail.done(plan)

    async def blob(self, digest: str) -> bytes | None:
        """See `foldbook.store.Store`."""
        try:
            found = await self._js.read(self._database, "blobs", digest)
        except JsException as why:
            raise _translate(why) from None
        return _bytes(found)

    async def close(self) -> None:
        """See `foldbook.store.Store`."""
        if self._database is not None:
            self._database.close()
            self._database = None

    async def _read(self, after: int, records: int, *, lacking: bool = False) -> Reading:
        """So many records, from the one with the row after ``after`` on."""
        try:
            found = await self._js.readFrom(self._database, "rows", after + 1, records)
        except JsException as why:
            raise _translate(why) from None
        reading = Reading(after, lacking)
        for key, value in _pairs(found):
            reading.take(key, _record(value))
        return reading

    async def _rewritten(self, rows: Mapping[int, Row]) -> list[tuple[Any, ...]]:
        """Changes that put these rows, by seq, in place of those that their records have."""
        changes: list[tuple[Any, ...]] = []
        wanted, reached = sorted(rows), 0
        for seq in wanted:
            if seq <= reached:
                continue
            try:
                found = await self._js.readFrom(self._database, "rows", seq, 1)
            except JsException as why:
                raise _translate(why) from None
            [(key, value)] = _pairs(found)
            old = decode_segment(_record(value))
            reached = old[-1].seq
            changes.append(("rows", key, encode_segment([rows.get(row.seq, row) for row in old])))
        return changes

    async def _write(self, changes: list[tuple[Any, ...]], durability: Durability) -> None:
        # One call that puts in all requests: the transaction would end at an await between them.
        try:
            await self._js.write(self._database, to_js(changes), durability)
        except JsException as why:
            raise _translate(why) from None


def _read(tables: dict[str, list[tuple[Any, Any]]]) -> Loaded:
    """All but the rows."""
    loaded = Loaded()
    for key, value in tables["pending"]:
        _read_pending(loaded, ",".join(map(str, key)), _record(value))
    for key, value in tables["refused"]:
        _read_refused(loaded, str(key), _record(value))
    loaded.pending.sort(key=lambda row: (row.session, row.n))
    loaded.meta = {str(key): _meta(value) for key, value in tables["meta"]}
    loaded.views = {str(key): int(value) for key, value in tables["views"]}
    kept = dict(tables["view"])
    saved, seq, data = kept.get(_SAVED), kept.get(_SNAPSHOT_SEQ), _bytes(kept.get(_SNAPSHOT))
    loaded.saved_view = saved.encode() if isinstance(saved, str) else None
    loaded.snapshot = Folded(seq, data) if isinstance(seq, int) and seq and data else None
    return loaded


def _pairs(table: Any) -> list[tuple[Any, Any]]:
    return list(zip(table.keys, table.values, strict=True))


def _changes(batch: Batch, plan: Plan | None) -> list[tuple[Any, ...]]:
    """What ``db.write`` is to do, drops before adds."""
    changes: list[tuple[Any, ...]] = []
    if plan:
        changes += [("rows", key) for key in plan.replaced]
        changes.append(("rows", plan.first, plan.record))
    if batch.earlier:
        changes.append(("rows", batch.earlier[0].seq, encode_segment(batch.earlier)))
    changes += [("pending", list(key)) for key in batch.pending_dropped]
    changes += [
        ("pending", [row.session, row.n], encode_segment([row])) for row in batch.pending_added
    ]
    changes += [("refused", key) for key in batch.refused_dropped]
    changes += [("refused", each.key, _pack_refused(each)) for each in batch.refused_added]
    changes += [
        ("meta", name) if value is None else ("meta", name, value)
        for name, value in batch.meta.items()
    ]
    changes += [
        ("views", view) if k is None else ("views", view, k) for view, k in batch.views.items()
    ]
    changes += [("blobs", digest) for digest in batch.blobs_dropped]
    changes += [("blobs", digest, data) for digest, data in batch.blobs.items()]
    if batch.saved_view is not None:
        changes.append(("view", _SAVED, batch.saved_view.decode()))
    if batch.snapshot is not None:
        changes.append(("view", _SNAPSHOT, batch.snapshot.data))
        changes.append(("view", _SNAPSHOT_SEQ, batch.snapshot.seq))
    return changes


def _pack_refused(each: RefusedRow) -> bytes:
    packed: bytes = msgpack.packb([to_list(each.row), each.reason])
    return packed


def _unpack_refused(record: bytes) -> RefusedRow:
    values = msgpack.unpackb(record)
    if not isinstance(values, list) or len(values) != 2:
        raise BadRow("a refused row is a list of the row and a reason")
    return RefusedRow(from_list(values[0]), str(values[1]))


def _read_pending(loaded: Loaded, key: str, record: bytes) -> None:
    try:
        loaded.pending += decode_segment(record)
    except BadRow as why:
        loaded.damaged.append(Damage(f"pending/{key}", str(why), record))


def _read_refused(loaded: Loaded, key: str, record: bytes) -> None:
    try:
        loaded.refused.append(_unpack_refused(record))
    except (BadRow, ValueError) as why:
        loaded.damaged.append(Damage(f"refused/{key}", str(why), record))


def _bytes(value: Any) -> bytes | None:
    """The bytes of a Uint8Array or an ArrayBuffer; None for anything else."""
    return value.to_bytes() if hasattr(value, "to_bytes") and not isinstance(value, int) else None


def _record(value: Any) -> bytes:
    found = _bytes(value)
    return b"" if found is None else found


def _meta(value: Any) -> MetaValue:
    found = _bytes(value)
    if found is not None:
        return found
    return value if isinstance(value, (str, int)) else str(value)


def _translate(why: JsException) -> FoldbookError:
    """The error of ``db.js`` as one of ours."""
    kind = str(getattr(why, "kind", "failed"))
    message = str(getattr(why, "message", why))
    return StoreFull(message) if kind == "full" else StoreFailed(kind, message)
