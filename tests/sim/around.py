"""What stands around a story: an authority that is not there yet, time as the world has it, and
small changes of the product while it is told.
"""

from asyncio import events
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn
from unittest.mock import patch

from foldbook import keeping, offers, reducer, ring, sync
from foldbook import log as log_module
from foldbook.events import Unknown
from foldbook.events.base import Event
from foldbook.row import Row
from sim.book import remembered
from sim.newer import NEXT, OURS
from sim.world import World


class Nowhere:
    """There is no authority yet."""

    def open(self, *_: object) -> NoReturn:
        """Nobody connects."""
        raise AssertionError("there is nothing to connect to")

    def has(self, row: Row) -> bool:
        """Nothing is kept."""
        return False


@contextmanager
def patched(world: World) -> Iterator[None]:
    """Small batches in some stories; payloads that were read are remembered; and some people have
    the product's next version.
    """

    def decode(payload: bytes) -> Event | Unknown:
        return remembered(payload, world.newer)

    batch = world.plan.batch
    with (
        patch.multiple(keeping, ROWS=8),
        patch.multiple(offers, BEHIND=6),
        patch.multiple(reducer, decode=decode, REDUCER_VERSION=NEXT if world.newer else OURS),
        patch.multiple(log_module, decode=decode),
        patch.multiple(ring, BATCH_ROWS=batch),
        patch.multiple(sync, BATCH_ROWS=batch),
    ):
        events._set_running_loop(world.loop)
        try:
            yield
        finally:
            world.loop.end()
            events._set_running_loop(None)
