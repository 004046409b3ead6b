"""A line to a relay that can read nothing: what its owner is told of own rows."""

from dataclasses import replace

from foldbook.channel import MemoryChannel, pair
from foldbook.events import decode, encode
from foldbook.events.notebooks import NotebookRenamed
from foldbook.native.cipher import NativeCipher, public_key
from foldbook.row import Kind, Role, Row, digest
from foldbook.seal import Keys
from foldbook.sealed import SealedLine
from foldbook.sealer import RowSealer, Sealer
from foldbook.wire import Ack, Message, Push, Rows, Welcome
from foldbook.wire import decode as read
from foldbook.wire import encode as frame
from stories import story

KEYS = Keys.of(b"k" * 32)
SEED = b"s" * 32
SESSION, ACTOR = "a" * 32, "b" * 32
MINE = Row(0, SESSION, 1, 0, ACTOR, Role.OWN, Kind.EDIT, 5, encode(NotebookRenamed(name="N")))


class Ends:
    """A line, and the relay's end of it."""

    def __init__(self, *, can_sign: bool = True) -> None:
        near, self.relay = pair()
        cipher = NativeCipher(KEYS.payload, public_key(SEED), SEED if can_sign else None)
        rows = RowSealer(cipher, KEYS, "book", "e1", can_sign=can_sign)
        self.line = SealedLine(near, rows, Sealer(cipher, KEYS), "book", SESSION, ACTOR)

    async def pushed(self) -> Row:
        """The own row as the relay numbers it."""
        self.line.send(Push(1, (MINE,)))
        told = await told_by(self.relay)
        assert isinstance(told, Push)
        return told.rows[0].numbered(1, ACTOR, Role.OWN, 7)

    async def hear(self, message: Message) -> Message | None:
        self.relay.send(frame(message))
        return await self.line.receive()


async def told_by(channel: MemoryChannel) -> Message:
    sent = await channel.receive()
    assert sent is not None
    return read(sent)


def ack_of(row: Row) -> Ack:
    return Ack(row.n, (row.seq,), (digest(row),))


@story
async def test_an_own_row_may_come_back_before_it_is_acknowledged() -> None:
    """So it is where it was pushed before the last loss, and is pushed again."""
    ends = Ends()
    row = await ends.pushed()
    assert await ends.hear(Rows((row,))) == Rows((replace(row, payload=MINE.payload),))
    assert await ends.hear(ack_of(row)) == ack_of(replace(row, payload=MINE.payload))
    assert not ends.line._sent
    ends.line.close()


@story
async def test_an_own_row_is_acknowledged_and_then_comes_back() -> None:
    ends = Ends()
    row = await ends.pushed()
    assert await ends.hear(ack_of(row)) == ack_of(replace(row, payload=MINE.payload))
    assert await ends.hear(Rows((row,))) == Rows((replace(row, payload=MINE.payload),))
    assert not ends.line._sent
    ends.line.close()


@story
async def test_an_own_row_that_the_relay_changed_is_no_own_row() -> None:
    """All others cannot open it, so its writer must not take it either."""
    for changed in ({"seen": 1}, {"kind": Kind.NOTE}, {"actor": "c" * 32}):
        ends = Ends()
        row = replace(await ends.pushed(), **changed)
        told = await ends.hear(Rows((row,)))
        assert isinstance(told, Rows)
        assert b"changed on the way" in told.rows[0].payload
        ends.line.close()
    assert decode(MINE.payload) == NotebookRenamed(name="N")


@story
async def test_who_cannot_sign_may_not_run_whatever_the_relay_grants() -> None:
    """Others do not heed an unsigned run: it is not to be shown here as if they did."""
    for can_sign, granted, expected in (
        (False, Role.RUN, Role.EDIT),
        (False, Role.OWN, Role.EDIT),
        (False, Role.COMMENT, Role.COMMENT),
        (False, Role.RUNTIME, Role.RUNTIME),
        (True, Role.RUN, Role.RUN),
    ):
        ends = Ends(can_sign=can_sign)
        welcome = await ends.hear(Welcome(0, "e1", ACTOR, SESSION, granted, 0))
        assert isinstance(welcome, Welcome)
        assert welcome.role is expected
        ends.line.close()
