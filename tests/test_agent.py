"""The runtime agent over a real peer, a real authority and a real shell, in one process."""

import asyncio
import hashlib
import json
from collections.abc import Callable
from concurrent.futures import CancelledError
from pathlib import Path
from typing import Any

import pytest
from foldbook import outlet as outlets
from foldbook.channel import pair
from foldbook.errors import Refused
from foldbook.events import encode as encode_event
from foldbook.events.executions import ExecutionRequested
from foldbook.events.runtimes import RuntimeLost, RuntimeStarted
from foldbook.ipynb import needed, write
from foldbook.mime import BLOB_KEY
from foldbook.notebook import File, Status
from foldbook.peer import Change
from foldbook.row import ROW_LIMIT
from foldbook.shell import ShellExecutor
from foldbook.wire import Hello, Push, encode, identify
from foldbook.workdir import COUNT_LIMIT, FILE_LIMIT
from open_book import RUNTIME, Book, Runtime, opened, runtime_of, secret
from rows import row

from tests.cells import Threaded, until

pytestmark = pytest.mark.usefixtures("own_home")


def tell(tmp_path: Path, story: Callable[[Book, Runtime], Any], **options: Any) -> None:
    """Tell a story of a book with one runtime."""

    async def told() -> None:
        async with (
            opened() as book,
            runtime_of(book, ShellExecutor(folder=tmp_path), **options) as r,
        ):
            await story(book, r)

    asyncio.run(told())


# Runs


def test_a_run_is_claimed_run_and_reported(tmp_path: Path) -> None:
    async def story(book: Book, runtime: Runtime) -> None:
        (execution,) = await book.run("print('hello')\n6 * 7")
        assert execution.status is Status.OK
        assert execution.owner == RUNTIME
        assert execution.execution_count == 1
        assert [output.type for output in execution.outputs] == ["stream", "execute_result"]
        assert execution.outputs[0].text == "hello\n"
        assert execution.outputs[1].data == {"text/plain": "42"}
        assert book.peer.notebook.runtimes[RUNTIME].language["name"] == "python"
        assert book.peer.notebook.actors[runtime.peer.actor].kind == "runtime"

    tell(tmp_path, story)


def test_runs_go_one_after_another_in_log_order(tmp_path: Path) -> None:
    async def story(book: Book, _runtime: Runtime) -> None:
        executions = await book.run("seen = ['a']", "seen.append('b')", "seen")
        assert executions[2].outputs[0].data == {"text/plain": "['a', 'b']"}
        marks = [mark for e in executions for mark in (e.started, e.completed)]
        seqs = [mark.seq for mark in marks if mark]
        assert seqs == sorted(seqs)
        assert len(seqs) == 6

    tell(tmp_path, story)


def test_an_error_stops_the_rest_of_its_run_only(tmp_path: Path) -> None:
    async def story(book: Book, _runtime: Runtime) -> None:
        first = book.ask("1 / 0", "print('never')")
        second = book.ask("print('other run')")
        await book.ended(*first, *second)
        assert book.execution(first[0]).status is Status.ERROR
        assert book.execution(first[0]).outputs[0].ename == "ZeroDivisionError"
        assert book.execution(first[1]).status is Status.ABORTED
        assert book.execution(second[0]).status is Status.OK

    tell(tmp_path, story)


def test_what_was_asked_before_the_runtime_was_up_is_run(tmp_path: Path) -> None:
    async def told() -> None:
        async with opened() as book:
            (name,) = book.ask("'early'")
            async with runtime_of(book, ShellExecutor(folder=tmp_path)):
                await book.ended(name)
            assert book.execution(name).status is Status.OK

    asyncio.run(told())


def test_what_names_no_runtime_starts_only_when_the_claim_is_confirmed(tmp_path: Path) -> None:
    async def story(book: Book, runtime: Runtime) -> None:
        book.do("create_cell", cell_id="free", source="'free'")
        claimed_when_started: list[bool] = []

        def look(_change: object) -> None:
            mine = runtime.peer.notebook.executions.get("xfree")
            if mine is not None and mine.status is Status.RUNNING and not claimed_when_started:
                confirmed = runtime.peer.log.confirmed.executions["xfree"]
                claimed_when_started.append(confirmed.owner == RUNTIME)

        runtime.peer.subscribe(look)
        request = ExecutionRequested(
            execution_id="xfree", cell_id="free", source="'free'", run_id="r"
        )
        book.peer.append([request])
        await book.ended("xfree")
        assert book.execution("xfree").status is Status.OK
        assert claimed_when_started == [True]

    tell(tmp_path, story)


