"""Runtimes that are processes: killed, cut off, asleep; with a full disk, and a wrong clock."""

import os
import signal
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest
from foldbook.native.exits import Exit
from foldbook.native.folders import runtime_folder
from foldbook.native.notebooks import FILE
from foldbook.native.outside import surroundings
from foldbook.native.store import SqliteStore
from foldbook.notebook import FINAL, Status
from joined import (
    COUNT,
    Joined,
    Relay,
    Room,
    begun,
    lines,
    native,
    pid_of,
    room,
    text_of,
    until,
)
from stories import story

from tests.executors import NEVER_ENDS

# Crash and silence


@story
async def test_a_killed_kernel_is_told_at_once_and_another_stands_in_its_place(
    relay: str, tmp_path: Path
) -> None:
    async with room(relay, tmp_path) as book:
        loom = book.join()
        first = await book.runtime()
        pid = await pid_of(book)
        name = await begun(book)
        os.kill(pid, signal.SIGKILL)
        execution = await book.comes(name)
        assert execution.status is Status.LOST
        assert "9" in execution.reason or "kill" in execution.reason.lower()
        await until(lambda: len(book.peer.log.confirmed.runtimes) == 2, lambda: "a second one")
        second = await book.runtime()
        assert second.replaces == first.session
        assert book.peer.log.confirmed.runtimes[first.session].status == "stopped"
        [execution] = await book.run("'alive'")
        assert (execution.status, execution.owner) == (Status.OK, second.session)
        assert loom.process.poll() is None
        assert "Starts anew, with empty memory" in loom.text


@story
async def test_a_kernel_that_is_killed_while_idle_is_replaced(relay: str, tmp_path: Path) -> None:
    async with room(relay, tmp_path) as book:
        book.join()
        first = await book.runtime()
        os.kill(await pid_of(book), signal.SIGKILL)
        await until(lambda: len(book.peer.log.confirmed.runtimes) == 2, lambda: "a second one")
        assert (await book.runtime()).replaces == first.session


@story
async def test_a_killed_agent_is_replaced_by_the_next(relay: str, tmp_path: Path) -> None:
    async with room(relay, tmp_path) as book:
        loom = book.join()
        first = await book.runtime()
        name = await begun(book)
        await loom.kill()
        await until(lambda: first.session not in book.peer.present, lambda: "its going")
        assert book.execution(name).status is Status.RUNNING  # silence concludes nothing
        again = book.join()
        execution = await book.comes(name)
        assert execution.status is Status.LOST
        second = await book.runtime()
        assert (second.replaces, second.actor) == (first.session, first.actor)
        await again.says("In the place of loom")
        assert (await book.run("2"))[0].status is Status.OK


def kept_of(book: Room) -> bytes:
    """What the runtime has on its disk, and the relay has not."""
    path = runtime_folder(book.folder / "loom", book.link, "loom") / FILE
    database = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        return b"".join(record for (record,) in database.execute("SELECT record FROM pending"))
    finally:
        database.close()


# In the runtime's process, which nothing else reaches when the relay is gone.
PRINTS_WHEN_TOLD = (
    "import os, time\nprint('begun', flush=True)\n"
    "while not os.path.exists('go'): time.sleep(0.01)\n"
    "for i in range(200): print('line', i, flush=True)\n"
)


async def printing_alone(book: Room, relay: Relay, loom: Joined, then: str) -> str:
    """A run that prints when its runtime is cut off, and goes on with ``then``; its execution."""
    [name] = book.ask(PRINTS_WHEN_TOLD + then)
    await book.said(name, "begun")
    relay.stop()
    await loom.says("Not connected")
    (book.work / "go").touch()
    return name


