"""The runtimes of a page: they join a room in memory, and speak through the notebook's session."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest
from foldbook import guests
from foldbook.channel import Channel, MemoryChannel, pair
from foldbook.errors import Refused
from foldbook.events.executions import ExecutionAssigned, ExecutionCompleted, ExecutionStarted
from foldbook.events.outputs import StreamAppended
from foldbook.events.runtimes import RuntimeStarted
from foldbook.guests import Guests
from foldbook.lines import FrameLine, Line
from foldbook.notebook import Status
from foldbook.peer import Peer, Surroundings
from foldbook.replica import Replica
from foldbook.row import Kind, Role, runtime_actor
from foldbook.store import MemoryStore
from foldbook.sync import RUNTIME_WINDOW
from foldbook.wire import Hello, identify
from peer_desk import Desk, World, opened
from stories import story

SECRET = b"the runtime's secret............"
PYTHON = identify(SECRET)


async def settle() -> None:
    for _ in range(50):
        await asyncio.sleep(0)


class Host:
    """A notebook with guests, and one runtime among them."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.peer = desk.peer
        self.guests = Guests(desk.peer, desk.world.secret, desk.world.now)

    def runtime(self, around: Surroundings) -> Peer:
        near, far = pair()
        channels: list[Channel] = [far]
        self.near: MemoryChannel = near

        async def connect() -> Line | None:
            return FrameLine(channels.pop()) if channels else None

        self.guests.welcome(near, PYTHON)
        hello = Hello(self.guests.room.name, "", SECRET, b"whoever it says", 0)
        return Peer.linked(replace_actor(hello), connect, around, window=RUNTIME_WINDOW)


def replace_actor(hello: Hello) -> Hello:
    secret = hashlib.sha256(b"whoever").digest()
    return Hello(hello.room, hello.epoch, hello.session_secret, secret, hello.since)


@asynccontextmanager
async def hosted() -> AsyncIterator[tuple[Host, Peer]]:
    world = World()
    async with opened(MemoryStore(), world) as desk:
        host = Host(desk)
        desk.begin()
        await settle()
        python = host.runtime(world.surroundings())
        running = asyncio.create_task(python.run())
        await settle()
        python.append([RuntimeStarted(name="Python", kind_name="browser")])
        await settle()
        yield host, python
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running


def run(python: Peer) -> str:
    """The runtime runs what waits, in one go; returns the execution's id."""
    [execution] = python.notebook.unfinished()
    python.append(
        [
            ExecutionAssigned(execution_id=execution.id),
            ExecutionStarted(execution_id=execution.id),
            StreamAppended(execution_id=execution.id, name="stdout", text="42"),
            ExecutionCompleted(execution_id=execution.id, status="ok", execution_count=1),
        ]
    )
    return execution.id


@story
async def test_what_a_runtime_says_is_in_the_notebooks_own_session() -> None:
    async with hosted() as (host, python):
        host.desk.do("run_cells", cell_ids=["c1"])
        await settle()
        done = run(python)
        await settle()
        execution = host.peer.log.confirmed.executions[done]
        assert (execution.status, execution.owner) == (Status.OK, PYTHON)
        assert execution.outputs[0].text == "42"
        rows = host.desk.authority.room._ledger.rows
        assert {row.session for row in rows} == {host.peer.session}
        assert [row.kind for row in rows].count(Kind.OUTPUT) == 5
        known = host.peer.notebook.runtimes[PYTHON]
        assert known.actor == runtime_actor(host.peer.actor)
        assert python.notebook.executions[done].status is Status.OK
        assert python.log.pending == ()


@story
async def test_a_runtime_is_told_what_happened_before_and_after_it_came() -> None:
    async with hosted() as (host, python):
        assert list(python.notebook.cells) == ["c1"]
        host.desk.do("create_cell", cell_id="c2", source="1")
        await settle()
        assert list(python.notebook.cells) == ["c1", "c2"]


@story
async def test_what_others_write_reaches_the_runtime_whatever_it_had_seen() -> None:
    async with hosted() as (host, python):
        for i in range(30):
            host.desk.do("rename_notebook", name=f"name {i}")
        run_ids = host.desk.do
        run_ids("run_cells", cell_ids=["c1"])
        await settle()
        assert python.notebook.name == "name 29"
        assert python.log.confirmed.void_count == 0
        assert [each.cell_id for each in python.notebook.unfinished()] == ["c1"]


