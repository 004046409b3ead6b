"""Interrupts of a shell: they strike in a cell's code, once, and none is lost."""

import ast
import asyncio
import signal
import sys
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from foldbook.executor import Outcome
from foldbook.shell import Hooks
from foldbook.shell.emitter import Emitter
from foldbook.shell.pace import Pace
from foldbook.shell.parents import Parents
from IPython.core.compilerop import CachingCompiler

from tests.cells import Notes, Shell, in_shell

pytestmark = pytest.mark.usefixtures("own_home")


async def begun(shell: Shell, source: str) -> asyncio.Future[Outcome]:
    """A run of this source, which has come to where it says ``waiting.set()``."""
    session = shell.executor._session
    assert session is not None
    waiting = asyncio.Event()
    session.user_ns |= {"asyncio": asyncio, "waiting": waiting}
    running = asyncio.ensure_future(shell.run(source))
    await waiting.wait()
    return running


def test_an_interrupt_ends_an_endless_loop(tmp_path: Path) -> None:
    async def story(shell: Shell) -> None:
        session = shell.executor._session
        assert session is not None
        started = threading.Event()
        session.user_ns["started"] = started

        def interrupt() -> None:
            started.wait()
            shell.executor.interrupt()

        thread = threading.Thread(target=interrupt)
        thread.start()
        outcome = await shell.run("started.set()\nwhile True: print('x', end='')")
        thread.join()
        assert outcome.status == "error"
        assert shell.notes.all[-1][2] == "KeyboardInterrupt"
        assert shell.notes.all[0][0] == "stdout"

    in_shell(tmp_path, story)


def test_an_interrupt_ends_a_cell_that_awaits(tmp_path: Path) -> None:
    async def story(shell: Shell) -> None:
        running = await begun(shell, "waiting.set()\nawait asyncio.Event().wait()")
        assert shell.executor.interrupt()
        assert (await running).status == "error"
        assert shell.notes.only("error")[2] == "KeyboardInterrupt"
        assert (await shell.run("await asyncio.sleep(0)\n1")).status == "ok"

    in_shell(tmp_path, story)


def test_nothing_is_interrupted_where_nothing_runs(tmp_path: Path) -> None:
    async def story(shell: Shell) -> None:
        assert not shell.executor.interrupt()
        assert (await shell.run("1")).status == "ok"

    in_shell(tmp_path, story)


def test_an_interrupt_does_not_strike_in_the_middle_of_an_output() -> None:
    async def story() -> None:
        notes, parents = Notes(), Parents()
        emitter = Emitter(notes, parents)
        namespace: dict[str, Any] = {"emitter": emitter, "notes": notes}
        emitter.interrupts.install(namespace)
        try:
            exec(
                "import signal\n"
                "def stream(parent, name, text):\n"
                "    signal.raise_signal(signal.SIGINT)\n"
                "    notes.all.append((name, parent, text))\n"
                "notes.stream = stream\n",
                namespace,
            )
            with parents.running("e"), pytest.raises(KeyboardInterrupt):
                exec("emitter.write('stdout', 'whole\\n')", namespace)
        finally:
            emitter.interrupts.uninstall()
        assert notes.text() == "whole\n"

    asyncio.run(story())


def test_a_signal_and_its_call_are_one_interrupt(tmp_path: Path) -> None:
    """The page interrupts by a signal and by the log; whichever is first, it strikes once."""

    async def story(shell: Shell) -> None:
        source = "import signal\nsignal.raise_signal(signal.SIGINT)"
        assert (await shell.run(source)).status == "error"
        running = await begun(shell, "waiting.set()\nawait asyncio.sleep(0)\n'whole'")
        assert shell.executor.interrupt()  # it is the one before
        assert (await running).status == "ok"
        assert not shell.executor.interrupt()

    in_shell(tmp_path, story)