@story
async def test_what_a_killed_agent_could_not_send_is_sent_first(tmp_path: Path) -> None:
    relay = Relay(tmp_path / "relay")
    async with room(relay.address, tmp_path) as book:
        loom = book.join()
        first = await book.runtime()
        name = await printing_alone(book, relay, loom, NEVER_ENDS)
        await until(lambda: b"line 199" in kept_of(book), lambda: "all of it on the disk")
        await loom.kill()
        relay.start()
        book.peer.hurry()
        again = book.join()
        await again.says("rows of before are to be sent first")
        execution = await book.comes(name)
        assert execution.status is Status.LOST
        assert text_of(execution) == "begun\n" + lines(200)
        assert (await book.runtime()).replaces == first.session
    relay.stop()


@story
async def test_without_a_relay_it_goes_on_and_catches_up(tmp_path: Path) -> None:
    relay = Relay(tmp_path / "relay")
    async with room(relay.address, tmp_path) as book:
        loom = book.join()
        runtime = await book.runtime()
        name = await printing_alone(book, relay, loom, "'done'")
        await until(lambda: b"executionCompleted" in kept_of(book), lambda: "its end")
        assert book.execution(name).status is Status.RUNNING
        relay.start()
        book.peer.hurry()
        execution = await book.comes(name)
        assert (execution.status, execution.owner) == (Status.OK, runtime.session)
        assert text_of(execution) == "begun\n" + lines(200)
        assert (await book.run("'more'"))[0].owner == runtime.session
    relay.stop()


@story
async def test_a_sleeping_machine_concludes_nothing_and_loses_nothing(tmp_path: Path) -> None:
    relay = Relay(tmp_path / "relay")
    async with room(relay.address, tmp_path) as book:
        loom = book.join()
        runtime = await book.runtime()
        pid = await pid_of(book)
        [name] = book.ask(COUNT.format(count=50, pause=0.02))
        await book.said(name, "line 3")
        for process in (pid, loom.process.pid):
            os.kill(process, signal.SIGSTOP)
        relay.stop()  # its line is dead when it wakes
        await until(lambda: not book.peer.is_linked, lambda: "the end of Mara's line")
        relay.start()
        book.peer.hurry()
        await until(lambda: book.peer.is_linked, lambda: "Mara's line")
        assert runtime.session not in book.peer.present
        assert book.execution(name).status is Status.RUNNING
        waiting = book.ask("'asked while it slept'")[0]
        for process in (loom.process.pid, pid):
            os.kill(process, signal.SIGCONT)
        execution = await book.comes(name)
        assert (execution.status, text_of(execution)) == (Status.OK, lines(50))
        assert (await book.comes(waiting)).owner == runtime.session
    relay.stop()


@story
async def test_what_was_given_up_while_it_slept_stays_so(relay: str, tmp_path: Path) -> None:
    async with room(relay, tmp_path) as book:
        loom = book.join()
        await book.runtime()
        pid = await pid_of(book)
        [name] = book.ask(COUNT.format(count=100_000, pause=0.02))
        await book.said(name, "line 3")
        for process in (pid, loom.process.pid):
            os.kill(process, signal.SIGSTOP)
        book.do("give_up", execution_id=name)
        assert (await book.comes(name)).status is Status.LOST
        for process in (loom.process.pid, pid):
            os.kill(process, signal.SIGCONT)
        assert (await book.run("'free again'"))[0].status is Status.OK
        assert book.execution(name).status is Status.LOST


@story
async def test_a_kernel_that_dies_while_there_is_no_relay_is_told_later(tmp_path: Path) -> None:
    relay = Relay(tmp_path / "relay")
    async with room(relay.address, tmp_path) as book:
        loom = book.join()
        first = await book.runtime()
        pid = await pid_of(book)
        name = await begun(book)
        relay.stop()
        await loom.says("Not connected")
        os.kill(pid, signal.SIGKILL)
        await loom.says("Starts anew")
        relay.start()
        book.peer.hurry()
        assert (await book.comes(name)).status is Status.LOST
        await until(lambda: len(book.peer.log.confirmed.runtimes) == 2, lambda: "a second one")
        assert (await book.runtime()).replaces == first.session
    relay.stop()


