"""The page's own runtime: started, interrupted, restarted, mourned.

Its session is known before it is up, so that runs can be asked of it at once; they wait in the
log. What it was doing when its tab was closed is lost, and nothing is ever run again by itself.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from foldbook.answers import REPLY_INPUT
from foldbook.browser.page import Message, Page
from foldbook.channel import Channel
from foldbook.commands import Command
from foldbook.commands.runs import (
    Interrupt,
    ReplyInput,
    Restart,
    RunAbove,
    RunAll,
    RunBelow,
    RunCells,
)
from foldbook.commands.runtimes import StartRuntime, StopRuntime
from foldbook.errors import BadEvent, CommandRefused, Refused
from foldbook.events import Unknown, decode
from foldbook.events.base import Event
from foldbook.events.runtimes import (
    InterruptRequested,
    RestartRequested,
    RuntimeLost,
    RuntimeSelected,
    RuntimeStopped,
    StopRequested,
)
from foldbook.guests import Guests
from foldbook.notebook import Execution, Status
from foldbook.peer import Change, Peer
from foldbook.row import RIGHTS, Kind, Row
from foldbook.view import Starting
from foldbook.wire import identify

NAME: Final = "Python in this browser"
STOPPED: Final = "stopped"
GRACE: Final = 1.0
"""Seconds that code which cannot be interrupted gets to end by itself (it may be waiting)."""
PATIENCE: Final = 3.0
"""Seconds after which a person is told that the code does not react to an interrupt."""

RUNS: Final = (RunCells, RunAll, RunAbove, RunBelow, Restart)
"""The commands that want a runtime, and start one where there is none."""

RUNTIME: Final = "runtime"
"""Which runtime of a session's page a call from elsewhere is for."""


@dataclass(slots=True)
class _Runtime:
    secret: bytes
    session: str
    since: int
    state: Literal["starting", "ready"] = "starting"
    channel: Channel | None = None


