"""The state that a log folds into: Notebook, Cell, Execution, Output, Runtime, Actor. Pure.

A `Notebook` is a container of dictionaries; everything *in* it is frozen and is replaced, never
changed. So a screen finds what changed by identity, and `Notebook.fork` is cheap.
Only events (`foldbook.events`) put values here; a rule that does not admit an event raises
`Void` before it has changed anything.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, ValuesView
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final, Literal

from foldbook.bridge import EMPTY, History
from foldbook.rope import EMPTY as NO_TEXT
from foldbook.rope import Rope

CellType = Literal["code", "markdown", "raw"]
OutputType = Literal["stream", "display_data", "execute_result", "error"]
ActorKind = Literal["person", "agent", "runtime"]
RuntimeStatus = Literal["starting", "ready", "stopped", "lost"]


class Void(Exception):
    """This event cannot count here; the reason is for people. Not an error of anybody's."""


class Status(StrEnum):
    """Where an execution stands. The last five are final."""

    QUEUED = "queued"
    ASSIGNED = "assigned"
    RUNNING = "running"
    OK = "ok"
    ERROR = "error"
    ABORTED = "aborted"
    CANCELLED = "cancelled"
    LOST = "lost"


FINAL: Final = frozenset({Status.OK, Status.ERROR, Status.ABORTED, Status.CANCELLED, Status.LOST})
WAITING: Final = frozenset({Status.QUEUED, Status.ASSIGNED})


@dataclass(frozen=True, slots=True)
class Mark:
    """Who did it, when: the seq, session, actor and time (ms since 1970) of a row."""

    seq: int
    session: str
    actor: str
    ts: int


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell. ``position`` is its order key; ``execution`` the id of its latest execution.

    ``writers`` tells for each of position, type, metadata, attachments, deleted, and the
    execution where outputs were cleared or restored, who wrote it last; ``edited`` who last
    changed the source. A deleted cell stays, so that it can return.
    """

    id: str
    type: CellType
    position: str
    source: str
    created: Mark
    edited: Mark
    metadata: Mapping[str, Any] = field(default_factory=dict)
    attachments: Mapping[str, Any] = field(default_factory=dict)
    execution: str | None = None
    deleted: bool = False
    writers: Mapping[str, Mark] = field(default_factory=dict)
    history: History = EMPTY

    def rewritten(self, source: str, history: History, edited: Mark) -> "Cell":
        """This cell with another source; `dataclasses.replace`, 10 times faster, for keystrokes."""
        return Cell(
            self.id,
            self.type,
            self.position,
            source,
            self.created,
            edited,
            self.metadata,
            self.attachments,
            self.execution,
            self.deleted,
            self.writers,
            history,
        )


@dataclass(frozen=True, slots=True)
class Output:
    """One output, in Jupyter's terms. Only the fields of its type are set.

    stream: name, text (as a ``rope``, for it may be long and go on growing). display_data,
    execute_result: data, metadata (execution_count, display_id). error: ename, evalue,
    traceback (lines with ANSI colours).
    Values of ``data`` may be blobs (`foldbook.mime.is_blob`). not_kept: bytes that stood here and
    do not any more (`foldbook.pruning`); 0: it is whole.
    """

    type: OutputType
    name: str = ""
    rope: Rope = NO_TEXT
    data: Mapping[str, Any] = field(default_factory=dict)
    metadata: Mapping[str, Any] = field(default_factory=dict)
    execution_count: int | None = None
    display_id: str | None = None
    ename: str = ""
    evalue: str = ""
    traceback: tuple[str, ...] = ()
    not_kept: int = 0

    @property
    def text(self) -> str:
        """A stream's text."""
        return str(self.rope)


@dataclass(frozen=True, slots=True)
class Prompt:
    """A running execution waits for a line of input."""

    id: str
    prompt: str
    password: bool
    answered: bool = False
    value: str | None = None


