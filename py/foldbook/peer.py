"""A peer: one replica of a notebook, and whoever speaks through it.

What is submitted is decided, folded into the view and handed on in one synchronous step;
what the authority says comes in by itself. Everybody above asks the peer and nothing below it.

    Peer.local    upstream is the `LocalAuthority` of this process, which keeps the rows
    Peer.linked   upstream is behind a channel. Without a saver nothing is kept here and rows
                  leave at once (runtimes); with one they leave as soon as they are kept
    Peer.reading  there is no upstream: a notebook that can only be looked at
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Any, Final, Self

from foldbook.authority import LocalAuthority
from foldbook.channel import Channel
from foldbook.commands import Command, Stamp
from foldbook.errors import BadFrame, BadRow, CommandRefused, Refused
from foldbook.events.base import Event
from foldbook.log import Log
from foldbook.notebook import Notebook
from foldbook.replica import Change, Keeping, Origin, Replica
from foldbook.row import Role, Row
from foldbook.saver import Saver
from foldbook.store import SESSION, Batch, Damage, Loaded
from foldbook.sync import State, backoff
from foldbook.ties import ChannelLink, Handler, Surroundings, Ties
from foldbook.undo import UndoStack
from foldbook.wire import LOCAL_FRAME_LIMIT, Hello, decode

__all__ = ["Change", "Handler", "Origin", "Peer", "Surroundings"]

_UNLIMITED: Final = 2**62

Connect = Callable[[], Awaitable[Channel | None]]


class Peer:
    """See the module; made by `Peer.local`, `Peer.linked` or `Peer.reading`.

    damaged: what the store could not read. undo: what can be undone. runtime: the session of
    the page's runtime while it is being started (`foldbook.commands.Stamp`).
    """

    def __init__(self, replica: Replica, ties: Ties, damaged: Sequence[Damage] = ()) -> None:
        self.damaged: Final = tuple(damaged)
        self.undo: Final = UndoStack()
        self.runtime: str | None = None
        self._replica = replica
        self._ties = ties
        self._work: Callable[[], Awaitable[None]] = _rest

    @classmethod
    def local(
        cls,
        authority: LocalAuthority,
        loaded: Loaded,
        actor_secret: bytes,
        surroundings: Surroundings,
    ) -> Self:
        """The own peer of a notebook that is not shared. It continues the store's session."""
        saver, room = authority.saver, authority.room
        secret = _session_secret(loaded, saver, surroundings)
        hello = Hello(room.name, room.epoch, secret, actor_secret, room.head)
        ties = Ties(surroundings, saver)
        replica = Replica(ties, hello, Role.OWN, loaded, Keeping.UPSTREAM, _UNLIMITED)
        peer = cls(replica, ties)

        def join() -> None:
            ties.link = authority.join(Role.OWN, replica.hear)
            replica.connected()

        ties.join = join
        join()
        peer._work = authority.run
        return peer

    @classmethod
    def linked(
        cls,
        hello: Hello,
        connect: Connect,
        surroundings: Surroundings,
        *,
        role: Role = Role.RUNTIME,
        loaded: Loaded | None = None,
        saver: Saver | None = None,
        window: int = 0,
    ) -> Self:
        """A peer whose authority is behind a channel.

        connect: gives a new channel after each loss, None when there will be no more. loaded:
        what the saver's store had; ``hello.session_secret`` is to be the one kept there.
        window: see `foldbook.sync.Sync`.
        """
        ties = Ties(surroundings, saver)
        keeping = Keeping.HERE if saver else Keeping.NOBODY
        loaded = loaded or Loaded()
        replica = Replica(ties, hello, role, loaded, keeping, window)
        peer = cls(replica, ties, loaded.damaged)
        work = partial(peer._keep_linked, connect)
        peer._work = partial(_while_saving, saver, work) if saver else work
        return peer

    @classmethod
    def reading(cls, loaded: Loaded, actor_secret: bytes, surroundings: Surroundings) -> Self:
        """A notebook that can only be looked at: the sound rows of a damaged store, for one."""
        ties = Ties(surroundings, None)
        secret = surroundings.secret()
        hello = Hello("", "", secret, actor_secret, 0)
        shown = Loaded(rows=loaded.rows)
        replica = Replica(ties, hello, Role.VIEW, shown, Keeping.NOBODY)
        return cls(replica, ties, loaded.damaged)

    @property
    def notebook(self) -> Notebook:
        """The notebook as its reader sees it: confirmed rows, then own pending ones."""
        return self._replica.log.view

    @property
    def log(self) -> Log:
        """Confirmed and pending rows, and the drawer."""
        return self._replica.log

    @property
    def session(self) -> str:
        """The id of the session. It changes where another replica has used it (a fork)."""
        return self._replica.session

    @property
    def actor(self) -> str:
        """The id of the person, agent or runtime."""
        return self._replica.actor

    @property
    def role(self) -> Role:
        """What the authority has granted."""
        return self._replica.role

    @property
    def present(self) -> frozenset[str]:
        """Sessions with an open connection, as the authority last told."""
        return frozenset(self._ties.present)

    @property
    def unsaved(self) -> int:
        """Own rows that are not kept anywhere yet."""
        return self._replica.unsaved

    @property
    def saved(self) -> bool:
        """Whether everything is kept."""
        return self.unsaved == 0

    @property
    def failed(self) -> str | None:
        """Why the store did not take the last rows, or None."""
        saver = self._ties.saver
        return str(saver.failed) if saver and saver.failed else None

    @property
    def readonly(self) -> str | None:
        """Why nothing can be written, or None."""
        ended = self._replica.ended
        if self.damaged:
            return "Some records of the store are damaged"
        if ended is not None and ended.final:
            return ended.message
        if self.role is Role.RUNTIME:
            return None
        strangers = sum(aside.what != "void" for aside in self.log.confirmed.aside)
        return "Some events cannot be read by this version" if strangers else None

    @property
    def trouble(self) -> str | None:
        """Why the last connection was of no use, where what came over it made no sense."""
        return self._ties.misunderstood

    @property
    def on_call(self) -> Handler | None:
        """Answers calls, where this is a runtime's peer."""
        return self._ties.on_call

    @on_call.setter
    def on_call(self, handler: Handler | None) -> None:
        self._ties.on_call = handler

    def submit(self, command: Command, *, origin: Origin | None = None) -> list[Row]:
        """Carry out a command: its rows are in the view when this returns.

        Raises `CommandRefused`; the count of the view it came from goes on even then.
        """
        replica = self._replica
        now = self._ties.now()
        seed = f"{replica.session}/{replica.n + 1}"
        stamp = Stamp(replica.session, replica.actor, replica.role, now, seed, self.runtime)
        try:
            self._need_writable()
            decision = self.undo.decide(self.notebook, command, stamp)
            for data in decision.blobs.values():
                self.put_blob(data)
            return replica.take(decision.events, origin)
        finally:
            if origin is not None:
                self._ties.keep(Batch(views={origin.view: origin.k}), None, "strict")

    def append(self, events: Sequence[Event]) -> list[Row]:
        """Facts, from a runtime or an importer. Raises `CommandRefused` where one is too large
        for a row, or nothing can be written; then none was taken.
        """
        self._need_writable()
        return self._replica.take(events)

    def subscribe(self, callback: Callable[[Change], None]) -> Callable[[], None]:
        """Have a callback called right after every step; returns how to end that."""
        self._ties.subscribers.append(callback)
        return lambda: self._ties.subscribers.remove(callback)

    async def run(self) -> None:
        """The one loop: until cancelled, or until the link is ended for good."""
        await self._work()

    def put_blob(self, data: bytes) -> str:
        """Have bytes kept, before the rows that name them; returns their SHA-256 in hex."""
        return self._ties.put_blob(data, self._replica.n + 1)

    async def get_blob(self, digest: str) -> bytes | None:
        """The bytes with this SHA-256 (hex), None where nobody has them. Raises `Refused`."""
        return await self._ties.get_blob(digest)

    async def call(self, to: str, method: str, params: Mapping[str, Any]) -> Any:
        """Ask a runtime (a session) something ephemeral. Raises `Refused`."""
        return await self._ties.call(to, method, params)

    async def drained(self, limit: int) -> None:
        """Return when at most ``limit`` bytes of own rows are not acknowledged.

        Raises `Refused` when the link is ended for good.
        """
        while self._replica.sync.waiting_bytes > limit:
            if self._replica.ended is not None and self._replica.ended.final:
                raise Refused(self._replica.ended.code, self._replica.ended.message)
            await self._ties.next_step()

    def _need_writable(self) -> None:
        if self.readonly is not None:
            raise CommandRefused(f"The notebook is read-only. {self.readonly}.")

    async def _keep_linked(self, connect: Connect) -> None:
        attempt = 0
        while self._replica.ended is None or not self._replica.ended.final:
            channel = await connect()
            if channel is None:
                return
            session = self.session
            joined = await self._serve(channel)
            if self.session != session:  # a new session: at once
                continue
            attempt = 0 if joined else attempt + 1
            around = self._ties.surroundings
            await around.pause(backoff(attempt, around.random))

    async def _serve(self, channel: Channel) -> bool:
        """Speak over a channel until it ends; whether the authority welcomed us."""
        link = self._ties.link = ChannelLink(channel)
        sync = self._replica.sync
        joined = False
        self._replica.connected()
        try:
            while (frame := await channel.receive()) is not None and link is self._ties.link:
                self._replica.hear(decode(frame, LOCAL_FRAME_LIMIT))
                joined = joined or sync.state is State.LIVE
        except (BadFrame, BadRow) as why:
            self._ties.misunderstood = str(why)
        finally:
            channel.close()
            sync.disconnected()
            self._ties.unlink()
        return joined


async def _rest() -> None:
    await asyncio.Event().wait()


async def _while_saving(saver: Saver, work: Callable[[], Awaitable[None]]) -> None:
    """Do the work with the saver running beside it, and end it when all is kept."""
    async with asyncio.TaskGroup() as group:
        saving = group.create_task(saver.run())
        await work()
        await saver.flush()
        saving.cancel()


def _session_secret(loaded: Loaded, saver: Saver, surroundings: Surroundings) -> bytes:
    kept = loaded.meta.get(SESSION)
    if isinstance(kept, bytes):
        return kept
    secret = surroundings.secret()
    saver.put(Batch(meta={SESSION: secret}))
    return secret
