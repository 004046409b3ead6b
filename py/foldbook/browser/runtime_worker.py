"""The runtime worker's main: a shell over this Pyodide, an agent, a peer over one port.

It stands in an opaque origin with nothing but that port. ``glue`` is what
``site/runtime_worker.js`` gives: Pyodide itself, who this session is, and how to reach the page.
"""

import asyncio
import json
import logging
import secrets
import signal
import sys
import time
import traceback
from collections.abc import Awaitable, Coroutine
from pathlib import Path
from random import random
from typing import Any, TypeVar

from pyodide.ffi import ConversionError, can_run_sync, run_sync

from foldbook.agent import RuntimeAgent
from foldbook.browser.fetching import asking
from foldbook.browser.packages import Finder, Packages
from foldbook.browser.ports import PortChannel
from foldbook.browser.urls import advice, open_by
from foldbook.channel import Channel
from foldbook.lines import FrameLine, Line
from foldbook.peer import Connect, Peer, Surroundings
from foldbook.shell import Hooks, ShellExecutor
from foldbook.sync import RUNTIME_WINDOW
from foldbook.wire import Hello

T = TypeVar("T")

FOLDER = Path("/home/pyodide/work")


async def main(glue: Any) -> None:
    """Join the notebook, take executions, and go on until the notebook hangs up.

    Whatever ends it otherwise is told to the page in words.
    """
    page = _Page(glue)
    try:
        await _serve(glue, page)
    except BaseException as why:  # code in a cell can reach everything here, and end it anyhow
        words = traceback.format_exception_only(why)[-1].strip()
        page.post(t="failed", message=words, detail=traceback.format_exc())
    else:
        page.post(t="ended")


async def _serve(glue: Any, page: "_Page") -> None:
    told: dict[str, Any] = json.loads(glue.session)
    packages = Packages(glue.python)
    hooks = Hooks(
        _wait, packages.prepare, packages.install, advice, glue.dropSignal, programs=False
    )
    executor = ShellExecutor(hooks, FOLDER)
    open_by(asking(executor.wait))
    sys.meta_path.insert(-1, Finder(packages, executor.wait, page.say, FOLDER))
    _let_sleep(executor)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # late ones; the shell's own stands above it
    peer = Peer.linked(
        _hello(told), _once(PortChannel(glue.connect())), _surroundings(), window=RUNTIME_WINDOW
    )
    joined = asyncio.ensure_future(peer.run())

    def busy(is_busy: bool) -> None:
        if is_busy:
            executor.expect()
        page.busy(is_busy)

    agent = RuntimeAgent(
        peer,
        executor,
        told.get("name") or "Python in this page",
        "browser",
        replaces=told.get("replaces"),
        wait=executor.wait,
        progress=lambda _execution, text: page.say(text),
        busy=busy,
        guest=True,
    )
    await agent.start()
    page.post(t="ready")
    running = asyncio.ensure_future(agent.run())
    await asyncio.wait((joined, running), return_when=asyncio.FIRST_COMPLETED)
    for task in (joined, running):
        if task.done():
            task.result()


class _Page:
    """What the worker tells its page."""

    def __init__(self, glue: Any) -> None:
        self._glue = glue

    def post(self, **message: Any) -> None:
        """Send a message."""
        self._glue.post(json.dumps(message))

    def say(self, text: str) -> None:
        """Say what takes time; empty: it is over."""
        self.post(t="status", message=text)

    def busy(self, busy: bool) -> None:
        """Whether code runs: then the frame ticks, so that streams are flushed."""
        self.post(t="busy", busy=busy)


def _wait(awaitable: Awaitable[T]) -> T:
    if not can_run_sync():
        _close(awaitable)
        raise RuntimeError("Python cannot wait in this browser: it lacks stack switching (JSPI).")
    try:
        result: T = run_sync(awaitable)
    except ConversionError as why:
        # So Pyodide says that an interrupt struck while it handed the awaitable over.
        if not isinstance(why.__cause__ or why.__context__, KeyboardInterrupt):
            raise
        _close(awaitable)
        raise KeyboardInterrupt from None
    return result


def _close(awaitable: Awaitable[object]) -> None:
    """Nobody is going to wait for it."""
    if isinstance(awaitable, Coroutine):
        awaitable.close()


def _let_sleep(executor: ShellExecutor) -> None:
    """`time.sleep` lets the event loop go on where it can, and can be interrupted."""
    original = time.sleep

    def sleep(seconds: Any, /) -> None:
        if seconds > 0 and can_run_sync():
            executor.wait(asyncio.sleep(float(seconds)))
        else:
            original(seconds)

    time.sleep = sleep


def _hello(told: dict[str, Any]) -> Hello:
    return Hello(
        room=told["room"],
        epoch=told.get("epoch", ""),
        session_secret=bytes.fromhex(told["secret"]),
        actor_secret=bytes.fromhex(told["actor_secret"]),
        since=0,
    )


def _once(channel: Channel) -> Connect:
    lines: list[Line] = [FrameLine(channel)]

    async def connect() -> Line | None:
        return lines.pop() if lines else None

    return connect


def _surroundings() -> Surroundings:
    return Surroundings(lambda: int(time.time() * 1000), lambda: secrets.token_bytes(32), random)


logging.getLogger("asyncio").setLevel(logging.ERROR)
