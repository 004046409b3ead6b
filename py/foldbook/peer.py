"""A peer: one replica of a notebook, and whoever speaks through it.

What is submitted is decided, folded into the view and handed on in one synchronous step;
what the authority says comes in by itself. Everybody above asks the peer and nothing below it.

    Peer.local    upstream is the `LocalAuthority` of this process, which keeps the rows
    Peer.linked   upstream is behind a channel. Without a saver nothing is kept here and rows
                  leave at once (runtimes); with one they leave as soon as they are kept
"""

import asyncio
import hashlib
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, Protocol, Self

from foldbook import sync as step
from foldbook.authority import EPOCH, LocalAuthority
from foldbook.channel import Channel
from foldbook.commands import Command, Stamp
from foldbook.errors import BadFrame, BadRow, CommandRefused, Refused
from foldbook.events import encode as encode_event
from foldbook.events.base import Event
from foldbook.log import Log, Refusal
from foldbook.notebook import Notebook
from foldbook.questions import Questions
from foldbook.reducer import fold_all
from foldbook.row import ROW_LIMIT, Role, Row
from foldbook.saver import Saver
from foldbook.store import Batch, Loaded, RefusedRow
from foldbook.sync import Sync, backoff
from foldbook.undo import UndoStack
from foldbook.wire import (
    LOCAL_FRAME_LIMIT,
    BlobHave,
    BlobPut,
    Call,
    Came,
    Gone,
    Hello,
    Message,
    Reply,
    Welcome,
    decode,
    encode,
    identify,
    size_of,
)

SESSION: Final = "session_secret"
"""The name under which the store's meta has the session's secret."""

_UNLIMITED: Final = 2**62

