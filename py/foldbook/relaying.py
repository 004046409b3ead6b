"""A notebook whose rows a relay numbers, at work: fetched, linked, kept alive, its files sent.

    fetch          what a store begins with, where one comes by a link for the first time
    shared_peer    the peer over what the store has
    Relaying       from then on: the line, files both ways, the history behind a snapshot, snapshots
                   for others

The page and native processes both stand on it.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from foldbook.errors import Refused
from foldbook.joining import History, Told, fetch_base, fetch_snapshot
from foldbook.link import ShareLink
from foldbook.notebook import Notebook
from foldbook.offers import Offers
from foldbook.peer import Peer, Surroundings
from foldbook.saver import Saver
from foldbook.sealed_blobs import SealedBlobs
from foldbook.sharing import SHARE, Share, Sharing, join
from foldbook.store import EPOCH, HISTORY, SESSION, Batch, Loaded, MetaValue
from foldbook.upstream import Outside
from foldbook.wire import ROOM, Hello

ALIVE: Final = 25.0
"""Seconds after which a relay that said nothing is asked whether it is there."""
PATIENCE: Final = 10.0
"""Seconds that it has to answer."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """A shared notebook for a store that is empty. view: what may be drawn at once; None: there is
    none."""

    share: Share
    batch: Batch
    view: bytes | None = None


async def fetch(outside: Outside, link: ShareLink, actor_secret: bytes) -> Fetched:
    """What the store of somebody who comes by a link begins with. Raises `Refused`.

    actor_secret: that for this room (`foldbook.sharing.secret_at`).
    """
    share = await join(outside, link, actor_secret)
    batch = Batch(meta={SHARE: share.pack(), EPOCH: share.epoch})
    found = await fetch_snapshot(outside, share, actor_secret)
    if found is None:
        batch.confirmed = await fetch_base(outside, share, actor_secret)
        return Fetched(share, batch)
    batch.snapshot = found.folded
    batch.meta[HISTORY] = found.owed.pack()
    return Fetched(share, batch, found.view)


def shared_peer(
    share: Share,
    loaded: Loaded,
    saver: Saver,
    around: Surroundings,
    actor_secret: bytes,
    window: int = 0,
) -> Peer:
    """The peer of a notebook whose rows a relay numbers; it continues the store's session, and is
    not linked yet. window: see `foldbook.sync.Sync`."""
    secret = loaded.meta.get(SESSION)
    if not isinstance(secret, bytes):
        secret = around.secret()
        saver.put(Batch(meta={SESSION: secret}))
    link = share.link
    since, token = loaded.head, link.token.hex()
    hello = Hello(link.room, share.epoch, secret, actor_secret, since, token)

    async def connect() -> None:
        return None

    return Peer.linked(
        hello, connect, around, role=link.role, loaded=loaded, saver=saver, window=window
    )


class Relaying:
    """See the module.

    warn: tells people.
    checked: set once a snapshot that one came in by has been checked, and is right now.
    make: a snapshot of the confirmed rows for others; None: not from here. distrust: what was
    made of the snapshot that one came in by was wrong. beat: called every `ALIVE` seconds.
    """

    def __init__(
        self,
        outside: Outside,
        share: Share,
        peer: Peer,
        saver: Saver,
        around: Surroundings,
        actor_secret: bytes,
        *,
        warn: Callable[[str], None],
        make: Callable[[], Told | None] = lambda: None,
        distrust: Callable[[], None] = lambda: None,
        beat: Callable[[], None] = lambda: None,
    ) -> None:
        self._outside = outside
        self._peer = peer
        self._saver = saver
        self._around = around
        self._secret = actor_secret
        self._distrust = distrust
        self._beat = beat
        self.sharing: Final = Sharing(
            outside,
            share,
            actor_secret,
            session=lambda: peer.session,
            changed=lambda new: saver.put(Batch(meta={SHARE: new.pack()})),
            history=saver.rows,
        )
        self.blobs: Final = SealedBlobs(
            self.sharing.upstream,
            self.sharing.sealer,
            share.link.room,
            self.sharing.keys.name_of_blob,
            saver,
            around,
            warn,
        )
        self.checked: Final = asyncio.Event()
        self.offers: Final = Offers(peer, self.sharing, around, make, warn)
        peer.elsewhere = self.blobs

    def works(self, meta: Mapping[str, MetaValue]) -> Iterable[Awaitable[Any]]:
        """What is to run beside the saver as long as the notebook is open. meta: what the store
        has of what is still to be done."""
        self.blobs.again(list(meta))
        works: list[Awaitable[Any]] = [*self.link_anew(), self.blobs.run(), self.offers.run()]
        owed = meta.get(HISTORY)
        if isinstance(owed, bytes):
            works.append(self._check_history(owed))
        return works

    def link_anew(self) -> list[Awaitable[Any]]:
        """The works of the line alone: they end when it is ended for good, and are to be done
        again where one comes in by another link then."""
        return [self._peer.keep_linked(self.sharing.connect), self._watch()]

    async def check(self) -> None:
        """See whether the relay is there; where it does not say so, link anew."""
        if not self._peer.is_linked:
            self._peer.hurry()
            return
        try:
            async with asyncio.timeout(PATIENCE):
                await self._peer.call(ROOM, "whoami", {})
        except TimeoutError:
            self._peer.relink()
        except Refused:  # the line went while it was asked
            pass

    async def _check_history(self, owed: bytes) -> None:
        await self.offers.check(self._history(owed))
        self.checked.set()

    async def _watch(self) -> None:
        """Ask the relay now and then whether it is there: a line may be dead and not say so."""
        while not self._peer.ended:
            await self._around.pause(ALIVE)
            self._beat()
            if self._peer.is_linked:
                await self.check()

    def _history(self, owed: bytes) -> History:
        def amend(notebook: Notebook) -> bool:
            if notebook.head != self._peer.log.head:
                return False
            self._peer.amend(notebook)
            self._distrust()
            return True

        return History(
            self._outside,
            self.sharing.share,
            self._secret,
            self._saver,
            owed,
            pause=self._around.pause,
            amend=amend,
        )
