"""Peers over real parts: an authority in this process, stores in memory, channels."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
from foldbook.channel import MemoryChannel, pair
from foldbook.commands import parse
from foldbook.errors import CommandRefused, Refused
from foldbook.events.executions import ExecutionAssigned, ExecutionCompleted, ExecutionStarted
from foldbook.events.notebooks import MinimumReducerRaised, NotebookRenamed
from foldbook.events.outputs import StreamAppended
from foldbook.events.runtimes import RuntimeStarted
from foldbook.lines import FrameLine, Line
from foldbook.notebook import Status
from foldbook.peer import Origin, Peer
from foldbook.reducer import REDUCER_VERSION, fold_all
from foldbook.row import Role
from foldbook.saver import Saver
from foldbook.store import SESSION, Batch, Damage, MemoryStore
from foldbook.sync import RUNTIME_WINDOW
from foldbook.wire import Hello, decode, encode, identify
from peer_desk import ACTOR, Desk, World, begun, opened, runtime_peer
from stories import story

from tests.cells import until


@asynccontextmanager
async def editor(desk: Desk, disk: MemoryStore, session_secret: bytes) -> AsyncIterator[Peer]:
    """A person's peer with a store of its own, joined over channels."""
    around = desk.world.surroundings()
    links: list[MemoryChannel] = []
    tasks: list[asyncio.Task[None]] = []

    async def serve(channel: MemoryChannel) -> None:
        seat = desk.authority.join(Role.OWN, lambda message: channel.send(encode(message)))
        while (frame := await channel.receive()) is not None:
            seat.send(decode(frame))
        seat.close()

    async def connect() -> Line:
        near, far = pair()
        links.append(far)
        tasks.append(asyncio.create_task(serve(near)))
        return FrameLine(far)

    loaded = disk.load()
    disk.write(Batch(meta={SESSION: session_secret}))
    saver = Saver(disk, pause=around.pause)
    hello = Hello("book", "", session_secret, ACTOR, 0)
    peer = Peer.linked(hello, connect, around, role=Role.OWN, loaded=loaded, saver=saver)
    running = asyncio.create_task(peer.run())
    try:
        yield peer
        await saver.flush()
    finally:
        running.cancel()
        for each in links:
            each.close()
        await asyncio.gather(running, *tasks, return_exceptions=True)


async def running(desk: Desk, runtime: Peer) -> None:
    """The runtime is there, and runs the first cell as execution x1."""
    runtime.append([RuntimeStarted(name="Python", kind_name="browser")])
    await until(lambda: runtime.session in desk.peer.notebook.runtimes)
    desk.do("run_cells", cell_ids=["c1"], execution_ids=["x1"])
    await until(lambda: "x1" in runtime.notebook.executions)
    runtime.append([ExecutionAssigned(execution_id="x1")])
    runtime.append([ExecutionStarted(execution_id="x1")])


@story
async def test_what_is_submitted_is_in_the_view_at_once_and_then_kept() -> None:
    async with begun() as desk:
        assert desk.peer.notebook.cells["c1"].source == "6*7"
        assert desk.peer.unsaved == 2
        assert desk.peer.log.head == 0
        await desk.saver.flush()
        assert desk.peer.unsaved == 0
        assert desk.peer.log.head == len(desk.store.load().rows) == 2


@story
async def test_a_reopened_notebook_continues_the_session() -> None:
    store, world = MemoryStore(), World()
    async with opened(store, world) as desk:
        desk.begin()
        await desk.saver.flush()
        session = desk.peer.session
    async with opened(store, world) as desk:
        assert desk.peer.session == session
        assert desk.peer.notebook.cells["c1"].source == "6*7"
        desk.do("create_cell", cell_id="c2")
        await desk.saver.flush()
        assert [row.n for row in store.load().rows] == [1, 2, 3]


@story
async def test_a_view_s_count_is_kept_with_its_rows_even_where_the_command_is_refused() -> None:
    async with begun() as desk:
        desk.do("rename_notebook", Origin("v", 1), name="Other")
        with pytest.raises(CommandRefused):
            desk.do("delete_cells", Origin("v", 2), cell_ids=["nothing"])
        await desk.saver.flush()
        assert desk.store.load().views == {"v": 2}


