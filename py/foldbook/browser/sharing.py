"""Sharing as the page asks for it: begun, joined, its links and people; and who is here now."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from foldbook.authority import LocalAuthority
from foldbook.browser.here import Here
from foldbook.browser.page import Page
from foldbook.errors import Refused
from foldbook.joining import Told, fetch_rows
from foldbook.link import parse
from foldbook.margin import Margin
from foldbook.peer import Change, Peer, Surroundings
from foldbook.pruning import is_pruned, whole
from foldbook.publishing import link_for, publish
from foldbook.relaying import Relaying
from foldbook.row import Role, Row
from foldbook.saver import Saver
from foldbook.sealed_blobs import OLDER
from foldbook.sharing import Share, Sharing
from foldbook.store import MetaValue
from foldbook.upstream import Outside
from foldbook.wire import ROOM

_OWNER: Final = "owner"  # the id of the link that a room begins with

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
        self._relaying: Relaying | None = None
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
        relaying = self._relaying
        return relaying is not None and (
            not relaying.checked.is_set() or relaying.sharing.share.stage != "open"
        )

    @property
    def has_all(self) -> bool:
        """Whether there is another copy."""
        return self._sharing is not None and self._peer.ended is None and not self.owes

    @property
    def unsent(self) -> frozenset[str]:
        """Blobs that are only here."""
        return frozenset(self._relaying.blobs.unsent if self._relaying else ())

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

    @property
    def _sharing(self) -> Sharing | None:
        return self._relaying.sharing if self._relaying is not None else None

    def begin(self, share: Share, meta: Mapping[str, MetaValue]) -> None:
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
            mend=self.mend,
            beat=self.here.expire,
        )
        for work in relaying.works(meta):
            self.start(work)

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
        share = await publish(
            self._outside, relay, token, self._authority, self._peer, self._secret
        )
        self._authority = None
        self.begin(share, {OLDER: share.base})

    async def _link(self, role: Role) -> dict[str, Any]:
        """A link for a role: the one that there is, or a new one."""
        sharing = self._need_own()
        revoked = [each["id"] for each in await self._listed() if each["revoked"]]
        known = await link_for(sharing, self._peer, self._around, role, revoked)
        fragment = sharing.share.link_for(role, known.token).fragment()
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

    def _warn(self, message: str) -> None:
        self._page.post({"t": "toast", "kind": "share", "message": message})


def _unstarted(_work: Awaitable[Any]) -> None:
    raise AssertionError("the host says how work is started")
