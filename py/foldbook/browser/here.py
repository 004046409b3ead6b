"""Who is here: what the views of this browser show to others, and what others show to them."""

from collections.abc import Callable, Mapping
from typing import Any

from foldbook.browser.page import Page
from foldbook.peer import Peer
from foldbook.people import People, Shown
from foldbook.wire import Presence


class Here:
    """See the module. now: ms since 1970. guests: who is here and has no name in the log, as
    actor -> (name, hue); changed: called when these are others.
    """

    def __init__(self, page: Page, peer: Peer, now: Callable[[], int]) -> None:
        self.guests: Mapping[str, tuple[str, str]] = {}
        self.changed: Callable[[], None] = lambda: None
        self._page = page
        self._peer = peer
        self._now = now
        self._people = People()
        self._places: dict[str, Shown] = {}
        self._shown = Shown()
        self._name = self._hue = ""
        peer.on_presence = self._hear

    def call_me(self, name: str, hue: str) -> None:
        """How the person here wants to be called."""
        self._name, self._hue = name, hue
        self._show(self._shown)

    def place(self, message: Mapping[str, Any]) -> None:
        """A view tells where its reader is. Where several are open, the newest counts."""
        view = str(message["view"])
        cell = message.get("cell")
        shown = Shown(
            cell if isinstance(cell, str) else None,
            max(0, int(message.get("anchor") or 0)),
            max(0, int(message.get("head") or 0)),
            str(message.get("mode")),
        )
        self._places.pop(view, None)
        self._places[view] = shown
        present = [each for each in self._places.values() if each.mode != "away"]
        self._show(present[-1] if present else shown)

    def left(self, view: str) -> None:
        """A view is gone."""
        self._places.pop(view, None)

    def linked(self, linked: bool) -> None:
        """The line to the relay is there, or gone."""
        if linked:
            self._show(self._shown)
        else:
            self._people.clear()
        self.tell()

    def expire(self) -> None:
        """Whoever has shown nothing for too long is not here."""
        if self._people.expire(self._now()):
            self.tell()

    def tell(self) -> None:
        """Tell the views who is here."""
        others = self._people.listed(self._now())
        guests = {
            each["actor"]: (each["name"], each["hue"])
            for each in others
            if each["actor"] not in self._peer.notebook.actors
        }
        if guests != self.guests:
            self.guests = guests
            self.changed()
        me = {
            "session": self._peer.session,
            "actor": self._peer.actor,
            "you": True,
            "cell": self._shown.cell,
            "anchor": self._shown.anchor,
            "head": self._shown.head,
            "mode": self._shown.mode,
            "idle": False,
        }
        keys = me.keys()
        told = [{key: each[key] for key in keys} for each in others]
        self._page.post({"t": "people", "people": [me, *told] if self._peer.is_linked else []})

    def _show(self, shown: Shown) -> None:
        self._shown = Shown(shown.cell, shown.anchor, shown.head, shown.mode, self._name, self._hue)
        if self._peer.is_linked:
            self._peer.show_presence(self._shown.encode())

    def _hear(self, presence: Presence) -> None:
        if self._people.hear(presence.session, presence.actor, presence.state, self._now()):
            self.tell()
