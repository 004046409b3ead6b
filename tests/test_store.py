"""The store in memory, and batches that are joined."""

import asyncio
from dataclasses import replace

import pytest
from foldbook.errors import StoreFull
from foldbook.store import Batch, MemoryStore, RefusedRow
from rows import log, row
from store_acceptance import accept, accept_joined


def test_the_memory_store_is_a_store() -> None:
    store = MemoryStore()
    asyncio.run(accept(lambda: store))


def test_the_memory_store_takes_what_was_before_a_snapshot() -> None:
    store = MemoryStore()
    asyncio.run(accept_joined(lambda: store))


def test_a_full_store_writes_nothing_of_the_batch() -> None:
    store = MemoryStore(limit=2000)
    store.write(Batch(confirmed=log(1), meta={"a": 1}))
    before = store.load()
    too_much = Batch(
        confirmed=log(2)[1:], meta={"a": 2}, views={"v": 1}, blobs={"0" * 64: b"x" * 3000}
    )
    with pytest.raises(StoreFull, match="room for 2000 bytes"):
        store.write(too_much)
    assert store.load() == before
    store.write(Batch(confirmed=log(2)[1:]))
    assert len(store.load().rows) == 2


def test_joined_batches_write_what_they_would_write_one_after_the_other() -> None:
    anew = row(2, payload=b"anew")
    batches = [
        Batch(pending_added=[row(1), row(2)], meta={"a": 1}, views={"v": 1}),
        Batch(confirmed=log(1), pending_dropped=[("s", 1)], meta={"a": None, "b": 2}),
        Batch(pending_dropped=[("s", 2)], pending_added=[anew], saved_view=b"1"),
        Batch(refused_added=[RefusedRow(row(3), "no")], views={"v": 2}, saved_view=b"2"),
        Batch(refused_dropped=[RefusedRow(row(3), "no").key], blobs={"0" * 64: b"b"}),
        Batch(blobs_dropped=["0" * 64], blobs={"1" * 64: b"c", "2" * 64: b"d"}),
        Batch(blobs_dropped=["2" * 64], blobs={"2" * 64: b"e"}),
    ]
    apart, joined = MemoryStore(), MemoryStore()
    together = Batch()
    for batch in batches:
        apart.write(batch)
        together.add(batch)
    joined.write(together)
    assert joined.load() == apart.load()
    assert joined.load().pending == [anew]
    assert joined.load().refused == []
    for store in (apart, joined):
        kept = [asyncio.run(store.blob(digit * 64)) for digit in "012"]
        assert kept == [None, b"c", b"e"]


def test_what_is_let_go_of_makes_room() -> None:
    store = MemoryStore(limit=5000)
    store.write(Batch(confirmed=[replace(log(1)[0], payload=b"x" * 2000)]))
    store.write(Batch(blobs={"0" * 64: b"x" * 2500}))
    more = Batch(blobs={"1" * 64: b"x" * 4000})
    with pytest.raises(StoreFull):
        store.write(more)
    store.write(Batch(rewritten=log(1), blobs_dropped=["0" * 64]))
    store.write(more)
    assert store.load().rows == log(1)
