"""`foldbook.api`: a notebook for programs, over a peer in one process and a real runtime."""

import asyncio
import json
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
from foldbook.api import Notebook
from foldbook.api.changes import (
    CellAdded,
    CellChanged,
    CellDeleted,
    CellMoved,
    OutputAdded,
    OutputsReplaced,
    RunChanged,
    RuntimesChanged,
    SourceChanged,
)
from foldbook.errors import CommandRefused, Mine, RunFailed
from foldbook.shell import ShellExecutor
from open_book import Book, notebook_of, opened, runtime_of
from stories import story

Tell = Callable[[Book, Notebook], Coroutine[Any, Any, None]]

pytestmark = pytest.mark.usefixtures("own_home")


def running(tmp_path: Path, tell: Tell) -> None:
    """Tell a story of a notebook with a runtime."""

    async def told() -> None:
        async with opened() as book, runtime_of(book, ShellExecutor(folder=tmp_path)):
            await book.comes(lambda: bool(book.peer.notebook.runtimes))
            await tell(book, notebook_of(book))

    asyncio.run(told())


def types(changes: list[Any]) -> list[type]:
    return [type(each) for each in changes]


async def told(watch: Any, count: int) -> list[Any]:
    return [await anext(watch) for _ in range(count)]


@story
async def test_cells_are_a_sequence_that_changes() -> None:
    async with opened() as book:
        notebook = notebook_of(book)
        first = notebook.append("1")
        third = notebook.append("3")
        second = notebook.insert(1, "# two", "markdown")
        assert [each.source for each in notebook.cells] == ["1", "# two", "3"]
        assert notebook.cells[1] == second == notebook.cells[second.id]
        assert notebook.cells[-1] == third
        assert notebook.cells[:2] == [first, second]
        assert second.type == "markdown"
        notebook.move(third, 0)
        assert [each.source for each in notebook.cells] == ["3", "1", "# two"]
        notebook.move(0, 2)
        assert [each.source for each in notebook.cells] == ["1", "# two", "3"]
        notebook.insert(-1, "between")
        assert [each.source for each in notebook.cells] == ["1", "# two", "between", "3"]
        notebook.delete(0, third)
        assert [each.source for each in notebook.cells] == ["# two", "between"]
        assert first not in notebook.cells
        assert not first.exists
        with pytest.raises(CommandRefused, match="deleted this cell"):
            first.source  # noqa: B018 - reading is what is tried
        with pytest.raises(KeyError, match="no cell nowhere"):
            notebook.cells["nowhere"]
        with pytest.raises(IndexError):
            notebook.cells[2]


@story
async def test_a_source_that_is_set_changes_only_what_differs() -> None:
    async with opened() as book:
        notebook = notebook_of(book)
        cell = notebook.append("alpha beta gamma")
        before = book.peer.n
        cell.source = "alpha BETA gamma"
        assert cell.source == "alpha BETA gamma"
        assert book.peer.n == before + 1
        assert b"gamma" not in book.peer.log.pending[-1].payload
        cell.source = "alpha BETA gamma"
        assert book.peer.n == before + 1, "nothing changed, nothing is written"


@story
async def test_what_others_type_meanwhile_stays() -> None:
    async with opened() as book:
        notebook = notebook_of(book)
        cell = notebook.append("one two three")
        text = cell.source
        notebook.cells[0].source = "one two three four"  # somebody else, while we think
        cell.source = text.replace("one", "ONE")
        assert cell.source == "ONE two three four"
        # A program that writes on and on, and somebody who types into the same cell.
        written = notebook.append("")
        so_far = ""
        for word in ("a ", "b ", "c "):
            so_far += word
            written.source = so_far
            other = notebook.cells[1]
            other.edit(0, 0, "#")
        assert written.source == "###a b c "


@story
async def test_an_edit_counts_in_the_text_that_was_read() -> None:
    async with opened() as book:
        notebook = notebook_of(book)
        cell = notebook.append("hello world")
        at = cell.source.index("world")
        notebook.cells[0].edit(0, 0, ">> ")
        cell.edit(at, at + 5, "😀 earth")
        assert cell.source == ">> hello 😀 earth"
        with pytest.raises(Mine, match="places from 0 to 16 expected, 3 and 99 came"):
            cell.edit(3, 99, "")


