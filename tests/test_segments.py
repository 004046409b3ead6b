"""Segments: few records whatever the commits are like, and what is read back of them."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import cycle

import pytest
from foldbook.row import Row, encode_segment
from foldbook.segments import Reading, Tail
from rows import log


def written(sizes: Sequence[int], rows: Sequence[Row]) -> tuple[dict[int, bytes], int]:
    """The records after commits of these sizes, over and over; and how many rows were written."""
    records: dict[int, bytes] = {}
    tail, at, count = Tail(), 0, 0
    every = cycle(sizes)
    while at < len(rows):
        size = next(every)
        plan = tail.plan(rows[at : at + size])
        for key in plan.replaced:
            del records[key]
        records[plan.first] = plan.record
        tail.done(plan)
        count += len(plan.rows)
        at += size
    return records, count


def read(records: dict[int, bytes]) -> Reading:
    reading = Reading()
    for key in sorted(records):
        reading.take(key, records[key])
    return reading


@pytest.mark.parametrize("sizes", [[1], [1, 16], [15, 16], [1] * 10 + [20], [40, 3, 1, 1, 7]])
def test_commits_of_any_sizes_are_few_records_and_one_log(sizes: list[int]) -> None:
    rows = log(6000)
    records, count = written(sizes, rows)
    assert read(records).rows == rows
    assert len(records) < 60
    assert count < 8 * len(rows)


def test_after_a_reload_records_are_joined_with_those_from_before() -> None:
    rows = log(17)
    records, _ = written([1], rows[:16])
    assert len(records) == 16
    plan = read(records).tail.plan(rows[16:])
    assert (plan.first, plan.rows) == (1, rows)
    assert plan.replaced == list(range(2, 17))


def test_what_is_damaged_or_missing_is_told_and_the_rest_is_read() -> None:
    rows = log(9)
    damaged = bytearray(encode_segment(rows[2:4]))
    damaged[-1] ^= 1
    records = {1: encode_segment(rows[:2]), 3: bytes(damaged), 5: encode_segment(rows[4:6])}
    reading = read(records)
    assert reading.rows == rows[:2] + rows[4:6]
    assert [(each.where, each.record) for each in reading.damaged] == [("rows/3", bytes(damaged))]
    del records[3]
    [gap] = read(records).damaged
    assert "rows 3 to 4 are missing" in gap.reason
    [stray] = read({1: encode_segment(rows[:2]), 8: encode_segment(rows[:2])}).damaged
    assert stray.where == "rows/8"


def test_reading_may_begin_anywhere_and_tells_what_is_missing_then() -> None:
    rows = log(9)
    records = {1: encode_segment(rows[:4]), 5: encode_segment(rows[4:])}
    for after, keys in ((2, (1, 5)), (4, (5,)), (6, (5,)), (9, (5,))):
        reading = Reading(after)
        for key in keys:
            reading.take(key, records[key])
        reading.end()
        assert (reading.rows, reading.damaged) == (rows[after:], [])
    for after, taken, missing in ((2, [5], "3 to 4"), (11, [5], "10 to 11"), (3, [], "1 to 3")):
        reading = Reading(after)
        for key in taken:
            reading.take(key, records[key])
        reading.end()
        [damage] = reading.damaged
        assert f"rows {missing} are missing" in damage.reason


def test_rows_that_are_rewritten_are_joined_as_they_are_now() -> None:
    rows = log(17)
    records, _ = written([1], rows[:16])
    tail = read(records).tail
    less = replace(rows[4], payload=b"less")
    assert tail.plan(rows[16:]).rows == rows
    assert tail.rewritten({5: less}).plan(rows[16:]).rows == [*rows[:4], less, *rows[5:]]