@story
async def test_a_call_reaches_a_runtime_and_its_answer_the_asker() -> None:
    async with hosted() as (host, python):

        async def answer(method: str, params: object, _by: str) -> object:
            return [method, params]

        python.on_call = answer
        assert host.guests.has(PYTHON)
        assert await host.guests.call(PYTHON, "complete", {"at": 1}) == ["complete", {"at": 1}]
        host.near.close()
        await settle()
        assert not host.guests.has(PYTHON)
        with pytest.raises(Refused, match="not connected"):
            await host.guests.call(PYTHON, "complete", {})


@story
async def test_rows_are_acknowledged_when_they_are_kept_and_not_before() -> None:
    async with hosted() as (host, python):
        host.desk.do("run_cells", cell_ids=["c1"])
        await settle()
        host.desk.store.limit = 0
        run(python)
        await settle()
        assert len(python.log.pending) == 4
        host.desk.store.limit = None
        host.desk.saver.retry()
        await settle()
        assert python.log.pending == ()


@story
async def test_a_runtime_is_told_where_a_long_notebook_stands_and_not_its_log() -> None:
    world = World()
    async with opened(MemoryStore(), world) as desk:
        desk.begin()
        for i in range(300):
            desk.do("rename_notebook", name=f"name {i}")
        await settle()
        host = Host(desk)
        desk.do("run_cells", cell_ids=["c1"])
        python = host.runtime(world.surroundings())
        running = asyncio.create_task(python.run())
        await settle()
        assert (python.notebook.name, list(python.notebook.cells)) == ("name 299", ["c1"])
        assert python.log.confirmed.head < 10
        python.append([RuntimeStarted(name="Python", kind_name="browser")])
        await settle()
        done = run(python)
        await settle()
        assert host.peer.log.confirmed.executions[done].status is Status.OK
        assert python.log.confirmed.void_count == host.peer.log.confirmed.void_count == 0
        running.cancel()


@story
async def test_a_runtime_waits_for_what_is_not_kept_yet() -> None:
    world = World()
    async with opened(MemoryStore(), world) as desk:
        desk.begin()
        await settle()
        host = Host(desk)
        desk.store.limit = 0
        desk.do("run_cells", cell_ids=["c1"])
        python = host.runtime(world.surroundings())
        running = asyncio.create_task(python.run())
        await settle()
        assert python.is_linked
        assert not python.notebook.cells
        desk.store.limit = None
        desk.saver.retry()
        await settle()
        assert [each.cell_id for each in python.notebook.unfinished()] == ["c1"]
        assert python.log.confirmed.void_count == 0
        running.cancel()


@story
async def test_rows_of_hours_do_not_stay_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guests, "KEEP", (64, 10**6))
    async with hosted() as (host, python):
        host.desk.do("run_cells", cell_ids=["c1"])
        await settle()
        [execution] = python.notebook.unfinished()
        python.append([ExecutionAssigned(execution_id=execution.id)])
        python.append([ExecutionStarted(execution_id=execution.id)])
        for i in range(400):
            said = StreamAppended(execution_id=execution.id, name="stdout", text=f"{i}\n")
            python.append([said])
            await asyncio.sleep(0)
        await settle()
        shown = host.peer.log.confirmed.executions[execution.id].outputs
        assert [len(each.text.splitlines()) for each in shown] == [400]
        assert len(list(host.guests.room.log)) <= 72
        assert python.log.pending == ()


@story
async def test_a_notebook_that_takes_no_output_sends_its_runtime_away() -> None:
    async with hosted() as (host, python):
        host.desk.do("run_cells", cell_ids=["c1"])
        await settle()
        replica: Replica = host.peer._replica
        replica.role = Role.EDIT
        run(python)
        await settle()
        assert not host.guests.has(PYTHON)
        assert [each.status for each in host.peer.notebook.executions.values()] == [Status.QUEUED]


@story
async def test_a_runtime_cannot_speak_as_another() -> None:
    async with hosted() as (host, _python):
        near, far = pair()
        host.guests.welcome(near, "another")
        far.send(b"\x81\xa1t\xa5hello")
        await settle()
        assert not host.guests.has("another")
