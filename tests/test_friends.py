"""Two friends who once typed one text do it again: two real peers, the real relay, sealed rows.

Each sees of the other exactly what the trace says that they had seen, so the ends must be equal.
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from random import Random

from builder import relay as relays
from foldbook import text
from foldbook.lines import Line
from foldbook.peer import Peer, Surroundings
from foldbook.row import Role, Row
from foldbook.saver import Saver
from foldbook.sharing import Share, Sharing, begin, join
from foldbook.store import Batch, Loaded, MemoryStore
from foldbook.wire import ROOM, Hello, Message, Rows
from outside import OUTSIDE
from shared import until
from stories import story
from traces import edit, first_row, knowledge, read_trace

NOTEBOOK, EPOCH, TOKEN = "the-paper", "epoch-1", b"a token of links"


class Gate:
    """A line on which rows wait until somebody allows them."""

    def __init__(self, line: Line, friend: "Friend") -> None:
        self._line = line
        self._friend = friend
        self._held: list[Row] = []
        self._next: asyncio.Task[Message | None] | None = None

    def send(self, message: Message) -> None:
        self._line.send(message)

    def close(self) -> None:
        self._line.close()

    async def receive(self) -> Message | None:
        while True:
            if rows := self._allowed():
                return Rows(rows)
            if self._next is None:
                self._next = asyncio.ensure_future(self._line.receive())
            turn = asyncio.ensure_future(self._friend.turned.wait())
            await asyncio.wait({self._next, turn}, return_when=asyncio.FIRST_COMPLETED)
            turn.cancel()
            self._friend.turned.clear()
            if self._next.done():
                message = self._next.result()
                self._next = None
                if not isinstance(message, Rows):
                    return message
                self._held += message.rows

    def _allowed(self) -> tuple[Row, ...]:
        count = sum(row.seq <= self._friend.allowed for row in self._held[:256])
        rows = tuple(self._held[:count])
        del self._held[:count]
        return rows


class Friend:
    """One of the two: a peer with a store of its own."""

    def __init__(self, name: str, share: Share, rows: list[Row]) -> None:
        self.allowed = 1
        self.turned = asyncio.Event()
        secret = hashlib.sha256(name.encode()).digest()
        dice = Random(name)
        around = Surroundings(lambda: 1_700_000_000_000, lambda: dice.randbytes(32), dice.random)
        store = MemoryStore()
        store.write(Batch(confirmed=rows))
        self.sharing = Sharing(
            OUTSIDE,
            share,
            secret,
            session=lambda: self.peer.session,
            changed=lambda _: None,
            history=store.rows,
        )
        link = share.link
        hello = Hello(link.room, EPOCH, secret, secret, len(rows), link.token.hex())
        self.peer = Peer.linked(
            hello,
            self._connect,
            around,
            role=link.role,
            loaded=Loaded(rows=rows),
            saver=Saver(store),
        )

    async def _connect(self) -> Line | None:
        line = await self.sharing.connect()
        return None if line is None else Gate(line, self)

    async def see(self, seq: int) -> None:
        """See the log up to this row."""
        self.allowed = max(self.allowed, seq)
        self.turned.set()
        await until(lambda: self.peer.log.head >= seq)

    async def sent(self) -> None:
        """All own rows are at the relay."""
        await until(lambda: self.peer._replica.sync.unacknowledged == 0 and self.peer.saved)

    def write(self, patches: list[tuple[int, int, str]]) -> None:
        length = len(self.text)
        self.peer.append([edit(text.from_patches(patches), length)])

    @property
    def text(self) -> str:
        return self.peer.notebook.cells["paper"].source


@asynccontextmanager
async def friends(address: str) -> AsyncIterator[tuple[Friend, Friend]]:
    rows = [first_row()]
    secret = hashlib.sha256(b"ann").digest()
    share = await begin(OUTSIDE, address, "", NOTEBOOK, EPOCH, secret)
    ann = Friend("ann", Share(share.link, EPOCH, "draft", 1), rows)
    running = [asyncio.create_task(ann.peer.run())]
    await until(lambda: ann.peer.is_linked)
    told = {"id": "l", "role": "edit", "token_hash": hashlib.sha256(TOKEN).hexdigest()}
    await ann.peer.call(ROOM, "add_link", told)
    link = share.link_for(Role.EDIT, TOKEN)
    bob = Friend("bob", await join(OUTSIDE, link, hashlib.sha256(b"bob").digest()), rows)
    running.append(asyncio.create_task(bob.peer.run()))
    await until(lambda: bob.peer.is_linked)
    yield ann, bob
    for each in running:
        each.cancel()
        with suppress(asyncio.CancelledError):
            await each


@story
async def test_two_friends_through_the_relay(corpus: Path, tmp_path: Path) -> None:
    trace = read_trace(corpus, "friendsforever")
    txns = trace["txns"]
    with relays.running(tmp_path, 0) as address:
        assert address is not None
        async with friends(address) as both:
            writing: Friend | None = None
            for txn, known in zip(txns, knowledge(txns), strict=True):
                friend = both[txn["agent"]]
                if writing not in (None, friend):
                    await writing.sent()
                writing = friend
                if known + 1 > friend.allowed:
                    await friend.see(known + 1)
                friend.write(txn["patches"])
            for each in both:
                await each.sent()
                await each.see(1 + len(txns))
                assert each.peer.log.pending == ()
                assert each.peer.log.confirmed.void_count == 0
                assert each.text == trace["endContent"]
