"""Which runtimes can be reached, as the relay tells it. Pure.

A session without a connection is looked for some time; then its runtimes are shown as unreachable.
Nothing is concluded from that, and while there is no way to the relay nothing is known.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Final

SILENCE: Final = 30_000
"""Milliseconds without a connection after which a session is called unreachable."""


class Reach:
    """See the module. now: ms, of a clock of this process."""

    def __init__(self, now: Callable[[], int]) -> None:
        self._now = now
        self._missed: dict[str, int] = {}

    def lost_sight(self) -> None:
        """There is no way to the relay: what it has told is old."""
        self._missed.clear()

    def look(
        self, sessions: Iterable[str], present: Iterable[str], gone: Mapping[str, int]
    ) -> tuple[dict[str, int | None], int | None]:
        """Those of the sessions that are unreachable, with the time since when (None: it is not
        known), and in how many ms somebody is to look again, if at all.

        present, gone: what the relay has told: who has a connection, and since when (by its clock,
        ms since 1970) others have none.
        """
        now, there = self._now(), frozenset(present)
        absent = [each for each in sessions if each not in there]
        self._missed = {each: self._missed.get(each, now) for each in absent}
        due = {each: self._due(each, gone.get(each)) for each in absent}
        away = {each: gone.get(each) for each in absent if due[each] <= now}
        waits = [at - now for at in due.values() if at > now]
        return away, min(waits, default=None)

    def _due(self, session: str, since: int | None) -> int:
        """The relay's clock may be wrong by hours: it makes nothing later than this one does."""
        missed = self._missed[session]
        latest = missed + SILENCE
        return latest if since is None else min(latest, max(missed, since + SILENCE))
