"""What a native runtime lets run: requests that were seen to be signed, and perhaps only those that
its user agrees to."""

import asyncio
from collections.abc import Callable
from typing import Final

from foldbook.errors import Refused
from foldbook.gate import Verdict
from foldbook.native.notebooks import Held
from foldbook.native.terminal import Terminal, one_line, plain
from foldbook.notebook import Execution, Status

_DECLINED: Final = "The user of this runtime did not let this run."
_INTERRUPTED: Final = "Interrupted before the user of this runtime let it run."


class Signed:
    """A `foldbook.gate.Gate`: passes over what is others' word alone (`Held.trusted`)."""

    def __init__(self, held: Held) -> None:
        self._held = held

    def judge(self, execution: Execution) -> Verdict:
        """See `foldbook.gate.Gate`; so for the following one."""
        is_trusted = self._held.trusted(execution.requested.seq)
        return Verdict.RUN if is_trusted else Verdict.PASS

    def reason(self, execution: Execution) -> str:
        """Nothing is refused."""
        return ""


class Agreed(Signed):
    """Asks the runtime's user for each request, in order. look: has the agent ask again.

    A question is withdrawn where the request is not waiting any more, or the runtime is asked to
    interrupt what it runs.
    """

    def __init__(self, held: Held, terminal: Terminal, look: Callable[[], None]) -> None:
        super().__init__(held)
        self._terminal = terminal
        self._look = look
        self._answers: dict[str, str | None] = {}  # None: yes; else why not
        self._asking: asyncio.Task[None] | None = None
        self._asked = ""
        self._interrupt = 0
        held.peer.subscribe(lambda _change: self._follow())

    def judge(self, execution: Execution) -> Verdict:
        """Not yet, before the answer is there."""
        if super().judge(execution) is Verdict.PASS:
            return Verdict.PASS
        if execution.id in self._answers:
            return Verdict.RUN if self._answers[execution.id] is None else Verdict.REFUSE
        if self._asking is None:
            self._asked = execution.id
            self._interrupt = self._interrupts()
            self._asking = asyncio.ensure_future(self._ask(execution))
        return Verdict.WAIT

    def reason(self, execution: Execution) -> str:
        """What its asker reads."""
        return self._answers.get(execution.id) or _DECLINED

    async def _ask(self, execution: Execution) -> None:
        try:
            source = await self._source(execution)
            agrees = await self._terminal.agree(self._question(execution, source), "Withdrawn.")
            self._answers[execution.id] = None if agrees else _DECLINED
        except Refused as why:
            self._answers[execution.id] = f"The code could not be shown: {why}"
        finally:
            self._asking = None
            self._look()

    def _question(self, execution: Execution, source: str) -> str:
        who = name_of(self._held, execution.requested.actor)
        lines = "\n".join(f"  | {line}" for line in plain(source).split("\n"))
        return f"\n{who} asks to run:\n{lines}\nRun it?"

    async def _source(self, execution: Execution) -> str:
        if execution.source_blob is None:
            return execution.source
        data = await self._held.peer.get_blob(execution.source_blob)
        if data is None:
            raise Refused("missing", "it has not arrived")
        return data.decode(errors="replace")

    def _interrupts(self) -> int:
        runtime = self._held.peer.notebook.runtimes.get(self._held.peer.session)
        return runtime.interrupt if runtime else 0

    def _follow(self) -> None:
        if self._asking is None:
            return
        execution = self._held.peer.notebook.executions.get(self._asked)
        if self._interrupts() > self._interrupt:
            self._answers[self._asked] = _INTERRUPTED
            self._asking.cancel()
        elif execution is None or execution.status is not Status.QUEUED:
            self._asking.cancel()


def name_of(held: Held, actor: str) -> str:
    """What to call somebody: the name that they gave themselves, and the beginning of their id."""
    known = held.peer.notebook.actors.get(actor)
    return f"{one_line(known.name) if known and known.name else 'Somebody'} ({actor[:8]})"
