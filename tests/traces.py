"""Real editing sessions as rows, for tests."""

import gzip
import json
from pathlib import Path
from typing import Any

from foldbook import text
from foldbook.events import encode
from foldbook.events.cells import CellCreated, CellSourceEdited
from foldbook.row import Kind, Role, Row


def read_trace(corpus: Path, name: str) -> dict[str, Any]:
    with gzip.open(corpus / "traces" / f"{name}.json.gz", "rt", encoding="utf-8") as file:
        trace: dict[str, Any] = json.load(file)
    return trace


def edit_row(seq: int, session: str, n: int, seen: int, payload: bytes = b"") -> Row:
    return Row(seq, session, n, seen, session, Role.EDIT, Kind.EDIT, seq, payload)


def edit(change: text.Change, length: int) -> CellSourceEdited:
    return CellSourceEdited(cell_id="paper", changes=change, length_before=length)


def first_row(source: str = "") -> Row:
    created = CellCreated(cell_id="paper", cell_type="code", position="a1", source=source)
    return edit_row(1, "origin", 1, 0, encode(created))


def knowledge(txns: list[dict[str, Any]]) -> list[int]:
    """For each transaction of two agents: how many transactions there are, in file order,
    before the first one of the other agent that its author did not know."""
    known: list[dict[int, int]] = []  # of each transaction: agent -> how many of its it knows
    made = {0: 0, 1: 0}
    place: list[int] = []  # of each transaction: how many its agent had made before it
    first_unknown = {0: 0, 1: 0}
    found: list[int] = []
    for i, txn in enumerate(txns):
        agent = txn["agent"]
        past = [known[parent] for parent in txn["parents"]]
        knows = {who: max((each[who] for each in past), default=0) for who in made}
        at = first_unknown[agent]
        while at < i and (txns[at]["agent"] == agent or place[at] < knows[1 - agent]):
            at += 1
        first_unknown[agent] = at
        found.append(at)
        place.append(made[agent])
        made[agent] += 1
        known.append(knows | {agent: made[agent]})
    return found
