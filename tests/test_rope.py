"""Texts that grow at their end."""

import copy
import tracemalloc

from foldbook.rope import EMPTY, Rope
from hypothesis import given
from hypothesis import strategies as st


def grown(*pieces: str) -> Rope:
    rope = EMPTY
    for piece in pieces:
        rope = rope.plus(piece)
    return rope


@given(st.lists(st.text(max_size=4)), st.lists(st.text(max_size=4)), st.booleans())
def test_it_is_the_text_of_its_pieces(before: list[str], after: list[str], looked: bool) -> None:
    older = grown(*before)
    if looked:
        str(older)
    rope = older
    for piece in after:
        rope = rope.plus(piece)
    assert rope.since(older) == "".join(after)
    assert (str(rope), len(rope)) == ("".join(before + after), len("".join(before + after)))
    assert rope.since(older) == "".join(after), "also after it was joined"
    assert str(older) == "".join(before)


def test_what_grows_from_one_rope_does_not_see_each_other() -> None:
    trunk = grown("a", "b")
    one, other = trunk.plus("1"), trunk.plus("2")
    assert (str(trunk), str(one), str(other)) == ("ab", "ab1", "ab2")
    assert one.since(other) is None
    assert trunk.since(one) is None


def test_equal_texts_are_equal_however_they_came_about() -> None:
    assert grown("a", "bc") == grown("ab", "c") == Rope("abc")
    assert hash(grown("a", "bc")) == hash(Rope("abc"))
    assert grown("ab") != grown("ac")
    assert Rope("abc") != "abc"
    assert grown("ab", "c").since(grown("a", "b")) == "c"


def test_a_great_many_pieces_are_let_go_and_copied() -> None:
    rope = grown(*["x"] * 200_000)
    assert copy.deepcopy(rope) == rope
    older = grown(*["y"] * 200_000)
    del older
    assert len(str(rope)) == 200_000


def test_adding_to_a_long_text_costs_what_is_added() -> None:
    rope = Rope("x" * 10_000_000)
    tracemalloc.start()
    try:
        more = rope.plus("y" * 10)
        added = more.since(rope)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert added == "y" * 10
    assert peak < 10_000
