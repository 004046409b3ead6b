"""`foldbook join`: runtimes that are processes, over a real relay; killed, cut off, put to sleep."""

import os
import signal
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from builder import relay as relays
from foldbook.link import ShareLink
from foldbook.link import parse as parse_link
from foldbook.native.exits import Exit
from foldbook.notebook import Status
from foldbook.row import Role
from joined import Joined, room, text_of, until
from stories import story


@pytest.fixture
def relay(tmp_path: Path) -> Iterator[str]:
    with relays.running(tmp_path / "relay", 0) as address:
        assert address is not None
        yield address


@story
async def test_a_runtime_joins_runs_and_leaves(relay: str, tmp_path: Path) -> None:
    async with room(relay, tmp_path) as book:
        loom = book.join()
        runtime = await book.runtime()
        assert (runtime.kind, runtime.language["name"]) == ("python", "python")
        assert book.peer.notebook.actors[runtime.actor].kind == "runtime"
        ok, failed = await book.run("print('hello')\n6 * 7", "1 / 0")
        assert (ok.status, ok.owner, text_of(ok)) == (Status.OK, runtime.session, "hello\n")
        assert ok.outputs[1].data == {"text/plain": "42"}
        assert (failed.status, failed.outputs[0].ename) == (Status.ERROR, "ZeroDivisionError")
        loom.send(signal.SIGTERM)
        assert await loom.ended() == Exit.OK
        assert book.peer.log.confirmed.runtimes[runtime.session].status == "stopped"
        assert "a runtime of “Trend”" in loom.text
        assert f"in {book.work}" in loom.text
        assert "Runs what Mara" in loom.text