@dataclass(frozen=True, slots=True)
class Execution:
    """One run of one exact source. Outputs belong to it, not to the cell.

    runtime: the session asked to run it (None: whoever claims first); owner: the session that
    claimed it. ``run_id`` joins the executions of one "run all". ``reason`` says in words why
    it was aborted, cancelled or lost.
    """

    id: str
    cell_id: str
    source: str
    requested: Mark
    runtime: str | None = None
    run_id: str = ""
    status: Status = Status.QUEUED
    owner: str | None = None
    assigned: Mark | None = None
    started: Mark | None = None
    completed: Mark | None = None
    execution_count: int | None = None
    outputs: tuple[Output, ...] = ()
    clear_next: bool = False
    prompt: Prompt | None = None
    reason: str = ""
    imported: bool = False
    source_blob: str | None = None


class Executions(dict[str, Execution]):
    """The executions of a log by id, in the order of their requests.

    Most of a long log's executions are over and shown nowhere: these may be `put_away` as bytes,
    which costs little to open and to keep, and come out when somebody looks at them.
    """

    __slots__ = ("_open", "_unpack")

    def __init__(self, pairs: Iterable[tuple[str, Execution]] = ()) -> None:
        super().__init__(pairs)
        self._unpack: Callable[[bytes], Execution] | None = None
        self._open = {key: None for key, each in super().items() if _is_open(each)}

    def put_away(self, key: str, packed: bytes, unpack: Callable[[bytes], Execution]) -> None:
        """From now on this execution, which is over, stands here as bytes. ``unpack`` makes it
        of them again; it is the same for all."""
        self._unpack = unpack
        super().__setitem__(key, packed)  # type: ignore[assignment]

    def packed(self) -> Iterator[tuple[str, Execution | bytes]]:
        """Each as it stands here."""
        return iter(super().items())

    def passing(self) -> Iterator[Execution]:
        """Each, one at a time: what is put away stays so."""
        for _, each in self.packed():
            if isinstance(each, bytes):
                assert self._unpack is not None, "it came with what was put away"
                yield self._unpack(each)
            else:
                yield each

    def unfinished(self) -> Iterator[Execution]:
        """Those that are queued, assigned or running; costs as much as there are."""
        return (self[key] for key in list(self._open))

    def copy(self) -> "Executions":
        """A copy; what is put away stays so."""
        made = Executions()
        dict.update(made, self)  # as they stand
        made._unpack = self._unpack
        made._open = dict(self._open)
        return made

    def __setitem__(self, key: str, value: Execution) -> None:
        super().__setitem__(key, value)
        if value.status not in FINAL:
            self._open[key] = None
        else:
            self._open.pop(key, None)

    def __getitem__(self, key: str) -> Execution:
        found: Execution | bytes = super().__getitem__(key)
        return self._taken_out(key, found) if isinstance(found, bytes) else found

    def get(self, key: str | None, default: Any = None) -> Any:
        """As a dictionary's."""
        return self[key] if key is not None and key in self else default

    def values(self) -> "_Values":  # type: ignore[override]
        """As a dictionary's; what is put away comes out one by one."""
        return _Values(self)

    def items(self) -> Any:
        """As a dictionary's, but a list."""
        return [(key, self[key]) for key in self]

    def __eq__(self, other: object) -> bool:
        return dict(self.items()) == (
            dict(other.items()) if isinstance(other, Executions) else other
        )

    __hash__ = None

    def _taken_out(self, key: str, packed: bytes) -> Execution:
        assert self._unpack is not None, "it came with what was put away"
        found = self._unpack(packed)
        super().__setitem__(key, found)
        return found


class _Values(ValuesView[Execution]):
    """The values of `Executions`, in either direction."""

    def __init__(self, executions: Executions) -> None:
        super().__init__(executions)
        self._executions = executions

    def __iter__(self) -> Iterator[Execution]:
        return (self._executions[key] for key in list(self._executions))

    def __reversed__(self) -> Iterator[Execution]:
        return (self._executions[key] for key in reversed(list(self._executions)))


def _is_open(execution: Execution) -> bool:
    return getattr(execution, "status", Status.OK) not in FINAL


