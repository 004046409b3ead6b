"""People who share a notebook over a real relay, for tests: notebook workers without browsers."""

import asyncio
import random
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from foldbook.browser.host import Host
from foldbook.browser.opening import open_notebook
from foldbook.browser.page import Person, Waiting
from foldbook.channel import pair
from foldbook.commands import parse
from foldbook.errors import Refused
from foldbook.events.executions import ExecutionAssigned, ExecutionCompleted, ExecutionStarted
from foldbook.events.outputs import StreamAppended
from foldbook.events.runtimes import RuntimeStarted
from foldbook.lines import FrameLine, Line
from foldbook.notebook import Execution, Status
from foldbook.peer import Peer, Surroundings
from foldbook.store import MemoryStore
from foldbook.wire import Hello
from hosts import FakePage
from outside import OUTSIDE

NOTEBOOK = "nb-of-mara"
BEGIN = {
    "do": "create_notebook",
    "notebook_id": NOTEBOOK,
    "name": "Trend",
    "cells": [{"cell_id": "c", "cell_type": "code", "source": "first"}],
}


class Someone(FakePage):
    """A person with a browser: a store, a name, and what waits for the notebook."""

    def __init__(self, name: str, *waiting: Mapping[str, Any]) -> None:
        super().__init__(
            *(Waiting(key=i, view="home", k=i, command=each) for i, each in enumerate(waiting, 1))
        )
        self.name = name
        self.store = MemoryStore()
        self.count = 0
        self.host: Host

    async def person(self) -> Person:
        return Person(self.name.encode().ljust(32, b"."), self.name, "plum")

    async def open(self) -> None:
        dice = random.Random(self.name)
        clock = asyncio.get_running_loop().time

        def now() -> int:
            return 1_700_000_000_000 + int(clock() * 1000)

        around = Surroundings(now, lambda: dice.randbytes(32), dice.random)
        opened = await open_notebook(NOTEBOOK, self, self.store, around, OUTSIDE)
        self.host = Host(NOTEBOOK, self, opened, around, clock, interval=0)
        await self.host.begin()
        self.host.receive({"t": "attach", "view": "v", "n": 1}, "page")
        await asyncio.sleep(0)

    async def close(self) -> None:
        if not self.host._tasks:
            return
        self.told.clear()
        self.host.receive({"t": "close"}, "page")
        await until(lambda: bool(self.of("closed")))
        for task in list(self.host._tasks):
            task.cancel()
        await asyncio.gather(*self.host._tasks, return_exceptions=True)

    @property
    def peer(self) -> Any:
        return self.host.desk.peer

    @property
    def sources(self) -> list[str]:
        return [cell.source for cell in self.host.desk.notebook.ordered_cells()]

    def do(self, name: str, /, **fields: Any) -> None:
        self.count += 1
        command = {"do": name, **fields}
        self.host.receive(
            {"t": "cmd", "view": "v", "k": self.count, "base": 10**9, "command": command}, "page"
        )

    def type(self, place: int, text: str) -> None:
        """Type into the only cell, on what this page has been told."""
        length = len(self.host.desk.notebook.cells["c"].source)
        changes = [place, [0, text]] if place else [[0, text]]
        edit = {"do": "edit_source", "cell_id": "c", "changes": changes, "length_before": length}
        self.host.desk.submit(parse(edit), "v", self.count)

    async def ask(self, do: str, **fields: Any) -> Any:
        self.count += 1
        name = f"q{self.count}"
        self.host.receive({"t": "share", "view": "v", "id": name, "do": do, **fields}, "page")
        await until(lambda: any(each["id"] == name for each in self.of("result")))
        answer = next(each for each in self.of("result") if each["id"] == name)
        if not answer["ok"]:
            raise Refused("share", answer["message"])
        return answer["value"]

    async def share(self, relay: str) -> None:
        await self.ask("create", relay=relay, token="")
        await until(lambda: self.peer.is_linked)

    async def link(self, role: str) -> str:
        answer = await self.ask("link", role=role)
        return str(answer["link"]["fragment"])


async def until(done: Any) -> None:
    """Wait until it is so; only a defect takes that long."""
    async with asyncio.timeout(20):
        while not done():  # noqa: ASYNC110 - many different things are waited for
            await asyncio.sleep(0.0003)


@asynccontextmanager
async def two(relay: str, role: str = "run") -> AsyncIterator[tuple[Someone, Someone]]:
    """Mara has shared her notebook, Ines has come by a link."""
    mara = Someone("Mara", BEGIN)
    await mara.open()
    await mara.share(relay)
    ines = Someone("Ines", {"do": "join", "link": await mara.link(role)})
    await ines.open()
    await until(lambda: ines.peer.is_linked)
    try:
        yield mara, ines
    finally:
        for each in (mara, ines):
            await each.close()


def alike(*people: Someone) -> bool:
    first = people[0].peer.log
    return all(
        not each.peer.log.pending and each.peer.log.confirmed == first.confirmed for each in people
    )


async def with_runtime(who: Someone) -> Peer:
    """The runtime that the page was asked to start: it runs whatever it is asked to."""
    await until(lambda: bool(who.of("host")))
    start = who.of("host")[-1]
    near, far = pair()
    lines = [FrameLine(far)]

    async def connect() -> Line | None:
        return lines.pop() if lines else None

    options = start["options"]
    secret = bytes.fromhex(options["secret"])
    hello = Hello(options["room"], "", secret, secret, 0)
    around = Surroundings(lambda: 1, lambda: bytes(32), lambda: 0.5)
    python = Peer.linked(hello, connect, around)
    who.host.connect(start["session"], near)
    who.host._start(python.run())
    python.append([RuntimeStarted(name="Python", kind_name="browser")])

    def work(_change: object) -> None:
        for each in list(python.notebook.unfinished()):
            if each.runtime == python.session and each.status is Status.QUEUED:
                asyncio.get_running_loop().call_soon(run, python, each)

    python.subscribe(work)
    return python


def run(python: Peer, execution: Execution) -> None:
    if python.notebook.executions[execution.id].status is not Status.QUEUED:
        return
    python.append(
        [
            ExecutionAssigned(execution_id=execution.id),
            ExecutionStarted(execution_id=execution.id),
            StreamAppended(execution_id=execution.id, name="stdout", text=execution.source),
            ExecutionCompleted(execution_id=execution.id, status="ok", execution_count=1),
        ]
    )


def outputs(who: Someone) -> list[str]:
    """What the cell shows."""
    execution = who.host.desk.notebook.execution_of(who.host.desk.notebook.cells["c"])
    return [each.text for each in execution.outputs] if execution else []
