"""The relay on real sockets, with a real disk: joining, pushing, rights, and how it all ends."""

import asyncio
import hashlib
import threading
from collections.abc import Iterator
from contextlib import nullcontext, suppress
from pathlib import Path

import pytest
from foldbook.ledger import STALE, SessionRecord
from foldbook.row import RIGHTS, ROW_LIMIT, Kind, Role, Row
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
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from sync_relay.config import Limits
from sync_relay.line import Bucket
from sync_relay.main import Relay
from sync_relay.sqlite import SqliteStore
from sync_relay.store import StoreFailed, Write


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


def test_who_comes_later_gets_all_rows_and_goes_on_where_he_was(web: Web, room: str) -> None:
    with caller(web, room, b"m") as mara:
        mara.join()
        for first in range(1, 601, 200):
            mara.write(*(mara.row(n) for n in range(first, first + 200)))
    with caller(web, room, b"o") as olli:
        assert olli.join().head == 600
        assert [row.seq for row in olli.read(600)] == list(range(1, 601))
    with caller(web, room, b"o") as olli:
        olli.since = 590
        olli.join()
        assert [row.seq for row in olli.read(600)] == list(range(591, 601))


def test_rows_that_are_not_in_memory_any_more_come_from_the_disk(tmp_path: Path) -> None:
    with relay(tmp_path, limits=Limits(keep=(50, 10_000_000))) as running:
        Web(running.address).make()
        with Caller(running.address) as mara, Caller(running.address, b"o" * 16) as olli:
            mara.join()
            for first in range(1, 1001, 100):
                mara.write(*(mara.row(n) for n in range(first, first + 100)))
            olli.join()
            assert [row.seq for row in olli.read(1000)] == list(range(1, 1001))
            mara.write(mara.row(1001, seen=1000))
            assert olli.read(1001)[-1].n == 1001
        with Caller(running.address) as mara:
            mara.join(first=3)
            assert mara.write(mara.row(3), mara.row(4)) == (3, 4)


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.OWN])
def test_each_role_may_do_what_the_table_says(web: Web, room: str, role: Role) -> None:
    token = role.value.encode().ljust(16, b"_")
    with caller(web, room) as owner, caller(web, room, b"g", token) as guest:
        owner.join()
        give(owner, role, token)
        assert guest.join().role is role
        for n, kind in enumerate(Kind, 1):
            guest.push(guest.row(n, kind), resume=True)
            answer = guest.expect(Ack if kind in RIGHTS[role] else Nack)
            assert answer.n == n
        guest.say(Presence(b"here"))
        assert owner.expect(Presence) == Presence(b"here", guest.id, identify(b"G" * 16))
        reply = guest.ask("links")
        assert (reply.ok, "does not cover" in reply.value) == (False, True)
        assert guest.ask("whoami").value == {"role": role.value}
        guest.say(Call("2", owner.id, "complete", {}))
        if role is Role.RUN:
            asked = owner.expect(Call)
            owner.say(Reply(asked.id, ok=True, value=["np.abs"]))
            assert guest.expect(Reply) == Reply("2", ok=True, value=["np.abs"])
        else:
            assert "does not cover calls" in guest.expect(Reply).value


def test_a_newcomer_is_shown_who_is_where(web: Web, room: str) -> None:
    with caller(web, room, b"m") as mara, caller(web, room, b"o") as olli:
        mara.join()
        mara.say(Presence(b"old"))
        mara.say(Presence(b"new"))
        mara.ask("whoami")
        olli.join()
        assert olli.expect(Presence) == Presence(b"new", mara.id, identify(b"M" * 16))


def test_nacks_and_acks_are_the_same_after_a_restart(tmp_path: Path) -> None:
    with relay(tmp_path) as running:
        web = Web(running.address)
        web.make()
        with Caller(running.address) as owner:
            owner.join()
            give(owner, Role.EDIT, b"e" * 16)
        with Caller(running.address, b"g" * 16, b"G" * 16, b"e" * 16) as guest:
            guest.join()
            guest.push(guest.row(1), guest.row(2, Kind.RUN), guest.row(3))
            refused = [guest.expect(Ack), guest.expect(Nack), guest.expect(NotTaken)]
    with relay(tmp_path) as running, Caller(running.address, b"g" * 16, b"G" * 16, None) as guest:
        welcome = guest.join(first=1)
        assert (welcome.n, welcome.role) == (2, Role.EDIT)
        guest.push(guest.row(1), guest.row(2, Kind.RUN), guest.row(3))
        assert [guest.expect(Ack), guest.expect(Nack), guest.expect(NotTaken)] == refused
        guest.push(guest.row(3), resume=True)
        assert guest.expect(Ack).seqs == (2,)


