"""When a runtime of somebody's page may start what it has claimed."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any, cast

import pytest
from foldbook.agent import RuntimeAgent
from foldbook.channel import MemoryChannel, pair
from foldbook.claims import CLAIMED
from foldbook.events.executions import ExecutionAssigned, ExecutionCancelled, ExecutionRequested
from foldbook.events.runtimes import RuntimeSelected, RuntimeStarted
from foldbook.executor import Executor, Outcome
from foldbook.guests import Guests
from foldbook.lines import FrameLine, Line
from foldbook.notebook import Status
from foldbook.peer import Peer
from foldbook.row import Role
from foldbook.saver import Saver
from foldbook.store import MemoryStore
from foldbook.sync import RUNTIME_WINDOW
from foldbook.wire import Hello, decode, encode, identify
from peer_desk import Desk, begun
from stories import story

from tests.cells import until

SECRET = b"the page's python..............."
PYTHON = identify(SECRET)
OTHER = "another-runtime"


class Page:
    """Ada's page, at an authority that others use too; her Python hears verdicts."""

    def __init__(self, desk: Desk, peer: Peer, python: Peer, wire: "Wire") -> None:
        self.desk, self.peer, self.python, self.wire = desk, peer, python, wire
        self.verdicts: list[tuple[str, str]] = []
        python.on_call = self._told

    async def _told(self, method: str, params: Any, _by: str) -> None:
        assert method == CLAIMED
        assert params["home"] == self.peer.session
        self.verdicts.append((params["execution_id"], params["verdict"]))

    async def hears(self, *verdicts: tuple[str, str]) -> None:
        await until(lambda: len(self.verdicts) >= len(verdicts))
        assert self.verdicts == list(verdicts)

    def ask(self, peer: Peer, name: str, runtime: str | None = PYTHON) -> None:
        """Somebody asks for a run."""
        event = ExecutionRequested(
            execution_id=name, cell_id="c1", source="1", runtime=runtime, run_id=name
        )
        peer.append([event])

    async def claim(self, name: str) -> None:
        await until(lambda: name in self.python.notebook.executions)
        self.python.append([ExecutionAssigned(execution_id=name)])

    def owner(self, name: str) -> str | None:
        return self.desk.peer.notebook.executions[name].owner

    def runtime_of(self, name: str, status: Status) -> str | None:
        """Whose it is as Ada sees it, once it stands there like this."""
        found = self.peer.notebook.executions.get(name)
        return found.runtime if found is not None and found.status is status else None


class Wire:
    """Ada's way to the authority: to be cut and mended, or to be slow."""

    def __init__(self, desk: Desk) -> None:
        self.is_whole = asyncio.Event()
        self.is_whole.set()
        self.lets_up = asyncio.Event()
        self.lets_up.set()
        self._desk = desk
        self._ends: list[MemoryChannel] = []
        self._tasks: list[asyncio.Task[None]] = []

    async def connect(self) -> Line:
        await self.is_whole.wait()
        near, far = pair()
        self._ends.append(far)
        self._tasks.append(asyncio.create_task(self._serve(near)))
        return FrameLine(far)

    def cut(self) -> None:
        self.is_whole.clear()
        for each in self._ends:
            each.close()

    async def _serve(self, channel: MemoryChannel) -> None:
        seat = self._desk.authority.join(Role.OWN, lambda message: channel.send(encode(message)))
        while (frame := await channel.receive()) is not None:
            await self.lets_up.wait()
            seat.send(decode(frame))
        seat.close()


@asynccontextmanager
async def paged() -> AsyncIterator[Page]:
    async with begun() as desk:
        around, disk, wire = desk.world.surroundings(), MemoryStore(), Wire(desk)
        hello = Hello("book", "", desk.world.secret(), desk.world.secret(), 0)
        saver = Saver(disk, pause=around.pause)
        peer = Peer.linked(hello, wire.connect, around, role=Role.OWN, saver=saver)
        guests = Guests(peer, desk.world.secret, desk.world.now)
        near, far = pair()
        lines: list[Line] = [FrameLine(far)]

        async def once() -> Line | None:
            return lines.pop() if lines else None

        python = Peer.linked(
            Hello(guests.room.name, "", SECRET, SECRET, 0), once, around, window=RUNTIME_WINDOW
        )
        works = [asyncio.create_task(each.run()) for each in (peer, python)]
        await until(lambda: "c1" in peer.notebook.cells and peer.is_linked)
        guests.welcome(near, PYTHON)
        page = Page(desk, peer, python, wire)
        await until(lambda: "c1" in python.notebook.cells)
        python.append([RuntimeStarted(name="Here", kind_name="browser")])
        await until(lambda: PYTHON in desk.peer.notebook.runtimes)
        yield page
        wire.is_whole.set()
        for work in works:
            work.cancel()
            with suppress(asyncio.CancelledError):
                await work


def confirmed(peer: Peer, name: str) -> Callable[[], bool]:
    return lambda: name in peer.log.confirmed.executions


@story
async def test_what_a_page_asks_of_its_own_python_starts_when_it_is_kept_offline_too() -> None:
    async with paged() as page:
        page.wire.cut()
        await until(lambda: not page.peer.is_linked)
        page.ask(page.peer, "own")
        await page.claim("own")
        await page.hears(("own", "start"))
        assert not confirmed(page.peer, "own")()
        page.wire.is_whole.set()
        await until(lambda: "own" in page.desk.peer.notebook.executions)
        await until(lambda: page.owner("own") == PYTHON)


