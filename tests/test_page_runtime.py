"""The runtime of a page beside a machine that has joined: who starts, who stops, who takes what
waits, and how the page shows it."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from builder import relay as relays
from foldbook import reach
from foldbook.events.base import Event
from foldbook.events.runtimes import RuntimeSelected, RuntimeStarted
from foldbook.link import parse as parse_link
from foldbook.native.notebooks import Held, opened
from foldbook.store import Batch, Loaded, MemoryStore
from foldbook.sync import RUNTIME_WINDOW
from foldbook.view import full_view
from shared import BEGIN, Someone, two, until
from stories import story

SECRET = b"the machine's own secret........"


@asynccontextmanager
async def machine(owner: Someone, folder: Path) -> AsyncIterator[Held]:
    """A machine that has joined the notebook and runs nothing."""
    link = parse_link(await owner.link("runtime"))
    async with opened(
        link, folder / "loom", SECRET, window=RUNTIME_WINDOW, warn=pytest.fail
    ) as held:
        await held.current()
        held.peer.append([RuntimeStarted(name="loom", kind_name="python")])
        await until(lambda: held.peer.session in owner.peer.log.confirmed.runtimes)
        yield held


def hosted(who: Someone) -> list[str]:
    """What the page was told to do with runtimes."""
    return [each["do"] for each in who.of("host")]


def shown(who: Someone, session: str) -> dict[str, Any]:
    """How a page shows a runtime."""
    runtimes = full_view(who.host.desk.notebook, who.host.desk.around)["runtimes"]
    found = [each for each in runtimes if each["session"] == session]
    return found[0] if found else {"status": "not there"}


def started(who: Someone) -> str:
    """The page's runtime is there, as its frame would say it; its session."""
    session: str = who.of("host")[-1]["session"]
    said: Event = RuntimeStarted(name="Python in this browser", kind_name="browser", by=session)
    who.peer.append([said])
    return session


def executions(who: Someone) -> list[tuple[str, str | None]]:
    return [
        (each.status.value, each.owner or each.runtime)
        for each in who.peer.notebook.executions.values()
    ]


@story
async def test_a_page_starts_no_python_where_a_machine_runs_the_cells(
    relay: str, tmp_path: Path
) -> None:
    mara = Someone("Mara", BEGIN)
    await mara.open()
    await mara.share(relay)
    mine = started(mara)
    async with machine(mara, tmp_path) as loom:
        there = loom.peer.session
        mara.do("select_runtime", runtime=there)
        ines = Someone("Ines", {"do": "join", "link": await mara.link("run")})
        await ines.open()
        await until(lambda: ines.peer.notebook.selected_runtime == there)
        ines.do("run_cells", cell_ids=["c"])
        await until(lambda: executions(mara) == [("queued", there)])
        assert shown(ines, mine)["owner"] == mara.peer.actor
        assert shown(ines, there)["queue"] == 1
        ines.do("interrupt")
        ines.do("restart", run_all=False)
        await until(lambda: ines.peer.notebook.runtimes[there].restart > 0)
        assert hosted(ines) == [], "another's runtime is none of this page's business"
        ines.do("start_runtime")
        ines.do("start_runtime")
        await until(lambda: hosted(ines) != [])
        assert hosted(ines) == ["start"]
        assert ines.peer.notebook.selected_runtime == there
        await ines.close()
        await mara.close()


@story
async def test_what_waits_for_a_page_s_own_python_follows_what_others_select(
    relay: str, tmp_path: Path
) -> None:
    async with two(relay) as (mara, ines), machine(mara, tmp_path) as loom:
        mine = started(mara)
        mara.do("select_runtime", runtime=mine)
        mara.do("run_cells", cell_ids=["c"])
        await until(lambda: executions(ines) == [("queued", mine)])
        ines.do("select_runtime", runtime=loom.peer.session)
        await until(lambda: executions(ines) == [("queued", loom.peer.session)])
        assert executions(mara) == executions(ines)
        by = [each for each in mara.peer.log.confirmed.aside if "selected meanwhile" in each.reason]
        assert by == []