Handler = Callable[[str, Mapping[str, Any], str], Awaitable[Any]]
"""Answers a call: (method, params, the asking session) -> a plain value."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """All that a peer may not make up. now: ms since 1970. secret: 32 new random bytes.
    random: uniform in [0, 1). pause: waits some seconds.
    """

    now: Callable[[], int]
    secret: Callable[[], bytes]
    random: Callable[[], float]
    pause: Callable[[float], Awaitable[None]] = asyncio.sleep


@dataclass(frozen=True, slots=True)
class Origin:
    """The command came from this view as its ``k``-th."""

    view: str
    k: int


@dataclass(frozen=True, slots=True)
class Change:
    """What the last step changed. pending: own new rows, and the view they came from;
    refused: own rows that went to the drawer. All empty: only the state of saving, of the
    link, or of who is present.
    """

    confirmed: tuple[Row, ...] = ()
    pending: tuple[Row, ...] = ()
    refused: tuple[Refusal, ...] = ()
    origin: Origin | None = None


class Link(Protocol):
    """What carries messages upstream."""

    def send(self, message: Message) -> None:
        """Send; does not wait."""

    def close(self) -> None:
        """End."""


class _ChannelLink:
    def __init__(self, channel: Channel) -> None:
        self._channel = channel

    def send(self, message: Message) -> None:
        self._channel.send(encode(message))

    def close(self) -> None:
        self._channel.close()


class Peer:
    """See the module; made by `Peer.local` or `Peer.linked`.

    session, actor: their ids. role: what the authority has granted. present: sessions with a
    connection. readonly: why nothing can be written, or None. runtime: the session of the
    page's runtime while it is being started (`foldbook.commands.Stamp`). on_call: answers
    calls, where this is a runtime's peer.
    """

    def __init__(
        self,
        hello: Hello,
        role: Role,
        surroundings: Surroundings,
        loaded: Loaded,
        saver: Saver | None,
        *,
        keeps_rows: bool,
        window: int,
    ) -> None:
        self.session = identify(hello.session_secret)
        self.actor: Final = identify(hello.actor_secret)
        self.role = role
        self.log: Final = Log(fold_all(loaded.rows))
        self.undo: Final = UndoStack()
        self.present: set[str] = set()
        self.runtime: str | None = None
        self.on_call: Handler | None = None
        self.damaged: Final = loaded.damaged
        self._around = surroundings
        self._hello = hello
        self._window = window
        self._saver = saver
        self._keeps_rows = keeps_rows
        self._unkept = 0
        self._rewrites = 0
        self._link: Link | None = None
        self._join: Callable[[], None] = lambda: None
        self._work: Callable[[], Coroutine[Any, Any, None]]
        self._ended: step.Ended | None = None
        self._subscribers: list[Callable[[Change], None]] = []
        self._inbox: deque[Message] = deque()
        self._hearing = False
        self._questions = Questions()
        self._acknowledged = asyncio.Event()
        self._blobs: list[tuple[int, BlobPut]] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._n = max((row.n for row in loaded.rows if row.session == self.session), default=0)
        for each in loaded.refused:
            if each.row.session == self.session:
                self._n = max(self._n, each.row.n)
        for row in loaded.pending:
            if row.session == self.session:
                self.log.append(row)
                self._n = row.n
        self.sync = Sync(hello, self.log.pending, window)

    @classmethod
    def local(
        cls,
        authority: LocalAuthority,
        loaded: Loaded,
        actor_secret: bytes,
        surroundings: Surroundings,
    ) -> Self:
        """The own peer of a notebook that is not shared. It continues the store's session."""
        saver = authority.saver
        secret = _session_secret(loaded, saver, surroundings)
        room = authority.room
        hello = Hello(room.name, room.epoch, secret, actor_secret, room.head)
        peer = cls(
            hello, Role.OWN, surroundings, loaded, saver, keeps_rows=False, window=_UNLIMITED
        )

        def join() -> None:
            peer._link = authority.join(Role.OWN, peer._hear)
            peer._heed(peer.sync.connected())

        peer._join = join
        peer._work = authority.run
        join()
        return peer

    @classmethod
    def linked(
        cls,
        hello: Hello,
        connect: Callable[[], Awaitable[Channel | None]],
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
        window: see `Sync`.
        """
        peer = cls(
            hello,
            role,
            surroundings,
            loaded or Loaded(),
            saver,
            keeps_rows=saver is not None,
            window=window,
        )
        work = partial(peer._keep_linked, connect)
        peer._work = partial(_while_saving, saver, work) if saver else work
        return peer

    @property
    def notebook(self) -> Notebook:
        """The notebook as its reader sees it: confirmed rows, then own pending ones."""
        return self.log.view

    @property
    def unsaved(self) -> int:
        """Own rows that are not kept anywhere yet."""
        if self._keeps_rows:
            return self._unkept
        return len(self.log.pending)

    @property
    def saved(self) -> bool:
        """Whether everything is kept."""
        return self.unsaved == 0

    @property
    def failed(self) -> str | None:
        """Why the store did not take the last rows, or None."""
        failed = self._saver.failed if self._saver else None
        return str(failed) if failed else None

    @property
    def readonly(self) -> str | None:
        """Why nothing can be written, or None."""
        if self.damaged:
            return f"{len(self.damaged)} damaged records of the store were kept aside"
        if self._ended is not None and self._ended.final:
            return self._ended.message
        strangers = sum(aside.what != "void" for aside in self.log.confirmed.aside)
        if strangers and self.role is not Role.RUNTIME:
            return f"{strangers} events that this version cannot read were kept aside"
        return None

    def submit(self, command: Command, *, origin: Origin | None = None) -> list[Row]:
        """Carry out a command: its rows are in the view when this returns.

        Raises `CommandRefused`; the view's count goes on even then.
        """
        seed = f"{self.session}/{self._n + 1}"
        stamp = Stamp(self.session, self.actor, self.role, self._around.now(), seed, self.runtime)
        try:
            self._need_writable()
            decision = self.undo.decide(self.notebook, command, stamp)
            for data in decision.blobs.values():
                self.put_blob(data)
            return self._take(decision.events, origin)
        finally:
            if origin is not None and self._saver is not None:
                self._saver.put(Batch(views={origin.view: origin.k}))

    def append(self, events: Sequence[Event]) -> list[Row]:
        """Facts, from a runtime or an importer. Raises `CommandRefused` where one is too large
        for a row, or nothing can be written; then none was taken.
        """
        self._need_writable()
        return self._take(events, None)

    def subscribe(self, callback: Callable[[Change], None]) -> Callable[[], None]:
        """Have a callback called right after every step; returns how to end that."""
        self._subscribers.append(callback)
        return lambda: self._subscribers.remove(callback)

    async def run(self) -> None:
        """The one loop: until cancelled, or until the link is ended for good."""
        await self._work()

    def put_blob(self, data: bytes) -> str:
        """Have bytes kept, before the rows that name them; returns their SHA-256 in hex."""
        digest = hashlib.sha256(data).hexdigest()
        if self._saver is not None:
            self._saver.put(Batch(blobs={digest: data}))
            return digest
        blob = BlobPut(digest, data)
        self._blobs.append((self._n + 1, blob))
        self._send(blob)
        return digest

    async def get_blob(self, digest: str) -> bytes | None:
        """The bytes with this SHA-256 (hex), None where nobody has them. Raises `Refused`."""
        if self._saver is not None:
            return await self._saver.blob(digest)
        want, answer = self._questions.want(digest)
        if want is not None:
            self._send(want)
        return await answer

    async def call(self, to: str, method: str, params: Mapping[str, Any]) -> Any:
        """Ask a runtime (a session) something ephemeral. Raises `Refused`."""
        if self._link is None:
            raise Refused("offline", "there is no connection")
        call, answer = self._questions.call(to, method, params)
        self._send(call)
        return await answer

    async def drained(self, limit: int) -> None:
        """Return when at most ``limit`` bytes of own rows are not acknowledged."""
        while self.sync.waiting_bytes > limit:
            self._acknowledged.clear()
            await self._acknowledged.wait()

    # Own rows

    def _need_writable(self) -> None:
        if self.readonly is not None:
            raise CommandRefused(f"The notebook is read-only: {self.readonly}.")

    def _take(self, events: Sequence[Event], origin: Origin | None) -> list[Row]:
        rows = [self._row(i, event) for i, event in enumerate(events)]
        for row, event in zip(rows, events, strict=True):
            self.log.append(row, event)
        self._n += len(rows)
        if rows:
            self._hand_on(rows)
            self._tell(Change(pending=tuple(rows), origin=origin))
        return rows

    def _row(self, place: int, event: Event) -> Row:
        payload = encode_event(event)
        row = Row(
            seq=0,
            session=self.session,
            n=self._n + 1 + place,
            seen=self.log.head,
            actor=self.actor,
            role=self.role,
            kind=event.kind,
            ts=self._around.now(),
            payload=payload,
        )
        if size_of(row) > ROW_LIMIT:
            raise CommandRefused(
                f"{event.wire_name()} of {size_of(row)} bytes: an event has at most {ROW_LIMIT}."
            )
        return row

    def _hand_on(self, rows: list[Row]) -> None:
        if self._saver is None or not self._keeps_rows:
            self._heed(self.sync.push(rows))
            return
        self._unkept += len(rows)
        rewrites = self._rewrites

        def kept() -> None:
            self._unkept -= len(rows)
            if rewrites == self._rewrites:  # else they are among the rewritten ones
                self._heed(self.sync.push(rows))
            self._tell(Change())

        self._saver.put(Batch(pending_added=rows), kept)

    # What comes from upstream

    def _hear(self, message: Message) -> None:
        """Heed one message after the other, also where one leads to the next at once."""
        self._inbox.append(message)
        if self._hearing:
            return
        self._hearing = True
        try:
            while self._inbox:
                self._heed(self.sync.receive(self._inbox.popleft()))
        finally:
            self._hearing = False

    def _heed(self, effects: Sequence[step.Effect]) -> None:
        for effect in effects:
            match effect:
                case step.Send(message):
                    self._send(message)
                case step.Joined(welcome):
                    self._joined(welcome)
                case step.Confirmed(rows):
                    self._confirm(rows)
                case step.Acknowledged(n):
                    self._blobs = [each for each in self._blobs if each[0] > n]
                    self._acknowledged.set()
                case step.RowRefused(n, _, reason):
                    dropped = list(self.log.pending)
                    self._rewritten(self.log.refuse(n, reason), dropped, n)
                case step.TooFarBehind(n):
                    dropped = list(self.log.pending)
                    self._rewritten(self.log.rebase(n), dropped, n - 1)
                case step.Forked(n):
                    self._fork(n)
                case step.Ended():
                    self._end(effect)
                case step.Other(message):
                    self._other(message)

    def _send(self, message: Message) -> None:
        if self._link is not None:
            self._link.send(message)

    def _joined(self, welcome: Welcome) -> None:
        self.role = welcome.role
        self.present = set(welcome.present)
        if not self.log.pending:
            self._n = max(self._n, welcome.n)
        if self._keeps_rows and self._saver is not None:
            self._saver.put(Batch(meta={EPOCH: welcome.epoch}), durability="relaxed")
        for _, blob in self._blobs:
            self._send(blob)
        self._tell(Change())

    def _confirm(self, rows: tuple[Row, ...]) -> None:
        self.log.confirm(rows)
        own = [row for row in rows if row.session == self.session]
        if own and not self.log.pending:
            self._n = max(self._n, own[-1].n)
        if self._keeps_rows and self._saver is not None:
            dropped = [(row.session, row.n) for row in own]
            self._saver.put(
                Batch(confirmed=list(rows), pending_dropped=dropped), durability="relaxed"
            )
        self._tell(Change(confirmed=rows))

    def _rewritten(self, moved: list[Refusal], dropped: list[Row], last: int) -> None:
        """Pending rows were rewritten: give them back to the sync once that is kept."""
        pending = list(self.log.pending)
        self._n = pending[-1].n if pending else last
        self._rewrites += 1
        rewrites = self._rewrites

        def kept() -> None:
            if rewrites == self._rewrites:
                self._heed(self.sync.requeue(list(self.log.pending)))

        batch = Batch(refused_added=[RefusedRow(each.row, each.reason) for each in moved])
        if self._keeps_rows:
            batch.pending_dropped = [(row.session, row.n) for row in dropped]
            batch.pending_added = pending
        if self._saver is None or not self._keeps_rows:
            kept()
        if self._saver is not None:
            self._saver.put(batch, kept if self._keeps_rows else None)
        self._tell(Change(refused=tuple(moved)))

    def _fork(self, n: int) -> None:
        """Another replica speaks under this session: go on under a new one."""
        secret = self._around.secret()
        dropped = list(self.log.pending)
        self.session = identify(secret)
        moved = self.log.rebase(n, self.session)
        self._hello = step.renewed(self._hello, secret, self.sync.cursor)
        self.sync = Sync(self._hello, (), self._window)
        if self._saver is not None:
            self._saver.put(Batch(meta={SESSION: secret}))
        self._rewritten(moved, dropped, 0)
        if self._link is not None:
            self._link.close()
            self._link = None
        self._join()

    def _end(self, ended: step.Ended) -> None:
        if self._ended is None or not self._ended.final:
            self._ended = ended
        if self._link is not None:
            self._link.close()
        self._tell(Change())

    def _other(self, message: Message) -> None:
        match message:
            case Call():
                self._start(self._answer(message))
            case Reply() | BlobHave():
                self._questions.hear(message)
            case Came(session):
                self.present.add(session)
                self._tell(Change())
            case Gone(session):
                self.present.discard(session)
                self._tell(Change())
            case _:
                raise BadFrame(f"a peer is not sent {type(message).__name__}")

    async def _answer(self, call: Call) -> None:
        if self.on_call is None:
            self._send(Reply(call.id, ok=False, value=f"nobody here answers {call.method}"))
            return
        try:
            value = await self.on_call(call.method, call.params, call.by)
        except Exception as why:  # whatever it is, the asking side is to know
            self._send(Reply(call.id, ok=False, value=str(why) or repr(why)))
        else:
            self._send(Reply(call.id, ok=True, value=value))

    # The link

    async def _keep_linked(self, connect: Callable[[], Awaitable[Channel | None]]) -> None:
        attempt = 0
        while self._ended is None or not self._ended.final:
            channel = await connect()
            if channel is None:
                return
            known = self.sync
            joined = await self._serve(channel)
            if self.sync is not known:  # a new session: at once
                continue
            attempt = 0 if joined else attempt + 1
            await self._around.pause(backoff(attempt, self._around.random))

    async def _serve(self, channel: Channel) -> bool:
        """Speak over a channel until it ends; whether the authority welcomed us."""
        self._link = _ChannelLink(channel)
        sync = self.sync
        joined = False
        self._heed(sync.connected())
        try:
            while (frame := await channel.receive()) is not None and sync is self.sync:
                self._hear(decode(frame, LOCAL_FRAME_LIMIT))
                joined = joined or sync.state is step.State.LIVE
        except (BadFrame, BadRow) as why:
            self._ended = step.Ended("malformed", str(why), final=False)
        finally:
            self._link = None
            channel.close()
            sync.disconnected()
            self._questions.fail("the connection was lost")
        return joined

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _tell(self, change: Change) -> None:
        for callback in list(self._subscribers):
            callback(change)


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
