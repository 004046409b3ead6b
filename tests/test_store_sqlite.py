"""The store in an SQLite file: what every store must do, damage, a full disk, two processes."""

import asyncio
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from foldbook.errors import StoreDamaged, StoreFull, StoreHeld
from foldbook.native.store import SqliteStore, StoreFailed
from foldbook.row import encode_segment
from foldbook.saver import Saver
from foldbook.store import Batch, Folded, Loaded, RefusedRow
from rows import log, row
from store_acceptance import accept, accept_joined
from stories import story


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "notebook.sqlite"


def test_it_is_a_store(path: Path) -> None:
    asyncio.run(accept(lambda: SqliteStore(path)))


def test_it_takes_what_was_before_a_snapshot(path: Path) -> None:
    asyncio.run(accept_joined(lambda: SqliteStore(path)))


async def kept(path: Path, batch: Batch) -> None:
    """A file that has this."""
    store = SqliteStore(path)
    await store.open()
    await store.commit(batch, "strict")
    await store.close()


def put(path: Path, data: bytes) -> None:
    path.write_bytes(data)


def data_of(path: Path) -> bytes:
    return path.read_bytes()


async def reopened(path: Path) -> Loaded:
    store = SqliteStore(path)
    try:
        return await store.open()
    finally:
        await store.close()


@story
async def test_only_its_user_may_read_it(path: Path) -> None:
    store = SqliteStore(path)
    await store.open()
    await store.commit(Batch(meta={"session_secret": b"x"}), "strict")
    modes = {each.name: stat.S_IMODE(each.stat().st_mode) for each in path.parent.iterdir()}
    await store.close()
    assert "notebook.sqlite-wal" in modes
    assert set(modes.values()) == {0o600}


@story
async def test_two_processes_cannot_hold_it(path: Path) -> None:
    store = SqliteStore(path)
    await store.open()
    program = (
        "import asyncio, sys\n"
        "from pathlib import Path\n"
        "from foldbook.errors import StoreHeld\n"
        "from foldbook.native.store import SqliteStore\n"
        "try:\n    asyncio.run(SqliteStore(Path(sys.argv[1])).open())\n"
        "except StoreHeld as why:\n    print(why)\n"
    )

    def other() -> str:
        command = [sys.executable, "-c", program, str(path)]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    assert await asyncio.to_thread(other) == f"another process works on {path}\n"
    with pytest.raises(StoreHeld):
        await SqliteStore(path).open()
    await store.commit(Batch(confirmed=log(1)), "strict")
    await store.close()
    assert await asyncio.to_thread(other) == ""
    assert (await reopened(path)).rows == log(1)


@story
async def test_a_file_that_is_no_notebook_stays_as_it_is(path: Path) -> None:
    put(path, b"dear diary, " * 1000)
    store = SqliteStore(path)
    loaded = await store.open()
    assert [each.where for each in loaded.damaged] == [str(path)]
    with pytest.raises(StoreDamaged):
        await store.commit(Batch(confirmed=log(1)), "strict")
    await store.close()
    assert data_of(path) == b"dear diary, " * 1000


@story
async def test_another_program_s_database_stays_as_it_is(path: Path) -> None:
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE cats (name TEXT)")
    db.close()
    before = data_of(path)
    with pytest.raises(StoreFailed, match="a notebook of version 1 expected, version 0 found"):
        await SqliteStore(path).open()
    assert data_of(path) == before


@story
async def test_a_newer_version_s_file_stays_as_it_is(path: Path) -> None:
    await kept(path, Batch(confirmed=log(2)))
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version = 2")
    db.close()
    with pytest.raises(StoreFailed, match="version 1 expected, version 2 found"):
        await SqliteStore(path).open()


@pytest.mark.parametrize("table", ["rows", "pending", "refused"])
@story
async def test_a_changed_record_is_told_and_the_rest_is_there(path: Path, table: str) -> None:
    batch = Batch(
        confirmed=log(5),
        pending_added=[row(6), row(7)],
        refused_added=[RefusedRow(row(9), "no"), RefusedRow(row(10), "no")],
    )
    await kept(path, batch)
    with sqlite3.connect(path) as db:
        [(record,)] = db.execute(f"SELECT record FROM {table} LIMIT 1").fetchall()
        changed = record[:7] + b"\xc1\xc1" + record[9:]
        db.execute(f"UPDATE {table} SET record = ? WHERE record = ?", (changed, record))
    db.close()
    store = SqliteStore(path)
    loaded = await store.open()
    [damage] = loaded.damaged
    assert damage.where.startswith(f"{table}/")
    assert damage.record == changed
    counts = len(loaded.rows), len(loaded.pending), len(loaded.refused)
    whole = {"rows": (4, 2, 2), "pending": (5, 1, 2), "refused": (5, 2, 1)}
    assert counts == whole[table]
    with pytest.raises(StoreDamaged, match="a damaged notebook is not written to"):
        await store.commit(Batch(meta={"a": 1}), "strict")
    await store.close()