def test_a_number_that_was_not_announced_is_never_written_again(tmp_path: Path) -> None:
    with relay(tmp_path) as running:
        Web(running.address).make()
        with Caller(running.address) as mara:
            mara.join()
            mara.write(mara.row(1), mara.row(2))
    with relay(tmp_path) as running:
        with Caller(running.address) as mara:
            assert mara.join(first=0).n == 2
            mara.push(mara.row(1))
            [problem, bye] = [each for each in mara.rest() if isinstance(each, (Err, Bye))]
            assert isinstance(problem, Err)
            assert (problem.code, problem.n, bye) == ("forgotten", 1, Bye("forgotten"))
        with Caller(running.address) as mara:
            mara.join(first=1)
            assert mara.write(mara.row(1), mara.row(2), mara.row(3)) == (1, 2, 3)


def test_gap_fork_and_stale_are_told(web: Web, room: str) -> None:
    with caller(web, room) as mara:
        mara.join()
        mara.write(mara.row(1))
        mara.push(mara.row(3))
        gap = mara.expect(Err)
        assert (gap.code, gap.expected_n) == ("gap", 2)
        mara.push(mara.row(1, payload=b"another"))
        assert mara.expect(Err).code == "fork"


def test_who_is_too_far_behind_makes_his_row_anew_under_the_same_number(
    web: Web, room: str
) -> None:
    with caller(web, room, b"m") as mara:
        mara.join()
        for first in range(1, STALE + 257, 256):
            mara.write(*(mara.row(n, seen=first - 1) for n in range(first, first + 256)))
        with caller(web, room, b"o") as olli:
            head = olli.join().head
            olli.push(olli.row(1))
            stale = olli.expect(Err)
            assert (stale.code, stale.n, stale.head) == ("stale", 1, head)
            olli.read(head)
            assert olli.write(olli.row(1, seen=head)) == (head + 1,)


def test_only_its_own_subprotocol_is_spoken_and_only_to_allowed_pages(tmp_path: Path) -> None:
    with relay(tmp_path, origins=frozenset({"https://a.example"})) as running:
        Web(running.address).make()
        url = f"{running.address.replace('http', 'ws', 1)}/rooms/{ROOM}/socket"
        for subprotocol, origin, comes_in in (
            ("foldbook.v1", "https://a.example", True),
            ("foldbook.v1", None, True),
            ("foldbook.v1", "https://b.example", False),
            ("foldbook.v9", None, False),
        ):
            expected = nullcontext() if comes_in else pytest.raises(InvalidStatus, match="403")
            with expected:
                connect(url, subprotocols=[subprotocol], origin=origin, legacy=True).close()


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"epoch": "another"}, "epoch"),
        ({"since": 9}, "ahead"),
        ({"version": 2}, "version"),
        ({"room": "another-room"}, "room"),
    ],
)
def test_a_hello_that_does_not_fit_is_answered_with_the_reason(
    web: Web, room: str, more: dict[str, object], code: str
) -> None:
    with caller(web, room) as mara:
        mara.say(mara.hello(**more))
        [problem, bye] = mara.rest()
        assert isinstance(problem, Err)
        assert (problem.code, bye) == (code, Bye(code))


def test_without_a_link_nobody_comes_in(web: Web, room: str) -> None:
    for token in (None, b"x" * 16):
        with caller(web, room, token=token) as mara:
            mara.say(mara.hello())
            assert mara.rest()[-1] == Bye("denied")
    with Caller(web.address, room="no-such-room") as lost:
        assert lost.rest()[-1] == Bye("room")


def test_who_joined_by_a_revoked_link_stays_and_others_stay_out(web: Web, room: str) -> None:
    token = b"g" * 16
    with caller(web, room) as owner:
        owner.join()
        give(owner, Role.EDIT, token)
        with caller(web, room, b"g", token) as guest:
            guest.join()
            assert owner.ask("revoke_link", id="for-edit").ok
            assert guest.write(guest.row(1)) == (1,)
        with caller(web, room, b"h", token) as late:
            late.say(late.hello())
            assert late.rest()[-1] == Bye("revoked")
        with caller(web, room, b"g", token) as guest:
            assert guest.join().role is Role.EDIT


def test_who_is_removed_is_gone_at_once_and_for_good(tmp_path: Path) -> None:
    with relay(tmp_path) as running:
        Web(running.address).make()
        guest = Caller(running.address, b"g" * 16, b"G" * 16, b"e" * 16)
        with Caller(running.address) as owner, guest:
            owner.join()
            give(owner, Role.EDIT, b"e" * 16)
            guest.join()
            people = owner.ask("people").value
            [actor] = [each["actor"] for each in people if each["role"] == "edit"]
            assert owner.ask("remove", actor=actor).ok
            assert guest.rest()[-1] == Bye("removed")
    with relay(tmp_path) as running:
        with Caller(running.address, b"g" * 16, b"G" * 16, b"e" * 16) as guest:
            guest.say(guest.hello())
            assert guest.rest()[-1] == Bye("removed")
        assert Web(running.address, b"e" * 16, b"G" * 16).ask("GET", f"/rooms/{ROOM}")[0] == 403


