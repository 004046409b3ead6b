"""Rows: their frozen layout, and what happens to damaged ones."""

import zlib
from itertools import pairwise
from typing import Any

import msgpack
import pytest
from foldbook.errors import BadRow
from foldbook.row import (
    RIGHTS,
    Kind,
    Role,
    Row,
    check_dense,
    decode_segment,
    digest,
    encode_segment,
    from_list,
    to_list,
)
from hypothesis import given
from hypothesis import strategies as st

ROW = Row(7, "5e55", 3, 6, "ac70", Role.RUN, Kind.EDIT, 1_700_000_000_000, b'{"type":"x"}')
numbers = st.integers(0, 2**53 - 1)
ids = st.text("0123456789abcdef", min_size=1, max_size=64)
rows = st.builds(
    Row,
    seq=numbers,
    session=ids,
    n=numbers,
    seen=numbers,
    actor=ids,
    role=st.sampled_from(Role),
    kind=st.sampled_from(Kind),
    ts=numbers,
    payload=st.binary(max_size=50),
)


def test_the_layout_of_a_row_is_frozen() -> None:
    values = [1, 7, "5e55", 3, 6, "ac70", "run", "edit", 1_700_000_000_000, b'{"type":"x"}']
    assert to_list(ROW) == values
    assert from_list(values) == ROW


def test_the_bytes_of_a_segment_are_frozen() -> None:
    assert encode_segment([ROW]).hex() == (
        "11a70db4919a0107a435653535030"
        "6a461633730a372756ea465646974cf0000018bcfe56800c40c7b2274797065223a2278227d"
    )


def test_the_digest_covers_what_the_writer_gave_and_only_that() -> None:
    numbered = ROW.numbered(9, "other", Role.OWN, 5)
    assert (numbered.seq, numbered.actor, numbered.role, numbered.ts) == (9, "other", Role.OWN, 5)
    assert digest(numbered) == digest(ROW)
    assert digest(ROW).hex() == "b26082dd24cdca794872553cf705a647"


@given(st.lists(rows, max_size=5))
def test_rows_come_back_from_their_bytes(some: list[Row]) -> None:
    assert decode_segment(encode_segment(some)) == some


@given(st.lists(rows, min_size=1, max_size=3), st.data())
def test_one_changed_byte_is_noticed(some: list[Row], data: st.DataObject) -> None:
    record = bytearray(encode_segment(some))
    at = data.draw(st.integers(0, len(record) - 1))
    record[at] ^= data.draw(st.integers(1, 255))
    with pytest.raises(BadRow):
        decode_segment(bytes(record))


@given(st.lists(rows, min_size=1, max_size=3), st.data())
def test_a_cut_record_is_noticed(some: list[Row], data: st.DataObject) -> None:
    record = encode_segment(some)
    with pytest.raises(BadRow):
        decode_segment(record[: data.draw(st.integers(0, len(record) - 1))])


@pytest.mark.parametrize(
    ("at", "value"),
    [
        (0, 2),
        (1, -1),
        (1, 2**53),
        (1, True),
        (2, 5),
        (2, "a" * 65),
        (3, 1.0),
        (4, None),
        (5, b"ac70"),
        (6, "king"),
        (7, "song"),
        (8, "now"),
        (9, "text"),
    ],
)
def test_a_value_out_of_place_is_no_row(at: int, value: object) -> None:
    values: list[Any] = to_list(ROW)
    values[at] = value
    with pytest.raises(BadRow):
        from_list(values)


@pytest.mark.parametrize("values", [None, "row", 5, [], to_list(ROW)[:-1], [*to_list(ROW), 1], {}])
def test_what_is_not_ten_values_is_no_row(values: object) -> None:
    with pytest.raises(BadRow, match="list of 10 values"):
        from_list(values)


@pytest.mark.parametrize("body", [b"\xc1", msgpack.packb(5), msgpack.packb([5]), b"\x91"])
def test_a_sound_checksum_over_nonsense_is_still_a_bad_row(body: bytes) -> None:
    checksum = zlib.crc32(body).to_bytes(4, "big")
    with pytest.raises(BadRow):
        decode_segment(checksum + body)


def test_rows_go_on_without_a_gap() -> None:
    check_dense([ROW], 6)
    with pytest.raises(BadRow, match="row 6 expected, row 7 came"):
        check_dense([ROW], 5)


def test_rights_grow_along_the_ladder_and_runtimes_stand_beside_it() -> None:
    ladder = [Role.VIEW, Role.COMMENT, Role.EDIT, Role.RUN, Role.OWN]
    for lower, higher in pairwise(ladder):
        assert RIGHTS[lower] < RIGHTS[higher]
    assert RIGHTS[Role.RUNTIME] == {Kind.NOTE, Kind.OUTPUT}
    assert [role for role in ladder if Kind.OUTPUT in RIGHTS[role]] == [Role.RUN, Role.OWN]
