"""What was typed, told and promised in a story, to be compared with the log in the end."""

from collections import Counter
from functools import lru_cache

from foldbook import events, text
from foldbook.errors import BadEvent
from foldbook.events.base import Event
from foldbook.events.cells import CellCreated, CellSourceEdited
from foldbook.notebook import Notebook
from foldbook.row import Row
from sim.newer import NewerEdit, newer


class Book:
    """See the module.

    typed: character -> those that its edit took away. may_be_lost: what was in no store and not
    sent when its worker died. may_be_twice: what was pending in a store that was copied, or moved
    by a split or a merge. said: execution -> what its runtime wrote, "?" where that is not known.
    """

    def __init__(self) -> None:
        self.typed: dict[str, frozenset[str]] = {}
        self.typist: dict[str, str] = {}
        self.may_be_lost: set[str] = set()
        self.may_be_twice: set[str] = set()
        self.moved: set[str] = set()  # by splits and merges, and by undoing those
        self.copied: set[str] = set()  # into a new cell: the text that a lost edit was made on
        self.acked: dict[tuple[str, int], tuple[int, bytes]] = {}
        self.told: dict[int, Row] = {}
        self.said: dict[str, str] = {}
        self.started: dict[str, str] = {}  # execution -> the runtime that runs it
        self.drawers: list[Row] = []
        self.unwritten: set[str] = set()  # a page was told that these were not taken
        self.counts: Counter[str] = Counter()
        self._ids = 0

    def new_id(self) -> str:
        """An id that nobody has."""
        self._ids += 1
        return f"i{self._ids}"

    def type(self, who: str, length: int, taken: str = "") -> str:
        """Characters that nobody has typed yet, in the place of others."""
        first = 0x4E00 + len(self.typed)
        made = "".join(chr(first + i) for i in range(length))
        self.typed |= dict.fromkeys(made, frozenset(taken))
        self.typist |= dict.fromkeys(made, who)
        return made

    def start(self, execution_id: str, runtime: str) -> None:
        """A runtime begins to run something, which no other one has."""
        other = self.started.setdefault(execution_id, runtime)
        assert other == runtime, f"{runtime} starts {execution_id}, which {other} has started"

    def count(self, what: str) -> None:
        """Something worth knowing happened."""
        self.counts[what] += 1


@lru_cache(maxsize=8192)
def _event(payload: bytes) -> Event | events.Unknown | str:
    try:
        return newer(payload, decode(payload))
    except BadEvent as why:
        return str(why)  # not itself: it holds on to all that was going on


decode = events.decode
"""The product's own; the simulator's memory lies over it, for a payload is read many times."""


def remembered(payload: bytes, is_newer: bool) -> Event | events.Unknown:
    """`foldbook.events.decode`, which remembers; as the next version has it, or the product."""
    found = _event(payload)
    if isinstance(found, str):
        raise BadEvent(found)
    if isinstance(found, NewerEdit) and not is_newer:
        return events.Unknown(found.wire_name(), found.version)
    return found


def understood(row: Row) -> object:
    """The event of a row, as the next version has it; None where it cannot be read."""
    found = _event(row.payload)
    return None if isinstance(found, str) else found


_JOINTS = {"\n"}  # between cells that are merged


def inserted(row: Row) -> set[str]:
    """The characters that a row brings into a cell."""
    return brought(understood(row))


def brought(event: object) -> set[str]:
    """The characters that an event brings into a cell."""
    if isinstance(event, CellCreated):
        return set(event.source) - _JOINTS
    if isinstance(event, CellSourceEdited):
        return added(event.changes) - _JOINTS
    return set()


def added(change: text.Change) -> set[str]:
    """The characters that a change of a text brings in."""
    return {c for part in change if not isinstance(part, int) for c in part[1]}


def characters(rows: list[Row]) -> set[str]:
    """All characters that rows bring in."""
    return {each for row in rows for each in inserted(row)}


def shape(notebook: Notebook) -> object:
    """What a person sees of a notebook: without times, and without numbers that will change."""
    cells = [
        (each.id, each.source, each.position, each.deleted, each.type, each.execution)
        for each in notebook.cells.values()
    ]
    executions = [
        (each.id, each.status, each.owner, [output.text for output in each.outputs])
        for each in notebook.executions.values()
    ]
    runtimes = [(each.session, each.status) for each in notebook.runtimes.values()]
    files = [(each.path, each.digest) for each in notebook.files.values()]
    return notebook.name, cells, executions, runtimes, files, notebook.selected_runtime
