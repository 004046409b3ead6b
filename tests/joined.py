"""`foldbook join` as a process of its own, for tests, and people who ask it for something."""

import asyncio
import os
import signal
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

from builder import relay as relays
from foldbook.commands import parse
from foldbook.link import ShareLink
from foldbook.link import parse as parse_link
from foldbook.native.gates import Signed
from foldbook.native.links import LINK
from foldbook.native.notebooks import Held, opened
from foldbook.native.python import ChildPython
from foldbook.native.runtimes import NativeRuntime
from foldbook.notebook import FINAL, Execution, Prompt, Runtime, Status
from foldbook.peer import Peer
from shared import BEGIN, Someone

ROOT = Path(__file__).resolve().parents[1]
PATIENCE = 60.0
"""Seconds; only a defect takes that long."""
SITE = "https://site.example/#"
# Code that is to be met while it runs: it sleeps so that it leaves the processor to the others, and
# does nothing else with the time.
FOREVER = "import time\nprint('begun', flush=True)\nwhile True: time.sleep(0.01)"
COUNT = "import time\nfor i in range({count}): print('line', i, flush=True); time.sleep({pause})"
ENDED_BY_FORCE = (Status.ERROR, Status.LOST)
"""Python is first interrupted, and may say so before it is killed."""


class Joined:
    """The process. lines: what it has said so far."""

    def __init__(
        self, data: Path, link: ShareLink | str | None, *options: str, cwd: Path, stdin: Any = None
    ) -> None:
        fragment = link.fragment() if isinstance(link, ShareLink) else link
        env = {
            **os.environ,
            "FOLDBOOK_DATA": str(data),
            "PYTHONPATH": os.pathsep.join([str(ROOT / "py"), str(ROOT)]),
            "IPYTHONDIR": str(data.parent / "ipython"),
            **({LINK: SITE + fragment} if fragment else {}),
        }
        cwd.mkdir(parents=True, exist_ok=True)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "foldbook.native.main", "join", *options],
            cwd=cwd,
            env=env,
            stdin=subprocess.DEVNULL if stdin is None else stdin,
            stderr=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
        )
        self.text = ""
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stderr is not None
        while data := os.read(self.process.stderr.fileno(), 4096):
            self.text += data.decode(errors="replace")

    async def says(self, words: str) -> None:
        """Wait until it has said this."""
        await until(lambda: words in self.text, lambda: f"{words!r} in {self.text!r}")

    async def ended(self) -> int:
        """Its exit code."""
        await until(lambda: self.process.poll() is not None, lambda: f"its end: {self.text}")
        await asyncio.to_thread(self._reader.join)
        return self.process.returncode

    def send(self, number: signal.Signals) -> None:
        """Send it a signal."""
        self.process.send_signal(number)

    async def kill(self) -> None:
        """As a power cut would."""
        self.send(signal.SIGKILL)
        await self.ended()

    async def close(self) -> None:
        """End it, if it is there still."""
        if self.process.poll() is None:
            self.send(signal.SIGCONT)
            self.process.kill()
            await asyncio.to_thread(self.process.wait)
        for stream in (self.process.stdout, self.process.stderr):
            if stream is not None:
                await asyncio.to_thread(self._reader.join)
                stream.close()


