"""The shell: real IPython, real numpy, pandas and matplotlib."""

import asyncio
import base64
import os
import sys
import threading
import warnings
from pathlib import Path
from typing import Any

import pytest
from foldbook.mime import INSTALLED
from foldbook.outlet import EVENTS_LIMIT
from foldbook.shell import Hooks
from foldbook.shell.emitter import PIECE, Emitter
from foldbook.shell.hooks import Installed
from foldbook.shell.imports import imported_modules
from foldbook.shell.magics import rewrite_lines
from foldbook.shell.pace import DOUBLING, INTERVAL, Pace
from foldbook.shell.parents import Parents

from tests.cells import Notes, Shell, in_shell, until

pytestmark = pytest.mark.usefixtures("own_home")


# Values


def test_the_last_expression_is_the_result_and_counts_go_up(tmp_path: Path) -> None:
    async def story(shell: Shell) -> None:
        assert (await shell.run("6 * 7")).count == 1
        assert shell.notes.all == [("result", "e1", {"text/plain": "42"}, 1)]
        outcome = await shell.run("x = 1")
        assert (outcome.status, outcome.count) == ("ok", 2)
        assert shell.notes.all == []

    in_shell(tmp_path, story)


def test_a_semicolon_silences_the_result(tmp_path: Path) -> None:
    async def story(shell: Shell) -> None:
        await shell.run("6 * 7;")
        assert shell.notes.all == []

    in_shell(tmp_path, story)


def test_results_and_sources_are_there_by_their_number(tmp_path: Path) -> None:
    async def story(shell: Shell) -> None:
        await shell.run("10")
        await shell.run("_ + 1")
        await shell.run("12;")
        await shell.run("(_, __, ___, _1, Out, In[2], _i)")
        assert shell.notes.only("result")[2]["text/plain"] == (
            "(11, 10, '', 10, {1: 10, 2: 11}, '_ + 1', '12;')"
        )
        await shell.run("%history -n 1-2")
        assert shell.notes.text() == "   1: 10\n   2: _ + 1\n"

    in_shell(tmp_path, story)


def test_top_level_await(tmp_path: Path) -> None:
    async def story(shell: Shell) -> None:
        await shell.run("import asyncio\nawait asyncio.sleep(0)\n'awaited'")
        assert shell.notes.only("result")[2]["text/plain"] == "'awaited'"

    in_shell(tmp_path, story)


def test_pandas_tables_have_html(tmp_path: Path) -> None:
    async def story(shell: Shell) -> None:
        await shell.run("import pandas as pd\npd.DataFrame({'a': [1, 2]})")
        data = shell.notes.only("result")[2]
        assert "<table" in data["text/html"]
        assert "a" in data["text/plain"]

    in_shell(tmp_path, story)


def test_what_json_cannot_hold_is_made_fit(tmp_path: Path) -> None:
    source = (
        "from IPython.display import display\n"
        "display({'image/png': b'raw', 'application/json': {'x': {1, 2}, 'n': float('nan')},"
        " 'text/plain': 'a\\ud800b'}, raw=True)"
    )

    async def story(shell: Shell) -> None:
        await shell.run(source)
        data = shell.notes.only("display")[2]
        assert base64.b64decode(data["image/png"]) == b"raw"
        assert sorted(data["application/json"]["x"]) == [1, 2]
        assert data["text/plain"] == "a\\ud800b"

    in_shell(tmp_path, story)


# Displays


def test_displays_are_updated_by_their_id_and_cleared(tmp_path: Path) -> None:
    source = (
        "from IPython.display import clear_output, display\n"
        "handle = display('one', display_id='d')\n"
        "handle.update('two')\n"
        "clear_output(wait=True)"
    )

    async def story(shell: Shell) -> None:
        await shell.run(source)
        assert shell.notes.all == [
            ("display", "e1", {"text/plain": "'one'"}, "d"),
            ("update", "e1", {"text/plain": "'two'"}, "d"),
            ("clear", "e1", True),
        ]

    in_shell(tmp_path, story)


