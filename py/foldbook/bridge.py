"""Bridges: how a change made on an older text finds its place in the newer one. Pure.

For each cell a `History` keeps what the fold did to its text, and for each session the *bridge*:
the changes of others that this session had not seen when it made its last row, rewritten so that
they lead from the text which the session saw to the text of the cell.

    text the session saw ──its change──▶ what it sees next
            │ bridge                          │ bridge, rewritten: kept for its next row
            ▼                                 ▼
    text of the cell ──change, rewritten──▶ text of the cell, from now on

A session's own rows are never in its bridge, whether it has seen them confirmed or not: they are
part of its text. Rows that it has seen leave the bridge; they are always its first ones.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from foldbook.errors import TextMisfit
from foldbook.text import Change, check, growth, normal, transform_pair

WINDOW: Final = 8192
"""Rows that a writer may be behind the head. A change made further back cannot count."""

PLACES: Final = 128
"""Sections of a change beyond which it is one in many places at once."""
ROOM: Final = 8192
"""Sections that all those of one cell have together, within some `WINDOW` rows."""
WORK: Final = 100_000
"""Sections that may be looked at to find one change its place. A tenth of a second, or half of
one in a browser: whoever writes rows that cost more keeps everybody's program busy for ever. A
keystroke that is a whole window behind comes to half of that."""

_CHUNK: Final = 64

Entry = tuple[int, Change]
"""The seq of a row and a change that it made."""


@dataclass(frozen=True, slots=True)
class History:
    """What later rows may need to know of a cell's text.

    tail, older: the changes folded into the text, in log order, the newest ones in ``tail``;
    ``older`` holds full chunks, so that adding one copies little. Nothing beyond `WINDOW` is
    needed. bridges: session -> (seq of its last row here, its bridge as of that row).
    """

    tail: tuple[Entry, ...] = ()
    older: tuple[tuple[Entry, ...], ...] = ()
    bridges: Mapping[str, tuple[int, tuple[Entry, ...]]] = field(default_factory=dict)


EMPTY: Final = History()


def admit(
    history: History,
    *,
    change: Change,
    length_before: int,
    session: str,
    seen: int,
    seq: int,
    length_now: int,
) -> tuple[History, Change]:
    """The history after this row, and its change rewritten for the text of the cell.

    ``change`` is over the text that the session saw, of ``length_before`` code points; the
    cell's text has ``length_now``. Raises `TextMisfit` where the change does not fit what its
    session must have seen, or costs too much. That the session is not
    too far behind is for the caller to check.
    """
    change = normal(change)
    bridge = _bridge(history, session, seen)
    expected = length_now - sum(growth(other) for _, other in bridge)
    if length_before != expected:
        raise TextMisfit(f"made on a text of {length_before}, the session saw one of {expected}")
    check(change, length_before)
    if len(change) > PLACES:
        _need_room(history, change)
    unseen: list[Entry] = []
    work = 0
    for at, other in bridge:
        work += len(change) + len(other)
        if work > WORK:
            raise TextMisfit(
                f"its {len(change)} sections and the {len(bridge)} changes of others since cost "
                "more than is admitted"
            )
        change, moved = transform_pair(change, other)
        unseen.append((at, moved))
    bridges = {**history.bridges, session: (seq, tuple(unseen))}
    return _added(history, (seq, change), bridges), change


def prune(history: History, seq: int) -> History:
    """The history without what no row after ``seq`` can need; the same one if that is nothing."""
    oldest = seq - WINDOW
    bridges = {who: each for who, each in history.bridges.items() if each[0] > oldest}
    older = tuple(chunk for chunk in history.older if chunk[-1][0] > oldest)
    tail = history.tail if history.tail and history.tail[-1][0] > oldest else ()
    if len(bridges) + len(older) + len(tail) == 0:
        return EMPTY
    kept = (len(tail), len(older), len(bridges))
    if kept == (len(history.tail), len(history.older), len(history.bridges)):
        return history
    return History(tail, older, bridges)


def newest(history: History) -> Entry | None:
    """The change that was folded last, with its row's seq."""
    chunk = history.tail or (history.older[-1] if history.older else ())
    return chunk[-1] if chunk else None


def _need_room(history: History, change: Change) -> None:
    chunks = (history.tail, *history.older)
    sizes = (len(other) for chunk in chunks for _, other in chunk)
    room = ROOM - sum(size for size in sizes if size > PLACES)
    if len(change) > room:
        raise TextMisfit(f"{len(change)} sections, with room for {room} before others are seen")


def _bridge(history: History, session: str, seen: int) -> list[Entry]:
    """Others' changes that the session has not seen, oldest first."""
    last, stored = history.bridges.get(session, (0, ()))
    after = max(last, seen)
    return [entry for entry in stored if entry[0] > seen] + _since(history, after)


def _since(history: History, after: int) -> list[Entry]:
    """Changes of rows after this seq, oldest first; costs as much as there are."""
    found: list[Entry] = []
    for chunk in (history.tail, *reversed(history.older)):
        for entry in reversed(chunk):
            if entry[0] <= after:
                found.reverse()
                return found
            found.append(entry)
    found.reverse()
    return found


def _added(
    history: History, entry: Entry, bridges: Mapping[str, tuple[int, tuple[Entry, ...]]]
) -> History:
    tail = (*history.tail, entry)
    if len(tail) < _CHUNK:
        return History(tail, history.older, bridges)
    return prune(replace(history, tail=(), older=(*history.older, tail), bridges=bridges), entry[0])
