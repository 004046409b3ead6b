"""Runtimes of a shared notebook: the browser's own and machines that joined, real processes."""

import re
import signal
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from cable import cable
from foldbook.link import ShareLink, parse
from joined import Joined
from playwright.sync_api import Browser, Locator, expect

from tests.browser.people import People
from tests.browser.profile import Profile
from tests.browser.sheet import PATIENCE, Sheet

pytestmark = pytest.mark.browser

LATE = 90_000  # ms; a runtime is called unreachable after half a minute
# It waits for the story, whose browser is closed meanwhile, in a process of its own.
JOB = """import os, sys, time
for i in range(8): print('line', i, flush=True)
while not os.path.exists('go'): time.sleep(0.01)
for i in range(8, 16): print('line', i, flush=True)
print(sys.platform)"""
LINES = "".join(f"line {i}\n" for i in range(16))
WHERE = "import sys\nprint('on', sys.platform)"


class Machines:
    """Starts `foldbook join` as processes."""

    def __init__(self, folder: Path) -> None:
        self.work = folder / "work"
        self._folder = folder
        self._joined: list[Joined] = []

    def join(self, link: ShareLink | str, name: str = "loom") -> Joined:
        joined = Joined(self._folder / name, link, "--name", name, cwd=self.work)
        self._joined.append(joined)
        return joined

    def go(self) -> None:
        """Let the job come to its end."""
        (self.work / "go").touch()

    def close(self) -> None:
        for each in self._joined:
            each.process.kill()
            each.process.wait()
            each._reader.join()
            for stream in (each.process.stdout, each.process.stderr):
                if stream is not None:
                    stream.close()


@pytest.fixture
def machines(tmp_path: Path) -> Iterator[Machines]:
    made = Machines(tmp_path)
    yield made
    made.close()


@contextmanager
def menu(sheet: Sheet) -> Iterator[Locator]:
    """The runtimes, open; the keys are back at the cells then."""
    sheet.page.get_by_role("button", name="Runtime: ").click()
    dialog = sheet.page.get_by_role("dialog", name="Runtimes")
    yield dialog
    if dialog.is_visible():
        sheet.press("Escape")
    expect(dialog).to_have_count(0)
    sheet.cell(0).locator(".g").click(position={"x": 4, "y": 4})


def command(sheet: Sheet) -> ShareLink:
    """The command for a machine, as the menu makes it; its link."""
    with menu(sheet) as dialog:
        dialog.get_by_role("button", name="Attach").click()
        dialog.get_by_role("button", name="Make the command").click()
        field = dialog.get_by_role("textbox", name="The command for that machine")
        expect(dialog.get_by_role("button", name="Copy the command")).to_be_focused()
        words = field.input_value()
    found = re.fullmatch(r"foldbook join 'http://[^#]+#(join/[^']+)'", words)
    assert found, words
    return parse(found[1])


def hand_over(sheet: Sheet, name: str) -> None:
    with menu(sheet) as dialog:
        dialog.get_by_role("button", name=f"Hand over, {name}").click()
        dialog.get_by_role("button", name=f"Hand over to {name}").click()
        expect(dialog.locator("li.sel")).to_contain_text(name)


def to_loom(sheet: Sheet) -> None:
    """Hand over to the machine as soon as it is there."""
    with menu(sheet) as dialog:
        row = dialog.get_by_role("listitem").filter(has_text="loom")
        expect(row).to_contain_text("Ready", timeout=PATIENCE)
        expect(row).to_contain_text("on a machine that joined")
    hand_over(sheet, "loom")


def work_on_loom(sheet: Sheet) -> None:
    """The job runs there, and is in its middle."""
    to_loom(sheet)
    sheet.go(0).press("Control+Enter")
    sheet.until("/line 7/.test(cells[0].outputs.join())")


def chip(sheet: Sheet, words: str) -> None:
    """Wait until the header says this of the runtime."""
    expect(sheet.page.locator(".rt-chip")).to_contain_text(words, timeout=LATE)


@pytest.fixture
def joined(people: People, machines: Machines) -> tuple[Sheet, Callable[[], Joined]]:
    """Mara's notebook with a job and a question, run by a machine; how that is started again."""
    mara = people.owner(JOB, WHERE)
    link = command(mara)
    machines.join(link)
    to_loom(mara)
    return mara, lambda: machines.join(link)


def test_a_machine_joins_by_the_command_and_runs_what_is_asked_of_it(
    joined: tuple[Sheet, Callable[[], Joined]], machines: Machines, people: People
) -> None:
    mara, _ = joined
    machines.work.mkdir(exist_ok=True)
    ines = people.join(people.link(mara, "View"), JOB, WHERE)
    mara.go(1).press("Control+Enter")
    for sheet in (mara, ines):
        sheet.until("/on linux/.test(cells[1].outputs.join())")
        chip(sheet, "loom · Ready")
    with menu(ines) as dialog:
        expect(dialog).to_contain_text("This link lets you read. Ask the owner for a run link.")
        expect(dialog.get_by_role("button", name="Hand over")).to_have_count(0)


