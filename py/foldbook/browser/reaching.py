"""How the runtimes of a notebook are, as far as this page can know: followed while it is open."""

import asyncio
from collections.abc import Callable, Mapping

from foldbook.peer import Change, Peer
from foldbook.reach import Reach


class Reaching:
    """See the module. now: ms. away: the runtimes that cannot be reached, with the time since when;
    apart: there is no way to the others. changed: called when either is another.
    """

    def __init__(self, peer: Peer, now: Callable[[], int]) -> None:
        self.away: Mapping[str, int | None] = {}
        self.apart = False
        self.changed: Callable[[], None] = lambda: None
        self._peer = peer
        self._reach = Reach(now)
        self._timer: asyncio.TimerHandle | None = None
        peer.subscribe(self._follow)

    def look(self) -> None:
        """See how they are now."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        peer = self._peer
        apart = peer.is_moved and not peer.is_linked
        away: dict[str, int | None] = {}
        if apart:
            self._reach.lost_sight()
        elif peer.is_moved:
            away = self._looked()
        if (away, apart) != (self.away, self.apart):
            self.away, self.apart = away, apart
            self.changed()

    def _looked(self) -> dict[str, int | None]:
        notebook = self._peer.notebook
        homes = {
            each.session: notebook.homes.get(each.session, each.session)
            for each in notebook.runtimes.values()
            if not each.has_ended
        }
        others = {home for home in homes.values() if home != self._peer.session}
        away, wait = self._reach.look(others, self._peer.present, self._peer.gone)
        if wait is not None:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(wait / 1000, self.look)
        return {session: away[home] for session, home in homes.items() if home in away}

    def _follow(self, _change: Change) -> None:
        self.look()