def test_figures_are_shown_after_their_cell_as_png(tmp_path: Path) -> None:
    async def story(shell: Shell) -> None:
        await shell.run("import matplotlib.pyplot as plt\nprint('first')\nplt.plot([1, 3, 2]);")
        assert shell.notes.kinds() == ["stdout", "display"]
        picture = base64.b64decode(shell.notes.only("display")[2]["image/png"])
        assert picture.startswith(b"\x89PNG")
        await shell.run("1;")
        assert shell.notes.all == []

    in_shell(tmp_path, story)


def test_figures_are_svg_on_request_even_before_matplotlib_is_there(tmp_path: Path) -> None:
    async def story(shell: Shell) -> None:
        await shell.run("%config InlineBackend.figure_formats = ['svg']")
        await shell.run("import matplotlib.pyplot as plt\nplt.plot([1, 2]);")
        data = shell.notes.only("display")[2]
        assert "<svg" in data["image/svg+xml"]
        assert "image/png" not in data
        await shell.run("%config InlineBackend.figure_formats = ['png']\nplt.plot([1, 2]);")
        assert "image/png" in shell.notes.only("display")[2]

    in_shell(tmp_path, story)


def test_figures_that_could_be_moved_are_pictures(tmp_path: Path) -> None:
    async def story(shell: Shell) -> None:
        outcome = await shell.run("%matplotlib notebook\nimport matplotlib.pyplot as plt")
        assert outcome.status == "ok"
        assert "shown as pictures" in shell.notes.text("stderr")
        await shell.run("plt.plot([1, 2]);")
        assert "image/png" in shell.notes.only("display")[2]

    in_shell(tmp_path, story)


@pytest.mark.parametrize("magic", ["%matplotlib", "%matplotlib auto", "%pylab"])
def test_figures_are_inline_where_no_backend_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, magic: str
) -> None:
    async def story(shell: Shell) -> None:
        await shell.run("import matplotlib")
        # As where it was imported before the session, for a snapshot.
        monkeypatch.setitem(sys.modules["matplotlib"].rcParamsOrig, "backend", "agg")
        assert (await shell.run(magic)).status == "ok"
        await shell.run("import matplotlib.pyplot as plt\nplt.plot([1, 2]);")
        assert "image/png" in shell.notes.only("display")[2]

    in_shell(tmp_path, story)


def test_matplotlib_is_not_imported_before_it_is_used(tmp_path: Path) -> None:
    program = (
        "import asyncio, sys\n"
        "from foldbook.shell import ShellExecutor\n"
        "from tests.cells import Notes\n"
        "async def main():\n"
        "    shell = ShellExecutor()\n"
        "    await shell.start(Notes())\n"
        "    await shell.run('e1', 'print(1)')\n"
        "    assert 'matplotlib' not in sys.modules\n"
        "asyncio.run(main())\n"
    )

    async def story() -> int:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", program, cwd=Path(__file__).parents[1]
        )
        return await process.wait()

    assert asyncio.run(story()) == 0


# Streams


def test_streams_keep_their_order_with_everything_else(tmp_path: Path) -> None:
    source = (
        "import sys\n"
        "print('a'); print('b', file=sys.stderr); print('c'); display('d'); print('e', end='')\n"
        "'f'"
    )

    async def story(shell: Shell) -> None:
        await shell.run(source)
        order = [
            note[2] if isinstance(note[2], str) else note[2]["text/plain"]
            for note in shell.notes.all
        ]
        assert order == ["a\n", "b\n", "c\n", "'d'", "e", "'f'"]

    in_shell(tmp_path, story)


def test_many_prints_are_few_pieces_and_nothing_is_lost(tmp_path: Path) -> None:
    async def story(shell: Shell) -> None:
        await shell.run("for i in range(10_000): print(i)")
        assert shell.notes.text() == "".join(f"{i}\n" for i in range(10_000))
        assert len(shell.notes.all) < 200

    in_shell(tmp_path, story)


