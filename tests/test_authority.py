"""The authority in the notebook's own process: what is written when, and what guests may do."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable

import pytest
from foldbook.authority import LocalAuthority
from foldbook.channel import MemoryChannel, pair
from foldbook.errors import BadRow, FoldbookError, StoreDamaged, StoreFull
from foldbook.events import encode as encode_event
from foldbook.events.runtimes import RuntimeStarted
from foldbook.row import Kind, Role, Row
from foldbook.saver import Saver
from foldbook.seats import Seat
from foldbook.store import Batch, Durability, Loaded, MemoryStore
from foldbook.wire import (
    Ack,
    BlobHave,
    BlobPut,
    BlobWant,
    Bye,
    Err,
    Hello,
    Message,
    Nack,
    Push,
    Rows,
    Welcome,
    decode,
    encode,
    identify,
)
from rows import log, row

MARA, LOOM = identify(b"m" * 16), identify(b"l" * 16)


class SlowStore(MemoryStore):
    """Counts its transactions, and holds each until it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.batches: list[tuple[int, Durability]] = []
        self.gate = asyncio.Event()

    async def commit(self, batch: Batch, durability: Durability) -> None:
        self.batches.append((len(batch.confirmed), durability))
        await self.gate.wait()
        await super().commit(batch, durability)


class Office:
    """An authority over a store, with its saver running."""

    def __init__(self, store: MemoryStore) -> None:
        self.store = store
        self.troubles: list[str | None] = []
        self.saver = Saver(store, pause=self._pause, changed=self._changed)
        loaded = store.load()
        self.authority = LocalAuthority("book", loaded, self.saver, epoch="e1", now=lambda: 1000)

    async def __aenter__(self) -> "Office":
        self._running = asyncio.create_task(self.authority.run())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._running.cancel()
        await asyncio.gather(self._running, return_exceptions=True)

    def seat(self, secret: bytes, role: Role = Role.OWN) -> tuple[Seat, list[Message]]:
        heard: list[Message] = []
        seat = self.authority.join(role, heard.append)
        seat.send(Hello("book", "", secret, b"a" * 16, 0))
        return seat, heard

    def guest(self, session: str | None = None) -> MemoryChannel:
        near, far = pair()
        self.authority.attach(near, session)
        return far

    async def _pause(self, seconds: float) -> None:
        await asyncio.Event().wait()

    def _changed(self) -> None:
        self.troubles.append(str(self.saver.failed) if self.saver.failed else None)


def tell(story: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(asyncio.wait_for(story(), 20))


async def turn() -> None:
    """Let everybody else go on."""
    for _ in range(20):
        await asyncio.sleep(0)


async def hear(channel: MemoryChannel) -> Message:
    frame = await channel.receive()
    assert frame is not None
    return decode(frame)


def said(n: int, payload: bytes | None = None) -> Row:
    """A runtime's own row."""
    sound = encode_event(RuntimeStarted(name="Python", kind_name="browser"))
    return row(n, LOOM, kind=Kind.OUTPUT, payload=payload or sound)


def test_rows_that_come_while_a_transaction_runs_share_the_next_one() -> None:
    async def story() -> None:
        store = SlowStore()
        async with Office(store) as office:
            seat, heard = office.seat(b"m" * 16)
            seat.send(Push(1, (row(1, MARA),)))
            await turn()
            for n in (2, 3, 4):
                seat.send(Push(n, (row(n, MARA),)))
            await turn()
            assert [count for count, _ in store.batches] == [1]
            assert not any(isinstance(each, (Ack, Rows)) for each in heard)
            store.gate.set()
            await office.saver.flush()
            assert store.batches == [(1, "strict"), (3, "strict")]
            told = [each.seq for m in heard if isinstance(m, Rows) for each in m.rows]
            assert told == [1, 2, 3, 4]

    tell(story)


def test_while_the_store_is_full_nobody_is_told_and_nothing_is_lost() -> None:
    async def story() -> None:
        store = MemoryStore()
        async with Office(store) as office:
            seat, heard = office.seat(b"m" * 16)
            await office.saver.flush()
            store.limit = 0
            seat.send(Push(1, (row(1, MARA),)))
            await turn()
            assert isinstance(office.saver.failed, StoreFull)
            seat.send(Push(2, (row(2, MARA),)))
            await turn()
            assert not any(isinstance(each, (Ack, Rows)) for each in heard)
            assert store.load().rows == []
            store.limit = None
            office.saver.retry()
            await office.saver.flush()
            assert [each.n for each in store.load().rows] == [1, 2]
            assert [each.n for each in heard if isinstance(each, Ack)] == [1, 2]
            full, well = office.troubles
            assert str(full).startswith("room for 0 bytes")
            assert well is None

    tell(story)


class FailingStore(MemoryStore):
    """Its transactions fail while they are told to."""

    fails = True

    async def commit(self, batch: Batch, durability: Durability) -> None:
        if self.fails:
            raise FoldbookError("AbortError: the transaction was aborted")
        await super().commit(batch, durability)


def test_a_transaction_that_fails_is_told_and_tried_again() -> None:
    async def story() -> None:
        store = FailingStore()
        async with Office(store) as office:
            seat, heard = office.seat(b"m" * 16)
            seat.send(Push(1, (row(1, MARA),)))
            await turn()
            assert office.troubles == ["AbortError: the transaction was aborted"]
            store.fails = False
            seat.send(Push(2, (row(2, MARA),)))
            office.saver.retry()
            await office.saver.flush()
            assert [each.n for each in store.load().rows] == [1, 2]
            assert [each.n for each in heard if isinstance(each, Ack)] == [1, 2]
            assert office.troubles[1:] == [None]

    tell(story)


def test_a_guest_s_rows_are_a_runtime_s_whatever_it_says() -> None:
    async def story() -> None:
        async with Office(MemoryStore()) as office:
            channel = office.guest(LOOM)
            channel.send(encode(Hello("book", "", b"l" * 16, b"a" * 16, 0, role_token="own")))
            welcome = await hear(channel)
            assert isinstance(welcome, Welcome)
            assert welcome.role is Role.RUNTIME
            channel.send(encode(Push(1, (said(1), row(2, LOOM, kind=Kind.EDIT)))))
            assert isinstance(await hear(channel), Ack)
            refused = await hear(channel)
            assert isinstance(refused, Nack)
            assert refused.code == "right"
            assert [each.role for each in office.store.load().rows] == [Role.RUNTIME]

    tell(story)


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"not json", "a payload is JSON"),
        (b'{"type":"streamAppended"}', "streamAppended: execution_id"),
        (b'{"type":"somethingNew"}', "somethingNew (version 1) is not known"),
        (b'{"type":"cellDeleted","cell_id":"c1"}', "cellDeleted is of kind edit"),
    ],
)
def test_a_guest_cannot_write_what_nobody_could_read(payload: bytes, reason: str) -> None:
    async def story() -> None:
        async with Office(MemoryStore()) as office:
            seat, heard = office.seat(b"l" * 16, Role.RUNTIME)
            seat.send(Push(1, (said(1, payload),)))
            await office.saver.flush()
            [refused] = [each for each in heard if isinstance(each, Nack)]
            assert refused.code == "unsound"
            assert reason in refused.reason
            assert office.store.load().rows == []

    tell(story)


