"""Programs at a shared notebook: `foldbook.open` and `foldbook run --share`, over a real relay."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import foldbook
import pytest
from builder import relay as relays
from foldbook.api.changes import CellAdded, OutputAdded, PeopleChanged, RunChanged, SourceChanged
from foldbook.api.notebook import Notebook, Pages
from foldbook.commands.notebooks import AddFile
from foldbook.errors import BadLink, CommandRefused, Refused
from foldbook.link import ShareLink
from foldbook.native import blocking
from foldbook.native.blocking import SyncCell, SyncNotebook
from foldbook.native.exits import Exit
from foldbook.row import Role
from running_program import STAY, Runs, texts, valid
from stories import story


@pytest.fixture(autouse=True)
def own_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FOLDBOOK_DATA", str(tmp_path / "data"))


@pytest.fixture
def runs(relay: str, tmp_path: Path) -> Iterator[Runs]:
    found = Runs(relay, tmp_path)
    yield found
    found.end()


WAIT = "import time, pathlib\nwhile not pathlib.Path('go').exists():\n    time.sleep(0.01)\n"


async def over(notebook: Notebook, place: int) -> None:
    """Wait until a cell has been run."""
    watch = notebook.watch()
    while notebook.cells[place].status not in ("ok", "error", "lost"):
        await anext(watch)


# A run that is shared


@story
async def test_people_watch_edit_and_add_cells_while_it_runs(runs: Runs, tmp_path: Path) -> None:
    go = tmp_path / "go"
    run = runs.start(f"print('on')\n{WAIT.replace('go', str(go))}", "print('as it was')", "3")
    async with foldbook.open(run.link, name="Ines") as notebook:
        assert notebook.role == "run"
        watch = notebook.watch()
        while not notebook.cells[0].outputs:
            await anext(watch)
        assert notebook.cells[0].status == "running"
        assert notebook.cells[0].outputs[0]["text"] == "on\n"
        notebook.cells[1].source = "print('as it is now')"
        mine = notebook.insert(1, "print('mine')")
        await notebook.saved(timeout=20)
        go.touch()
        await over(notebook, 3)
        assert [each.status for each in notebook.cells] == ["ok", None, "ok", "ok"]
        assert notebook.cells[2].outputs[0]["text"] == "as it is now\n"
        # All cells have run. Who is there goes on, in the same memory.
        found = await notebook.run(mine, timeout=20)
        assert found.text == "mine\n"
        assert (await notebook.run(notebook.append("'time' in dir()"), timeout=20)).text == "True\n"
        [runtime] = notebook.runtimes
        assert (runtime.status, runtime.selected) == ("idle", True)
        [other] = notebook.people
        assert (other.name, other.kind) == ("foldbook run", "agent")
    assert run.end() == 128 + signal.SIGINT
    assert texts(valid(run.out)) == ["on\n", "mine\n", "as it is now\n", "3", "True"]
    assert any("All is done. The notebook stays open" in each for each in run.said)


@story
async def test_what_a_run_had_is_at_the_relay_when_it_has_ended(runs: Runs) -> None:
    run = runs.start("print('x' * 100_000)\n'y' * 40_000")
    assert run.process.wait(60) == Exit.OK, run.said
    async with foldbook.open(run.link) as notebook:
        [cell] = notebook.cells
        outputs = await notebook.load(cell.outputs)
        assert outputs[0]["text"] == "x" * 100_000 + "\n"
        assert outputs[1]["data"]["text/plain"] == "'" + "y" * 40_000 + "'"
        assert notebook.runtimes == ()
        with pytest.raises(CommandRefused, match="No runtime is there"):
            await notebook.run(cell)


@story
async def test_a_failed_run_stays_for_those_who_are_there(runs: Runs, tmp_path: Path) -> None:
    go = tmp_path / "go"
    run = runs.start(WAIT.replace("go", str(go)), "1 / x", "print('after', x)")
    async with foldbook.open(run.link) as notebook:
        go.touch()
        await over(notebook, 1)
        assert notebook.cells[1].status == "error"
        assert (await notebook.run(notebook.insert(1, "x = 4"), timeout=20)).ok
        assert (await notebook.run(2, timeout=20)).text == "0.25\n"
        assert notebook.cells[3].status is None
    run.process.send_signal(signal.SIGTERM)
    assert run.process.wait(60) == 128 + signal.SIGTERM
    assert texts(valid(run.out)) == ["", "", "0.25", ""]


@story
async def test_people_interrupt_restart_and_answer(runs: Runs) -> None:
    run = runs.start("x = 1", options=STAY)
    async with foldbook.open(run.link) as notebook:
        await over(notebook, 0)
        endless = notebook.request(notebook.append("while True: pass"))
        with pytest.raises(TimeoutError, match=r"is (running|assigned|queued)"):
            await notebook.finished(endless, timeout=0.5)
        notebook.interrupt()
        ended = await notebook.finished(endless, timeout=20, allow_errors=True)
        assert ended.error is not None
        assert ended.error["ename"] == "KeyboardInterrupt"
        [before] = notebook.runtimes
        after = await notebook.restart(timeout=60)
        assert after.id != before.id
        assert [each.id for each in notebook.runtimes] == [after.id]
        assert (await notebook.run(notebook.append("'x' in dir()"), timeout=20)).text == "False\n"
        died = await notebook.run(
            notebook.append("import os; os._exit(1)"), timeout=20, allow_errors=True
        )
        assert died.status == "lost"
        assert (await notebook.run(notebook.append("'new'"), timeout=60)).text == "'new'\n"
    assert run.end() == 128 + signal.SIGINT


@story
async def test_files_of_the_notebook_overwrite_nothing_of_the_machine(
    runs: Runs, tmp_path: Path
) -> None:
    folder = tmp_path / "work"
    folder.mkdir()
    (folder / "own.csv").write_text("of the machine")
    run = runs.start("1", options=("--cwd", str(folder), *STAY))
    async with foldbook.open(run.link) as notebook:
        for path in ("own.csv", "new.csv", ".bashrc"):
            digest = notebook._peer.put_blob(b"of the notebook")
            notebook._peer.submit(AddFile(path=path, digest=digest, size=15))
        found = await notebook.run(notebook.append("open('new.csv').read()"), timeout=20)
        assert "own.csv could not be brought up to date" in found.text
        assert found.text.endswith("'of the notebook'\n")
    assert (folder / "own.csv").read_text() == "of the machine"
    assert not (folder / ".bashrc").exists()


@story
async def test_a_link_that_only_shows_lets_nobody_run(runs: Runs) -> None:
    run = runs.start("print(1)", options=("--role", "view", *STAY))
    async with foldbook.open(run.link) as notebook:
        assert notebook.role == "view"
        await over(notebook, 0)
        with pytest.raises(CommandRefused, match="you cannot edit it"):
            notebook.append("print(2)")
        with pytest.raises(CommandRefused, match="you cannot run its cells"):
            notebook.request(0)
        assert len(notebook.cells) == 1


# Several programs


@story
async def test_programs_see_each_other_s_changes(runs: Runs) -> None:
    run = runs.start("1", options=STAY)
    async with (
        foldbook.open(run.link, name="One") as one,
        foldbook.open(run.link, name="Two") as two,
    ):
        watch = two.watch()
        cell = one.append("first = 1")
        seen: list[Any] = []
        async for change in watch:
            seen.append(change)
            if isinstance(change, CellAdded):
                break
        assert seen[-1].cell == two.cells[cell.id]
        theirs = two.cells[cell.id]
        assert theirs.source == "first = 1"
        theirs.source = "first = 10"
        cell.source = "# mine\nfirst = 1"
        await one.saved(timeout=20)
        await two.saved(timeout=20)
        async with asyncio.timeout(20):
            for notebook in (one, two):
                watching = notebook.watch()
                while notebook.cells[-1].source != "# mine\nfirst = 10":
                    await anext(watching)
        names = {each.name for each in one.people}
        assert names == {"Two", "foldbook run"}
    async with foldbook.open(run.link, name="One") as one:
        watch = one.watch()
        async with foldbook.open(run.link, name="Three"):
            async for change in watch:
                people = change.people if isinstance(change, PeopleChanged) else ()
                if "Three" in {each.name for each in people}:
                    break
        async with asyncio.timeout(20):
            while "Three" in {each.name for each in one.people}:
                await anext(watch)


@story
async def test_bad_links_say_so() -> None:
    with pytest.raises(BadLink):
        async with foldbook.open("https://example/#nothing"):
            pass
    with pytest.raises(BadLink):
        foldbook.open_sync("join/nothing")


@story
async def test_a_relay_that_is_not_there_is_told() -> None:
    link = ShareLink("http://127.0.0.1:9", "r", Role.VIEW, b"t" * 16, b"k" * 32, b"v" * 32)
    with pytest.raises(Refused, match="the relay does not answer"):
        async with foldbook.open(link):
            pass


@story
async def test_what_could_not_be_sent_is_told_and_is_sent_from_its_folder(tmp_path: Path) -> None:
    data, folder = tmp_path / "relay", tmp_path / "kept"
    with ExitStack() as first:
        address = first.enter_context(relays.running(data, 0))
        assert address is not None
        run = Runs(address, tmp_path).start("1")
        assert run.process.wait(60) == Exit.OK
        opening = foldbook.open(run.link, folder=folder, timeout=1)
        notebook = await opening.__aenter__()
        first.close()
        notebook.append("typed in a tunnel")
        with pytest.raises(TimeoutError, match="Not all changes were sent within 1 seconds"):
            await opening.__aexit__(None, None, None)
    with relays.running(data, int(address.rpartition(":")[2])):
        async with foldbook.open(run.link, folder=folder) as notebook:
            assert notebook.cells[-1].source == "typed in a tunnel"
        async with foldbook.open(run.link) as notebook:
            assert notebook.cells[-1].source == "typed in a tunnel"


# Without await


def test_the_blocking_form_does_the_same(runs: Runs) -> None:
    run = runs.start("x = 5", options=STAY)
    with foldbook.open_sync(run.link, name="Plain") as notebook:
        changes = notebook.watch()
        while notebook.cells[0].status != "ok":
            next(changes)
        cell = notebook.append("print(x)\n'z' * 40_000")
        assert repr(notebook) == "<SyncNotebook 'in'>"
        found = notebook.run(cell, timeout=20)
        assert found.outputs == cell.outputs
        assert found.outputs[1]["data"]["text/plain"] == "'" + "z" * 40_000 + "'"
        assert (cell.status, cell.execution_count) == ("ok", 2)
        cell.source = "print(x + 1)"
        cell.edit(0, 0, "# ")
        assert cell.source == "# print(x + 1)"
        cell.set_metadata({"tags": ["a"]})
        assert (cell.tags, cell.type) == (("a",), "code")
        cell.type = "markdown"
        notebook.move(cell, 0)
        assert [each.source for each in notebook.cells] == ["# print(x + 1)", "x = 5"]
        assert notebook.cells[cell.id] == cell
        assert isinstance(notebook.cells[0], SyncCell)
        notebook.name = "Renamed"
        notebook.cells[1].source = "x = 5  # five"
        kinds = {type(each) for each in until_over(changes, found.id)}
        assert kinds >= {CellAdded, SourceChanged, RunChanged, OutputAdded}
        [one, two] = notebook.run_all(timeout=20, allow_errors=True), notebook.runtimes
        assert [each.status for each in one] == ["ok"]
        assert two[0].name == "Python of foldbook run"
        assert notebook.restart(timeout=60).id != two[0].id
        notebook.delete(cell)
        assert not cell.exists
        assert notebook.insert(0, "y").source == "y"
        assert json.loads(notebook.to_ipynb())["cells"][0]["source"] == ["y"]
        notebook.saved(timeout=20)
        assert (notebook.role, notebook.connected, notebook.name) == ("run", True, "Renamed")
        assert [each.name for each in notebook.people] == ["foldbook run"]
    notebook.close()
    assert list(notebook.watch(timeout=1)) == []


def until_over(changes: Iterator[Any], run_id: str) -> Iterator[Any]:
    for change in changes:
        yield change
        if isinstance(change, RunChanged) and change.run.id == run_id and change.run.is_over:
            return


@story
async def test_the_blocking_form_works_where_a_loop_runs(runs: Runs) -> None:
    run = runs.start("1", options=STAY)
    notebook = foldbook.open_sync(run.link)
    assert notebook.append("2").source == "2"
    notebook.close()


def test_a_program_that_closes_nothing_has_sent_all(runs: Runs) -> None:
    run = runs.start("1", options=STAY)
    program = "import foldbook, sys\nfoldbook.open_sync(sys.argv[1]).append('left behind')"
    subprocess.run([sys.executable, "-c", program, run.link], check=True, timeout=60)
    with foldbook.open_sync(run.link) as notebook:
        assert [each.source for each in notebook.cells] == ["1", "left behind"]


def test_what_the_program_has_let_go_of_is_closed_at_its_end(runs: Runs) -> None:
    run = runs.start("1", options=STAY)
    foldbook.open_sync(run.link).append("2")
    [left] = blocking._open
    blocking._close_all()
    assert left._held.done()
    assert not blocking._open


def test_one_that_cannot_be_closed_does_not_keep_the_others_open(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Away:
        def close(self) -> None:
            asked.append(self)
            raise TimeoutError

    asked: list[Away] = []
    monkeypatch.setattr(blocking, "_open", {Away(), Away()})
    with pytest.raises(TimeoutError):
        blocking._close_all()
    assert len(asked) == 2


def test_the_blocking_forms_have_all_that_the_others_have() -> None:
    for plain in (Notebook, Pages):
        names = {name for name in vars(plain) if not name.startswith("_")} - {"attend", "load"}
        assert names <= vars(SyncNotebook).keys()
    cell = {name for name in vars(SyncCell.__base__) if not name.startswith("_")} - {"id"}
    assert cell <= vars(SyncCell).keys()


def test_importing_foldbook_imports_nothing_else() -> None:
    program = (
        "import sys, foldbook\n"
        "assert foldbook.__version__\n"
        "found = [name for name in sys.modules if name.startswith('foldbook.')]\n"
        "assert not found and 'asyncio' not in sys.modules, found\n"
        "assert 'open_sync' in dir(foldbook)\n"
        "try: foldbook.nothing\n"
        "except AttributeError as why: print(why)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout == "module 'foldbook' has no attribute 'nothing'\n"
    assert os.environ["FOLDBOOK_DATA"]
