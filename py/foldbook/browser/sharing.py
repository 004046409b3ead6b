"""Sharing as the page asks for it: begun, joined, its links and people; and who is here now."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from foldbook.authority import LocalAuthority
from foldbook.browser.here import Here
from foldbook.browser.margin import Margin
from foldbook.browser.offers import Offers
from foldbook.browser.page import Page
from foldbook.browser.rescue import Rescue
from foldbook.errors import Refused
from foldbook.joining import History, Owed, Told, fetch_rows
from foldbook.link import ShareLink, parse
from foldbook.notebook import Notebook
from foldbook.peer import Change, Peer, Surroundings
from foldbook.pruning import is_pruned, whole
from foldbook.row import Role, Row
from foldbook.saver import Saver
from foldbook.sealed_blobs import OLDER, SealedBlobs
from foldbook.sharing import SHARE, MadeLink, Share, Sharing, begin
from foldbook.store import HISTORY, Batch, MetaValue
from foldbook.upstream import Outside
from foldbook.wire import ROOM

ALIVE: Final = 25.0
"""Seconds after which a relay that said nothing is asked whether it is there."""
PATIENCE: Final = 10.0
"""Seconds that it has to answer."""

_NOTHING: Final[Mapping[str, MetaValue]] = {}
_OWNER: Final = "owner"  # the id of the link that a room begins with
_ORDER: Final = (Role.VIEW, Role.COMMENT, Role.EDIT, Role.RUN, Role.OWN)

Start = Callable[[Awaitable[Any]], None]


class ShareDesk:
    """See the module.

    authority: numbers the rows as long as the notebook is not shared. secret: the person's.
    start: have work done beside everything else.
    """

    def __init__(
        self,
        page: Page,
        outside: Outside,
        peer: Peer,
        saver: Saver,
        around: Surroundings,
        secret: bytes,
        authority: LocalAuthority | None,
    ) -> None:
        self.here: Final = Here(page, peer, around.now)
        self.start: Start = _unstarted
        self.make_snapshot: Callable[[], Told | None] = lambda: None
        self.mend: Callable[[Margin], None] = lambda _margin: None
        self._page = page
        self._outside = outside
        self._peer = peer
        self._saver = saver
        self._around = around
        self._secret = secret
        self._authority = authority
        self._sharing: Sharing | None = None
        self._blobs: SealedBlobs | None = None
        self._checks = False
        self._told: Mapping[str, Any] | None = None
        self._was_linked = self._was_ever_linked = False
        peer.subscribe(self._follow)

    @property
    def is_shared(self) -> bool:
        """Whether a relay numbers the rows, or is going to."""
        return self._sharing is not None

    @property
    def owes(self) -> bool:
        """See `foldbook.browser.space.Elsewhere`; so for the following ones."""
        sharing = self._sharing
        return self._checks or (sharing is not None and sharing.share.stage != "open")

    @property
    def has_all(self) -> bool:
        """Whether there is another copy."""
        return self._sharing is not None and self._peer.ended is None and not self.owes

    @property
    def unsent(self) -> frozenset[str]:
        """Blobs that are only here."""
        return frozenset(self._blobs.unsent if self._blobs else ())

    async def rows(self, after: int, limit: int) -> list[Row]:
        """Confirmed rows as `foldbook.store.Store.rows` gives them; those that are not kept here
        any more as the relay has them, where it gives them out."""
        rows = await self._saver.rows(after, limit)
        lacking = [row.seq for row in rows if is_pruned(row)]
        if self._sharing is None or not lacking:
            return rows
        first, last = lacking[0], lacking[-1]
        share = self._sharing.share
        try:
            found = await fetch_rows(self._outside, share, self._secret, first - 1, last)
        except Refused:  # what is here is true, too
            return rows
        there = {row.seq: row for row in found}
        return [whole(row, there.get(row.seq, row)) if is_pruned(row) else row for row in rows]

    def begin(self, share: Share, meta: Mapping[str, MetaValue] = _NOTHING) -> None:
        """Be linked from now on. meta: what the store has of what is still to be done."""
        sharing = self._sharing = Sharing(
            self._outside,
            share,
            self._secret,
            session=lambda: self._peer.session,
            changed=self._keep,
            history=self._saver.rows,
        )
        blobs = SealedBlobs(
            sharing.upstream,
            sharing.sealer,
            share.link.room,
            sharing.keys.name_of_blob,
            self._saver,
            self._around,
            self._warn,
        )
        blobs.again(list(meta))
        self._peer.elsewhere = blobs
        self._offers = Offers(self._peer, sharing, self._around, self.make_snapshot, self._warn)
        for work in (
            self._peer.keep_linked(sharing.connect),
            blobs.run(),
            self._watch(),
            self._offers.run(),
        ):
            self.start(work)
        older = meta.get(OLDER)
        if isinstance(older, int):
            self.start(blobs.offer_older(self._saver.rows, older))
        owed = meta.get(HISTORY)
        if isinstance(owed, bytes):
            self._checks = True
            self.start(self._check_history(self._history(share, owed)))

    async def _check_history(self, history: History) -> None:
        await self._offers.check(history)
        self._checks = False

    def _history(self, share: Share, owed: bytes) -> History:
        def amend(notebook: Notebook) -> bool:
            if notebook.head != self._peer.log.head:
                return False
            self.mend(margin)
            margin.amend(notebook)
            return True

        margin = Rescue(self._peer, Owed.unpack(owed).seq)

        return History(
            self._outside,
            share,
            self._secret,
            self._saver,
            owed,
            pause=self._around.pause,
            margin=margin,
            amend=amend,
        )

    def state(self) -> dict[str, Any]:
        """How sharing stands, without what only the relay knows."""
        sharing, peer = self._sharing, self._peer
        if sharing is None:
            return {"status": "local", "relay": None, "role": "own", "message": None, "waiting": 0}
        message = peer.ended or sharing.trouble or peer.trouble
        status = "ended" if peer.ended else "live" if peer.is_linked else "offline"
        if status == "offline" and message is None and not self._was_ever_linked:
            status = "connecting"
        return {
            "status": status,
            "relay": sharing.share.link.relay,
            "role": peer.role.value,
            "message": None if status == "live" else message,
            # While connected it changes with every key, and nobody is shown it.
            "waiting": 0 if status == "live" else peer.waiting,
        }

    async def answer(self, message: Mapping[str, Any]) -> Any:
        """What the page asks. Raises `FoldbookError`."""
        match message["do"]:
            case "state":
                return await self._whole()
            case "create":
                await self._create(str(message["relay"]), str(message.get("token") or ""))
                return await self._whole()
            case "link":
                link = await self._link(Role(message["role"]))
                return {"link": link, "state": await self._whole()}
            case "revoke":
                await self._peer.call(ROOM, "revoke_link", {"id": str(message["link"])})
                return await self._whole()
            case "remove":
                await self._peer.call(ROOM, "remove", {"actor": str(message["actor"])})
                return await self._whole()
            case "blob":
                return await self._arrived(str(message["digest"]))
            case other:
                raise Refused("share", f"nothing to do with {other!r} is known here")

    async def _arrived(self, digest: str) -> bool:
        """Fetch a blob, if somebody has sent it; a view that waits for it reads it then."""
        found = await self._peer.get_blob(digest) is not None
        await self._saver.flush()
        return found

    def join(self, fragment: str) -> None:
        """Another link to this notebook was followed: come in by it, if it gives more.

        Raises `BadLink`, and `Refused` where this notebook is not that of the link.
        """
        link = parse(fragment)
        if self._sharing is None or not _is_same_room(link, self._sharing.share.link):
            raise Refused("share", "a notebook of this name is here already, and is another one")
        share = self._sharing.share
        if not _gives_more(link, share.link) and not self._peer.ended:
            return
        had_ended = self._peer.ended is not None
        if share.link.role is not Role.OWN:
            self._sharing.change(replace(share, link=link))
        self._peer.join_by(link.token.hex())
        if had_ended:
            for work in (self._peer.keep_linked(self._sharing.connect), self._watch()):
                self.start(work)

    async def heard(self, message: Mapping[str, Any]) -> None:
        """A page tells where its reader is, or that the network, or the tab, is back."""
        if message["t"] == "presence":
            self.here.place(message)
        elif self._sharing is not None:
            if self._peer.is_linked:
                await self._check()
            else:
                self._peer.hurry()

    async def _create(self, relay: str, token: str) -> None:
        if self._sharing is not None or self._authority is None:
            raise Refused("share", "this notebook is shared already")
        room = self._authority.room
        share = await begin(self._outside, relay, token, room.name, room.epoch, self._secret)
        while self._peer.log.pending:
            await self._saver.flush()
            await asyncio.sleep(0)
        # From here to `move` nothing waits: the authority numbers nothing any more.
        share = replace(share, base=room.head, session=self._peer.session, n=self._peer.n)
        self._peer.move(room.name, room.epoch, share.link.token.hex())
        self._authority = None
        self._saver.put(Batch(meta={SHARE: share.pack(), OLDER: share.base}))
        self.begin(share, {OLDER: share.base})

    async def _link(self, role: Role) -> dict[str, Any]:
        """A link for a role: the one that there is, or a new one."""
        sharing = self._need_own()
        revoked = {each["id"] for each in await self._listed() if each["revoked"]}
        share = sharing.share
        known = next(
            (each for each in share.made if each.role is role and each.id not in revoked), None
        )
        if known is None:
            token, name = self._around.secret()[:16], self._around.secret().hex()[:12]
            digest = hashlib.sha256(token).hexdigest()
            told = {"id": name, "role": role.value, "token_hash": digest}
            await self._peer.call(ROOM, "add_link", told)
            known = MadeLink(name, role, token, self._around.now())
            sharing.change(replace(sharing.share, made=(*sharing.share.made, known)))
        fragment = share.link_for(role, known.token).fragment()
        return {"id": known.id, "role": role.value, "fragment": fragment}

    async def _whole(self) -> dict[str, Any]:
        """How sharing stands, with links and people where one may know them."""
        state = self.state() | {"links": [], "people": []}
        if self._sharing is None or not self._peer.is_linked or self._peer.role is not Role.OWN:
            return state
        share = self._sharing.share
        made = {each.id: share.link_for(each.role, each.token).fragment() for each in share.made}
        links = [
            {
                "id": each["id"],
                "role": each["role"],
                "fragment": made.get(each["id"]),
                "created": each["created"],
                "used": each["used"],
                "revoked": each["revoked"],
            }
            for each in await self._listed()
            if each["id"] != _OWNER
        ]
        return state | {"links": links, "people": await self._peer.call(ROOM, "people", {})}

    async def _listed(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = await self._peer.call(ROOM, "links", {})
        return found

    def _need_own(self) -> Sharing:
        if self._sharing is None:
            raise Refused("share", "this notebook is not shared")
        if self._peer.role is not Role.OWN:
            raise Refused("right", "only owners make links")
        return self._sharing

    def _follow(self, _change: Change) -> None:
        """Tell the page how it stands, where that is new."""
        linked = self._peer.is_linked
        if linked is not self._was_linked:
            self._was_linked = linked
            self._was_ever_linked = self._was_ever_linked or linked
            self.here.linked(linked)
        state = self.state()
        if state != self._told:
            self._told = state
            self._page.post({"t": "share", **state})

    async def _watch(self) -> None:
        """Ask the relay now and then whether it is there: a line may be dead and not say so."""
        while not self._peer.ended:
            await self._around.pause(ALIVE)
            self.here.expire()
            if self._peer.is_linked:
                await self._check()

    async def _check(self) -> None:
        try:
            async with asyncio.timeout(PATIENCE):
                await self._peer.call(ROOM, "whoami", {})
        except TimeoutError:
            self._peer.relink()
        except Refused:  # the line went while it was asked
            pass

    def _keep(self, share: Share) -> None:
        self._saver.put(Batch(meta={SHARE: share.pack()}))

    def _warn(self, message: str) -> None:
        self._page.post({"t": "toast", "kind": "share", "message": message})


def _unstarted(_work: Awaitable[Any]) -> None:
    raise AssertionError("the host says how work is started")


def _is_same_room(link: ShareLink, known: ShareLink) -> bool:
    """The key alone does not tell: everybody who reads has it, and could write another relay, or
    other people's right to run, into a link."""
    return (link.relay, link.key, link.verify) == (known.relay, known.key, known.verify)


def _gives_more(link: ShareLink, known: ShareLink) -> bool:
    if link.role not in _ORDER or known.role not in _ORDER:
        return False
    return _ORDER.index(link.role) > _ORDER.index(known.role)
