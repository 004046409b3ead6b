"""The blobs of a shared notebook: kept by the relay under names that tell nothing, sealed."""

import asyncio
import hashlib
import logging
from collections.abc import Awaitable, Callable, Iterable
from typing import Final

from foldbook import seal
from foldbook.errors import FoldbookError, Refused
from foldbook.pruning import named_blobs
from foldbook.saver import Saver
from foldbook.seal import Unopened
from foldbook.sealer import Sealer
from foldbook.sharing import Read, pieces
from foldbook.store import Batch
from foldbook.sync import backoff
from foldbook.ties import Surroundings
from foldbook.upstream import Upstream

UPLOAD: Final = "upload/"
"""What the names of blobs that the relay does not have yet begin with in the store's meta."""

OLDER: Final = "upload_older"
"""In the store's meta while not all blobs of the rows from before the sharing are offered: the
newest of these rows."""

_WAITS: Final = (0.1, 0.2, 0.5, 1.0, 2.0, 4.0, 8.0, 15.0)  # seconds between two questions
_FOR_GOOD: Final = frozenset({"size", "space", "malformed"})


class SealedBlobs:
    """A `foldbook.ties.Elsewhere`. room: its name; told: heeds why a blob stays here. unsent: the
    digests of blobs that the relay has not been given, or did not take.
    """

    def __init__(
        self,
        upstream: Upstream,
        sealer: Callable[[], Awaitable[Sealer]],
        room: str,
        name_of: Callable[[str], str],
        saver: Saver,
        around: Surroundings,
        told: Callable[[str], None],
    ) -> None:
        self._upstream = upstream
        self._sealer = sealer
        self._room = room
        self._name_of = name_of
        self._saver = saver
        self._around = around
        self._told = told
        self._waiting: asyncio.Queue[str] = asyncio.Queue()
        self.unsent: set[str] = set()

    async def fetch(self, digest: str) -> bytes | None:
        """See `foldbook.ties.Elsewhere`; so for the following one. A row may be here before the
        bytes that it names: they are waited for.
        """
        sealed = await self._upstream.blob(self._name_of(digest))
        for seconds in _WAITS:
            if sealed is not None:
                break
            await self._around.pause(seconds)
            sealed = await self._upstream.blob(self._name_of(digest))
        if sealed is None:
            return None
        data = seal.data_of_blob(self._room, digest)
        [plain] = await (await self._sealer()).open([(data, sealed)])
        if isinstance(plain, Unopened):
            raise Refused("blob", f"it cannot be opened: {plain}")
        if hashlib.sha256(plain).hexdigest() != digest:
            raise Refused("blob", "whoever sent it sent something else")
        return plain

    def offer(self, digest: str) -> None:
        """Have it sent; that it is to be sent is kept with it."""
        self._saver.put(Batch(meta={UPLOAD + digest: 1}))
        self._wait_for(digest)

    def again(self, names: Iterable[str]) -> None:
        """Of the names in the store's meta, those of blobs that were not sent before."""
        for name in names:
            if name.startswith(UPLOAD):
                self._wait_for(name.removeprefix(UPLOAD))

    async def offer_older(self, read: Read, last: int) -> None:
        """Have all sent that the rows up to ``last`` name and that is here. That this is to be
        done is kept (`OLDER`) until it is."""
        offered: set[str] = set()
        async for rows in pieces(read, last):
            for digest in named_blobs(rows):
                if digest not in offered and await self._saver.blob(digest) is not None:
                    offered.add(digest)
                    self.offer(digest)
        self._saver.put(Batch(meta={OLDER: None}))

    async def sent(self) -> None:
        """Return when the relay has all that was offered, or is not going to take it."""
        await self._waiting.join()

    async def run(self) -> None:
        """Send what is offered, until cancelled."""
        attempt = 0
        while True:
            digest = await self._waiting.get()
            is_done = await self._send(digest)
            if not is_done:
                self._waiting.put_nowait(digest)  # behind the others: it may be its own fault
            self._waiting.task_done()
            if is_done:
                attempt = 0
                continue
            await self._around.pause(backoff(attempt, self._around.random))
            attempt += 1

    def _wait_for(self, digest: str) -> None:
        self.unsent.add(digest)
        self._waiting.put_nowait(digest)

    async def _send(self, digest: str) -> bool:
        """Whether there is nothing more to do for it."""
        try:
            plain = await self._saver.blob(digest)
            if plain is not None:
                data = seal.data_of_blob(self._room, digest)
                [sealed] = await (await self._sealer()).seal([(data, plain)])
                await self._upstream.put_blob(self._name_of(digest), sealed)
        except Refused as why:
            if why.code not in _FOR_GOOD:
                return False
            self._told(f"A file or output of this notebook is kept here only: {why}.")
        except FoldbookError:
            logging.getLogger(__name__).exception("blob %s cannot be read", digest)
            return False
        else:
            self.unsent.discard(digest)
        self._saver.put(Batch(meta={UPLOAD + digest: None}), durability="relaxed")
        return True