class Room:
    """Mara's shared notebook, and the runtimes that have joined it."""

    def __init__(self, mara: Someone, link: ShareLink, folder: Path) -> None:
        self.mara = mara
        self.link = link
        self.folder = folder
        self.work = folder / "work"
        self.joined: list[Joined] = []
        self.before: set[str] = set()
        self.count = 0

    @property
    def peer(self) -> Peer:
        return self.mara.peer  # type: ignore[no-any-return]

    def join(self, *options: str, name: str = "loom", data: str = "loom", **more: Any) -> Joined:
        """Start a runtime on a machine of this name."""
        link = more.pop("link", self.link)
        self.before = set(self.peer.log.confirmed.runtimes)
        joined = Joined(self.folder / data, link, "--name", name, *options, cwd=self.work, **more)
        self.joined.append(joined)
        return joined

    async def runtime(self, name: str = "loom") -> Runtime:
        """The runtime of this name, when it is there and ready, and not from before the last
        `join`: a new process first speaks for the one that was killed."""

        def found() -> list[Runtime]:
            known = self.peer.log.confirmed.runtimes.values()
            new = [each for each in known if each.session not in self.before]
            there = [each for each in new if each.session in self.peer.present]
            return [each for each in there if each.name == name and each.status == "ready"]

        await until(lambda: bool(found()), lambda: f"{name}: {[j.text for j in self.joined]}")
        return found()[-1]

    def ask(self, *sources: str) -> list[str]:
        """New cells, run together; their executions."""
        cells = []
        for source in sources:
            self.count += 1
            cells.append(f"n{self.count}")
            self.do("create_cell", cell_id=cells[-1], source=source)
        self.peer.runtime = None
        names = [f"x{cell}" for cell in cells]
        self.do("run_cells", cell_ids=cells, execution_ids=names)
        return names

    def do(self, what: str, **fields: Any) -> None:
        """A command of Mara's."""
        self.peer.submit(parse({"do": what, **fields}))

    def execution(self, name: str) -> Execution:
        """As the log has it."""
        return self.peer.log.confirmed.executions[name]

    def prompt(self, name: str) -> Prompt | None:
        """What it asks."""
        execution = self.peer.log.confirmed.executions.get(name)
        return execution.prompt if execution else None

    async def comes(self, name: str, *statuses: Status) -> Execution:
        """The execution, when it is so far."""

        def there() -> bool:
            known = self.peer.log.confirmed.executions.get(name)
            return known is not None and known.status in (statuses or FINAL)

        await until(there, lambda: f"{name}: {self.peer.log.confirmed.executions.get(name)}")
        return self.execution(name)

    async def run(self, *sources: str) -> list[Execution]:
        """The same for new cells, when they are over."""
        return [await self.comes(name) for name in self.ask(*sources)]

    async def said(self, name: str, words: str) -> None:
        """Wait until an execution has said this."""
        await until(
            lambda: words in text_of(self.peer.log.confirmed.executions.get(name)),
            lambda: f"{words!r} in {self.peer.log.confirmed.executions.get(name)}",
        )


def text_of(execution: Execution | None) -> str:
    """What it has printed."""
    outputs = execution.outputs if execution else ()
    return "".join(str(each.text) for each in outputs if each.type == "stream")


async def until(done: Callable[[], bool], what: Callable[[], str]) -> None:
    """Wait until it is so."""
    try:
        async with asyncio.timeout(PATIENCE):
            while not done():  # noqa: ASYNC110 - processes and many other things are waited for
                await asyncio.sleep(0.01)
    except TimeoutError:
        raise AssertionError(f"waited for {what()}") from None


@asynccontextmanager
async def room(relay: str, folder: Path) -> AsyncIterator[Room]:
    """A shared notebook, with a link for runtimes."""
    mara = Someone("Mara", BEGIN)
    await mara.open()
    await mara.share(relay)
    made = Room(mara, parse_link(await mara.link("runtime")), folder)
    try:
        yield made
    finally:
        for each in made.joined:
            await each.close()
        await mara.close()


class Relay:
    """A relay that can be stopped and started again where it was."""

    def __init__(self, data: Path) -> None:
        self._data = data
        self._running = ExitStack()
        self.address = ""
        self.start()

    def start(self) -> None:
        """At the same port as before."""
        port = int(self.address.rpartition(":")[2]) if self.address else 0
        address = self._running.enter_context(relays.running(self._data, port))
        assert address is not None
        self.address = address

    def stop(self) -> None:
        """It says goodbye to everybody."""
        self._running.close()


def lines(count: int) -> str:
    """What `COUNT` prints."""
    return "".join(f"line {i}\n" for i in range(count))


async def begun(book: Room) -> str:
    """An execution that runs until somebody ends it."""
    [name] = book.ask(FOREVER)
    await book.said(name, "begun")
    return name


async def pid_of(book: Room) -> int:
    """The process in which cells run."""
    [execution] = await book.run("import os\nprint(os.getpid())")
    return int(text_of(execution))


@asynccontextmanager
async def native(book: Room, folder: Path, **given: Any) -> AsyncIterator[Held]:
    """A runtime in this process, over Python in a process of its own."""
    async with opened(book.link, folder, b"l" * 32, **given) as held:
        runtime = NativeRuntime(
            held,
            ChildPython(book.work),
            "loom",
            "python",
            gate=lambda _look: Signed(held),
            say=lambda _words: None,
        )
        serving = asyncio.create_task(runtime.serve())
        await book.runtime()
        try:
            yield held
        finally:
            runtime.finish()
            await serving
