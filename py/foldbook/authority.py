"""The authority of a notebook that is not shared: `Room` over the notebook's own store.

Its own peer joins in process. Rows are numbered at once, written together with whatever else the
next transaction holds, and only then acknowledged and published. While the store is full nothing
is lost: rows wait in memory, unacknowledged.
"""

from collections.abc import Callable
from typing import Final

import msgpack

from foldbook.effects import Append
from foldbook.ledger import Refusal, SessionRecord
from foldbook.notebook import Notebook
from foldbook.ring import KEEP
from foldbook.room import Room
from foldbook.saver import Saver
from foldbook.seats import Seats, check_readable
from foldbook.store import EPOCH, Batch, Loaded, MetaValue

_REFUSAL: Final = "refusal/"


class LocalAuthority(Seats):
    """Numbers and keeps one notebook's rows.

    loaded: what the store had; undamaged, or the rows cannot be gone on with (`BadRow`).
    epoch: used where the store has none yet. now: ms since 1970.
    """

    def __init__(
        self, name: str, loaded: Loaded, saver: Saver, *, epoch: str, now: Callable[[], int]
    ) -> None:
        known = loaded.meta.get(EPOCH)
        if not isinstance(known, str):
            known = epoch
            saver.put(Batch(meta={EPOCH: epoch}))
        room = Room(
            name,
            known,
            loaded.rows,
            _refusals(loaded.meta),
            check_readable,
            start=loaded.start,
            keep=KEEP,
            known=_sessions(loaded.begin().notebook),
        )
        super().__init__(room, now)
        self.saver: Final = saver

    async def run(self) -> None:
        """Write what is to be written, until cancelled."""
        try:
            await self.saver.run()
        finally:
            self.end()

    def write(self, append: Append) -> None:
        """See `Seats`; so for the following ones."""
        batch = Batch(confirmed=list(append.rows), meta=_as_meta(append.refusals))
        ticket = append.ticket
        self.saver.put(batch, lambda: self.committed(ticket))

    def put_blob(self, digest: str, data: bytes) -> None:
        """Into the store."""
        self.saver.put(Batch(blobs={digest: data}))

    async def get_blob(self, digest: str) -> bytes | None:
        """From the store."""
        return await self.saver.blob(digest)


def _sessions(notebook: Notebook) -> list[SessionRecord]:
    """What sessions had done up to a snapshot."""
    return [
        SessionRecord(session, n, notebook.seen.get(session, 0), first=n + 1)
        for session, n in notebook.numbers.items()
    ]


def _as_meta(refusals: tuple[Refusal, ...]) -> dict[str, MetaValue | None]:
    return {
        f"{_REFUSAL}{each.session}/{each.n}": msgpack.packb(
            [each.session, each.n, each.digest, each.code, each.reason]
        )
        for each in refusals
    }


def _refusals(meta: dict[str, MetaValue]) -> list[Refusal]:
    return [
        Refusal(*msgpack.unpackb(value))
        for name, value in meta.items()
        if name.startswith(_REFUSAL) and isinstance(value, bytes)
    ]
