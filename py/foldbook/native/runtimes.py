"""A native runtime, from its start to its end: what stands between an agent and the world.

One start of what runs the code is one runtime session. When that dies, is restarted or was given
up by people, another session stands in its place, with empty memory; what the old one has said
goes out first. A process that was killed left its session in the store: the next one does the
same for it.

Silence concludes nothing: without a network everything goes on, and is told when it is back.
"""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any, Final, Literal

from foldbook.agent import RuntimeAgent
from foldbook.errors import CommandRefused, FoldbookError, Refused
from foldbook.executor import Executor
from foldbook.gate import Gate, Verdict
from foldbook.native.endings import DEATHS, futile
from foldbook.native.gates import name_of
from foldbook.native.notebooks import Held
from foldbook.notebook import Runtime, Status
from foldbook.row import Role
from foldbook.saver import first_of

OFFLINE_SECONDS: Final = 10.0
"""How long a runtime that ends waits for a relay that does not answer."""
HASTE_SECONDS: Final = 3.0
"""The same for one that was stopped, whatever the relay does."""

_ENDED: Final = ("stopped", "lost")


class _After(Enum):
    """What comes after a session."""

    ANOTHER = auto()
    END = auto()


@dataclass(slots=True)
class Served:
    """How it went. failed: executions that did not end well. unsent: own rows that went nowhere."""

    ran: int = 0
    failed: int = 0
    unsent: int = 0


@dataclass(slots=True)
class _Session:
    """One start. why: how it ended; given_up: executions that were interrupted for that."""

    agent: RuntimeAgent
    session: str
    after: _After = _After.END
    why: str = ""
    given_up: set[str] = field(default_factory=set)


