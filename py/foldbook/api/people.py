"""Who is here, and what runs here: people and runtimes, for programs."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from foldbook.notebook import Runtime as State
from foldbook.peer import Peer
from foldbook.people import People, Shown
from foldbook.wire import Presence


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody else who is connected now: a person, or a program. cell: the id of the cell
    where they are, if they show it."""

    session: str
    name: str
    kind: Literal["person", "agent", "runtime"]
    cell: str | None


@dataclass(frozen=True, slots=True)
class Runtime:
    """A runtime that the notebook has. id: its session; status: "starting", "idle", "busy", or
    "unreachable" where it is not connected at the moment."""

    id: str
    name: str
    kind: str
    language: str
    status: str
    selected: bool


class Gathering:
    """Who is here, as their presence shows. now: ms since 1970. changed: called when that is
    different.
    """

    def __init__(self, peer: Peer, now: Callable[[], int], changed: Callable[[], None]) -> None:
        self._peer = peer
        self._now = now
        self._changed = changed
        self._people = People()
        peer.on_presence = self._hear

    @property
    def people(self) -> tuple[Person, ...]:
        """The others, by session."""
        actors = self._peer.notebook.actors
        found = []
        for each in self._people.listed(self._now()):
            known = actors.get(each["actor"])
            name = known.name if known else each["name"]
            kind = known.kind if known else "person"
            found.append(Person(each["session"], name, kind, each["cell"]))
        return tuple(sorted(found, key=lambda person: person.session))

    def show(self, name: str) -> None:
        """Show others under this name that somebody is here; now and again while one is."""
        if self._peer.is_linked:
            self._peer.show_presence(Shown(mode="away", name=name).encode())

    def expire(self) -> None:
        """Whoever has shown nothing for too long is not here."""
        if self._people.expire(self._now()):
            self._changed()

    def _hear(self, presence: Presence) -> None:
        if self._people.hear(presence.session, presence.actor, presence.state, self._now()):
            self._changed()


def runtimes_of(peer: Peer) -> tuple[Runtime, ...]:
    """The runtimes that have not ended, the oldest first."""
    notebook = peer.notebook
    busy = {each.owner for each in notebook.unfinished() if each.started is not None}
    return tuple(
        Runtime(
            id=each.session,
            name=each.name,
            kind=each.kind,
            language=str(each.language.get("name", "")),
            status=_status(peer, each, each.session in busy),
            selected=each.session == notebook.selected_runtime,
        )
        for each in notebook.runtimes.values()
        if each.status not in ("stopped", "lost")
    )


def _status(peer: Peer, runtime: State, busy: bool) -> str:
    home = peer.notebook.homes.get(runtime.session, runtime.session)
    if home != peer.session and home not in peer.present:
        return "unreachable"
    if runtime.status == "starting":
        return "starting"
    return "busy" if busy else "idle"
