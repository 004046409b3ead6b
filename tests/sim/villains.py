"""Those who mean harm: an editor whose rows are made by hand, and an authority that lies.

A sealed row binds its payload to its session, number, seen, kind and actor. So an authority
cannot make up or change what is said. It can still

    withhold rows, and tell that they are written    the writer sees them wait, and keeps them
    put rows twice, or in another order              twice: void; another order is its right
    say another role, time or place of a row         a role that is too low: void for all. One that
                                                     is too high is not noticed, but for runs and
                                                     administration, which are signed
    tell two people different things                 not noticed by rows alone: that takes a hash
                                                     of the log that both compare
"""

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from foldbook.row import Kind, Role, Row, digest
from foldbook.wire import (
    ROOM,
    Ack,
    Call,
    Err,
    Hello,
    Message,
    Nack,
    Presence,
    Push,
    Reply,
    Rows,
    Welcome,
    identify,
)
from sim.book import Book
from sim.clients import Station
from sim.host import Host
from sim.network import Connection
from sim.people import TOKENS
from sim.world import World

FORGED = "\U0001f608"
"""What nobody has typed."""


class Villain:
    """An editor who does not heed the product's code. What it brings in is only insertions."""

    def __init__(self, world: World, host: Station, book: Book) -> None:
        self.sessions: set[str] = set()
        self._world = world
        self._host = host
        self._book = book
        self._link: Connection | None = None
        self._begin()

    def connect(self) -> None:
        """Connect, under the same session or a new one."""
        if self._world.chance(0.2):
            self._begin()
        self._turn = 0
        self._welcomed = False
        link: Connection

        def lost() -> None:
            if self._link is link:
                self._link = None
                if not self._world.calm:
                    self._world.after(30, self.connect)

        link = self._link = self._host.open(Role.EDIT, self._hear, lost)
        token = TOKENS[Role.EDIT] if self._world.plan.links else None
        link.up(Hello("book", "", self._secret, b"v" * 16, self._head, token, first=self._n + 1))

    def act(self) -> None:
        """Say something that nobody should."""
        if self._link is None or not self._welcomed:
            return
        self._book.count("villainy")
        what = self._world.rng.random()
        if what < 0.1:
            self._link.up(self._nonsense())
            return
        row = self._row(self._event())
        self._turn += 1
        self._link.up(Push(self._turn, (row,), resume=True))
        if row.n == self._n + 1:
            self._n += 1

    def _begin(self) -> None:
        self._secret = hashlib.sha256(self._world.rng.randbytes(8)).digest()
        self.session = identify(self._secret)
        self.sessions.add(self.session)
        self._n = self._head = 0
        self._known: list[Row] = []

    def _hear(self, message: Message) -> None:
        if isinstance(message, Welcome):
            self._welcomed = True
            self._n, self._head = message.n, max(self._head, message.head)
        elif isinstance(message, Rows):
            self._known += message.rows
            self._head = max(self._head, message.rows[-1].seq)
        elif isinstance(message, Err) and message.expected_n is not None:
            self._n = message.expected_n - 1

    def _nonsense(self) -> Message:
        made: list[Message] = [
            Welcome(3, "e1", "x", "y", Role.OWN, 1),
            Hello("book", "", self._secret, b"v" * 16, 0),
            Call("1", ROOM, "add_link", {"id": "mine", "role": "own", "token_hash": "0" * 64}),
            Call("2", ROOM, "remove", {"actor": identify(b"a" * 16)}),
            Call("3", ROOM, "revoke_link", {"id": ["own"]}),
            Reply("1", ok=True, value={"a": 1}),
            Presence(b"\xff" * 9),
            Rows((self._row(b"{}"),)),
            Ack(1, (1,), (b"0" * 16,)),
        ]
        return self._world.rng.choice(made)

    def _row(self, payload: bytes) -> Row:
        """Mostly as it should be, but for one thing."""
        rng = self._world.rng
        row = Row(
            0, self.session, self._n + 1, self._head, identify(b"v" * 16), Role.OWN, Kind.EDIT, 0,
            payload,
        )  # fmt: skip
        wrong: list[dict[str, Any]] = [
            {"seen": max(0, self._head - rng.randint(1, 9))},
            {"seen": self._head + 3},
            {"n": max(1, self._n)},
            {"n": self._n + 2},
            {"kind": rng.choice(list(Kind))},
            {"session": self._known[-1].session if self._known else "x"},
            {"seq": 3, "ts": 2**52},
        ]
        return replace(row, **rng.choice(wrong)) if rng.random() < 0.4 else row

    def _event(self) -> bytes:
        rng = self._world.rng
        cell = f"i{rng.randint(1, 9)}"
        typed = self._book.type("v", 1)
        self._book.unwritten.add(typed)
        session = rng.choice([each.session for each in self._known] or ["x"])
        speakers = [b"by", *(each.payload for each in self._known if b'"by"' in each.payload)]
        runtime = _by(rng.choice(speakers)) or session
        length = rng.choice([0, 1, 2, 3, 5, 8, 10**9])
        edit = {"type": "cellSourceEdited", "cell_id": cell, "length_before": length}
        output = {"execution_id": f"i{rng.randint(1, 20)}", "by": runtime}
        found: list[Any] = [
            {**edit, "changes": [[0, typed]]},
            {**edit, "changes": [length, [0, typed]]},
            {**edit, "changes": [[10**6, typed]]},
            {**edit, "changes": [[0, typed], -3]},
            {"type": "streamAppended", "name": "stdout", "text": FORGED, **output},
            {"type": "executionAssigned", **output},
            {"type": "executionCompleted", "status": "error", **output},
            {"type": "runtimeStarted", "name": "P", "kind_name": "browser", "by": runtime},
            {"type": "runtimeStopped", "by": runtime},
            {"type": "cellCreated", "cell_id": f"v{length}", "cell_type": "code", "position": "V"},
            {"type": "cellTypeChanged", "cell_id": cell, "cell_type": "nonsense"},
            [],
            {"type": 3},
            {"type": "unopened", "reason": "x" * 300},
        ]
        if rng.random() < 0.06:  # of other versions: nobody is stopped by that
            raised = {"type": "minimumReducerRaised", "reducer": 9}
            found = [{"type": "cellCreated", "v": 9}, {**found[0], "v": 2}, raised]
        if rng.random() < 0.05:
            return b"\xff\x00 no JSON"
        return json.dumps(rng.choice(found)).encode()


