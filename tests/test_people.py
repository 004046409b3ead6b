"""Who is here: what sessions show of themselves, and what is made of what others send."""

import json

import pytest
from foldbook.people import IDLE, TTL, People, Shown, decode
from hypothesis import given
from hypothesis import strategies as st

HERE = Shown("c1", 3, 5, "edit", "Ines", "plum")


def test_what_is_shown_comes_through() -> None:
    assert decode(HERE.encode()) == HERE


@pytest.mark.parametrize(
    "state",
    [b"", b"{}", b"[1, 2]", b"\xff", b'["c", -1, 0]', b"[" * 2000, b'["c", 1, 2, 3, "", ""]'],
)
def test_what_makes_no_sense_shows_nothing(state: bytes) -> None:
    assert decode(state) == Shown()


@given(st.recursive(st.none() | st.text() | st.integers(), st.lists, max_leaves=10))
def test_whatever_comes_a_screen_can_show_it(value: object) -> None:
    people = People()
    people.hear("s", "a", json.dumps(value).encode(), 0)
    [shown] = people.listed(0)
    assert shown["mode"] in ("edit", "select", "away")
    assert shown["cell"] is None or isinstance(shown["cell"], str)
    assert shown["anchor"] >= 0
    assert len(shown["name"]) <= 100


def test_an_unknown_mode_is_that_of_a_reader() -> None:
    assert decode(Shown(mode="flying").encode()).mode == "select"


def test_only_what_is_new_is_told() -> None:
    people = People()
    assert people.hear("s", "a", HERE.encode(), 0)
    assert not people.hear("s", "a", HERE.encode(), 10)
    assert people.hear("s", "a", Shown("c2").encode(), 20)
    assert people.hear("s", "a", b"", 30)
    assert not people.hear("s", "a", b"", 40)
    assert people.listed(50) == []


def test_who_shows_nothing_any_more_is_not_here() -> None:
    people = People()
    people.hear("s", "a", HERE.encode(), 0)
    people.hear("t", "b", HERE.encode(), TTL)
    assert not people.expire(TTL)
    assert people.expire(TTL + 1)
    assert [each["session"] for each in people.listed(TTL)] == ["t"]


def test_who_changes_nothing_for_long_is_idle_until_he_does() -> None:
    people = People()
    people.hear("s", "a", HERE.encode(), 0)
    people.hear("s", "a", HERE.encode(), IDLE)
    assert [each["idle"] for each in people.listed(IDLE + 1)] == [True]
    people.hear("s", "a", Shown("c2").encode(), IDLE + 2)
    assert [each["idle"] for each in people.listed(IDLE + 3)] == [False]
