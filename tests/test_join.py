"""`foldbook join`: runtimes that are processes, over a real relay: killed, cut off, asleep."""

import asyncio
import os
import pty
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from builder import relay as relays
from foldbook.events.executions import ExecutionRequested
from foldbook.joining import Told
from foldbook.link import parse as parse_link
from foldbook.native.exits import Exit
from foldbook.native.folders import runtime_folder
from foldbook.native.notebooks import FILE, opened
from foldbook.notebook import Notebook, Status
from foldbook.reducer import fold_all
from foldbook.row import Role
from foldbook.snapshot import decode, encode
from joined import Relay, Room, room, text_of, until
from stories import story

FOREVER = "import time\nprint('begun', flush=True)\nwhile True: time.sleep(0.01)"
COUNT = "import time\nfor i in range({count}): print('line', i, flush=True); time.sleep({pause})"
ENDED_BY_FORCE = (Status.ERROR, Status.LOST)
"""Python is first interrupted, and may say so before it is killed."""


@pytest.fixture
def relay(tmp_path: Path) -> Iterator[str]:
    with relays.running(tmp_path / "relay", 0) as address:
        assert address is not None
        yield address


def lines(count: int) -> str:
    return "".join(f"line {i}\n" for i in range(count))


async def begun(book: Room) -> str:
    """An execution that runs until somebody ends it."""
    [name] = book.ask(FOREVER)
    await book.said(name, "begun")
    return name


async def pid_of(book: Room) -> int:
    """The process in which cells run."""
    [execution] = await book.run("import os\nprint(os.getpid())")
    return int(text_of(execution))


# In good order


@story
async def test_a_runtime_joins_runs_and_leaves(relay: str, tmp_path: Path) -> None:
    async with room(relay, tmp_path) as book:
        loom = book.join()
        runtime = await book.runtime()
        assert (runtime.kind, runtime.language["name"]) == ("python", "python")
        assert book.peer.notebook.actors[runtime.actor].kind == "runtime"
        ok, failed = await book.run("print('hello')\n6 * 7", "1 / 0")
        assert (ok.status, ok.owner, text_of(ok)) == (Status.OK, runtime.session, "hello\n")
        assert ok.outputs[1].data == {"text/plain": "42"}
        assert (failed.status, failed.outputs[0].ename) == (Status.ERROR, "ZeroDivisionError")
        loom.send(signal.SIGTERM)
        assert await loom.ended() == Exit.OK
        assert book.peer.log.confirmed.runtimes[runtime.session].status == "stopped"
        assert "a runtime of “Trend”" in loom.text
        assert f"in {book.work}" in loom.text
        assert "Runs what Mara" in loom.text


@story
async def test_the_first_signal_lets_it_finish(relay: str, tmp_path: Path) -> None:
    async with room(relay, tmp_path) as book:
        loom = book.join()
        await book.runtime()
        first, second = book.ask(COUNT.format(count=30, pause=0.02), "'never'")
        await book.said(first, "line 0")
        loom.send(signal.SIGINT)
        assert await loom.ended() == Exit.OK
        execution = await book.comes(first)
        assert (execution.status, text_of(execution)) == (Status.OK, lines(30))
        assert (await book.comes(second)).status is Status.ABORTED


@story
async def test_the_second_signal_ends_it_at_once(relay: str, tmp_path: Path) -> None:
    async with room(relay, tmp_path) as book:
        loom = book.join()
        runtime = await book.runtime()
        name = await begun(book)
        loom.send(signal.SIGTERM)
        await loom.says("Once more: ends at once.")
        loom.send(signal.SIGINT)
        assert await loom.ended() == 128 + signal.SIGINT
        assert (await book.comes(name)).status in ENDED_BY_FORCE
        assert book.peer.log.confirmed.runtimes[runtime.session].reason == "stopped"


@story
async def test_once_runs_what_waits_and_leaves(relay: str, tmp_path: Path) -> None:
    async with room(relay, tmp_path) as book:
        good = book.ask("x = 20", "print(x + 1)")
        loom = book.join("--once")
        assert await loom.ended() == Exit.OK
        assert [(await book.comes(name)).status for name in good] == [Status.OK] * 2
        assert text_of(book.execution(good[1])) == "21\n"
        bad = book.ask("1 / 0")
        assert await book.join("--once").ended() == Exit.CELLS
        assert (await book.comes(bad[0])).status is Status.ERROR
        assert await book.join("--once").ended() == Exit.OK


