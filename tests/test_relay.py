"""The relay on real sockets, with a real disk: joining, pushing, rights, and how it all ends."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from foldbook.row import RIGHTS, ROW_LIMIT, Kind, Role
from foldbook.wire import (
    FRAME_LIMIT,
    Ack,
    Bye,
    Call,
    Came,
    Err,
    Gone,
    Nack,
    NotTaken,
    Presence,
    Push,
    Reply,
    Rows,
    Welcome,
    encode,
    identify,
)
from relay_desk import ROOM, Caller, Web, relay, until
from sync_relay.config import Limits
from sync_relay.main import Relay
from sync_relay.sqlite import SqliteStore
from sync_relay.store import StoreFailed, Write
from websockets.exceptions import ConnectionClosed


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Relay]:
    """A relay for the tests that need no other limits."""
    with relay(tmp_path_factory.mktemp("relay")) as running:
        yield running


@pytest.fixture
def web(shared: Relay, request: pytest.FixtureRequest) -> Web:
    """Its owner's view of a new, open room, named by the test."""
    web = Web(shared.address)
    web.make(room_of(request))
    return web


@pytest.fixture
def room(web: Web, request: pytest.FixtureRequest) -> str:
    return room_of(request)


def room_of(request: pytest.FixtureRequest) -> str:
    name: str = request.node.name
    return "".join(each if each.isalnum() else "-" for each in name)[-60:].rjust(8, "-")


def caller(web: Web, room: str, who: bytes = b"s", token: bytes | None = b"t" * 16) -> Caller:
    return Caller(web.address, session=who * 16, secret=who.upper() * 16, token=token, room=room)


def give(owner: Caller, role: Role, token: bytes, **more: object) -> None:
    import hashlib

    mark = hashlib.sha256(token).hexdigest()
    reply = owner.ask("add_link", id=f"for-{role}", role=role.value, token_hash=mark, **more)
    assert reply.ok, reply


def test_what_one_says_the_others_hear(web: Web, room: str) -> None:
    with caller(web, room, b"m") as mara, caller(web, room, b"o") as olli:
        assert mara.join().role is Role.OWN
        welcome = olli.join()
        assert set(welcome.present) == {mara.id, olli.id}
        assert mara.expect(Came) == Came(olli.id)
        assert mara.write(mara.row(1), mara.row(2)) == (1, 2)
        [first, second] = olli.read(2)
        assert (first.seq, first.actor, first.role, first.payload) == (
            1, identify(b"M" * 16), Role.OWN, b"sealed",
        )  # fmt: skip
        assert olli.write(olli.row(1, seen=2)) == (3,)
        assert [row.seq for row in mara.read(3)] == [1, 2, 3]
        assert second.ts > 1_700_000_000_000
        mara.socket.close()
        assert olli.expect(Gone).session == mara.id
