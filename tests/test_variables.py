"""What is in memory: told briefly, of real numpy and pandas, and nobody's code is run for it."""

import json
from pathlib import Path
from typing import Any

import pytest
from foldbook.errors import Refused
from foldbook.native.jupyter import JupyterKernel
from foldbook.shell import variables

from tests.cells import Shell, in_shell
from tests.executors import MAKERS, Running, install_bash, tell

pytestmark = pytest.mark.usefixtures("own_home")

HOSTILE = """
class Trap:
    def __getattribute__(self, name): raise SystemExit(name)
    __repr__ = __str__ = __len__ = __iter__ = __bool__ = __class_getitem__ = lambda self: 1 / 0
class Meta(type):
    def __getattribute__(cls, name): raise SystemExit(name)
    def __instancecheck__(cls, other): raise SystemExit("instance")
    def __repr__(cls): raise SystemExit("repr")
class Odd(metaclass=Meta):
    __repr__ = lambda self: 1 / 0
class Listed(list):
    __len__ = __iter__ = __repr__ = lambda self: 1 / 0
class Worded(str):
    __len__ = __repr__ = __getitem__ = lambda self, *rest: 1 / 0
class Real(float):
    __float__ = __repr__ = lambda self: 1 / 0
trap, odd, listed, worded, real = Trap(), Odd(), Listed("ab"), Worded("abc"), Real(2.5)
inside = [trap, {"k": odd}]
"""


def look(source: str, tmp_path: Path) -> dict[str, dict[str, Any]]:
    """What is told of the variables of a cell, by their names."""
    told: list[dict[str, Any]] = []

    async def story(shell: Shell) -> None:
        assert (await shell.run(source)).status == "ok"
        told.extend((await shell.executor.variables())["variables"])

    in_shell(tmp_path, story)
    json.dumps(told)  # it can travel
    return {each["name"]: each for each in told}


def at_length(source: str, name: str, tmp_path: Path) -> dict[str, Any]:
    found: dict[str, Any] = {}

    async def story(shell: Shell) -> None:
        assert (await shell.run(source)).status == "ok"
        found.update(await shell.executor.variable(name))

    in_shell(tmp_path, story)
    json.dumps(found)
    return found


def test_before_anything_ran_there_is_nothing(tmp_path: Path) -> None:
    assert look("", tmp_path) == {}


def test_plain_values(tmp_path: Path) -> None:
    source = (
        "import math, datetime\nfrom pathlib import Path\ndef f(): pass\nclass C: pass\n"
        "window = 15; slope = 0.1 + 0.2; name = 'Ines'; nothing = None; yes = True; z = 1 + 2j\n"
        "rain = [3, 1, 4]; pairs = {'a': 1, 'b': [2]}; point = (1, 2); _private = 1\n"
        "long = list(range(100)); path = Path('data'); day = datetime.date(2024, 5, 1)\n"
        "huge = 10 ** 5000; text = 'x' * 10_000_000; nested = [[[[[1]]]]]"
    )
    told = look(source, tmp_path)
    shown = {name: (each["type"], each["preview"]) for name, each in told.items()}
    assert shown == {
        "day": ("date", "2024-05-01"),
        "huge": ("int", "a number of 16,610 bits"),
        "long": ("list", "[0, 1, 2, 3, 4, 5, …]"),
        "name": ("str", "'Ines'"),
        "nested": ("list", "[[[…]]]"),
        "nothing": ("NoneType", "None"),
        "pairs": ("dict", "{'a': 1, 'b': [2]}"),
        "path": ("PosixPath", "data"),
        "point": ("tuple", "(1, 2)"),
        "rain": ("list", "[3, 1, 4]"),
        "slope": ("float", "0.3"),
        "text": ("str", "'" + "x" * 58 + "…"),
        "window": ("int", "15"),
        "yes": ("bool", "True"),
        "z": ("complex", "(1+2j)"),
    }
    assert told["long"]["shape"] == [100]
    assert told["window"]["shape"] is None


def test_frames_and_arrays_have_shapes_and_tables(tmp_path: Path) -> None:
    source = (
        "import numpy as np, pandas as pd\n"
        "gt = pd.DataFrame({'year': range(145), 'anomaly': 0.25})\n"
        "smooth = gt.anomaly\nslopes = np.empty((10_000, 3))\nscalar = np.float32(1.5)"
    )
    told = look(source, tmp_path)
    shapes = {name: (each["type"], each["shape"], each["table"]) for name, each in told.items()}
    assert shapes == {
        "gt": ("DataFrame", [145, 2], True),
        "scalar": ("float32", None, False),
        "slopes": ("ndarray", [10_000, 3], True),
        "smooth": ("Series", [145], True),
    }
    assert told["scalar"]["preview"] == "1.5"


