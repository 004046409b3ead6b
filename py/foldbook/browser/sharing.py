"""Sharing as the page asks for it: begun, joined, its links and people; and who is here now."""

import asyncio
import hashlib
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from foldbook.authority import LocalAuthority
from foldbook.browser.here import Here
from foldbook.browser.page import Page
from foldbook.errors import Refused
from foldbook.joining import Told
from foldbook.link import parse
from foldbook.peer import Change, Peer, Surroundings
from foldbook.relaying import Relaying
from foldbook.row import Role, Row
from foldbook.saver import Saver
from foldbook.sharing import SHARE, MadeLink, Share, Sharing, begin, pieces
from foldbook.store import Batch, MetaValue
from foldbook.upstream import Outside
from foldbook.wire import ROOM

_NOTHING: Final[Mapping[str, MetaValue]] = {}
_OWNER: Final = "owner"  # the id of the link that a room begins with
_BLOB: Final = re.compile(rb'"([0-9a-f]{64})"')

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
        self.distrust: Callable[[], None] = lambda: None
        self._page = page
        self._outside = outside
        self._peer = peer
        self._saver = saver
        self._around = around
        self._secret = secret
        self._authority = authority
        self._relaying: Relaying | None = None
        self._told: Mapping[str, Any] | None = None
        self._was_linked = self._was_ever_linked = False
        peer.subscribe(self._follow)

    @property
    def is_shared(self) -> bool:
        """Whether a relay numbers the rows, or is going to."""
        return self._sharing is not None

    @property
    def _sharing(self) -> Sharing | None:
        return self._relaying.sharing if self._relaying is not None else None

    def begin(self, share: Share, meta: Mapping[str, MetaValue] = _NOTHING) -> Relaying:
        """Be linked from now on. meta: what the store has of what is still to be done."""
        relaying = self._relaying = Relaying(
            self._outside,
            share,
            self._peer,
            self._saver,
            self._around,
            self._secret,
            warn=self._warn,
            make=self.make_snapshot,
            distrust=self.distrust,
            beat=self.here.expire,
        )
        for work in relaying.works(meta):
            self.start(work)
        return relaying

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
        relaying = self._relaying
        if relaying is None or not link.is_same_room(relaying.sharing.share.link):
            raise Refused("share", "a notebook of this name is here already, and is another one")
        share = relaying.sharing.share
        if not link.gives_more(share.link) and not self._peer.ended:
            return
        had_ended = self._peer.ended is not None
        if share.link.role is not Role.OWN:
            relaying.sharing.change(replace(share, link=link))
        self._peer.join_by(link.token.hex())
        if had_ended:
            for work in relaying.link_anew():
                self.start(work)

    async def heard(self, message: Mapping[str, Any]) -> None:
        """A page tells where its reader is, or that the network, or the tab, is back."""
        if message["t"] == "presence":
            self.here.place(message)
        elif self._relaying is not None:
            await self._relaying.check()

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
        self._keep(share)
        blobs = self.begin(share).blobs
        offered: set[str] = set()
        async for rows in pieces(self._saver.rows, share.base):
            for digest in set(_blobs_of(rows)) - offered:
                offered.add(digest)
                if await self._saver.blob(digest) is not None:
                    blobs.offer(digest)

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

    def _keep(self, share: Share) -> None:
        self._saver.put(Batch(meta={SHARE: share.pack()}))

    def _warn(self, message: str) -> None:
        self._page.post({"t": "toast", "kind": "share", "message": message})


def _unstarted(_work: Awaitable[Any]) -> None:
    raise AssertionError("the host says how work is started")


def _blobs_of(rows: Sequence[Row]) -> list[str]:
    """What may be digests of blobs in these rows, once each."""
    found = (match for row in rows for match in _BLOB.findall(row.payload))
    return list(dict.fromkeys(each.decode() for each in found))
