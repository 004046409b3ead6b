"""Text changes: what one does, what two do together, and the vectors for other implementations."""

import json
import random
from itertools import pairwise
from pathlib import Path

import pytest
from foldbook import text
from foldbook.errors import TextMisfit
from foldbook.text import Change
from hypothesis import given
from hypothesis import strategies as st

VECTORS = Path(__file__).parent / "samples" / "text_vectors.json"
ALPHABET = "ab\n é€😀𝒳"


@st.composite
def changes(draw: st.DrawFn, length: int) -> Change:
    """A change that fits a text of this length."""
    sections: list[text.Section] = []
    left = length
    for _ in range(draw(st.integers(0, 4))):
        kept = draw(st.integers(0, left))
        deleted = draw(st.integers(0, min(left - kept, 4)))
        inserted = draw(st.text(ALPHABET, max_size=3))
        sections += [kept, (deleted, inserted)]
        left -= kept + deleted
    return text.normal(sections)


@st.composite
def two_at_once(draw: st.DrawFn) -> tuple[str, Change, Change]:
    """A text and two changes made on it."""
    before = draw(st.text(ALPHABET, max_size=12))
    return before, draw(changes(len(before))), draw(changes(len(before)))


@st.composite
def one_by_one(draw: st.DrawFn, count: int) -> tuple[str, list[Change]]:
    """A text and changes, each on the result of the one before."""
    before = now = draw(st.text(ALPHABET, max_size=12))
    found: list[Change] = []
    for _ in range(count):
        found.append(draw(changes(len(now))))
        now = text.apply(found[-1], now)
    return before, found


def assert_canonical(change: Change) -> None:
    assert text.normal(change) == change
    assert not change or isinstance(change[-1], tuple)
    for one, next_one in pairwise(change):
        assert isinstance(one, int) != isinstance(next_one, int)
    assert all(each not in (0, (0, "")) for each in change)


def test_a_change_keeps_and_replaces() -> None:
    assert text.apply((2, (1, "XY")), "abcde") == "abXYde"
    assert text.apply((), "abc") == "abc"
    assert text.apply(((3, ""),), "abc") == ""


def test_a_code_point_beyond_the_first_plane_counts_as_one() -> None:
    assert text.apply((1, (1, "")), "😀𝒳b") == "😀b"


def test_normal_drops_what_does_nothing_and_joins_what_touches() -> None:
    sections = [0, 2, 1, (0, ""), (1, "a"), (0, "b"), (2, ""), 0, (0, "c"), 7]
    assert text.normal(sections) == (3, (3, "abc"))


@pytest.mark.parametrize("sections", [[-1], [(-1, "a")], [2, (-3, "")]])
def test_counts_below_zero_do_not_fit(sections: list[text.Section]) -> None:
    with pytest.raises(TextMisfit, match="counts from 0"):
        text.normal(sections)


@pytest.mark.parametrize("change", [(4, (0, "a")), ((4, ""),), (2, (1, "a"), 1)])
def test_a_change_beyond_its_text_does_not_fit(change: Change) -> None:
    with pytest.raises(TextMisfit, match="at least 4 expected, one of 3 came"):
        text.apply(change, "abc")
    with pytest.raises(TextMisfit):
        text.invert(change, "abc")


def test_replace_says_nothing_where_nothing_changes() -> None:
    assert text.replace(5, 0, "") == ()
    assert text.replace(0, 1, "") == ((1, ""),)
    with pytest.raises(TextMisfit):
        text.replace(-1, 0, "a")


def test_patches_are_applied_one_after_the_other() -> None:
    change = text.from_patches([(0, 0, "abc"), (1, 1, ""), (2, 0, "d")])
    assert change == ((0, "acd"),)


@given(one_by_one(2))
def test_composed_changes_do_what_both_do(case: tuple[str, list[Change]]) -> None:
    before, (first, second) = case
    both = text.compose(first, second)
    assert_canonical(both)
    assert text.apply(both, before) == text.apply(second, text.apply(first, before))


@given(one_by_one(3))
def test_composing_is_associative_in_what_it_does(case: tuple[str, list[Change]]) -> None:
    before, (a, b, c) = case
    left = text.compose(text.compose(a, b), c)
    right = text.compose(a, text.compose(b, c))
    assert text.apply(left, before) == text.apply(right, before)


@given(two_at_once())
def test_two_changes_at_once_end_in_the_same_text(case: tuple[str, Change, Change]) -> None:
    before, later, earlier = case
    after_earlier, after_later = text.transform_pair(later, earlier)
    assert_canonical(after_earlier)
    assert_canonical(after_later)
    assert text.transform(later, earlier) == after_earlier
    one_way = text.apply(after_earlier, text.apply(earlier, before))
    other_way = text.apply(after_later, text.apply(later, before))
    assert one_way == other_way


