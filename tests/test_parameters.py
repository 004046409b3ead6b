"""Parameters as papermill has them: read from a command line, written as code."""

import math
from pathlib import Path
from typing import Any

import pytest
from foldbook.errors import BadParameters
from foldbook.native.parameters import code, from_yaml, inject, typed
from open_book import notebook_of, opened
from stories import story

VALUES = {
    "none": None,
    "yes": True,
    "count": 3,
    "ratio": -0.5,
    "text": 'say "hi"\n\\ $x é 😀',
    "listed": [1, "two", None],
    "mapped": {"a": [True], "b c": 1.5},
}


@pytest.mark.parametrize(
    ("given", "value"),
    [
        ("True", True),
        ("False", False),
        ("None", None),
        ("12", 12),
        ("-1.5", -1.5),
        ("1e3", 1000.0),
        ("inf", math.inf),
        ("true", "true"),
        ("[1, 2]", "[1, 2]"),
        ("", ""),
        ("2024-01-01", "2024-01-01"),
    ],
)
def test_a_value_is_typed_as_papermill_does(given: str, value: Any) -> None:
    found = typed(given)
    assert (found, type(found)) == (value, type(value))


def test_yaml_comes_from_a_file_or_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "p.yaml"
    file.write_text("alpha: 0.5\nwhen: 2024-01-01\nlist: [1, yes]\n")
    assert from_yaml(str(file)) == {"alpha": 0.5, "when": "2024-01-01", "list": [1, True]}
    assert from_yaml("a: 1") == {"a": 1}
    assert from_yaml('{"a": {"b": null}}') == {"a": {"b": None}}
    assert from_yaml("") == {}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("nowhere.yaml", "nowhere.yaml cannot be read"),
        ("[1, 2]", r"names with values expected, \"\[1, 2\]\" came"),
        ("just words", "names with values expected"),
        ("a: [1", "is not YAML"),
        ("1: 2", "names with values expected"),
        ("!!python/object:os.system {}", "is not YAML"),
    ],
)
def test_bad_yaml_is_told(given: str, message: str) -> None:
    with pytest.raises(BadParameters, match=message):
        from_yaml(given)


def test_python_reads_back_what_is_written() -> None:
    values = VALUES | {"much": math.inf, "little": -math.inf}
    found: dict[str, Any] = {}
    exec(code(values | {"odd": math.nan}, "python"), found)
    assert {name: found[name] for name in values} == values
    assert math.isnan(found["odd"])


def test_every_language_writes_its_own_words() -> None:
    values = {"a": None, "b": True, "c": 'x "y" $z', "d": [1, False], "e": {"k": 2}}
    assert code(values, "R").splitlines() == [
        "# Parameters",
        "a = NULL",
        "b = TRUE",
        r'c = "x \"y\" $z"',
        "d = list(1, FALSE)",
        'e = list("k" = 2)',
    ]
    assert code(values, "julia").splitlines() == [
        "# Parameters",
        "a = nothing",
        "b = true",
        r'c = "x \"y\" \$z"',
        "d = [1, false]",
        'e = Dict("k" => 2)',
    ]
    assert code(values, "javascript").splitlines()[1:] == [
        "var a = null;",
        "var b = true;",
        r'var c = "x \"y\" $z";',
        "var d = [1, false];",
        'var e = {"k": 2};',
    ]
    few = {"b": True, "c": "it's $z", "n": 1.5}
    assert code(few, "bash").splitlines() == [
        "# Parameters",
        "b=true",
        """c='it'"'"'s $z'""",
        "n=1.5",
    ]


@pytest.mark.parametrize(
    ("values", "language", "message"),
    [
        ({"a": 1}, "prolog", "this kernel's language is prolog"),
        ({"a": 1}, "", "this kernel's language is not told"),
        ({"a": [1]}, "bash", "a: bash has no way to write a list"),
        ({"a b": 1}, "python", "a parameter's name is that of a variable, 'a b' came"),
        ({"class": 1}, "python", "'class' came"),
        ({"x;import os": 1}, "python", "is that of a variable"),
    ],
)
def test_what_cannot_be_written_is_told(
    values: dict[str, Any], language: str, message: str
) -> None:
    with pytest.raises(BadParameters, match=message):
        code(values, language)


@story
async def test_parameters_come_right_behind_the_tagged_cell_or_on_top_or_in_their_old_cell() -> (
    None
):
    async with opened() as book:
        notebook = notebook_of(book)
        first = notebook.append("first")
        assert inject(notebook, "top") == notebook.cells[0]
        assert notebook.cells[0].tags == ("injected-parameters",)
        assert inject(notebook, "again") == notebook.cells[0]
        assert [each.source for each in notebook.cells] == ["again", "first"]
        notebook.delete(0)
        first.set_metadata({"tags": ["parameters"]})
        notebook.append("last")
        inject(notebook, "behind")
        assert [each.source for each in notebook.cells] == ["first", "behind", "last"]
