"""What is in memory, told briefly: names, types, sizes, a first look at values and tables.

Nobody's code is run for it: of a type that is not known here the name is told and nothing else,
whatever it says of its length or its looks. All is bounded, in names, characters and time. It
needs the standard library only and imports none of the libraries that it knows, so that it can
also be run in a kernel that knows nothing of Foldbook.
"""

import collections
import datetime
import decimal
import fractions
import itertools
import pathlib
import sys
import time
import types
import uuid
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

NAMES: Final = 300
"""Variables told, at most."""
ROWS: Final = 50
COLUMNS: Final = 20
SECONDS: Final = 1.0
"""After so long variables are told without a look at their values."""
_SHORT, _CELL, _LONG = 60, 40, 4000  # characters
_ITEMS: Final = 6
_DEPTH: Final = 2
_BITS: Final = 200  # of a number whose digits are told
_PROGRAM: Final = (types.ModuleType, types.FunctionType, types.BuiltinFunctionType, type)
_SAID: Final = (
    *(datetime.date, datetime.time, datetime.timedelta, decimal.Decimal, fractions.Fraction),
    *(pathlib.PurePath, uuid.UUID, range, complex),
)
"""Types of the standard library that tell in a few characters what they are."""
_COUNTED: Final[tuple[type[Any], ...]] = (
    *(str, bytes, bytearray, list, tuple, dict, set, frozenset, collections.deque, range),
)

Look = dict[str, Any]


def variables(namespace: Mapping[str, Any], hidden: Mapping[str, Any]) -> Look:
    """{"variables": [{name, type, shape, preview, table}], "more": how many are left out}.

    hidden: what stood in the namespace before anybody's code ran. shape: a table's or an array's;
    of what has a length, that alone; else None. table: whether `variable` has one of it.
    """
    until = time.perf_counter() + SECONDS
    names = sorted(name for name, value in list(namespace.items()) if _is_told(name, value, hidden))
    told = [_told(name, namespace.get(name), until) for name in names[:NAMES]]
    return {"variables": told, "more": len(names) - len(told)}


def variable(namespace: Mapping[str, Any], name: str) -> Look:
    """One of them at length: {"type", "shape"} and a table or a text.

    A table is {"columns": [...], "index": [...], "rows": [[...]]}, its first ones; None as
    columns: they have no names. Empty where there is no variable of this name.
    """
    if name not in namespace:
        return {}
    value = namespace[name]
    look: Look = {"type": _type_name(value), "shape": _safely(_shape, value)}
    table: Look | None = _safely(_table, value)
    if table is not None:
        return look | table
    return look | {"text": _safely(lambda each: _brief(each, _LONG, 200), value) or ""}


def _is_told(name: object, value: object, hidden: Mapping[str, Any]) -> bool:
    if not isinstance(name, str) or name.startswith("_"):
        return False
    is_own = name not in hidden or hidden[name] is not value
    return is_own and not any(_is(value, each) for each in _PROGRAM)


def _told(name: str, value: object, until: float) -> Look:
    is_late = time.perf_counter() > until
    return {
        "name": name[:_SHORT],
        "type": _type_name(value),
        "shape": None if is_late else _safely(_shape, value),
        "preview": "" if is_late else _safely(lambda each: _brief(each, _SHORT), value) or "",
        "table": _tabled(value) is not None,
    }


def _safely(tell: Callable[[Any], Any], value: object) -> Any:
    """None where a library's own code cannot tell: half made, closed, or changed meanwhile."""
    try:
        return tell(value)
    except Exception:
        return None


# Types, without asking the value or its class: either may answer with code of its own.


def _classes(value: object) -> tuple[type, ...]:
    found: tuple[type, ...] = type.__dict__["__mro__"].__get__(type(value))
    return found


def _is(value: object, kind: type) -> bool:
    return kind in _classes(value)


def _type_name(value: object) -> str:
    name: str = type.__dict__["__name__"].__get__(type(value))
    return name[:_SHORT]


def _library(value: object, module: str, *names: str) -> str | None:
    """Which of a library's classes it is of, where that library has been imported."""
    there = sys.modules.get(module)
    known = {} if there is None else vars(there)
    classes = _classes(value)
    return next((name for name in names if known.get(name) in classes), None)


def _tabled(value: object) -> str | None:
    """ "numpy", "pandas", "Series" or "polars", where there is a table of it."""
    if _library(value, "numpy", "ndarray"):
        return "numpy"
    if found := _library(value, "pandas", "DataFrame", "Series", "Index"):
        return "pandas" if found == "DataFrame" else "Series"
    return "polars" if _library(value, "polars", "DataFrame") else None


# Sizes


def _shape(value: Any) -> list[int] | None:
    match _tabled(value):
        case "numpy":
            return list(vars(sys.modules["numpy"])["ndarray"].shape.__get__(value))
        case "pandas":
            return [len(value.index), len(value.columns)]
        case "Series":
            return [len(value)]
        case "polars":
            return list(value.shape)
        case _:
            return _length(value)


