"""The store in SQLite: the contract, and what is its own."""

import asyncio
import sqlite3
from pathlib import Path

import pytest
from relay_store_acceptance import accept

from sync_relay.sqlite import SqliteStore
from sync_relay.store import StoreFailed


def test_it_is_a_store(tmp_path: Path) -> None:
    asyncio.run(accept(lambda: SqliteStore(tmp_path / "relay.sqlite")))


def test_two_relays_do_not_share_their_data(tmp_path: Path) -> None:
    async def story() -> None:
        first, second = (SqliteStore(tmp_path / "relay.sqlite") for _ in range(2))
        await first.open()
        with pytest.raises(StoreFailed, match="another relay"):
            await second.open()
        await first.close()
        await second.open()
        await second.close()

    asyncio.run(story())


def test_data_of_another_version_is_left_alone(tmp_path: Path) -> None:
    db = sqlite3.connect(tmp_path / "relay.sqlite")
    db.execute("PRAGMA user_version = 99")
    db.close()
    with pytest.raises(StoreFailed, match="version 1 expected, version 99 found"):
        asyncio.run(SqliteStore(tmp_path / "relay.sqlite").open())


def test_every_commit_is_on_the_disk(tmp_path: Path) -> None:
    async def modes() -> list[object]:
        store = SqliteStore(tmp_path / "relay.sqlite")
        await store.open()
        ask = ("PRAGMA journal_mode", "PRAGMA synchronous")
        found = [
            await store._write(lambda db, each=each: db.execute(each).fetchone()[0]) for each in ask
        ]
        await store.close()
        return found

    assert asyncio.run(modes()) == ["wal", 2]