def test_carriage_returns_and_colours_stand_as_written(tmp_path: Path) -> None:
    async def story(shell: Shell) -> None:
        await shell.run("print('10%\\r20%\\r\\x1b[31mred\\x1b[0m')")
        assert shell.notes.text() == "10%\r20%\r\x1b[31mred\x1b[0m\n"

    in_shell(tmp_path, story)


class _Clock:
    time = 0.0

    def __call__(self) -> float:
        return self.time


def test_of_the_updates_of_a_display_that_come_too_fast_the_last_leaves() -> None:
    async def story() -> None:
        notes, clock, parents = Notes(), _Clock(), Parents()
        emitter = Emitter(notes, parents, clock=clock)

        def show(what: str, display_id: str = "d", *, update: bool = True) -> None:
            emitter.display({"text/plain": what}, {}, display_id, update)

        def shown() -> list[str]:
            return [note[2]["text/plain"] for note in notes.all if note[2] != "a line\n"]

        with parents.running("e"):
            show("new", update=False)
            clock.time += 2 * INTERVAL
            for what in ("1", "2", "3"):
                show(what)
            show("other", "x")
            assert shown() == ["new", "1"]
            clock.time += 2 * INTERVAL
            emitter.write("stdout", "a line\n")
            assert shown() == ["new", "1", "3", "other"]
            show("4")
            show("second", update=False)  # what it would change is there by then
            assert shown()[4:] == ["4", "second"]
            show("5")
            emitter.flush()
            assert shown()[6:] == ["5"]

    asyncio.run(story())


def test_an_update_that_is_held_leaves_by_itself() -> None:
    async def story() -> None:
        notes, parents = Notes(), Parents()
        emitter = Emitter(notes, parents)
        with parents.running("e"):
            for what in ("1", "2"):
                emitter.display({"text/plain": what}, {}, "d", update=True)
        await until(lambda: len(notes.all) == 2)
        assert [note[2]["text/plain"] for note in notes.all] == ["1", "2"]

    asyncio.run(story())


def test_what_goes_on_for_a_day_says_less_than_the_log_takes_of_one_execution() -> None:
    clock = _Clock()
    pace, pieces = Pace(clock), 0
    while clock.time < 12 * 3600:
        pace.turn("e")
        assert pace.is_due
        pace.sent("e")
        pieces += 1
        clock.time += pace.interval * 1.001
        if pieces == DOUBLING // 10:
            assert clock.time < 15  # seconds: at first it is as if it did not slow down
    assert 10_000 < pieces < EVENTS_LIMIT
    pace.sent("e")
    clock.time += 2 * INTERVAL
    assert not pace.is_due
    pace.turn("f")  # the next one begins anew
    assert pace.is_due


def test_a_piece_leaves_at_a_line_s_end_when_it_is_time() -> None:
    async def story() -> None:
        notes, clock, parents = Notes(), _Clock(), Parents()
        emitter = Emitter(notes, parents, clock=clock)
        with parents.running("e"):
            emitter.write("stdout", "one\n")
            emitter.write("stdout", "two")
            emitter.write("stdout", "\n")
            assert notes.text() == "one\n"
            clock.time += 2 * INTERVAL
            emitter.write("stdout", "no end of line")
            assert notes.text() == "one\n"
            emitter.write("stdout", "\n")
            assert len(notes.all) == 2
            emitter.write("stdout", "x" * PIECE)
            assert len(notes.all) == 3

    asyncio.run(story())


def test_what_is_held_leaves_while_the_cell_waits(tmp_path: Path) -> None:
    source = (
        "import asyncio\n"
        "print('start')\n"
        "print('held', end='')\n"
        "while held_by_outlet() != 'start\\nheld': await asyncio.sleep(0.005)\n"
    )

    async def story(shell: Shell) -> None:
        session = shell.executor._session
        assert session is not None
        session.user_ns["held_by_outlet"] = shell.notes.text
        assert (await shell.run(source)).status == "ok"

    in_shell(tmp_path, story)


