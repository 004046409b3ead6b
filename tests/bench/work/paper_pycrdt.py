"""pycrdt on a trace of one author's edits: one round, in an environment that has pycrdt."""

import gzip
import json
import sys
from collections.abc import Iterable
from typing import Any

from pycrdt import Doc, Text
from stopwatch import stopwatch

Edit = tuple[int, int, str]
"""Place, how many characters go, what comes."""


def new_text() -> tuple[Doc[Text], Text]:
    doc: Doc[Text] = Doc()
    return doc, doc.get("paper", type=Text)


def type_into(paper: Text, edits: Iterable[Edit]) -> str:
    """One transaction for each insertion or deletion, as its users do who type."""
    for place, deleted, inserted in edits:
        if deleted:
            del paper[place : place + deleted]
        if inserted:
            paper.insert(place, inserted)
    return str(paper)


def measure(trace: dict[str, Any]) -> dict[str, float]:
    """Milliseconds that each step took."""
    found: dict[str, float] = {}
    timed = stopwatch(found, trace["endContent"])
    edits: list[Edit] = [tuple(patch) for txn in trace["txns"] for patch in txn["patches"]]
    updates: list[bytes] = []
    _, alone = new_text()
    timed("text", lambda: type_into(alone, edits))
    # Observed, it reckons for each edit what changed, asked for or not: left out in its favour.
    found["fold"] = found["text"]
    doc, written = new_text()
    doc.observe(lambda event: updates.append(event.update))
    timed("write", lambda: type_into(written, edits))
    other, read = new_text()

    def apply_all() -> str:
        for update in updates:
            other.apply_update(update)
        return str(read)

    timed("read", apply_all)
    return found


if __name__ == "__main__":
    with gzip.open(sys.argv[1], "rt", encoding="utf-8") as file:
        print(json.dumps(measure(json.load(file))))
