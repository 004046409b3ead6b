"""What sessions show of themselves at the moment: the newest of each, for a short time. Pure."""

from dataclasses import dataclass
from typing import Final

from foldbook.wire import Presence

LIFETIME: Final = 30_000
"""Milliseconds for which newcomers are told of it."""
PER_SECOND: Final = 30
"""Presences of one connection that are passed on; more are dropped, a newer one follows."""


@dataclass(slots=True)
class _Shown:
    presence: Presence
    at: int


class Presences:
    """The newest presence of every session."""

    def __init__(self) -> None:
        self._shown: dict[str, _Shown] = {}
        self._recent: dict[int, tuple[int, int]] = {}  # connection -> (second's begin, count)

    def take(self, connection: int, presence: Presence, now: int) -> bool:
        """A session shows itself (stamped with its ids); False where it does so too often."""
        begin, count = self._recent.get(connection, (now, 0))
        if now - begin >= 1000 or now < begin:
            begin, count = now, 0
        if count >= PER_SECOND:
            return False
        self._recent[connection] = (begin, count + 1)
        if presence.state:
            self._shown[presence.session] = _Shown(presence, now)
        else:
            self._shown.pop(presence.session, None)
        return True

    def current(self, now: int) -> list[Presence]:
        """What a newcomer is told."""
        old = [name for name, each in self._shown.items() if now - each.at > LIFETIME]
        for name in old:
            del self._shown[name]
        return [each.presence for each in self._shown.values()]

    def drop(self, connection: int, session: str) -> None:
        """A connection, and with it the session, is gone."""
        self._recent.pop(connection, None)
        self._shown.pop(session, None)