def test_late_output_of_a_thread_belongs_to_the_cell_that_started_it(tmp_path: Path) -> None:
    async def story(shell: Shell) -> None:
        begin, done = threading.Event(), threading.Event()
        session = shell.executor._session
        assert session is not None
        session.user_ns.update(begin=begin, done=done)
        await shell.run(
            "import threading\n"
            "def work():\n    begin.wait(); print('late'); done.set()\n"
            "threading.Thread(target=work).start()"
        )
        await shell.run("begin.set(); done.wait(); print('now')")
        await until(lambda: len(shell.notes.all) == 2)
        assert ("stdout", "e1", "late\n") in shell.notes.all
        assert ("stdout", "e2", "now\n") in shell.notes.all

    in_shell(tmp_path, story)


def test_a_task_s_late_output_belongs_to_its_cell(tmp_path: Path) -> None:
    async def story(shell: Shell) -> None:
        await shell.run(
            "import asyncio\ngo = asyncio.Event()\n"
            "async def work():\n    await go.wait(); print('late')\n"
            "task = asyncio.ensure_future(work())"
        )
        await shell.run("go.set()\nawait task")
        assert ("stdout", "e1", "late\n") in shell.notes.all

    in_shell(tmp_path, story)


# Errors


def test_an_error_is_shown_in_colours_with_its_cell(tmp_path: Path) -> None:
    async def story(shell: Shell) -> None:
        outcome = await shell.run("def f():\n    return 1 / 0\nf()")
        assert outcome.status == "error"
        _, _, name, value, trace = shell.notes.only("error")
        assert (name, value) == ("ZeroDivisionError", "division by zero")
        text = "\n".join(trace)
        assert "\x1b[" in text
        assert "In[1]" in text
        assert "foldbook" not in text

    in_shell(tmp_path, story)


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("x = (", "SyntaxError"),
        ("  x = 1\n y = 2", "IndentationError"),
        ("import sys; sys.exit(1)", "SystemExit"),
        ("raise KeyboardInterrupt", "KeyboardInterrupt"),
        ("%nosuchmagic", "UsageError"),
        ("raise ExceptionGroup('many', [ValueError('x')])", "ExceptionGroup"),
        ("import asyncio; raise asyncio.CancelledError", "CancelledError"),
    ],
)
def test_every_end_is_one_error_and_the_shell_goes_on(
    tmp_path: Path, source: str, name: str
) -> None:
    async def story(shell: Shell) -> None:
        assert (await shell.run(source)).status == "error"
        assert shell.notes.kinds() == ["error"]
        assert shell.notes.only("error")[2] == name
        assert (await shell.run("'still here'")).status == "ok"

    in_shell(tmp_path, story)


def test_exit_does_not_end_the_runtime(tmp_path: Path) -> None:
    async def story(shell: Shell) -> None:
        assert (await shell.run("exit()")).status == "ok"
        assert "restarted" in shell.notes.text("stderr")

    in_shell(tmp_path, story)


def test_a_missing_module_comes_with_advice(tmp_path: Path) -> None:
    async def story(shell: Shell) -> None:
        await shell.run("import nosuchmodule.part")
        assert "%pip install nosuchmodule" in "\n".join(shell.notes.only("error")[4])

    in_shell(tmp_path, story)


# Magics


def test_time_magics(tmp_path: Path) -> None:
    async def story(shell: Shell) -> None:
        await shell.run("%%time\nsum(range(10))")
        assert "Wall time" in shell.notes.text()
        assert shell.notes.only("result")[2]["text/plain"] == "45"

    in_shell(tmp_path, story)


def test_capture_holds_back_what_it_captures(tmp_path: Path) -> None:
    async def story(shell: Shell) -> None:
        await shell.run("%%capture got\nprint('inside')\ndisplay(1)")
        assert shell.notes.all == []
        await shell.run("(got.stdout, len(got.outputs))")
        assert shell.notes.only("result")[2]["text/plain"] == "('inside\\n', 1)"

    in_shell(tmp_path, story)


