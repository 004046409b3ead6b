"""Opening from a snapshot: the same notebook as from all its rows, and everything goes on."""

from typing import Any

import pytest
from foldbook import keeping, snapshot
from foldbook.browser.host import Host
from foldbook.errors import StoreFull
from foldbook.reducer import fold_all
from foldbook.store import Batch, Folded, Loaded, MemoryStore, load
from hosts import BEGIN, FakePage, attach, attached, edit, settle
from hosts import opened as hosted
from peer_desk import Desk, World, opened
from stories import story


def keep_snapshot(desk: Desk) -> None:
    """As the notebook worker does at times."""
    confirmed = desk.peer.log.confirmed
    kept = Folded(confirmed.head, snapshot.encode(confirmed))
    desk.saver.put(Batch(snapshot=kept), durability="relaxed")


@story
async def test_a_session_goes_on_where_the_snapshot_left_it() -> None:
    store, world = MemoryStore(), World()
    async with opened(store, world) as desk:
        desk.begin()
        desk.do("run_cells", cell_ids=["c1"])
        await desk.saver.flush()
        keep_snapshot(desk)
        desk.do("create_cell", cell_id="c2", source="after")
        await desk.saver.flush()
        session, before = desk.peer.session, desk.peer.notebook.fork()
    async with opened(store, world) as desk:
        assert [row.n for row in desk.loaded.rows] == [4]
        assert (desk.peer.session, desk.peer.notebook) == (session, before)
        desk.do("create_cell", cell_id="c3")
        await desk.saver.flush()
        rows = store.load(whole=True).rows
        assert [(row.seq, row.n) for row in rows] == [(i, i) for i in range(1, 6)]
        assert desk.peer.log.confirmed == fold_all(rows)
        keep_snapshot(desk)
        await desk.saver.flush()
    async with opened(store, world) as desk:
        assert desk.loaded.rows == []
        assert list(desk.peer.notebook.cells) == ["c1", "c2", "c3"]
        desk.do("rename_notebook", name="On")
        await desk.saver.flush()
        assert store.load().rows[-1].n == 6


@pytest.mark.parametrize("how", ["damaged", "of other rows"])
@story
async def test_a_snapshot_that_is_of_no_use_is_passed_over(how: str) -> None:
    store, world = MemoryStore(), World()
    async with opened(store, world) as desk:
        desk.begin()
        await desk.saver.flush()
        data = snapshot.encode(desk.peer.log.confirmed)
        expected = desk.peer.notebook.fork()
    store.write(Batch(snapshot=Folded(2, data[:-1]) if how == "damaged" else Folded(1, data)))
    loaded = await load(store)
    assert (loaded.snapshot, len(loaded.rows), loaded.start) == (None, 2, 0)
    assert fold_all(loaded.rows) == expected


async def long(page: FakePage, host: Host, count: int) -> None:
    """So many edits of one cell, and time for what is to be kept."""
    view = f"at {host.desk.peer.log.head}"
    attach(host, view)
    await settle()
    for k in range(1, count + 1):
        length = len(host.desk.notebook.cells["c"].source)
        changes: list[Any] = [length, [0, "x"]]
        host.receive(edit(k, changes, length, base=10**9, view=view), "page")
    await settle()
    host.receive({"t": "hidden"}, "page")
    await settle()


class CountingStore(MemoryStore):
    """Remembers how many rows each opening was given."""

    def __init__(self) -> None:
        super().__init__()
        self.given: list[int] = []

    async def open(self, *, whole: bool = False) -> Loaded:
        loaded = await super().open(whole=whole)
        self.given.append(len(loaded.rows))
        return loaded


@story
async def test_a_snapshot_is_kept_beside_the_view_and_the_next_opening_reads_no_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(keeping, "ROWS", 40)
    page, store = FakePage(BEGIN), CountingStore()
    host = await hosted(page, store)
    await long(page, host, 25)
    assert store.load().snapshot is None
    await long(page, host, 25)
    for size in (45, 50):
        await long(page, host, size)
        kept = store.load().snapshot
        assert kept is not None
        assert kept.seq == host.desk.peer.log.head
        again = await hosted(FakePage(), store, quiet=True)
        assert store.given[-1] <= 10
        whole = fold_all(store.load(whole=True).rows)
        assert again.desk.peer.log.confirmed == whole
        assert again.desk.changed == host.desk.changed
        told = again.desk.around.strip.ticks()
        assert sum(int(rows) for _, _, rows in told) == whole.head
        host = again


@story
async def test_rows_are_kept_where_there_is_no_room_for_a_snapshot() -> None:
    store, world = MemoryStore(), World()
    refused: list[int] = []
    write = store.write

    def full(batch: Batch) -> None:
        if batch.snapshot is not None:
            refused.append(batch.snapshot.seq)
            raise StoreFull("no room for that")
        write(batch)

    store.write = full  # type: ignore[method-assign]
    async with opened(store, world) as desk:
        desk.begin()
        await desk.saver.flush()
        keep_snapshot(desk)
        desk.do("rename_notebook", name="On")
        await desk.saver.flush()
        assert refused == [2]
        assert len(store.load().rows) == 3
        assert desk.peer.failed is None


@story
async def test_a_snapshot_that_cannot_be_read_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "ROWS", 20)
    page, store, host = await attached(BEGIN)
    await long(page, host, 30)
    kept = store.load().snapshot
    assert kept is not None
    store.write(Batch(snapshot=Folded(kept.seq, b"broken")))
    again = await hosted(FakePage(), store, quiet=True)
    assert again.desk.notebook.cells["c"].source == "ab" + "x" * 30
    again.receive({"t": "hidden"}, "page")
    await settle()
    replaced = store.load().snapshot
    assert replaced is not None
    assert snapshot.decode(replaced.data).notebook == again.desk.peer.log.confirmed
