"""What every executor does whose code runs in another process: real Pythons, a real kernel.

The samples of the first test are those that `jupyter_kernel_test` asks kernels for.
"""

import asyncio
import base64
from pathlib import Path
from typing import Any

import pytest
from foldbook.errors import Died
from foldbook.native.python import ChildPython

from tests.executors import MAKERS, NEVER_ENDS, Listener, Running, tell

pytestmark = pytest.mark.usefixtures("own_home")


@pytest.fixture(params=MAKERS)
def executor(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    return MAKERS[request.param](tmp_path / "work")


def test_what_jupyter_kernel_test_checks(executor: Any) -> None:
    async def story(there: Running) -> None:
        notes = there.notes
        assert await there.text("print('hello, world')") == "hello, world\n"
        code = "import sys; print('test', file=sys.stderr)"
        assert await there.text(code, "stderr") == "test\n"
        found = await executor.complete("zi", 2)
        assert "zip" in found.matches
        assert (found.start, found.end) == (0, 2)
        assert found.types[found.matches.index("zip")] in ("class", "function")
        assert (await there.run("raise")).status == "error"
        assert notes.only("error")[2] == "RuntimeError"
        assert "RuntimeError" in "".join(notes.only("error")[4])
        outcome = await there.run("1+2+3")
        assert notes.only("result")[2]["text/plain"] == "6"
        assert notes.only("result")[3] == outcome.count
        await there.run("from IPython.display import HTML, display; display(HTML('<b>x</b>'))")
        assert notes.only("display")[2]["text/html"] == "<b>x</b>"
        assert "zip(" in (await executor.inspect("zip", 3))["text/plain"]
        assert await executor.inspect("nothing_of_this_name", 3) == {}
        await there.run("from IPython.display import clear_output; clear_output(wait=True)")
        assert notes.only("clear") == ("clear", f"e{there.count}", True)

    tell(executor, story)


def test_displays_and_figures(executor: Any) -> None:
    async def story(there: Running) -> None:
        await there.run("handle = display('one', display_id=True)")
        shown = there.notes.only("display")
        await there.run("handle.update('two')")
        updated = there.notes.only("update")
        assert (updated[2]["text/plain"], updated[3]) == ("'two'", shown[3])
        await there.run("%matplotlib inline\nimport matplotlib.pyplot as plt\nplt.plot([1, 3]);")
        picture = base64.b64decode(there.notes.only("display")[2]["image/png"])
        assert picture.startswith(b"\x89PNG")

    tell(executor, story)


def test_100_000_lines_are_some_pieces_and_all_there(executor: Any) -> None:
    async def story(there: Running) -> None:
        text = await there.text("for i in range(100_000): print(i)")
        assert text == "".join(f"{i}\n" for i in range(100_000))
        assert len(there.notes.all) < 1000

    tell(executor, story)


def test_a_thousand_displays_keep_their_order(executor: Any) -> None:
    count = 1000 if isinstance(executor, ChildPython) else 900  # ZeroMQ may drop more than those
    source = f"for i in range({count}):\n    display({{'image/png': f'{{i:04}}' * 5000}}, raw=True)"

    async def story(there: Running) -> None:
        await there.run(source)
        numbers = [note[2]["image/png"][:4] for note in there.notes.all]
        assert numbers == [f"{i:04}" for i in range(count)]

    tell(executor, story)


def test_one_huge_object_arrives_whole(executor: Any) -> None:
    async def story(there: Running) -> None:
        await there.run("'é' + 'x' * 50_000_000")
        text = there.notes.only("result")[2]["text/plain"]
        assert text == "'é" + "x" * 50_000_000 + "'"

    tell(executor, story)


def test_questions_are_asked_and_answered(executor: Any) -> None:
    async def story(there: Running) -> None:
        notes = there.notes
        await notes.replies.put("Ada")
        await there.run("name = input('Name: '); name[::-1]")
        assert notes.only("ask")[2:] == ("Name: ", False)
        assert notes.only("result")[2]["text/plain"] == "'adA'"
        await notes.replies.put("hunter2")
        await there.run("import getpass\nlen(getpass.getpass('Key: '))")
        assert notes.only("ask")[2:] == ("Key: ", True)
        assert notes.only("result")[2]["text/plain"] == "7"

    tell(executor, story)


def test_an_interrupt_ends_a_question(executor: Any) -> None:
    async def story(there: Running) -> None:
        run = there.begin("try:\n    input('? ')\nexcept KeyboardInterrupt:\n    print('caught')")
        await there.notes.comes(lambda: "ask" in there.notes.kinds())
        assert executor.interrupt()
        assert (await run).status == "ok"
        assert there.notes.text() == "caught\n"
        assert there.notes.only("unasked")
        await there.notes.replies.put("now")
        await there.run("input('again ')")
        assert there.notes.only("result")[2]["text/plain"] == "'now'"

    tell(executor, story)


@pytest.mark.parametrize(
    "source",
    [
        f"print('begun'); {NEVER_ENDS}",
        "import subprocess; print('begun'); subprocess.run(['sleep', '600'])",
        "while True: print('x' * 1000)",
    ],
    ids=["waits", "program", "prints"],
)
def test_an_interrupt_ends_what_runs(executor: Any, source: str) -> None:
    async def story(there: Running) -> None:
        assert not executor.interrupt()
        run = there.begin(source)
        await there.notes.comes(lambda: bool(there.notes.all))
        assert executor.interrupt()
        assert (await run).status == "error"
        assert there.notes.all[-1][2] == "KeyboardInterrupt"
        assert await there.text("print('goes on')") == "goes on\n"

    tell(executor, story)


def test_threads_speak_after_their_cell_and_for_it(executor: Any) -> None:
    source = (
        "import threading\ngo = threading.Event()\n"
        "def late():\n    go.wait()\n    print('late')\n"
        "threading.Thread(target=late).start()"
    )

    async def story(there: Running) -> None:
        await there.run(source)
        assert there.notes.all == []
        await there.run("go.set()")
        await there.notes.comes(lambda: there.notes.text() == "late\n")
        if isinstance(executor, ChildPython):  # ipykernel gives it to the latest cell
            assert there.notes.only("stdout")[1] == "e1"

    tell(executor, story)


def test_a_killed_process_is_told_in_words_and_stands_up_again(executor: Any) -> None:
    async def story(there: Running) -> None:
        dying = asyncio.ensure_future(executor.died())
        run = there.begin("import os, signal; print('last words'); x = 1\nos.kill(os.getpid(), 9)")
        with pytest.raises(Died, match=r"signal 9 \(SIGKILL\).*memory"):
            await run
        if isinstance(executor, ChildPython):  # of a kernel they may be on their way
            assert there.notes.text() == "last words\n"
        assert "SIGKILL" in await dying
        with pytest.raises(Died):
            await there.run("1")
        assert not executor.interrupt()
        await executor.start(there.notes)
        await there.run("x")
        assert there.notes.only("error")[2] == "NameError"
        with pytest.raises(Died, match="exit code 7"):
            await there.run("import os; os._exit(7)")
        assert await executor.died() == await executor.died()

    tell(executor, story)


def test_a_crash_in_compiled_code_shows_where(executor: Any) -> None:
    async def story(there: Running) -> None:
        with pytest.raises(Died, match=r"SIGSEGV.*compiled code"):
            await there.run("import ctypes; ctypes.string_at(0)")
        if isinstance(executor, ChildPython):
            assert "Segmentation fault" in there.notes.text("stderr")

    tell(executor, story)


def test_a_stop_ends_a_run_and_is_no_death(executor: Any) -> None:
    async def story(there: Running) -> None:
        dying = asyncio.ensure_future(executor.died())
        run = there.begin(f"try:\n    print('begun'); {NEVER_ENDS}\nfinally: pass")
        await there.notes.comes(lambda: bool(there.notes.all))
        await executor.stop()
        with pytest.raises(Died, match="stopped"):
            await run
        await executor.stop()
        assert not dying.done()
        dying.cancel()

    tell(executor, story)


def test_files_are_put_into_the_working_directory(executor: Any, tmp_path: Path) -> None:
    async def story(there: Running) -> None:
        await executor.write_file("data/a.csv", b"a,b\n")
        await there.run("import os; print(os.getcwd(), open('data/a.csv').read())")
        where = str((tmp_path / "work").resolve())
        assert there.notes.text() == f"{where} a,b\n\n"
        await executor.remove_file("data/a.csv")
        await executor.remove_file("data/a.csv")
        await there.run("os.path.exists('data/a.csv')")
        assert there.notes.only("result")[2]["text/plain"] == "False"
        with pytest.raises(ValueError, match="stays in the working directory"):
            await executor.write_file("../out.txt", b"")

    tell(executor, story)


def test_who_is_busy_says_so(executor: Any) -> None:
    async def story(there: Running) -> None:
        run = there.begin(f"print('begun')\n{NEVER_ENDS}")
        await there.notes.comes(lambda: bool(there.notes.all))
        with pytest.raises(Exception, match="busy"):
            await executor.complete("zi", 2)
        executor.interrupt()
        await run
        assert "zip" in (await executor.complete("zi", 2)).matches

    tell(executor, story)


def test_starting_again_is_a_restart(executor: Any) -> None:
    async def story(there: Running) -> None:
        await there.run("x = 1")
        fresh = Listener()
        await executor.start(fresh)
        there.notes = fresh
        assert (await there.run("x")).count == 1
        assert fresh.only("error")[2] == "NameError"

    tell(executor, story)
