"""A peer: one replica of a notebook, and whoever speaks through it.

What is submitted is decided, folded into the view and handed on in one synchronous step;
what the authority says comes in by itself. Everybody above asks the peer and nothing below it.

    Peer.local    upstream is the `LocalAuthority` of this process, which keeps the rows
    Peer.linked   upstream is behind a line. Without a saver nothing is kept here and rows
                  leave at once (runtimes); with one they leave as soon as they are kept
    Peer.reading  there is no upstream: a notebook that can only be looked at
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Any, Final, Self

from foldbook.authority import LocalAuthority
from foldbook.commands import Command, Stamp
from foldbook.errors import BadFrame, BadRow, BadSnapshot, CommandRefused, Refused
from foldbook.events.base import Event
from foldbook.lines import Line
from foldbook.log import Log
from foldbook.notebook import Notebook
from foldbook.reducer import REDUCER_VERSION
from foldbook.replica import Change, Keeping, Origin, Replica
from foldbook.row import Role, Row
from foldbook.saver import Saver, first_of
from foldbook.store import SESSION, Batch, Damage, Loaded
from foldbook.sync import Ended, State, backoff
from foldbook.ties import Elsewhere, Handler, Surroundings, Ties
from foldbook.undo import UndoStack
from foldbook.wire import Hello, Presence

__all__ = ["Change", "Handler", "Origin", "Peer", "Surroundings", "session_secret"]

_UNLIMITED: Final = 2**62

Connect = Callable[[], Awaitable[Line | None]]
"""Makes a new line after each loss; None when there will be no more."""


class Peer:
    """See the module; made by `Peer.local`, `Peer.linked` or `Peer.reading`.

    damaged: what the store could not read. undo: what can be undone. runtime: the session of
    the page's runtime while it is being started (`foldbook.commands.Stamp`).
    """

    def __init__(self, replica: Replica, ties: Ties, damaged: Sequence[Damage] = ()) -> None:
        self.damaged: Final = tuple(damaged)
        self.undo: Final = UndoStack()
        self.runtime: str | None = None
        self._hurry = asyncio.Event()
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
        secret = session_secret(loaded, saver, surroundings)
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
        """A peer whose authority is behind a line.

        loaded: what the saver's store had; ``hello.session_secret`` is to be the one kept there.
        window: see `foldbook.sync.Sync`.
        """
        ties = Ties(surroundings, saver)
        keeping = Keeping.HERE if saver else Keeping.NOBODY
        loaded = loaded or Loaded()
        replica = Replica(ties, hello, role, loaded, keeping, window)
        peer = cls(replica, ties, loaded.damaged)
        work = partial(peer.keep_linked, connect)
        peer._work = partial(_while_saving, saver, work) if saver else work
        return peer

    @classmethod
    def reading(cls, loaded: Loaded, actor_secret: bytes, surroundings: Surroundings) -> Self:
        """A notebook that can only be looked at: the sound rows of a damaged store, for one."""
        ties = Ties(surroundings, None)
        secret = surroundings.secret()
        hello = Hello("", "", secret, actor_secret, 0)
        shown = Loaded(rows=loaded.rows, snapshot=loaded.snapshot)
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
    def n(self) -> int:
        """The newest number of the session, refused ones included."""
        return self._replica.n

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
    def gone(self) -> Mapping[str, int]:
        """Sessions without a connection of which the authority has told since when (its ms since
        1970)."""
        return self._ties.gone

    @property
    def unsaved(self) -> int:
        """Own rows that are not kept anywhere yet."""
        return self._replica.unsaved

    @property
    def unsaved_bytes(self) -> int:
        """Bytes of them."""
        return self._replica.unsaved_bytes

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
        """Why the notebook can only be looked at, whoever does so; or None."""
        if self.damaged:
            return "Some records of the store are damaged"
        if self.is_outdated:
            return (
                f"Somebody works here with a newer Foldbook. Its events are of version "
                f"{self.log.confirmed.reducer}, this one knows up to {REDUCER_VERSION}"
            )
        return None

    @property
    def is_outdated(self) -> bool:
        """Whether the notebook asks for a newer program than this one."""
        return self._replica.is_outdated

    @property
    def is_moved(self) -> bool:
        """Whether somebody else than this process numbers the rows, which are kept here."""
        return self._replica.is_moved

    @property
    def ended(self) -> str | None:
        """Why the authority wants no more of this peer, for good; or None."""
        return self._end.message if self._end else None

    @property
    def ended_code(self) -> str | None:
        """The code of it (``sync_relay/PROTOCOL.md``), or None."""
        return self._end.code if self._end else None

    @property
    def _end(self) -> Ended | None:
        ended = self._replica.ended
        return ended if ended is not None and ended.final else None

    @property
    def waiting(self) -> int:
        """Own rows that the authority has not acknowledged."""
        return self.log.waiting

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

    @property
    def is_linked(self) -> bool:
        """Whether the authority has welcomed this peer, and the line is still there."""
        return self._replica.sync.is_welcomed

    @property
    def is_current(self) -> bool:
        """Whether it is linked, and has every row that there was when it was welcomed."""
        return self._replica.sync.is_current

    @property
    def on_presence(self) -> Callable[[Presence], None]:
        """Told what others show of themselves; an empty state: nothing any more."""
        return self._ties.on_presence

    @on_presence.setter
    def on_presence(self, callback: Callable[[Presence], None]) -> None:
        self._ties.on_presence = callback

    @property
    def elsewhere(self) -> Elsewhere | None:
        """Where blobs are that are not here."""
        return self._ties.elsewhere

    @elsewhere.setter
    def elsewhere(self, elsewhere: Elsewhere | None) -> None:
        self._ties.elsewhere = elsewhere

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

    async def until(self, condition: Callable[[], bool]) -> None:
        """Return when this holds, which is looked at after every step."""
        while not condition():
            await self._ties.next_step()

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
        """Return when at most ``limit`` bytes of own rows are not kept: here where there is a
        saver, else by the authority.

        Raises `Refused` when the link is ended for good.
        """
        while self.unsaved_bytes > limit:
            if self._end is not None:
                raise Refused(self._end.code, self._end.message)
            await self._ties.next_step()

    def hurry(self) -> None:
        """The network is back, it seems: do not wait any longer before linking anew."""
        self._hurry.set()

    def begin_session(self) -> None:
        """Go on as a new session, as a runtime does that starts anew. Raises `Mine` while rows
        of the old one are not in the log."""
        self._replica.begin_session()

    def join_by(self, token: str) -> None:
        """Come in by another link of the same room; where the link had ended for good,
        `keep_linked` is to follow.
        """
        self._replica.join_by(token)
        self.relink()

    def relink(self) -> None:
        """End the line and make another: this one seems to be dead."""
        if self._ties.link is not None:
            self._ties.link.close()
        self.hurry()

    def move(self, room: str, epoch: str, token: str) -> None:
        """Another authority, behind a line, numbers this notebook's rows from now on.

        For a local peer with nothing unsaved; `keep_linked` is to follow.
        """
        ties = self._ties
        if ties.link is not None:
            ties.link.close()
        ties.link = None
        ties.join = lambda: None
        self._replica.move(room, epoch, token)

    def amend(self, confirmed: Notebook) -> None:
        """The fold of the confirmed rows was wrong, and is this. Raises `BadRow`."""
        self._replica.amend(confirmed)

    def show_presence(self, state: bytes) -> None:
        """Show others what one does here (ephemeral); nothing where there is no link."""
        self._ties.send(Presence(state))

    def _need_writable(self) -> None:
        if self.ended is not None:
            raise CommandRefused(f"Nothing can be written any more: {self.ended}.")
        if self.readonly is not None:
            raise CommandRefused(f"The notebook is read-only. {self.readonly}.")

    async def keep_linked(self, connect: Connect) -> None:
        """Be linked, anew after each loss, until the link is ended for good."""
        attempt = 0
        while self.ended is None:
            line = await connect()
            if line is None:
                return
            session = self.session
            joined = await self._serve(line)
            if self.session != session:  # a new session: at once
                continue
            attempt = 0 if joined else attempt + 1
            around = self._ties.surroundings
            self._hurry.clear()
            await first_of(around.pause(backoff(attempt, around.random)), self._hurry.wait())

    async def _serve(self, line: Line) -> bool:
        """Speak over a line until it ends; whether the authority welcomed us."""
        self._ties.link = line
        sync = self._replica.sync
        joined = False
        self._replica.connected()
        try:
            while (message := await line.receive()) is not None and line is self._ties.link:
                self._replica.hear(message)
                joined = joined or sync.state is State.LIVE
        except (BadFrame, BadRow, BadSnapshot) as why:
            self._ties.misunderstood = str(why)
        finally:
            line.close()
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


def session_secret(loaded: Loaded, saver: Saver, surroundings: Surroundings) -> bytes:
    """The secret of the session that the store continues; a new one where it has none."""
    kept = loaded.meta.get(SESSION)
    if isinstance(kept, bytes):
        return kept
    secret = surroundings.secret()
    saver.put(Batch(meta={SESSION: secret}))
    return secret
