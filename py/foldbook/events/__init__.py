"""Every fact that can stand in a log, and their bytes.

A payload is a JSON object: ``{"type": "cellCreated", ...fields}``, with ``"v": 2`` where the
event's version is not 1. Types and versions that this code does not know are kept as `Unknown`
and skipped by the fold.
"""

import json
from dataclasses import dataclass
from typing import Any, Final

from pydantic import ValidationError
from pydantic_core import from_json, to_json

from foldbook.errors import BadEvent
from foldbook.events import cells, executions, files, notebooks, outputs, people, runtimes
from foldbook.events.base import Event

_FAMILIES = (notebooks, cells, executions, outputs, runtimes, people, files)

ALL: Final[dict[str, type[Event]]] = {
    each.wire_name(): each
    for family in _FAMILIES
    for each in vars(family).values()
    if isinstance(each, type) and issubclass(each, Event) and each is not Event
}
"""Wire name -> class, for every event."""

_UNOPENED: Final = "unopened"


@dataclass(frozen=True, slots=True)
class Unknown:
    """An event of a type or version that this code does not know."""

    type: str
    version: int


def encode(event: Event) -> bytes:
    """The payload of an event, in plain JSON; the type comes first.

    Raises `BadEvent` where a value in it has no place in JSON: half a character, for one.
    """
    head: dict[str, Any] = {"type": event.wire_name()}
    if event.version != 1:
        head["v"] = event.version
    try:
        return to_json(head | event.model_dump(exclude_defaults=True))
    except ValueError as why:
        raise BadEvent(f"{event.wire_name()}: {why}") from None


def decode(payload: bytes) -> Event | Unknown:
    """The event of a plain payload. Raises `BadEvent` where it is unsound."""
    try:
        values = from_json(payload)
    except ValueError as why:
        raise BadEvent(f"a payload is JSON: {why}") from None
    if not isinstance(values, dict) or not isinstance(values.get("type"), str):
        raise BadEvent(f"a payload is an object with a type, this is {payload[:60]!r}")
    name, version = values.pop("type"), values.pop("v", 1)
    if name == _UNOPENED:
        raise BadEvent(str(values.get("reason")))
    found = ALL.get(name)
    if found is None or version != found.version:
        return Unknown(name, version if isinstance(version, int) else 0)
    try:
        return found.model_validate(values)
    except ValidationError as why:
        raise BadEvent(f"{name}: {_first(why)}") from None


def unopened(reason: str) -> bytes:
    """The payload of a row whose own could not be opened: it is unsound for this reason."""
    return to_json({"type": _UNOPENED, "reason": reason})


def readable(event: Event) -> bytes:
    """The payload of an event that is about to be written down.

    A log in which one cannot be read is read-only for good, and JSON is written, for one, in more
    levels than it is read. Raises `BadEvent`.
    """
    payload = encode(event)
    decode(payload)
    return payload


def _first(why: ValidationError) -> str:
    error = why.errors(include_url=False)[0]
    where = ".".join(str(part) for part in error["loc"])
    came = json.dumps(error["input"], default=repr)[:60]
    return f"{where}: {error['msg']}, {came} came"