@story
async def test_type_metadata_tags_and_name() -> None:
    async with opened() as book:
        notebook = notebook_of(book)
        cell = notebook.append("x")
        cell.set_metadata({"tags": ["parameters"], "other": 1})
        cell.set_metadata({}, remove=["other"])
        assert cell.tags == ("parameters",)
        assert dict(cell.metadata) == {"tags": ["parameters"]}
        cell.type = "raw"
        assert notebook.cells[0].type == "raw"
        notebook.name = "Another"
        assert notebook.name == "Another"
        assert (cell.outputs, cell.status, cell.execution_count) == ([], None, None)


def test_a_run_gives_its_outputs(tmp_path: Path) -> None:
    async def story(_book: Book, notebook: Notebook) -> None:
        cell = notebook.append("print('hello')\n6 * 7")
        run = await notebook.run(cell)
        assert run.ok
        assert run.text == "hello\n42\n"
        assert run.outputs == cell.outputs
        assert run.outputs == [
            {"output_type": "stream", "name": "stdout", "text": "hello\n"},
            {
                "output_type": "execute_result",
                "data": {"text/plain": "42"},
                "metadata": {},
                "execution_count": 1,
            },
        ]
        assert (cell.status, cell.execution_count) == ("ok", 1)
        assert run.started is not None
        assert run.ended is not None
        assert run.started <= run.ended

    running(tmp_path, story)


def test_a_run_that_fails_raises_with_the_run(tmp_path: Path) -> None:
    async def story(_book: Book, notebook: Notebook) -> None:
        notebook.append("1 / 0")
        notebook.append("2")
        with pytest.raises(RunFailed, match="ZeroDivisionError: division by zero") as failed:
            await notebook.run(0)
        assert failed.value.run.error["ename"] == "ZeroDivisionError"  # type: ignore[attr-defined]
        assert not (await notebook.run(0, allow_errors=True)).ok
        first, second = await notebook.run_all(allow_errors=True)
        assert (first.status, second.status) == ("error", "aborted")
        with pytest.raises(RunFailed, match="was not run: an earlier cell failed"):
            second.check()
        with pytest.raises(RunFailed, match="ZeroDivisionError"):
            await notebook.run_all()

    running(tmp_path, story)


def test_large_values_of_a_run_are_in_their_places(tmp_path: Path) -> None:
    async def story(_book: Book, notebook: Notebook) -> None:
        cell = notebook.append("'x' * 40_000")
        run = await notebook.run(cell)
        assert run.outputs[0]["data"]["text/plain"] == "'" + "x" * 40_000 + "'"
        assert cell.outputs[0]["data"]["text/plain"]["size"] == 40_002
        assert await notebook.load(cell.outputs) == run.outputs
        file = json.loads(await notebook.to_ipynb())
        assert len(file["cells"][0]["outputs"][0]["data"]["text/plain"][0]) == 40_002

    running(tmp_path, story)


def test_a_timeout_says_where_it_stands_and_the_run_goes_on(tmp_path: Path) -> None:
    async def story(_book: Book, notebook: Notebook) -> None:
        cell = notebook.append("import asyncio\nawait asyncio.sleep(600)")
        with pytest.raises(TimeoutError, match=r"is (running|assigned)"):
            await notebook.run(cell, timeout=0.2)
        notebook.interrupt()
        async for change in notebook.watch():
            if isinstance(change, RunChanged) and change.run.is_over:
                break
        assert cell.status == "error"
        assert cell.outputs[0]["ename"] == "KeyboardInterrupt"

    running(tmp_path, story)


@story
async def test_without_a_runtime_a_run_says_so_at_once() -> None:
    async with opened() as book:
        notebook = notebook_of(book)
        notebook.append("1")
        with pytest.raises(CommandRefused, match="No runtime is there"):
            await notebook.run(0)
        assert notebook.cells[0].status is None
        notebook.append("text", "markdown")
        with pytest.raises(CommandRefused, match="a code cell that is not empty expected"):
            await notebook.run(1)


@story
async def test_who_is_early_waits_for_the_runtime(tmp_path: Path) -> None:
    async with opened() as book:
        notebook = notebook_of(book)
        with pytest.raises(TimeoutError):
            await notebook.wait_for_ready(timeout=0)
        waiting = asyncio.create_task(notebook.wait_for_ready())
        await asyncio.sleep(0)
        assert not waiting.done()
        async with runtime_of(book, ShellExecutor(folder=tmp_path)):
            assert (await waiting).status == "idle"
            assert (await notebook.run(notebook.append("6 * 7"))).text == "42\n"