@story
async def test_missing_rows_are_told(path: Path) -> None:
    await kept(path, Batch(confirmed=log(9)))
    with sqlite3.connect(path) as db:
        db.execute("DELETE FROM rows WHERE seq BETWEEN 4 AND 6")
        db.execute("INSERT INTO rows VALUES (4, ?)", (encode_segment(log(9)[7:8]),))
    db.close()
    store = SqliteStore(path)
    loaded = await store.open()
    assert [each.seq for each in loaded.rows] == [1, 2, 3, 7, 8, 9]
    reasons = [each.reason for each in loaded.damaged]
    assert reasons == [
        "a record of row 4 expected, another one came", "the rows 5 to 6 are missing",
    ]  # fmt: skip
    with pytest.raises(StoreDamaged):
        await store.rows(2, 5)
    assert await store.rows(6, 5) == log(9)[6:]
    await store.close()


@story
async def test_rows_that_a_snapshot_stands_for_are_missed(path: Path) -> None:
    await kept(path, Batch(confirmed=log(9), snapshot=Folded(9, b"fold")))
    with sqlite3.connect(path) as db:
        db.execute("DELETE FROM rows WHERE seq > 6")
    db.close()
    [damage] = (await reopened(path)).damaged
    assert damage.reason == "the rows 7 to 9 are missing"


@story
async def test_damaged_pages_are_told_and_nothing_is_written(path: Path) -> None:
    large = [row(n, payload=b"x" * 3000).numbered(n, "a", row(1).role, 1) for n in range(1, 200)]
    await kept(path, Batch(confirmed=large, pending_added=[row(1, "t")]))
    data = bytearray(data_of(path))
    middle = len(data) // 8192 * 4096
    data[middle : middle + 4096] = b"\xff" * 4096
    put(path, bytes(data))
    store = SqliteStore(path)
    loaded = await store.open()
    assert loaded.damaged
    assert loaded.pending == [row(1, "t")]
    assert loaded.rows[:5] == large[:5]
    with pytest.raises(StoreDamaged):
        await store.commit(Batch(meta={"a": 1}), "strict")
    await store.close()
    assert data_of(path) == bytes(data)


@story
async def test_a_full_disk_loses_nothing(path: Path) -> None:
    store = SqliteStore(path, limit=200_000)
    await store.open()
    await store.commit(Batch(confirmed=log(1), meta={"a": 1}), "strict")
    large = Batch(confirmed=log(2)[1:], meta={"a": 2}, blobs={"0" * 64: b"x" * 300_000})
    with pytest.raises(StoreFull, match="the disk has no room for"):
        await store.commit(large, "strict")
    await store.close()
    loaded = await reopened(path)
    assert (loaded.rows, loaded.meta) == (log(1), {"a": 1})
    store = SqliteStore(path)  # there is room again
    await store.open()
    await store.commit(large, "strict")
    assert await store.blob("0" * 64) == b"x" * 300_000
    assert await store.rows(0, 9) == log(2)
    await store.close()


@story
async def test_the_saver_tries_again_until_there_is_room(path: Path) -> None:
    store = SqliteStore(path, limit=200_000)
    await store.open()
    waits: list[float] = []

    async def pause(seconds: float) -> None:
        waits.append(seconds)
        db = store._db
        await store._do(lambda: db.execute("PRAGMA max_page_count = 100000").fetchone())

    saver = Saver(store, pause=pause)
    saving = asyncio.create_task(saver.run())
    saver.put(Batch(pending_added=[row(1)], blobs={"0" * 64: b"x" * 300_000}))
    saver.put(Batch(pending_added=[row(2)]))
    await saver.flush()
    assert waits == [3.0]
    assert saver.failed is None
    saving.cancel()
    await store.close()
    assert (await reopened(path)).pending == [row(1), row(2)]


@story
async def test_what_is_committed_survives_a_kill(path: Path) -> None:
    program = (
        "import asyncio, os, signal, sys\n"
        "from pathlib import Path\n"
        "from foldbook.native.store import SqliteStore\n"
        "from foldbook.store import Batch\n"
        "from rows import row\n"
        "async def main():\n"
        "    store = SqliteStore(Path(sys.argv[1]))\n"
        "    await store.open()\n"
        "    for n in range(1, 10**6):\n"
        "        await store.commit(Batch(pending_added=[row(n)]), 'strict')\n"
        "        print(n, flush=True)\n"
        "asyncio.run(main())\n"
    )

    def told() -> int:
        """The newest number that the process has told of before it was killed."""
        command = [sys.executable, "-c", program, str(path)]
        here = Path(__file__).parent
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=here) as process:
            assert process.stdout is not None
            for line in process.stdout:
                if int(line) == 40:
                    process.kill()
                    break
            return int(([line, *process.stdout])[-1])

    last = await asyncio.to_thread(told)
    loaded = await reopened(path)
    assert loaded.damaged == []
    numbers = [each.n for each in loaded.pending]
    assert numbers == list(range(1, len(numbers) + 1))
    assert len(numbers) >= last


@story
async def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(StoreFailed, match="No such file or directory"):
        await SqliteStore(tmp_path / "nowhere" / "notebook.sqlite").open()
