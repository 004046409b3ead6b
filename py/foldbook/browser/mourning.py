"""At the opening of a notebook: what became of the runtimes that this browser had."""

from typing import Final

from foldbook.events.base import Event
from foldbook.events.executions import ExecutionCancelled
from foldbook.events.runtimes import RuntimeLost
from foldbook.notebook import Notebook, Status
from foldbook.peer import Peer
from foldbook.row import RIGHTS, Kind

CLOSED: Final = "the tab that held it was closed"
CRASHED: Final = "the notebook worker crashed"


def mourn(peer: Peer, own: str | None, reason: str) -> None:
    """Runtimes that are gone are lost, and with them what they ran. own: the one that is just
    being started."""
    notebook = peer.notebook
    events: list[Event] = [
        RuntimeLost(runtime=session, reason=reason)
        for session in _orphaned(notebook, own, alone=not peer.is_moved)
        if _is_ours(peer, session)
    ]
    events += [
        ExecutionCancelled(execution_id=each.id)
        for each in notebook.unfinished()
        if each.runtime is None and each.status is Status.QUEUED
        if each.requested.session == peer.session or not peer.is_moved
    ]
    if events and Kind.RUN in RIGHTS[peer.role]:
        peer.append(events)


def _is_ours(peer: Peer, runtime: str) -> bool:
    """Whether a runtime, or one that runs wait for, is or was one of this browser."""
    notebook = peer.notebook
    if not peer.is_moved:
        return True
    if runtime in notebook.homes or runtime in notebook.runtimes:
        return notebook.homes.get(runtime) == peer.session
    waiting = [each for each in notebook.unfinished() if each.runtime == runtime]
    return all(each.requested.session == peer.session for each in waiting)


def _orphaned(notebook: Notebook, own: str | None, *, alone: bool) -> list[str]:
    """Sessions of browser runtimes that are not there any more, and of those that executions
    wait for though they never started. alone: nobody else has this notebook (it may be a copy of
    one that others have), so there is no other runtime either."""
    known = [
        runtime.session
        for runtime in notebook.runtimes.values()
        if (alone or runtime.kind == "browser") and not runtime.has_ended
    ]
    waited = [
        each.runtime
        for each in notebook.unfinished()
        if each.runtime is not None and each.runtime not in notebook.runtimes
    ]
    return [session for session in dict.fromkeys([*known, *waited]) if session != own]
