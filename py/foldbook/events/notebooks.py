"""The notebook as a whole: created, renamed, metadata set."""

from typing import ClassVar

from pydantic import Field

from foldbook.events.base import Event, Id, Json, Name, mark
from foldbook.notebook import Notebook, Void
from foldbook.row import Kind, Row


class NotebookCreated(Event):
    """The first fact of every log: this notebook exists and has this name."""

    kind: ClassVar[Kind] = Kind.EDIT
    notebook_id: Id
    name: Name
    metadata: Json = Field(default_factory=dict)

    def apply(self, notebook: Notebook, row: Row) -> None:
        if notebook.created is not None:
            raise Void("the notebook exists already")
        notebook.id = self.notebook_id
        notebook.name = self.name
        notebook.metadata = self.metadata
        notebook.created = mark(row)


class NotebookRenamed(Event):
    """The notebook has a new name."""

    kind: ClassVar[Kind] = Kind.EDIT
    name: Name

    def apply(self, notebook: Notebook, row: Row) -> None:
        notebook.name = self.name
        notebook.writers["name"] = mark(row)


class NotebookMetadataSet(Event):
    """Top-level keys of the notebook's metadata were set or removed."""

    kind: ClassVar[Kind] = Kind.EDIT
    values: Json = Field(default_factory=dict)
    removed: tuple[str, ...] = ()

    def apply(self, notebook: Notebook, row: Row) -> None:
        kept = {k: v for k, v in notebook.metadata.items() if k not in self.removed}
        notebook.metadata = kept | self.values
        notebook.writers["metadata"] = mark(row)
