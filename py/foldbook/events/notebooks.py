"""The notebook as a whole: created, renamed, metadata set, its minimum reducer raised."""

from typing import Annotated, ClassVar

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


class MinimumReducerRaised(Event):
    """Whoever folds this notebook from here on must have this reducer version, or a newer one.

    Events that it brought (`foldbook.events.base.Event.since`) count from here on; with an older
    program one can only look, and what one wrote waits.
    """

    # Owners only, for it shuts out everybody with an older program, and a number that no program
    # has yet shuts out all. Nobody needs it to go on: until then newer programs write what older
    # ones know, and both fold the same. It never falls: what counted would not count any more.
    kind: ClassVar[Kind] = Kind.ADMIN
    reducer: Annotated[int, Field(ge=1, le=2**31)]

    def apply(self, notebook: Notebook, row: Row) -> None:
        if self.reducer <= notebook.reducer:
            raise Void(f"the minimum reducer is {notebook.reducer} already")
        notebook.reducer = self.reducer