class NativeRuntime:
    """Serves a notebook that is held. say: tells the runtime's user. once: leave when nothing is
    left to run. gate: made for each session, with the way to have it asked again."""

    def __init__(
        self,
        held: Held,
        executor: Executor,
        name: str,
        kind: Literal["python", "jupyter"],
        *,
        gate: Callable[[Callable[[], None]], Gate],
        say: Callable[[str], None],
        once: bool = False,
    ) -> None:
        self._held = held
        self._peer = held.peer
        self._executor = executor
        self._name = name
        self._kind: Literal["python", "jupyter"] = kind
        self._gate = gate(self._look)
        self._say = say
        self._once = once
        self._now: _Session | None = None
        self._finishing = asyncio.Event()
        self._stopping = asyncio.Event()
        self._failure: FoldbookError | None = None
        self._ran: list[str] = []
        self._deaths = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._peer.subscribe(lambda _change: self._follow())

    async def serve(self) -> Served:
        """Until it is to end. Raises `Refused` where the link is ended for good, or gives another
        right, and `CannotStart`."""
        checking = asyncio.ensure_future(self._look_when_checked())
        try:
            with suppress(_Leaving):
                await self._serve()
        except CommandRefused:
            if self._peer.ended is None:
                raise
            raise Refused(self._peer.ended_code or "ended", self._peer.ended) from None
        finally:
            checking.cancel()
            await self._executor.stop()
            await self._deliver()
        if self._failure is not None:
            raise self._failure
        executions = self._peer.notebook.executions
        failed = sum(executions[each].status is not Status.OK for each in self._ran)
        return Served(len(self._ran), failed, self._peer.waiting)

    def finish(self) -> None:
        """Take nothing more, and end after what runs."""
        self._finishing.set()
        if self._now is not None:
            self._now.agent.leave()

    def stop(self, why: str = "stopped") -> None:
        """End now, whatever runs."""
        self._stopping.set()
        if self._now is not None:
            self._end(self._now, _After.END, why)
        self.finish()

    # Sessions

    async def _serve(self) -> None:
        await self._unless_leaving(self._held.current())
        if self._peer.role is not Role.RUNTIME:
            raise Refused("right", wrong_right(self._peer.role))
        old = self._predecessor()
        because = "its process ended without a word" if old else ""
        if old is not None:
            self._say(f"In the place of {old.name}, whose process ended without a word.")
        while True:
            await self._new_session()
            session = await self._start(old, because)
            await self._run(session)
            if session.after is _After.END:
                return
            self._say(f"Starts anew, with empty memory: {session.why}.")
            old, because = self._peer.notebook.runtimes[session.session], session.why
            await self._executor.stop()

    def _predecessor(self) -> Runtime | None:
        """The own runtime that is not told to have ended: nobody else has this actor."""
        known = [each for each in self._peer.notebook.runtimes.values() if self._is_own(each)]
        return next((each for each in reversed(known) if each.status not in _ENDED), None)

    def _is_own(self, runtime: Runtime) -> bool:
        return runtime.actor == self._peer.actor

    async def _new_session(self) -> None:
        """What the old session has said is in the log first."""
        if self._peer.waiting:
            self._say(f"{self._peer.waiting} rows of before are to be sent first.")
        await self._unless_leaving(self._held.acknowledged())
        if self._peer.n:
            self._peer.begin_session()
        await self._unless_leaving(self._held.current())

    async def _start(self, old: Runtime | None, because: str) -> _Session:
        agent = RuntimeAgent(
            self._peer,
            self._executor,
            self._free_name(),
            self._kind,
            replaces=old.session if old else None,
            because=because,
            before=old.language if old else None,
            followed=True,
            gate=self._gate,
            busy=self._busy,
        )
        await agent.start()
        self._now = _Session(agent, self._peer.session)
        if self._finishing.is_set():
            agent.leave()
        self._follow()
        return self._now

    def _free_name(self) -> str:
        """The own name, told apart from that of another runtime that is there."""
        runtimes = self._peer.notebook.runtimes.values()
        taken = {
            each.name for each in runtimes if each.status not in _ENDED and not self._is_own(each)
        }
        name, count = self._name, 1
        while name in taken:
            count += 1
            name = f"{self._name} ({count})"
        if count > 1:
            self._say(f"A runtime named {self._name} is there already; this one is {name}.")
        return name

    async def _run(self, session: _Session) -> None:
        """Run what is asked for until the session ends, and tell the log how, if that is known
        to be the end."""
        agent = session.agent
        draining = asyncio.ensure_future(self._drain(session)) if self._once else None
        try:
            await agent.run()
        finally:
            self._now = None
            if draining is not None:
                draining.cancel()
        if not session.why and agent.asked:
            session.why = "restarted" if agent.asked == "restart" else "stopped"
            self._say(f"People have asked for it to be {session.why}.")
            if agent.asked == "restart" and not self._finishing.is_set():
                session.after = _After.ANOTHER
        elif not session.why and agent.died is not None:
            self._has_died(session, agent.died)
        if session.after is _After.END:
            await agent.stop(session.why)

    def _has_died(self, session: _Session, why: str) -> None:
        """It did so by itself."""
        session.why = why
        self._deaths += 1
        if self._deaths >= DEATHS:
            self._failure = futile(why)
        elif not self._finishing.is_set():
            session.after = _After.ANOTHER

    async def _drain(self, session: _Session) -> None:
        """Leave when nothing is left to run."""
        peer = self._peer
        await self._held.relaying.checked.wait()
        await peer.until(
            lambda: session.session in peer.log.confirmed.runtimes and session.agent.is_idle
        )
        session.agent.leave()

    # What the log says

    def _follow(self) -> None:
        session = self._now
        if session is None:
            return
        if self._peer.ended is not None:
            self._end(session, _After.END, self._peer.ended)
            return
        runtime = self._peer.log.confirmed.runtimes.get(session.session)
        if runtime is None:
            return
        if any(each.replaces == session.session for each in self._peer.notebook.runtimes.values()):
            words = "another process with this runtime's secret has taken its place"
            self._failure = self._failure or Refused("fenced", words)
            self._end(session, _After.END, words)
        elif runtime.status in _ENDED:
            reason = f" ({runtime.reason})" if runtime.reason else ""
            self._end(session, _After.ANOTHER, f"people have given it up{reason}")
        else:
            self._heed_giving_up(session)

    def _heed_giving_up(self, session: _Session) -> None:
        """Nobody waits any more for what runs: it is interrupted."""
        running = session.agent.running
        execution = self._peer.notebook.executions.get(running or "")
        if execution is None or execution.status is not Status.LOST:
            return
        if execution.id not in session.given_up:
            session.given_up.add(execution.id)
            self._executor.interrupt()

    def _end(self, session: _Session, after: _After, why: str) -> None:
        """End what runs the code, whatever it does."""
        if session.why:
            return
        session.why = why
        session.after = _After.END if self._finishing.is_set() else after
        session.agent.leave()
        task = asyncio.ensure_future(self._executor.stop())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _look(self) -> None:
        if self._now is not None:
            self._now.agent.look()

    def _busy(self, busy: bool) -> None:
        running = self._now.agent.running if self._now is not None else None
        if not busy or running is None:
            return
        self._deaths = 0
        self._ran.append(running)
        execution = self._peer.notebook.executions[running]
        is_refused = self._gate.judge(execution) is Verdict.REFUSE
        who = name_of(self._held, execution.requested.actor)
        self._say(f"{'Does not run' if is_refused else 'Runs'} what {who} has asked for.")

    async def _look_when_checked(self) -> None:
        await self._held.relaying.checked.wait()
        self._look()

    # The end

    async def _unless_leaving(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(work)
        await first_of(asyncio.shield(task), self._finishing.wait())
        if not task.done():
            task.cancel()
            raise _Leaving
        task.result()

    async def _deliver(self) -> None:
        """Everything goes out before the end, if the relay is there."""
        with suppress(Refused):
            delivering = asyncio.ensure_future(self._held.delivered())
            await first_of(asyncio.shield(delivering), self._offline_for_long(), self._in_haste())
            delivering.cancel()

    async def _in_haste(self) -> None:
        await self._stopping.wait()
        await asyncio.sleep(HASTE_SECONDS)

    async def _offline_for_long(self) -> None:
        while True:
            await self._peer.until(lambda: not self._peer.is_linked)
            try:
                async with asyncio.timeout(OFFLINE_SECONDS):
                    await self._peer.until(lambda: self._peer.is_linked)
            except TimeoutError:
                return


class _Leaving(Exception):
    """It is to end, and waits for nothing any more."""


def wrong_right(role: Role) -> str:
    """Why a link of this role is of no use to a runtime."""
    more = (
        "it would let code in cells speak for people"
        if role in (Role.RUN, Role.OWN)
        else "it gives no right to write outputs"
    )
    return (
        f"this link gives the right {role.value}: {more}. A runtime needs a link of the right "
        "runtime; whoever owns the notebook makes one under Share, For machines"
    )