def test_pip_goes_to_the_platform_s_installer(tmp_path: Path) -> None:
    asked: list[str] = []

    async def install(arguments: str, _say: Any) -> Installed:
        asked.append(arguments)
        return Installed(f"Installed by {len(asked)}.")

    async def story(shell: Shell) -> None:
        await shell.run("%pip install one\n!pip install two three")
        assert asked == ["install one", "install two three"]
        assert shell.notes.text() == "Installed by 1.\nInstalled by 2.\n"
        outcome = await shell.run("def f():\n    %pip install four\nf()")
        assert outcome.status == "error"  # it would have to block

    in_shell(tmp_path, story, Hooks(install=install))


def test_what_pip_installed_is_told_beside_its_words(tmp_path: Path) -> None:
    async def install(_arguments: str, _say: Any) -> Installed:
        return Installed("Installed cowsay 6.1.", ("cowsay==6.1",))

    async def story(shell: Shell) -> None:
        await shell.run("%pip install cowsay")
        assert shell.notes.only("display")[2] == {
            "text/plain": "Installed cowsay 6.1.",
            INSTALLED: {"requirements": ["cowsay==6.1"]},
        }

    in_shell(tmp_path, story, Hooks(install=install))


def test_the_platform_adds_what_it_knows_of_an_error(tmp_path: Path) -> None:
    def advise(error: BaseException) -> str:
        return "Ask the host." if isinstance(error, OSError) else ""

    async def story(shell: Shell) -> None:
        await shell.run("raise OSError('barred')")
        _, _, name, value, lines = shell.notes.only("error")
        assert (name, value) == ("OSError", "barred")
        assert "\n".join(lines).rstrip().endswith("Ask the host.")
        await shell.run("1 / 0")
        assert "Ask the host." not in "\n".join(shell.notes.only("error")[4])

    in_shell(tmp_path, story, Hooks(advise=advise))


def test_other_commands_are_not_taken_for_pip() -> None:
    async def install(_arguments: str, _say: Any) -> Installed:
        return Installed("")

    lines = ["get_ipython().system('ls -l')\n", "x = 1\n"]
    assert rewrite_lines(lines, Hooks(install=install)) == lines


@pytest.mark.parametrize(
    "source", ["!ls", "found = !ls", "%ls", "%%bash\nls", "%%script perl -w\nls"]
)
def test_where_there_are_no_programs_a_command_says_so(tmp_path: Path, source: str) -> None:
    async def story(shell: Shell) -> None:
        assert (await shell.run(source)).status == "error"
        assert "no other programs" in shell.notes.only("error")[3]

    in_shell(tmp_path, story, Hooks(programs=False))


@pytest.mark.parametrize("source", ["len?", "%pinfo len", "?len"])
def test_what_a_pager_would_show_is_shown(tmp_path: Path, source: str) -> None:
    async def story(shell: Shell) -> None:
        await shell.run(source)
        assert "number of items" in shell.notes.only("display")[2]["text/plain"]
        assert shell.notes.kinds() == ["display"]

    in_shell(tmp_path, story)


def test_what_would_go_into_a_cell_is_shown(tmp_path: Path) -> None:
    async def story(shell: Shell) -> None:
        await shell.run("%%writefile part.py\nx = 1")
        await shell.run("%load part.py")
        assert "x = 1" in shell.notes.only("display")[2]["text/plain"]

    in_shell(tmp_path, story)


def test_imports_are_prepared_before_the_cell_runs(tmp_path: Path) -> None:
    prepared: list[list[str]] = []

    async def prepare(source: str, say: Any) -> None:
        prepared.append(imported_modules(source))
        say("Loading")

    async def story(shell: Shell) -> None:
        await shell.run("%%time\nimport json\nprint('ran')")
        assert prepared == [["json"]]
        assert shell.notes.kinds()[:2] == ["progress", "stdout"]

    in_shell(tmp_path, story, Hooks(prepare=prepare))


