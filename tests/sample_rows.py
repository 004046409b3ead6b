"""Sound rows of real events, for tests."""

import json
from pathlib import Path
from typing import Any

from foldbook.events import encode
from foldbook.events.base import Event
from foldbook.row import Kind, Role, Row

SAMPLES: dict[str, list[dict[str, Any]]] = json.loads(
    (Path(__file__).parent / "samples" / "events.json").read_text(encoding="utf-8")
)
SAMPLE_PAYLOADS = [
    json.dumps({"type": name, **sample}).encode()
    for name, some in SAMPLES.items()
    for sample in some
]


def row(seq: int, event: Event | bytes, **values: Any) -> Row:
    """A sound row; ``values`` replace what a test wants otherwise."""
    payload = event if isinstance(event, bytes) else encode(event)
    kind = Kind.EDIT if isinstance(event, bytes) else event.kind
    given = {"session": "s", "n": seq, "seen": max(0, seq - 1), "actor": "a", "role": Role.OWN}
    return Row(
        **({"seq": seq, "kind": kind, "ts": 1000 + seq, "payload": payload} | given | values)
    )