def test_a_refusal_is_remembered_over_a_restart() -> None:
    async def story() -> None:
        store = MemoryStore()
        async with Office(store) as office:
            seat, heard = office.seat(b"l" * 16, Role.RUNTIME)
            seat.send(Push(1, (said(1), said(2, b"not json"))))
            await office.saver.flush()
        async with Office(store) as office:
            seat, again = office.seat(b"l" * 16, Role.RUNTIME)
            welcome = again[0]
            assert isinstance(welcome, Welcome)
            assert (welcome.n, welcome.epoch) == (2, "e1")
            seat.send(Push(1, (said(1), said(2, b"not json"))))
            nacks = [each for each in heard if isinstance(each, Nack)]
            assert [each for each in again if isinstance(each, Nack)] == nacks

    tell(story)


def test_a_guest_speaks_for_its_own_session_only() -> None:
    async def story() -> None:
        async with Office(MemoryStore()) as office:
            channel = office.guest(LOOM)
            channel.send(encode(Hello("book", "", b"m" * 16, b"a" * 16, 0)))
            problem = await hear(channel)
            assert isinstance(problem, Err)
            assert problem.code == "session"
            assert await hear(channel) == Bye("session")
            assert await channel.receive() is None

    tell(story)


def test_a_guest_that_talks_nonsense_is_told_and_sent_away() -> None:
    async def story() -> None:
        async with Office(MemoryStore()) as office:
            channel = office.guest()
            channel.send(b"nonsense")
            problem = await hear(channel)
            assert isinstance(problem, Err)
            assert "MessagePack map expected" in problem.message
            assert await hear(channel) == Bye("malformed")
            assert await channel.receive() is None

    tell(story)


def test_blobs_come_and_go_by_their_digest() -> None:
    async def story() -> None:
        async with Office(MemoryStore()) as office:
            channel = office.guest()
            channel.send(encode(Hello("book", "", b"l" * 16, b"a" * 16, 0)))
            await hear(channel)
            data = b"picture" * 1000
            digest = hashlib.sha256(data).hexdigest()
            channel.send(encode(BlobPut("0" * 64, data)))
            wrong = await hear(channel)
            assert isinstance(wrong, Err)
            assert wrong.code == "blob"
            channel.send(encode(BlobPut(digest, data)))
            channel.send(encode(BlobWant(digest)))
            assert await hear(channel) == BlobHave(digest, data)
            channel.send(encode(BlobWant("0" * 64)))
            assert await hear(channel) == BlobHave("0" * 64, None)
            await office.saver.flush()
            assert await office.store.blob(digest) == data

    tell(story)


class TornStore(MemoryStore):
    """Has blobs that cannot be read."""

    async def blob(self, digest: str) -> bytes | None:
        raise StoreDamaged("the disk does not answer", digest)


def test_who_wants_a_blob_that_cannot_be_read_is_answered() -> None:
    async def story() -> None:
        async with Office(TornStore()) as office:
            channel = office.guest()
            channel.send(encode(Hello("book", "", b"l" * 16, b"a" * 16, 0)))
            await hear(channel)
            channel.send(encode(BlobWant("0" * 64)))
            assert await hear(channel) == BlobHave("0" * 64, None)

    tell(story)


def test_a_log_with_a_hole_is_not_written_on() -> None:
    loaded = Loaded(rows=[log(3)[0], log(3)[2]])
    with pytest.raises(BadRow, match="row 2 expected, row 3 came"):
        LocalAuthority("book", loaded, Saver(MemoryStore()), epoch="e1", now=lambda: 0)
