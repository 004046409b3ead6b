"""A runtime that this process hosts for its own notebook, and what runs the code dying under it."""

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import nbformat
import pytest
from foldbook import ipynb
from foldbook.errors import CannotStart
from foldbook.native.endings import DEATHS
from foldbook.native.hosting import Hosted
from foldbook.native.local import Local, local_notebook
from foldbook.native.python import ChildPython
from foldbook.store import MemoryStore
from stories import story

PATIENCE = 60.0  # seconds; only a defect takes that long


@contextlib.asynccontextmanager
async def hosted(executor: ChildPython) -> AsyncIterator[tuple[Local, "asyncio.Task[None]"]]:
    """An empty notebook and its runtime, at work."""
    empty = ipynb.read(nbformat.writes(nbformat.v4.new_notebook()).encode(), "empty.ipynb")
    async with local_notebook(MemoryStore(), empty) as local:
        made = Hosted(
            local.peer, local.guests, executor, "frail", "python", local.around, asks=False
        )
        await made.start()
        running = asyncio.create_task(made.run())
        try:
            yield local, running
        finally:
            running.cancel()
            with contextlib.suppress(asyncio.CancelledError, CannotStart):
                await running
            await made.stop()


async def killed(executor: ChildPython, before: int | None) -> int:
    """Kill the process that comes after this one, when it is there; which it was."""
    async with asyncio.timeout(PATIENCE):
        while (pid := executor.pid) in (None, before):  # noqa: ASYNC110 - a process is waited for
            await asyncio.sleep(0.01)
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    return pid


@story
async def test_what_only_dies_is_not_started_for_ever(tmp_path: Path) -> None:
    executor = ChildPython(tmp_path)
    async with hosted(executor) as (local, running):
        pid = None
        for _ in range(DEATHS):
            pid = await killed(executor, pid)
        with pytest.raises(CannotStart, match=r"3 times without having run anything: .*SIGKILL"):
            await asyncio.wait_for(running, PATIENCE)
        assert all(
            each.status in ("stopped", "lost") for each in local.peer.notebook.runtimes.values()
        )


@story
async def test_what_has_run_something_is_started_anew_each_time(tmp_path: Path) -> None:
    executor = ChildPython(tmp_path)
    async with hosted(executor) as (local, running):
        for _ in range(DEATHS + 1):
            cell = local.notebook.append("import os\nos._exit(9)")
            gone = await local.notebook.run(cell, timeout=PATIENCE, allow_errors=True)
            assert gone.status == "lost"
        cell = local.notebook.append("6 * 7")
        assert (await local.notebook.run(cell, timeout=PATIENCE)).status == "ok"
        assert not running.done()