@story
async def test_a_jupyter_kernel_is_a_runtime(
    relay: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install = [sys.executable, "-m", "bash_kernel.install", "--prefix", str(tmp_path)]
    await asyncio.to_thread(subprocess.run, install, check=True, capture_output=True)
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "share" / "jupyter"))
    async with room(relay, tmp_path) as book:
        book.join("--kernel", "bash", name="shell")
        runtime = await book.runtime("shell")
        assert (runtime.kind, runtime.language["name"]) == ("jupyter", "bash")
        [execution] = await book.run("for i in 1 2 3; do echo line $i; done")
        assert text_of(execution) == "line 1\nline 2\nline 3\n"


@story
async def test_the_working_directory_is_where_it_was_started(relay: str, tmp_path: Path) -> None:
    async with room(relay, tmp_path) as book:
        (tmp_path / "else").mkdir()
        book.join("--cwd", str(tmp_path / "else"))
        await book.runtime()
        [execution] = await book.run("import os\nprint(os.getcwd())")
        assert text_of(execution) == f"{tmp_path / 'else'}\n"


@story
async def test_the_notebook_s_files_spare_what_was_there(relay: str, tmp_path: Path) -> None:
    async with room(relay, tmp_path) as book:
        book.work.mkdir()
        (book.work / "mine.txt").write_text("mine")
        for path in ("mine.txt", ".bashrc", "sub/theirs.txt"):
            digest = book.peer.put_blob(f"theirs: {path}".encode())
            book.do("add_file", path=path, digest=digest, size=20)
        loom = book.join()
        await book.runtime()
        [execution] = await book.run("print(open('sub/theirs.txt').read())")
        assert "theirs: sub/theirs.txt\n" in text_of(execution)
        assert "mine.txt could not be brought up to date: the working" in text_of(execution)
        assert ".bashrc could not be brought up to date: its name" in text_of(execution)
        assert (book.work / "mine.txt").read_text() == "mine"
        assert not (book.work / ".bashrc").exists()
        loom.send(signal.SIGTERM)
        await loom.ended()
        digest = book.peer.put_blob(b"newer")
        book.do("add_file", path="sub/theirs.txt", digest=digest, size=5)
        book.join()  # it knows what it has written
        await book.runtime()
        [execution] = await book.run("print(open('sub/theirs.txt').read())")
        assert "newer\n" in text_of(execution)


# What people ask of it


@story
async def test_people_interrupt_and_restart_it(relay: str, tmp_path: Path) -> None:
    async with room(relay, tmp_path) as book:
        book.join()
        first = await book.runtime()
        name = await begun(book)
        book.do("interrupt")
        execution = await book.comes(name)
        assert (execution.status, execution.outputs[-1].ename) == (
            Status.ERROR, "KeyboardInterrupt",
        )  # fmt: skip
        await book.run("kept = 1")
        name = await begun(book)
        waiting = book.ask("'waits'")[0]
        book.do("restart")
        assert (await book.comes(name)).status in ENDED_BY_FORCE
        assert (await book.comes(waiting)).status is Status.ABORTED
        await until(lambda: len(book.peer.log.confirmed.runtimes) == 2, lambda: "a second one")
        second = await book.runtime()
        assert second.replaces == first.session
        assert book.peer.log.confirmed.selected_runtime == second.session
        assert book.peer.log.confirmed.runtimes[first.session].reason == "restarted"
        [execution] = await book.run("kept")
        assert execution.outputs[0].ename == "NameError"


@story
async def test_what_is_given_up_stays_so_and_is_interrupted(relay: str, tmp_path: Path) -> None:
    async with room(relay, tmp_path) as book:
        book.join()
        await book.runtime()
        stubborn = (
            "import time\nprint('begun', flush=True)\n"
            "try:\n    time.sleep(600)\nexcept KeyboardInterrupt:\n    print('after')"
        )
        [name] = book.ask(stubborn)
        await book.said(name, "begun")
        book.do("give_up", execution_id=name)
        [later] = await book.run("'later'")
        assert later.status is Status.OK
        execution = book.execution(name)
        assert (execution.status, text_of(execution)) == (Status.LOST, "begun\n")


