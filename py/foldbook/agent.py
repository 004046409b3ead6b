"""A runtime agent: claims executions from the log, runs them, reports what they say.

It knows a peer and an executor and nothing else. Its session is the runtime; one execution runs
at a time, in log order. Each is claimed first and starts when the claim is confirmed: until then
people may cancel it or have another runtime run it, and of two runtimes one was earlier. For a
guest of somebody's page the page says when that is (`foldbook.claims`).
"""

import asyncio
import traceback
from collections.abc import Callable, Mapping
from typing import Any, Final, Literal

from foldbook.answers import REPLY_INPUT, answer
from foldbook.claims import AGAIN, CLAIMED, LATER, START
from foldbook.errors import CannotStart, Died, Refused
from foldbook.events.executions import (
    ExecutionAssigned,
    ExecutionCompleted,
    ExecutionStarted,
)
from foldbook.events.people import ActorIntroduced
from foldbook.events.runtimes import RuntimeStarted, RuntimeStatusChanged, RuntimeStopped
from foldbook.executor import Executor, Outcome
from foldbook.gate import OPEN, Gate, Verdict
from foldbook.notebook import Execution, Runtime, Status
from foldbook.outlet import AgentOutlet, Wait, cannot_wait
from foldbook.peer import Peer
from foldbook.workdir import Workdir

GRACE: Final = 2.0
"""Seconds that running code gets to end by itself when people stop or restart its runtime."""

_REASON_LIMIT: Final = 200  # characters


