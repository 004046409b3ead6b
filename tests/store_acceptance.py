"""What every store must do. A store's test calls `accept` with a way to open it anew.

    await accept(lambda: MyStore(path))

Each call of the factory is to give a store on the same, at first empty, place: closing one and
opening the next is what a reload of the page does.
"""

from collections.abc import Callable

from foldbook.row import Role
from foldbook.store import HISTORY, Batch, Folded, Loaded, RefusedRow, Store
from rows import log, row


async def accept(make: Callable[[], Store]) -> None:
    """Go through a store's life. Raises `AssertionError` where it fails."""
    await _an_empty_store_has_nothing(make)
    await _a_batch_is_there_after_a_reload(make)
    await _pending_rows_leave_when_they_are_confirmed(make)
    await _the_drawer_is_keyed_by_content(make)
    await _drops_come_before_adds(make)
    await _many_small_batches_are_one_log(make)
    await _values_are_replaced_and_removed(make)
    await _rows_are_read_in_pieces(make)
    await _a_snapshot_stands_for_the_rows_before_it(make)


async def accept_joined(make: Callable[[], Store]) -> None:
    """Go through the life of a store whose log begins with a snapshot. Raises `AssertionError`."""
    rows = log(300)
    store = make()
    await store.open()
    kept = Folded(200, b"fold")
    await store.commit(Batch(snapshot=kept, meta={HISTORY: b"0"}), "strict")
    store, loaded = await _reload(store, make)
    assert (loaded.snapshot, loaded.rows, loaded.damaged) == (kept, [], [])
    for at in range(200, 240):
        await store.commit(Batch(confirmed=rows[at : at + 1]), "relaxed")
    for first in range(0, 120, 40):
        await store.commit(Batch(earlier=rows[first : first + 40], meta={HISTORY: b"1"}), "relaxed")
    store, loaded = await _reload(store, make)
    assert (loaded.rows, loaded.damaged, loaded.head) == (rows[200:240], [], 240)
    for at in range(240, 280):
        await store.commit(Batch(confirmed=rows[at : at + 1]), "relaxed")
    await store.commit(Batch(earlier=rows[120:200], meta={HISTORY: None}), "strict")
    store, loaded = await _reload(store, make)
    assert (loaded.rows, loaded.damaged) == (rows[200:280], [])
    assert await store.rows(0, 1000) == rows[:280]
    await store.commit(Batch(confirmed=rows[280:], snapshot=Folded(0, b"")), "strict")
    store, loaded = await _reload(store, make)
    assert (loaded.snapshot, loaded.rows, loaded.damaged) == (None, rows, [])
    await store.close()


async def _reload(store: Store, make: Callable[[], Store]) -> tuple[Store, Loaded]:
    await store.close()
    store = make()
    return store, await store.open()


async def _closed(store: Store, make: Callable[[], Store]) -> Loaded:
    """What it has after a reload; it is closed."""
    store, loaded = await _reload(store, make)
    await store.close()
    return loaded


async def _an_empty_store_has_nothing(make: Callable[[], Store]) -> None:
    store = make()
    assert await store.open() == Loaded()
    assert await store.blob("0" * 64) is None
    await store.commit(Batch(), "strict")
    loaded = await _closed(store, make)
    assert loaded == Loaded()


async def _a_batch_is_there_after_a_reload(make: Callable[[], Store]) -> None:
    store = make()
    await store.open()
    batch = Batch(
        confirmed=log(3),
        pending_added=[row(4), row(5)],
        refused_added=[RefusedRow(row(9), "no right to it")],
        meta={"text": "e1", "number": 7, "bytes": b"\x00\xff"},
        views={"v": 12},
        saved_view=b'{"seq":3}',
        blobs={"ab" * 32: b"\x89PNG\x00" * 5000},
    )
    await store.commit(batch, "strict")
    store, loaded = await _reload(store, make)
    assert loaded.rows == batch.confirmed
    assert loaded.pending == batch.pending_added
    assert loaded.refused == batch.refused_added
    assert loaded.meta == batch.meta
    assert loaded.views == batch.views
    assert loaded.saved_view == batch.saved_view
    assert loaded.damaged == []
    assert await store.blob("ab" * 32) == batch.blobs["ab" * 32]
    await store.close()


