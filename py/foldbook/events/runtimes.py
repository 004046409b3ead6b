"""Runtimes: started, status changed, stopped, lost, selected; interrupt, restart, stop asked for.

Who runs what waits: a request names its runtime, and only that one may claim it. When people
select another runtime, what nobody has claimed goes over to that; what is claimed stays with its
owner. A page's runtime starts what its own page asks for without hearing from anybody, perhaps
offline; so only that page itself, in whose session the claim would stand behind the selection,
takes such a request from it (`_may_be_taken`). Everything else starts when its claim is
confirmed, and a claim counts only for the runtime that is named at its place in the log. So no
execution is ever started by two.
"""

from dataclasses import replace
from typing import ClassVar, Literal

from pydantic import Field

from foldbook.events.base import Event, Id, Json, Name, mark
from foldbook.notebook import Execution, Notebook, Runtime, Status, Void
from foldbook.row import Kind, Row, runtime_actor


class RuntimeStarted(Event):
    """The row's session is a runtime that can run executions from now on.

    kind_name: "browser", "python" or "jupyter". language: Jupyter's ``language_info``.
    replaces: the session of the runtime in whose place it stands (a restart, a crash); what
    that one left running is lost, what waited for it is aborted. because: how that one ended.
    """

    kind: ClassVar[Kind] = Kind.OUTPUT
    name: Name
    kind_name: Literal["browser", "python", "jupyter"]
    language: Json = Field(default_factory=dict)
    replaces: Id | None = None
    because: Name = ""

    def apply(self, notebook: Notebook, row: Row) -> None:
        if row.session in notebook.runtimes:
            raise Void("this runtime has started already")
        who = mark(row)
        if self.replaces and self.replaces in notebook.runtimes:
            old = notebook.runtimes[self.replaces]
            if old.actor != row.actor:
                raise Void("a runtime replaces only its own kind: the actor is another")
            end_runtime(notebook, old, row, "stopped", self.because or "restarted")
        notebook.runtimes[row.session] = Runtime(
            session=row.session,
            actor=row.actor,
            name=self.name,
            kind=self.kind_name,
            language=self.language,
            status="ready",
            started=who,
            changed=who,
            replaces=self.replaces,
        )
        if notebook.selected_runtime in (None, self.replaces):
            notebook.selected_runtime = row.session


class RuntimeStatusChanged(Event):
    """A runtime tells how it is. Busy or idle is not told: the executions say it."""

    kind: ClassVar[Kind] = Kind.OUTPUT
    status: Literal["starting", "ready"]
    reason: Name = ""

    def apply(self, notebook: Notebook, row: Row) -> None:
        runtime = _alive(notebook, row.session)
        notebook.runtimes[runtime.session] = replace(
            runtime, status=self.status, reason=self.reason, changed=mark(row)
        )


class RuntimeStopped(Event):
    """The runtime ended in good order."""

    kind: ClassVar[Kind] = Kind.OUTPUT
    reason: Name = ""

    def apply(self, notebook: Notebook, row: Row) -> None:
        end_runtime(notebook, _alive(notebook, row.session), row, "stopped", self.reason)


class RuntimeLost(Event):
    """A runtime is gone for good: its owner or a person says so. Its memory is lost."""

    kind: ClassVar[Kind] = Kind.RUN
    runtime: Id
    reason: Name = ""

    def apply(self, notebook: Notebook, row: Row) -> None:
        known = notebook.runtimes.get(self.runtime)
        if known is None:  # it never started: only what waits for it is concerned
            _end_executions(notebook, self.runtime, row, self.reason)
        else:
            end_runtime(notebook, _alive(notebook, self.runtime), row, "lost", self.reason)


class RuntimeSelected(Event):
    """Requests go to this runtime, what waits and nobody has claimed too; None: to whoever claims
    first.

    instead_of: it counts only while this one is selected. Who takes over by himself, or follows
    what another has selected, does not undo what people select meanwhile.
    """

    kind: ClassVar[Kind] = Kind.RUN
    runtime: Id | None = None
    instead_of: Id | None = None

    def apply(self, notebook: Notebook, row: Row) -> None:
        if self.runtime is not None:
            _alive(notebook, self.runtime)
        if self.instead_of not in (None, notebook.selected_runtime):
            raise Void("another runtime has been selected meanwhile")
        notebook.selected_runtime = self.runtime
        for each in notebook.unfinished():
            if each.status is Status.QUEUED and _may_be_taken(notebook, each, row):
                notebook.executions[each.id] = replace(each, runtime=self.runtime)


class InterruptRequested(Event):
    """Somebody asks the runtime to interrupt what it runs."""

    kind: ClassVar[Kind] = Kind.RUN
    runtime: Id

    def apply(self, notebook: Notebook, row: Row) -> None:
        runtime = _alive(notebook, self.runtime)
        notebook.runtimes[runtime.session] = replace(runtime, interrupt=row.seq)


class RestartRequested(Event):
    """Somebody asks the runtime to start anew, with empty memory."""

    kind: ClassVar[Kind] = Kind.RUN
    runtime: Id

    def apply(self, notebook: Notebook, row: Row) -> None:
        runtime = _alive(notebook, self.runtime)
        notebook.runtimes[runtime.session] = replace(runtime, restart=row.seq)


class StopRequested(Event):
    """Somebody asks the runtime to end."""

    kind: ClassVar[Kind] = Kind.RUN
    runtime: Id

    def apply(self, notebook: Notebook, row: Row) -> None:
        runtime = _alive(notebook, self.runtime)
        notebook.runtimes[runtime.session] = replace(runtime, stop=row.seq)


def _may_be_taken(notebook: Notebook, execution: Execution, row: Row) -> bool:
    """Whether the row's writer may give the request, which waits, to another runtime."""
    if execution.runtime is None:
        return True
    named = notebook.runtimes.get(execution.runtime)
    if named is None:  # the page that asks is just starting it
        return execution.requested.session == row.session
    if named.actor == runtime_actor(execution.requested.actor):
        return notebook.homes.get(named.session) == row.session
    return True


def end_runtime(
    notebook: Notebook, runtime: Runtime, row: Row, status: Literal["stopped", "lost"], why: str
) -> None:
    """A runtime's end: running executions are lost, waiting ones aborted."""
    notebook.runtimes[runtime.session] = replace(
        runtime, status=status, reason=why, changed=mark(row)
    )
    if notebook.selected_runtime == runtime.session:
        notebook.selected_runtime = None
    _end_executions(notebook, runtime.session, row, why)


def _end_executions(notebook: Notebook, session: str, row: Row, why: str) -> None:
    for each in notebook.unfinished():
        if session not in (each.owner, each.runtime):
            continue
        if each.owner not in (None, session):
            continue
        notebook.executions[each.id] = _ended(each, row, why)


def _ended(execution: Execution, row: Row, why: str) -> Execution:
    running = execution.status is Status.RUNNING
    return replace(
        execution,
        status=Status.LOST if running else Status.ABORTED,
        completed=mark(row),
        reason=why,
        prompt=None,
    )


def _alive(notebook: Notebook, session: str) -> Runtime:
    runtime = notebook.runtimes.get(session)
    if runtime is None:
        raise Void(f"there is no runtime {session}")
    if runtime.has_ended:
        raise Void(f"the runtime is {runtime.status}")
    return runtime
