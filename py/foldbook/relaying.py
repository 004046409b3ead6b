"""A notebook whose rows a relay numbers, at work: fetched, linked, kept alive, its files sent.

    fetch          fills a store, where one comes by a link for the first time
    complete       has the rest fetched, where the snapshot that one came in by is lost
    shared_peer    the peer over what the store has
    Relaying       from then on: the line, files both ways, the history behind a snapshot, snapshots
                   for others

The page and native processes both stand on it.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, Final

from foldbook.errors import Refused
from foldbook.joining import History, Owed, Told, fetch_base, fetch_owed, fetch_snapshot
from foldbook.link import ShareLink
from foldbook.margin import Margin
from foldbook.notebook import Notebook
from foldbook.offers import Offers
from foldbook.peer import Peer, Surroundings, session_secret
from foldbook.rescue import Rescue
from foldbook.saver import Saver
from foldbook.sealed_blobs import OLDER, SealedBlobs
from foldbook.sharing import SHARE, Share, Sharing, join, secret_at
from foldbook.store import EPOCH, HISTORY, Batch, Loaded, MetaValue, Store, load
from foldbook.upstream import Outside
from foldbook.wire import ROOM, Hello

ALIVE: Final = 25.0
"""Seconds after which a relay that said nothing is asked whether it is there."""
PATIENCE: Final = 10.0
"""Seconds that it has to answer."""

_TRYING: Final = "trying"
"""In the meta from when somebody's snapshot is read until that is done: whoever finds it there
comes after a worker that did not live to see it, and takes the rows."""


async def fetch(
    outside: Outside, link: ShareLink, secret: bytes, store: Store, loaded: Loaded
) -> Loaded:
    """What an empty store has after a shared notebook was put into it. Raises `Refused`.

    secret: the person's; the relay is shown the one for this room. loaded: what the store had. A
    snapshot at whose reading this process ended once is not read again.
    """
    actor_secret = secret_at(link, secret)
    share = await join(outside, link, actor_secret)
    batch = Batch(meta={SHARE: share.pack(), EPOCH: share.epoch, _TRYING: None})

    async def trying() -> None:
        await store.commit(Batch(meta={_TRYING: 1}), "strict")

    found = None
    if _TRYING not in loaded.meta:
        found = await fetch_snapshot(outside, share, actor_secret, Margin.of, trying)
    if found is None:
        batch.confirmed = await fetch_base(outside, share, actor_secret)
    else:
        batch.snapshot = found.folded
        batch.meta[HISTORY] = found.owed.pack()
    await store.commit(batch, "strict")
    await store.close()
    return await load(store)


async def complete(outside: Outside, secret: bytes, store: Store, loaded: Loaded) -> Loaded:
    """What the store has after the rows were fetched that its snapshot stood for, where that
    cannot be read any more before all of them had come. secret: as for `fetch`. Raises `Refused`.
    """
    owed, kept = loaded.meta.get(HISTORY), loaded.meta.get(SHARE)
    if loaded.snapshot or loaded.damaged or not isinstance(owed, bytes):
        return loaded
    assert isinstance(kept, bytes), "only who joined owes rows"
    share = Share.unpack(kept)
    actor_secret = secret_at(share.link, secret)
    await fetch_owed(
        outside, share, actor_secret, owed, lambda batch: store.commit(batch, "strict")
    )
    await store.close()
    return await load(store)


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
    secret = session_secret(loaded, saver, around)
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
    checked: set, but for while a snapshot that one came in by is still to be checked.
    make: a snapshot of the confirmed rows for others; None: not from here. mend: what was made of
    the snapshot that one came in by was wrong, and is told what its rows come to. beat: called
    every `ALIVE` seconds.
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
        mend: Callable[[Margin], None] = lambda _margin: None,
        beat: Callable[[], None] = lambda: None,
    ) -> None:
        self._outside = outside
        self._peer = peer
        self._saver = saver
        self._around = around
        self._secret = actor_secret
        self._mend = mend
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
        self.checked.set()
        self.offers: Final = Offers(peer, self.sharing, around, make, warn)
        peer.elsewhere = self.blobs

    @property
    def trouble(self) -> str | None:
        """Why the peer is not linked, as far as is known; None while it is."""
        if self._peer.is_linked:
            return None
        return self._peer.ended or self.sharing.trouble or self._peer.trouble

    def works(self, meta: Mapping[str, MetaValue]) -> Iterable[Awaitable[Any]]:
        """What is to run beside the saver as long as the notebook is open. meta: what the store
        has of what is still to be done."""
        self.blobs.again(list(meta))
        works: list[Awaitable[Any]] = [*self.link_anew(), self.blobs.run(), self.offers.run()]
        owed = meta.get(HISTORY)
        if isinstance(owed, bytes):
            self.checked.clear()
            works.append(self._check_history(Owed.unpack(owed)))
        older = meta.get(OLDER)
        if isinstance(older, int):
            works.append(self.blobs.offer_older(self._saver.rows, older))
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

    async def _check_history(self, owed: Owed) -> None:
        if await self.offers.check(self._history(owed)):
            self.checked.set()

    async def _watch(self) -> None:
        """Ask the relay now and then whether it is there: a line may be dead and not say so."""
        while not self._peer.ended:
            await self._around.pause(ALIVE)
            self._beat()
            if self._peer.is_linked:
                await self.check()

    def _history(self, owed: Owed) -> History:
        def amend(notebook: Notebook) -> bool:
            if notebook.head != self._peer.log.head:
                return False
            self._mend(margin)
            margin.amend(notebook)
            return True

        margin = Rescue(self._peer, owed.seq)
        return History(
            self._outside,
            self.sharing.share,
            self._secret,
            self._saver,
            owed,
            pause=self._around.pause,
            margin=margin,
            amend=amend,
        )
