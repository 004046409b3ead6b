"""What ties a replica to the world: its link, its saver, those who listen, and its questions."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from foldbook.errors import BadFrame, Refused
from foldbook.questions import Questions
from foldbook.replica import Change
from foldbook.saver import Saver
from foldbook.store import Batch, Durability
from foldbook.wire import (
    BlobHave,
    BlobPut,
    Call,
    Came,
    Gone,
    Message,
    Presence,
    Reply,
    Welcome,
)

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


class Link(Protocol):
    """What carries messages upstream."""

    def send(self, message: Message) -> None:
        """Send; does not wait."""

    def close(self) -> None:
        """End."""


class Elsewhere(Protocol):
    """Keeps the blobs of a notebook for others, and has those of others."""

    async def fetch(self, digest: str) -> bytes | None:
        """The bytes with this SHA-256 (hex), None where nobody has sent them yet.

        Raises `Refused` where it cannot be reached.
        """

    def offer(self, digest: str) -> None:
        """These bytes are (about to be) in the store, for others to have; does not wait."""


class Ties:
    """The `foldbook.replica.Host` of a peer.

    join: makes a new link at once, where that can be done (in process). misunderstood: what was
    wrong with the last message that made no sense. elsewhere: where blobs are that are not here.
    on_presence: told what others show of themselves, and that a session has gone.
    """

    def __init__(self, surroundings: Surroundings, saver: Saver | None) -> None:
        self.surroundings = surroundings
        self.saver = saver
        self.link: Link | None = None
        self.join: Callable[[], None] = lambda: None
        self.misunderstood: str | None = None
        self.present: set[str] = set()
        self.gone: dict[str, int] = {}
        self.subscribers: list[Callable[[Change], None]] = []
        self.on_call: Handler | None = None
        self.on_presence: Callable[[Presence], None] = lambda _: None
        self.elsewhere: Elsewhere | None = None
        self._questions = Questions()
        self._blobs: list[tuple[int, BlobPut]] = []  # with the number of the row that follows
        self._step = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()

    # The host of a replica

    def now(self) -> int:
        """See `foldbook.replica.Host`; so for the following ones."""
        return self.surroundings.now()

    def new_secret(self) -> bytes:
        """A session's secret."""
        return self.surroundings.secret()

    def send(self, message: Message) -> None:
        """Upstream, where there is a link."""
        if self.link is not None:
            self.link.send(message)

    def keep(self, batch: Batch, then: Callable[[], None] | None, how: Durability) -> None:
        """Through the saver, where there is one."""
        if self.saver is not None:
            self.saver.put(batch, then, how)

    def changed(self, change: Change) -> None:
        """Everybody who listens is told."""
        self._step.set()
        for callback in list(self.subscribers):
            callback(change)

    def acknowledged(self, n: int) -> None:
        """Blobs that came before these rows need not be sent again."""
        self._blobs = [each for each in self._blobs if each[0] > n]

    def rejoin(self) -> None:
        """Link anew; over a channel, the peer's loop does it."""
        if self.link is not None:
            self.link.close()
            self.link = None
        self.join()

    def heard(self, message: Message) -> None:
        """Whatever does not concern rows."""
        match message:
            case Welcome():
                self.present = set(message.present)
                self.gone.clear()
                for _, blob in self._blobs:
                    self.send(blob)
            case Call():
                self._start(self._answer(message))
            case Reply() | BlobHave():
                self._questions.hear(message)
            case Came():
                self.present.add(message.session)
                self.gone.pop(message.session, None)
                self.changed(Change())
            case Presence():
                self.on_presence(message)
            case Gone():
                self.present.discard(message.session)
                self.gone[message.session] = message.since
                self.on_presence(Presence(b"", message.session))
                self.changed(Change())
            case _:
                raise BadFrame(f"a peer is not sent {type(message).__name__}")

    # For the peer

    def unlink(self) -> None:
        """The link is gone."""
        self.link = None
        self._questions.fail("the connection was lost")
        self.changed(Change())

    async def next_step(self) -> None:
        """Return after the next change."""
        self._step.clear()
        await self._step.wait()

    def put_blob(self, data: bytes, before: int) -> str:
        """Have bytes kept before own row number ``before``; returns their SHA-256 in hex."""
        digest = hashlib.sha256(data).hexdigest()
        if self.saver is not None:
            self.saver.put(Batch(blobs={digest: data}))
            if self.elsewhere is not None:
                self.elsewhere.offer(digest)
            return digest
        blob = BlobPut(digest, data)
        self._blobs.append((before, blob))
        self.send(blob)
        return digest

    async def get_blob(self, digest: str) -> bytes | None:
        """The bytes with this SHA-256 (hex), None where nobody has them. Raises `Refused`."""
        if self.saver is not None:
            return await self.saver.blob(digest) or await self._get_elsewhere(self.saver, digest)
        self._need_link()
        want, answer = self._questions.want(digest)
        if want is not None:
            self.send(want)
        return await answer

    async def call(self, to: str, method: str, params: Mapping[str, Any]) -> Any:
        """Ask a runtime (a session). Raises `Refused`."""
        self._need_link()
        call, answer = self._questions.call(to, method, params)
        self.send(call)
        return await answer

    async def _get_elsewhere(self, saver: Saver, digest: str) -> bytes | None:
        data = await self.elsewhere.fetch(digest) if self.elsewhere is not None else None
        if data is not None:
            saver.put(Batch(blobs={digest: data}), durability="relaxed")
        return data

    def _need_link(self) -> None:
        if self.link is None:
            raise Refused("offline", "there is no connection")

    async def _answer(self, call: Call) -> None:
        if self.on_call is None:
            self.send(Reply(call.id, ok=False, value=f"nobody here answers {call.method}"))
            return
        try:
            value = await self.on_call(call.method, call.params, call.by)
            self.send(Reply(call.id, ok=True, value=value))  # not every value can be sent
        except Exception as why:  # whatever it is, the asking side is to know
            words = (str(why) or repr(why)).encode("utf-8", "backslashreplace").decode()
            self.send(Reply(call.id, ok=False, value=words))

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
