"""The client's side of the wire: what to send, and what became of it. Pure.

It does no IO. Its owner gives it own rows (`push`), connections (`connected`, `disconnected`)
and messages (`receive`), sends what `Send` says, and takes notice of the rest.

    offline ──connected──▶ greeting ──welcome──▶ live ◀──────requeue──────┐
       ▲                                           │ nack, stale, fork    │
       │                                           ▼                      │
       └──────disconnected (from anywhere)      stopped ──────────────▶ held
                                                   all that is under way is answered, and
                                                   what was accepted has come back as rows

In ``held`` the owner is told what stopped it (`RowRefused`, `TooFarBehind`, `Forked`), rewrites
its pending rows and gives them back with `requeue`. So nothing is rewritten whose fate is open.
After a gap the client goes back to the number that the authority expects, by itself.
"""

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import Final

from foldbook.errors import BadFrame
from foldbook.row import Row, check_dense, digest
from foldbook.wire import (
    BATCH_BYTES,
    BATCH_ROWS,
    Ack,
    Bye,
    Err,
    Hello,
    Message,
    Nack,
    NotTaken,
    Push,
    Rows,
    Snap,
    Welcome,
    size_of,
)

RUNTIME_WINDOW: Final = 1024 * 1024
"""Bytes that a runtime may have unacknowledged."""


class State(Enum):
    """Where a client stands; see the module."""

    OFFLINE = auto()
    GREETING = auto()
    LIVE = auto()
    STOPPED = auto()
    HELD = auto()


@dataclass(frozen=True, slots=True)
class Send:
    """Send this to the authority."""

    message: Message


@dataclass(frozen=True, slots=True)
class Joined:
    """The authority has greeted back."""

    welcome: Welcome


