"""A notebook for programs: what `foldbook.open` gives.

    Notebook    its cells, who is here, what runs here; changing, running, watching it
    Cell        one cell, by its id
    Run         one run of a cell, and its outputs
    changes     what `Notebook.watch` tells

Where the notebook comes from is no matter here: it works on a `foldbook.peer.Peer`.
"""

from foldbook.api.cells import Cell, Cells
from foldbook.api.changes import Change, Watch
from foldbook.api.notebook import Notebook
from foldbook.api.people import Person, Runtime
from foldbook.api.runs import Run

__all__ = ["Cell", "Cells", "Change", "Notebook", "Person", "Run", "Runtime", "Watch"]
