"""The runtimes of a page are guests of its notebook, whoever numbers the notebook's rows.

A runtime is a replica of its own, behind a channel. Here it finds a room in memory that tells it
every row as soon as that is kept on this disk, online or off; so rows stand here in the order in
which they came, and their numbers are not those of the log. Of what was before it came it is told
in one message what it needs (`foldbook.snapshot.slim`), however long the log is.

What the runtime says becomes rows of the notebook's own session, marked with the runtime
(``by``), and is acknowledged when they are kept. So it stands in the log right after the request
that led to it, on every replica.
"""

import logging
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from foldbook import events
from foldbook.channel import Channel
from foldbook.claims import Claim, Claims
from foldbook.effects import Append
from foldbook.errors import CommandRefused, FoldbookError, Refused
from foldbook.events.base import Event
from foldbook.peer import Change, Peer
from foldbook.questions import Questions
from foldbook.ring import KEEP
from foldbook.room import Room
from foldbook.row import Role, Row, runtime_actor
from foldbook.seats import Seats, check_readable
from foldbook.snapshot import encode, slim
from foldbook.wire import Call, Came, Gone, Hello, Message, Reply, Snap, Welcome

_NAME: Final = "guests"


@dataclass(slots=True)
class _Writing:
    """Rows that are to be kept. last: session and number of the newest of them;
    None: they are kept. claims: those among them."""

    ticket: int
    last: tuple[str, int] | None
    claims: tuple[Claim, ...] = ()


class Guests(Seats):
    """Serves the runtimes of this page.

    peer: the notebook's. secret: 32 new random bytes; now: ms since 1970.
    """

    def __init__(self, peer: Peer, secret: Callable[[], bytes], now: Callable[[], int]) -> None:
        super().__init__(Room(_NAME, _NAME, check=check_readable, keep=KEEP), now)
        self._peer = peer
        self._own = {peer.session}
        self._spoken: set[tuple[str, int]] = set()
        self._writing: deque[_Writing] = deque()
        self._here: set[str] = set()
        self._told: set[int] = set()  # seats that know what was before they came
        self._wait: set[int] = set()  # seats that do not, yet
        self._questions = Questions()
        self._claims = Claims(peer, self._call)
        self._calls = 0
        peer.subscribe(self._follow)
        self._seat = self.join(Role.OWN, self._heard)
        self._told.add(self._count)
        self._seat.send(Hello(_NAME, "", secret(), secret(), self.room.head))

    def welcome(self, channel: Channel, session: str) -> None:
        """A runtime of this page is up and has this channel to the notebook."""
        self.attach(channel, session, runtime_actor(self._peer.actor))

    def has(self, session: str) -> bool:
        """Whether this runtime is connected here."""
        return session in self._here

    async def call(self, to: str, method: str, params: Mapping[str, Any]) -> Any:
        """Ask a runtime here. Raises `Refused`."""
        if not self.has(to):
            raise Refused("offline", "the runtime is not connected")
        call, answer = self._questions.call(to, method, params)
        self._seat.send(call)
        return await answer

    def write(self, append: Append) -> None:
        """See `Seats`; so for the following ones."""
        if not append.rows:
            self._writing.append(_Writing(append.ticket, None))
        elif not self._speak(append):
            return
        self._commit_kept()

    def prepare(self, number: int) -> bool:
        """See `Seats`: a runtime is first told where the notebook stands, when all of that is
        kept."""
        if number in self._told:
            return True
        self._wait.add(number)
        if self._writing or self._peer.unsaved or not self.room.skip(number):
            return False
        self._wait.discard(number)
        self._told.add(number)
        self._tell(number, Snap(self.room.head, self._standing()))
        return True

    def put_blob(self, digest: str, data: bytes) -> None:
        """Into the notebook."""
        self._peer.put_blob(data)

    async def get_blob(self, digest: str) -> bytes | None:
        """From the notebook."""
        return await self._peer.get_blob(digest)

    def _speak(self, append: Append) -> bool:
        """Put a runtime's rows into the notebook; False where the notebook takes none."""
        said = [_said(row) for row in append.rows]
        claims = self._claims.of(said, append.rows[0].session)
        try:
            rows = self._peer.append(said)
        except CommandRefused as why:  # no right any more: what it says has no place to go
            logging.getLogger(__name__).warning("a runtime was not heard: %s", why)
            self.dismiss(append.rows[0].session)
            return False
        self._spoken |= {(row.session, row.n) for row in rows}
        self._writing.append(_Writing(append.ticket, (rows[-1].session, rows[-1].n), claims))
        return True

    def _standing(self) -> bytes:
        """The notebook as runtimes need it, under the numbers that rows have here."""
        notebook = slim(self._peer.notebook)
        notebook.head = self.room.head
        notebook.seen = dict.fromkeys(notebook.seen, 0)
        for row in self._peer.log.pending:
            notebook.numbers[row.session] = row.n
        return encode(notebook)

    def dismiss(self, session: str) -> None:
        """Send a runtime away."""
        for number, seat in list(self._seats.items()):
            if seat.session == session:
                seat.dismissed()
                self._leave(number)

    def _leave(self, number: int) -> None:
        if number in self._seats:
            self._claims.drop(self._seats[number].session)
        super()._leave(number)
        self._told.discard(number)
        self._wait.discard(number)

    def _follow(self, change: Change) -> None:
        """The notebook went on."""
        self._own.add(self._peer.session)
        for row in change.kept:
            self._kept(row)
        news = [row for row in change.kept if (row.session, row.n) not in self._spoken] + [
            row for row in change.confirmed if row.session not in self._own
        ]
        self._spoken -= {(row.session, row.n) for row in change.kept}
        if news:
            self._writing.append(_Writing(self.room.insert(news).ticket, None))
        self._commit_kept()
        if self._wait:
            self._publish()
        self._claims.settle()

    def _kept(self, row: Row) -> None:
        for each in self._writing:
            if each.last is not None and each.last[0] == row.session and each.last[1] <= row.n:
                each.last = None

    def _commit_kept(self) -> None:
        """Commit in order, as far as everything is kept."""
        ticket = 0
        claims: list[Claim] = []
        while self._writing and self._writing[0].last is None:
            done = self._writing.popleft()
            ticket = done.ticket
            claims += done.claims
        if ticket:
            self.committed(ticket)
        if claims:
            self._claims.kept(claims)

    def _call(self, runtime: str, method: str, params: Mapping[str, Any]) -> None:
        """Tell a runtime something; its answer says nothing."""
        self._calls += 1
        if self.has(runtime):
            self._seat.send(Call(f"told-{self._calls}", runtime, method, params))

    def _heard(self, message: Message) -> None:
        match message:
            case Welcome():
                self._here = set(message.present)
            case Came():
                self._here.add(message.session)
            case Gone():
                self._here.discard(message.session)
            case Reply():
                self._questions.hear(message)
            case _:  # rows, which are known here
                pass


def _said(row: Row) -> Event:
    """A runtime's event as the notebook's session writes it down."""
    event = events.decode(row.payload)
    if isinstance(event, events.Unknown):
        raise FoldbookError(f"{event.type} was taken, and is not known")
    return event.model_copy(update={"by": row.session})
