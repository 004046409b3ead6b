"""One commit at a time, for all rooms together: what comes meanwhile goes into the next."""

import asyncio
import logging
from typing import Protocol

from foldbook.effects import Append
from foldbook.wire import size_of

from sync_relay.store import RelayStore, Write

_log = logging.getLogger(__name__)


class Writer(Protocol):
    """A room that has something to write."""

    @property
    def name(self) -> str:
        """The room's name."""

    @property
    def dead(self) -> bool:
        """Whether it is not to be written any more."""

    def committed(self, ticket: int) -> None:
        """Everything up to this ticket is on the disk."""

    def fail(self) -> None:
        """It may or may not be on the disk: forget what is in memory."""


class Commits:
    """Groups what rooms have to write. limit: bytes that may wait before `gate` closes."""

    def __init__(self, store: RelayStore, limit: int) -> None:
        self.count = self.rows = 0
        self._store = store
        self._limit = limit
        self._waiting: list[tuple[Writer, Append]] = []
        self._bytes = 0
        self._work = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._running = asyncio.Lock()
        self._gate = asyncio.Event()
        self._gate.set()

    def put(self, writer: Writer, append: Append) -> None:
        """Have something written; the room is told when it is."""
        self._waiting.append((writer, append))
        self._bytes += sum(map(size_of, append.rows))
        if self._bytes > self._limit:
            self._gate.clear()
        self._idle.clear()
        self._work.set()

    async def gate(self) -> None:
        """Wait while too much is waiting for the disk."""
        await self._gate.wait()

    async def flush(self) -> None:
        """Return when nothing is under way."""
        await self._idle.wait()

    async def settle(self) -> None:
        """Return when the commit that is running now, if one is, has ended."""
        async with self._running:
            pass

    async def run(self) -> None:
        """Commit, until cancelled."""
        while True:
            await self._work.wait()
            self._work.clear()
            group, self._waiting, self._bytes = self._waiting, [], 0
            self._gate.set()
            async with self._running:
                await self._commit([each for each in group if not each[0].dead])
            if not self._work.is_set():
                self._idle.set()

    async def _commit(self, group: list[tuple[Writer, Append]]) -> None:
        if not group:
            return
        writers = {writer: append.ticket for writer, append in group}
        writes = [_joined(writer, group) for writer in writers]
        try:
            await self._store.commit(writes)
        except Exception:  # whatever it is: nobody is told of rows that are not on the disk
            _log.exception("%d rooms cannot be written; they are loaded anew", len(writers))
            for writer in writers:
                writer.fail()
            return
        # From here on nothing waits: commit, acknowledge and publish are one step.
        self.count += 1
        self.rows += sum(len(write.rows) for write in writes)
        for writer, ticket in writers.items():
            if not writer.dead:
                _tell(writer, ticket)


def _tell(writer: Writer, ticket: int) -> None:
    try:
        writer.committed(ticket)
    except Exception:  # a defect in one room is not the end of the others
        _log.exception("the room %s is loaded anew", writer.name)
        writer.fail()


def _joined(writer: Writer, group: list[tuple[Writer, Append]]) -> Write:
    appends = [append for other, append in group if other is writer]
    return Write(
        writer.name,
        tuple(row for append in appends for row in append.rows),
        tuple(each for append in appends for each in append.refusals),
        tuple(each for append in appends for each in append.access),
    )