class PageRuntime:
    """The one runtime that the leading tab holds. ``secret``: 32 new random bytes; ``now``: ms
    since 1970."""

    def __init__(
        self,
        peer: Peer,
        guests: Guests,
        page: Page,
        *,
        secret: Callable[[], bytes],
        now: Callable[[], int],
    ) -> None:
        self._peer = peer
        self._guests = guests
        self._page = page
        self._secret = secret
        self._now = now
        self._runtime: _Runtime | None = None
        self._tasks: set[asyncio.Task[object]] = set()
        peer.subscribe(self._follow)

    @property
    def session(self) -> str | None:
        """The runtime's session, if there is one."""
        return self._runtime.session if self._runtime else None

    @property
    def starting(self) -> Starting | None:
        """The runtime, while the log does not know it yet."""
        runtime = self._runtime
        if runtime is None or runtime.session in self._peer.notebook.runtimes:
            return None
        return Starting(runtime.session, NAME, runtime.since)

    @property
    def is_wanted(self) -> bool:
        """Whether a runtime of this page is of use: somebody may run here, and no other one is
        there for it."""
        peer = self._peer
        selected = peer.notebook.selected_runtime
        elsewhere = peer.notebook.homes.get(selected or "", selected)
        is_ours = elsewhere is None or elsewhere == peer.session or not peer.is_moved
        return Kind.RUN in RIGHTS[peer.role] and is_ours

    def prepare(self) -> None:
        """Give the next runtime its session; from now on runs are asked of it."""
        secret = self._secret()
        self._have(_Runtime(secret, identify(secret), self._now()))

    def _have(self, runtime: _Runtime | None) -> None:
        self._runtime = runtime
        self._peer.runtime = self.session

    def start(self, replaces: str | None = None) -> None:
        """Have the tab start the runtime that was prepared."""
        runtime = self._runtime
        assert runtime is not None, "prepare comes before start"
        room = self._guests.room
        options = {
            "secret": runtime.secret.hex(),
            "actor_secret": runtime.secret.hex(),  # who it is, the notebook says
            "room": room.name,
            "epoch": room.epoch,
            "name": NAME,
            "replaces": replaces,
        }
        self._page.post(
            {"t": "host", "do": "start", "session": runtime.session, "options": options}, "page"
        )

    def submit(self, command: Command, carry_out: Callable[[Command], None]) -> None:
        """Carry a command out, and do what it means for the runtime. Raises `CommandRefused`."""
        if isinstance(command, Restart) and self._is_for_us(command.runtime):
            self._restart(command, carry_out)
            return
        may_run = Kind.RUN in RIGHTS[self._peer.role]
        if isinstance(command, StartRuntime):
            if not may_run:
                raise CommandRefused("You may not run code in this notebook.")
            self.start_one()
        elif isinstance(command, RUNS) and may_run:
            self._have_one()
        carry_out(command)
        if isinstance(command, Interrupt) and self._is_for_us(command.runtime):
            self._interrupt()
        elif isinstance(command, StopRuntime) and command.runtime == self.session:
            self._stop()

    def _is_for_us(self, runtime: str | None) -> bool:
        """Whether the runtime that a command names, or means, is this page's, or none at all."""
        notebook = self._peer.notebook
        meant = runtime or notebook.selected_runtime
        return meant in (None, self.session) or notebook.homes.get(meant) == self._peer.session

    def _interrupt(self) -> None:
        if self._runtime is not None:
            self._page.post(
                {"t": "host", "do": "interrupt", "session": self._runtime.session}, "page"
            )

    def _stop(self) -> None:
        """People want this page's runtime to end."""
        runtime = self._runtime
        if runtime is None:
            return
        self._have(None)
        _hang_up(runtime)
        self._page.post({"t": "host", "do": "stop", "session": runtime.session}, "page")
        self._peer.append([RuntimeStopped(reason=STOPPED, by=runtime.session)])

    def start_one(self) -> None:
        """See to it that this page has a runtime."""
        if self._runtime is None:
            self.prepare()
            self.start()

    def _have_one(self) -> None:
        """See to it that somebody runs what is asked for: the selected runtime, which a machine's
        is until people select another; where none is, or that of somebody's page cannot be reached,
        that of this page."""
        notebook, peer = self._peer.notebook, self._peer
        selected = notebook.runtimes.get(notebook.selected_runtime or "")
        if selected is not None and not self._is_for_us(selected.session):
            home = notebook.homes.get(selected.session)
            if home is None or (home in peer.present and peer.is_linked):
                return
            name = selected.name
            peer.append([RuntimeSelected(runtime=None, instead_of=selected.session)])
            words = f"{name} cannot be reached. This runs in this browser, with its own memory."
            self._page.post({"t": "toast", "kind": "runtime", "message": words})
        self.start_one()

    def is_password(self, command: ReplyInput) -> bool:
        """Whether this answers an open question for a password."""
        execution = self._peer.notebook.executions.get(command.execution_id)
        prompt = execution.prompt if execution else None
        return prompt is not None and (prompt.id, prompt.password, prompt.answered) == (
            command.input_id,
            True,
            False,
        )

    def reply(self, command: ReplyInput, then: Callable[[], object]) -> None:
        """A password goes to the runtime beside the log; ``then`` is called when it is there."""
        self._tasks.add(task := asyncio.ensure_future(self._reply(command, then)))
        task.add_done_callback(self._replied)

    async def call(self, to: str, method: str, params: Mapping[str, Any]) -> Any:
        """Ask a runtime, here or elsewhere, something ephemeral. Raises `Refused`."""
        if self._guests.has(to):
            return await self._guests.call(to, method, params)
        home = self._peer.notebook.homes.get(to)
        if home == self._peer.session:
            raise Refused("offline", "the runtime is not connected")
        return await self._peer.call(home or to, method, {**params, RUNTIME: to})

    async def answer(self, method: str, params: Mapping[str, Any], _asker: str) -> Any:
        """What others ask of the runtimes of this page. Raises `Refused`."""
        asked = dict(params)
        return await self._guests.call(str(asked.pop(RUNTIME, "")), method, asked)

    def connect(self, session: str, channel: Channel) -> None:
        """The runtime's Python is up and wants to join the log."""
        if self._runtime is None or self._runtime.session != session:
            channel.close()
            return
        self._runtime.channel = channel
        self._guests.welcome(channel, session)

    def heard(self, message: Message) -> None:
        """What the tab says of the runtime."""
        if self._runtime is None or message["session"] != self._runtime.session:
            return
        match message["state"]:
            case "ready":
                self._runtime.state = "ready"
            case "failed":
                self._failed(self._runtime, str(message.get("message") or "it ended unexpectedly"))
            case "interrupted":
                self._watch(PATIENCE, self._tell_stuck)
            case "uninterruptible":
                self._watch(GRACE, self._replace_stuck)
            case _:
                pass

    def end(self) -> None:
        """The notebook is being left."""
        _hang_up(self._runtime)
        self._runtime = None

    def _follow(self, change: Change) -> None:
        """Others may interrupt, restart and stop the runtime of this page, and select another."""
        for row in change.confirmed:
            if row.kind is not Kind.RUN or row.session == self._peer.session:
                continue
            event = _readable(row)
            if self._runtime is None:
                continue
            if isinstance(event, RuntimeSelected):
                self._give_away(event.runtime)
            elif getattr(event, "runtime", None) != self.session:
                continue
            elif isinstance(event, InterruptRequested):
                self._interrupt()
            elif isinstance(event, StopRequested):
                self._stop()
            elif isinstance(event, RestartRequested):
                old = self._runtime
                self.prepare()
                self._begin_anew(old, "restarted")

    def _give_away(self, runtime: str | None) -> None:
        """Somebody has selected another runtime. What this page has asked of its own and that has
        not taken, only the page itself can give away (`foldbook.events.runtimes`)."""
        peer = self._peer
        waits = any(
            each.runtime == self.session and each.status is Status.QUEUED
            for each in peer.notebook.unfinished()
        )
        is_so = runtime not in (None, self.session) and runtime == peer.notebook.selected_runtime
        if waits and is_so and Kind.RUN in RIGHTS[peer.role]:
            peer.append([RuntimeSelected(runtime=runtime, instead_of=runtime)])

    async def _reply(self, command: ReplyInput, then: Callable[[], object]) -> None:
        owner = self._peer.notebook.executions[command.execution_id].owner
        assert owner is not None, "only what a runtime has claimed asks"
        params = {"input_id": command.input_id, "value": command.value}
        waited = await self.call(owner, REPLY_INPUT, params)
        then()
        if not waited:
            raise Refused("input", "it does not wait for one any more")

    def _replied(self, task: "asyncio.Task[object]") -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (why := task.exception()) is not None:
            message = f"The answer did not reach Python: {why}"
            self._page.post({"t": "toast", "kind": "runtime", "message": message})

    def _restart(self, command: Restart, carry_out: Callable[[Command], None]) -> None:
        old = self._runtime
        self.prepare()
        try:
            carry_out(command)
        except CommandRefused:
            self._have(old)
            raise
        self._begin_anew(old, "restarted")

    def _begin_anew(self, old: _Runtime | None, reason: str) -> None:
        """Another runtime stands in the place of the old one, whose memory is gone."""
        session = old.session if old else self._peer.notebook.selected_runtime
        _hang_up(old)
        if session is not None:
            self._declare_lost(session, reason)
        self.start(session if session in self._peer.notebook.runtimes else None)

    def _declare_lost(self, session: str, reason: str) -> None:
        known = self._peer.notebook.runtimes.get(session)
        if known is None or not known.has_ended:
            self._peer.append([RuntimeLost(runtime=session, reason=reason)])

    def _failed(self, runtime: _Runtime, message: str) -> None:
        was_ready = runtime.state == "ready"
        if was_ready:
            self.prepare()
            self._begin_anew(runtime, message)
        else:  # another try would fail alike; the next run is one
            _hang_up(runtime)
            self._have(None)
            self._declare_lost(runtime.session, message)
        text = "Python ended and was started anew" if was_ready else "Python could not be started"
        self._page.post({"t": "toast", "kind": "runtime", "message": f"{text}: {message}"})

    def _watch(self, seconds: float, act: Callable[[], None]) -> None:
        """Look in some seconds whether what runs now still runs."""
        running = self._running()
        if running is None:
            return
        known = running.id

        def look() -> None:
            now = self._running()
            if now is not None and now.id == known:
                act()

        asyncio.get_running_loop().call_later(seconds, look)

    def _running(self) -> Execution | None:
        session = self.session
        unfinished = self._peer.notebook.unfinished()
        return next(
            (e for e in unfinished if e.status is Status.RUNNING and e.owner == session), None
        )

    def _tell_stuck(self) -> None:
        self._page.post(
            {
                "t": "toast",
                "kind": "stuck",
                "message": "The running cell does not react to the interrupt. "
                "A restart ends it; Python's memory is lost then.",
                "action": {"label": "Restart", "command": {"do": "restart"}},
            }
        )

    def _replace_stuck(self) -> None:
        old = self._runtime
        self.prepare()
        self._begin_anew(old, "interrupted: this page cannot stop Python without ending it")
        self._page.post(
            {
                "t": "toast",
                "kind": "replaced",
                "message": "This page cannot interrupt Python, so it was ended and started anew; "
                "its memory is lost.",
            }
        )


def _readable(row: Row) -> Event | Unknown | None:
    """The row's event; None where it is unsound, which is no reason to stop."""
    try:
        return decode(row.payload)
    except BadEvent:
        return None


def _hang_up(runtime: _Runtime | None) -> None:
    """A frame that is gone does not close its end."""
    if runtime is not None and runtime.channel is not None:
        runtime.channel.close()