def _by(payload: bytes) -> str:
    try:
        return str(json.loads(payload)["by"])
    except (ValueError, TypeError, KeyError):
        return ""


class Liar(Host):
    """An authority that tells what is not so: to everybody the same, or to each something else.

    Its own books are in order, so that it can be compared with what was told.
    """

    lies: dict[tuple[int, int], Row]

    def told(self, number: int, rows: Rows) -> Rows:
        """See `Host`."""
        whom = number if self._world.plan.lies == "each" else 0
        return Rows(tuple(self._lie(whom, row) for row in rows.rows))

    def say(self, number: int, message: Message) -> None:
        """See `Host`. It refuses what it has taken, and acknowledges what it has not."""
        if isinstance(message, Ack) and self._world.chance(0.02):
            self._count_one("lie: nack")
            message = Nack(message.n, "right", "because")
        elif isinstance(message, Nack) and self._world.chance(0.3):
            self._count_one("lie: ack")
            message = Ack(message.n, (self.room.head + 1,), (b"0" * 16,))
        super().say(number, message)

    def hear(self, connection: Connection, message: Message) -> None:
        """It says that it has written what it throws away."""
        if isinstance(message, Push) and self.up and self._world.chance(0.02):
            self._count_one("lie: not written")
            marks = tuple(digest(row) for row in message.rows)
            seqs = tuple(self.room.head + i for i, _ in enumerate(message.rows, 1))
            connection.down(Ack(message.rows[0].n, seqs, marks))
            return
        super().hear(connection, message)

    def _lie(self, whom: int, row: Row) -> Row:
        key = (whom, row.seq)
        if key not in self._lies:
            self._lies[key] = self._changed(row) if self._world.chance(0.06) else row
        return self._lies[key]

    @property
    def _lies(self) -> dict[tuple[int, int], Row]:
        if not hasattr(self, "lies"):
            self.lies = {}
        return self.lies

    def _changed(self, row: Row) -> Row:
        rng = self._world.rng
        other = rng.choice(self.rows)
        forged = json.dumps(
            {"type": "cellSourceEdited", "cell_id": "i1", "changes": [[0, FORGED]],
             "length_before": 0}
        ).encode()  # fmt: skip
        what, make = rng.choice(_LIES)
        self._count_one("lie: " + what)
        return make(row, other, forged)


_Make = Callable[[Row, Row, bytes], Row]

_LIES: list[tuple[str, _Make]] = [
    ("flipped", lambda row, _, __: replace(row, payload=_flipped(row.payload))),
    ("forged", lambda row, _, forged: replace(row, payload=forged)),
    ("borrowed", lambda row, other, _: replace(row, payload=other.payload)),
    ("twice", lambda row, other, _: replace(other, seq=row.seq)),
    ("session", lambda row, other, _: replace(row, session=other.session)),
    ("actor", lambda row, other, _: replace(row, actor=other.actor)),
    ("n", lambda row, _, __: replace(row, n=row.n + 1)),
    ("seen", lambda row, _, __: replace(row, seen=max(0, row.seen - 1))),
    ("kind", lambda row, _, __: replace(row, kind=Kind.NOTE)),
    ("role", lambda row, _, __: replace(row, role=Role.VIEW)),
    ("time", lambda row, _, __: replace(row, ts=0)),
]


def _flipped(payload: bytes) -> bytes:
    return payload[:-1] + bytes([payload[-1] ^ 1])
