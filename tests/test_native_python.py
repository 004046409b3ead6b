"""What code can do to Foldbook's own Python in a child process, and what becomes of it."""

import asyncio
import subprocess
import sys
import time
import venv
from pathlib import Path

import pytest
from foldbook.errors import CannotStart, Died
from foldbook.native import frames
from foldbook.native.python import ChildPython

from tests.executors import NEVER_ENDS, Listener, Running, tell

pytestmark = pytest.mark.usefixtures("own_home")


@pytest.fixture
def python(tmp_path: Path) -> ChildPython:
    return ChildPython(tmp_path / "work")


# Outputs


def test_forks_speak_on_their_parent_s_descriptors(python: ChildPython) -> None:
    fork = "import os\npid = os.fork()\nprint('fork' if not pid else os.waitpid(pid, 0)[1])"
    pool = (
        "import multiprocessing\ndef work(x):\n    print('worker', x)\n    return x * x\n"
        "with multiprocessing.get_context('fork').Pool(1) as pool:\n"
        "    print(pool.map(work, [1, 2]))"
    )

    async def story(there: Running) -> None:
        assert await there.text(fork) == "fork\n0\n"
        assert await there.text(pool) == "worker 1\nworker 2\n[1, 4]\n"
        raised = "import os\npid = os.fork()\nif not pid: 1 / 0\nos.waitpid(pid, 0);"
        assert "ZeroDivisionError" in await there.text(raised, "stderr")
        assert await there.text("print('one process')") == "one process\n"

    tell(python, story)


def test_the_first_three_descriptors_may_be_closed(python: ChildPython) -> None:
    async def story(there: Running) -> None:
        await there.run("import os\nfor each in (0, 1, 2): os.close(each)\nprint('still'); 6 * 7")
        assert there.notes.text() == "still\n"
        assert there.notes.only("result")[2] == {"text/plain": "42"}

    tell(python, story)


def test_who_closes_or_disturbs_the_line_is_told_so(python: ChildPython) -> None:
    async def story(there: Running) -> None:
        with pytest.raises(Died, match="has closed its line"):
            await there.run("import os; os.closerange(3, 100); print('x')")
        assert "has closed its line" in await python.died()
        await python.start(there.notes)
        garbage = (
            "import os\nfor each in range(3, 30):\n"
            "    try:\n        os.write(each, b'?' * 99)\n"
            f"    except OSError:\n        pass\n{NEVER_ENDS}"
        )
        with pytest.raises(Died, match="has disturbed its line"):
            await there.run(garbage)

    tell(python, story)


def test_handlers_of_other_signals_may_print(python: ChildPython) -> None:
    source = (
        "import signal\nsignal.signal(signal.SIGALRM, lambda *_: print('!', end=''))\n"
        "signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)\n"
        "for i in range(20_000): print(i)\n"
        "signal.setitimer(signal.ITIMER_REAL, 0)"
    )

    async def story(there: Running) -> None:
        text = await there.text(source)
        assert "!" in text
        assert text.replace("!", "") == "".join(f"{i}\n" for i in range(20_000))

    tell(python, story)


def test_what_was_printed_before_a_loop_in_c_is_there_meanwhile(python: ChildPython) -> None:
    async def story(there: Running) -> None:
        run = there.begin("print('begun')\nsum(range(10**12))")
        await there.notes.comes(lambda: there.notes.text() == "begun\n")
        await python.stop()
        with pytest.raises(Died, match="stopped"):
            await run

    tell(python, story)


def test_what_programs_print_stands_in_its_place(python: ChildPython) -> None:
    source = (
        "import os, subprocess\nprint('a')\nos.system('echo b')\nprint('c')\n"
        "subprocess.run(['echo', 'd'])\nprint('e')\n!echo f\nprint('g')"
    )

    async def story(there: Running) -> None:
        assert (await there.text(source)).split() == list("abcdefg")
        assert await there.text("import os; os.write(2, b'low\\n');", "stderr") == "low\n"

    tell(python, story)