class RuntimeAgent:
    """Runs what the log asks of the peer's session.

    kind: "browser", "python" or "jupyter". replaces: the runtime session in whose place this
    one stands; because: how that ended. before: the language that it had; with it this one is in
    the log before it is ready, so that what was lost is told at once. gate: who says what may run.
    wait: how running code waits for an answer, if it can. progress: shown, never logged:
    (execution, text). busy: told when the executor starts and ends running. running: the execution
    that is. guest: whether it is one of somebody's page, which ends it, and says what may start
    (see `foldbook.claims`). asks: whether there is anybody to answer code that asks for input.

    ``died`` says in words how the executor died, once `run` has returned for that reason. The
    log has been told then: what ran is lost, what waited for this runtime is aborted. Whoever
    wants another makes a new session and an agent that ``replaces`` this one. Where that is sure
    to come (``followed``), it is what tells the log, so that the notebook is never without one.
    """

    def __init__(
        self,
        peer: Peer,
        executor: Executor,
        name: str,
        kind: Literal["browser", "python", "jupyter"],
        *,
        replaces: str | None = None,
        because: str = "",
        before: Mapping[str, Any] | None = None,
        followed: bool = False,
        gate: Gate = OPEN,
        wait: Wait = cannot_wait,
        progress: Callable[[str, str], None] = lambda _execution, _text: None,
        busy: Callable[[bool], None] = lambda _busy: None,
        guest: bool = False,
        asks: bool = True,
    ) -> None:
        self._peer = peer
        self._executor = executor
        self._name = name
        self._kind: Literal["browser", "python", "jupyter"] = kind
        self._replaces = replaces
        self._because = because
        self._before = before
        self._followed = followed
        self._gate = gate
        self._outlet = AgentOutlet(peer, wait, progress, asks=asks)
        self._busy = busy
        self._changed = asyncio.Event()
        self._interrupted = 0
        self._stopped_early: str | None = None  # what people stopped before its code ran
        self._workdir = Workdir(peer, executor, self._outlet)
        self._ending = False
        self.running: str | None = None
        self.died: str | None = None
        self._guest = guest
        self._home = ""
        self._told: dict[str, str] = {}
        self._ended_by_people = asyncio.Event()

    @property
    def asked(self) -> Literal["", "stop", "restart"]:
        """What people want of this runtime: when `run` has returned, its host is to do that.

        `stop` tells the log of a stop. For a restart another agent starts, which replaces this one.
        """
        runtime = self._runtime
        if runtime is None or self._guest or not (runtime.stop or runtime.restart):
            return ""
        return "stop" if runtime.stop else "restart"

    async def start(self) -> None:
        """Make the executor ready and say in the log that this runtime is there.

        Raises what the executor raises; where the log knows of this runtime by then, it is told
        that it has ended.
        """
        if self._before is not None:
            self._tell_started(self._before)
            self._peer.append([RuntimeStatusChanged(status="starting")])
        try:
            language = await self._executor.start(self._outlet)
        except CannotStart as why:
            if self._before is not None:
                self._peer.append([RuntimeStopped(reason=str(why)[:_REASON_LIMIT])])
            raise
        self._peer.on_call = self._answer
        self._unsubscribe = self._peer.subscribe(self._notice)
        if self._before is not None:
            self._peer.append([RuntimeStatusChanged(status="ready")])
        else:
            self._tell_started(language)

    def _tell_started(self, language: Mapping[str, Any]) -> None:
        self._peer.append(
            [
                ActorIntroduced(name=self._name, actor_kind="runtime"),
                RuntimeStarted(
                    name=self._name,
                    kind_name=self._kind,
                    language=dict(language),
                    replaces=self._replaces,
                    because=self._because[:_REASON_LIMIT],
                ),
            ]
        )

    async def run(self) -> None:
        """Run executions until `stop` or `leave`, until the log says that this runtime has ended,
        until people want it to (`asked`), or until the executor has died.
        """
        dying = asyncio.ensure_future(self._executor.died())
        dying.add_done_callback(lambda _: self._changed.set())
        try:
            while self._goes_on():
                self._changed.clear()
                execution = None if dying.done() else self._next()
                if dying.done():
                    self.died = dying.result()
                elif execution is not None:
                    await self._execute_unless_ended(execution)
                else:
                    await self._changed.wait()
        finally:
            self._unsubscribe()
            dying.cancel()
        if self.died is not None and not self._followed and self._is_alive():
            self._peer.append([RuntimeStopped(reason=self.died[:_REASON_LIMIT])])

    def _goes_on(self) -> bool:
        is_over = self._ending or self.died is not None or bool(self.asked)
        return not is_over and self._is_alive()

    async def stop(self, reason: str = "") -> None:
        """End in good order, after what is running; the log is told."""
        self.leave()
        if self._is_alive():
            self._peer.append([RuntimeStopped(reason=reason)])
        await self._executor.stop()

    def leave(self) -> None:
        """Take nothing more: `run` returns after what is running."""
        self._ending = True
        self._changed.set()

    def look(self) -> None:
        """The gate may judge otherwise now."""
        self._changed.set()

    @property
    def is_idle(self) -> bool:
        """Whether nothing runs here, and nothing that waits is for this runtime to run."""
        return self.running is None and all(
            self._gate.judge(each) is Verdict.PASS
            for each in self._peer.notebook.unfinished()
            if each.owner == self._peer.session or self._is_waiting(each)
        )

    def _is_alive(self) -> bool:
        return self._runtime is None or not self._runtime.has_ended

    @property
    def _runtime(self) -> Runtime | None:
        """This one, as the log knows it by now."""
        return self._peer.notebook.runtimes.get(self._peer.session)

    # What to run

    def _next(self) -> Execution | None:
        """The next execution that may start now; claims the first of those that wait."""
        session, is_apart = self._peer.session, False
        for execution in self._peer.notebook.unfinished():
            mine = not is_apart or execution.requested.session == self._home
            if mine and self._is_waiting(execution):
                judged = self._gate.judge(execution)
                if judged is Verdict.PASS:
                    continue
                if judged is Verdict.WAIT:
                    return None
                self._told.pop(execution.id, None)  # of an earlier claim: it has come back since
                self._peer.append([ExecutionAssigned(execution_id=execution.id)])
                execution = self._peer.notebook.executions[execution.id]  # noqa: PLW2901
            if execution.status is Status.ASSIGNED and execution.owner == session:
                verdict = self._verdict(execution.id)
                if verdict in (START, None):
                    return execution if verdict == START else None
                is_apart = is_apart or verdict == LATER
        return None

    def _is_waiting(self, execution: Execution) -> bool:
        return execution.status is Status.QUEUED and self._is_wanted(execution)

    def _is_wanted(self, execution: Execution) -> bool:
        session = self._peer.session
        if self._runtime is None:  # a claim would be void, again and again
            return False
        if execution.runtime is None:
            return self._peer.notebook.selected_runtime in (None, session)
        return execution.runtime == session

    def _verdict(self, execution_id: str) -> str | None:
        """What is known of a claim: it may start, or others that wait may go before it, or (None)
        they may not."""
        if self._guest:
            return self._told.get(execution_id)
        confirmed = self._peer.log.confirmed.executions.get(execution_id)
        is_mine = confirmed is not None and confirmed.owner == self._peer.session
        return START if is_mine else None

    # Running it

    async def _execute_unless_ended(self, execution: Execution) -> None:
        work = asyncio.ensure_future(self._execute(execution))
        ended = asyncio.ensure_future(self._ended_by_people.wait())
        try:
            await asyncio.wait((work, ended), return_when=asyncio.FIRST_COMPLETED)
            if not work.done():
                self._executor.interrupt()
                await asyncio.wait((work,), timeout=GRACE)
            if work.done():
                work.result()
        finally:
            ended.cancel()
            work.cancel()

    async def _execute(self, execution: Execution) -> None:
        self.running = execution.id
        self._busy(True)
        try:
            self._peer.append([ExecutionStarted(execution_id=execution.id)])
            outcome = await self._outcome(execution)
        except Died as why:
            self.died = str(why)
            return
        finally:
            self.running = None
            self._busy(False)
            self._outlet.forget(execution.id)
            self._told.pop(execution.id, None)
        self._peer.append(
            [
                ExecutionCompleted(
                    execution_id=execution.id,
                    status=outcome.status,
                    execution_count=outcome.count,
                )
            ]
        )

    async def _outcome(self, execution: Execution) -> Outcome:
        if self._gate.judge(execution) is Verdict.REFUSE:
            self._outlet.stream(execution.id, "stderr", f"{self._gate.reason(execution)}\n")
            return Outcome("aborted", 0)
        try:
            await self._workdir.bring(execution.id)
            source = await self._source(execution)
            if self._stopped_early == execution.id:
                self._outlet.error(execution.id, "KeyboardInterrupt", "", ["KeyboardInterrupt"])
                return Outcome("error", 0)
            outcome = await self._executor.run(execution.id, source)
            await self._workdir.keep(execution.id)
        except Died:
            raise
        except Exception as error:
            # The executor's own failure, or a source that cannot be had: the cell shows it.
            lines = traceback.format_exception(error)
            self._outlet.error(execution.id, type(error).__name__, str(error), lines)
            return Outcome("error", 0)
        return outcome

    async def _source(self, execution: Execution) -> str:
        if execution.source_blob is None:
            return execution.source
        data = await self._peer.get_blob(execution.source_blob)
        if data is None:
            raise Refused("missing", f"the source (blob {execution.source_blob}) has not arrived")
        return data.decode()

    # What the log and others say meanwhile

    def _notice(self, _change: object) -> None:
        self._outlet.look_for_answer()
        runtime = self._runtime
        if runtime is not None and runtime.interrupt > self._interrupted:
            self._interrupted = runtime.interrupt
            # Also where nothing runs: the executor may have had a signal for it already.
            if not self._executor.interrupt():
                self._stopped_early = self.running
        if self.asked:
            self._ended_by_people.set()
        self._changed.set()

    async def _answer(self, method: str, params: Mapping[str, Any], _asker: str) -> Any:
        """Answer a call. Raises ValueError for one that is not known."""
        if method == CLAIMED:
            self._home = str(params.get("home", ""))
            execution_id, verdict = str(params.get("execution_id")), str(params.get("verdict"))
            if verdict == AGAIN:
                self._told.pop(execution_id, None)
            else:
                self._told[execution_id] = verdict
            self._changed.set()
            return None
        if method == REPLY_INPUT:
            return self._outlet.answer(str(params.get("input_id")), str(params.get("value", "")))
        return await answer(self._executor, method, params)
