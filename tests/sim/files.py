"""Blobs in a story: kept before the row that names them, sent when the relay can be reached, waited
for by whoever reads; they come late, or never, or are not what they should be.
"""

import hashlib
from collections.abc import Iterable

from foldbook.errors import Refused
from foldbook.events.files import FileAdded
from foldbook.row import Row
from foldbook.saver import Saver
from foldbook.sealed_blobs import SealedBlobs
from foldbook.ties import Ties
from foldbook.upstream import Upstream
from sim.book import Book, understood
from sim.lines import KEYS, sealer
from sim.relay import ADDRESS, Relay, Web
from sim.world import World

LATE = 12
"""Ticks after which a blob came late."""


class Files:
    """The blobs of one worker's notebook, by the product's own ties and uploads."""

    def __init__(
        self, world: World, book: Book, relay: Relay, web: Web, saver: Saver, token: bytes,
        secret: bytes,
    ) -> None:  # fmt: skip
        self.stays: set[str] = set()  # for good: the relay does not want them
        self._world = world
        self._book = book
        self._relay = relay
        self._saver = saver
        self._ties = Ties(world.around, saver)
        upstream = Upstream(web, ADDRESS, "book", token, secret)
        self._blobs = SealedBlobs(
            upstream, sealer, "book", KEYS.name_of_blob, saver, world.around, self._told
        )

    def begin(self, names: Iterable[str]) -> None:
        """The notebook is shared, and this is its worker. names: those in the store's meta."""
        self._ties.elsewhere = self._blobs
        self._blobs.again(names)

    async def run(self) -> None:
        """Send what is to be sent."""
        await self._blobs.run()

    async def offer_older(self, last: int) -> None:
        """The notebook has just been shared: others want what its rows name."""
        await self._blobs.offer_older(self._saver.rows, last)

    def put(self, data: bytes, before: int) -> str:
        """Keep bytes; returns their name."""
        return self._ties.put_blob(data, before)

    async def read(self, digest: str) -> bytes | str | None:
        """The bytes; why not, where there is a reason; None where they are not there."""
        begun = self._world.time
        try:
            data = await self._ties.get_blob(digest)
        except Refused as why:
            self._book.count("blob: " + why.code)
            return why.code
        if data is None:
            self._book.count("blob: not there")
            return None
        assert hashlib.sha256(data).hexdigest() == digest, "a blob that is another one"
        self._book.count("blob: late" if self._world.time - begun > LATE else "blob: read")
        return data

    def _told(self, message: str) -> None:
        self._book.count("blob: stays")


def named(row: Row) -> str | None:
    """The blob that a row names, if it does."""
    event = understood(row)
    return event.digest if isinstance(event, FileAdded) else None


def named_in(rows: list[Row]) -> set[str]:
    """The blobs that rows name."""
    return {name for row in rows if (name := named(row)) is not None}