@given(two_at_once())
def test_nothing_that_was_typed_is_lost(case: tuple[str, Change, Change]) -> None:
    before, later, earlier = case
    moved, _ = text.transform_pair(later, earlier)
    after = text.apply(moved, text.apply(earlier, before))
    typed = [each[1] for each in (*later, *earlier) if isinstance(each, tuple)]
    assert all(each in after for each in typed)


@given(two_at_once())
def test_the_inverse_takes_a_change_back(case: tuple[str, Change, Change]) -> None:
    before, change, _ = case
    inverse = text.invert(change, before)
    assert_canonical(inverse)
    assert text.apply(inverse, text.apply(change, before)) == before


@given(two_at_once())
def test_growth_is_the_difference_of_lengths(case: tuple[str, Change, Change]) -> None:
    before, change, _ = case
    assert len(text.apply(change, before)) == len(before) + text.growth(change)
    assert text.extent(change) <= len(before)


@given(two_at_once())
def test_positions_keep_their_order_and_their_neighbours(
    case: tuple[str, Change, Change],
) -> None:
    before, change, _ = case
    after = text.apply(change, before)
    for stay_left in (True, False):
        places = [text.map_position(change, i, stay_left) for i in range(len(before) + 1)]
        assert places == sorted(places)
        assert places[0] >= 0
        assert places[-1] <= len(after)


def test_the_later_insertion_goes_left() -> None:
    assert text.transform_pair((1, (0, "L")), (1, (0, "E"))) == ((1, (0, "L")), (2, (0, "E")))


def test_of_two_ranges_with_one_start_the_shorter_goes_left() -> None:
    longer, shorter = (1, (2, "LL")), (1, (0, "s"))
    for later, earlier in ((longer, shorter), (shorter, longer)):
        moved, _ = text.transform_pair(later, earlier)
        assert text.apply(moved, text.apply(earlier, "abcd")) == "asLLd"


def test_what_both_delete_is_deleted_once() -> None:
    moved, back = text.transform_pair((1, (3, "")), (2, (3, "X")))
    assert text.apply(moved, "abXf") == "aXf"
    assert text.apply(back, "aef") == "aXf"


@pytest.mark.parametrize(
    ("position", "left", "right"),
    [(0, 0, 0), (2, 2, 4), (3, 5, 5), (4, 5, 7), (5, 7, 7), (6, 8, 8)],
)
def test_cursors_stay_left_unless_told_otherwise(position: int, left: int, right: int) -> None:
    change = (2, (0, "xy"), 1, (2, "uv"))
    assert text.map_position(change, position) == left
    assert text.map_position(change, position, stay_left=False) == right


def make_vectors() -> list[dict[str, object]]:
    """Pairs of changes and what becomes of them: edge cases by exhaustion, then random ones."""
    small = [
        text.normal([start, (deleted, inserted)])
        for start in range(3)
        for deleted in range(3 - start)
        for inserted in ("", "X")
    ]
    cases = [("ab", a, _renamed(b)) for a in small for b in small if a and b]
    dice = random.Random(20240229)
    for _ in range(400):
        before = "".join(dice.choice(ALPHABET) for _ in range(dice.randint(0, 9)))
        cases.append((before, _random_change(dice, len(before)), _random_change(dice, len(before))))
    return [_vector(*case) for case in cases]


def _vector(before: str, a: Change, b: Change) -> dict[str, object]:
    a_over_b, b_over_a = text.transform_pair(a, b)
    return {
        "text": before,
        "a": a,
        "b": b,
        "a_over_b": a_over_b,
        "b_over_a": b_over_a,
        "result": text.apply(a_over_b, text.apply(b, before)),
    }


def _renamed(change: Change) -> Change:
    return tuple((s[0], s[1].lower()) if isinstance(s, tuple) else s for s in change)


def _random_change(dice: random.Random, length: int) -> Change:
    sections: list[text.Section] = []
    while length >= 0 and dice.random() < 0.7:
        kept, deleted = dice.randint(0, min(length, 3)), 0
        if dice.random() < 0.6:
            deleted = dice.randint(0, min(length - kept, 3))
        inserted = "".join(dice.choice(ALPHABET) for _ in range(dice.randint(0, 2)))
        sections += [kept, (deleted, inserted)]
        length -= kept + deleted
    return text.normal(sections)


def test_the_shared_vectors_are_what_this_module_does() -> None:
    made = json.loads(json.dumps(make_vectors()))
    assert json.loads(VECTORS.read_text(encoding="utf-8")) == made, (
        f"write them anew with: python {Path(__file__).name}"
    )


if __name__ == "__main__":
    lines = ",\n".join(json.dumps(each, ensure_ascii=False) for each in make_vectors())
    VECTORS.write_text(f"[\n{lines}\n]\n", encoding="utf-8")


@given(two_at_once())
def test_a_coarse_change_is_one_replacement_that_does_the_same(
    case: tuple[str, Change, Change],
) -> None:
    before, change, _ = case
    made = text.coarse(change, before)
    assert text.apply(made, before) == text.apply(change, before)
    assert len(made) <= 2