@story
async def test_a_python_that_people_stop_ends_and_the_next_run_starts_one(relay: str) -> None:
    async with two(relay) as (mara, ines):
        mine = started(mara)
        await until(lambda: mine in ines.peer.notebook.runtimes)
        ines.do("stop_runtime", runtime=mine)
        await until(lambda: ines.peer.notebook.runtimes[mine].status == "stopped")
        assert hosted(mara)[-1] == "stop"
        mara.do("run_cells", cell_ids=["c"])
        await until(lambda: hosted(mara)[-1] == "start")
        assert executions(mara) == [("queued", mara.of("host")[-1]["session"])]


@story
async def test_who_may_not_run_starts_nothing(relay: str) -> None:
    async with two(relay, "edit") as (_mara, ines):
        ines.do("start_runtime")
        await until(lambda: bool(ines.of("refused")))
        assert hosted(ines) == []


@story
async def test_a_machine_is_shown_as_the_relay_knows_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reach, "SILENCE", 50)
    data = tmp_path / "relay"
    with relays.running(data, 0) as address:
        assert address is not None
        mara = Someone("Mara", BEGIN)
        await mara.open()
        await mara.share(address)
        async with machine(mara, tmp_path) as loom:
            session = loom.peer.session
            await until(lambda: shown(mara, session)["status"] == "ready")
        await until(lambda: shown(mara, session)["status"] == "unreachable")
        since = shown(mara, session)["gone"]
        assert since is not None
        ines = Someone("Ines", {"do": "join", "link": await mara.link("view")})
        await ines.open()
        await until(lambda: shown(ines, session)["status"] == "unreachable")
        assert shown(ines, session)["gone"] == since
        assert mara.peer.log.confirmed.runtimes[session].status == "ready", "nothing is concluded"
        await ines.close()
    await until(lambda: shown(mara, session)["status"] == "unknown")
    mara.do("give_up_runtime", runtime=session)
    await until(lambda: mara.peer.notebook.runtimes[session].status == "lost")
    await mara.close()


@story
async def test_in_a_copy_that_nobody_shares_there_is_no_machine(relay: str, tmp_path: Path) -> None:
    mara = Someone("Mara", BEGIN)
    await mara.open()
    await mara.share(relay)
    async with machine(mara, tmp_path) as loom:
        session = loom.peer.session
        mara.peer.append([RuntimeSelected(runtime=session)])
        mara.do("run_cells", cell_ids=["c"])
        await until(lambda: not mara.peer.log.pending)
        assert mara.host._saver is not None
        await mara.host._saver.flush()
        loaded: Loaded = mara.store.load()
    await mara.close()
    copy = Someone("Mara", BEGIN)
    copy.store = MemoryStore()
    copy.store.write(Batch(confirmed=list(loaded.rows)))
    await copy.open()
    assert copy.peer.notebook.runtimes[session].status == "lost"
    assert executions(copy) == [("aborted", session)]
    await copy.close()


@story
async def test_completions_are_asked_of_the_selected_machine(relay: str, tmp_path: Path) -> None:
    async with two(relay) as (mara, ines), machine(mara, tmp_path) as loom:

        async def answer(method: str, params: Mapping[str, Any], _asker: str) -> Any:
            return [method, params["source"]]

        loom.peer.on_call = answer
        mara.do("select_runtime", runtime=loom.peer.session)
        await until(lambda: ines.peer.notebook.selected_runtime == loom.peer.session)
        params = {"source": "np.", "position": 3}
        for who in (mara, ines):
            question = {"t": "call", "view": "v", "id": "q", "method": "complete", "params": params}
            who.host.receive(question, "page")
            await until(lambda who=who: any(each["id"] == "q" for each in who.of("result")))
            assert who.of("result")[-1]["value"] == ["complete", "np."]