@dataclass(frozen=True, slots=True)
class Runtime:
    """A session that runs executions; its id is its session's.

    interrupt, restart, stop: the seq of the newest row that asks for it; 0: nobody did.
    """

    session: str
    actor: str
    name: str
    kind: str
    language: Mapping[str, Any]
    status: RuntimeStatus
    started: Mark
    changed: Mark
    replaces: str | None = None
    interrupt: int = 0
    restart: int = 0
    reason: str = ""
    stop: int = 0

    @property
    def has_ended(self) -> bool:
        """Whether it is over, as far as the log tells: it runs nothing any more."""
        return self.status in ("stopped", "lost")


@dataclass(frozen=True, slots=True)
class Actor:
    """A person, agent or runtime that introduced itself. hue: the one it wants, if any."""

    id: str
    name: str
    kind: ActorKind
    introduced: Mark
    hue: str = ""


@dataclass(frozen=True, slots=True)
class File:
    """A file of the notebook: its content is the blob ``digest`` of ``size`` bytes."""

    path: str
    digest: str
    size: int
    mime: str
    added: Mark


@dataclass(frozen=True, slots=True)
class Aside:
    """A row that did not count: its seq, why, and whether it is a stranger or unsound."""

    seq: int
    reason: str
    what: Literal["void", "unknown", "unsound"]


@dataclass(slots=True)
class Notebook:
    """The fold of a log up to ``head`` (a seq; 0 before the first row).

    ``seen`` has the newest ``seen`` of each session, ``numbers`` its newest ``n``, ``homes`` the
    session that each runtime of somebody's page speaks through. ``displays`` finds the outputs
    of a display id: (runtime session, display id) -> [(execution id, index)]. ``reducer`` is the
    least reducer version that may fold further rows; 0: any.
    """

    id: str = ""
    name: str = ""
    metadata: Mapping[str, Any] = field(default_factory=dict)
    created: Mark | None = None
    head: int = 0
    cells: dict[str, Cell] = field(default_factory=dict)
    executions: Executions = field(default_factory=Executions)
    runtimes: dict[str, Runtime] = field(default_factory=dict)
    actors: dict[str, Actor] = field(default_factory=dict)
    files: dict[str, File] = field(default_factory=dict)
    displays: dict[tuple[str, str], tuple[tuple[str, int], ...]] = field(default_factory=dict)
    selected_runtime: str | None = None
    seen: dict[str, int] = field(default_factory=dict)
    aside: list[Aside] = field(default_factory=list)
    void_count: int = 0
    writers: dict[str, Mark] = field(default_factory=dict)
    homes: dict[str, str] = field(default_factory=dict)
    numbers: dict[str, int] = field(default_factory=dict)
    reducer: int = 0

    def fork(self) -> "Notebook":
        """A copy that can go its own way; what is in it is shared until replaced."""
        return Notebook(
            self.id,
            self.name,
            self.metadata,
            self.created,
            self.head,
            dict(self.cells),
            self.executions.copy(),
            dict(self.runtimes),
            dict(self.actors),
            dict(self.files),
            dict(self.displays),
            self.selected_runtime,
            dict(self.seen),
            list(self.aside),
            self.void_count,
            dict(self.writers),
            dict(self.homes),
            dict(self.numbers),
            self.reducer,
        )

    def ordered_cells(self) -> list[Cell]:
        """The cells that are not deleted, in their order."""
        return sorted(
            (cell for cell in self.cells.values() if not cell.deleted),
            key=lambda cell: (cell.position, cell.id),
        )

    def cell(self, cell_id: str) -> Cell:
        """The cell, deleted or not. Raises `Void` where there is none."""
        found = self.cells.get(cell_id)
        if found is None:
            raise Void(f"there is no cell {cell_id}")
        return found

    def execution(self, execution_id: str) -> Execution:
        """The execution. Raises `Void` where there is none."""
        if execution_id not in self.executions:
            raise Void(f"there is no execution {execution_id}")
        return self.executions[execution_id]

    def execution_of(self, cell: Cell) -> Execution | None:
        """The latest execution of a cell, if it has one."""
        return self.executions.get(cell.execution) if cell.execution else None

    def unfinished(self) -> Iterator[Execution]:
        """Executions that are queued, assigned or running, in log order."""
        return self.executions.unfinished()
