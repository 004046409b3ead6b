"""Little room: what goes, what never does, what people are told, and how it goes on."""

import asyncio
from itertools import groupby
from typing import Any

from foldbook import snapshot
from foldbook.browser.host import Host
from foldbook.commands import parse
from foldbook.errors import StoreDamaged, StoreFull
from foldbook.events.outputs import DisplayDataAdded, StreamAppended
from foldbook.pruning import PRUNED, Dropped, is_pruned
from foldbook.reducer import fold_all
from foldbook.row import Row
from foldbook.store import Batch, Durability, Folded, MemoryStore, RefusedRow
from foldbook.view import Around, full_view
from hosts import FakePage, attach, opened
from kernel_desk import Kernel
from rows import row
from stories import story

OLD, SHOWN, BOTH, DRAWER = ("0a" * 32, "0b" * 32, "0c" * 32, "0d" * 32)


def figure(digest: str) -> DisplayDataAdded:
    data = {"image/png": {"$blob": digest, "size": 30_000}, "text/plain": "<Figure>"}
    return DisplayDataAdded(execution_id="x", data=data)


def prints(size: int = 1000) -> StreamAppended:
    return StreamAppended(execution_id="x", name="stdout", text="x" * size)


def busy() -> Kernel:
    """A notebook whose one cell was run ten times; the first and the last showed figures."""
    desk = Kernel("one", "two")
    desk.run("c0", prints(), figure(OLD), figure(BOTH), figure(DRAWER))
    for _ in range(8):
        desk.run("c0", prints())
    desk.run("c0", prints(), figure(SHOWN), figure(BOTH))
    return desk


class Scarce(MemoryStore):
    """A store that can run out of room."""

    def __init__(self, desk: Kernel) -> None:
        super().__init__()
        named = dict.fromkeys((OLD, SHOWN, BOTH, DRAWER), b"x" * 30000)
        drawer = row(99, "other", payload=b'{"$blob":"%s"}' % DRAWER.encode())
        refused = [RefusedRow(drawer, "no right to it")]
        self.write(Batch(confirmed=desk.rows, blobs=named, refused_added=refused))

    @property
    def used(self) -> int:
        return self._used

    @property
    def stored(self) -> list[Row]:
        return self.load(whole=True).rows

    @property
    def dropped(self) -> Dropped:
        return Dropped.unpack(self.load().meta.get(PRUNED))

    async def digests(self) -> set[str]:
        return {each for each in (OLD, SHOWN, BOTH, DRAWER) if await self.blob(each)}


class Page(FakePage):
    """The page of a browser that says how much a store may hold."""

    def __init__(self, store: Scarce, quota: int) -> None:
        super().__init__()
        self.store = store
        self.quota = quota

    async def storage(self) -> tuple[int, int]:
        return (self.store.used, self.quota) if self.quota else (0, 0)

    @property
    def levels(self) -> list[str]:
        """Without those that a page is told again when it comes."""
        found = [each["level"] for each in self.of("space") if "level" in each]
        return [level for level, _ in groupby(found)]

    @property
    def losses(self) -> list[dict[str, Any]]:
        return [each["dropped"] for each in self.of("space") if "dropped" in each]


async def long_settle() -> None:
    """Let everything happen, a whole log folded anew included."""
    for _ in range(1500):
        await asyncio.sleep(0)


async def quiet(page: Page, store: Scarce) -> Host:
    host = await opened(page, store, quiet=True)
    attach(host)
    await long_settle()
    return host