def test_what_names_another_runtime_is_left_alone(tmp_path: Path) -> None:
    async def story(book: Book, _runtime: Runtime) -> None:
        book.peer.runtime = "another"
        (other,) = book.ask("'not mine'")
        book.peer.runtime = RUNTIME
        await book.run("'mine'")
        assert book.execution(other).status is Status.QUEUED

    tell(tmp_path, story)


def test_a_new_runtime_stands_in_the_old_one_s_place(tmp_path: Path) -> None:
    async def told() -> None:
        async with opened() as book:
            async with runtime_of(book, ShellExecutor(folder=tmp_path)):
                await book.run("x = 1")
            book.peer.runtime = identify(secret("second"))
            replaces = {"replaces": RUNTIME}
            async with runtime_of(book, ShellExecutor(folder=tmp_path), "second", **replaces):
                (execution,) = await book.run("x")
            assert execution.outputs[0].ename == "NameError"
            assert book.peer.notebook.runtimes[RUNTIME].status == "stopped"

    asyncio.run(told())


def test_a_runtime_whose_start_does_not_count_claims_nothing(tmp_path: Path) -> None:
    def no_claim(change: Change) -> None:
        assert not any(b"Assigned" in each.payload for each in change.pending)

    async def told() -> None:
        async with opened() as book:
            stranger = hashlib.sha256(b"a stranger").digest()
            near, far = pair()
            book.authority.attach(near)
            far.send(encode(Hello("book", "", stranger, secret("another actor"), 0)))
            started = RuntimeStarted(name="Theirs", kind_name="python")
            first = row(1, identify(stranger), kind=started.kind, payload=encode_event(started))
            far.send(encode(Push(1, (first,))))
            await book.comes(lambda: identify(stranger) in book.peer.notebook.runtimes)
            replaces = {"replaces": identify(stranger)}
            async with runtime_of(book, ShellExecutor(folder=tmp_path), **replaces) as runtime:
                await until(lambda: runtime.peer.saved)
                assert RUNTIME not in book.peer.notebook.runtimes
                runtime.peer.subscribe(no_claim)
                book.do("create_cell", cell_id="c", source="1")
                request = ExecutionRequested(
                    execution_id="x", cell_id="c", source="1", runtime=RUNTIME, run_id="r"
                )
                book.peer.append([request])
                await until(lambda: "x" in runtime.peer.notebook.executions)
                await book.peer.call(RUNTIME, "complete", {"source": "x", "position": 1})
                assert book.execution("x").status is Status.QUEUED

    asyncio.run(told())


def test_a_large_source_comes_as_a_blob(tmp_path: Path) -> None:
    async def story(book: Book, _runtime: Runtime) -> None:
        (execution,) = await book.run("# " + "long " * 20_000 + "\n'ran'")
        assert execution.source_blob is not None
        assert execution.outputs[0].data == {"text/plain": "'ran'"}

    tell(tmp_path, story)


# Outputs


def test_large_values_become_blobs_and_come_before_their_row(tmp_path: Path) -> None:
    async def story(book: Book, _runtime: Runtime) -> None:
        (execution,) = await book.run("'x' * 100_000")
        value = execution.outputs[0].data["text/plain"]
        assert value["size"] == 100_002
        assert await book.peer.get_blob(value[BLOB_KEY]) == repr("x" * 100_000).encode()

    tell(tmp_path, story)


def test_a_picture_s_blob_is_the_picture(tmp_path: Path) -> None:
    async def story(book: Book, _runtime: Runtime) -> None:
        (execution,) = await book.run(
            "import numpy, matplotlib.pyplot as plt\n"
            "plt.imshow(numpy.random.default_rng(1).random((200, 200)));"
        )
        value = execution.outputs[0].data["image/png"]
        picture = await book.peer.get_blob(value[BLOB_KEY])
        assert picture is not None
        assert picture.startswith(b"\x89PNG")

    tell(tmp_path, story)


