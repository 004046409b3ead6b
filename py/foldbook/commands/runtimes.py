"""Intents on runtimes themselves: start, stop, give up."""

from foldbook.commands.base import Command, Decision, Stamp
from foldbook.errors import CommandRefused
from foldbook.events.base import Id
from foldbook.events.runtimes import RuntimeLost, StopRequested
from foldbook.notebook import Notebook, Runtime


class StartRuntime(Command):
    """Have the Python of this page started, if it is not there. Who runs is not changed by it."""

    def decide(self, notebook: Notebook, stamp: Stamp) -> Decision:
        return Decision()  # the page does it


class StopRuntime(Command):
    """End a runtime, and what it runs; its memory is lost."""

    runtime: Id

    def decide(self, notebook: Notebook, stamp: Stamp) -> Decision:
        alive(notebook, self.runtime)
        return Decision((StopRequested(runtime=self.runtime),))


class GiveUpRuntime(Command):
    """No longer wait for a runtime that cannot be reached; what it still sends does not count."""

    runtime: Id
    reason: str = "given up"

    def decide(self, notebook: Notebook, stamp: Stamp) -> Decision:
        alive(notebook, self.runtime)
        return Decision((RuntimeLost(runtime=self.runtime, reason=self.reason),))


def meant(notebook: Notebook, session: str | None) -> Runtime | None:
    """The runtime that is named, else the selected one, if there is one."""
    if session is not None:
        return alive(notebook, session)
    return notebook.runtimes.get(notebook.selected_runtime or "")


def alive(notebook: Notebook, session: str) -> Runtime:
    """The runtime of this session. Raises `CommandRefused` where it has ended."""
    runtime = notebook.runtimes.get(session)
    if runtime is None or runtime.has_ended:
        raise CommandRefused("This runtime is not there any more.")
    return runtime
