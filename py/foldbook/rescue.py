"""What was typed on a fold that turned out to be wrong."""

from foldbook.commands.cells import CreateCell
from foldbook.errors import BadEvent, CommandRefused
from foldbook.events import decode
from foldbook.events.cells import CellCreated, CellSourceEdited
from foldbook.margin import Margin
from foldbook.notebook import Notebook
from foldbook.peer import Peer
from foldbook.row import Row


class Rescue(Margin):
    """A margin that notes which cells this person has typed in after row ``seq``."""

    def __init__(self, peer: Peer, seq: int) -> None:
        super().__init__()
        self._peer = peer
        self._seq = seq
        self._mine: set[str] = set()

    def add(self, row: Row) -> None:
        """See `Margin`."""
        super().add(row)
        if row.seq > self._seq and row.actor == self._peer.actor:
            self._note(row)

    def amend(self, notebook: Notebook) -> None:
        """Put the right fold in the place of the wrong one. A cell that one has typed in, and that
        reads otherwise now, is there a second time, as one saw it: edits of a text that never was
        may count for nothing, or stand where nobody meant them.
        """
        peer = self._peer
        for row in peer.log.pending:
            self._note(row)
        seen = peer.notebook.cells
        before = [seen[each] for each in sorted(self._mine) if each in seen]
        peer.amend(notebook)
        for cell in before:
            now = peer.notebook.cells.get(cell.id)
            if cell.deleted or not cell.source or (now and now.source == cell.source):
                continue
            after = {"after": cell.id} if now else {}
            try:
                peer.submit(CreateCell(cell_type=cell.type, source=cell.source, **after))
            except CommandRefused:  # one may not edit any more
                return

    def _note(self, row: Row) -> None:
        try:
            event = decode(row.payload)
        except BadEvent:
            return
        if isinstance(event, (CellCreated, CellSourceEdited)):
            self._mine.add(event.cell_id)