def test_no_row_is_too_large_whatever_is_said(tmp_path: Path) -> None:
    source = (
        "print('\\x01' * 300_000)\n"
        "display({f'text/x-{i}': 'y' * 16_000 for i in range(12)}, raw=True)\n"
        "def deep(n):\n    return deep(n - 1) if n else 1 / 0\n"
        "raise ValueError('z' * 200_000) if not deep else deep(900)"
    )

    async def story(book: Book, _runtime: Runtime) -> None:
        (execution,) = await book.run(source)
        assert [output.type for output in execution.outputs] == [
            "stream", "display_data", "error",
        ]  # fmt: skip
        assert execution.outputs[0].text == "\x01" * 300_000 + "\n"
        assert len(execution.outputs[1].data) == 12
        assert max(len(row.payload) for row in book.store.load().rows) < ROW_LIMIT

    tell(tmp_path, story)


@pytest.mark.parametrize("letter", ["\U0001f600", "\x1b", "x", "\\"])
def test_an_error_is_shown_whatever_its_words(tmp_path: Path, letter: str) -> None:
    async def story(book: Book, _runtime: Runtime) -> None:
        (execution,) = await book.run(f"raise ValueError({letter!r} * 20_000)")
        [error] = execution.outputs
        assert error.ename == "ValueError"
        assert error.evalue.startswith(letter * 100)
        assert error.evalue.endswith(letter * 100)

    tell(tmp_path, story)


def test_what_looks_like_a_blob_and_is_none_can_be_saved(tmp_path: Path) -> None:
    async def story(book: Book, _runtime: Runtime) -> None:
        value = {"$blob": "no digest", "size": 3}
        await book.run(
            f"display({{'application/json': {value}}}, raw=True, metadata={{'odd': {value}}})"
        )
        found = {digest: await book.peer.get_blob(digest) for digest in needed(book.peer.notebook)}
        [cell] = json.loads(write(book.peer.notebook, lambda digest: found[digest] or b""))["cells"]
        [output] = cell["outputs"]
        assert output["data"] == {"application/json": value}
        assert output["metadata"] == {"odd": value}

    tell(tmp_path, story)


def test_an_execution_cannot_fill_the_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outlets, "BYTES_LIMIT", 50_000)

    async def story(book: Book, _runtime: Runtime) -> None:
        (execution,) = await book.run(
            "for i in range(20): print('x' * 10_000)\ndisplay('unseen')\n1 / 0"
        )
        assert [output.type for output in execution.outputs] == ["stream", "stream", "error"]
        assert len(execution.outputs[0].text) < 80_000
        assert "not kept" in execution.outputs[1].text
        (second,) = await book.run("print('again')")
        assert second.outputs[0].text == "again\n"

    tell(tmp_path, story)


def test_updates_reach_displays_of_earlier_cells(tmp_path: Path) -> None:
    async def story(book: Book, _runtime: Runtime) -> None:
        (first,) = await book.run("handle = display('one', display_id=True)")
        await book.run("handle.update('two')")
        assert book.execution(first.id).outputs[0].data == {"text/plain": "'two'"}

    tell(tmp_path, story)


def test_clear_output_waits_for_the_next(tmp_path: Path) -> None:
    source = (
        "from IPython.display import clear_output\n"
        "for i in range(3):\n    clear_output(wait=True); print(i)"
    )

    async def story(book: Book, _runtime: Runtime) -> None:
        (execution,) = await book.run(source)
        assert [output.text for output in execution.outputs] == ["2\n"]

    tell(tmp_path, story)


# Files


def test_files_of_the_notebook_are_there_before_a_run(tmp_path: Path) -> None:
    async def story(book: Book, _runtime: Runtime) -> None:
        digest = book.peer.put_blob(b"a,b\n1,2\n")
        book.do("add_file", path="data.csv", digest=digest, size=8, mime="text/csv")
        (execution,) = await book.run("open('data.csv').read()")
        assert execution.outputs[0].data == {"text/plain": repr("a,b\n1,2\n")}
        book.do("remove_file", path="data.csv")
        (execution,) = await book.run("import os; os.listdir()")
        assert "data.csv" not in execution.outputs[0].data["text/plain"]

    tell(tmp_path, story)


