"""People, agents and runtimes say who they are."""

from typing import Annotated, ClassVar

from pydantic import StringConstraints

from foldbook.events.base import Event, Name, mark
from foldbook.notebook import Actor, ActorKind, Notebook, Void
from foldbook.row import Kind, Role, Row

Hue = Annotated[str, StringConstraints(max_length=32, pattern=r"^[a-z]*$")]


class ActorIntroduced(Event):
    """The row's actor has this name, and wants this hue. A later introduction replaces an
    earlier one. hue: one of the screen's (`foldbook.view.shapes.HUES`); empty: any.

    Code in a cell writes through a runtime's channel: it cannot bring a person into the notebook.
    """

    kind: ClassVar[Kind] = Kind.NOTE
    name: Name
    actor_kind: ActorKind = "person"
    hue: Hue = ""

    def apply(self, notebook: Notebook, row: Row) -> None:
        if row.role is Role.RUNTIME and self.actor_kind != "runtime":
            raise Void(f"a runtime cannot introduce itself as of kind {self.actor_kind}")
        notebook.actors[row.actor] = Actor(
            row.actor, self.name, self.actor_kind, mark(row), self.hue
        )
