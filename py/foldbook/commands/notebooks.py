"""Intents on the notebook as a whole, its files and who is who."""

import re
from collections.abc import Mapping
from typing import Annotated, Final

from pydantic import Field, StringConstraints

from foldbook import order
from foldbook.commands.base import Command, Decision, Stamp, sized
from foldbook.commands.cells import new_cells
from foldbook.commands.sources import NewCell
from foldbook.errors import CommandRefused
from foldbook.events.base import Id, Json, Name, Positive
from foldbook.events.files import Digest, FileAdded, FileRemoved, Path
from foldbook.events.notebooks import NotebookCreated, NotebookMetadataSet, NotebookRenamed
from foldbook.events.people import ActorIntroduced, Hue
from foldbook.notebook import ActorKind, Notebook
from foldbook.row import Role

OWN: Final = "foldbook"
"""The key of a notebook's metadata under which our own stand."""
PACKAGES: Final = "packages"

Requirement = Annotated[
    str, StringConstraints(max_length=1024, pattern=r"^[A-Za-z0-9][^\s'\"\\`${};]*$")
]
"""One word, no option, and nothing else in a cell: it may come from running code."""


class CreateNotebook(Command):
    """Begin a notebook, with cells or without."""

    notebook_id: Id
    name: Name
    metadata: Json = Field(default_factory=dict)
    cells: tuple[NewCell, ...] = ()

    def decide(self, notebook: Notebook, stamp: Stamp) -> Decision:
        if notebook.created is not None:
            raise CommandRefused("The notebook exists already.")
        created = NotebookCreated(
            notebook_id=self.notebook_id, name=self.name, metadata=self.metadata
        )
        keys = order.spread(len(self.cells), None, None, stamp.salt)
        made, blobs = new_cells(notebook, stamp, self.cells, keys)
        return Decision((sized(created, "The notebook's metadata"), *made), blobs)


class RenameNotebook(Command):
    """Give the notebook another name."""

    name: Name

    def label(self) -> str:
        return "Rename notebook"

    def decide(self, notebook: Notebook, stamp: Stamp) -> Decision:
        if not self.name.strip():
            raise CommandRefused("A notebook's name has at least one letter.")
        if self.name == notebook.name:
            return Decision()
        return Decision((NotebookRenamed(name=self.name),))


class SetNotebookMetadata(Command):
    """Set and remove top-level keys of the notebook's metadata."""

    values: Json = Field(default_factory=dict)
    removed: tuple[str, ...] = ()

    def label(self) -> str:
        return "Change notebook metadata"

    def decide(self, notebook: Notebook, stamp: Stamp) -> Decision:
        event = NotebookMetadataSet(values=self.values, removed=self.removed)
        return Decision((sized(event, "The metadata"),))


class RecordPackages(Command):
    """Record in the notebook's metadata which packages code has installed, as pip is asked for
    them: of several of one name the last counts."""

    requirements: tuple[Requirement, ...]

    def decide(self, notebook: Notebook, stamp: Stamp) -> Decision:
        own = notebook.metadata.get(OWN)
        kept = dict(own) if isinstance(own, Mapping) else {}
        known = kept.get(PACKAGES)
        listed = known if isinstance(known, (list, tuple)) else ()
        before = [each for each in listed if isinstance(each, str)]
        named = {_name_of(each): each for each in (*before, *self.requirements)}
        now = list(named.values())
        if now == before:
            return Decision()
        event = NotebookMetadataSet(values={OWN: kept | {PACKAGES: now}})
        return Decision((sized(event, "The list of packages"),))


def _name_of(requirement: str) -> str:
    """What two requirements of one package have in common; an address stands for itself."""
    if "://" in requirement:
        return requirement
    name = re.split(r"[^\w.-]", requirement.strip(), maxsplit=1)[0]
    return re.sub(r"[-_.]+", "-", name).lower()


class Introduce(Command):
    """Say who you are. A later introduction replaces an earlier one."""

    name: Name
    actor_kind: ActorKind = "person"
    hue: Hue = ""

    def decide(self, notebook: Notebook, stamp: Stamp) -> Decision:
        kind: ActorKind = "runtime" if stamp.role is Role.RUNTIME else self.actor_kind
        known = notebook.actors.get(stamp.actor)
        if known and (known.name, known.kind, known.hue) == (self.name, kind, self.hue):
            return Decision()
        return Decision((ActorIntroduced(name=self.name, actor_kind=kind, hue=self.hue),))


class AddFile(Command):
    """Put a file, whose content is stored as a blob already, into the working directory of every
    runtime. digest: SHA-256 in hex; size: bytes."""

    path: Path
    digest: Digest
    size: Positive
    mime: str = "application/octet-stream"

    def decide(self, notebook: Notebook, stamp: Stamp) -> Decision:
        event = FileAdded(path=self.path, digest=self.digest, size=self.size, mime=self.mime)
        return Decision((event,))


class RemoveFile(Command):
    """Take a file out of the working directory of every runtime."""

    path: Path

    def decide(self, notebook: Notebook, stamp: Stamp) -> Decision:
        if self.path not in notebook.files:
            raise CommandRefused(f"There is no file {self.path}.")
        return Decision((FileRemoved(path=self.path),))


class RenameFile(Command):
    """Give a file another path, perhaps in another folder."""

    path: Path
    to: Path

    def decide(self, notebook: Notebook, stamp: Stamp) -> Decision:
        file = notebook.files.get(self.path)
        if file is None:
            raise CommandRefused(f"There is no file {self.path}.")
        if self.to == self.path:
            return Decision()
        if self.to in notebook.files:
            raise CommandRefused(f"There is a file {self.to} already.")
        added = FileAdded(path=self.to, digest=file.digest, size=file.size, mime=file.mime)
        return Decision((added, FileRemoved(path=self.path)))


class Undo(Command):
    """Take back what this session last did to the notebook's structure, where nobody else has
    touched it since. Decided by `foldbook.undo.UndoStack`, which knows what that was."""

    def decide(self, notebook: Notebook, stamp: Stamp) -> Decision:
        raise CommandRefused("There is nothing to undo.")


class Redo(Command):
    """Do again what this session last undid. Decided by `foldbook.undo.UndoStack`."""

    def decide(self, notebook: Notebook, stamp: Stamp) -> Decision:
        raise CommandRefused("There is nothing to redo.")
