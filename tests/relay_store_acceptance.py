"""What every store of a relay must do. A store's test calls `accept` with a way to open it anew.

    await accept(lambda: MyStore(path))

Each call of the factory is to give a store on the same, at first empty, place.
"""

from collections.abc import Callable
from dataclasses import replace

import pytest
from foldbook.access import Grant, Link
from foldbook.ledger import Refusal, SessionRecord
from foldbook.row import Role, Row, digest
from foldbook.wire import BATCH_BYTES, BATCH_ROWS, size_of
from rows import row

from sync_relay.store import RelayStore, RoomInfo, StoreFailed, Write

ALL = (10**6, 10**12)
INFO = RoomInfo("first-room", "e1", 0, "00" * 8, "00" * 32, 1000)
OWNER = Link("own", Role.OWN, "ab" * 32, 1000)


async def accept(make: Callable[[], RelayStore]) -> None:
    """Go through a store's life. Raises `AssertionError` where it fails."""
    store = make()
    await store.open()
    assert await store.info("first-room") is None
    assert await store.load("first-room", ALL) is None
    await _drafts_become_rooms(store)
    await _rows_come_back_in_order(store)
    await _sessions_are_remembered(store)
    await _a_transaction_is_whole_or_not_at_all(store)
    await _who_may_join_is_remembered(store)
    await store.close()
    store = make()
    await store.open()
    await _everything_is_there_after_a_restart(store)
    await _a_forgotten_room_is_gone(store)
    await store.close()


def _rows(first: int, last: int, session: str, payload: bytes = b"x") -> tuple[Row, ...]:
    """Rows of one session, whose numbers are their places in the log."""
    return tuple(
        row(n, session, seen=n - 1, payload=payload).numbered(n, "actor", Role.EDIT, n)
        for n in range(first, last + 1)
    )


async def _drafts_become_rooms(store: RelayStore) -> None:
    assert await store.create(INFO, OWNER)
    assert not await store.create(replace(INFO, epoch="e2"), OWNER)
    assert await store.info("first-room") == INFO
    for name, created in (("old-draft", 10), ("new-draft", 2000)):
        assert await store.create(replace(INFO, name=name, created=created), OWNER)
    assert sorted(await store.drafts(1500)) == ["first-room", "old-draft"]
    await store.set_open("first-room", 0)
    await store.set_open("new-draft", 7, "owner", 5)
    assert await store.session("new-draft", "owner", 0) == SessionRecord("owner", 5, first=6)
    assert (await store.session("new-draft", "another", 0)).n == 0
    assert await store.drafts(10**6) == ["old-draft"]
    loaded = await store.load("new-draft", ALL)
    assert loaded is not None
    assert (loaded.info.open, loaded.info.base, loaded.head, loaded.rows) == (True, 7, 7, ())


async def _rows_come_back_in_order(store: RelayStore) -> None:
    rows = _rows(1, 600, "s")
    await store.commit([Write("first-room", rows[:1]), Write("first-room", rows[1:])])
    loaded = await store.load("first-room", ALL)
    assert loaded is not None
    assert (loaded.head, loaded.rows) == (600, rows)
    newest = await store.load("first-room", (10, 10**6))
    assert newest is not None
    assert (newest.head, newest.rows) == (600, rows[-10:])
    few = await store.load("first-room", (10, 2 * size_of(rows[0])))
    assert few is not None
    assert few.rows == rows[-2:]
    assert await store.rows("first-room", 0) == rows[:BATCH_ROWS]
    assert await store.rows("first-room", 595) == rows[595:]
    assert await store.rows("first-room", 600) == ()
    big = _rows(601, 620, "s", b"x" * 60_000)
    await store.commit([Write("first-room", big)])
    found = await store.rows("first-room", 600)
    assert found == big[: len(found)]
    assert BATCH_BYTES - 61_000 < sum(map(size_of, found)) <= BATCH_BYTES


async def _sessions_are_remembered(store: RelayStore) -> None:
    refusals = [Refusal("t", n, bytes([n]) * 16, "right", "no right to it") for n in (1, 3)]
    said = row(2, "t", seen=620).numbered(621, "other", Role.EDIT, 1)
    await store.commit([Write("first-room", (said,), tuple(refusals))])
    nobody = await store.session("first-room", "nobody", 1)
    assert (nobody.n, nobody.seen, dict(nobody.marks), nobody.refusals) == (0, 0, {}, ())
    brief = await store.session("first-room", "t", 0)
    assert (brief.n, brief.seen, dict(brief.marks), brief.refusals) == (3, 620, {}, ())
    whole = await store.session("first-room", "t", 1)
    assert (whole.n, whole.seen, whole.first) == (3, 620, 1)
    assert dict(whole.marks) == {2: (621, digest(said))}
    assert whole.refusals == tuple(refusals)
    part = await store.session("first-room", "s", 618)
    assert (part.n, part.first, sorted(part.marks)) == (620, 618, [618, 619, 620])


async def _a_transaction_is_whole_or_not_at_all(store: RelayStore) -> None:
    good = _rows(622, 623, "u")
    for bad in (_rows(621, 621, "v"), _rows(619, 619, "s")):  # a seq, and a number, that is there
        with pytest.raises(StoreFailed):
            await store.commit([Write("first-room", good), Write("first-room", bad)])
    with pytest.raises(StoreFailed):
        await store.commit([Write("first-room", good), Write("no-such-room", good)])
    loaded = await store.load("first-room", (5, 10**6))
    assert loaded is not None
    assert loaded.head == 621


async def _who_may_join_is_remembered(store: RelayStore) -> None:
    link = Link("l", Role.EDIT, "cd" * 32, 5, expires=9)
    grant = Grant("actor", Role.EDIT, "l")
    await store.commit([Write("first-room", access=(link, grant))])
    changed = (replace(link, used=1, revoked=True), replace(grant, removed=True))
    await store.commit([Write("first-room", access=changed)])


async def _everything_is_there_after_a_restart(store: RelayStore) -> None:
    loaded = await store.load("first-room", ALL)
    assert loaded is not None
    assert (loaded.info, loaded.head) == (replace(INFO, open=True), 621)
    assert [each.seq for each in loaded.rows] == list(range(1, 622))
    assert set(loaded.access) == {
        OWNER,
        Link("l", Role.EDIT, "cd" * 32, 5, expires=9, revoked=True, used=1),
        Grant("actor", Role.EDIT, "l", removed=True),
    }
    assert (await store.session("first-room", "t", 1)).n == 3


async def _a_forgotten_room_is_gone(store: RelayStore) -> None:
    await store.delete("first-room")
    await store.delete("first-room")
    assert await store.load("first-room", ALL) is None
    assert await store.create(INFO, OWNER)
    again = await store.load("first-room", ALL)
    assert again is not None
    assert (again.head, again.access) == (0, (OWNER,))
    assert (await store.session("first-room", "s", 1)).n == 0