def test_an_interrupt_ends_an_await(python: ChildPython) -> None:
    """An ipykernel goes on, whoever interrupts it (7.4)."""

    async def story(there: Running) -> None:
        run = there.begin("import asyncio; print('begun'); await asyncio.Event().wait()")
        await there.notes.comes(lambda: there.notes.text() == "begun\n")
        assert python.interrupt()
        assert (await run).status == "error"
        assert there.notes.only("error")[2] == "KeyboardInterrupt"
        assert await there.text("print('goes on')") == "goes on\n"

    tell(python, story)


def test_text_leaves_while_the_code_waits(python: ChildPython) -> None:
    async def story(there: Running) -> None:
        run = there.begin(f"print('a'); print('b')\n{NEVER_ENDS}")
        await there.notes.comes(lambda: there.notes.text() == "a\nb\n")
        python.interrupt()
        await run

    tell(python, story)


# Too much


def test_a_loop_that_prints_waits_for_its_reader_and_can_be_interrupted(
    python: ChildPython,
) -> None:
    source = "n = 0\nwhile True:\n    print('x' * 1_000_000)\n    n += 1"

    async def story(there: Running) -> None:
        there.notes.open.clear()
        run = there.begin(source)
        await there.notes.comes(lambda: bool(there.notes.all))
        await asyncio.sleep(1)  # enough for dozens, were there no limit
        assert python.interrupt()
        there.notes.open.set()
        assert (await run).status == "error"
        await there.run("n")
        assert 0 < int(there.notes.only("result")[2]["text/plain"]) < 5

    tell(python, story)


def test_a_program_that_prints_without_end_does_not_keep_others_waiting(
    python: ChildPython,
) -> None:
    async def story(there: Running) -> None:
        run = there.begin("import subprocess; subprocess.run(['yes', 'y' * 1000])")
        await there.notes.comes(lambda: len(there.notes.all) > 20)
        assert python.interrupt()
        assert (await run).status == "error"
        assert await there.text("print('goes on')") == "goes on\n"

    tell(python, story)


# Interrupts


def test_the_second_interrupt_ends_programs_that_ignore_the_first(python: ChildPython) -> None:
    source = (
        "import subprocess\n"
        "subprocess.run(['sh', '-c', \"trap '' INT; echo begun; while :; do sleep 1; done\"])"
    )

    async def story(there: Running) -> None:
        run = there.begin(source)
        await there.notes.comes(lambda: there.notes.text() == "begun\n")
        python.interrupt()
        python.interrupt()
        assert (await run).status == "error"
        assert there.notes.only("error")[2] == "KeyboardInterrupt"
        assert await there.text("print('goes on')") == "goes on\n"

    tell(python, story)


def test_a_stop_ends_the_programs_of_cells_too(python: ChildPython) -> None:
    async def story(there: Running) -> None:
        await there.run("import subprocess\nsubprocess.Popen(['sleep', '600']).pid")
        pid = int(there.notes.only("result")[2]["text/plain"])
        await python.stop()
        assert gone(pid)

    tell(python, story)


def gone(pid: int) -> bool:
    """Whether a process that was killed ends, which takes the system a moment."""
    status = Path(f"/proc/{pid}/status")
    for _ in range(3000):
        if not status.exists() or "zombie" in status.read_text():
            return True
        time.sleep(0.02)
    return False


def test_questions_that_nobody_waits_for_are_not_worked_off(python: ChildPython) -> None:
    source = (
        "class Slow:\n    def __dir__(self):\n"
        "        print('looked at')\n        return ['attribute']\n"
        f"slow = Slow()\nprint('begun')\n{NEVER_ENDS}"
    )

    async def story(there: Running) -> None:
        run = there.begin(source)
        await there.notes.comes(lambda: there.notes.text() == "begun\n")
        asking = asyncio.create_task(python.complete("slow.", 5))
        await asyncio.sleep(0)
        asking.cancel()
        await asyncio.wait([asking])
        python.interrupt()
        await run
        assert "looked at" not in await there.text("print('goes on')")
        assert "attribute" in (await python.complete("slow.", 5)).matches

    tell(python, story)


# Starting


