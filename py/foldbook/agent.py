"""A runtime agent: claims executions from the log, runs them, reports what they say.

It knows a peer and an executor and nothing else. Its session is the runtime; one execution runs
at a time, in log order. An execution that names this runtime starts as soon as it is seen; one
that names none is claimed first and starts when the claim is confirmed, because another runtime
may have been earlier.
"""

import asyncio
import traceback
from collections.abc import Callable, Mapping
from enum import Enum, auto
from typing import Any, Final, Literal, Protocol

from foldbook.errors import CannotStart, Died, Refused
from foldbook.events.executions import (
    ExecutionAssigned,
    ExecutionCompleted,
    ExecutionStarted,
)
from foldbook.events.outputs import StreamAppended
from foldbook.events.people import ActorIntroduced
from foldbook.events.runtimes import RuntimeStarted, RuntimeStatusChanged, RuntimeStopped
from foldbook.executor import Executor, Outcome
from foldbook.notebook import Execution, Status
from foldbook.outlet import AgentOutlet, Wait, cannot_wait
from foldbook.peer import Peer


class Verdict(Enum):
    """What a gate says of a request that waits."""

    RUN = auto()
    PASS = auto()  # not now: go on with what comes after it
    WAIT = auto()  # not yet: it is next, and all others wait
    REFUSE = auto()  # it is claimed, and ends without being run


class Gate(Protocol):
    """Who says what may run, where that is not everybody who has the right."""

    def judge(self, execution: Execution) -> Verdict:
        """Asked again and again while the request waits (`RuntimeAgent.look` has it asked)."""

    def reason(self, execution: Execution) -> str:
        """Why it was refused, in words for the cell."""


class Open:
    """The gate that is none."""

    def judge(self, execution: Execution) -> Verdict:
        """See `Gate`; so for the following one."""
        return Verdict.RUN

    def reason(self, execution: Execution) -> str:
        """Never asked."""
        return ""


REPLY_INPUT: Final = "reply_input"
"""The call that brings a password: {input_id, value}."""

_OPEN: Final = Open()
_REASON_LIMIT: Final = 200  # characters