async def filled(percent: int, desk: Kernel | None = None) -> tuple[Scarce, Page, Host]:
    """A notebook (`busy`, if no other one), open over a store that is so full."""
    store = Scarce(desk or busy())
    page = Page(store, store.used * 100 // percent)
    return store, page, await quiet(page, store)


def looks(host: Host) -> dict[str, Any]:
    return full_view(host.desk.notebook, Around())


@story
async def test_with_room_enough_nothing_happens() -> None:
    store = Scarce(busy())
    page = Page(store, 10**9)
    await quiet(page, store)
    assert page.of("space") == []
    assert not any(map(is_pruned, store.stored))


@story
async def test_the_only_copy_is_kept_while_anything_can_be_written() -> None:
    store, page, host = await filled(94)
    assert page.levels == ["low"]
    assert page.of("space")[0]["only"] is True
    assert not any(map(is_pruned, store.stored))
    page.told.clear()
    attach(host, "w")
    await long_settle()
    assert page.levels == ["low"], "who comes later is told"


@story
async def test_what_people_agree_to_goes_and_all_that_shows_stays() -> None:
    store, page, host = await filled(94)
    before = looks(host)
    host.receive({"t": "make_room"}, "page")
    await long_settle()
    assert looks(host) == before
    pruned = [row.seq for row in store.stored if is_pruned(row)]
    assert pruned
    assert store.used < page.quota * 9 // 10
    assert host.desk.peer.log.confirmed == fold_all(store.stored)
    assert await store.digests() == {SHOWN, BOTH, DRAWER}
    [loss] = page.losses
    assert loss == {"outputs": len(pruned), "bytes": store.dropped.size, "only": True}
    assert page.levels == ["low", ""]
    kept = store.load().snapshot
    assert kept is not None
    assert snapshot.decode(kept.data).notebook == host.desk.peer.log.confirmed
    again = await opened(FakePage(), store, quiet=True)
    assert looks(again) == looks(host)
    told = again.desk.told()
    assert told is not None, "the rows are those that others would be told"


@story
async def test_the_oldest_goes_first_and_no_more_than_is_needed() -> None:
    store, _, host = await filled(93)
    host.receive({"t": "make_room"}, "page")
    await long_settle()
    assert await store.digests() == {SHOWN, BOTH, DRAWER}
    pruned = [row.seq for row in store.stored if is_pruned(row)]
    may_go = [row.seq for row in busy().pruned() if is_pruned(row)]
    assert pruned == may_go[: len(pruned)]
    assert len(pruned) < len(may_go)


@story
async def test_what_went_in_several_steps_is_told_as_one() -> None:
    store, page, host = await filled(93)
    for _ in range(2):
        page.quota = store.used * 100 // 93
        host.receive({"t": "make_room"}, "page")
        await long_settle()
    first, second = page.losses
    assert 0 < first["outputs"] < second["outputs"] == store.dropped.rows
    assert first["bytes"] < second["bytes"] == store.dropped.size


@story
async def test_when_nothing_more_can_be_written_old_output_makes_way_for_what_is_typed() -> None:
    store = Scarce(busy())
    page = Page(store, 0)
    host = await quiet(page, store)
    store.limit = store.used + 100
    typed = {"do": "create_cell", "cell_type": "code", "source": "typed " * 200}
    host.desk.submit(parse(typed), "v", 1)
    await long_settle()
    assert page.levels == ["full", ""]
    assert host.desk.peer.saved
    assert host.desk.peer.failed is None
    assert [each["only"] for each in page.losses] == [True]
    again = await opened(FakePage(), store, quiet=True)
    assert [cell.source for cell in again.desk.notebook.ordered_cells()][-1] == "typed " * 200


@story
async def test_where_nothing_may_go_what_is_typed_waits_until_there_is_room() -> None:
    desk = Kernel("one")
    desk.run("c0", prints())
    store = Scarce(desk)
    page = Page(store, 0)
    host = await quiet(page, store)
    store.limit = store.used
    for number in range(1, 4):
        host.desk.submit(parse({"do": "create_cell", "source": f"n{number}"}), "v", number)
        await long_settle()
    assert host.desk.peer.unsaved == 3
    assert page.of("saved")[-1]["failed"]
    assert page.losses == []
    assert not any(map(is_pruned, store.stored))
    store.limit = None
    await long_settle()
    assert host.desk.peer.saved
    assert page.of("saved")[-1]["failed"] is None
    sources = [cell.source for cell in fold_all(store.stored).ordered_cells()]
    assert sources == ["one", "n1", "n2", "n3"]


class Reserving(Page):
    """Room is kept back, and given up."""

    held = False

    async def reserve(self, *, keep: bool) -> bool:
        limit = self.store.limit
        if keep and not self.held and limit is not None:
            if limit - self.store.used < 4000:
                return False
            self.store.limit, self.held = limit - 4000, True
        elif not keep and self.held:
            assert limit is not None
            self.store.limit, self.held = limit + 4000, False
        return self.held


@story
async def test_what_is_typed_has_the_room_that_was_kept_back() -> None:
    desk = Kernel("one")
    desk.run("c0", prints())
    store = Scarce(desk)
    store.limit = store.used + 5000
    page = Reserving(store, 0)
    host = await quiet(page, store)
    assert page.held
    typed = {"do": "create_cell", "cell_type": "code", "source": "typed " * 300}
    host.desk.submit(parse(typed), "v", 1)
    await long_settle()
    assert host.desk.peer.saved
    assert not page.held
    assert page.levels == ["full"]
    store.limit += 5000
    await long_settle()
    assert page.held
    assert page.levels == ["full", ""]


class Tight(Scarce):
    """There is room for nothing but what frees some by itself."""

    def __init__(self, desk: Kernel) -> None:
        super().__init__(desk)
        self.tight = True
        self.freed: list[list[str]] = []

    async def commit(self, batch: Batch, durability: Durability) -> None:
        if batch.blobs_dropped and not batch.rewritten:
            self.freed.append(batch.blobs_dropped)
            self.tight = False
        elif self.tight and (batch.rewritten or batch.confirmed):
            raise StoreFull("not a byte")
        await super().commit(batch, durability)


@story
async def test_blobs_go_first_where_there_is_no_room_to_rewrite_a_row() -> None:
    store = Tight(busy())
    page = Page(store, 0)
    host = await quiet(page, store)
    host.desk.submit(parse({"do": "create_cell", "source": "typed"}), "v", 1)
    await long_settle()
    assert store.freed == [[OLD]]
    assert host.desk.peer.saved
    assert host.desk.peer.log.confirmed == fold_all(store.stored)


@story
async def test_a_blob_that_is_named_again_meanwhile_stays() -> None:
    store, _, host = await filled(94)

    async def rows(after: int, limit: int) -> list[Row]:
        if after == 0:
            values = {"a.png": {"image/png": {"$blob": OLD, "size": 30_000}}}
            command = {"do": "set_attachments", "cell_id": "c0", "values": values}
            host.desk.submit(parse(command), "v", 1)
        return await MemoryStore.rows(store, after, limit)

    store.rows = rows  # type: ignore[method-assign]
    host.receive({"t": "make_room"}, "page")
    await long_settle()
    assert any(map(is_pruned, store.stored))
    assert OLD in await store.digests()


@story
async def test_what_runs_or_waits_is_never_touched() -> None:
    desk = busy()
    desk.run("c0", prints(5000), status=None)
    store, _, host = await filled(94, desk)
    before = {each.id: each for each in host.desk.notebook.executions.values()}
    host.receive({"t": "make_room"}, "page")
    await long_settle()
    kept = fold_all(store.stored).executions
    assert kept["x1"].outputs != before["x1"].outputs
    assert kept["x11"].outputs == before["x11"].outputs


@story
async def test_a_crash_in_the_middle_leaves_a_log_that_folds_to_what_shows() -> None:
    store, _, host = await filled(94)
    old = snapshot.encode(host.desk.peer.log.confirmed)
    store.write(Batch(snapshot=Folded(host.desk.peer.log.head, old)))
    before = looks(host)
    rows, pruned = store.rows, False

    async def crashing(after: int, limit: int) -> list[Row]:
        nonlocal pruned
        if any(map(is_pruned, store.stored)):
            pruned = True
            raise StoreDamaged("the power went")
        return await rows(after, limit)

    store.rows = crashing  # type: ignore[method-assign]
    host.receive({"t": "make_room"}, "page")
    await long_settle()
    assert pruned
    store.rows = rows  # type: ignore[method-assign]
    again = await opened(FakePage(), store, quiet=True)
    assert looks(again) == before
    assert again.desk.peer.log.confirmed == fold_all(store.stored)
    assert again.desk.told() is not None