def test_another_runtime_takes_what_waits_and_the_old_one_ends_what_runs(
    joined: tuple[Sheet, Callable[[], Joined]], machines: Machines
) -> None:
    mara, _ = joined
    mara.go(0).press("Control+Enter")
    mara.until("/line 7/.test(cells[0].outputs.join())")
    mara.go(1).press("Control+Enter")
    mara.until("/Queued, next after/.test(cells[1].words)")
    name = "Python in this browser"
    with menu(mara) as dialog:
        start = dialog.get_by_role("button", name=f"Start, {name}")
        over = dialog.get_by_role("button", name=f"Hand over, {name}")
        expect(start.or_(over)).to_be_visible()
        if start.is_visible():
            start.click()
        over.click()
        words = dialog.locator(".rt-part dl")
        expect(words).to_contain_text("Runs to its end on loom")
        expect(words).to_contain_text("Goes to Python in this browser")
        expect(words).to_contain_text("Stay on loom")
        dialog.get_by_role("button", name=f"Hand over to {name}").click()
    mara.until("/on emscripten/.test(cells[1].outputs.join())")
    assert mara.status(0, "running") == "running"
    machines.go()
    mara.until("cells[0].status === 'ok' && cells[0].outputs.join().includes('linux')")


def test_a_machine_in_a_tunnel_is_not_answering_and_comes_back_with_all_it_said(
    people: People, machines: Machines
) -> None:
    with cable(people.relay) as wire:
        mara = people.owner(JOB, WHERE)
        machines.join(replace(command(mara), relay=wire.address))
        work_on_loom(mara)
        wire.pull()
        chip(mara, "loom · Not answering since")
        mara.says("loom is not answering")
        expect(mara.cell(0)).to_contain_text("Running. loom has not answered since")
        expect(mara.cell(0).get_by_role("button", name="Give up")).to_be_visible()
        ines = people.join(people.link(mara, "View"), JOB, WHERE)
        chip(ines, "loom · Not answering since")  # the relay knows since when
        expect(ines.cell(0).get_by_role("button", name="Give up")).to_have_count(0)
        machines.go()
        wire.plug()
        for sheet in (mara, ines):
            sheet.until("cells[0].status === 'ok'")
            sheet.until("cells[0].outputs.join('') === argument", LINES + "linux")
            chip(sheet, "loom · Ready")


def test_a_machine_that_was_killed_comes_back_with_another_memory(
    joined: tuple[Sheet, Callable[[], Joined]], machines: Machines
) -> None:
    mara, again = joined
    mara.go(0).press("Control+Enter")
    mara.until("/line 7/.test(cells[0].outputs.join())")
    machines._joined[0].process.send_signal(signal.SIGKILL)
    machines._joined[0].process.wait()
    again()
    mara.status(0, "lost")
    mara.until("/What it had printed is kept/.test(cells[0].words)")
    chip(mara, "loom · Ready")
    mara.go(1).press("Control+Enter")
    mara.until("/on linux/.test(cells[1].outputs.join())")


def test_people_stop_a_machine_and_the_browser_runs_again(
    joined: tuple[Sheet, Callable[[], Joined]], machines: Machines
) -> None:
    mara, _ = joined
    with menu(mara) as dialog:
        dialog.get_by_role("button", name="Stop", exact=True).click()
        mara.page.get_by_role("dialog", name="Stop loom").get_by_role("button", name="Stop").click()
    assert machines._joined[0].process.wait(PATIENCE / 1000) == 0
    mara.go(1).press("Control+Enter")
    mara.until("/on emscripten/.test(cells[1].outputs.join())")


def test_the_laptop_closes_and_the_work_goes_on(
    chromium: Browser,
    people: People,
    machines: Machines,
    tmp_path: Path,
    chromium_path: Path | None,
) -> None:
    laptop = Profile(chromium.browser_type, chromium_path, tmp_path / "laptop", people.url)
    with closing(laptop):
        mara = Sheet.new(laptop.context, people.url)
        people.share(mara.fill(JOB))
        link = people.link(mara, "View")
        machines.join(command(mara))
        work_on_loom(mara)
        laptop.kill()
        machines.go()
        phone = people.join(link, JOB)  # another profile, that knows nothing of it
        phone.until("cells[0].status === 'ok'")
        phone.until("cells[0].outputs.join('') === argument", LINES + "linux")
        chip(phone, "loom · Ready")
