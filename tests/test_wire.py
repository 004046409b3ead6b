"""Messages and their bytes."""

from typing import Any

import msgpack
import pytest
from foldbook import wire
from foldbook.errors import BadFrame
from foldbook.row import ROW_LIMIT, Role, to_list
from hypothesis import given
from hypothesis import strategies as st
from rows import log, row

MESSAGES: list[wire.Message] = [
    wire.Hello("book", "", b"s" * 32, b"a" * 32, 7),
    wire.Hello("book", "e1", b"s" * 32, b"a" * 32, 7, role_token="t"),
    wire.Welcome(3, "e1", "a", "s", Role.RUNTIME, 2, present=("s", "t")),
    wire.Push(1, (row(1), row(2)), resume=True),
    wire.Ack(1, (4, 5), (b"d" * 16, b"e" * 16)),
    wire.Nack(2, "right", "no right to it"),
    wire.NotTaken(3),
    wire.Rows(tuple(log(3))),
    wire.Err("gap", "row 2 expected, row 4 came", n=4, expected_n=2, head=9),
    wire.Bye("fenced"),
    wire.Call("1", "s", "complete", {"source": "np.", "position": 3}),
    wire.Reply("1", ok=True, value=["np.abs", {"deep": [1, None, 2.5]}]),
    wire.Presence(b"sealed"),
    wire.Presence(b"", session="s", actor="a"),
    wire.Came("s"),
    wire.Gone("s", 1_700_000_000_000),
    wire.BlobPut("0" * 64, b"bytes"),
    wire.BlobWant("0" * 64),
    wire.Snap(7, b"fold"),
    wire.BlobHave("0" * 64),
    wire.BlobHave("0" * 64, b"bytes"),
]


@pytest.mark.parametrize("message", MESSAGES, ids=lambda each: type(each).__name__)
def test_a_message_comes_back_as_it_was(message: wire.Message) -> None:
    assert wire.decode(wire.encode(message)) == message


def test_every_message_is_tried_here() -> None:
    assert {type(each) for each in MESSAGES} == set(wire.Message.__args__)


def packed(**values: Any) -> bytes:
    frame: bytes = msgpack.packb(values)
    return frame


def nested(levels: int) -> Any:
    return [nested(levels - 1)] if levels else 1


HELLO = {
    "t": "hello", "room": "r", "epoch": "", "session_secret": b"s" * 32,
    "actor_secret": b"a" * 32, "since": 0,
}  # fmt: skip


@pytest.mark.parametrize(
    ("frame", "problem"),
    [
        (b"", "a MessagePack map expected"),
        (b"\xc1", "a MessagePack map expected"),
        (msgpack.packb({1: 2}), "a MessagePack map expected"),
        (msgpack.packb([1, 2]), r"a map expected, \[1, 2\] came"),
        (packed(), "t = None came"),
        (packed(t="shout"), "t = 'shout' came"),
        (packed(t=["hello"]), r"t = \['hello'\] came"),
        (packed(t="bye"), "bye: code is missing, an id of at most 64 characters expected"),
        (packed(**HELLO | {"since": -1}), "since is a whole number from 0, -1 came"),
        (packed(**HELLO | {"since": True}), "since is a whole number from 0, True came"),
        (packed(**HELLO | {"since": 2**60}), "since is a whole number"),
        (packed(**HELLO | {"actor_secret": b"short"}), "a secret of 16 to 64 bytes"),
        (packed(**HELLO | {"session_secret": "s" * 32}), "a secret of 16 to 64 bytes"),
        (packed(t="push", turn=1, rows={}), "rows is a list of at most 256 rows, {} came"),
        (packed(t="push", turn=1, rows=[to_list(row(1))] * 257), "at most 256 rows"),
        (packed(t="push", turn=1, rows=[[1, 2]]), "push: a row is a list of 10 values"),
        (packed(t="ack", n=1, seqs=[1], digests=[b"short"]), "digests of 16 bytes"),
        (packed(t="call", id="1", to="s", method="m", params=[]), "a JSON object"),
        (packed(t="call", id="1", to="s", method="m", params={"a": b"b"}), "a JSON object"),
        (packed(t="reply", id="1", ok=True, value=[b"\xff"]), "value is a JSON value"),
        (packed(t="reply", id="1", ok=True, value={"a": {b"b": 1}}), "value is a JSON value"),
        (packed(t="reply", id="1", ok=True, value=msgpack.Timestamp(1)), "value is a JSON value"),
        (packed(t="reply", id="1", ok=True, value=nested(120)), "value is a JSON value"),
        (packed(t="reply", id="1", ok=True, value=nested(400)), "value is a JSON value"),
        (packed(t="blob_want", digest="0" * 63), "a SHA-256 in hex"),
        (b"\x91" * 100_000, "a MessagePack map expected"),
    ],
)
def test_an_unsound_frame_says_what_was_expected_and_what_came(frame: bytes, problem: str) -> None:
    with pytest.raises(BadFrame, match=problem):
        wire.decode(frame)


def test_fields_that_are_not_known_are_ignored() -> None:
    assert wire.decode(packed(t="bye", code="slow", colour="red")) == wire.Bye("slow")


def test_a_frame_has_a_limit() -> None:
    frame = wire.encode(wire.BlobPut("0" * 64, b"x" * wire.FRAME_LIMIT))
    with pytest.raises(BadFrame, match=f"at most {wire.FRAME_LIMIT} bytes expected"):
        wire.decode(frame)
    assert isinstance(wire.decode(frame, wire.LOCAL_FRAME_LIMIT), wire.BlobPut)


def test_rows_of_one_message_have_a_limit() -> None:
    largest = row(1, payload=b"x" * (ROW_LIMIT - 160))
    fitting = (wire.BATCH_BYTES // wire.size_of(largest)) * [largest]
    assert wire.decode(wire.encode(wire.Push(1, tuple(fitting))))
    with pytest.raises(BadFrame, match=f"at most {wire.BATCH_BYTES} bytes expected"):
        wire.decode(wire.encode(wire.Push(1, (*fitting, largest, largest))))


def test_a_row_takes_no_more_than_it_is_counted_for() -> None:
    largest = row(2**53 - 1, "s" * 64, seq=2**53 - 1, seen=2**53 - 1, payload=b"x" * 1000)
    empty = len(wire.encode(wire.Push(1, ())))
    assert len(wire.encode(wire.Push(1, (largest,)))) - empty <= wire.size_of(largest) + 64


@given(st.binary(max_size=200))
def test_whatever_comes_is_a_message_or_a_bad_frame(frame: bytes) -> None:
    try:
        wire.decode(frame)
    except BadFrame:
        pass


@given(
    st.sampled_from(MESSAGES),
    st.data(),
    st.none() | st.integers() | st.text() | st.binary() | st.lists(st.integers()) | st.floats(),
)
def test_whatever_stands_in_a_field_is_a_message_or_a_bad_frame(
    message: wire.Message, data: st.DataObject, value: object
) -> None:
    fields = msgpack.unpackb(wire.encode(message))
    fields[data.draw(st.sampled_from(sorted(fields)))] = value
    try:
        frame = msgpack.packb(fields)
    except (OverflowError, ValueError):
        return
    try:
        assert wire.encode(wire.decode(frame))
    except BadFrame:
        pass