async def _pending_rows_leave_when_they_are_confirmed(make: Callable[[], Store]) -> None:
    store = make()
    await store.open()
    confirmed = row(4).numbered(4, "actor", Role.OWN, 1)
    dropped = [("s", 4), ("s", 4000)]
    await store.commit(Batch(confirmed=[confirmed], pending_dropped=dropped), "relaxed")
    loaded = await _closed(store, make)
    assert [each.seq for each in loaded.rows] == [1, 2, 3, 4]
    assert [each.n for each in loaded.pending] == [5]


async def _the_drawer_is_keyed_by_content(make: Callable[[], Store]) -> None:
    store = make()
    await store.open()
    again = RefusedRow(row(9, payload=b"another row under the same number"), "nor to this")
    await store.commit(Batch(refused_added=[again]), "strict")
    first = RefusedRow(row(9), "no right to it")
    store, loaded = await _reload(store, make)
    assert sorted(each.key for each in loaded.refused) == sorted([first.key, again.key])
    await store.commit(Batch(refused_dropped=[first.key]), "strict")
    loaded = await _closed(store, make)
    assert loaded.refused == [again]


async def _drops_come_before_adds(make: Callable[[], Store]) -> None:
    store = make()
    await store.open()
    new = row(5, payload=b"written anew")
    await store.commit(Batch(pending_dropped=[("s", 5)], pending_added=[new]), "strict")
    loaded = await _closed(store, make)
    assert loaded.pending == [new]


async def _many_small_batches_are_one_log(make: Callable[[], Store]) -> None:
    store = make()
    await store.open()
    rows = log(300)[4:]
    for each in rows:
        await store.commit(Batch(confirmed=[each], views={"v": each.seq}), "relaxed")
    store, loaded = await _reload(store, make)
    assert loaded.rows[4:] == rows
    assert loaded.views == {"v": 300}
    await store.commit(Batch(views={"v": None, "w": 1}), "strict")
    store, loaded = await _reload(store, make)
    assert loaded.views == {"w": 1}
    more = [row(n, payload=b"x" * 20_000).numbered(n, "a", Role.OWN, n) for n in range(301, 331)]
    await store.commit(Batch(confirmed=more), "strict")
    loaded = await _closed(store, make)
    assert loaded.rows[300:] == more


async def _values_are_replaced_and_removed(make: Callable[[], Store]) -> None:
    store = make()
    await store.open()
    batch = Batch(meta={"text": "e2", "number": None, "absent": None}, saved_view=b"{}")
    await store.commit(batch, "strict")
    store, loaded = await _reload(store, make)
    assert loaded.meta == {"text": "e2", "bytes": b"\x00\xff"}
    assert loaded.saved_view == b"{}"
    await store.close()


async def _rows_are_read_in_pieces(make: Callable[[], Store]) -> None:
    store = make()
    rows = (await store.open()).rows
    for after, limit in ((0, 10), (0, 10_000), (3, 1), (99, 150), (329, 5), (330, 5), (400, 1)):
        assert await store.rows(after, limit) == rows[after : after + limit], (after, limit)
    assert await store.rows(0, 0) == []
    await store.close()


async def _a_snapshot_stands_for_the_rows_before_it(make: Callable[[], Store]) -> None:
    store = make()
    rows = (await store.open()).rows
    kept = Folded(len(rows), b"fold" * 50_000)
    await store.commit(Batch(snapshot=kept, saved_view=b"[]"), "relaxed")
    store, loaded = await _reload(store, make)
    assert (loaded.snapshot, loaded.rows, loaded.head) == (kept, [], len(rows))
    assert loaded.saved_view == b"[]"
    later = [row(n).numbered(n, "a", Role.OWN, n) for n in range(331, 391)]
    for each in later:
        await store.commit(Batch(confirmed=[each]), "relaxed")
    store, loaded = await _reload(store, make)
    assert (loaded.snapshot, loaded.rows, loaded.head) == (kept, later, 390)
    newer = Folded(350, b"newer")
    await store.commit(Batch(snapshot=newer), "strict")
    store, loaded = await _reload(store, make)
    assert (loaded.snapshot, loaded.rows, loaded.damaged) == (newer, later[20:], [])
    loaded = await store.open(whole=True)
    assert (loaded.snapshot, loaded.rows, loaded.start) == (None, rows + later, 0)
    assert await store.rows(0, 1000) == rows + later
    await store.commit(Batch(confirmed=[row(391).numbered(391, "a", Role.OWN, 1)]), "strict")
    store, loaded = await _reload(store, make)
    assert [each.seq for each in loaded.rows] == list(range(351, 392))
    await store.close()
