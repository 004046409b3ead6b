"""Files of the notebook: they appear in the working directory of every runtime.

What code writes there, or deletes, counts only from the session that owns the execution, as
outputs do.
"""

from typing import Annotated, ClassVar

from pydantic import StringConstraints

from foldbook.events.base import Event, Id, Positive, mark
from foldbook.events.outputs import speaking
from foldbook.notebook import File, Notebook, Void
from foldbook.row import Kind, Row

_PART = r"\.*[^./\x00-\x1f][^/\x00-\x1f]*"

Path = Annotated[
    str, StringConstraints(min_length=1, max_length=512, pattern=rf"^(?:{_PART}/)*{_PART}$")
]
"""Relative, with ``/`` between its parts, none of which is only dots."""

Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class FileAdded(Event):
    """A file is there, or has new content: the blob with this SHA-256."""

    kind: ClassVar[Kind] = Kind.EDIT
    path: Path
    digest: Digest
    size: Positive
    mime: str = "application/octet-stream"

    def apply(self, notebook: Notebook, row: Row) -> None:
        _put(notebook, self, row)


class FileRemoved(Event):
    """A file is gone."""

    kind: ClassVar[Kind] = Kind.EDIT
    path: Path

    def apply(self, notebook: Notebook, row: Row) -> None:
        _drop(notebook, self.path)


class FileWritten(Event):
    """Running code made a file in the working directory, or changed one.

    not_kept: its content of so many bytes is not kept any more; the file has had another since.
    """

    kind: ClassVar[Kind] = Kind.OUTPUT
    execution_id: Id
    path: Path
    digest: Digest
    size: Positive
    mime: str = "application/octet-stream"
    not_kept: Positive = 0

    def apply(self, notebook: Notebook, row: Row) -> None:
        speaking(notebook, self.execution_id, row)
        _put(notebook, self, row)


class FileUnlinked(Event):
    """Running code deleted a file of the notebook from the working directory."""

    kind: ClassVar[Kind] = Kind.OUTPUT
    execution_id: Id
    path: Path

    def apply(self, notebook: Notebook, row: Row) -> None:
        speaking(notebook, self.execution_id, row)
        _drop(notebook, self.path)


def _put(notebook: Notebook, told: FileAdded | FileWritten, row: Row) -> None:
    file = File(told.path, told.digest, told.size, told.mime, mark(row))
    notebook.files[told.path] = file


def _drop(notebook: Notebook, path: str) -> None:
    if path not in notebook.files:
        raise Void(f"there is no file {path}")
    del notebook.files[path]