@story
async def test_a_full_store_loses_nothing_and_says_so() -> None:
    store = MemoryStore()
    async with opened(store, World()) as desk:
        desk.begin()
        await desk.saver.flush()
        store.limit = 0
        desk.do("create_cell", cell_id="c2", source="more")
        await until(lambda: desk.peer.failed is not None)
        assert "room for 0 bytes" in str(desk.peer.failed)
        assert desk.peer.notebook.cells["c2"].source == "more"
        assert desk.peer.unsaved == 1
        desk.do("create_cell", cell_id="c3")
        store.limit = None
        desk.saver.retry()
        await desk.saver.flush()
        assert desk.peer.saved
        assert desk.peer.failed is None
        assert set(fold_all(store.load().rows).cells) == {"c1", "c2", "c3"}


@story
async def test_a_runtime_runs_what_was_asked_for() -> None:
    async with begun() as desk, runtime_peer(desk) as runtime:
        await running(desk, runtime)
        runtime.append([StreamAppended(execution_id="x1", name="stdout", text="42\n")])
        runtime.append([ExecutionCompleted(execution_id="x1", status="ok")])
        await until(lambda: runtime.saved)
        execution = desk.peer.notebook.executions["x1"]
        assert execution.status is Status.OK
        assert execution.outputs[0].text == "42\n"
        assert {row.role for row in desk.store.load().rows} == {Role.OWN, Role.RUNTIME}


@story
async def test_a_runtime_s_edit_is_refused_where_it_is_made() -> None:
    async with begun() as desk, runtime_peer(desk) as runtime:
        await until(lambda: "c1" in runtime.notebook.cells)
        with pytest.raises(CommandRefused, match="runtime does not cover"):
            runtime.append([NotebookRenamed(name="Mine")])
        assert runtime.notebook.name == "A book"


@story
async def test_a_call_reaches_the_runtime_and_its_answer_comes_back() -> None:
    async with begun() as desk:
        async with runtime_peer(desk) as runtime:

            async def answer(method: str, params: Any, by: str) -> Any:
                if method == "fail":
                    raise ValueError("no such thing as \ud800")
                if method == "odd":
                    return {"matches": ["half a character: \ud800"]}
                return [method, params["source"], by]

            runtime.on_call = answer
            await until(lambda: runtime.session in desk.peer.present)
            found = await desk.peer.call(runtime.session, "complete", {"source": "np."})
            assert found == ["complete", "np.", desk.peer.session]
            with pytest.raises(Refused, match="no such thing"):
                await desk.peer.call(runtime.session, "fail", {})
            with pytest.raises(Refused, match="surrogates not allowed"):
                await desk.peer.call(runtime.session, "odd", {})
        await until(lambda: runtime.session not in desk.peer.present)
        with pytest.raises(Refused, match="not connected"):
            await desk.peer.call(runtime.session, "complete", {})


@story
async def test_a_runtime_s_blob_is_there_before_its_row() -> None:
    async with begun() as desk, runtime_peer(desk) as runtime:
        digest = runtime.put_blob(b"picture")
        runtime.append([RuntimeStarted(name="Python", kind_name="browser")])
        await until(lambda: runtime.session in desk.peer.notebook.runtimes)
        assert await desk.peer.get_blob(digest) == b"picture"
        assert await runtime.get_blob(digest) == b"picture"
        assert await runtime.get_blob("0" * 64) is None


@story
async def test_a_restored_copy_that_goes_its_own_way_becomes_another_session() -> None:
    world = World()
    async with opened(MemoryStore(), world) as desk:
        desk.begin()
        ours = world.secret()
        disks = [MemoryStore(), MemoryStore()]
        sessions = []
        for i, disk in enumerate(disks):  # two copies of one store, one after the other
            async with editor(desk, disk, ours) as peer:
                peer.submit(parse({"do": "create_cell", "cell_id": f"from{i}"}))
                await until(lambda peer=peer: not peer.log.pending)
                sessions.append(peer.session)
        first, second = sessions
        assert first != second
        assert {"from0", "from1"} <= set(desk.peer.notebook.cells)
        assert disks[0].load().meta[SESSION] == ours
        assert identify(bytes(disks[1].load().meta[SESSION])) == second
        assert [row.n for row in disks[1].load().rows if row.session == second] == [1]