@dataclass(frozen=True, slots=True)
class Confirmed:
    """The next rows of the log."""

    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Begun:
    """The log begins, for this peer, with this snapshot."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """Own rows up to number n are in the log."""

    n: int


@dataclass(frozen=True, slots=True)
class RowRefused:
    """Own row n was not accepted. Held: rewrite the pending rows, then `Sync.requeue`."""

    n: int
    code: str
    reason: str


@dataclass(frozen=True, slots=True)
class TooFarBehind:
    """Own rows from number n on must be made anew on the head. Held, see `RowRefused`."""

    n: int


@dataclass(frozen=True, slots=True)
class Forked:
    """Another replica has used this session's number n: go on as a new session, with a new
    `Sync`. Own rows before n have been confirmed.
    """

    n: int


@dataclass(frozen=True, slots=True)
class Ended:
    """The authority wants no more of this connection. ``final``: do not connect again."""

    code: str
    message: str
    final: bool


@dataclass(frozen=True, slots=True)
class Other:
    """A message that does not concern rows: calls, presence, blobs."""

    message: Message


Effect = (
    Send
    | Joined
    | Begun
    | Confirmed
    | Acknowledged
    | RowRefused
    | TooFarBehind
    | Forked
    | Ended
    | Other
)
_Stop = RowRefused | TooFarBehind | Forked

_FINAL: Final = frozenset(
    {
        *("fenced", "version", "room", "epoch", "ahead", "base", "session"),
        *("denied", "revoked", "expired", "removed"),
    }
)
"""Codes after which connecting again would only fail again."""


class Sync:
    """Keeps one session's pending rows flowing and its cursor moving.

    hello: ``since`` is set anew at every connection. pending: own rows that are not
    acknowledged, n without gaps. window: bytes that may be under way at once; 0: one push.
    keeps: asked before each push; while it says so, own rows wait here and none is sent.
    """

    def __init__(
        self,
        hello: Hello,
        pending: Iterable[Row] = (),
        window: int = 0,
        keeps: Callable[[], bool] = lambda: False,
    ) -> None:
        self.state = State.OFFLINE
        self.cursor = hello.since
        self._keeps = keeps
        self._hello = hello
        self._window = window
        self._queue = deque(pending)
        self._sent = 0  # of the queue, rows that are under way
        self._sent_bytes = 0
        self._flights: deque[int] = deque()  # the last n of each push under way
        self._stop: _Stop | None = None
        self._target = 0  # the cursor must come here before the owner may rewrite rows
        self._refused: Row | None = None
        self._resume = False
        self._turn = 0  # pushes on this connection

    @property
    def unacknowledged(self) -> int:
        """Own rows that the authority has not acknowledged."""
        return len(self._queue)

    @property
    def is_welcomed(self) -> bool:
        """Whether the authority has greeted us, and the connection is still there."""
        return self.state not in (State.OFFLINE, State.GREETING)

    @property
    def is_current(self) -> bool:
        """Whether every row is here that there was when the authority greeted us."""
        return self.is_welcomed and self.cursor >= self._target

    @property
    def waiting_bytes(self) -> int:
        """Bytes of own rows that are not acknowledged."""
        return sum(map(size_of, self._queue))

    def connected(self) -> list[Effect]:
        """There is a connection: greet."""
        self._reset(State.GREETING)
        first = self._queue[0].n if self._queue else 0
        return [Send(replace(self._hello, since=self.cursor, first=first))]

    def disconnected(self) -> None:
        """The connection is gone. What was under way will be sent again."""
        self._reset(State.OFFLINE)

    def join_by(self, token: str) -> None:
        """From the next connection on, show this token."""
        self._hello = replace(self._hello, role_token=token)

    def push(self, rows: Sequence[Row]) -> list[Effect]:
        """Own new rows; their n go on from the last."""
        self._queue += rows
        return self._send()

    def requeue(self, rows: Iterable[Row]) -> list[Effect]:
        """While held: the pending rows as they are now; they replace what was queued."""
        self._queue = deque(rows)
        if self.state is State.HELD:
            self.state = State.LIVE
        return self._send()

    def receive(self, message: Message) -> list[Effect]:
        """The authority said something. Raises `BadRow` or `BadFrame` where it makes no sense;
        then the connection is of no more use.
        """
        if isinstance(message, Welcome):
            return self._welcome(message)
        if isinstance(message, Rows):
            check_dense(message.rows, self.cursor)
            self.cursor += len(message.rows)
            news: list[Effect] = [Confirmed(message.rows)]
            return news + self._settle()
        if isinstance(message, Snap):
            if self.cursor:
                raise BadFrame(f"rows after {self.cursor} expected, a snapshot came")
            self.cursor = message.seq
            return [Begun(message.data), *self._settle()]
        if isinstance(message, Ack):
            return self._acknowledge(message)
        if isinstance(message, Nack):
            return self._halt(RowRefused(message.n, message.code, message.reason), message.n)
        if isinstance(message, NotTaken):
            return self._halt(None, None)
        if isinstance(message, Err):
            return self._fail(message)
        if isinstance(message, Bye):
            return [Ended(message.code, "the connection was ended", message.code in _FINAL)]
        return [Other(message)]

    def _welcome(self, welcome: Welcome) -> list[Effect]:
        if self.state is not State.GREETING:
            raise BadFrame("a second welcome came")
        self.state = State.LIVE
        self._hello = replace(self._hello, epoch=welcome.epoch)
        self._target = welcome.head  # what was acknowledged before is in there, or is gone
        return [Joined(welcome), *self._send()]

    def _acknowledge(self, ack: Ack) -> list[Effect]:
        for i, mark in enumerate(ack.digests):
            if digest(self._awaited(ack.n + i)) != mark:
                return self._halt(Forked(ack.n + i), None)
            self._unqueue()
            self._target = max(self._target, ack.seqs[i])
        last = ack.n + len(ack.digests) - 1
        self._land(last)
        if isinstance(self._stop, RowRefused):
            self._stop = Forked(self._stop.n)
        return [Acknowledged(last), *self._settle()]

    def _fail(self, err: Err) -> list[Effect]:
        n = err.n or 0
        self._target = max(self._target, err.head or 0)
        if err.code == "stale":
            return self._halt(TooFarBehind(n), None)
        if err.code == "fork":
            return self._halt(Forked(n), None)
        if err.code != "gap":
            return [Ended(err.code, err.message, err.code in _FINAL)]
        if self._queue and (err.expected_n or 0) < self._queue[0].n:
            # Acknowledged rows are not there any more: their numbers stand for nothing now.
            return self._halt(Forked(self._queue[0].n), None)
        return self._halt(None, None)

    def _halt(self, stop: _Stop | None, answered: int | None) -> list[Effect]:
        """A push was not taken whole. The first reason counts, later ones follow from it.

        But numbers after a refused one that the authority knows were not given by us since:
        they are those of another replica, or of our own future in an old copy of the store.
        """
        if self.state is State.LIVE:
            self.state = State.STOPPED
        if isinstance(self._stop, RowRefused) and isinstance(stop, (RowRefused, Forked)):
            self._stop = Forked(self._stop.n)
        self._stop = self._stop or stop
        if answered is None:
            if self._flights:
                self._flights.popleft()
        else:
            self._refused = self._awaited(answered)
            self._unqueue()
            self._land(answered)
        return self._settle()

    def _awaited(self, n: int) -> Row:
        """The row that the next answer is about. Raises `BadFrame` unless that is row ``n``."""
        if not self._sent or self._queue[0].n != n:
            expected = self._queue[0].n if self._sent else "none"
            raise BadFrame(f"the answer to row {expected} expected, to row {n} came")
        return self._queue[0]

    def _unqueue(self) -> None:
        row = self._queue.popleft()
        self._sent -= 1
        self._sent_bytes -= size_of(row)

    def _land(self, n: int) -> None:
        while self._flights and self._flights[0] <= n:
            self._flights.popleft()

    def _settle(self) -> list[Effect]:
        """Go on, if that is possible now."""
        if self.state is State.LIVE:
            return self._send()
        if self.state is not State.STOPPED or self._flights:
            return []
        self._sent = self._sent_bytes = 0
        if self._stop is None:
            self.state = State.LIVE
            return self._send()
        if self.cursor < self._target:
            return []
        stop, self._stop = self._stop, None
        self._resume = self._refused is not None
        self._refused = None
        self._queue.clear()  # the owner has them, and gives them back rewritten
        self.state = State.HELD
        return [stop]

    def _send(self) -> list[Effect]:
        effects: list[Effect] = []
        while self.state is State.LIVE and self._may_send():
            rows = self._next()
            self._sent += len(rows)
            self._sent_bytes += sum(map(size_of, rows))
            self._flights.append(rows[-1].n)
            self._turn += 1
            effects.append(Send(Push(self._turn, tuple(rows), self._resume)))
            self._resume = False
        return effects

    def _may_send(self) -> bool:
        if self._keeps() or self._sent >= len(self._queue):
            return False
        return not self._flights or self._sent_bytes < self._window

    def _next(self) -> list[Row]:
        rows: list[Row] = []
        size = 0
        for i in range(self._sent, min(self._sent + BATCH_ROWS, len(self._queue))):
            size += size_of(self._queue[i])
            if rows and size > BATCH_BYTES:
                break
            rows.append(self._queue[i])
        return rows

    def _reset(self, state: State) -> None:
        self.state = state
        self._sent = self._sent_bytes = 0
        self._flights.clear()
        self._stop = None
        self._resume = False
        self._turn = 0
        if self._refused is not None:  # not told yet: ask once more, the answer is the same
            self._queue.appendleft(self._refused)
            self._refused = None


def backoff(attempt: int, random: Callable[[], float]) -> float:
    """Seconds to wait before connecting again: anywhere up to a limit ("full jitter"), which
    doubles from 0.25 to 30.

    attempt: 0 for the first after a loss; random: uniform in [0, 1).
    """
    return random() * min(30.0, 0.25 * 2.0 ** min(attempt, 10))
