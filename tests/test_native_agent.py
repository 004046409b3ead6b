"""A runtime agent over Pythons and kernels that are processes of their own: much output."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from foldbook.mime import BLOB_KEY
from foldbook.native.python import ChildPython
from foldbook.notebook import Status
from foldbook.outlet import BYTES_LIMIT, WINDOW
from open_book import Book, Runtime, opened, runtime_of

from tests.executors import MAKERS

pytestmark = pytest.mark.usefixtures("own_home")


@pytest.fixture(params=MAKERS)
def executor(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    return MAKERS[request.param](tmp_path / "work")


def tell(executor: Any, story: Callable[[Book, Runtime], Any]) -> None:
    async def told() -> None:
        async with opened() as book, runtime_of(book, executor) as runtime:
            await story(book, runtime)

    asyncio.run(told())


def test_100_000_lines_are_few_rows_and_never_many_at_once(executor: Any) -> None:
    async def story(book: Book, runtime: Runtime) -> None:
        waiting: list[int] = []
        runtime.peer.subscribe(lambda _: waiting.append(runtime.peer.unsaved_bytes))
        (execution,) = await book.run("for i in range(100_000): print(i)")
        [output] = execution.outputs
        assert output.text == "".join(f"{i}\n" for i in range(100_000))
        assert len(book.store.load().rows) < 500
        if isinstance(executor, ChildPython):
            assert max(waiting) < WINDOW

    tell(executor, story)


def test_a_thousand_pictures_are_blobs_in_order(executor: Any) -> None:
    count = 1000 if isinstance(executor, ChildPython) else 900  # ZeroMQ may drop more than those
    source = f"for i in range({count}):\n    display({{'image/png': f'{{i:04}}' * 6000}}, raw=True)"

    async def story(book: Book, _runtime: Runtime) -> None:
        (execution,) = await book.run(source)
        assert len(execution.outputs) == count
        digests = [output.data["image/png"][BLOB_KEY] for output in execution.outputs]
        first, last = [await book.peer.get_blob(digests[at]) for at in (0, -1)]
        assert first != last
        assert len(set(digests)) == count

    tell(executor, story)


def test_a_huge_value_is_a_blob_and_the_rest_goes_on(executor: Any) -> None:
    async def story(book: Book, _runtime: Runtime) -> None:
        (execution,) = await book.run("'x' * 30_000_000")
        assert execution.outputs[0].data["text/plain"]["size"] == 30_000_002
        (after,) = await book.run("print('on')")
        assert after.outputs[0].text == "on\n"

    tell(executor, story)


def test_a_loop_that_prints_for_ever_is_cut_and_interrupted(executor: Any) -> None:
    async def story(book: Book, _runtime: Runtime) -> None:
        (name,) = book.ask("while True: print('x' * 1000)")
        await book.comes(
            lambda: any("not kept" in output.text for output in book.execution(name).outputs)
        )
        book.do("interrupt")
        await book.ended(name)
        execution = book.execution(name)
        assert execution.status is Status.ERROR
        assert execution.outputs[-1].ename == "KeyboardInterrupt"
        assert len(execution.outputs[0].text) < BYTES_LIMIT * 1.1
        (after,) = await book.run("'goes on'")
        assert after.status is Status.OK

    tell(executor, story)


def test_questions_go_through_the_log(executor: Any) -> None:
    async def story(book: Book, _runtime: Runtime) -> None:
        (name,) = book.ask("input('Name: ')")
        await book.comes(lambda: book.execution(name).prompt is not None)
        prompt = book.execution(name).prompt
        assert prompt is not None
        book.do("reply_input", execution_id=name, input_id=prompt.id, value="Ada")
        await book.ended(name)
        assert book.execution(name).outputs[0].text == "Name: Ada\n"
        assert book.execution(name).outputs[1].data == {"text/plain": "'Ada'"}

    tell(executor, story)
