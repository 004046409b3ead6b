"""Joining a shared notebook by the snapshot that somebody left, over a real relay."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from builder import relay as relays
from foldbook import offers, snapshot
from foldbook.errors import BadSnapshot
from foldbook.joining import Owed, Told
from foldbook.notebook import Aside, Notebook
from foldbook.reducer import fold_all
from foldbook.row import Row
from foldbook.store import HISTORY, Folded
from rows import log
from stories import story
from test_sharing import BEGIN, Someone, alike, until


@pytest.fixture
def relay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setattr(offers, "BEHIND", 30)
    with relays.running(tmp_path / "relay", 0) as address:
        assert address is not None
        yield address


async def typed(who: Someone, count: int) -> None:
    for i in range(count):
        who.type(0, f"{i % 10}")
        await asyncio.sleep(0)
    await until(lambda: not who.peer.log.pending)


async def left(who: Someone) -> None:
    """Whoever this is leaves a snapshot, as at its next looks at the relay."""
    assert who.host._sharing is not None
    found = who.host._sharing._relaying.offers
    for _ in who.peer.present:  # each has its turn
        await found.offer()
    assert found._newest == who.peer.log.head


@asynccontextmanager
async def shared(relay: str) -> AsyncIterator[Someone]:
    """Mara's notebook: begun alone, typed into, shared, typed into."""
    mara = Someone("Mara", BEGIN)
    await mara.open()
    await typed(mara, 40)
    await mara.share(relay)
    await typed(mara, 50)
    try:
        yield mara
    finally:
        await mara.close()


async def joined(mara: Someone, role: str = "edit") -> Someone:
    ines = Someone("Ines", {"do": "join", "link": await mara.link(role)})
    await ines.open()
    return ines


def rows(who: Someone) -> list[Row]:
    return who.store.load(whole=True).rows


@story
async def test_who_joins_begins_with_the_snapshot_and_has_all_rows_soon(relay: str) -> None:
    async with shared(relay) as mara:
        await left(mara)
        seq = mara.peer.log.head
        await typed(mara, 5)
        ines = await joined(mara)
        assert ines.peer.log.confirmed.head >= seq
        assert ines.store.load().start == seq
        await until(lambda: alike(mara, ines) and HISTORY not in ines.store.load().meta)
        # A disk may be behind: what is confirmed is written when there is time.
        await until(
            lambda: (
                alike(mara, ines)
                and len(rows(ines)) == ines.peer.log.head
                and rows(ines) == rows(mara)
            )
        )
        assert fold_all(rows(ines)) == ines.peer.log.confirmed == mara.peer.log.confirmed
        assert not [each for each in ines.of("toast") if each["kind"] == "share"]
        told = ines.host.desk.around.strip
        assert told is not None
        assert sum(int(count) for _, _, count in told.ticks()) == ines.peer.log.head
        await typed(ines, 40)
        await left(ines)
        await ines.close()


@story
async def test_a_notebook_that_was_closed_too_early_fetches_the_rest_later(relay: str) -> None:
    async with shared(relay) as mara:
        await left(mara)
        ines = await joined(mara)
        await ines.close()
        kept = ines.store.load()
        ines.waiting = []
        owed = kept.meta.get(HISTORY)
        if isinstance(owed, bytes):  # as if nothing had come yet
            del ines.store._rows[: -len(kept.rows) or None]
            ines.store._meta[HISTORY] = replace(Owed.unpack(owed), there=0).pack()
        await typed(mara, 3)
        await ines.open()
        await until(lambda: alike(mara, ines) and HISTORY not in ines.store.load().meta)
        await until(lambda: rows(ines) == rows(mara))
        await ines.close()


@story
async def test_a_snapshot_that_the_log_does_not_bear_out_is_told_and_replaced(relay: str) -> None:
    async with shared(relay) as mara:
        desk = mara.host.desk
        true = desk.told()
        assert true is not None

        def lie() -> Told:
            found = snapshot.decode(true.data)
            found.notebook.name = "Never called so"
            return Told(snapshot.encode(found.notebook, found.beside), true.view, true.maker)

        assert mara.host._sharing is not None
        mara.host._sharing._relaying.offers._make = lie
        await left(mara)
        ines = await joined(mara)
        assert ines.host.desk.notebook.name == "Never called so"
        ines.type(0, "typed meanwhile ")
        await until(lambda: [each for each in ines.of("toast") if each["kind"] == "share"])
        await until(lambda: alike(mara, ines))
        assert ines.host.desk.notebook.name == "Trend"
        assert ines.sources == mara.sources
        await ines.close()
        again = Someone("Ines")
        again.store = ines.store
        await again.open()
        assert again.host.desk.notebook.name == "Trend"
        await again.close()


@story
async def test_what_cannot_be_used_is_passed_over(relay: str) -> None:
    async with shared(relay) as mara:
        assert mara.host._sharing is not None
        found = mara.host._sharing._relaying.offers
        found._make = lambda: Told(b"not a snapshot", b"{}", "mara")
        await left(mara)
        ines = await joined(mara)
        # A disk may be behind: what is confirmed is written when there is time.
        await until(lambda: alike(mara, ines) and rows(ines) == rows(mara))
        assert HISTORY not in ines.store.load().meta
        await ines.close()


@story
async def test_whoever_may_only_read_leaves_nothing_and_others_take_turns(relay: str) -> None:
    async with shared(relay) as mara:
        ines = await joined(mara, "view")
        await until(lambda: alike(mara, ines))
        assert ines.host._sharing is not None
        reader = ines.host._sharing._relaying.offers
        for _ in range(4):
            await reader.offer()
        assert reader._newest == 0
        await ines.close()


@story
async def test_whoever_does_not_know_all_events_tells_nothing_of_their_fold(relay: str) -> None:
    async with shared(relay) as mara:
        desk = mara.host.desk
        assert desk.told() is not None
        stranger = Aside(mara.peer.log.head, "moonLanded is not known to this version", "unknown")
        mara.peer.log.confirmed.aside.append(stranger)
        assert desk.told() is None


def test_what_is_told_comes_back_and_anything_else_is_told() -> None:
    notebook = Notebook(head=7)
    data = snapshot.encode(notebook, {"prefix": b"p" * 32})
    told = Told(data, b'{"a":1}', "mara")
    assert Told.unpack(told.pack()) == told
    owed, kept = Owed.of(data)
    assert (owed.there, owed.seq, owed.prefix, kept) == (0, 7, b"p" * 32, Folded(7, data))
    assert Owed.unpack(replace(owed, there=3).pack()) == replace(owed, there=3)
    for wrong in (b"", b"\x90", told.pack()[:-3], b"\x94\x02\xa1a\xc4\x00\xc4\x00"):
        with pytest.raises(BadSnapshot):
            Told.unpack(wrong)
    with pytest.raises(BadSnapshot, match="which rows"):
        Owed.of(snapshot.encode(notebook))
    assert snapshot.mark(fold_all(log(3))) == snapshot.mark(fold_all(log(3)))
    assert snapshot.mark(fold_all(log(3))) != snapshot.mark(fold_all(log(4)))
