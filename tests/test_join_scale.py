"""Much output from a runtime elsewhere, over a real relay: it is all there, in order, and nobody
waits for it: neither whoever interrupts it, nor other people who edit meanwhile.
"""

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from hashlib import sha256
from pathlib import Path

import foldbook
import pytest
from foldbook.api import Notebook
from foldbook.api.outputs import Values
from foldbook.mime import BLOB_KEY
from foldbook.notebook import Status
from joined import Room, room, text_of
from stories import story

LINES = 100_000
PLOTS = 1000
PLOT_BYTES = 20_000
LARGE = 200_000_000  # below the limits of the relay for a blob, and of a run for all of its own

ENDLESS = """
import itertools
for i in itertools.count():
    print(i)
"""
DRAW = f"""
import base64, random
from IPython.display import display
for i in range({PLOTS}):
    drawn = base64.b64encode(random.Random(i).randbytes({PLOT_BYTES})).decode()
    display({{"image/png": drawn}}, raw=True)
"""
WEIGH = f"""
from IPython.display import display
display({{"text/csv": "0123456789" * {LARGE // 10}}}, raw=True)
"""
pytestmark = pytest.mark.timeout(600)


def counted(text: str) -> int:
    """How many numbers from 0 on stand there, each in its line."""
    numbers = text.splitlines()
    assert numbers == [str(i) for i in range(len(numbers))]
    return len(numbers)


@pytest.fixture(params=["python", "kernel"])
def options(request: pytest.FixtureRequest) -> tuple[str, ...]:
    """Of `foldbook join`: its own Python, or a Jupyter kernel."""
    return ("--kernel", "python3") if request.param == "kernel" else ()


@asynccontextmanager
async def at_work(
    relay: str, folder: Path, right: str, *options: str
) -> AsyncIterator[tuple[Room, Notebook]]:
    """A notebook that a runtime has joined, and Ines, who is there too, with this right."""
    async with room(relay, folder) as book:
        book.join(*options)
        await book.runtime()
        async with foldbook.open(await book.mara.link(right)) as ines:
            yield book, ines


async def sees(ines: Notebook) -> list[Values]:
    """The outputs of the last cell, when she knows that it has run."""
    watch = ines.watch()
    while ines.cells[-1].status != "ok":
        await anext(watch)
    return ines.cells[-1].outputs


@story
async def test_100_000_lines_are_few_rows_and_the_same_for_everybody(
    relay: str, tmp_path: Path, options: tuple[str, ...]
) -> None:
    async with at_work(relay, tmp_path, "view", *options) as (book, ines):
        before = book.peer.log.head
        [execution] = await book.run(f"for i in range({LINES}): print(i)")
        assert execution.status is Status.OK
        assert counted(text_of(execution)) == LINES
        assert book.peer.log.head - before < LINES / 200
        assert counted("".join(each["text"] for each in await sees(ines))) == LINES


@story
async def test_whatever_is_printed_others_edit_and_an_interrupt_arrives(
    relay: str, tmp_path: Path, options: tuple[str, ...]
) -> None:
    async with at_work(relay, tmp_path, "edit", *options) as (book, ines):
        [name] = book.ask(ENDLESS)
        for words in ("\n1000\n", "\n200000\n"):
            await book.said(name, words)
            ines.append(f"# seen: {words.strip()}")
            await ines.saved(timeout=60)
        assert book.execution(name).status is Status.RUNNING
        book.do("interrupt")
        execution = await book.comes(name)
        assert execution.status is Status.ERROR
        printed, *rest = [each for each in execution.outputs if each.name == "stdout"]
        assert not rest
        assert counted(printed.text.rpartition("\n")[0]) > 200_000
        assert (await book.run("6 * 7"))[0].status is Status.OK


@story
async def test_1000_plots_come_in_order_and_as_blobs(relay: str, tmp_path: Path) -> None:
    async with at_work(relay, tmp_path, "view") as (book, ines):
        [execution] = await book.run(DRAW)
        assert execution.status is Status.OK
        named = [each.data["image/png"][BLOB_KEY] for each in execution.outputs]
        drawn = [random.Random(i).randbytes(PLOT_BYTES) for i in range(PLOTS)]
        assert named == [sha256(each).hexdigest() for each in drawn]
        outputs = await sees(ines)
        for place in (0, PLOTS // 2, -1):
            assert await blob(ines, outputs[place]["data"]["image/png"]) == drawn[place]


@story
async def test_an_object_of_200_mb_stalls_nobody(relay: str, tmp_path: Path) -> None:
    async with at_work(relay, tmp_path, "edit") as (book, ines):
        [name] = book.ask(WEIGH)
        [after] = book.ask("print('goes on')")
        await book.said(after, "goes on")
        ines.append("# typed meanwhile")
        await ines.saved(timeout=60)
        execution = await book.comes(name)
        assert execution.status is Status.OK
        [output] = execution.outputs
        assert output.data["text/csv"]["size"] == LARGE
        found = await blob(ines, output.data["text/csv"])
        assert found == b"0123456789" * (LARGE // 10)


async def blob(notebook: Notebook, value: Values) -> bytes | None:
    """The bytes of a large value, as somebody else gets them."""
    return await notebook._peer.get_blob(value[BLOB_KEY])