@story
async def test_what_others_ask_starts_when_the_claim_has_come_back() -> None:
    async with paged() as page:
        page.ask(page.desk.peer, "theirs")
        await until(confirmed(page.peer, "theirs"))
        page.wire.lets_up.clear()
        await page.claim("theirs")
        await until(lambda: page.peer.notebook.executions["theirs"].owner == PYTHON)
        for _ in range(100):
            await asyncio.sleep(0)
        assert page.verdicts == []
        page.wire.lets_up.set()
        await page.hears(("theirs", "start"))
        assert page.owner("theirs") == PYTHON


@story
async def test_what_names_nobody_is_not_a_pages_own() -> None:
    async with paged() as page:
        page.wire.lets_up.clear()
        page.ask(page.peer, "free", None)
        await page.claim("free")
        for _ in range(100):
            await asyncio.sleep(0)
        assert page.verdicts == []
        page.wire.lets_up.set()
        await page.hears(("free", "start"))


@story
async def test_while_there_is_no_way_to_the_others_their_runs_wait() -> None:
    async with paged() as page:
        page.ask(page.desk.peer, "theirs")
        await until(confirmed(page.peer, "theirs"))
        page.wire.cut()
        await until(lambda: not page.peer.is_linked)
        await page.claim("theirs")
        await page.hears(("theirs", "later"))
        page.wire.is_whole.set()
        await page.hears(("theirs", "later"), ("theirs", "start"))


@pytest.mark.parametrize("gives_away", [True, False])
@story
async def test_what_a_page_gave_away_and_took_back_is_its_own_when_others_have_heard_of_it(
    gives_away: bool,
) -> None:
    async with paged() as page:
        page.wire.cut()
        await until(lambda: not page.peer.is_linked)
        page.ask(page.peer, "own")
        if gives_away:
            page.peer.append([RuntimeSelected(runtime=None)])
        page.peer.append([RuntimeSelected(runtime=PYTHON)])
        await page.claim("own")
        await page.hears(("own", "later" if gives_away else "start"))
        page.wire.is_whole.set()
        await until(confirmed(page.peer, "own"))
        if gives_away:
            await page.hears(("own", "later"), ("own", "start"))
        await until(lambda: page.owner("own") == PYTHON)


@story
async def test_a_claim_that_comes_too_late_is_void_and_made_again_when_it_would_count() -> None:
    async with paged() as page:
        others = page.desk.peer
        others.append([RuntimeStarted(name="Other", kind_name="browser", by=OTHER)])
        page.ask(others, "moved")
        page.ask(others, "gone")
        await until(confirmed(page.peer, "gone"))
        page.wire.lets_up.clear()
        await page.claim("moved")
        await page.claim("gone")
        await until(lambda: page.peer.notebook.executions["gone"].status is Status.ASSIGNED)
        others.append([RuntimeSelected(runtime=OTHER), ExecutionCancelled(execution_id="gone")])
        await until(lambda: others.saved)
        page.wire.lets_up.set()
        await page.hears(("gone", "void"), ("moved", "void"))
        assert page.owner("moved") is None
        others.append([RuntimeSelected(runtime=PYTHON)])
        before = (("gone", "void"), ("moved", "void"))
        await page.hears(*before, ("moved", "again"), ("moved", "start"))
        assert page.owner("moved") == PYTHON
        assert others.notebook.executions["gone"].status is Status.CANCELLED


@story
async def test_a_page_that_switches_takes_what_its_python_has_not_started() -> None:
    async with paged() as page:
        page.desk.peer.append([RuntimeStarted(name="Other", kind_name="browser", by=OTHER)])
        page.ask(page.peer, "own")
        await until(confirmed(page.desk.peer, "own"))
        await until(lambda: OTHER in page.peer.notebook.runtimes)
        page.peer.append([RuntimeSelected(runtime=OTHER)])  # it has not reached the Python
        await page.claim("own")
        await page.hears(("own", "void"))
        await until(lambda: page.peer.log.waiting == 0)
        assert page.desk.peer.notebook.executions["own"].runtime == OTHER


class Notes:
    """An executor that only notes what it is to run."""

    def __init__(self) -> None:
        self.ran: list[str] = []

    async def start(self, _outlet: Any) -> dict[str, Any]:
        return {}

    async def run(self, parent: str, _source: str) -> Outcome:
        self.ran.append(parent)
        return Outcome("ok", len(self.ran))

    async def died(self) -> str:
        await asyncio.Event().wait()
        raise AssertionError


@story
async def test_what_went_to_another_and_came_back_is_run_in_its_turn() -> None:
    async with paged() as page:
        others, notes = page.desk.peer, Notes()
        agent = RuntimeAgent(page.python, cast("Executor", notes), "Here", "browser", guest=True)
        await agent.start()
        running = asyncio.create_task(agent.run())
        others.append([RuntimeStarted(name="Other", kind_name="browser", by=OTHER)])
        page.wire.lets_up.clear()
        page.ask(others, "theirs")
        await until(lambda: page.runtime_of("theirs", Status.ASSIGNED) == PYTHON)
        others.append([RuntimeSelected(runtime=OTHER)])
        await until(lambda: others.saved)
        page.wire.lets_up.set()
        await until(lambda: page.runtime_of("theirs", Status.QUEUED) == OTHER)
        await until(lambda: page.peer.log.waiting == 0)
        page.wire.lets_up.clear()
        others.append([RuntimeSelected(runtime=PYTHON)])
        await until(lambda: page.runtime_of("theirs", Status.ASSIGNED) == PYTHON)
        page.ask(page.peer, "own")
        for _ in range(100):
            await asyncio.sleep(0)
        page.wire.lets_up.set()
        await until(lambda: len(notes.ran) == 2)
        running.cancel()
        assert notes.ran == ["theirs", "own"]
