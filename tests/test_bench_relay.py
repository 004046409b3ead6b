"""The parts of the relay's benchmark do what they say, at sizes that take no time."""

import asyncio
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path[:0] = [str(Path(__file__).parent / "bench")]

from relays import loads, meeting, servers  # noqa: E402 - found through the path above
from relays.dialects import FoldbookTalk, HocuspocusTalk, YTalk  # noqa: E402 - as well
from relays.servers import Server  # noqa: E402 - as well
from relays.sockets import Socket, framed  # noqa: E402 - as well
from relays.table import Line, report  # noqa: E402 - as well


@pytest.fixture
def server() -> Iterator[Server]:
    with servers.running(servers.foldbook()) as running:
        yield running


def test_what_authors_write_is_acknowledged_and_reaches_the_room(server: Server) -> None:
    async def work() -> tuple[loads.Found, loads.Found]:
        clients = await loads.joined(server, FoldbookTalk, ["room-of-few", "room-of-others"], 2)
        pressed = await loads.pressed(
            server, clients, clients, batch=4, window=4, seconds=0.3, by_acks=True
        )
        paced = await loads.paced(server, clients, clients[:2], rate=200, seconds=0.3)
        await loads.until(lambda: not any(each.unanswered for each in clients))
        await loads.until(lambda: not any(each.under_way for each in clients))
        loads.close(clients)
        return pressed, paced

    for found in asyncio.run(work()):
        assert found.acks > 0
        assert len(found.acked) == found.acks
        assert len(found.heard) == found.deliveries >= found.acks
        assert loads.at(found.heard, 50) <= loads.at(found.heard, 99)


def test_replicas_meet(server: Server) -> None:
    sent, got = meeting.offline(server, "foldbook", 30)
    assert min(sent, got) > 0


@pytest.mark.parametrize("how", ["pushed", "told", "left"])
def test_a_replica_joins(server: Server, how: str) -> None:
    assert meeting.joining(server, "foldbook", 20, how) > 0


@pytest.mark.parametrize("talk", [YTalk, HocuspocusTalk])
def test_edits_tell_their_author_and_when_they_were_sent(talk: type[YTalk]) -> None:
    author, reader = talk("room", 7), talk("room", 8)
    first, second = author.edits(2)
    assert first != second
    assert b"paper" in first  # the first names the text, the second its place behind the first
    assert b"paper" not in second
    told = [reader.hear(frame) for frame in (first, second)]
    assert [each.by for each in told] == [{7: 1}, {7: 1}]
    assert all(len(each.sent) == 1 for each in told)


def test_frames_are_found_wherever_they_are_cut() -> None:
    payloads = [b"", b"short", bytes(200), bytes(70_000)]
    stream = b"HTTP/1.1 101 Switching Protocols\r\n\r\n" + b"".join(map(_unmasked, payloads))

    async def work(size: int) -> list[bytes]:
        found: list[bytes] = []
        socket = Socket(b"", found.append)
        for start in range(0, len(stream), size):
            socket.data_received(stream[start : start + size])
        return found

    for size in (1, 7, 1000, len(stream)):
        assert asyncio.run(work(size)) == payloads


def _unmasked(payload: bytes) -> bytes:
    """As a server sends it."""
    frame = framed(payload)
    head = frame[: len(frame) - len(payload) - 4]
    return bytes([head[0], head[1] & 127]) + head[2:] + payload


def test_the_table_tells_ratios_and_aims(capsys: pytest.CaptureFixture[str]) -> None:
    fast = Line("written", "/s", more=True, aim=10)
    slow = Line("heard", "ms", aim=5)
    for product, values in (("ours", [20.0, 40.0]), ("theirs", [10.0, 10.0])):
        for value in values:
            fast.add(product, value)
            slow.add(product, value)
    assert fast.ratio("ours", "theirs") == 3
    assert slow.ratio("ours", "theirs") == 0.375
    assert fast.is_met("ours") is True
    assert slow.is_met("ours") is False
    assert slow.is_met("nobody") is None
    report("title", ["ours", "theirs"], [fast, slow, Line("later", "ms", note="not built yet")])
    *_, last, line = capsys.readouterr().out.splitlines()
    assert last.endswith("not built yet")
    told = json.loads(line)
    assert told["products"] == ["ours", "theirs"]
    assert told["figures"][0]["values"] == {"ours": [20, 40], "theirs": [10, 10]}
