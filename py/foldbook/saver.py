"""One transaction at a time: what arrives while one is running goes into the next.

Everybody who writes to a notebook's store does so through its one `Saver`, so batches reach
the store in the order in which they were put, and what was put together is written together.
"""

import asyncio
from collections.abc import Awaitable, Callable

from foldbook.errors import FoldbookError
from foldbook.row import Row
from foldbook.store import Batch, Durability, Store

RETRY_SECONDS = 3.0
"""How long to wait before a refused batch is tried again, unless somebody asks sooner."""

Then = Callable[[], None]


class Saver:
    """Groups batches and commits them. ``failed`` is why the store did not take the last ones,
    if it did not: it is full, or its transaction failed. They are tried again.

    pause: waits some seconds (`asyncio.sleep`, or a test's own). changed: called when
    ``failed`` changes.
    """

    def __init__(
        self,
        store: Store,
        *,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
        changed: Callable[[], None] = lambda: None,
    ) -> None:
        self.failed: FoldbookError | None = None
        self._store = store
        self._pause = pause
        self._changed = changed
        self._open = _Group()
        self._running: _Group | None = None
        self._ahead: list[tuple[Batch, asyncio.Future[None]]] = []
        self._fresh: set[str] = set()
        self._work = asyncio.Event()
        self._retry = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()

    def put(
        self, batch: Batch, then: Then | None = None, durability: Durability = "strict"
    ) -> None:
        """Have a batch written; ``then`` is called right after its transaction is done."""
        group = self._open
        self._fresh.update(batch.blobs)
        group.batch.add(batch)
        if then is not None:
            group.then.append(then)
        if durability == "strict":
            group.durability = "strict"
        self._idle.clear()
        self._work.set()

    async def flush(self) -> None:
        """Return when everything is written. Does not return while the store fails."""
        await self._idle.wait()

    def retry(self) -> None:
        """Try a refused batch again now: there may be room."""
        self._retry.set()

    async def ahead(self, batch: Batch) -> None:
        """Write a batch by itself, before what the store has refused: it makes room.

        Raises what the store raises; it is not tried again.
        """
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._ahead.append((batch, done))
        self._retry.set()
        self._work.set()
        await done

    def fresh(self) -> set[str]:
        """The digests of the blobs that are put from now on; they come in by and by."""
        self._fresh = set()
        return self._fresh

    async def blob(self, digest: str) -> bytes | None:
        """The bytes with this SHA-256 (hex), written or on their way."""
        for group in (self._open, self._running):
            if group is not None and digest in group.batch.blobs:
                return group.batch.blobs[digest]
        return await self._store.blob(digest)

    async def rows(self, after: int, limit: int) -> list[Row]:
        """See `foldbook.store.Store`: rows that are written."""
        return await self._store.rows(after, limit)

    async def run(self) -> None:
        """Write, until cancelled. An error that is not Foldbook's own is a defect and ends it."""
        while True:
            await self._work.wait()
            await self._write()

    async def _write(self) -> None:
        await self._write_ahead()
        group = self._running = self._take(self._running)
        try:
            await self._store.commit(group.batch, group.durability)
        except FoldbookError as why:
            group.batch.spare()  # rows must not fail for what can be made anew
            self._tell(why)
            await self._wait_for_retry()
            return
        # From here to the end nothing waits: commit, acknowledge and publish are one step.
        self._running = None
        for then in group.then:
            then()
        self._tell(None)
        if not self._work.is_set():
            self._idle.set()

    async def _write_ahead(self) -> None:
        while self._ahead:
            batch, done = self._ahead.pop(0)
            try:
                await self._store.commit(batch, "relaxed")
            except FoldbookError as why:
                if not done.done():
                    done.set_exception(why)
                continue
            if not done.done():
                done.set_result(None)

    def _take(self, refused: "_Group | None") -> "_Group":
        group, self._open = self._open, _Group()
        self._work.clear()
        if refused is None:
            return group
        refused.add(group)
        return refused

    async def _wait_for_retry(self) -> None:
        if not self._ahead:
            self._retry.clear()
        await first_of(self._pause(RETRY_SECONDS), self._retry.wait())
        self._work.set()

    def _tell(self, failed: FoldbookError | None) -> None:
        if failed is not self.failed:
            self.failed = failed
            self._changed()


async def first_of(*works: Awaitable[object]) -> None:
    """Return when one of them is done; the others are cancelled."""
    waits = [asyncio.ensure_future(each) for each in works]
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for each in waits:
            each.cancel()


class _Group:
    """Batches that are written together, and what to do then."""

    def __init__(self) -> None:
        self.batch = Batch()
        self.then: list[Then] = []
        self.durability: Durability = "relaxed"

    def add(self, later: "_Group") -> None:
        self.batch.add(later.batch)
        self.then += later.then
        if later.durability == "strict":
            self.durability = "strict"
