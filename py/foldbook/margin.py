"""What stands beside a notebook and is made of its rows: who wrote how much, and when the last edit
was."""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Self

from pydantic import ConfigDict, Field, Strict, TypeAdapter, ValidationError

from foldbook.errors import BadSnapshot
from foldbook.events.base import Positive
from foldbook.row import Kind, Role, Row, runtime_actor
from foldbook.view import Strip
from foldbook.view.strip import TICKS

_Some = Annotated[int, Field(ge=1, le=2**53 - 1)]
_Pair = Annotated[tuple[Annotated[str, Field(max_length=64)], _Some], Strict(False)]
_Tick = Annotated[
    tuple[Annotated[int, Field(ge=0, lt=TICKS)], list[_Pair]],
    Strict(False),
]
_STRIP: Final = TypeAdapter[Any](
    Annotated[tuple[_Some, list[_Tick]], Strict(False)], config=ConfigDict(strict=True)
)
_CHANGED: Final = TypeAdapter[int](Positive, config=ConfigDict(strict=True))


class Margin:
    """See the module. changed: when somebody last edited the notebook, ms since 1970."""

    def __init__(self) -> None:
        self.changed = 0
        self.strip = Strip()

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> Self:
        """The inverse of `kept`. Raises `BadSnapshot`, whatever stands there."""
        made = cls()
        try:
            if "strip" in kept:
                made.strip = Strip.of(_STRIP.validate_python(kept["strip"]))
            made.changed = _CHANGED.validate_python(kept.get("changed", 0))
        except ValidationError as why:
            raise BadSnapshot(f"what stands beside a snapshot is not of its shape: {why}") from None
        return made

    def kept(self) -> dict[str, Any]:
        """As it stands beside a snapshot."""
        return {"strip": self.strip.kept(), "changed": self.changed}

    def add(self, row: Row) -> None:
        """The next confirmed row."""
        self.strip.add(_speaker(row), row.seq)
        if row.kind is Kind.EDIT:
            self.changed = row.ts


def _speaker(row: Row) -> str:
    """Who says it: the output of a person's page is that of the page's runtime."""
    if row.kind is Kind.OUTPUT and row.role is not Role.RUNTIME:
        return runtime_actor(row.actor)
    return row.actor