@story
async def test_what_is_cancelled_is_never_run(relay: str, tmp_path: Path) -> None:
    async with room(relay, tmp_path) as book:
        [name] = book.ask("print('never')")
        book.do("cancel", execution_id=name)
        book.join()
        await book.runtime()
        await book.run("'other'")
        execution = book.execution(name)
        assert (execution.status, execution.outputs) == (Status.CANCELLED, ())


@story
async def test_input_completion_and_inspection(relay: str, tmp_path: Path) -> None:
    async with room(relay, tmp_path) as book:
        book.join()
        runtime = await book.runtime()
        [name] = book.ask("print('hello', input('Who? '))")
        await until(lambda: book.prompt(name) is not None, lambda: "a question")
        prompt = book.prompt(name)
        assert prompt is not None
        book.do("reply_input", execution_id=name, input_id=prompt.id, value="Ines")
        assert "hello Ines" in text_of(await book.comes(name))
        found = await book.peer.call(
            runtime.session, "complete", {"source": "import asyn", "position": 11}
        )
        assert "asyncio" in found["matches"]
        shown = await book.peer.call(
            runtime.session, "inspect", {"source": "print", "position": 5, "detail": 0}
        )
        assert "text/plain" in shown or "data" in shown


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


PRINTS_WHEN_TOLD = (
    "import os, time\nprint('begun', flush=True)\n"
    "while not os.path.exists('go'): time.sleep(0.01)\n"
    "for i in range(200): print('line', i, flush=True)\n"
)


@story
async def test_what_a_killed_agent_could_not_send_is_sent_first(tmp_path: Path) -> None:
    relay = Relay(tmp_path / "relay")
    async with room(relay.address, tmp_path) as book:
        loom = book.join()
        first = await book.runtime()
        [name] = book.ask(PRINTS_WHEN_TOLD + "time.sleep(600)")
        await book.said(name, "begun")
        relay.stop()
        await loom.says("Not connected")
        (book.work / "go").touch()
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
        [name] = book.ask(PRINTS_WHEN_TOLD + "'done'")
        await book.said(name, "begun")
        relay.stop()
        await loom.says("Not connected")
        (book.work / "go").touch()
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


# Who may


@story
async def test_requests_that_nobody_has_signed_are_not_run(relay: str, tmp_path: Path) -> None:
    async with room(relay, tmp_path) as book:
        book.join()
        runtime = await book.runtime()
        run = parse_link(await book.mara.link("run"))
        # He has a run link's token, so that the relay takes the row, and no seed to sign it with.
        thief = replace(run, role=Role.EDIT, seed=None)
        async with opened(thief, None, b"t" * 32) as held:
            await held.current()
            assert held.peer.role is Role.RUN
            ask = {"execution_id": "stolen", "cell_id": "c", "run_id": "r"}
            source = "open('stolen', 'w')"
            held.peer.append([ExecutionRequested(source=source, runtime=runtime.session, **ask)])
            held.peer.append([ExecutionRequested(source=source, **ask | {"execution_id": "s2"})])
            await held.delivered()
        head = book.peer.log.head
        await book.run("'honest'")
        assert book.peer.log.head > head
        assert not {"stolen", "s2"} & set(book.peer.log.confirmed.executions)
        assert not (book.work / "stolen").exists()
        reasons = [each.reason for each in book.peer.log.confirmed.aside]
        assert "This event is not signed by anybody who may run code here." in str(reasons)


@story
async def test_requests_in_a_snapshot_are_run_only_if_the_log_bears_them_out(
    relay: str, tmp_path: Path
) -> None:
    async with room(relay, tmp_path) as book:
        honest = book.ask("'honest'")[0]
        await until(lambda: not book.peer.waiting, lambda: "all of it at the relay")
        # Whoever may edit can leave a snapshot, and write into it what he likes.
        forged = fold_all(await book.mara.store.rows(0, 10_000))
        lie = replace(forged.executions[honest], id="forged", source="open('forged', 'w')")
        forged.executions["forged"] = lie
        await left(book, forged)
        book.join()
        await book.runtime()
        assert (await book.comes(honest)).status is Status.OK
        assert not (book.work / "forged").exists()


