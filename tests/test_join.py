"""`foldbook join`: runtimes that are processes, over a real relay, and what people ask of them."""

import asyncio
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from foldbook.native.exits import Exit
from foldbook.native.folders import runtime_folder
from foldbook.native.notebooks import FILE
from foldbook.notebook import Status
from joined import (
    COUNT,
    ENDED_BY_FORCE,
    begun,
    lines,
    room,
    text_of,
    until,
)
from stories import story

from tests.executors import NEVER_ENDS

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
async def test_a_terminal_that_is_gone_is_of_no_matter_to_nohup(relay: str, tmp_path: Path) -> None:
    async with room(relay, tmp_path) as book:
        before = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # what the program starts with
        loom = book.join()
        signal.signal(signal.SIGHUP, before)
        await book.runtime()
        loom.send(signal.SIGHUP)
        [ok] = await book.run("6 * 7")
        assert ok.status is Status.OK
        loom.send(signal.SIGTERM)
        assert await loom.ended() == Exit.OK
        assert loom.text.count("Ends after what runs.") == 1


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
async def test_people_stop_it(relay: str, tmp_path: Path) -> None:
    async with room(relay, tmp_path) as book:
        loom = book.join()
        runtime = await book.runtime()
        name = await begun(book)
        book.do("stop_runtime", runtime=runtime.session)
        assert await loom.ended() == Exit.OK
        assert (await book.comes(name)).status in ENDED_BY_FORCE
        assert book.peer.log.confirmed.runtimes[runtime.session].status == "stopped"
        assert "People have asked for it to be stopped." in loom.text


@story
async def test_what_is_given_up_stays_so_and_is_interrupted(relay: str, tmp_path: Path) -> None:
    async with room(relay, tmp_path) as book:
        book.join()
        await book.runtime()
        stubborn = (
            "print('begun', flush=True)\n"
            f"try:\n    {NEVER_ENDS}\nexcept KeyboardInterrupt:\n    print('after')"
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
