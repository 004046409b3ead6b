"""Folds that are kept: on one's own disk, and at the relay for whoever joins.

Notebooks are joined and snapshots made, left, fetched and checked by the product's own rooms; they
are stale by the time they are read, and some are not what the log says.
"""

from collections.abc import Mapping
from typing import Any

from foldbook import seal
from foldbook.browser.desk import Desk
from foldbook.errors import Refused
from foldbook.joining import History, Owed, Told, fetch_base, fetch_snapshot
from foldbook.link import ShareLink
from foldbook.margin import Margin
from foldbook.notebook import Notebook
from foldbook.offers import Offers
from foldbook.row import Role
from foldbook.sharing import Share, Sharing, join
from foldbook.snapshot import decode, encode
from foldbook.store import EPOCH, HISTORY, Batch, Loaded, MetaValue
from foldbook.upstream import Outside
from sim.lines import KEY, SEED, VERIFY, cipher, sealer
from sim.peer import Peer
from sim.people import TOKENS, Person
from sim.relay import ADDRESS, Relay, Web
from sim.world import World


def outside(web: Web) -> Outside:
    """The platform, for a machine with this network."""

    async def public_key(_seed: bytes) -> bytes:
        return VERIFY

    return Outside(web, cipher, public_key)


def link_of(role: Role) -> ShareLink:
    """The link by which people of this role come."""
    seed = SEED if role in (Role.RUN, Role.OWN) else None
    return ShareLink(ADDRESS, "book", role, bytes.fromhex(TOKENS[role]), KEY, VERIFY, seed)


async def joined(world: World, relay: Relay, secret: bytes, role: Role) -> tuple[Batch | None, str]:
    """What a newcomer's store begins with, and how it was joined: by "snapshot", by "rows" where
    none was left; None where the link has been revoked."""
    there = outside(Web(world, relay))
    while True:
        try:
            share = await join(there, link_of(role), secret)
            found = await fetch_snapshot(
                there, share, secret, Margin.of, lambda: world.loop.ticks(1)
            )
            if found is None:
                rows = await fetch_base(there, share, secret)
                return Batch(confirmed=rows, meta={EPOCH: share.epoch}), "rows"
            meta: dict[str, MetaValue | None] = {EPOCH: share.epoch, HISTORY: found.owed.pack()}
            return Batch(snapshot=found.folded, meta=meta), "snapshot"
        except Refused as why:
            if why.code == "denied":
                return None, "nothing"
            await world.loop.ticks(10)


async def published(world: World, owner: Person, base: int, session: str, n: int) -> None:
    """Return when the room is open: what is older is there, as segments."""
    sharing = Sharing(
        outside(owner.web),
        Share(link_of(Role.OWN), "e1", "draft", base, session, n),
        owner.actor_secret(),
        session=lambda: owner.replica.session,
        changed=lambda _: None,
        history=owner.saver.rows,
    )
    while sharing.share.stage == "draft":
        await sharing.connect()
        await world.loop.ticks(5)


class Folds:
    """The snapshots of one worker. base: rows up to this one are older than the room."""

    def __init__(self, person: Person, loaded: Loaded, base: int) -> None:
        self._person = person
        self._world = person.world
        peer: Any = Peer(person)
        self.desk = Desk(peer, loaded, None, None)
        share = Share(link_of(person.via), "e1", "open", base)
        self._share = share
        self._outside = outside(person.web)
        self._sharing = Sharing(
            self._outside,
            share,
            person.actor_secret(),
            session=lambda: person.replica.session,
            changed=lambda _: None,
            history=person.saver.rows,
        )
        self._offers = Offers(peer, self._sharing, person.world.around, self.desk.told, self._warn)

    def begin(self, meta: Mapping[str, MetaValue]) -> None:
        """Make them from now on. meta: what the store had."""
        works = self._person.works
        works.append(self._world.loop.work(self._keep()))
        works.append(self._world.loop.work(self._offer()))
        owed = meta.get(HISTORY)
        if isinstance(owed, bytes):
            margin = Margin()
            history = History(
                self._outside,
                self._share,
                self._person.actor_secret(),
                self._person.saver,
                Owed.unpack(owed),
                pause=self._world.loop.pause,
                margin=margin,
                amend=lambda notebook: self._amend(notebook, margin),
            )
            works.append(self._world.loop.work(self._offers.check(history)))

    async def _keep(self) -> None:
        person, saver = self._person, self._person.saver
        while not self._world.calm:
            await self._world.loop.ticks(self._world.rng.randint(4, 16))
            while person.replica.unsaved:
                await saver.flush()
            found = self.desk.keeping.due()
            if found is not None:
                person.book.count("fold kept")
                saver.put(Batch(snapshot=found), durability="relaxed")

    async def _offer(self) -> None:
        while not self._world.calm:
            await self._world.loop.ticks(self._world.rng.randint(2, 5))
            await self.offer()

    async def offer(self) -> None:
        """Leave one at the relay, if that is due."""
        if self._person.local is None:
            await self._offers.offer()

    def _amend(self, notebook: Notebook, margin: Margin) -> bool:
        if notebook.head != self._person.replica.log.head:
            return False
        self.desk.mend(margin)
        self._person.replica.amend(notebook)
        return True

    def _warn(self, _message: str) -> None:
        self._person.book.count("false fold found")


async def forge(person: Person, folds: Folds, relay: Relay) -> None:
    """Somebody with the key leaves a snapshot that is not what the log says."""
    told = folds.desk.told()
    head = person.replica.log.head
    if told is None or head in relay.snapshots:
        return
    found = decode(told.data)
    notebook = found.notebook
    if not notebook.cells:
        return
    gone = person.world.rng.choice(list(notebook.cells))
    del notebook.cells[gone]
    false = Told(encode(notebook, found.beside), told.maker)
    data = seal.data_of_snapshot("book", "e1", head)
    [sealed] = await (await sealer()).seal([(data, false.pack())])
    relay.snapshots[head] = sealed
    person.book.count("false fold")
