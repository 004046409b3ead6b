"""The notebook worker's main: the host of one notebook, wired to JavaScript.

``glue`` is what ``site/notebook_worker.js`` gives: messages in and out, the databases, packages.
"""

import asyncio
import json
import secrets
import time
from collections.abc import Awaitable, Mapping, Sequence
from functools import partial
from random import random
from typing import Any

from pydantic_core import to_json
from pyodide.ffi import create_proxy, to_js

from foldbook.browser.cipher import BrowserCipher, public_key
from foldbook.browser.host import Host
from foldbook.browser.indexeddb import IndexedDBStore
from foldbook.browser.network import BrowserNetwork
from foldbook.browser.opening import open_notebook
from foldbook.browser.page import Message, Person, Waiting, Where
from foldbook.browser.ports import PortChannel
from foldbook.peer import Surroundings
from foldbook.upstream import Outside


async def main(notebook_id: str, glue: Any) -> None:
    """Open the notebook and serve its pages, until the worker is ended."""
    page = _Page(notebook_id, glue)
    store = IndexedDBStore(notebook_id, glue.db)
    around = _surroundings()
    opened = await open_notebook(notebook_id, page, store, around, _outside(glue))
    host = Host(notebook_id, page, opened, around, time.perf_counter)
    await host.begin(quiet=bool(glue.quiet), crashed=bool(glue.crashed))

    def hear(text: str, sender: Where, extra: Any) -> None:
        message = json.loads(text)
        if message["t"] == "port":
            host.connect(message["session"], PortChannel(extra))
        else:
            host.receive(message, sender, extra.to_bytes() if extra else None)

    glue.listen(create_proxy(hear))
    # Held by the page: a task that nobody holds may be collected while it waits.
    page.ended = asyncio.get_running_loop().create_future()
    await page.ended


class _Page:
    """The real `foldbook.browser.page.Page`."""

    def __init__(self, notebook_id: str, glue: Any) -> None:
        self._id = notebook_id
        self._glue = glue
        self.ended: asyncio.Future[None] | None = None

    def post(self, message: Message, to: Where = "all") -> None:
        self._glue.post(to_json(message).decode(), to)

    async def inbox(self) -> Sequence[Waiting]:
        found = await self._glue.inbox(self._id)
        return [
            Waiting(**json.loads(text), data=data.to_bytes() if data else None)
            for text, data in zip(found.items, found.data, strict=True)
        ]

    async def drop_inbox(self, keys: Sequence[int]) -> None:
        await self._glue.dropInbox(to_js(list(keys)))

    async def person(self) -> Person:
        found = await self._glue.identity()
        return Person(found.secret.to_bytes(), found.name, found.hue)

    async def refresh(self, entry: Mapping[str, Any]) -> None:
        await self._glue.refresh(self._id, to_json(entry).decode())

    async def storage(self) -> tuple[int, int]:
        found = await self._glue.storage()
        return int(found.usage), int(found.quota)

    async def reserve(self, *, keep: bool) -> bool:
        return bool(await self._glue.reserve(keep))

    async def load_package(self, name: str) -> None:
        await self._glue.loadPackage(name)


def _outside(glue: Any) -> Outside:
    def cipher(payload_key: bytes, verify: bytes, seed: bytes | None) -> Awaitable[BrowserCipher]:
        return BrowserCipher.open(glue.cipher, payload_key, verify, seed)

    return Outside(BrowserNetwork(glue.network), cipher, partial(public_key, glue.cipher))


def _now() -> int:
    return int(time.time() * 1000)


def _surroundings() -> Surroundings:
    return Surroundings(_now, lambda: secrets.token_bytes(32), random)
