"""Notebook files (.ipynb): read through nbformat, turned into events, written back.

    imported = read(data, "trend.ipynb")                 # any version of the format
    decision = to_events(imported, stamp, notebook_id)   # a new log, and the blobs it names
    data = write(notebook, blobs)                        # format 4.5, outputs included

What is read is written back unharmed: outputs, attachments, metadata, counts, mime types that
nobody knows. Not kept: ``trusted`` flags (nothing here ever runs because a file says so) and
what nbformat itself calls transient. What had to be mended is told in ``ImportedNotebook.notes``.
nbformat is slow to import: only who opens or saves a file imports this package.
"""

from foldbook.ipynb.importing import to_events
from foldbook.ipynb.reading import ImportedCell, ImportedNotebook, read
from foldbook.ipynb.writing import needed, output_values, write

__all__ = [
    "ImportedCell",
    "ImportedNotebook",
    "needed",
    "output_values",
    "read",
    "to_events",
    "write",
]
