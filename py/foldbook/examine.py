"""Snapshots that somebody else made: whatever the bytes are, nothing comes of them that a fold
could not have made, but for the truth. That only the rows tell (`foldbook.joining`). Pure.

`foldbook.snapshot` writes lists; here stands what is in them. Limits come first: bytes name sizes
that they do not have, and few of them may stand for many values.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Annotated, Any, Final, Literal, TypeVar

import msgpack
from pydantic import AfterValidator, ConfigDict, Field, Strict, TypeAdapter, ValidationError

from foldbook.bridge import History
from foldbook.errors import BadSnapshot
from foldbook.events.base import Id, Name, Positive
from foldbook.events.cells import Position
from foldbook.events.files import Digest, Path
from foldbook.events.people import Hue
from foldbook.notebook import (
    FINAL,
    ActorKind,
    CellType,
    Execution,
    Notebook,
    OutputType,
    RuntimeStatus,
)
from foldbook.reducer import REDUCER_VERSION
from foldbook.snapshot import MISSHAPEN, Reader, Snapshot, inflated, parts, unpack_large
from foldbook.text import Change, normal

BYTES: Final = 64 * 1024 * 1024
"""Bytes of a snapshot, unpacked."""
VALUES: Final = 4_000_000
"""Values in it, at most; an empty list takes one byte there and fifty here."""
LENGTH: Final = 1 << 16
"""Values in one list of it: room for so many is made before the first has come."""
DEPTH: Final = 200
"""Levels of JSON; a payload has no more."""


def _need_json(value: dict[str, Any]) -> dict[str, Any]:
    level: list[Any] = [value]
    for _ in range(DEPTH):
        deeper: list[Any] = []
        for some in level:
            if isinstance(some, dict) and not all(isinstance(key, str) for key in some):
                raise ValueError("text as keys expected")
            for each in some.values() if isinstance(some, dict) else some:
                if isinstance(each, (dict, list)):
                    deeper.append(each)
                elif each is not None and not isinstance(each, (str, int, float)):
                    raise ValueError(f"JSON expected, {type(each).__name__} came")
        if not deeper:
            return value
        level = deeper
    raise ValueError(f"at most {DEPTH} levels expected")


def _canonical(change: Change) -> Change:
    if normal(change) != change:
        raise ValueError("a change in its canonical form expected")
    return change


def _rising(entries: Sequence[tuple[int, Change]]) -> Sequence[tuple[int, Change]]:
    if any(one[0] >= other[0] for one, other in pairwise(entries)):
        raise ValueError("changes in the order of the log expected")
    return entries


T = TypeVar("T")
_FIRST = Field(fail_fast=True)  # millions may be wrong, and one is enough
_List = Annotated[list[T], _FIRST]
_Listed = Strict(False)  # a list stands for a tuple
_Who = Annotated[str, Field(max_length=64)]
_Mark = Annotated[tuple[Positive, Positive, Positive, Positive], _Listed]
_Json = Annotated[dict[str, Any], AfterValidator(_need_json)]
_Status = Literal[
    "queued", "assigned", "running", "ok", "error", "aborted", "cancelled", "lost"
]  # `foldbook.notebook.Status`

_Cell = Annotated[
    tuple[
        Id, CellType, Position, str, _Mark, _Mark, _Json, _Json, Id | None, bool,
        dict[str, _Mark], bytes | None,
    ],
    _Listed,
]  # fmt: skip
_Whole = Annotated[
    tuple[
        OutputType, str, str, _Json, _Json, Positive | None, str | None, str, str, _List[str],
    ],
    _Listed,
]  # fmt: skip
_Pruned = Annotated[
    tuple[
        OutputType, str, str, _Json, _Json, Positive | None, str | None, str, str, _List[str],
        Positive,
    ],
    _Listed,
]  # fmt: skip
_Output = _Whole | _Pruned
_Prompt = Annotated[tuple[Id, str, bool, bool, str | None], _Listed]
_Execution = Annotated[
    tuple[
        Id, Id, str, _Mark, Id | None, Id | Literal[""], _Status, _Who | None, _Mark | None,
        _Mark | None, _Mark | None, Positive | None, _List[_Output], bool, _Prompt | None, Name,
        bool, str | None,
    ],
    _Listed,
]  # fmt: skip
_Runtime = Annotated[
    tuple[
        _Who, _Who, Name, Literal["browser", "python", "jupyter"], _Json, RuntimeStatus, _Mark,
        _Mark, Id | None, Positive, Positive, Name, Positive,
    ],
    _Listed,
]  # fmt: skip
_Notebook = Annotated[
    tuple[
        Id | Literal[""],
        Name,
        _Json,
        _Mark | None,
        Positive,
        _List[_Cell],
        _List[Annotated[tuple[Id, _Execution | bytes], _Listed]],
        _List[_Runtime],
        _List[Annotated[tuple[_Who, Name, ActorKind, _Mark, Hue], _Listed]],
        _List[Annotated[tuple[Path, Digest, Positive, str, _Mark], _Listed]],
        _List[
            Annotated[
                tuple[_Who, str, _List[Annotated[tuple[Id, Positive], _Listed]]],
                _Listed,
            ]
        ],
        Id | None,
        dict[_Who, Positive],
        _List[Annotated[tuple[Positive, str, Literal["void", "unknown", "unsound"]], _Listed]],
        Positive,
        dict[str, _Mark],
        dict[_Who, _Who],
        dict[_Who, Positive],
        Positive,
    ],
    _Listed,
]

_Section = Positive | tuple[Positive, str]
_Change = Annotated[tuple[_Section, ...], _FIRST, AfterValidator(_canonical)]
_Entries = Annotated[tuple[tuple[Positive, _Change], ...], _FIRST, AfterValidator(_rising)]
_History = tuple[
    _Entries, Annotated[tuple[_Entries, ...], _FIRST], dict[_Who, tuple[Positive, _Entries]]
]

_STRICT: Final = ConfigDict(strict=True)
_NAMES: Final = TypeAdapter(_List[_Who], config=_STRICT)
_NOTEBOOK: Final = TypeAdapter[Any](_Notebook, config=_STRICT)
_EXECUTION: Final = TypeAdapter[Any](_Execution, config=_STRICT)
_HISTORY: Final = TypeAdapter[Any](_History, config=_STRICT)


def examine(data: bytes) -> Snapshot:
    """`foldbook.snapshot.decode`, for bytes that somebody else made: no fold and no view of what
    this gives raises, and it takes no more time and room than there are limits for. Only its
    truth is taken on trust; what it has ``beside`` the notebook is for the caller to look at.

    Raises `BadSnapshot`.
    """
    budget = _Budget()
    try:
        values = budget.unpack(inflated(data, BYTES))
        beside, body, names = parts(values)
        checked = _NOTEBOOK.validate_python(body)
        notebook = budget.reader(names).notebook(checked)
        if not isinstance(beside, dict):
            raise TypeError(f"a map beside the notebook expected, {beside!r:.60} came")
        _need_sense(notebook)
        for key, each in notebook.executions.packed():
            _need_key(key, budget.execution(each) if isinstance(each, bytes) else each)
    except ValidationError as why:
        error = why.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, error["loc"]))
        raise BadSnapshot(
            f"a snapshot is not laid out as one: {where:.80}: {error['msg']:.200}"
        ) from None
    except (*MISSHAPEN, MemoryError) as why:
        raise BadSnapshot(f"a snapshot is not laid out as one: {why!r:.300}") from None
    return Snapshot(notebook, beside)


class _Budget:
    """Reads what is packed, as long as no more values come than may."""

    def __init__(self) -> None:
        self._left = VALUES

    def unpack(self, packed: bytes, *, lists: bool = True) -> Any:
        """A value of MessagePack. Raises `ValueError`."""
        return msgpack.unpackb(
            packed,
            raw=False,
            strict_map_key=True,
            ext_hook=unpack_large,
            use_list=lists,
            list_hook=self._spend,
            object_hook=self._spend,
            max_array_len=LENGTH,
            max_map_len=LENGTH,
        )

    def reader(self, names: Any) -> Reader:
        """Reads what stands under these names."""
        return Reader(_NAMES.validate_python(names), self._history)

    def execution(self, packed: bytes) -> Execution:
        """One that is over and was put away. Raises `ValueError`."""
        values, names = self.unpack(packed)
        execution = self.reader(names).execution(_EXECUTION.validate_python(values))
        if execution.status not in FINAL:
            raise ValueError(f"the execution {execution.id} is packed, and not over")
        return execution

    def _history(self, packed: bytes) -> History:
        return History(*_HISTORY.validate_python(self.unpack(packed, lists=False)))

    def _spend(self, values: Any) -> Any:
        self._left -= 1 + len(values)
        if self._left < 0:
            raise ValueError(f"at most {VALUES} values expected")
        return values


def _need_sense(notebook: Notebook) -> None:
    """Raises `ValueError` where no rows fold to this, as far as that is to be seen from it."""
    if notebook.reducer > REDUCER_VERSION:
        raise ValueError(f"it asks for reducer {notebook.reducer}, and was not made by it")
    for part in (
        *(notebook.cells, notebook.executions, notebook.runtimes, notebook.actors),
        *(notebook.files, notebook.displays, notebook.aside),
        *(notebook.seen, notebook.homes, notebook.numbers),
    ):
        if len(part) > notebook.head:
            raise ValueError(f"{len(part)} things that take a row each, of {notebook.head} rows")
    for cell in notebook.cells.values():
        if cell.deleted and "deleted" not in cell.writers:
            raise ValueError(f"nobody deleted the cell {cell.id}, and it is")
    for places in notebook.displays.values():
        for key, _ in places:
            if key not in notebook.executions:
                raise ValueError(f"an output of the execution {key}, which is not there")


def _need_key(key: str, execution: Execution) -> None:
    if execution.id != key:
        raise ValueError(f"the execution {execution.id} under the key {key}")
