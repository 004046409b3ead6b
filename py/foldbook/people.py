"""Who is here, and where: what sessions show of themselves. Ephemeral: nothing of it is kept. Pure.

A state is a JSON object, as a page makes it: the cell, the selection in it, whether its reader
types. What others send may be anything; what does not fit is taken for nothing.
"""

import json
from dataclasses import dataclass, field
from typing import Any, Final

TTL: Final = 30_000
"""Milliseconds after which a session that shows nothing any more is not there."""
IDLE: Final = 120_000
"""Milliseconds without a change after which somebody is called idle."""

MODES: Final = frozenset({"edit", "select", "away"})
_NAME: Final = 100  # characters


@dataclass(frozen=True, slots=True)
class Shown:
    """What a session shows: the cell and the selection in it in code points; the name and the hue
    that its person wants, who may not have the right to write them into the log."""

    cell: str | None = None
    anchor: int = 0
    head: int = 0
    mode: str = "select"
    name: str = ""
    hue: str = ""

    def encode(self) -> bytes:
        """As it travels, inside its seal."""
        return json.dumps(
            [self.cell, self.anchor, self.head, self.mode, self.name, self.hue]
        ).encode()


def decode(state: bytes) -> Shown:
    """What these bytes show; nothing where they make no sense."""
    try:
        values = json.loads(state)
    except (ValueError, RecursionError):
        return Shown()
    match values:
        case [cell, int(anchor), int(head), str(mode), str(name), str(hue)]:
            where = cell if isinstance(cell, str) else None
            mode = mode if mode in MODES else "select"
            return Shown(where, max(0, anchor), max(0, head), mode, name[:_NAME], hue[:_NAME])
        case _:
            return Shown()


@dataclass(slots=True)
class _Here:
    actor: str
    shown: Shown
    heard: int
    changed: int


@dataclass(slots=True)
class People:
    """The sessions of others that show something."""

    _here: dict[str, _Here] = field(default_factory=dict)

    def hear(self, session: str, actor: str, state: bytes, now: int) -> bool:
        """A session shows something, or with an empty state nothing any more.

        Returns whether anything is different now. now: ms since 1970.
        """
        if not state:
            return self._here.pop(session, None) is not None
        shown = decode(state)
        known = self._here.get(session)
        if known is not None and known.shown == shown:
            was_idle = now - known.changed > IDLE
            known.heard = now
            return was_idle
        self._here[session] = _Here(actor, shown, now, now)
        return True

    def expire(self, now: int) -> bool:
        """Forget who has shown nothing for too long; returns whether there was one."""
        gone = [session for session, each in self._here.items() if now - each.heard > TTL]
        for session in gone:
            del self._here[session]
        return bool(gone)

    def clear(self) -> bool:
        """There is no connection: nobody is known to be here. Returns whether anybody was."""
        was = bool(self._here)
        self._here.clear()
        return was

    def listed(self, now: int) -> list[dict[str, Any]]:
        """Everybody, for a screen."""
        return [
            {
                "session": session,
                "actor": each.actor,
                "you": False,
                "cell": each.shown.cell,
                "anchor": each.shown.anchor,
                "head": each.shown.head,
                "mode": each.shown.mode,
                "idle": now - each.changed > IDLE,
                "name": each.shown.name,
                "hue": each.shown.hue,
            }
            for session, each in self._here.items()
        ]