def test_what_code_writes_is_a_file_of_the_notebook(tmp_path: Path) -> None:
    async def story(book: Book, _runtime: Runtime) -> None:
        def file() -> File:
            return book.peer.notebook.files["out/fit.csv"]

        (execution,) = await book.run(
            "import os; os.mkdir('out')\nopen('out/fit.csv', 'w').write('1')"
        )
        assert execution.status == "ok"
        made = file()
        assert (made.size, made.mime) == (1, "text/csv")
        assert made.digest == hashlib.sha256(b"1").hexdigest()
        assert await book.peer.get_blob(made.digest) == b"1"
        assert made.added.session == RUNTIME
        await book.run("open('out/fit.csv', 'a').write('23')\n1/0")
        assert await book.peer.get_blob(file().digest) == b"123"
        before = file()
        await book.run("text = open('out/fit.csv').read()\nopen('out/fit.csv', 'w').write(text)")
        assert file() == before  # and who added it when
        await book.run("os.remove('out/fit.csv')")
        assert not book.peer.notebook.files

    tell(tmp_path, story)


def test_a_file_of_the_notebook_is_changed_and_renamed_and_comes_back(tmp_path: Path) -> None:
    async def story(book: Book, _runtime: Runtime) -> None:
        digest = book.peer.put_blob(b"a,b\n")
        book.do("add_file", path="data.csv", digest=digest, size=4, mime="text/csv")
        await book.run("open('data.csv', 'a').write('1,2\\n')")
        file = book.peer.notebook.files["data.csv"]
        assert await book.peer.get_blob(file.digest) == b"a,b\n1,2\n"
        book.do("rename_file", path="data.csv", to="in/data.csv")
        (execution,) = await book.run(
            "import os; print(os.path.exists('data.csv'), os.listdir('in'))"
        )
        assert execution.outputs[0].text == "False ['data.csv']\n"
        assert book.peer.notebook.files.keys() == {"in/data.csv"}
        book.do("remove_file", path="in/data.csv")
        await book.run("print(os.listdir('in'))")
        assert not book.peer.notebook.files

    tell(tmp_path, story)


def test_what_is_hidden_or_pythons_own_or_a_link_is_nobodys_business(tmp_path: Path) -> None:
    async def story(book: Book, _runtime: Runtime) -> None:
        await book.run(
            "import os\nfor name in ('.cache', '__pycache__', 'a'): os.mkdir(name)\n"
            "for name in ('.hidden', '.cache/x', '__pycache__/y.pyc', 'a/.z', 'seen'):\n"
            "    open(name, 'w').close()\n"
            "os.symlink('/etc/hostname', 'link'); os.symlink('/etc', 'folder')"
        )
        assert book.peer.notebook.files.keys() == {"seen"}

    tell(tmp_path, story)


def test_what_cannot_be_kept_is_told(tmp_path: Path) -> None:
    async def story(book: Book, _runtime: Runtime) -> None:
        (execution,) = await book.run(
            f"with open('large', 'wb') as file: file.truncate({FILE_LIMIT + 1})\n"
            "open('a\\nb', 'w').close()\nopen('fine', 'w').close()"
        )
        assert execution.status == "ok"
        said = execution.outputs[0].text
        assert said.startswith("Only in the memory of this runtime")
        assert "'large': 128 MB, and files of up to 128 MB are kept" in said
        assert "'a\\nb': its name" in said
        assert book.peer.notebook.files.keys() == {"fine"}
        (execution,) = await book.run(
            f"for n in range({COUNT_LIMIT + 2}): open(f'f{{n:03}}', 'w').write(str(n))"
        )
        assert len(book.peer.notebook.files) == COUNT_LIMIT + 1
        assert "'f201': a run keeps up to 200 files" in execution.outputs[0].text

    tell(tmp_path, story)


