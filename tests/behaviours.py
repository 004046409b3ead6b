"""How outputs, questions and interrupts behave, whatever runs the cells: one list of golden tests
for Python in a page, Foldbook's own Python that has joined, and ipykernel as the measure.
"""

from collections.abc import Mapping
from types import MappingProxyType

import pytest
from notebook_client import NotebookClient, Shown

DISPLAY = "from IPython.display import clear_output, display, update_display\nimport sys\n"
LOOP = "print('begun', flush=True)\nwhile True: pass"
WAITING = {
    "loop": LOOP,
    "await": "import asyncio\nprint('begun', flush=True)\nawait asyncio.Event().wait()",
    # What is interrupted most: each platform's own `time.sleep` has to let go. It never lasts.
    "sleep": "import time\nprint('begun', flush=True)\ntime.sleep(3600)",
}
"""Code that only an interrupt ends."""


def stdout(text: str) -> Shown:
    return "stream", ("stdout", text)


def stderr(text: str) -> Shown:
    return "stream", ("stderr", text)


def shown(text: str) -> Shown:
    return "display_data", {"text/plain": text}


def result(text: str) -> Shown:
    return "execute_result", {"text/plain": text}


class Behaviours:
    """``kc`` is a client of a notebook whose runtime is there."""

    kc: NotebookClient
    errors: Mapping[str, str] = MappingProxyType({})
    """What an interrupt is to code of `WAITING`, where that is no KeyboardInterrupt."""

    def shows(self, code: str, *wanted: Shown) -> None:
        """A cell shows just this."""
        assert self.kc.run(DISPLAY + code) == ("ok", list(wanted))

    # clear_output

    def test_clear_output_takes_away_what_is_shown(self) -> None:
        self.shows("print('a'); display('b'); clear_output(); print('c')", stdout("c\n"))

    def test_clear_output_that_waits_leaves_what_is_shown_at_the_end(self) -> None:
        self.shows("print('a'); clear_output(wait=True)", stdout("a\n"))

    def test_clear_output_that_waits_takes_it_away_when_the_next_output_comes(self) -> None:
        [run] = self.kc.begin(
            f"{DISPLAY}display('old'); clear_output(wait=True)\nprint('new', input())"
        )
        self.kc.asked(run)
        self.kc.shows(run, shown("'old'"))
        self.kc.answer(run, "here")
        assert self.kc.ended(run)[0] == "ok"
        *_, last = self.kc.outputs(run)
        assert last[1][1].endswith("new here\n")
        assert shown("'old'") not in self.kc.outputs(run)

    def test_a_loop_that_clears_and_shows_ends_with_its_last_frame(self) -> None:
        self.shows("for i in range(20): clear_output(wait=True); display(i)", shown("19"))

    # display_id

    def test_a_display_is_updated_in_its_place(self) -> None:
        self.shows(
            "handle = display('one', display_id='d1'); print('between'); handle.update('two')",
            shown("'two'"),
            stdout("between\n"),
        )

    def test_a_later_cell_updates_the_display_of_an_earlier_one(self) -> None:
        first, second = self.kc.begin(
            f"{DISPLAY}handle = display('one', display_id='d2')", "handle.update('two')"
        )
        assert self.kc.ended(second)[0] == "ok"
        assert self.kc.outputs(first) == [shown("'two'")]
        assert self.kc.outputs(second) == []

    def test_all_displays_of_an_id_are_updated(self) -> None:
        self.shows(
            "for _ in range(2): display('one', display_id='d3')\n"
            "update_display('two', display_id='d3')",
            shown("'two'"),
            shown("'two'"),
        )

    def test_an_update_of_what_is_nowhere_shows_nothing(self) -> None:
        self.shows("update_display('two', display_id='nowhere')")

    # Streams

    def test_what_one_stream_says_in_a_row_is_one_output(self) -> None:
        self.shows(
            "for i in range(500): print(i, flush=True)",
            stdout("".join(f"{i}\n" for i in range(500))),
        )

    def test_streams_that_take_turns_keep_their_order(self) -> None:
        self.shows(
            "for each in (sys.stdout, sys.stderr, sys.stdout): print('x', file=each, flush=True)",
            stdout("x\n"),
            stderr("x\n"),
            stdout("x\n"),
        )

    def test_a_display_parts_a_stream(self) -> None:
        self.shows("print('a'); display(1); print('b')", stdout("a\n"), shown("1"), stdout("b\n"))

    def test_carriage_returns_and_backspaces_stand_as_they_were_written(self) -> None:
        self.shows("print('a\\rb\\bc', end='')", stdout("a\rb\bc"))

    # Questions

    def test_a_question_waits_for_its_answer(self) -> None:
        [run] = self.kc.begin("name = input('Who? ')\nname[::-1]")
        assert self.kc.asked(run) == ("Who? ", False)
        self.kc.answer(run, "Ada")
        assert self.kc.ended(run)[0] == "ok"
        assert self.kc.outputs(run)[-1] == result("'adA'")

    def test_questions_come_one_after_the_other(self) -> None:
        [run] = self.kc.begin("[input(f'{i}? ') for i in range(2)]")
        for answer in ("one", ""):
            self.kc.asked(run)
            self.kc.answer(run, answer)
        assert self.kc.ended(run)[0] == "ok"
        assert self.kc.outputs(run)[-1] == result("['one', '']")

    def test_a_password_is_nowhere_in_the_notebook(self) -> None:
        [run] = self.kc.begin("import getpass\nlen(getpass.getpass('Key: '))")
        assert self.kc.asked(run) == ("Key: ", True)
        self.kc.answer(run, "hunter2")
        assert self.kc.ended(run)[0] == "ok"
        assert self.kc.outputs(run)[-1] == result("7")
        assert "hunter2" not in str(list(self.kc.events()))

    def test_a_debugger_asks_as_any_code_does(self) -> None:
        self.kc.run("def broken(depth):\n    1 / 0\nbroken(7)")
        [run] = self.kc.begin("%debug")
        self.kc.asked(run)
        self.kc.answer(run, "p depth * 6")
        self.kc.said(run, "42")
        self.kc.asked(run)
        self.kc.answer(run, "q")
        assert self.kc.ended(run)[0] == "ok"

    # Interrupts

    @pytest.mark.parametrize("how", WAITING)
    def test_an_interrupt_ends_what_runs_and_memory_stays(self, how: str) -> None:
        self.kc.run("kept = 'kept'")
        [run] = self.kc.begin(WAITING[how])
        self.kc.said(run, "begun")
        self.kc.interrupt()
        assert self.kc.ended(run)[0] == "error"
        error = self.errors.get(how, "KeyboardInterrupt")
        assert self.kc.outputs(run) == [stdout("begun\n"), ("error", error)]
        assert self.kc.run("kept")[1] == [result("'kept'")]

    def test_an_interrupt_ends_a_question_and_can_be_caught(self) -> None:
        [run] = self.kc.begin(
            "try:\n    input('? ')\nexcept KeyboardInterrupt:\n    print('caught')"
        )
        self.kc.asked(run)
        self.kc.interrupt()
        assert self.kc.ended(run)[0] == "ok"
        *_, last = self.kc.outputs(run)
        assert last[1][1].endswith("caught\n")

    def test_an_interrupt_takes_what_waits_behind_it_too(self) -> None:
        first, second = self.kc.begin(LOOP, "print('never')")
        self.kc.said(first, "begun")
        self.kc.interrupt()
        assert self.kc.ended(first)[0] == "error"
        assert self.kc.ended(second)[0] == "aborted"
        assert self.kc.outputs(second) == []

    def test_code_that_catches_an_interrupt_goes_on(self) -> None:
        [run] = self.kc.begin(
            "try:\n    print('begun', flush=True)\n    while True: pass\n"
            "except KeyboardInterrupt:\n    print('caught')\n'and on'"
        )
        self.kc.said(run, "begun")
        self.kc.interrupt()
        assert self.kc.ended(run)[0] == "ok"
        assert self.kc.outputs(run) == [stdout("begun\ncaught\n"), result("'and on'")]