@story
async def test_a_linked_peer_keeps_its_rows_before_it_sends_them() -> None:
    world = World()
    async with opened(MemoryStore(), world) as desk:
        desk.begin()
        disk = MemoryStore()
        async with editor(desk, disk, world.secret()) as peer:
            await until(lambda: "c1" in peer.notebook.cells and peer.failed is None)
            disk.limit = 0
            peer.submit(parse({"do": "create_cell", "cell_id": "kept"}))
            await until(lambda: peer.failed is not None)
            assert peer.unsaved == 1
            assert "kept" not in desk.peer.notebook.cells
            disk.limit = None
            await until(lambda: "kept" in desk.peer.notebook.cells)
            assert peer.unsaved == 0


@story
async def test_a_damaged_notebook_can_be_read_and_not_written() -> None:
    store, world = MemoryStore(), World()
    async with opened(store, world) as desk:
        desk.begin()
        desk.do("create_cell", cell_id="c2")
        await desk.saver.flush()
    loaded = store.load()
    del loaded.rows[1]
    loaded.damaged.append(Damage("rows/2", "does not match its checksum", b"x"))
    peer = Peer.reading(loaded, ACTOR, world.surroundings())
    assert set(peer.notebook.cells) == {"c2"}
    assert peer.readonly == "Some records of the store are damaged"
    with pytest.raises(CommandRefused, match="Some records"):
        peer.submit(parse({"do": "create_cell", "cell_id": "c3"}))


@story
async def test_what_could_not_be_read_back_is_not_taken() -> None:
    def nested(levels: int) -> Any:
        return [nested(levels - 1)] if levels else 1

    async with begun() as desk:
        # JSON is written in more levels than it is read, and not in any number.
        for values in ({"a": nested(220)}, {"a": nested(400)}, {"a": "\ud800"}):
            with pytest.raises(CommandRefused, match="cannot be kept in the log"):
                desk.do("set_cell_metadata", cell_id="c1", values=values)
            with pytest.raises(CommandRefused, match="cannot be kept in the log"):
                desk.do("paste_cells", cells=[{"metadata": values}])
        await desk.saver.flush()
        assert desk.peer.readonly is None
        assert desk.peer.undo.undo_label == "Insert cell"
        assert len(desk.store.load().rows) == 2


@story
async def test_strangers_stop_nobody_and_a_raised_minimum_stops_who_is_older() -> None:
    store, world = MemoryStore(), World()
    async with opened(store, world) as desk:
        desk.begin()
        await desk.saver.flush()
    last = store.load().rows[-1]
    strange = replace(last, seq=3, n=3, payload=b'{"type":"cellPainted","cell_id":"c1"}')
    unsound = replace(last, seq=4, n=4, payload=b"no JSON")
    store.write(Batch(confirmed=[strange, unsound]))
    async with opened(store, world) as desk:
        assert desk.peer.readonly is None
        desk.do("create_cell", cell_id="c3")
        desk.peer.append([MinimumReducerRaised(reducer=REDUCER_VERSION)])
        await desk.saver.flush()
        assert desk.peer.readonly is None
        desk.peer.append([MinimumReducerRaised(reducer=REDUCER_VERSION + 1)])
        await desk.saver.flush()
        assert "newer Foldbook" in (desk.peer.readonly or "")
        with pytest.raises(CommandRefused, match="read-only"):
            desk.do("create_cell", cell_id="c4")


@story
async def test_a_runtime_that_writes_too_fast_can_wait() -> None:
    async with begun() as desk, runtime_peer(desk) as runtime:
        await running(desk, runtime)
        for _ in range(60):
            text = "x" * 30_000
            runtime.append([StreamAppended(execution_id="x1", name="stdout", text=text)])
        await runtime.drained(RUNTIME_WINDOW // 2)
        await until(lambda: runtime.saved)
        [output] = desk.peer.notebook.executions["x1"].outputs
        assert len(output.text) == 60 * 30_000