@pytest.mark.parametrize(
    ("source", "modules"),
    [
        ("import numpy as np, a.b", ["numpy", "a.b"]),
        ("from x.y import z, w", ["x.y", "x.y.z", "x.y.w"]),
        ("from . import z", []),
        ("def f():\n    import deep", ["deep"]),
        ("get_ipython().run_line_magic('matplotlib', 'inline')", ["matplotlib"]),
        ("get_ipython().run_line_magic('config', 'InlineBackend.x = 1')", ["matplotlib"]),
        ("get_ipython().run_cell_magic('time', '', 'import timed')", ["timed"]),
        ("get_ipython().run_cell_magic('html', '', 'import nothing')", []),
        ("not python", []),
    ],
)
def test_which_modules_a_cell_imports(source: str, modules: list[str]) -> None:
    assert imported_modules(source) == modules


# Input


def test_looking_for_imports_warns_of_nothing() -> None:
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        assert imported_modules("import re\nre.split('\\s', 'a b')") == ["re"]
    assert warned == []


def test_input_and_getpass_ask_whoever_looks_on(tmp_path: Path) -> None:
    async def story(shell: Shell) -> None:
        shell.notes.answers = ["Ada", "secret"]
        await shell.run(
            "import getpass\nprint('before')\n(input('Name: '), getpass.getpass('Key: '))"
        )
        assert shell.notes.all[:3] == [
            ("stdout", "e1", "before\n"),
            ("ask", "e1", "Name: ", False),
            ("ask", "e1", "Key: ", True),
        ]
        assert shell.notes.only("result")[2]["text/plain"] == "('Ada', 'secret')"

    in_shell(tmp_path, story)


# Help


def test_completions_have_types(tmp_path: Path) -> None:
    async def story(shell: Shell) -> None:
        await shell.run("import math\nmathematics = 1\nclass Matrix: pass")
        found = await shell.executor.complete("x = math.sq", 11)
        assert (found.matches, found.start, found.end) == (["sqrt"], 9, 11)
        assert found.types == ["function"]
        found = await shell.executor.complete("mat", 3)
        types = dict(zip(found.matches, found.types, strict=True))
        assert types["math"] == "module"
        assert types["mathematics"] == "instance"
        assert (await shell.executor.complete("zzz", 3)).matches == []

    in_shell(tmp_path, story)


def test_completion_counts_code_points(tmp_path: Path) -> None:
    async def story(shell: Shell) -> None:
        await shell.run("import math")
        found = await shell.executor.complete("'😀'; math.sq", 12)
        assert (found.matches, found.start) == (["sqrt"], 10)

    in_shell(tmp_path, story)


def test_documentation_of_what_stands_at_a_place(tmp_path: Path) -> None:
    async def story(shell: Shell) -> None:
        await shell.run("def area(r):\n    'The area of a circle.'")
        found = await shell.executor.inspect("area(2)", 3)
        assert "The area of a circle." in found["text/plain"]
        assert await shell.executor.inspect("nothing(2)", 3) == {}
        assert await shell.executor.inspect("", 0) == {}

    in_shell(tmp_path, story)


# The process


def test_files_land_in_the_working_directory(tmp_path: Path) -> None:
    async def story(shell: Shell) -> None:
        await shell.executor.write_file("data/points.csv", b"x\n1\n")
        await shell.run("print(open('data/points.csv').read())")
        assert shell.notes.text() == "x\n1\n\n"
        await shell.executor.remove_file("data/points.csv")
        await shell.executor.remove_file("data/points.csv")
        with pytest.raises(ValueError, match="stays in the working directory"):
            await shell.executor.write_file("../outside", b"")

    in_shell(tmp_path, story)


def test_after_the_end_everything_stands_as_before(tmp_path: Path) -> None:
    before = (sys.stdout, sys.stderr, input, threading.Thread.start, Path.cwd())

    async def story(shell: Shell) -> None:
        await shell.run("import os; os.chdir('/')")

    in_shell(tmp_path, story)
    assert (sys.stdout, sys.stderr, input, threading.Thread.start, Path.cwd()) == before
    assert os.environ.get("MPLBACKEND") is None
