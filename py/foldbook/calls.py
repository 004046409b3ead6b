"""Calls that wait for an answer: who asked what of whom, and until when. Pure."""

from dataclasses import dataclass
from typing import Final

from foldbook.wire import Call

LIFETIME: Final = 30_000
"""Milliseconds after which nobody waits any longer."""
LIMIT: Final = 64
"""Calls of one connection that may wait at once."""


@dataclass(frozen=True, slots=True)
class _Waiting:
    asker: int
    id: str
    to: str
    until: int


class CallBook:
    """The calls under way. Askers name their calls themselves; here each has one name."""

    def __init__(self) -> None:
        self._waiting: dict[str, _Waiting] = {}
        self._count = 0

    def is_full(self, asker: int) -> bool:
        """Whether this connection has as many calls waiting as it may."""
        return sum(each.asker == asker for each in self._waiting.values()) >= LIMIT

    def enter(self, asker: int, call: Call, now: int) -> str:
        """Remember a call; returns the name under which the runtime is asked."""
        self._count += 1
        name = str(self._count)
        self._waiting[name] = _Waiting(asker, call.id, call.to, now + LIFETIME)
        return name

    def settle(self, name: str, by: str) -> tuple[int, str] | None:
        """The call is answered by a session: (asker, the asker's name for it), once."""
        found = self._waiting.get(name)
        if found is None or found.to != by:
            return None
        del self._waiting[name]
        return found.asker, found.id

    def expire(self, now: int) -> list[tuple[int, str]]:
        """Forget the calls that have waited too long, and return them."""
        return self._forget([name for name, each in self._waiting.items() if each.until < now])

    def drop(self, connection: int, session: str) -> list[tuple[int, str]]:
        """A connection is gone: forget what it asked; return what others asked of it."""
        asked = [name for name, each in self._waiting.items() if each.asker == connection]
        self._forget(asked)
        return self._forget([name for name, each in self._waiting.items() if each.to == session])

    def _forget(self, names: list[str]) -> list[tuple[int, str]]:
        gone = [self._waiting.pop(name) for name in names]
        return [(each.asker, each.id) for each in gone]
