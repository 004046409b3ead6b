"""A shared notebook, held by a native process: opened by its link, kept on this disk, linked.

    async with opened(link, folder, secret) as held:
        await held.current()
        held.peer.submit(...)

Rows are kept, then sent; without a network it goes on, and what was not sent before the process
ended is sent by the next one that opens the folder.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from foldbook.errors import FoldbookError, Refused, StoreDamaged
from foldbook.keeping import Keeping
from foldbook.link import ShareLink
from foldbook.native.beside import beside
from foldbook.native.folders import make_private
from foldbook.native.outside import outside as native_outside
from foldbook.native.outside import surroundings
from foldbook.native.store import SqliteStore
from foldbook.peer import Change, Peer, Surroundings
from foldbook.relaying import Relaying, complete, fetch, shared_peer
from foldbook.saver import Saver, first_of
from foldbook.sharing import SHARE, Share, secret_at
from foldbook.store import Batch, Loaded, MemoryStore, Store, load
from foldbook.upstream import Outside

FILE: Final = "notebook.sqlite"
"""What the store of a folder is called."""

_LOG: Final = logging.getLogger(__name__)
_LAST_SECONDS: Final = 5.0  # that the disk gets where the block was ended by an error

Tell = Callable[[str], None]


@dataclass(slots=True)
class Held:
    """An open notebook. peer: whoever speaks through it. relaying: its line to the relay. meta:
    what the store had. folded: the seq up to which a snapshot stood for its rows. failing: set
    while the disk takes nothing. is_new: nothing was kept here before."""

    peer: Peer
    saver: Saver
    relaying: Relaying
    meta: dict[str, Any]
    folded: int
    failing: asyncio.Event
    is_new: bool

    @property
    def share(self) -> Share:
        """What is kept of its being shared."""
        return self.relaying.sharing.share

    @property
    def trouble(self) -> str | None:
        """See `foldbook.relaying.Relaying`."""
        return self.relaying.trouble

    def trusted(self, seq: int) -> bool:
        """Whether what this row says was seen to be signed where it must be, here.

        What is older than the room is as its owner told it; what a snapshot has folded is its
        maker's word, until the rows behind it are here and bear it out.
        """
        base = self.share.base
        return seq > (base if self.relaying.checked.is_set() else max(self.folded, base))

    async def current(self) -> None:
        """Return when it is linked, and has every row that there was then.

        Raises `Refused` where the relay wants nothing of us.
        """
        await self._or_ended(lambda: self.peer.is_current)

    async def delivered(self) -> None:
        """Return when the relay has every own row, and every own blob. Raises `Refused`."""
        await self.acknowledged()
        await self.relaying.blobs.sent()

    async def acknowledged(self) -> None:
        """Return when the relay has every own row. Raises `Refused`."""
        await self._or_ended(lambda: not self.peer.waiting)

    async def kept(self) -> None:
        """Return when everything is on this disk. Raises what the disk says, if it takes nothing
        (`StoreFull`, for one): then it is tried again meanwhile."""
        await first_of(self.saver.flush(), self.failing.wait())
        if self.saver.failed is not None:
            raise self.saver.failed

    async def _or_ended(self, condition: Callable[[], bool]) -> None:
        peer = self.peer
        await peer.until(lambda: condition() or peer.ended is not None)
        if peer.ended is not None and not condition():
            raise Refused(peer.ended_code or "ended", peer.ended)


@asynccontextmanager
async def opened(
    link: ShareLink,
    folder: Path | None,
    secret: bytes,
    *,
    outside: Outside | None = None,
    around: Surroundings | None = None,
    window: int = 0,
    warn: Tell = _LOG.warning,
) -> AsyncIterator[Held]:
    """Hold a notebook while the block runs. At the end everything is kept, if the disk takes it.

    folder: where it is kept; None: nowhere, it lasts as long as the block. secret: of whoever
    opens it, all over; the relay is shown one made from it. window: see `foldbook.sync.Sync`.
    warn: tells people.

    Raises `StoreHeld` where another process has it, `StoreDamaged`, `StoreFull`, and `Refused` or
    `BadLink` where the link leads nowhere and nothing is kept here.
    """
    outside, around = outside or native_outside(), around or surroundings()
    store: Store = MemoryStore()
    if folder is not None:
        store = SqliteStore(make_private(folder) / FILE)
    try:
        share, loaded, is_new = await _load(store, link, secret, outside)
        failing = asyncio.Event()

        def changed() -> None:
            failing.set() if saver.failed else failing.clear()

        saver = Saver(store, pause=around.pause, changed=changed)
        saver.put(Batch(meta={SHARE: share.pack()}))
        secret = secret_at(link, secret)
        peer = shared_peer(share, loaded, saver, around, secret, window)
        relaying = Relaying(outside, share, peer, saver, around, secret, warn=warn)
        held = Held(peer, saver, relaying, loaded.meta, loaded.start, failing, is_new)
        async with _working(held, _Snapshots(held, loaded).run()):
            yield held
    finally:
        await store.close()


async def _load(
    store: Store, link: ShareLink, secret: bytes, outside: Outside
) -> tuple[Share, Loaded, bool]:
    """What the store has; if need be, after the notebook was fetched, and whether it was."""
    loaded = await load(store)
    if loaded.damaged:
        first = loaded.damaged[0]
        raise StoreDamaged(
            f"what is kept of this notebook is damaged ({first.where}: {first.reason}); "
            "it is left as it is",
            first.where,
        )
    if SHARE not in loaded.meta:
        loaded = await fetch(outside, link, secret, store, loaded)
        return _share_of(loaded), loaded, True
    loaded = await complete(outside, secret, store, loaded)
    share = _share_of(loaded)
    if not link.is_same_room(share.link):
        raise Refused("share", "what is kept here under this link's name is another notebook")
    if not share.link.gives_more(link):
        share = replace(share, link=link)
    return share, loaded, False


def _share_of(loaded: Loaded) -> Share:
    kept = loaded.meta[SHARE]
    assert isinstance(kept, bytes), "written by nobody but us"
    return Share.unpack(kept)


@asynccontextmanager
async def _working(held: Held, *more: Coroutine[Any, Any, Any]) -> AsyncIterator[None]:
    """Everything that runs beside; a defect of it ends the block, and is raised."""
    async with beside() as works:
        for work in (held.saver.run(), *held.relaying.works(held.meta), *more):
            works.start(work)
        try:
            yield
            await held.kept()
        except BaseException:
            if not works.defects:
                with suppress(TimeoutError, FoldbookError):
                    async with asyncio.timeout(_LAST_SECONDS):
                        await held.kept()
            raise


class _Snapshots:
    """Keeps the fold beside the rows now and then, so that the next opening is fast."""

    def __init__(self, held: Held, loaded: Loaded) -> None:
        self._held = held
        self._keeping = Keeping(held.peer, loaded, dict)
        self._changed = asyncio.Event()
        held.peer.subscribe(self._notice)

    def _notice(self, change: Change) -> None:
        if change.confirmed:
            self._changed.set()

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await self._changed.wait()
            self._changed.clear()
            if not self._held.relaying.checked.is_set():
                continue  # what is not checked is not built upon
            if (folded := self._keeping.due()) is not None:
                self._held.saver.put(Batch(snapshot=folded), durability="relaxed")
            await asyncio.sleep(1)
