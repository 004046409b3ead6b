"""When a snapshot of the log is due, so that opening costs the size of the notebook.

Writing one costs what the notebook holds, reading it again as well; rows that came since are
folded at the next opening. So it is due after so many rows as cost about the same, and not before
a thousand: then writing costs a share of what the rows themselves cost.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from foldbook.peer import Peer
from foldbook.snapshot import encode
from foldbook.store import Folded, Loaded

ROWS: Final = 1000
"""Rows since the last snapshot, at least."""
_BYTES: Final = 4096  # of the last snapshot, for each further row that is waited for


class Keeping:
    """Makes snapshots of a peer's confirmed rows. beside: what is to be found beside it."""

    def __init__(self, peer: Peer, loaded: Loaded, beside: Callable[[], Mapping[str, Any]]) -> None:
        self._peer = peer
        self._beside = beside
        self._last = loaded.snapshot or Folded(0, b"")
        self._stopped = False

    def stop(self) -> None:
        """What is beside the fold was wrong: nothing is kept before the next opening."""
        self._stopped = True

    def due(self) -> Folded | None:
        """A new snapshot, if it is time for one. It is of all confirmed rows, and is to be
        written after them, or with them."""
        confirmed = self._peer.log.confirmed
        if self._stopped or confirmed.head - self._last.seq < max(
            ROWS, len(self._last.data) // _BYTES
        ):
            return None
        self._last = Folded(confirmed.head, encode(confirmed, self._beside()))
        return self._last
