"""A runtime of a notebook that this process holds: it comes in as a guest (`foldbook.guests`).

It is started anew when people ask for that, and when what runs the code has died; they may stop
it, too.
"""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final, Literal

from foldbook.agent import RuntimeAgent
from foldbook.channel import pair
from foldbook.errors import Died
from foldbook.executor import Executor
from foldbook.guests import Guests
from foldbook.lines import FrameLine, Line
from foldbook.native.endings import DEATHS, futile
from foldbook.peer import Peer
from foldbook.sync import RUNTIME_WINDOW
from foldbook.ties import Surroundings
from foldbook.wire import Hello, identify

RUNTIME: Final = "runtime"
"""Which runtime a call from elsewhere is for."""

_RESTARTED: Final = "restarted"


class Hosted:
    """See the module.

    peer: the notebook's. kind: "python" or "jupyter". asks: whether somebody may answer code that
    asks for input; else it is told that nobody can.
    """

    def __init__(
        self,
        peer: Peer,
        guests: Guests,
        executor: Executor,
        name: str,
        kind: Literal["python", "jupyter"],
        around: Surroundings,
        *,
        asks: bool,
    ) -> None:
        self._asks = asks
        self._peer = peer
        self._guests = guests
        self._executor = executor
        self._name = name
        self._kind: Literal["python", "jupyter"] = kind
        self._around = around
        self._seat: _Seat | None = None
        self._language: Mapping[str, Any] | None = None
        peer.on_call = self._answer

    @property
    def language(self) -> Mapping[str, Any]:
        """Jupyter's ``language_info``; empty before `start`."""
        return self._language or {}

    async def start(self) -> None:
        """Return when it runs what is asked of it. Raises `CannotStart`."""
        await self._begin(None, "")
        session = self._there().session
        await self._peer.until(lambda: session in self._peer.notebook.runtimes)
        self._language = self._peer.notebook.runtimes[session].language

    async def run(self) -> None:
        """Run, until cancelled. Raises `CannotStart` where it cannot be started anew, or ends each
        time before it has run anything."""
        deaths = 0
        while True:
            seat = self._there()
            why = await self._end_of(seat)
            if not why:
                await self.stop()
                await asyncio.Event().wait()
            deaths = 0 if why == _RESTARTED or self._has_run(seat.session) else deaths + 1
            if deaths == DEATHS:
                await self.stop()
                raise futile(why)
            await self._executor.stop()
            await seat.leave()
            await self._begin(seat.session, why)

    async def stop(self) -> None:
        """End it, whatever it runs; the notebook is told."""
        seat, self._seat = self._seat, None
        if seat is not None:
            await seat.stop()

    async def _begin(self, replaces: str | None, because: str) -> None:
        seat = _Seat(self._guests, self._around)
        seat.agent = RuntimeAgent(
            seat.peer,
            self._executor,
            self._name,
            self._kind,
            replaces=replaces,
            because=because,
            before=self._language,
            followed=True,
            guest=True,
            asks=self._asks,
        )
        self._seat = seat
        await seat.agent.start()
        seat.running = asyncio.create_task(seat.agent.run())

    async def _end_of(self, seat: "_Seat") -> str:
        """Wait until it is to be started anew: why, in words; empty: it is to end."""
        asked = asyncio.create_task(self._peer.until(lambda: self._is_asked(seat.session)))
        died = asyncio.create_task(self._executor.died())
        try:
            await asyncio.wait((asked, died, seat.running), return_when=asyncio.FIRST_COMPLETED)
            await asyncio.sleep(0)  # a death that the agent has seen is told to everybody
            if died.done():
                return died.result()
            runtime = self._peer.notebook.runtimes.get(seat.session)
            return "" if runtime is not None and runtime.stop else _RESTARTED
        finally:
            asked.cancel()
            died.cancel()

    def _has_run(self, session: str) -> bool:
        executions = self._peer.notebook.executions.values()
        return any(each.owner == session for each in executions)

    def _there(self) -> "_Seat":
        assert self._seat is not None, "start comes first"
        return self._seat

    def _is_asked(self, session: str) -> bool:
        runtime = self._peer.notebook.runtimes.get(session)
        return runtime is not None and (
            runtime.restart > 0 or runtime.stop > 0 or runtime.status in ("stopped", "lost")
        )

    async def _answer(self, method: str, params: Mapping[str, Any], _asker: str) -> Any:
        """What others ask of the runtime. Raises `Refused`."""
        asked = dict(params)
        return await self._guests.call(str(asked.pop(RUNTIME, "")), method, asked)


class _Seat:
    """One session of the runtime: its peer, behind a channel to the notebook's guests."""

    def __init__(self, guests: Guests, around: Surroundings) -> None:
        secret = around.secret()
        self.session = identify(secret)
        near, self._far = pair()
        lines: list[Line] = [FrameLine(self._far)]

        async def connect() -> Line | None:
            return lines.pop() if lines else None

        hello = Hello(guests.room.name, guests.room.epoch, secret, secret, 0)
        self.peer = Peer.linked(hello, connect, around, window=RUNTIME_WINDOW)
        guests.welcome(near, self.session)
        self._joined = asyncio.create_task(self.peer.run())
        self.agent: RuntimeAgent
        self.running: asyncio.Task[None] = asyncio.create_task(asyncio.sleep(0))

    async def stop(self) -> None:
        """The runtime ends for good, and says so."""
        await self.agent.stop()
        await self.peer.until(lambda: self.peer.saved or self._joined.done())
        await self.leave()

    async def leave(self) -> None:
        """The session is over; its executor has ended."""
        self.agent.leave()
        with suppress(Died):
            await self.running
        self._far.close()
        await self._joined