def test_a_link_that_has_expired_lets_nobody_in(
    web: Web, room: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = 1_700_000_000_000
    monkeypatch.setattr("sync_relay.live.now", lambda: at)
    token = b"g" * 16
    with caller(web, room) as owner, caller(web, room, b"g", token) as guest:
        owner.join()
        give(owner, Role.EDIT, token, expires=at + 1000)
        at += 1000
        guest.say(guest.hello())
        assert guest.rest()[-1] == Bye("expired")


@pytest.mark.parametrize(
    "frame", [b"", b"\xc1" * 20, b"text", encode(Welcome(0, "e", "a", "s", Role.OWN, 0))]
)
def test_a_malformed_frame_ends_its_connection_and_nothing_else(
    web: Web, room: str, frame: bytes
) -> None:
    with caller(web, room, b"m") as mara, caller(web, room, b"o") as olli:
        mara.join()
        olli.join()
        olli.socket.send(frame.decode() if frame == b"text" else frame)
        assert olli.rest()[-1] == Bye("malformed")
        assert mara.write(mara.row(1)) == (1,)


def test_an_oversized_frame_ends_its_connection_and_nothing_else(web: Web, room: str) -> None:
    with caller(web, room, b"m") as mara, caller(web, room, b"o") as olli:
        mara.join()
        olli.join()
        with suppress(ConnectionClosed):
            olli.socket.send(b"x" * (FRAME_LIMIT + 1))
        olli.rest()
        # The relay does not wait for the rest of it: its last word may be lost on the way.
        assert olli.socket.close_code in (1009, 1006)
        assert mara.write(mara.row(1)) == (1,)
        mara.push(mara.row(2, payload=b"x" * ROW_LIMIT))
        assert mara.expect(Nack).code == "size"


def test_who_says_no_hello_is_sent_away(tmp_path: Path) -> None:
    with relay(tmp_path, limits=Limits(hello_seconds=0.1)) as running:
        Web(running.address).make()
        with Caller(running.address) as mara:
            assert mara.rest()[-1] == Bye("malformed")


def test_a_room_is_full_at_its_limit(tmp_path: Path) -> None:
    with relay(tmp_path, limits=Limits(connections=1)) as running:
        Web(running.address).make()
        with Caller(running.address) as mara, Caller(running.address, b"o" * 16) as olli:
            mara.join()
            assert olli.rest()[-1] == Bye("full")


def test_who_says_too_much_is_heard_later() -> None:
    at = 0.0

    async def story() -> None:
        nonlocal at
        waited: list[float] = []

        async def pause(seconds: float) -> None:
            nonlocal at
            waited.append(seconds)
            at += seconds

        bucket = Bucket(1000, 5000, lambda: at, pause)
        for _ in range(7):
            await bucket.take(1000)
        assert waited == [1.0, 1.0]  # what was too much at once takes its time
        at += 3.0
        for _ in range(3):
            await bucket.take(1000)
        assert waited == [1.0, 1.0]
        at += 1000.0  # a long silence is worth no more than the burst
        await bucket.take(6000)
        assert waited == [1.0, 1.0, 1.0]

    asyncio.run(story())


def test_who_says_too_much_is_heard_all_the_same(tmp_path: Path) -> None:
    with relay(tmp_path, limits=Limits(rate=500_000, burst=50_000)) as running:
        Web(running.address).make()
        with Caller(running.address) as mara:
            mara.join()
            for n in range(1, 5):
                assert mara.write(mara.row(n, payload=b"x" * 30_000)) == (n,)


def test_a_slow_reader_holds_nothing_but_its_place(tmp_path: Path) -> None:
    with relay(tmp_path, limits=Limits(send_seconds=0.5, rate=10**9, burst=10**9)) as running:
        Web(running.address).make()
        olli = Caller(running.address, b"o" * 16, narrow=True)
        with Caller(running.address) as mara, olli:
            mara.join()
            olli.join()
            n = 0
            while running.hub.connections == 2:  # until the pipes are full, and it gives up
                mara.write(*(mara.row(n + i, payload=b"x" * 60_000) for i in range(1, 5)))
                n += 4
            assert mara.write(mara.row(n + 1)) == (n + 1,)
            assert olli.id in [each.session for each in mara.heard if isinstance(each, Gone)]


def test_who_lets_too_many_answers_wait_is_slow(tmp_path: Path) -> None:
    with relay(tmp_path, limits=Limits(behind=3)) as running:
        Web(running.address).make()
        with Caller(running.address) as mara:
            mara.join()
            frame = encode(Call("1", "room", "people", {}))
            try:
                for _ in range(200_000):
                    mara.socket.send(frame)
            except ConnectionClosed:
                pass
            assert Bye("slow") in mara.rest() or running.hub.connections == 0


def test_the_end_is_told_and_what_was_said_is_kept(tmp_path: Path) -> None:
    with relay(tmp_path) as running:
        Web(running.address).make()
        with Caller(running.address) as mara:
            mara.join()
            mara.write(mara.row(1))
            running.should_exit = True
            assert mara.rest()[-1] == Bye("drain")
    with relay(tmp_path) as running, Caller(running.address) as mara:
        assert mara.join(first=1).n == 1


class Failing(SqliteStore):
    """A store of which a part does not work while it is told so."""

    broken = ""

    async def commit(self, writes: list[Write]) -> None:
        if self.broken == "commit" and any(write.rows for write in writes):
            raise StoreFailed("the disk is on fire")
        await super().commit(writes)

    async def rows(self, room: str, after: int) -> tuple[Row, ...]:
        if self.broken == "rows":
            raise StoreFailed("the disk is under water")
        return await super().rows(room, after)

    async def session(self, room: str, session: str, first: int) -> SessionRecord:
        if self.broken == "session":
            raise StoreFailed("the disk is in the post")
        return await super().session(room, session, first)


@pytest.mark.parametrize("broken", ["rows", "session"])
def test_what_cannot_be_read_ends_in_goodbye_and_can_be_tried_again(
    tmp_path: Path, broken: str
) -> None:
    store = Failing(tmp_path / "relay.sqlite")
    with relay(tmp_path, store=store, limits=Limits(keep=(4, 10**6))) as running:
        Web(running.address).make()
        with Caller(running.address) as mara:
            mara.join()
            mara.write(*(mara.row(n) for n in range(1, 51)))
        store.broken = broken
        with Caller(running.address, b"o" * 16) as olli:
            olli.say(olli.hello())
            assert olli.rest()[-1] == Bye("drain")
        store.broken = ""
        with Caller(running.address, b"o" * 16) as olli:
            olli.join()
            assert len(olli.read(50)) == 50


def test_nobody_is_told_of_rows_that_are_not_on_the_disk(tmp_path: Path) -> None:
    store = Failing(tmp_path / "relay.sqlite")
    with relay(tmp_path, store=store) as running:
        Web(running.address).make()
        with Caller(running.address, b"o" * 16) as olli:
            with Caller(running.address) as mara:
                mara.join()
                olli.join()
                mara.write(mara.row(1))
                store.broken = "commit"
                mara.push(mara.row(2))
                assert [each for each in mara.rest() if not isinstance(each, (Rows, Came))] == [
                    Bye("drain")
                ]
            told = [row.seq for each in olli.rest() if isinstance(each, Rows) for row in each.rows]
            assert told == [1]
        store.broken = ""
        with Caller(running.address) as mara:
            welcome = mara.join(first=2)
            assert (welcome.n, welcome.head) == (1, 1)
            assert mara.write(mara.row(2)) == (2,)


def test_an_idle_room_leaves_the_memory_and_comes_back(tmp_path: Path) -> None:
    with relay(tmp_path) as running:
        Web(running.address).make()
        with Caller(running.address) as mara:
            mara.join()
            mara.write(mara.row(1))
            live = running.hub._lives[ROOM]
            assert not live.is_idle
        until(lambda: live.is_idle)
        running.hub.forget(live)
        with Caller(running.address) as mara:
            mara.join(first=1)
            assert mara.write(mara.row(1), mara.row(2)) == (1, 2)


def test_many_write_at_once_and_all_read_the_same(web: Web, room: str) -> None:
    writers = [caller(web, room, bytes([each])) for each in b"abcdefgh"]
    each_writes = 60

    def write(who: Caller) -> None:
        with who:
            who.join()
            for n in range(1, each_writes + 1):
                who.write(who.row(n))

    threads = [threading.Thread(target=write, args=(who,)) for who in writers]
    for thread in threads:
        thread.start()
    with caller(web, room, b"z") as reader:
        reader.join()
        rows = reader.read(each_writes * len(writers))
    for thread in threads:
        thread.join()
    assert [row.seq for row in rows] == list(range(1, len(rows) + 1))
    for who in writers:
        assert [row.n for row in rows if row.session == who.id] == list(range(1, each_writes + 1))


def test_a_push_of_nothing_is_answered_with_nothing(web: Web, room: str) -> None:
    with caller(web, room) as mara:
        mara.join()
        mara.say(Push(1, ()))
        assert mara.ask("whoami").ok
