"""How the corpus is judged: what counts as the same output, and what a reason is."""

from pathlib import Path
from typing import Any

import pytest

from tests.corpus.likeness import difference
from tests.corpus.reasons import BadReason, Reasons

PNG = "iVBORw0KGgo="


def text(value: str) -> dict[str, Any]:
    return {"output_type": "execute_result", "data": {"text/plain": value}, "metadata": {}}


def stream(value: str, name: str = "stdout") -> dict[str, Any]:
    return {"output_type": "stream", "name": name, "text": value}


def error(ename: str, evalue: str) -> dict[str, Any]:
    return {"output_type": "error", "ename": ename, "evalue": evalue, "traceback": ["frames"]}


def picture(words: str, image: str) -> dict[str, Any]:
    data = {"text/plain": words, "image/png": image}
    return {"output_type": "display_data", "data": data, "metadata": {"width": 3}}


ALIKE = [
    ([text("<function f at 0x10521f2f0>")], [text("<function f at 0x1a2b3c>")]),
    ([text("<a.B at 0x7f3>")], [text("<a.B object>")]),
    ([text("{1, 2, 3}")], [text("{3, 2, 1}")]),
    ([text("{'b': 1, 'a': 2}")], [text("{'a': 2, 'b': 1}")]),
    ([text("[{'b': 1, 'a': 2},\n {3}]")], [text("[{'a': 2, 'b': 1}, {3}]")]),
    ([stream("a\n"), stream("b\n")], [stream("a\nb\n")]),
    ([stream("e", "stderr"), stream("a")], [stream("a"), stream("e", "stderr")]),
    ([stream("\x1b[31mred\x1b[0m")], [stream("red")]),
    (
        [stream("100000 loops, best of 3: 2.28 µs per loop\n")],
        [stream("301 ns ± 2.1 ns per loop (mean ± std. dev. of 7 runs, 1,000,000 loops each)\n")],
    ),
    (
        [stream("CPU times: user 1 s\nWall time: 2 s\n")],
        [stream("CPU times: total 0\nWall time: 1 s\n")],
    ),
    (
        [error("SyntaxError", "bad (<ipython-input-1-ab>, line 3)")],
        [error("SyntaxError", "bad (1.py, line 3)")],
    ),
    (
        [picture("<matplotlib.figure.Figure at 0x1>", PNG)],
        [picture("<Figure size 640x480 with 1 Axes>", "AAAA")],
    ),
]
DIFFERENT = [
    ([text("3")], [text("3.0")]),
    ([text("[1, 2]")], [text("[2, 1]")]),
    ([text("{'a': 1}")], [text("{'a': 1.0}")]),
    ([text("{'a b'}")], [text("{'ab'}")]),
    ([text("3")], []),
    ([], [stream("a")]),
    ([stream("a")], [stream("a", "stderr")]),
    ([stream("a"), text("1"), stream("b")], [stream("ab"), text("1")]),
    ([error("NameError", "x")], [error("NameError", "y")]),
    ([text("3")], [{"output_type": "display_data", "data": {"text/plain": "3"}, "metadata": {}}]),
    (
        [picture("<IPython.core.display.Image object>", PNG)],
        [picture("<IPython.core.display.Image object>", "AAAA")],
    ),
    ([picture("<Figure size 6x4 with 1 Axes>", PNG)], [text("<Figure size 6x4 with 1 Axes>")]),
]


@pytest.mark.parametrize(("saved", "came"), ALIKE)
def test_what_differs_from_run_to_run_does_not_count(saved: Any, came: Any) -> None:
    assert difference(saved, came) is None


@pytest.mark.parametrize(("saved", "came"), DIFFERENT)
def test_everything_else_counts_and_is_told(saved: Any, came: Any) -> None:
    words = difference(saved, came)
    assert words is not None
    assert "was saved" in words


def test_a_reason_is_of_a_cell_or_of_all_that_have_none_of_their_own() -> None:
    reasons = Reasons({"a/b": {"2": "chance: random numbers", "all": "package: needs it"}})
    assert reasons.of("a/b", 1) == reasons.notebooks["a/b"]["all"]
    own = reasons.of("a/b", 2)
    assert own is not None
    assert (own.kind, own.words, own.may_agree) == ("chance", "random numbers", True)
    assert reasons.of("a/c", 1) is None


def test_a_reason_without_a_difference_is_told_but_where_chance_has_a_say() -> None:
    reasons = Reasons({"a": {"1": "newer: words", "2": "chance: time", "3": "file: x.txt"}})
    assert reasons.unused("a", [3]) == [
        "a, cell 1: it is as it was saved, but has a reason (words)"
    ]


@pytest.mark.parametrize(
    ("place", "said", "message"),
    [
        ("1", "newer", "'kind: words' expected"),
        ("1", "newer: ", "'kind: words' expected"),
        ("1", "ours: it is broken", "kinds: newer, python2"),
        ("first", "newer: words", "'first' came"),
    ],
)
def test_a_bad_reason_is_told(place: str, said: str, message: str) -> None:
    with pytest.raises(BadReason, match=message):
        Reasons({"a": {place: said}})


def test_what_is_listed_can_be_read_and_is_of_notebooks_that_are_there(corpus: Path) -> None:
    names = Reasons.read().notebooks
    missing = [each for each in names if not (corpus / "notebooks" / f"{each}.ipynb").is_file()]
    assert missing == []