@pytest.fixture
def no_other_handler() -> Iterator[None]:
    """Nobody else takes SIGINT, as in a runtime's own process."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("no_other_handler")
def test_an_interrupt_between_the_start_of_a_run_and_its_code_is_not_lost(tmp_path: Path) -> None:
    async def story(shell: Shell) -> None:
        session = shell.executor._session
        assert session is not None
        strike = partial(signal.raise_signal, signal.SIGINT)  # no code of the cell's
        session.events.register("pre_run_cell", early := lambda _: strike())
        assert (await shell.run("while True: pass")).status == "error"
        assert shell.notes.only("error")[2] == "KeyboardInterrupt"
        assert shell.executor.interrupt()  # the same one, by the log
        session.events.unregister("pre_run_cell", early)
        assert (await shell.run("'whole'")).status == "ok"

    in_shell(tmp_path, story)


@pytest.mark.usefixtures("no_other_handler")
def test_an_interrupt_between_two_statements_is_not_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story(shell: Shell) -> None:
        compile_one = CachingCompiler.__call__

        def interrupted(self: CachingCompiler, tree: Any, *args: Any) -> Any:
            if "While" in ast.dump(tree):  # the statement before it is over
                signal.raise_signal(signal.SIGINT)
            return compile_one(self, tree, *args)

        monkeypatch.setattr(CachingCompiler, "__call__", interrupted)
        assert (await shell.run("print('first')\nwhile True: pass")).status == "error"
        assert shell.notes.text() == "first\n"
        assert shell.notes.only("error")[2] == "KeyboardInterrupt"

    in_shell(tmp_path, story)


@pytest.mark.usefixtures("no_other_handler")
def test_an_interrupt_at_the_door_of_a_cells_code_is_not_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing looks any more for one that was noted; a single statement may be endless."""

    async def story(shell: Shell) -> None:
        session = shell.executor._session
        assert session is not None
        strike = session.emitter.interrupts.strike

        def struck_after() -> bool:
            found = strike()
            session.emitter.interrupts._on_interrupt(signal.SIGINT, sys._getframe(1))
            return found

        monkeypatch.setattr(session.emitter.interrupts, "strike", struck_after)
        assert (await shell.run("while True: pass")).status == "error"
        assert shell.notes.only("error")[2] == "KeyboardInterrupt"
        monkeypatch.undo()
        assert (await shell.run("'whole'")).status == "ok"

    in_shell(tmp_path, story)


@pytest.mark.usefixtures("no_other_handler")
def test_an_interrupt_of_a_run_that_people_were_told_of_is_not_lost(tmp_path: Path) -> None:
    async def story(shell: Shell) -> None:
        signal.raise_signal(signal.SIGINT)  # before that: of nothing
        shell.executor.expect()
        assert (await shell.run("'whole'")).status == "ok"
        shell.executor.expect()
        signal.raise_signal(signal.SIGINT)
        assert (await shell.run("while True: pass")).status == "error"
        assert (await shell.run("'whole'")).status == "ok"

    in_shell(tmp_path, story)


@pytest.mark.usefixtures("no_other_handler")
def test_a_signal_is_said_until_it_is_noticed_and_not_after_a_run(tmp_path: Path) -> None:
    dropped: list[str] = []
    source = "import signal\nsignal.raise_signal(signal.SIGINT)"

    async def story(shell: Shell) -> None:
        assert not shell.executor.interrupt()
        assert dropped == ["it"]  # of nothing
        shell.executor.expect()
        assert dropped == ["it"] * 2
        assert (await shell.run(source)).status == "error"
        assert dropped == ["it"] * 3

    in_shell(tmp_path, story, Hooks(drop_signal=lambda: dropped.append("it")))


@pytest.mark.usefixtures("no_other_handler")
def test_an_interrupt_when_nothing_runs_strikes_nothing_later(tmp_path: Path) -> None:
    async def story(shell: Shell) -> None:
        assert (await shell.run("1")).status == "ok"
        signal.raise_signal(signal.SIGINT)
        assert (await shell.run("2")).status == "ok"

    in_shell(tmp_path, story)


@pytest.mark.usefixtures("no_other_handler")
def test_what_comes_as_a_signal_and_ends_an_await_strikes_once(tmp_path: Path) -> None:
    async def story(shell: Shell) -> None:
        running = await begun(
            shell,
            "try:\n    waiting.set()\n    await asyncio.Event().wait()\n"
            "except asyncio.CancelledError: print('caught')\nprint('and on')",
        )
        signal.raise_signal(signal.SIGINT)  # no code of the cell runs now
        assert shell.executor.interrupt()
        assert (await running).status == "ok"
        assert shell.notes.text() == "caught\nand on\n"

    in_shell(tmp_path, story)


def test_a_tick_flushes_streams_in_a_cells_code_and_nowhere_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Pace, "wait", 3600.0)  # no timer does it
    monkeypatch.setattr(Pace, "is_due", True)  # as when the last piece left long ago

    async def story(shell: Shell) -> None:
        session = shell.executor._session
        assert session is not None
        goes_on = asyncio.Event()
        session.user_ns |= {"goes_on": goes_on, "notes": shell.notes.all, "signal": signal}
        waits = "print('held', end='')\nwaiting.set()\n_ = await goes_on.wait()"
        running = await begun(shell, waits)
        signal.raise_signal(signal.SIGALRM)  # as if the event loop were in the midst of the log
        assert shell.notes.all == []
        goes_on.set()
        await running
        assert [note[2] for note in shell.notes.all] == ["held"]
        await shell.run(
            "print('busy', end='')\nsignal.raise_signal(signal.SIGALRM)\n"
            "flushed = [note[2] for note in notes]"
        )
        assert session.user_ns["flushed"] == ["busy"]

    in_shell(tmp_path, story)