def test_nobodys_code_is_run(tmp_path: Path) -> None:
    told = look(HOSTILE, tmp_path)
    assert {name: (each["type"], each["preview"]) for name, each in told.items()} == {
        "inside": ("list", "[<Trap>, {'k': <Odd>}]"),
        "listed": ("Listed", "['a', 'b']"),
        "odd": ("Odd", ""),
        "real": ("Real", "2.5"),
        "trap": ("Trap", ""),
        "worded": ("Worded", "'abc'"),
    }
    assert at_length(HOSTILE, "inside", tmp_path)["text"] == "[<Trap>, {'k': <Odd>}]"


def test_the_first_rows_of_a_frame(tmp_path: Path) -> None:
    source = (
        "import pandas as pd\n"
        "gt = pd.DataFrame({'day': pd.date_range('2024-01-01', periods=200), 'v': 1.5})\n"
        "gt['o'] = None\n"
        "gt['o'] = gt['o'].astype(object); gt.at[1, 'o'] = {'a': 1}\n"
        "gt['n'] = pd.array([pd.NA] * 200, dtype='Int64')\nwide = pd.DataFrame([range(50)] * 2)"
    )
    found = at_length(source, "gt", tmp_path)
    assert found["columns"] == ["day", "v", "o", "n"]
    assert (found["index"][:2], len(found["rows"])) == (["0", "1"], variables.ROWS)
    assert found["rows"][1] == ["2024-01-02 00:00:00", "1.5", "{'a': 1}", "<NA>"]
    assert found["shape"] == [200, 4]
    wide = at_length(source, "wide", tmp_path)
    assert [len(row) for row in wide["rows"]] == [variables.COLUMNS] * 2


def test_the_first_rows_of_series_and_arrays(tmp_path: Path) -> None:
    source = (
        "import numpy as np, pandas as pd\nserie = pd.Series([1, 2], index=['a', 'b'], name='n')\n"
        "index = pd.Index(['x', 'y'])\nline = np.arange(3)\nplane = np.eye(2)\n"
        "cube = np.arange(24).reshape(2, 3, 4)\npoint = np.array(5)\nnone = np.empty((0, 3, 3))"
    )
    table = {"columns": ["n"], "index": ["a", "b"], "rows": [["1"], ["2"]]}
    assert at_length(source, "serie", tmp_path).items() >= table.items()
    assert at_length(source, "index", tmp_path)["rows"] == [["x"], ["y"]]
    line = {"columns": None, "index": ["0", "1", "2"], "rows": [["0"], ["1"], ["2"]]}
    assert at_length(source, "line", tmp_path).items() >= line.items()
    assert at_length(source, "plane", tmp_path)["rows"] == [["1.0", "0.0"], ["0.0", "1.0"]]
    cube = at_length(source, "cube", tmp_path)
    assert (cube["shape"], cube["rows"][2]) == ([2, 3, 4], ["8", "9", "10", "11"])
    assert at_length(source, "point", tmp_path)["shape"] == []
    assert at_length(source, "none", tmp_path)["shape"] == [0, 3, 3]


def test_a_large_array_is_not_copied(tmp_path: Path) -> None:
    source = (
        "import numpy as np\n"
        "big = np.broadcast_to(np.float64(1), (10**6, 10**6))\n"  # 8 TB, if anybody made it whole
    )
    assert look(source, tmp_path)["big"]["shape"] == [10**6, 10**6]
    assert len(at_length(source, "big", tmp_path)["rows"]) == variables.ROWS


def test_one_that_is_gone_is_empty(tmp_path: Path) -> None:
    assert at_length("x = 1", "y", tmp_path) == {}


def test_of_very_many_the_first_are_told() -> None:
    namespace = {f"v{at:04}": at for at in range(variables.NAMES + 5)}
    found = variables.variables(namespace, {})
    assert (len(found["variables"]), found["more"]) == (variables.NAMES, 5)


def test_when_time_is_up_names_and_types_are_told_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(variables, "SECONDS", -1.0)
    [told] = variables.variables({"x": [1]}, {})["variables"]
    assert told == {"name": "x", "type": "list", "shape": None, "preview": "", "table": False}


@pytest.mark.parametrize("maker", MAKERS)
def test_executors_in_other_processes_tell_the_same(maker: str, tmp_path: Path) -> None:
    executor = MAKERS[maker](tmp_path / "work")

    async def story(there: Running) -> None:
        await there.run("import numpy as np\nrain = np.arange(6).reshape(2, 3)\nword = 'it\\'s'")
        told = (await executor.variables())["variables"]
        assert [(each["name"], each["type"], each["shape"]) for each in told] == [
            ("rain", "ndarray", [2, 3]),
            ("word", "str", [4]),
        ]
        assert (await executor.variable("rain"))["rows"] == [["0", "1", "2"], ["3", "4", "5"]]
        assert await executor.variable("gone") == {}

    tell(executor, story)


def test_a_kernel_of_another_language_says_that_it_is_for_python(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install_bash(tmp_path / "prefix", monkeypatch)
    executor = JupyterKernel("bash", tmp_path / "work")

    async def story(_there: Running) -> None:
        with pytest.raises(Refused, match="shown for Python; this is bash"):
            await executor.variables()

    tell(executor, story)
