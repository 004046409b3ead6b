"""A notebook that lives in this process and is numbered by it, until it is shared.

async with local_notebook(store, imported) as local:
    local.notebook                      # `foldbook.api.Notebook`
    link = await local.share(relay, token, Role.RUN)
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from foldbook.api import Notebook
from foldbook.authority import LocalAuthority
from foldbook.commands import Stamp
from foldbook.commands.notebooks import Introduce
from foldbook.errors import Refused
from foldbook.guests import Guests
from foldbook.ipynb import ImportedNotebook, to_events
from foldbook.link import ShareLink
from foldbook.native.beside import Beside, beside
from foldbook.native.outside import outside, surroundings
from foldbook.peer import Peer
from foldbook.publishing import link_for, publish
from foldbook.relaying import Relaying
from foldbook.row import Role
from foldbook.saver import Saver
from foldbook.sealed_blobs import OLDER
from foldbook.store import Store, load
from foldbook.ties import Surroundings

NAME: Final = "foldbook run"
"""What others see of it."""


@dataclass(slots=True)
class Local:
    """An open notebook. guests: where its runtimes come in. relaying: its line to the relay, where
    it is shared."""

    notebook: Notebook
    peer: Peer
    guests: Guests
    authority: LocalAuthority
    around: Surroundings
    secret: bytes
    works: Beside
    relaying: Relaying | None = None

    async def share(self, relay: str, token: str, role: Role) -> ShareLink:
        """Share it, and return when others can come by the link that is given back.

        token: the relay asks for it, of whoever makes a room. Raises `Refused`, `BadLink`.
        """
        world = outside()
        share = await publish(world, relay, token, self.authority, self.peer, self.secret)
        saver = self.authority.saver
        self.relaying = relaying = Relaying(
            world, share, self.peer, saver, self.around, self.secret, warn=print
        )
        for work in relaying.works({OLDER: share.base}):
            self.works.start(work)
        await self.peer.until(lambda: self.peer.is_linked or self.trouble is not None)
        if self.trouble is not None:
            raise Refused("share", self.trouble)
        self.works.start(self.notebook.attend(NAME))
        made = await link_for(relaying.sharing, self.peer, self.around, role)
        return share.link_for(role, made.token)

    @property
    def trouble(self) -> str | None:
        """See `foldbook.relaying.Relaying`; None where it is not shared."""
        return None if self.relaying is None else self.relaying.trouble

    async def delivered(self) -> None:
        """Return when the relay has everything. Raises `Refused`."""
        if self.relaying is None:
            return
        await self.peer.drained(0)
        await self.peer.until(lambda: not self.peer.waiting)
        await self.relaying.blobs.sent()


@asynccontextmanager
async def local_notebook(
    store: Store, imported: ImportedNotebook, name: str = NAME
) -> AsyncIterator[Local]:
    """Hold a new notebook with what a file has, while the block runs; at its end all is kept.

    store: an empty one. name: what others see of whoever makes it.
    """
    async with kept_notebook(store) as local:
        _fill(local, imported, name)
        yield local


@asynccontextmanager
async def kept_notebook(store: Store) -> AsyncIterator[Local]:
    """Hold the notebook that a store has, or is to have, while the block runs."""
    around = surroundings()
    secret, name = around.secret(), around.secret().hex()[:16]
    loaded = await load(store)
    saver = Saver(store, pause=around.pause)
    epoch = around.secret().hex()[:32]
    authority = LocalAuthority(name, loaded, saver, epoch=epoch, now=around.now)
    peer = Peer.local(authority, loaded, secret, around)
    guests = Guests(peer, around.secret, around.now)
    try:
        async with beside() as works:
            works.start(authority.run())
            notebook = Notebook(peer, around.now)
            try:
                yield Local(notebook, peer, guests, authority, around, secret, works)
            finally:
                notebook.close()
                await saver.flush()
    finally:
        await store.close()


def _fill(local: Local, imported: ImportedNotebook, name: str) -> None:
    peer, around = local.peer, local.around
    stamp = Stamp(peer.session, peer.actor, peer.role, around.now(), f"{peer.session}/import")
    decision = to_events(imported, stamp, local.authority.room.name)
    for data in decision.blobs.values():
        peer.put_blob(data)
    peer.append(decision.events)
    peer.submit(Introduce(name=name, actor_kind="agent"))
