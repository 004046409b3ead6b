"""What the version after the product's own brings: an event that the product does not know."""

from typing import ClassVar

from foldbook import reducer
from foldbook.errors import BadEvent
from foldbook.events import Unknown
from foldbook.events.base import Event
from foldbook.events.cells import CellSourceEdited
from pydantic import ValidationError
from pydantic_core import from_json

OURS = reducer.REDUCER_VERSION
NEXT = OURS + 1


class NewerEdit(CellSourceEdited):
    """An edit as the next version writes it, where the notebook asks for that version."""

    version: ClassVar[int] = 2
    since: ClassVar[int] = NEXT

    @classmethod
    def wire_name(cls) -> str:
        return CellSourceEdited.wire_name()


def newer(payload: bytes, event: Event | Unknown) -> Event | Unknown:
    """The event of a payload as the next version reads it; ``event``: as the product does."""
    if event != Unknown(NewerEdit.wire_name(), NewerEdit.version):
        return event
    values = from_json(payload)
    try:
        return NewerEdit(**{key: values[key] for key in values.keys() - {"type", "v"}})
    except ValidationError as why:
        raise BadEvent(str(why)) from None