def test_a_file_that_has_not_arrived_is_told_and_the_cell_runs(tmp_path: Path) -> None:
    async def story(book: Book, _runtime: Runtime) -> None:
        book.do("add_file", path="gone.csv", digest="0" * 64, size=8, mime="text/csv")
        (execution,) = await book.run("'ran'")
        assert "gone.csv" in execution.outputs[0].text
        assert execution.outputs[1].data == {"text/plain": "'ran'"}

    tell(tmp_path, story)


# What others say meanwhile


def test_input_is_asked_in_the_log_and_answered_there(tmp_path: Path) -> None:
    async def told() -> None:
        async with opened() as book:
            executor = Threaded(tmp_path)
            async with runtime_of(book, executor, wait=executor.wait):
                (name,) = book.ask("name = input('Name: ')\nf'hello {name}'")
                prompt = await book.prompt(name)
                assert (prompt.prompt, prompt.password) == ("Name: ", False)
                book.do("reply_input", execution_id=name, input_id=prompt.id, value="Ada")
                await book.ended(name)
            outputs = book.execution(name).outputs
            assert outputs[0].text == "Name: Ada\n"
            assert outputs[1].data == {"text/plain": "'hello Ada'"}

    asyncio.run(told())


class Interruptible(Threaded):
    """An interrupt ends what the code waits for."""

    def wait(self, awaitable: Any) -> Any:
        async def waited() -> Any:
            self.waiting = asyncio.ensure_future(awaitable)
            return await self.waiting

        try:
            return asyncio.run_coroutine_threadsafe(waited(), self._home).result()
        except CancelledError:
            raise KeyboardInterrupt from None

    def interrupt(self) -> bool:
        return self.waiting.cancel()


@pytest.mark.parametrize("first", ["the call", "the log"])
def test_a_password_travels_beside_the_log_and_counts_when_the_log_has_it(
    tmp_path: Path, first: str
) -> None:
    async def told() -> None:
        async with opened() as book:
            executor = Interruptible(tmp_path)
            async with runtime_of(book, executor, wait=executor.wait):
                (name,) = book.ask("import getpass\nlen(getpass.getpass('Key: '))")
                prompt = await book.prompt(name)
                reply = {"input_id": prompt.id, "value": "hunter2"}
                if first == "the call":
                    assert await book.peer.call(RUNTIME, "reply_input", reply)
                    for _ in range(10):
                        await asyncio.sleep(0)
                    assert not executor.waiting.done()
                book.do("reply_input", execution_id=name, **reply)
                if first == "the log":
                    assert await book.peer.call(RUNTIME, "reply_input", reply)
                await book.ended(name)
            shown, length = book.execution(name).outputs
            assert (shown.text, length.data) == ("Key: ········\n", {"text/plain": "7"})
            assert not [row for row in book.store.load().rows if b"hunter2" in row.payload]

    asyncio.run(told())


CATCHES = """
try:
    print("got", input("Name: "))
except KeyboardInterrupt:
    print("caught")
input("And now? ")
"""


def test_code_that_catches_an_interrupt_does_not_go_on_asking(tmp_path: Path) -> None:
    async def told() -> None:
        async with opened() as book:
            executor = Interruptible(tmp_path)
            async with runtime_of(book, executor, wait=executor.wait):
                (name,) = book.ask(CATCHES)
                await book.comes(lambda: book.execution(name).prompt is not None)
                book.do("interrupt")
                prompt = book.execution(name).prompt
                assert prompt is not None
                assert prompt.answered
                await book.comes(lambda: book.execution(name).prompt not in (None, prompt))
                again = book.execution(name).prompt
                assert again is not None
                assert (again.prompt, again.answered) == ("And now? ", False)
                book.do("reply_input", execution_id=name, input_id=again.id, value="")
                await book.ended(name)
            text = book.execution(name).outputs[0].text
            assert text == "Name: \ncaught\nAnd now? \n"
            assert book.execution(name).status is Status.OK

    asyncio.run(told())


def test_where_nothing_can_wait_input_says_so(tmp_path: Path) -> None:
    async def story(book: Book, _runtime: Runtime) -> None:
        (execution,) = await book.run("input('Name: ')")
        assert execution.outputs[0].ename == "RuntimeError"
        assert "cannot wait" in execution.outputs[0].evalue

    tell(tmp_path, story)