def test_runtimes_are_listed_and_selected(tmp_path: Path) -> None:
    async def story(_book: Book, notebook: Notebook) -> None:
        watch = notebook.watch()
        [runtime] = notebook.runtimes
        assert (runtime.name, runtime.kind, runtime.language) == ("Python", "python", "python")
        assert runtime.status == "idle"
        assert runtime.selected
        notebook.select(None)
        assert types(await told(watch, 1)) == [RuntimesChanged]
        assert [each.selected for each in notebook.runtimes] == [False]
        notebook.select(runtime)
        assert [each.selected for each in notebook.runtimes] == [True]
        with pytest.raises(CommandRefused, match="not there any more"):
            notebook.select("nobody")

    running(tmp_path, story)


@story
async def test_watching_tells_what_happens_to_cells() -> None:
    async with opened() as book:
        notebook = notebook_of(book)
        first = notebook.append("1")
        watch = notebook.watch()
        second = notebook.append("2")
        assert await told(watch, 1) == [CellAdded(second)]
        first.source = "11"
        first.source = "111"
        assert await told(watch, 1) == [SourceChanged(first)], "typing is told once"
        notebook.move(second, 0)
        first.type = "markdown"
        assert await told(watch, 2) == [CellMoved(second), CellChanged(first)]
        notebook.delete(first)
        assert await told(watch, 1) == [CellDeleted(first)]
        notebook.close()
        with pytest.raises(StopAsyncIteration):
            await anext(watch)


def test_watching_tells_outputs_as_they_come(tmp_path: Path) -> None:
    async def story(book: Book, notebook: Notebook) -> None:
        cell = notebook.append(
            "import asyncio\nprint('one')\nawait go.wait()\nprint('two')\ndisplay('three')\n'four'"
        )
        notebook.append("import asyncio, builtins\ngo = builtins.go = asyncio.Event()")
        await notebook.run(1)
        watch = notebook.watch()
        asked = asyncio.create_task(notebook.run(cell))
        seen: list[Any] = []
        async for change in watch:
            if isinstance(change, RuntimesChanged):
                continue
            seen.append(change)
            if isinstance(change, OutputAdded) and change.output.get("text") == "one\n":
                import builtins  # noqa: PLC0415 - where the cell has put it

                builtins.go.set()  # type: ignore[attr-defined]
            if isinstance(change, RunChanged) and change.run.is_over:
                break
        run = await asked
        states = [each.run.status for each in seen if isinstance(each, RunChanged)]
        assert states[0] in ("queued", "assigned", "running")
        assert states[-1] == "ok"
        outputs = [each.output for each in seen if isinstance(each, OutputAdded)]
        assert outputs[0] == {"output_type": "stream", "name": "stdout", "text": "one\n"}
        text = "".join(each.get("text", "") for each in outputs)
        assert text == "one\ntwo\n"
        rest = [each["data"]["text/plain"] for each in outputs if "data" in each]
        assert rest == ["'three'", "'four'"]
        assert {each.run_id for each in seen if isinstance(each, OutputAdded)} == {run.id}

    running(tmp_path, story)


def test_watching_tells_what_takes_the_place_of_outputs(tmp_path: Path) -> None:
    async def story(_book: Book, notebook: Notebook) -> None:
        cell = notebook.append("handle = display('old', display_id=True)")
        later = notebook.append("handle.update('new')")
        run = await notebook.run(cell)
        watch = notebook.watch()
        await notebook.run(later)
        replaced = [
            change
            async for change in ended_by(watch, lambda each: isinstance(each, OutputsReplaced))
        ][-1]
        assert (replaced.cell, replaced.run_id) == (cell, run.id)
        assert replaced.outputs[0]["data"] == {"text/plain": "'new'"}

    running(tmp_path, story)


async def ended_by(watch: Any, last: Callable[[Any], bool]) -> Any:
    async for change in watch:
        yield change
        if last(change):
            return


@story
async def test_a_notebook_is_written_as_a_file() -> None:
    async with opened() as book:
        notebook = notebook_of(book)
        notebook.append("1 + 1")
        notebook.append("# words", "markdown")
        file = json.loads(await notebook.to_ipynb())
        assert [each["source"] for each in file["cells"]] == [["1 + 1"], ["# words"]]
        assert (file["nbformat"], file["nbformat_minor"]) == (4, 5)
