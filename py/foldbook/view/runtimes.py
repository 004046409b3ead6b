"""The runtimes of a notebook as a screen shows them: who they are, how they are, what they do."""

from collections.abc import Mapping
from typing import Any

from foldbook.notebook import WAITING, Execution, Notebook, Runtime, Status
from foldbook.row import runtime_actor
from foldbook.view.shapes import Around, Shape, Starting, finite


def of_runtimes(
    notebook: Notebook, unfinished: list[Execution], around: Around, owners: Mapping[str, str]
) -> list[Shape]:
    """Those that are there, or may be, in the order of their starts. owners: see `owners_of`."""
    alive = [each for each in notebook.runtimes.values() if not each.has_ended]
    shown = [_of(notebook, each, unfinished, around, owners) for each in alive]
    if around.starting is not None:
        shown.append(_of_starting(around.starting, unfinished))
    return shown


def of_runtime(
    notebook: Notebook,
    unfinished: list[Execution],
    around: Around,
    owners: Mapping[str, str],
) -> Shape | None:
    """The selected runtime; where none is, the one being started, else the last there was."""
    runtime = notebook.runtimes.get(notebook.selected_runtime or "")
    if runtime is None and around.starting is not None:
        return _of_starting(around.starting, unfinished) | {"queue": len(unfinished)}
    if runtime is None and notebook.runtimes:
        runtime = list(notebook.runtimes.values())[-1]
    return None if runtime is None else _of(notebook, runtime, unfinished, around, owners)


def owners_of(notebook: Notebook) -> dict[str, str]:
    """Whose page each actor that is a runtime of a page belongs to."""
    return {runtime_actor(actor): actor for actor in notebook.actors}


def _of(
    notebook: Notebook,
    runtime: Runtime,
    unfinished: list[Execution],
    around: Around,
    owners: Mapping[str, str],
) -> Shape:
    session = runtime.session
    is_selected = session == notebook.selected_runtime
    elsewhere = session if is_selected or notebook.selected_runtime is None else None
    mine = [each for each in unfinished if (each.owner or each.runtime or elsewhere) == session]
    running = next((each for each in mine if each.status is Status.RUNNING), None)
    return {
        "session": session,
        "name": runtime.name,
        "kind": runtime.kind,
        "status": _health(runtime, running, around),
        "gone": around.away.get(session),
        "asked": "stop" if runtime.stop else "restart" if runtime.restart else "",
        "selected": is_selected,
        "here": session == around.here,
        "actor": runtime.actor,
        "owner": owners.get(runtime.actor),
        "running": running.id if running else None,
        "count": _count(notebook, runtime) if is_selected else None,
        "queue": sum(1 for each in mine if each.status in WAITING),
        "since": running.started.ts if running and running.started else runtime.changed.ts,
        "language": finite(runtime.language),
        "reason": runtime.reason,
    }


def _health(runtime: Runtime, running: Execution | None, around: Around) -> str:
    if runtime.has_ended:
        return runtime.status
    if runtime.session != around.here and around.apart:
        return "unknown"
    if runtime.session in around.away:
        return "unreachable"
    return "busy" if running and runtime.status == "ready" else runtime.status


def _of_starting(starting: Starting, unfinished: list[Execution]) -> Shape:
    waiting = sum(1 for each in unfinished if each.runtime == starting.session)
    shape: dict[str, Any] = {
        "session": starting.session,
        "name": starting.name,
        "kind": "browser",
        "status": "starting",
        "gone": None,
        "asked": "",
        "selected": False,
        "here": True,
        "actor": None,
        "owner": None,
        "running": None,
        "count": None,
        "queue": waiting,
        "since": starting.since,
        "language": {},
        "reason": starting.reason,
    }
    return shape


def _count(notebook: Notebook, runtime: Runtime) -> int | None:
    """The newest execution count of this runtime; executions stand in the order of requests."""
    for each in reversed(notebook.executions.values()):
        if each.owner == runtime.session and each.execution_count is not None:
            return each.execution_count
        if each.completed and each.completed.seq < runtime.started.seq:
            return None
    return None
