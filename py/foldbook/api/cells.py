"""A notebook's cells, for programs: `Cells` is a sequence that changes as people work, `Cell` one
cell, wherever it goes.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, overload

from foldbook import text
from foldbook.api.outputs import Values
from foldbook.commands.base import living
from foldbook.commands.cells import SetCellMetadata, SetCellType
from foldbook.commands.sources import EditSource
from foldbook.difference import difference
from foldbook.errors import Mine
from foldbook.ipynb import output_values
from foldbook.notebook import Cell as Content
from foldbook.notebook import CellType, Execution
from foldbook.peer import Peer
from foldbook.text import Change


class Cell:
    """A cell of a shared notebook, by its id: what is read is how it stands now.

    Changes are in this replica when the call returns, and travel by themselves. Raises
    `CommandRefused`, also where somebody has deleted the cell, or the link gives no right to it.
    """

    def __init__(self, peer: Peer, cell_id: str) -> None:
        self._peer = peer
        self._id = cell_id
        self._read: str | None = None

    @property
    def id(self) -> str:
        """The cell's id; it stays the same for ever."""
        return self._id

    @property
    def type(self) -> CellType:
        """ "code", "markdown" or "raw"; can be set."""
        return self._content.type

    @type.setter  # noqa: A003 - the property's own
    def type(self, value: CellType) -> None:
        self._peer.submit(SetCellType(cell_ids=(self._id,), cell_type=value))

    @property
    def source(self) -> str:
        """The text of the cell.

        It can be set, which changes no more than what differs from the text that this object
        gave or set last; so what others have typed since then stays.
        """
        self._read = self._content.source
        return self._read

    @source.setter
    def source(self, value: str) -> None:
        base = self._content.source if self._read is None else self._read
        self._apply(difference(base, value), base)

    def edit(self, start: int, end: int, new: str) -> None:
        """Put ``new`` in the place of the code points from ``start`` to before ``end``.

        They count in the text that this object gave or set last; what others have typed since
        then stays. Raises `Mine` where that text has no such place.
        """
        base = self._content.source if self._read is None else self._read
        if not 0 <= start <= end <= len(base):
            raise Mine(f"places from 0 to {len(base)} expected, {start} and {end} came")
        self._apply(text.replace(start, end - start, new), base)

    @property
    def metadata(self) -> Mapping[str, Any]:
        """Jupyter's metadata of the cell."""
        return self._content.metadata

    def set_metadata(self, values: Mapping[str, Any], remove: Iterable[str] = ()) -> None:
        """Set some keys of the metadata and remove others; the rest stays."""
        command = SetCellMetadata(cell_id=self._id, values=dict(values), removed=tuple(remove))
        self._peer.submit(command)

    @property
    def tags(self) -> tuple[str, ...]:
        """Jupyter's tags of the cell."""
        tags = self._content.metadata.get("tags")
        return tuple(map(str, tags)) if isinstance(tags, list) else ()

    @property
    def outputs(self) -> list[Values]:
        """The outputs of its latest run, as in a notebook file.

        A value of more than 16 KiB may stand as a reference ``{"$blob": SHA-256, "size": bytes}``:
        `Notebook.load` puts it in its place.
        """
        execution = self._execution
        return [output_values(each) for each in execution.outputs] if execution else []

    @property
    def status(self) -> str | None:
        """How its latest run stands (`Run.status`); None where it has none."""
        execution = self._execution
        return execution.status.value if execution else None

    @property
    def execution_count(self) -> int | None:
        """The number in its brackets."""
        execution = self._execution
        return execution.execution_count if execution else None

    @property
    def exists(self) -> bool:
        """Whether it is in the notebook, and not deleted."""
        found = self._peer.notebook.cells.get(self._id)
        return found is not None and not found.deleted

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Cell) and (self._peer, self._id) == (other._peer, other._id)

    def __hash__(self) -> int:
        return hash(self._id)

    def __repr__(self) -> str:
        if not self.exists:
            return f"<Cell {self._id}, deleted>"
        content = self._content
        first = content.source.partition("\n")[0]
        return f"<Cell {self._id} {content.type} {first[:40]!r}>"

    @property
    def _content(self) -> Content:
        return living(self._peer.notebook, self._id)

    @property
    def _execution(self) -> Execution | None:
        content = self._content
        return self._peer.notebook.execution_of(content) if content.type == "code" else None

    def _apply(self, change: Change, base: str) -> None:
        """Submit a change of ``base``, which is older than the text, or is it."""
        now = self._content.source
        moved = text.transform(change, difference(base, now))
        if moved:
            self._peer.submit(EditSource(cell_id=self._id, changes=moved, length_before=len(now)))
        self._read = text.apply(change, base)


class Cells(Sequence[Cell]):
    """The cells that are not deleted, in their order, now: by place, by slice, or by id."""

    def __init__(self, peer: Peer) -> None:
        self._peer = peer

    @overload
    def __getitem__(self, key: int | str) -> Cell: ...
    @overload
    def __getitem__(self, key: slice) -> list[Cell]: ...
    def __getitem__(self, key: int | str | slice) -> Cell | list[Cell]:
        if isinstance(key, str):
            cell = self._cell(key)
            if not cell.exists:
                raise KeyError(f"there is no cell {key} in this notebook")
            return cell
        return list(self)[key]

    def __len__(self) -> int:
        return len(self._peer.notebook.ordered_cells())

    def __iter__(self) -> Iterator[Cell]:
        return iter([self._cell(each.id) for each in self._peer.notebook.ordered_cells()])

    def __contains__(self, cell: object) -> bool:
        if isinstance(cell, str):
            return self._cell(cell).exists
        return isinstance(cell, Cell) and cell.exists

    def __repr__(self) -> str:
        return repr(list(self))

    def _cell(self, cell_id: str) -> Cell:
        return Cell(self._peer, cell_id)
