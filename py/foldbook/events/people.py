"""People, agents and runtimes say who they are."""

from typing import ClassVar

from foldbook.events.base import Event, Name, mark
from foldbook.notebook import Actor, ActorKind, Notebook
from foldbook.row import Kind, Row


class ActorIntroduced(Event):
    """The row's actor has this name. A later introduction replaces an earlier one."""

    kind: ClassVar[Kind] = Kind.NOTE
    name: Name
    actor_kind: ActorKind = "person"

    def apply(self, notebook: Notebook, row: Row) -> None:
        notebook.actors[row.actor] = Actor(row.actor, self.name, self.actor_kind, mark(row))