class RuntimeAgent:
    """Runs what the log asks of the peer's session.

    kind: "browser", "python" or "jupyter". replaces: the runtime session in whose place this
    one stands; because: how that ended. before: the language that it had; with it this one is in
    the log before it is ready, so that what was lost is told at once. gate: see `Gate`. wait: how
    running code waits for an answer, if it can. progress: shown, never logged: (execution, text).
    busy: told when the executor starts and ends running. running: the execution that is.
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
        gate: Gate = _OPEN,
        wait: Wait = cannot_wait,
        progress: Callable[[str, str], None] = lambda _execution, _text: None,
        busy: Callable[[bool], None] = lambda _busy: None,
    ) -> None:
        self._peer = peer
        self._executor = executor
        self._name = name
        self._kind: Literal["browser", "python", "jupyter"] = kind
        self._replaces = replaces
        self._because = because
        self._before = before
        self._gate = gate
        self._outlet = AgentOutlet(peer, wait, progress)
        self._busy = busy
        self._changed = asyncio.Event()
        self._interrupted = 0
        self._written: dict[str, str] = {}
        self._ending = False
        self.running: str | None = None

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
        """Run executions until `stop` or `leave`, or until the log says that this runtime has
        ended. Raises `Died` where what runs the code did; the log does not know of that yet."""
        try:
            while not self._ending and self._is_alive():
                self._changed.clear()
                execution = self._next()
                if execution is not None:
                    await self._execute(execution)
                else:
                    await self._changed.wait()
        finally:
            self._unsubscribe()

    async def stop(self, reason: str = "") -> None:
        """End in good order, after what is running; the log is told."""
        self._ending = True
        self._changed.set()
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
        runtime = self._peer.notebook.runtimes.get(self._peer.session)
        return runtime is None or runtime.status not in ("stopped", "lost")

    # What to run

    def _next(self) -> Execution | None:
        """The next execution that may start now; claims it where that is to be done first."""
        session = self._peer.session
        for execution in self._peer.notebook.unfinished():
            if self._is_waiting(execution):
                verdict = self._gate.judge(execution)
                if verdict is Verdict.PASS:
                    continue
                if verdict is Verdict.WAIT:
                    return None
                self._peer.append([ExecutionAssigned(execution_id=execution.id)])
                execution = self._peer.notebook.executions[execution.id]  # noqa: PLW2901
            if execution.status is Status.ASSIGNED and execution.owner == session:
                return execution if self._may_start(execution) else None
        return None

    def _is_waiting(self, execution: Execution) -> bool:
        return execution.status is Status.QUEUED and self._is_wanted(execution)

    def _is_wanted(self, execution: Execution) -> bool:
        session = self._peer.session
        if session not in self._peer.notebook.runtimes:  # a claim would be void, again and again
            return False
        if execution.runtime is None:
            return self._peer.notebook.selected_runtime in (None, session)
        return execution.runtime == session

    def _may_start(self, execution: Execution) -> bool:
        if execution.runtime == self._peer.session and self._kind == "browser":
            return True
        confirmed = self._peer.log.confirmed.executions.get(execution.id)
        return confirmed is not None and confirmed.owner == self._peer.session

    # Running it

    async def _execute(self, execution: Execution) -> None:
        self.running = execution.id
        self._busy(True)
        try:
            self._peer.append([ExecutionStarted(execution_id=execution.id)])
            outcome = await self._outcome(execution)
        finally:
            self.running = None
            self._busy(False)
        self._peer.append(
            [
                ExecutionCompleted(
                    execution_id=execution.id,
                    status=outcome.status,
                    execution_count=outcome.count,
                )
            ]
        )
        self._outlet.forget(execution.id)

    async def _outcome(self, execution: Execution) -> Outcome:
        if self._gate.judge(execution) is Verdict.REFUSE:
            self._outlet.stream(execution.id, "stderr", f"{self._gate.reason(execution)}\n")
            return Outcome("aborted", 0)
        try:
            await self._write_files(execution.id)
            return await self._executor.run(execution.id, await self._source(execution))
        except Died:
            raise
        except Exception as error:
            # The executor's own failure, or a source that cannot be had: the cell shows it.
            lines = traceback.format_exception(error)
            self._outlet.error(execution.id, type(error).__name__, str(error), lines)
            return Outcome("error", 0)

    async def _source(self, execution: Execution) -> str:
        if execution.source_blob is None:
            return execution.source
        data = await self._peer.get_blob(execution.source_blob)
        if data is None:
            raise Refused("missing", f"the source (blob {execution.source_blob}) has not arrived")
        return data.decode()

    async def _write_files(self, execution_id: str) -> None:
        """Bring the working directory up to what the log says of files."""
        files = dict(self._peer.notebook.files)
        for path in self._written.keys() - files.keys():
            await self._try(execution_id, path, self._remove_file(path))
        for path, file in files.items():
            if self._written.get(path) != file.digest:
                await self._try(execution_id, path, self._write_file(path, file.digest))

    async def _try(self, execution_id: str, path: str, work: Any) -> None:
        try:
            await work
        except (OSError, ValueError, Refused) as why:
            text = f"The file {path} could not be brought up to date: {why}\n"
            note = StreamAppended(execution_id=execution_id, name="stderr", text=text)
            self._peer.append([note])

    async def _remove_file(self, path: str) -> None:
        del self._written[path]
        await self._executor.remove_file(path)

    async def _write_file(self, path: str, digest: str) -> None:
        content = await self._peer.get_blob(digest)
        if content is None:
            raise Refused("missing", "its content has not arrived")
        await self._executor.write_file(path, content)
        self._written[path] = digest

    # What the log and others say meanwhile

    def _notice(self, _change: object) -> None:
        self._outlet.look_for_answer()
        runtime = self._peer.notebook.runtimes.get(self._peer.session)
        if runtime is not None and runtime.interrupt > self._interrupted:
            self._interrupted = runtime.interrupt
            # Also where nothing runs: the executor may have had a signal for it already.
            self._executor.interrupt()
        self._changed.set()

    async def _answer(self, method: str, params: Mapping[str, Any], _asker: str) -> Any:
        """Answer a call. Raises ValueError for one that is not known."""
        if method == "complete":
            found = await self._executor.complete(*_place(params))
            return {
                "matches": found.matches,
                "start": found.start,
                "end": found.end,
                "types": found.types,
            }
        if method == "inspect":
            detail = params.get("detail", 0)
            return dict(await self._executor.inspect(*_place(params), detail=int(bool(detail))))
        if method == REPLY_INPUT:
            return self._outlet.answer(str(params.get("input_id")), str(params.get("value", "")))
        raise ValueError(f"complete, inspect or {REPLY_INPUT} expected, {method!r} came")


def _place(params: Mapping[str, Any]) -> tuple[str, int]:
    source, position = params.get("source"), params.get("position")
    if not isinstance(source, str) or not isinstance(position, int):
        raise ValueError(f"a source and a position expected, {sorted(params)} came")  # noqa: TRY004
    return source, max(0, min(position, len(source)))