async def left(book: Room, forged: Notebook) -> None:
    """Have this snapshot at the relay, with what belongs to it."""
    told = book.mara.host.desk.told()
    assert told is not None
    beside = decode(told.data).beside
    relaying = book.mara.host._sharing._relaying
    relaying.offers._make = lambda: Told(encode(forged, beside), told.view, told.maker)
    await relaying.offers._leave()


@pytest.mark.parametrize("role", ["view", "edit", "run"])
@story
async def test_only_a_link_for_runtimes_is_taken(relay: str, tmp_path: Path, role: str) -> None:
    async with room(relay, tmp_path) as book:
        link = parse_link(await book.mara.link(role))
        loom = book.join(link=link)
        assert await loom.ended() == Exit.RIGHT
        assert f"this link gives the right {role}" in loom.text
        assert "A runtime needs a link of the right runtime" in loom.text


@story
async def test_a_link_that_lies_of_its_right_is_found_out(relay: str, tmp_path: Path) -> None:
    async with room(relay, tmp_path) as book:
        link = parse_link(await book.mara.link("edit"))
        loom = book.join(link=replace(link, role=Role.RUNTIME))
        assert await loom.ended() == Exit.RIGHT
        assert "this link gives the right edit" in loom.text
        assert not book.peer.log.confirmed.runtimes


@story
async def test_links_that_lead_nowhere_have_codes_of_their_own(relay: str, tmp_path: Path) -> None:
    async with room(relay, tmp_path) as book:
        cases = {
            Exit.RELAY: replace(book.link, relay="http://127.0.0.1:9"),
            Exit.LINK: replace(book.link, key=b"x" * 32),
            Exit.RIGHT: replace(book.link, token=b"x" * 16),
        }
        for code, link in cases.items():
            loom = book.join(link=link, data=str(code))
            assert await loom.ended() == code, loom.text
        loom = book.join(link="join/secret-secret")
        assert await loom.ended() == Exit.LINK
        assert "secret-secret" not in loom.text
        assert "Traceback" not in "".join(each.text for each in book.joined)


@story
async def test_a_link_that_is_revoked_ends_it(relay: str, tmp_path: Path) -> None:
    async with room(relay, tmp_path) as book:
        loom = book.join()
        await book.runtime()
        await begun(book)
        [made] = [
            each for each in (await book.mara.ask("state"))["links"] if each["role"] == "runtime"
        ]
        await book.mara.ask("revoke", link=made["id"])
        assert await loom.ended() == Exit.REVOKED
        assert "the link of this runtime has been revoked" in loom.text
        assert await book.join().ended() == Exit.REVOKED
        assert await book.join(data="elsewhere").ended() == Exit.REVOKED


# Names and folders


@story
async def test_a_folder_in_use_is_told(relay: str, tmp_path: Path) -> None:
    async with room(relay, tmp_path) as book:
        book.join()
        await book.runtime()
        second = book.join()
        assert await second.ended() == Exit.HELD
        assert "another process works on" in second.text
        assert (await book.run("'goes on'"))[0].status is Status.OK


@story
async def test_two_of_one_name_are_told_apart(relay: str, tmp_path: Path) -> None:
    async with room(relay, tmp_path) as book:
        book.join()
        first = await book.runtime()
        second = book.join(data="another machine")
        other = await book.runtime("loom (2)")
        assert other.actor != first.actor
        assert "A runtime named loom is there already; this one is loom (2)." in second.text
        [execution] = await book.run("'first come'")
        assert execution.owner == first.session
        book.do("select_runtime", runtime=other.session)
        [execution] = await book.run("'selected'")
        assert execution.owner == other.session


@story
async def test_a_copy_of_a_runtime_s_folder_does_not_fight_it(relay: str, tmp_path: Path) -> None:
    async with room(relay, tmp_path) as book:
        loom = book.join()
        await book.runtime()
        await loom.kill()
        await asyncio.to_thread(shutil.copytree, tmp_path / "loom", tmp_path / "copy")
        first = book.join()
        await first.says("In the place of loom")
        await book.runtime()
        copy = book.join(data="copy")
        assert await first.ended() == Exit.HELD
        assert copy.process.poll() is None
        assert (await book.run("'one of them'"))[0].status is Status.OK


