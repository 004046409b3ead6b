"""The notebook worker without a browser, for tests; its page writes down what it is told."""

import asyncio
import random
from collections.abc import Mapping, Sequence
from typing import Any

from foldbook.browser.host import Host
from foldbook.browser.opening import open_notebook
from foldbook.browser.page import Message, Person, Waiting, Where
from foldbook.peer import Surroundings
from foldbook.store import MemoryStore
from outside import OUTSIDE
from pydantic_core import to_json

BEGIN = Waiting(
    key=1,
    view="home",
    k=1,
    command={
        "do": "create_notebook",
        "notebook_id": "nb",
        "name": "Trend",
        "cells": [{"cell_id": "c", "cell_type": "code", "source": "ab"}],
    },
)


class FakePage:
    """Remembers messages, and has an inbox."""

    def __init__(self, *waiting: Waiting) -> None:
        self.told: list[Mapping[str, Any]] = []
        self.waiting = list(waiting)
        self.entry: dict[str, Any] = {}
        self.room = (0, 0)

    def post(self, message: Message, to: Where = "all") -> None:
        to_json(message)  # as the real one does
        self.told.append(message)

    async def inbox(self) -> Sequence[Waiting]:
        return list(self.waiting)

    async def drop_inbox(self, keys: Sequence[int]) -> None:
        self.waiting = [item for item in self.waiting if item.key not in keys]

    async def person(self) -> Person:
        return Person(b"p" * 32, "Mara")

    async def refresh(self, entry: Mapping[str, Any]) -> None:
        self.entry |= entry

    async def storage(self) -> tuple[int, int]:
        return self.room

    async def reserve(self, *, keep: bool) -> bool:
        return keep

    async def load_package(self, name: str) -> None:
        await asyncio.sleep(0)

    def of(self, kind: str) -> list[Mapping[str, Any]]:
        """The messages of one kind."""
        return [message for message in self.told if message["t"] == kind]


async def settle() -> None:
    """Let everything happen that can happen now, patches included."""
    for _ in range(100):
        await asyncio.sleep(0)


async def opened(
    page: FakePage, store: MemoryStore, *, quiet: bool = False, crashed: bool = False
) -> Host:
    """A host that has begun."""
    dice = random.Random(1)

    async def pause(_seconds: float) -> None:
        await asyncio.sleep(0)

    around = Surroundings(lambda: 1_700_000_000_000, lambda: dice.randbytes(32), dice.random, pause)
    found = await open_notebook("nb", page, store, around, OUTSIDE)
    host = Host("nb", page, found, around, lambda: 0.0, interval=0)
    await host.begin(quiet=quiet, crashed=crashed)
    await settle()
    return host


def attach(host: Host, view: str = "v") -> None:
    """A view attaches."""
    host.receive({"t": "attach", "view": view, "n": 1}, "page")


async def attached(*waiting: Waiting) -> tuple[FakePage, MemoryStore, Host]:
    """A new notebook that begins with what waits, and the view ``v`` on it."""
    page, store = FakePage(*waiting), MemoryStore()
    host = await opened(page, store)
    attach(host)
    await settle()
    return page, store, host


def edit(k: int, changes: list[Any], length: int, base: int = 1, view: str = "v") -> dict[str, Any]:
    """A command message that changes the text of the cell."""
    command = {"do": "edit_source", "cell_id": "c", "changes": changes, "length_before": length}
    return {"t": "cmd", "view": view, "k": k, "base": base, "command": command}
