"""Replicas that meet at a server: one comes back with what it wrote offline, one joins.

Each is a process of its own; both ends' times count from when the first of them began.
"""

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from builder import crdts
from relays.servers import HERE, ROOT, Server

Command = Sequence[str | Path]


class Process:
    """A replica that tells what it does, a line of JSON at a time."""

    def __init__(self, command: Command) -> None:
        self._process = subprocess.Popen(
            list(map(str, command)),
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def told(self) -> dict[str, Any]:
        """The next that it tells."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"a replica ended: {self._process.args!r}")
        found: dict[str, Any] = json.loads(line)
        return found

    def go(self) -> None:
        """What it waits for."""
        assert self._process.stdin is not None
        self._process.stdin.write("go\n")
        self._process.stdin.flush()

    def end(self) -> None:
        """It is of no use any more."""
        self._process.kill()
        self._process.communicate()


@contextmanager
def process(*command: str | Path) -> Iterator[Process]:
    """A replica while the block runs."""
    started = Process(command)
    try:
        yield started
    finally:
        started.end()


def ours(*words: object) -> Command:
    """A native peer of Foldbook."""
    return [sys.executable, HERE / "replica.py", *map(str, words)]


def of_yjs(*words: object) -> Command:
    """A document of Yjs in Node."""
    script = HERE / "replica.mjs"
    return [crdts.relays_node(), crdts.relays_folder(script) / script.name, *map(str, words)]


def offline(server: Server, dialect: str, count: int) -> tuple[float, float]:
    """Milliseconds until so many events made offline are acknowledged, and until another has them.

    A CRDT's server acknowledges nothing that it has kept: the first is not a number then.
    """
    make = ours if dialect == "foldbook" else of_yjs
    talk = [] if dialect == "foldbook" else [dialect]
    with process(*make("write", server.address, *talk, count)) as writer:
        link = writer.told()["link"]
        # One event stands there before: the cell that they are typed into.
        with process(*make("read", server.address, *talk, link, count + 1)) as reader:
            reader.told()
            writer.go()
            wrote, got = writer.told(), reader.told()
    if not got["whole"]:
        raise RuntimeError(f"not the text that was written: {got}")
    began = wrote["began"]
    acked = wrote.get("ended")
    sent = float("nan") if acked is None else (acked - began) / 1e6
    return sent, (got["ended"] - began) / 1e6


def joining(server: Server, dialect: str, count: int, how: str) -> float:
    """Milliseconds from a link to a notebook of so many events.

    how: "pushed": they came one by one to the server; "told": they are older than its room;
    "left": so is a snapshot of them (the rows themselves come behind it, uncounted).
    """
    make = ours if dialect == "foldbook" else of_yjs
    talk = [] if dialect == "foldbook" else [dialect]
    if how == "pushed":
        with process(*make("write", server.address, *talk, count - 1)) as writer:
            link = writer.told()["link"]
            writer.go()
            writer.told()
            return _join(make("read", server.address, *talk, link, count))
    with process(*make(how, server.address, count)) as writer:
        link = writer.told()["link"]
    return _join(make("read", server.address, link, count))


def _join(command: Command) -> float:
    with process(*command) as reader:
        first, last = reader.told(), reader.told()
    if not last["whole"]:
        raise RuntimeError(f"not the text that was written: {last}")
    return (max(first["linked"], last["ended"]) - first["began"]) / 1e6