@story
async def test_python_that_cannot_be_started_is_told(relay: str, tmp_path: Path) -> None:
    async with room(relay, tmp_path) as book:
        loom = book.join("--python", "/nowhere/python")
        assert await loom.ended() == Exit.KERNEL
        assert "/nowhere/python" in loom.text
        loom = book.join("--kernel", "fortran", name="fortran")
        assert await loom.ended() == Exit.KERNEL
        assert "There is no kernel 'fortran' here. Known: " in loom.text
        assert not book.peer.log.confirmed.runtimes


@story
async def test_a_restart_that_fails_is_told_to_everybody(relay: str, tmp_path: Path) -> None:
    python = tmp_path / "python"
    python.write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    python.chmod(0o700)
    async with room(relay, tmp_path) as book:
        loom = book.join("--python", str(python))
        await book.runtime()
        python.unlink()
        book.do("restart")
        assert await loom.ended() == Exit.KERNEL
        await until(
            lambda: (
                [each.status for each in book.peer.log.confirmed.runtimes.values()]
                == ["stopped"] * 2
            ),
            lambda: str(book.peer.log.confirmed.runtimes),
        )


@story
async def test_a_damaged_folder_is_told_and_left(relay: str, tmp_path: Path) -> None:
    async with room(relay, tmp_path) as book:
        loom = book.join()
        await book.runtime()
        await loom.kill()
        path = runtime_folder(tmp_path / "loom", book.link, "loom") / FILE
        for each in path.parent.glob("*-wal"):
            each.unlink()
        path.write_bytes(b"x" * 10_000)
        loom = book.join()
        assert await loom.ended() == Exit.DISK
        assert "is damaged" in loom.text
        assert path.read_bytes() == b"x" * 10_000


# Agreeing


@story
async def test_each_request_is_shown_and_asked_for(relay: str, tmp_path: Path) -> None:
    mine, theirs = pty.openpty()
    async with room(relay, tmp_path) as book:
        loom = book.join("--confirm", stdin=theirs)
        await book.runtime()
        [name] = book.ask("print('agreed')\n'\x1b[2Jhidden'")
        await loom.says("asks to run:\n  | print('agreed')\n  | '\\x1b[2Jhidden'\nRun it? [y/n]")
        assert "Mara (" in loom.text
        assert book.execution(name).status is Status.QUEUED
        os.write(mine, b"perhaps\n")
        await loom.says("y or n?")
        os.write(mine, b"y\n")
        assert text_of(await book.comes(name)) == "agreed\n"
        first, second = book.ask("print('declined')", "print('and so this')")
        await loom.says("print('declined')")
        os.write(mine, b"n\n")
        execution = await book.comes(first)
        assert execution.status is Status.ABORTED
        assert text_of(execution) == "The user of this runtime did not let this run.\n"
        assert (await book.comes(second)).status is Status.ABORTED
        assert "Does not run what Mara" in loom.text
    os.close(mine)
    os.close(theirs)


@story
async def test_a_question_is_withdrawn_with_its_request(relay: str, tmp_path: Path) -> None:
    mine, theirs = pty.openpty()
    async with room(relay, tmp_path) as book:
        loom = book.join("--confirm", stdin=theirs)
        await book.runtime()
        [name] = book.ask("print('cancelled')")
        await loom.says("print('cancelled')")
        book.do("cancel", execution_id=name)
        await loom.says("Withdrawn.")
        assert (await book.comes(name)).status is Status.CANCELLED
        [name] = book.ask("print('interrupted')")
        await loom.says("print('interrupted')")
        book.do("interrupt")
        execution = await book.comes(name)
        assert execution.status is Status.ABORTED
        assert text_of(execution).startswith("Interrupted before")
        [name] = book.ask("print('left')")
        await loom.says("print('left')")
        loom.send(signal.SIGTERM)
        assert await loom.ended() == Exit.OK
    os.close(mine)
    os.close(theirs)


@story
async def test_without_a_terminal_nobody_can_agree(relay: str, tmp_path: Path) -> None:
    async with room(relay, tmp_path) as book:
        loom = book.join("--confirm")
        assert await loom.ended() == Exit.USAGE
        assert "--confirm asks on a terminal, and there is none" in loom.text