def _length(value: Any) -> list[int] | None:
    if _library(value, "torch", "Tensor"):
        return [int(each) for each in value.shape]
    kind = next((each for each in _COUNTED if _is(value, each)), None)
    return None if kind is None else [kind.__len__(value)]


# Values


def _brief(value: Any, most: int, items: int = _ITEMS, depth: int = _DEPTH) -> str:
    """A value in at most so many characters; empty where its type is not known."""
    said = _said(value, most, items, depth)
    return said if len(said) <= most else said[: most - 1] + "…"


def _said(value: Any, most: int, items: int, depth: int) -> str:
    kinds = _classes(value)
    if value is None or value is Ellipsis or bool in kinds:
        return repr(value)
    if int in kinds:
        bits = int.bit_length(value)
        return int.__repr__(value) if bits <= _BITS else f"a number of {bits:,} bits"
    if float in kinds:
        return _number(float.__float__(value))
    for kind in (str, bytes, bytearray):
        if kind in kinds:
            return kind.__repr__(kind.__getitem__(value, slice(0, most)))
    if _library(value, "numpy", "generic"):
        item = value.item()
        return "" if _library(item, "numpy", "generic") else _said(item, most, items, depth)
    if any(kind in _SAID for kind in kinds) and not _is_foreign(value):
        return str(value)
    return _listed(value, kinds, most, items, depth)


def _is_foreign(value: object) -> bool:
    """Whether its class is somebody's own, made of one of ours; pandas' own are trusted."""
    module = str(type.__dict__["__module__"].__get__(type(value)))
    standard = ("datetime", "decimal", "fractions", "pathlib", "uuid", "builtins", "pandas")
    return module.partition(".")[0] not in standard


def _number(value: float) -> str:
    said = float.__repr__(value)
    return said if len(said) <= 10 else f"{value:.6g}"


def _listed(value: Any, kinds: Iterable[type], most: int, items: int, depth: int) -> str:
    if depth < 0:
        return "…"

    def each(inner: Any) -> str:
        return _said(inner, most // 2, items, depth - 1) or f"<{_type_name(inner)}>"

    if dict in kinds:
        pairs = itertools.islice(dict.items(value), items)
        shown = [f"{each(key)}: {each(inner)}" for key, inner in pairs]
        return _within("{", shown, dict.__len__(value), "}")
    brackets: tuple[tuple[type[Any], str, str], ...] = (
        *((list, "[", "]"), (tuple, "(", ")"), (set, "{", "}"), (frozenset, "{", "}")),
        (collections.deque, "[", "]"),
    )
    for kind, start, end in brackets:
        if kind in kinds:
            shown = [each(inner) for inner in itertools.islice(kind.__iter__(value), items)]
            return _within(start, shown, kind.__len__(value), end)
    return ""


def _within(start: str, shown: list[str], count: int, end: str) -> str:
    more = ["…"] if count > len(shown) else []
    return f"{start}{', '.join([*shown, *more])}{end}"


# Tables


def _table(value: Any) -> Look | None:
    match _tabled(value):
        case "numpy":
            return _array(vars(sys.modules["numpy"])["ndarray"].view(value, _ndarray()))
        case "pandas":
            part = value.iloc[:ROWS, :COLUMNS]
            columns = [part.iloc[:, at].tolist() for at in range(part.shape[1])]
            rows = [_row(row) for row in zip(*columns, strict=True)]
            return {"columns": _row(part.columns.tolist()), "index": _row(part.index), "rows": rows}
        case "Series":
            part = value[:ROWS] if _library(value, "pandas", "Index") else value.iloc[:ROWS]
            index = getattr(part, "index", range(len(part)))
            name = _cell(value.name) if value.name is not None else "value"
            return {"columns": [name], "index": _row(index), "rows": [_row([v]) for v in part]}
        case "polars":
            part = value[:ROWS, :COLUMNS]
            rows = [_row(row) for row in part.rows()]
            return {"columns": _row(part.columns), "index": _row(range(len(rows))), "rows": rows}
        case _:
            return None


def _ndarray() -> Any:
    return vars(sys.modules["numpy"])["ndarray"]


def _array(array: Any) -> Look | None:
    """The first rows; of more than two dimensions, those of the first table in it."""
    if array.ndim == 0 or (array.ndim > 2 and 0 in array.shape):
        return None
    part = array[(0,) * (array.ndim - 2)]
    part = part[:ROWS] if part.ndim == 1 else part[:ROWS, :COLUMNS]
    rows = [_row(row if part.ndim == 2 else [row]) for row in part.tolist()]
    return {"columns": None, "index": _row(range(len(rows))), "rows": rows}


def _row(values: Iterable[Any]) -> list[str]:
    return [_cell(each) for each in values]


def _cell(value: Any) -> str:
    if type(value) is str:
        return value if len(value) <= _CELL else value[: _CELL - 1] + "…"
    if _library(value, "pandas._libs.missing", "NAType"):
        return "<NA>"
    return _brief(value, _CELL) or f"<{_type_name(value)}>"
