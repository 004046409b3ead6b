"""Order keys: always one between two, short in long runs, different for different writers."""

from itertools import pairwise

import pytest
from foldbook.errors import OrderMisfit
from foldbook.order import DIGITS, between, spread
from hypothesis import given
from hypothesis import strategies as st

HEX = "0123456789abcdef"
keys = st.text(DIGITS, min_size=1, max_size=8).filter(lambda key: not key.endswith("0"))
salts = st.text(HEX, max_size=4)


def assert_sound(key: str) -> None:
    assert key
    assert set(key) <= set(DIGITS)
    assert not key.endswith("0")


@given(st.sets(keys, min_size=2, max_size=2), salts)
def test_between_any_two_there_is_a_third(pair: set[str], salt: str) -> None:
    before, after = sorted(pair)
    key = between(before, after, salt)
    assert before < key < after
    assert_sound(key)


@given(keys, salts)
def test_beside_any_key_there_is_another(key: str, salt: str) -> None:
    above, below = between(None, key, salt), between(key, None, salt)
    assert above < key < below
    assert_sound(above)
    assert_sound(below)


@given(st.lists(st.tuples(st.integers(0, 10**6), salts), max_size=60))
def test_cells_stand_where_they_were_put(places: list[tuple[int, str]]) -> None:
    order: list[str] = []
    for number, salt in places:
        at = number % (len(order) + 1)
        before = order[at - 1] if at else None
        after = order[at] if at < len(order) else None
        order.insert(at, between(before, after, salt))
    assert order == sorted(set(order))
    for key in order:
        assert_sound(key)


@given(st.one_of(st.none(), keys), st.text(HEX, min_size=4, max_size=4))
def test_two_writers_at_one_place_choose_different_keys(before: str | None, salt: str) -> None:
    other = salt[:-1] + HEX[HEX.index(salt[-1]) - 1]
    assert between(before, None, salt) != between(before, None, other)


def test_long_runs_stay_short() -> None:
    last = first = between(None, None, "3fa2")
    for _ in range(10_000):
        last, first = between(last, None, "3fa2"), between(None, first, "3fa2")
    assert len(last) <= 8
    assert len(first) <= 8


def test_runs_in_the_middle_grow_slowly() -> None:
    low, high = spread(2, None, None)
    down, up = high, low
    for _ in range(300):
        up, down = between(up, high), between(low, down)
    assert len(up) <= 20
    assert len(down) <= 20


@given(st.integers(0, 200), st.sets(keys, min_size=2, max_size=2), st.integers(0, 2))
def test_many_at_once_stand_in_order(count: int, pair: set[str], open_side: int) -> None:
    low, high = sorted(pair)
    before = None if open_side == 1 else low
    after = None if open_side == 2 else high
    found = spread(count, before, after)
    assert len(found) == count
    line = [key for key in (before, *found, after) if key is not None]
    assert all(one < other for one, other in pairwise(line))
    for key in found:
        assert_sound(key)


@pytest.mark.parametrize("pair", [("b", "a"), ("a1", "a1"), ("", "a"), ("a", "ä"), ("a-", None)])
def test_what_has_no_key_between_is_said(pair: tuple[str, str | None]) -> None:
    with pytest.raises(OrderMisfit):
        between(*pair)


def test_nothing_fits_below_the_lowest_digit() -> None:
    with pytest.raises(OrderMisfit, match="no key lies between 'a' and 'a0'"):
        between("a", "a0")
