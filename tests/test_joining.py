"""Joining a shared notebook by the snapshot that somebody left, over a real relay."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from foldbook import joining, offers, snapshot
from foldbook.errors import BadSnapshot, Refused
from foldbook.events.notebooks import MinimumReducerRaised
from foldbook.joining import Owed, Told
from foldbook.margin import Margin
from foldbook.notebook import Notebook
from foldbook.offers import Offers
from foldbook.reducer import REDUCER_VERSION, fold_all
from foldbook.row import Row
from foldbook.store import HISTORY, Batch, Folded
from rows import log
from shared import BEGIN, Someone, alike, until
from stories import story


@pytest.fixture(autouse=True)
def _behind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(offers, "BEHIND", 30)


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
            return Told(snapshot.encode(found.notebook, found.beside), true.maker)

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


def lying(mara: Someone, lie: Callable[[snapshot.Snapshot], object]) -> None:
    """From now on Mara leaves snapshots that somebody has made wrong."""

    def make() -> Told:
        true = mara.host.desk.told()
        assert true is not None
        found = snapshot.decode(true.data)
        lie(found)
        return Told(snapshot.encode(found.notebook, found.beside), true.maker)

    assert mara.host._sharing is not None
    mara.host._sharing._relaying.offers._make = make


def _longer(found: snapshot.Snapshot) -> None:
    """The first cell has another text, and there is a cell that nobody made."""
    first, cell = next(iter(found.notebook.cells.items()))
    found.notebook.cells[first] = replace(cell, source="what nobody wrote\n" + cell.source)
    made_up = replace(cell, id="made-up", position="zz", source="nor this")
    found.notebook.cells["made-up"] = made_up


@story
async def test_what_is_typed_on_a_lie_is_there_as_it_was_seen_when_that_is_found_out(
    relay: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with shared(relay) as mara:
        lying(mara, _longer)
        await left(mara)
        checked = asyncio.Event()
        run = joining.History.run

        async def later(history: joining.History) -> bool:
            await checked.wait()
            return await run(history)

        monkeypatch.setattr(joining.History, "run", later)
        ines = await joined(mara)
        assert "made-up" in ines.host.desk.notebook.cells
        ines.type(0, "typed on it ")
        ines.do("edit_source", cell_id="made-up", changes=[[0, "typed on it "]], length_before=8)
        await until(lambda: not ines.peer.log.pending)
        ines.type(0, "and not sent ")
        seen = ines.sources
        assert seen[0].startswith("and not sent typed on it what nobody wrote")
        assert seen[1] == "typed on it nor this"
        checked.set()
        await until(lambda: [each for each in ines.of("toast") if each["kind"] == "share"])
        await until(lambda: alike(mara, ines))
        assert "made-up" not in ines.host.desk.notebook.cells
        assert mara.sources[0] == fold_all(rows(mara)).ordered_cells()[0].source
        assert "what nobody wrote" not in mara.sources[0]
        for text in seen:
            assert mara.sources.count(text) == 1
        await typed(ines, 3)
        await until(lambda: alike(mara, ines))
        await ines.close()


def _other_strip(found: snapshot.Snapshot) -> None:
    found.beside["strip"] = [1, [[0, [["mallory", 10**6]]]]]  # type: ignore[index]


@story
async def test_a_lie_about_who_wrote_is_found_out_too(relay: str) -> None:
    async with shared(relay) as mara:
        lying(mara, _other_strip)
        await left(mara)
        ines = await joined(mara)
        await until(lambda: [each for each in ines.of("toast") if each["kind"] == "share"])
        strip = ines.host.desk.around.strip
        assert strip is not None
        assert sum(int(count) for _, _, count in strip.ticks()) == ines.peer.log.head
        assert ines.host.desk.told() is None
        await ines.close()


def _shut(found: snapshot.Snapshot) -> None:
    found.notebook.reducer = REDUCER_VERSION + 1


def _beside(**values: Any) -> Callable[[snapshot.Snapshot], None]:
    return lambda found: found.beside.update(values)  # type: ignore[attr-defined]


def _wrong_cell(found: snapshot.Snapshot) -> None:
    first, cell = next(iter(found.notebook.cells.items()))
    found.notebook.cells[first] = replace(cell, position="0-0", source=None)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "lie",
    [
        _shut,
        _wrong_cell,
        lambda found: setattr(found.notebook, "head", found.notebook.head + 1),
        lambda found: setattr(found.notebook, "head", "7"),
        lambda found: setattr(found.notebook, "metadata", {"a": b"bytes"}),
        lambda found: found.notebook.cells.clear() or found.notebook.seen.update(x=-1),
        _beside(prefix=b"short"),
        _beside(strip=[0, []]),
        _beside(strip=[1, [[10**9, [["mallory", 1]]]]]),
        _beside(strip={"a": 1}),
        _beside(changed="yesterday"),
        _beside(changed=10**40),
    ],
)
@story
async def test_a_snapshot_of_another_shape_is_passed_over(
    relay: str, lie: Callable[[snapshot.Snapshot], object], caplog: pytest.LogCaptureFixture
) -> None:
    async with shared(relay) as mara:
        lying(mara, lie)
        await left(mara)
        ines = await joined(mara)
        assert "a snapshot is passed over" in caplog.text
        assert HISTORY not in ines.store.load().meta
        await until(lambda: alike(mara, ines))
        await typed(ines, 3)
        await ines.close()


@story
async def test_whoever_did_not_live_to_read_a_snapshot_takes_the_rows_the_next_time(
    relay: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with shared(relay) as mara:
        await left(mara)
        ines = Someone("Ines", {"do": "join", "link": await mara.link("edit")})

        def too_much(_data: bytes) -> None:
            raise asyncio.CancelledError  # as if the worker had been killed there

        with monkeypatch.context() as patched:
            patched.setattr(joining, "examine", too_much)
            with pytest.raises(asyncio.CancelledError):
                await ines.open()
        await ines.open()
        await until(lambda: alike(mara, ines))
        assert rows(ines)[0].seq == 1, "from the rows alone"
        assert HISTORY not in ines.store.load().meta
        await ines.close()


@story
async def test_a_disk_that_lost_the_snapshot_before_its_rows_had_come_fetches_them(
    relay: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with shared(relay) as mara:
        await left(mara)
        with monkeypatch.context() as patched:
            patched.setattr(joining.History, "run", lambda _: asyncio.Event().wait())
            ines = await joined(mara)
            await typed(ines, 3)
            await until(lambda: len(rows(ines)) >= 3)
            await ines.close()
        [row, *_] = rows(ines)
        assert row.seq > 1
        ines.store.write(Batch(snapshot=Folded(row.seq - 1, b"broken")))
        await typed(mara, 3)
        ines.waiting = []
        await ines.open()
        await until(lambda: alike(mara, ines) and rows(ines) == rows(mara))
        assert HISTORY not in ines.store.load().meta
        await typed(ines, 3)
        await ines.close()


@story
async def test_what_cannot_be_used_is_passed_over(relay: str) -> None:
    async with shared(relay) as mara:
        assert mara.host._sharing is not None
        found = mara.host._sharing._relaying.offers
        found._make = lambda: Told(b"not a snapshot", "mara")
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
async def test_whoever_is_too_old_for_a_notebook_tells_nothing_of_its_fold(relay: str) -> None:
    async with shared(relay) as mara:
        desk = mara.host.desk
        assert desk.told() is not None
        mara.peer.append([MinimumReducerRaised(reducer=REDUCER_VERSION + 1)])
        await until(lambda: mara.peer.is_outdated)
        assert desk.told() is None


def test_what_is_told_comes_back_and_anything_else_is_told() -> None:
    notebook = Notebook(head=7)
    data = snapshot.encode(notebook, {"prefix": b"p" * 32})
    told = Told(data, "mara")
    assert Told.unpack(told.pack()) == told
    owed, kept = Owed.of(data, Margin.of)
    assert (owed.there, owed.seq, owed.prefix, kept) == (0, 7, b"p" * 32, Folded(7, data))
    assert Owed.unpack(replace(owed, there=3).pack()) == replace(owed, there=3)
    for wrong in (b"", b"\x90", told.pack()[:-3], b"\x94\x02\xa1a\xc4\x00\xc4\x00"):
        with pytest.raises(BadSnapshot):
            Told.unpack(wrong)
    with pytest.raises(BadSnapshot, match="which rows"):
        Owed.of(snapshot.encode(notebook), Margin.of)
    assert snapshot.mark(fold_all(log(3))) == snapshot.mark(fold_all(log(3)))
    assert snapshot.mark(fold_all(log(3))) != snapshot.mark(fold_all(log(4)))


@story
async def test_whoever_is_sent_away_before_the_snapshot_was_checked_is_told() -> None:
    class Relay:
        asked = 0

        async def run(self) -> bool:
            self.asked += 1
            peer.ended = "removed" if self.asked == 3 else None
            raise Refused("denied", "no right")

    async def pause(_seconds: float) -> None:
        await asyncio.sleep(0)

    told: list[str] = []
    relay: Any = Relay()
    peer: Any = SimpleNamespace(ended=None)
    around: Any = SimpleNamespace(pause=pause)
    sharing: Any = None
    found = Offers(peer, sharing, around, lambda: None, told.append)
    assert not await found.check(relay)
    assert relay.asked == 3
    assert ["could not be compared with the log" in each for each in told] == [True]
