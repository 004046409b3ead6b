"""The relay over HTTP: drafts, segments, snapshots, blobs, and who may do what with them."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from foldbook.row import RIGHTS, Kind, Role, Row, decode_segment
from relay_desk import ROOM, Caller, Web, relay, until

from sync_relay.config import MIB, Limits
from sync_relay.main import Relay

BLOB = "/rooms/" + ROOM + "/blobs/" + "ab" * 32


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Relay]:
    with relay(tmp_path, limits=Limits(blob=MIB, room=3 * MIB, segment=1000)) as found:
        yield found


@pytest.fixture
def web(running: Relay) -> Web:
    return Web(running.address)


def member(web: Web, role: Role) -> Web:
    """Somebody who has been given a link of this role, and has not joined."""
    found = Web(web.address, role.value.encode().ljust(16, b"_"), role.value.encode() * 8)
    with Caller(web.address) as owner:
        owner.join()
        reply = owner.ask("add_link", id=role.value, role=role.value, token_hash=found.token_hash)
        assert reply.ok
    return found


def test_a_notebook_is_told_to_the_relay_before_it_is_shared(web: Web) -> None:
    room = f"/rooms/{ROOM}"
    status, about = web.ask("POST", "/rooms", web.creation())
    assert (status, about["open"], about["segments"]) == (201, False, [])
    assert web.ask("PUT", f"{room}/segments/1-10", b"x" * 100) == (201, {"size": 100})
    assert web.ask("PUT", f"{room}/segments/12-20", b"x")[1]["code"] == "segments"
    assert web.ask("PUT", f"{room}/segments/11-10", b"x")[1]["code"] == "segments"
    assert web.ask("PUT", f"{room}/segments/11-20", b"y" * 50)[0] == 201
    assert web.ask("PUT", f"{room}/segments/11-20", b"z" * 60)[0] == 201
    assert web.ask("PUT", f"{room}/snapshots/20", b"fold")[0] == 201
    with Caller(web.address) as early:
        assert [each.code for each in early.rest()] == ["draft", "draft"]
    assert web.ask("POST", f"{room}/open", {"base": 19})[1]["code"] == "segments"
    for _ in range(2):
        status, about = web.ask("POST", f"{room}/open", {"base": 20})
        assert (status, about["open"], about["base"], about["head"]) == (200, True, 20, 20)
    assert web.ask("POST", f"{room}/open", {"base": 10})[1]["code"] == "base"
    assert web.ask("PUT", f"{room}/segments/11-20", b"late")[1]["code"] == "open"
    assert web.ask("GET", room)[1] == about
    assert about["segments"] == [
        {"first": 1, "last": 10, "size": 100},
        {"first": 11, "last": 20, "size": 60},
    ]
    assert about["snapshot"] == {"seq": 20, "size": 4}
    assert web.ask("GET", f"{room}/segments/11-20") == (200, b"z" * 60)
    with Caller(web.address) as newcomer:
        newcomer.say(newcomer.hello())
        [problem, bye] = newcomer.rest()
        assert (problem.code, problem.head, bye.code) == ("base", 20, "base")
    with Caller(web.address, since=20) as newcomer:
        welcome = newcomer.join()
        assert (welcome.base, welcome.head) == (20, 20)
        assert newcomer.write(newcomer.row(1, seen=20)) == (21,)


def test_creating_again_is_the_same_only_while_it_is_a_draft(web: Web) -> None:
    assert web.ask("POST", "/rooms", web.creation())[0] == 201
    assert web.ask("POST", "/rooms", web.creation())[0] == 201
    other = Web(web.address, token=b"o" * 16)
    for again in (web.creation(epoch="e2"), other.creation()):
        assert web.ask("POST", "/rooms", again)[0] == 409
    assert web.ask("POST", f"/rooms/{ROOM}/open", {"base": 0})[0] == 200
    assert web.ask("POST", "/rooms", web.creation()) == (
        409, {"code": "exists", "message": f"there is a room {ROOM} already"},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("room", "short"), ("room", "with/slash"), ("room", 7), ("epoch", ""), ("key_id", "xyz"),
        ("verify", "0" * 63), ("owner", None), ("owner", {"id": "", "token_hash": "0" * 64}),
        ("owner", {"id": "a", "token_hash": "A" * 64}),
    ],
)  # fmt: skip
def test_an_unsound_creation_is_told_what_was_expected(web: Web, field: str, value: object) -> None:
    status, told = web.ask("POST", "/rooms", web.creation() | {field: value})
    assert (status, told["code"]) == (400, "malformed")
    assert "expected" in told["message"] or "a link's" in told["message"]


def test_creating_needs_the_token_where_there_is_one(tmp_path: Path) -> None:
    with relay(tmp_path, token="let me create rooms") as running:
        web = Web(running.address)
        right = {"Authorization": "Bearer let me create rooms"}
        for wrong in ({"Authorization": "Bearer x"}, {"Authorization": ""}):
            assert web.ask("POST", "/rooms", web.creation(), wrong)[0] == 401
        assert web.ask("POST", "/rooms", web.creation(), right)[0] == 201


@pytest.mark.parametrize("role", Role, ids=str)
def test_each_role_reads_all_and_leaves_what_its_right_covers(web: Web, role: Role) -> None:
    web.make()
    who = member(web, role)
    with Caller(web.address) as owner:
        owner.join()
        owner.write(owner.row(1))
    web.ask("PUT", BLOB, b"blob")
    web.ask("PUT", f"/rooms/{ROOM}/snapshots/1", b"fold")
    assert who.ask("GET", BLOB) == (200, b"blob")
    assert who.ask("GET", f"/rooms/{ROOM}/snapshots/1") == (200, b"fold")
    assert who.ask("GET", f"/rooms/{ROOM}")[0] == 200
    may = RIGHTS[role]
    other = BLOB.replace("ab", "cd")
    assert who.ask("PUT", other, b"x")[0] == (201 if may else 403)
    snapshot = who.ask("PUT", f"/rooms/{ROOM}/snapshots/1", b"x")[0]
    assert snapshot == (201 if Kind.EDIT in may else 403)
    opened = who.ask("POST", f"/rooms/{ROOM}/open", {"base": 0})[0]
    assert opened == (200 if role is Role.OWN else 403)
    with Caller(web.address) as owner:
        owner.join()
        actors = [each["actor"] for each in owner.ask("people").value]
        assert who.actor not in actors, "reading has given somebody a grant"


def test_without_a_link_nothing_is_told(web: Web) -> None:
    web.make()
    web.ask("PUT", BLOB, b"blob")
    stranger = Web(web.address, token=b"x" * 16)
    assert stranger.ask("GET", BLOB)[1]["code"] == "denied"
    assert web.ask("GET", BLOB, headers={"Authorization": "nothing"})[0] == 401
    assert web.ask("GET", "/rooms/no-such-room") == (
        404, {"code": "room", "message": "there is no room no-such-room"},
    )  # fmt: skip
    assert web.ask("GET", "/rooms/" + "%2e%2e%2f" * 3)[0] == 404
    assert web.ask("GET", "/anything")[1]["code"] == "absent"
    assert web.ask("DELETE", BLOB)[0] == 404


def test_files_have_their_limits(web: Web) -> None:
    web.make()
    names = [f"/rooms/{ROOM}/blobs/" + f"{each:02x}" * 32 for each in range(4)]
    assert web.ask("PUT", names[0], b"x" * (MIB + 1))[1]["code"] == "size"
    chunks = iter([b"x" * MIB, b"x"])
    chunked = {"Transfer-Encoding": "chunked"}
    assert web.ask("PUT", names[0], chunks, chunked)[1]["code"] == "size"
    assert web.ask("GET", names[0])[0] == 404
    for name in names[:3]:
        assert web.ask("PUT", name, b"x" * MIB)[0] == 201
    status, told = web.ask("PUT", names[3], b"x" * MIB)
    assert (status, told["code"]) == (507, "space")
    assert web.ask("PUT", names[0], b"y" * MIB)[0] == 200
    assert web.ask("GET", names[0])[1][:1] == b"x"
    assert web.ask("PUT", f"/rooms/{ROOM}/blobs/short", b"x")[0] == 400


def test_the_newest_two_snapshots_are_kept(web: Web) -> None:
    web.make()
    with Caller(web.address) as owner:
        owner.join()
        owner.write(*(owner.row(n) for n in range(1, 6)))
    for seq in (2, 5, 3, 4):
        assert web.ask("PUT", f"/rooms/{ROOM}/snapshots/{seq}", b"x" * seq)[0] == 201
    assert web.ask("GET", f"/rooms/{ROOM}")[1]["snapshot"] == {"seq": 5, "size": 5}
    found = [web.ask("GET", f"/rooms/{ROOM}/snapshots/{seq}")[0] for seq in range(1, 6)]
    assert found == [404, 404, 404, 200, 200]
    assert web.ask("PUT", f"/rooms/{ROOM}/snapshots/6", b"x")[1]["code"] == "ahead"


def test_rows_of_long_ago_are_had_in_pieces(web: Web) -> None:
    web.make()
    with Caller(web.address) as owner:
        owner.join()
        rows = [owner.row(n, payload=b"x" * 30_000) for n in range(1, 101)]
        for at in range(0, 100, 5):
            owner.write(*rows[at : at + 5])
    found: list[Row] = []
    pieces = 0
    while len(found) < 100:
        status, body = web.ask("GET", f"/rooms/{ROOM}/rows?after={len(found)}")
        assert status == 200
        found += decode_segment(body)
        pieces += 1
    assert pieces == 3
    assert [each.seq for each in found] == list(range(1, 101))
    assert [each.payload for each in found] == [each.payload for each in rows]
    _, body = web.ask("GET", f"/rooms/{ROOM}/rows?after=100")
    assert decode_segment(body) == []
    for wrong in ("101", "-1", "x", "9" * 40, ""):
        assert web.ask("GET", f"/rooms/{ROOM}/rows?after={wrong}")[1]["code"] == "base"
    assert web.ask("GET", f"/rooms/{ROOM}/rows")[0] == 409


def test_pages_of_every_origin_may_read(web: Web) -> None:
    asked = {
        "Origin": "https://example.org",
        "Access-Control-Request-Method": "PUT",
        "Access-Control-Request-Headers": "authorization",
    }
    answer, _ = web.fetch("OPTIONS", BLOB, headers=asked)
    assert answer.status == 204
    assert "PUT" in answer.headers["Access-Control-Allow-Methods"]
    assert "authorization" in answer.headers["Access-Control-Allow-Headers"]
    for path in ("/health", BLOB):
        answer, _ = web.fetch("GET", path, headers={"Origin": "null"})
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"


def test_only_named_origins_may_read_where_some_are_named(tmp_path: Path) -> None:
    with relay(tmp_path, origins=frozenset({"https://a.example"})) as running:
        web = Web(running.address)
        allowed, _ = web.fetch("GET", "/health", headers={"Origin": "https://a.example"})
        assert allowed.headers["Access-Control-Allow-Origin"] == "https://a.example"
        other, _ = web.fetch("GET", "/health", headers={"Origin": "https://b.example"})
        assert "Access-Control-Allow-Origin" not in other.headers


def test_a_draft_that_is_never_opened_goes_with_its_files(tmp_path: Path) -> None:
    limits = Limits(draft_hours=0.0, sweep_seconds=0.05)
    with relay(tmp_path, limits=limits) as running:
        web = Web(running.address)
        web.ask("POST", "/rooms", web.creation())
        until(lambda: web.ask("GET", f"/rooms/{ROOM}")[0] == 404)
        assert not [each for each in (tmp_path / "files").rglob("*") if each.is_file()]


def test_what_it_counts_can_be_read(web: Web) -> None:
    web.make()
    with Caller(web.address) as owner:
        owner.join()
        owner.write(owner.row(1), owner.row(2))
        _, text = web.ask("GET", "/metrics")
    lines = dict(line.split() for line in text.decode().splitlines())
    assert lines["foldbook_relay_rows_total"] == "2"
    assert lines["foldbook_relay_connections"] == "1"