@story
async def test_killed_again_and_again_it_runs_nothing_twice(relay: str, tmp_path: Path) -> None:
    async with room(relay, tmp_path) as book:
        count = "with open('ran', 'a') as file: print({}, file=file, flush=True)\nprint('ran')"
        names: list[str] = []
        for at in range(8):
            loom = book.join()
            if at % 4 == 0:  # before it is in the log, perhaps
                await loom.says("a runtime of")
            else:
                await book.runtime()
            names += [book.ask(count.format(i))[0] for i in range(at * 10, at * 10 + 3)]
            if at % 4 == 1:
                await book.comes(names[-3], Status.ASSIGNED, Status.RUNNING, *FINAL)
            elif at % 4 == 2:
                await book.comes(names[-2])
            await loom.kill()
        book.join()
        await book.runtime()
        [last] = await book.run("'alive'")
        assert last.status is Status.OK
        ended = [await book.comes(name) for name in names]
        ran = (book.work / "ran").read_text().split()
        assert len(ran) == len(set(ran))
        assert len([each for each in ended if each.status is Status.OK]) <= len(ran)
        assert {text_of(each) for each in ended if each.status is Status.OK} <= {"ran\n"}


@story
async def test_told_to_end_without_a_relay_it_keeps_what_is_to_be_sent(tmp_path: Path) -> None:
    relay = Relay(tmp_path / "relay")
    async with room(relay.address, tmp_path) as book:
        loom = book.join()
        runtime = await book.runtime()
        [name] = book.ask(PRINTS_WHEN_TOLD)
        await book.said(name, "begun")
        relay.stop()
        await loom.says("Not connected")
        loom.send(signal.SIGTERM)
        (book.work / "go").touch()
        assert await loom.ended() == Exit.RELAY
        assert "rows could not be sent; the next start sends them" in loom.text
        relay.start()
        book.peer.hurry()
        again = book.join()
        execution = await book.comes(name)
        assert (execution.status, text_of(execution)) == (Status.OK, "begun\n" + lines(200))
        await until(
            lambda: book.peer.log.confirmed.runtimes[runtime.session].status == "stopped",
            lambda: "its end",
        )
        assert (await book.runtime()).replaces is None
        assert "In the place of" not in again.text
    relay.stop()


# The disk, and the clock


@story
async def test_a_full_disk_keeps_everything_waiting(relay: str, tmp_path: Path) -> None:
    async with room(relay, tmp_path) as book, native(book, tmp_path / "loom") as held:
        store = held.saver._store
        assert isinstance(store, SqliteStore)

        async def room_for(pages: int) -> None:
            db = store._db
            await store._do(lambda: db.execute(f"PRAGMA max_page_count = {pages}").fetchone())

        await room_for(1)  # no more than it has
        [name] = book.ask(f"for i in range(200): print('line', i, 'x' * 2000)\n'{'end'}'")
        await until(lambda: held.saver.failed is not None, lambda: "a full disk")
        assert "the disk has no room" in str(held.saver.failed)
        assert name not in {
            each.id for each in book.peer.log.confirmed.executions.values() if each.completed
        }
        await room_for(2**30)
        held.saver.retry()
        execution = await book.comes(name)
        assert execution.status is Status.OK
        assert text_of(execution) == "".join(f"line {i} {'x' * 2000}\n" for i in range(200))


@pytest.mark.parametrize("skew", [3_600_000, -3_600_000])
@story
async def test_a_clock_that_is_wrong_by_an_hour_does_no_harm(
    relay: str, tmp_path: Path, skew: int
) -> None:
    true = surroundings()
    around = replace(true, now=lambda: true.now() + skew)
    async with room(relay, tmp_path) as book, native(book, tmp_path / "loom", around=around):
        first, second = await book.run("print('one')", "print('two')")
        assert (first.status, second.status) == (Status.OK, Status.OK)
        assert first.requested.ts <= first.started.ts <= first.completed.ts