def test_an_interrupt_from_the_log_reaches_what_runs(tmp_path: Path) -> None:
    async def story(book: Book, _runtime: Runtime) -> None:
        (name,) = book.ask("import asyncio\nprint('waiting')\nawait asyncio.Event().wait()")
        await book.comes(lambda: bool(book.execution(name).outputs))
        book.do("interrupt")
        await book.ended(name)
        assert book.execution(name).outputs[-1].ename == "KeyboardInterrupt"
        (after,) = await book.run("'goes on'")
        assert after.status is Status.OK

    tell(tmp_path, story)


def test_an_interrupt_while_files_are_brought_ends_the_cell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story(book: Book, runtime: Runtime) -> None:
        come = asyncio.Event()
        get_blob = runtime.peer.get_blob

        async def slow(digest: str) -> bytes | None:
            await come.wait()
            return await get_blob(digest)

        monkeypatch.setattr(runtime.peer, "get_blob", slow)
        digest = book.peer.put_blob(b"a,b\n")
        book.do("add_file", path="data.csv", digest=digest, size=4, mime="text/csv")
        (name,) = book.ask("print('ran')")
        await book.comes(lambda: book.execution(name).status is Status.RUNNING)
        book.do("interrupt")
        await until(lambda: runtime.agent._stopped_early == name)
        come.set()
        await book.ended(name)
        (output,) = book.execution(name).outputs
        assert output.ename == "KeyboardInterrupt"
        (after,) = await book.run("open('data.csv').read()")
        assert after.status is Status.OK

    tell(tmp_path, story)


def test_calls_for_completion_and_documentation_are_answered(tmp_path: Path) -> None:
    async def story(book: Book, _runtime: Runtime) -> None:
        await book.run("import math")
        place = {"source": "math.sq", "position": 7}
        assert await book.peer.call(RUNTIME, "complete", place) == {
            "matches": ["sqrt"], "start": 5, "end": 7, "types": ["function"],
        }  # fmt: skip
        found = await book.peer.call(RUNTIME, "inspect", {"source": "math.sqrt", "position": 6})
        assert "square root" in found["text/plain"]
        with pytest.raises(Refused, match="format_disk"):
            await book.peer.call(RUNTIME, "format_disk", {})
        with pytest.raises(Refused, match="a source and a position"):
            await book.peer.call(RUNTIME, "complete", {"source": 1})

    tell(tmp_path, story)


# The executor's own failures


class Broken(ShellExecutor):
    """A shell that fails at one word."""

    async def run(self, parent: str, source: str) -> Any:
        if "break" in source:
            raise OSError("the kernel died")
        return await super().run(parent, source)


def test_an_executor_that_fails_is_an_error_of_the_cell(tmp_path: Path) -> None:
    async def told() -> None:
        async with opened() as book, runtime_of(book, Broken(folder=tmp_path)):
            first, second = await book.run("break", "1")
            assert (first.outputs[0].ename, first.outputs[0].evalue) == (
                "OSError",
                "the kernel died",
            )
            assert (first.status, second.status) == (Status.ERROR, Status.ABORTED)
            (after,) = await book.run("'goes on'")
            assert after.status is Status.OK

    asyncio.run(told())


def test_a_runtime_that_the_log_calls_lost_takes_no_more(tmp_path: Path) -> None:
    async def told() -> None:
        async with opened() as book:
            async with runtime_of(book, ShellExecutor(folder=tmp_path)) as runtime:
                await book.run("1")
                book.peer.append([RuntimeLost(runtime=RUNTIME, reason="a person said so")])
                await until(lambda: runtime.peer.notebook.runtimes[RUNTIME].status == "lost")
                (late,) = book.ask("print('late')")
                await until(lambda: late in runtime.peer.notebook.executions)
            assert book.execution(late).status is Status.ABORTED

    asyncio.run(told())


def test_started_is_said_once(tmp_path: Path) -> None:
    async def story(book: Book, _runtime: Runtime) -> None:
        await book.run("1")
        kinds = [row.payload for row in book.store.load().rows]
        assert sum(b"runtimeStarted" in payload for payload in kinds) == 1
        assert RuntimeStarted.wire_name() == "runtimeStarted"

    tell(tmp_path, story)
