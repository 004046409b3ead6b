"""Every intent that a notebook takes, how it is read, and what follows from it. Pure.

    command = parse({"do": "create_cell", "cell_type": "code", "after": None})
    decision = decide(notebook, command, stamp)      # events to append, blobs to store first

Nothing here changes a notebook. `catalogue` describes all commands in JSON Schema: an agent's
list of tools.
"""

from collections.abc import Mapping
from typing import Any, Final

from pydantic import ValidationError

from foldbook.commands import cells, notebooks, runs, runtimes, sources
from foldbook.commands.base import Command, Decision, Stamp
from foldbook.commands.notebooks import Redo, Undo
from foldbook.errors import CommandRefused
from foldbook.notebook import Notebook
from foldbook.row import RIGHTS, Kind, Role

__all__ = [
    "ALL",
    "Command",
    "Decision",
    "Redo",
    "Stamp",
    "Undo",
    "allow",
    "catalogue",
    "decide",
    "parse",
]

_FAMILIES = (notebooks, cells, sources, runs, runtimes)

ALL: Final[dict[str, type[Command]]] = {
    each.wire_name(): each
    for family in _FAMILIES
    for each in vars(family).values()
    if isinstance(each, type) and issubclass(each, Command) and each is not Command
}
"""Name ("create_cell") -> class, for every command."""

_ACTS: Final[dict[Kind, str]] = {
    Kind.NOTE: "comment on it",
    Kind.EDIT: "edit it",
    Kind.RUN: "run its cells",
    Kind.OUTPUT: "write outputs into it",
    Kind.ADMIN: "administer it",
}


def parse(values: Mapping[str, Any]) -> Command:
    """The command of ``{"do": name, ...fields}``. Raises `CommandRefused`."""
    fields = dict(values)
    name = fields.pop("do", None)
    found = ALL.get(name) if isinstance(name, str) else None
    if found is None:
        raise CommandRefused(f"A command names what to do; {str(name)[:60]!r} is none that I know.")
    try:
        return found.model_validate(fields)
    except ValidationError as why:
        error = why.errors(include_url=False)[0]
        where = ".".join(str(part) for part in error["loc"])
        came = repr(error["input"])[:60]
        raise CommandRefused(f"{name}: {where}: {error['msg']}; {came} came.") from None


def decide(notebook: Notebook, command: Command, stamp: Stamp) -> Decision:
    """What follows from the command now. Raises `CommandRefused`."""
    decision = command.decide(notebook, stamp)
    allow(decision, stamp.role)
    return decision


def allow(decision: Decision, role: Role) -> None:
    """Raises `CommandRefused` where the role has not the right to all of it."""
    for event in decision.events:
        if event.kind not in RIGHTS[role]:
            raise CommandRefused(
                f"With the right to {role.value} this notebook you cannot {_ACTS[event.kind]}."
            )


def catalogue() -> list[dict[str, Any]]:
    """Name, description and JSON Schema of the input of every command."""
    return [
        {
            "name": name,
            "description": " ".join((each.__doc__ or "").split()),
            "input_schema": each.model_json_schema(),
        }
        for name, each in ALL.items()
    ]
