"""What every event is: frozen, validated at birth, able to apply itself to a notebook. Pure.

A new event is one class in one file of this package. Its wire name is its class name with a
small first letter; the union, the catalogue and the checks follow from `ALL` in ``__init__``.
"""

from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from foldbook.notebook import Mark, Notebook
from foldbook.row import Kind, Row

Id = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[a-zA-Z0-9_-]+$")]
"""Ids of cells (as nbformat has them), executions, runtimes and the like."""

Name = Annotated[str, StringConstraints(max_length=1024)]
Json = dict[str, Any]
Positive = Annotated[int, Field(ge=0, le=2**53 - 1)]


class Event(BaseModel):
    """A fact. ``kind`` is the kind of row it must stand in; ``version`` changes with its fold.

    since: the reducer version that brought it, where it is newer than what a notebook begins
    with. It counts only in a notebook whose minimum has been raised that far
    (`foldbook.events.notebooks.MinimumReducerRaised`): so it is void for whoever knows it and
    for whoever does not.
    by: the runtime of the writer's own page that says it; None: the row's session itself does.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=False)

    kind: ClassVar[Kind]
    version: ClassVar[int] = 1
    since: ClassVar[int] = 0

    by: Id | None = None

    def apply(self, notebook: Notebook, row: Row) -> None:
        """Put this fact into the notebook.

        ``row`` carries seq, session, seen, actor and time; its payload is not looked at.
        Raises `foldbook.notebook.Void` before anything is changed where it cannot count.
        """
        raise NotImplementedError

    @classmethod
    def wire_name(cls) -> str:
        """``CellCreated`` -> ``cellCreated``."""
        return cls.__name__[0].lower() + cls.__name__[1:]


def mark(row: Row) -> Mark:
    """Who and when, from a row."""
    return Mark(row.seq, row.session, row.actor, row.ts)
