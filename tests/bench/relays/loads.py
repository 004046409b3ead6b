"""What is asked of a server over many WebSockets at once, and how fast it comes back.

flood     a few authors in several rooms, each with much under way
steady    the same, at a pace that a server can keep
crowd     one room with many readers; some of them write
idle      many sockets that say nothing
"""

import asyncio
import gc
import json
import statistics
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256

from relays.dialects import TOKEN, FoldbookTalk, Heard, Talk
from relays.servers import Server
from relays.sockets import Socket, opened

MakeTalk = Callable[[str, int], Talk]
"""Of a room and an author's number."""
_PATIENCE = 30.0


@dataclass(slots=True)
class Client:
    """One socket. under_way: own edits that have not come back; unanswered: not acknowledged.

    own, heard, acked: how many edits came, and how long (ms) they took. counting: whether
    the times are kept.
    """

    talk: Talk
    author: int
    socket: Socket | None = None
    counting: bool = False
    under_way: int = 0
    unanswered: int = 0
    count: int = 0
    acks: int = 0
    heard: list[float] = field(default_factory=list)
    acked: list[float] = field(default_factory=list)
    then: Callable[["Client"], None] = lambda client: None

    def write(self, count: int) -> None:
        """Send so many edits."""
        assert self.socket is not None
        if self.socket.is_closed:
            raise ConnectionError("the server has closed a socket that was to be written to")
        self.under_way += count
        self.unanswered += count
        for frame in self.talk.edits(count):
            self.socket.send(frame)

    def hear(self, frame: bytes) -> None:
        """A frame came."""
        told: Heard = self.talk.hear(frame)
        now = time.perf_counter_ns()
        self.count += len(told.sent)
        self.under_way -= told.by.get(self.author, 0)
        self.unanswered -= len(told.acked)
        self.acks += len(told.acked)
        if self.counting:
            self.heard += [(now - sent) / 1e6 for sent in told.sent]
            self.acked += [(now - sent) / 1e6 for sent in told.acked]
        self.then(self)


@dataclass(frozen=True, slots=True)
class Found:
    """What a load found, over ``seconds``: edits that were acknowledged and delivered, their
    times in ms, and how much of a core server and clients took.
    """

    seconds: float
    acks: int
    deliveries: int
    acked: Sequence[float]
    heard: Sequence[float]
    server_cpu: float
    clients_cpu: float

    @property
    def acks_rate(self) -> float:
        """Acknowledged edits a second."""
        return self.acks / self.seconds

    @property
    def deliveries_rate(self) -> float:
        """Edits a second that reached somebody, each as often as it did."""
        return self.deliveries / self.seconds


def at(times: Sequence[float], part: float) -> float:
    """The value that ``part`` of 100 of the times do not exceed; not a number without any."""
    if len(times) < 2:
        return float("nan")
    return statistics.quantiles(times, n=100, method="inclusive")[round(part) - 1]


def make_room(address: str, room: str) -> None:
    """An open room at the relay."""
    owner = {"id": "first", "token_hash": sha256(TOKEN).hexdigest()}
    values = {"room": room, "epoch": "e1", "key_id": "00" * 8, "verify": "00" * 32, "owner": owner}
    secret = b"whoever makes the rooms"
    headers = {"Authorization": f"Foldbook {TOKEN.hex()}.{secret.hex()}"}
    for path, body in (("", values), (f"/{room}/open", {"base": 0})):
        url, data = f"{address}/rooms{path}", json.dumps(body).encode()
        with urllib.request.urlopen(urllib.request.Request(url, data, headers)) as answer:
            answer.read()


async def joined(server: Server, talk: MakeTalk, rooms: Sequence[str], each: int) -> list[Client]:
    """So many clients in each room, all greeted."""
    if talk is FoldbookTalk:
        for room in rooms:
            await asyncio.to_thread(make_room, server.address, room)
    clients = [Client(talk(room, author), author) for room in rooms for author in range(each)]
    for client in clients:
        said = client.talk
        client.socket = await opened(server.address, said.path, said.subprotocol, client.hear)
        for frame in said.greeting():
            client.socket.send(frame)
    await until(lambda: all(client.talk.ready for client in clients))
    return clients


async def until(done: Callable[[], bool]) -> None:
    """Wait until something is so. Raises `TimeoutError`."""
    async with asyncio.timeout(_PATIENCE):
        while not done():  # noqa: ASYNC110 - many sockets make it so
            await asyncio.sleep(0.01)


async def pressed(
    server: Server, clients: Sequence[Client], authors: Sequence[Client], *, batch: int,
    window: int, seconds: float, by_acks: bool = False,
) -> Found:  # fmt: skip
    """As much as it takes: each author has ``window`` edits under way, sent ``batch`` at a time;
    the next go when as many have come back, or with ``by_acks`` are acknowledged.
    """

    def more(client: Client) -> None:
        while (client.unanswered if by_acks else client.under_way) <= window - batch:
            client.write(batch)

    for author in authors:
        author.then = more
        more(author)
    await asyncio.sleep(min(1.0, seconds))  # it runs in
    found = await _counted(server, clients, seconds)
    for author in authors:
        author.then = lambda client: None
    return found


async def paced(
    server: Server, clients: Sequence[Client], authors: Sequence[Client], *, rate: float,
    seconds: float,
) -> Found:  # fmt: skip
    """The authors together write ``rate`` edits a second, one after the other by turns."""
    writing = asyncio.create_task(_write_at(authors, rate))
    await asyncio.sleep(min(1.0, seconds))
    found = await _counted(server, clients, seconds)
    writing.cancel()
    await asyncio.gather(writing, return_exceptions=True)
    return found


async def _write_at(authors: Sequence[Client], rate: float) -> None:
    """Rows that are due together go as one push, as a client sends what has piled up."""
    loop = asyncio.get_running_loop()
    began, done = loop.time(), 0
    while True:
        due = int((loop.time() - began) * rate)
        turns = [0] * len(authors)
        for number in range(done, due):
            turns[number % len(authors)] += 1
        for author, count in zip(authors, turns, strict=True):
            if count:
                author.write(count)
        done = due
        await asyncio.sleep(0.001)


async def _counted(server: Server, clients: Sequence[Client], seconds: float) -> Found:
    before = [(each.count, each.acks) for each in clients]
    for client in clients:
        client.heard, client.acked, client.counting = [], [], True
    began, cpu, own = time.perf_counter(), server.cpu_seconds(), time.process_time()
    with _no_collections():
        await asyncio.sleep(seconds)
    took = time.perf_counter() - began
    used, own = server.cpu_seconds() - cpu, time.process_time() - own
    for client in clients:
        client.counting = False
    return Found(
        took,
        acks=sum(each.acks - acks for each, (_, acks) in zip(clients, before, strict=True)),
        deliveries=sum(
            each.count - count for each, (count, _) in zip(clients, before, strict=True)
        ),
        acked=[time for each in clients for time in each.acked],
        heard=[time for each in clients for time in each.heard],
        server_cpu=used / took,
        clients_cpu=own / took,
    )


@contextmanager
def _no_collections() -> Iterator[None]:
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def close(clients: Sequence[Client]) -> None:
    """End all sockets."""
    for client in clients:
        if client.socket is not None:
            client.socket.close()