def test_it_dies_with_the_process_that_started_it(tmp_path: Path) -> None:
    program = (
        "import asyncio, os, sys\nfrom pathlib import Path\n"
        "from foldbook.native.python import ChildPython\n"
        "from tests.executors import Listener\n"
        "async def main():\n"
        f"    python = ChildPython(Path({str(tmp_path)!r}))\n"
        "    await python.start(Listener())\n"
        "    run = asyncio.create_task(python.run('e', 'sum(range(10**12))'))\n"
        "    await asyncio.sleep(0.2)\n"  # it is in the loop, most likely; it ends in any case
        "    print(python.pid, flush=True)\n"
        "    os.kill(os.getpid(), 9)\n"
        "asyncio.run(main())"
    )
    root = Path(__file__).resolve().parents[1]
    command = [sys.executable, "-c", program]
    done = subprocess.run(
        command, check=False, cwd=root, capture_output=True, text=True, timeout=60
    )
    assert gone(int(done.stdout))


def test_an_interpreter_without_ipython_says_so(tmp_path: Path) -> None:
    venv.create(tmp_path / "bare", symlinks=True)
    python = ChildPython(tmp_path / "work", tmp_path / "bare" / "bin" / "python")
    with pytest.raises(CannotStart, match=r"bare/bin/python needs IPython .*pip install ipython"):
        asyncio.run(python.start(Listener()))


def test_an_interpreter_that_is_not_there_says_so(tmp_path: Path) -> None:
    python = ChildPython(tmp_path / "work", tmp_path / "nothing")
    with pytest.raises(CannotStart, match=r"nothing.*No such file"):
        asyncio.run(python.start(Listener()))


def test_a_working_directory_that_cannot_be_made_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(CannotStart, match="file"):
        asyncio.run(ChildPython(tmp_path / "file" / "work").start(Listener()))


def test_foldbook_s_own_packages_are_not_on_the_path_of_another_python(tmp_path: Path) -> None:
    """Another interpreter needs IPython only: here one whose packages are IPython's."""
    venv.create(tmp_path / "other", symlinks=True)
    wanted = (
        "IPython decorator executing asttokens pure_eval stack_data jedi parso pexpect ptyprocess"
    )
    wanted += " prompt_toolkit wcwidth pygments traitlets matplotlib_inline ipython_pygments_lexers"
    (site,) = (tmp_path / "other" / "lib").glob("*/site-packages")
    (packages,) = (Path(sys.prefix) / "lib").glob("python3*/site-packages")
    for name in wanted.split():
        for found in (packages / name, packages / f"{name}.py", packages / f"{name}.pyi"):
            if found.exists():
                (site / found.name).symlink_to(found)
    for found in packages.glob("typing_extensions.py"):
        (site / found.name).symlink_to(found)
    python = ChildPython(tmp_path / "work", tmp_path / "other" / "bin" / "python")

    async def story(there: Running) -> None:
        source = "import sys\nprint(sys.prefix)\n{'a': float('nan'), 'b': {1}}"
        assert await there.text(source) == f"{tmp_path / 'other'}\n"
        await there.run("display({'application/json': {'a': float('nan'), 'b': {1}}}, raw=True)")
        assert there.notes.only("display")[2] == {"application/json": {"a": None, "b": [1]}}
        await there.run("import msgpack")
        assert there.notes.only("error")[2] == "ModuleNotFoundError"

    tell(python, story)


# The line


def test_frames_carry_whatever_a_bundle_has() -> None:
    data = {"text/plain": "ü" * 70_000, "text/html": "x" * 70_000, "application/json": [1, None]}
    message = {"what": "display", "data": data, "metadata": {"a": "\ud800"}}
    frame = frames.pack(message)
    rest = bytearray(frame)

    def readexactly(size: int) -> bytes:
        taken = bytes(rest[:size])
        del rest[:size]
        return taken

    assert frames.read(readexactly) == message | {"metadata": {"a": "?"}}
    assert not rest


@pytest.mark.parametrize(
    "head",
    [
        b"no JSON",
        b"[]",
        b"{}",
        b'{"what": 1}',
        b'{"what": "x", "long": 5}',
        b'{"what": "x", "long": [["a", 3]]}',
        b'{"what": "x", "data": {}, "long": [["a", -3]]}',
    ],
)
def test_what_is_no_frame_is_told(head: bytes) -> None:
    parts = [len(head).to_bytes(4), head]
    with pytest.raises(frames.Garbled):
        frames.read(lambda _size: parts.pop(0))
