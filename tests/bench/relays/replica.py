"""One native peer as a process: ``replica.py write|told|left|read RELAY ...``; it tells JSON.

    write RELAY EVENTS           makes a notebook and shares it empty; told to ("go"), it comes
                                 back with so many events that it made while it was offline
    told RELAY EVENTS            shares a notebook of so many events
    left RELAY EVENTS            the same, and leaves a snapshot of it
    read RELAY LINK EVENTS       comes by the link and stays until it has them all

Times are ns of this machine's clock, which all processes share.
"""

import asyncio
import json
import random
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parents[3]
sys.path[:0] = [str(ROOT / "tests")]

from foldbook import text  # noqa: E402 - found through the path above
from foldbook.events import encode  # noqa: E402
from foldbook.events.cells import CellCreated, CellSourceEdited  # noqa: E402
from foldbook.joining import PREFIX, Told, fetch_base, fetch_snapshot  # noqa: E402
from foldbook.link import parse  # noqa: E402
from foldbook.peer import Peer, Surroundings  # noqa: E402
from foldbook.row import Kind, Role, Row, chained  # noqa: E402
from foldbook.seal import data_of_snapshot  # noqa: E402
from foldbook.sharing import Share, Sharing, begin, join  # noqa: E402
from foldbook.snapshot import encode as snapshot  # noqa: E402
from foldbook.store import Loaded  # noqa: E402
from foldbook.wire import Hello, identify  # noqa: E402
from outside import OUTSIDE  # noqa: E402

EDIT: Final = "edited, "
"""What each event types, at the end of the only cell."""
CELL: Final = CellCreated(cell_id="cell", cell_type="code", position="a1", source="")
_ROOM: Final = "room-of-a-replica"


def edits(start: int, count: int) -> list[CellSourceEdited]:
    """So many events that type, one after the other."""
    size = len(EDIT)
    return [
        CellSourceEdited(
            cell_id="cell",
            changes=text.from_patches([[at, 0, EDIT]]),
            length_before=at,
        )
        for at in range(start * size, (start + count) * size, size)
    ]


class Person:
    """Somebody with a peer that keeps nothing."""

    def __init__(self, name: bytes, share: Share, loaded: Loaded) -> None:
        dice = random.Random(name)
        self.secret = name.ljust(32, b".")
        around = Surroundings(
            lambda: time.time_ns() // 1_000_000, lambda: dice.randbytes(32), dice.random
        )
        session = dice.randbytes(32)

        async def history(after: int, count: int) -> list[Row]:
            return loaded.rows[after : after + count]

        self.sharing = Sharing(
            OUTSIDE, share, self.secret, session=lambda: identify(session),
            changed=lambda share: None, history=history,
        )  # fmt: skip
        token = share.link.token.hex()
        hello = Hello(share.link.room, share.epoch, session, self.secret, loaded.head, token)
        self.peer = Peer.linked(
            hello, self.sharing.connect, around, role=share.link.role, loaded=loaded
        )
        self._run: asyncio.Task[None] | None = None

    def begin(self) -> None:
        """Be linked from now on."""
        self._run = asyncio.create_task(self.peer.run())

    async def until(self, done: Callable[[], bool]) -> int:
        """Wait until something is so after a step; gives when."""
        found: asyncio.Future[int] = asyncio.get_running_loop().create_future()

        def look(_change: object) -> None:
            if not found.done() and done():
                found.set_result(time.perf_counter_ns())

        end = self.peer.subscribe(look)
        look(None)
        try:
            return await asyncio.wait_for(found, 120)
        finally:
            end()

    async def end(self) -> None:
        """Go."""
        if self._run is not None:
            self._run.cancel()
            await asyncio.gather(self._run, return_exceptions=True)


def tell(**values: Any) -> None:
    """One line for whoever started this."""
    print(json.dumps(values), flush=True)


async def _share(relay: str, history: list[Row]) -> Person:
    secret = b"writer".ljust(32, b".")
    share = await begin(OUTSIDE, relay, "", _ROOM, "e1", secret)
    writer = Person(b"writer", replace(share, base=len(history)), Loaded(rows=history))
    writer.begin()
    await writer.until(lambda: writer.peer.is_linked)
    return writer


async def write(relay: str, count: int) -> None:
    """See the module; so for the following ones."""
    writer = await _share(relay, [])
    writer.peer.append([CELL])
    await writer.until(lambda: not writer.peer.waiting)
    await writer.end()
    writer.peer.append(edits(0, count))
    tell(link=writer.sharing.share.link.fragment(), waiting=writer.peer.waiting)
    await asyncio.to_thread(sys.stdin.readline)
    began = time.perf_counter_ns()
    writer.begin()
    ended = await writer.until(lambda: not writer.peer.waiting)
    tell(began=began, ended=ended, head=writer.peer.log.head)
    await writer.end()


async def told(relay: str, count: int, *, leave: bool = False) -> None:
    """Its events are older than its room."""
    events = [CELL, *edits(0, count - 1)]
    rows = [
        Row(seq, "me", seq, seq - 1, "me", Role.OWN, Kind.EDIT, seq, encode(event))
        for seq, event in enumerate(events, 1)
    ]
    writer = await _share(relay, rows)
    if leave:
        await _leave(writer, rows)
    tell(link=writer.sharing.share.link.fragment())
    await writer.end()


async def _leave(writer: Person, rows: list[Row]) -> None:
    """Leave a snapshot at the relay, as the page does (`foldbook.offers`)."""
    prefix = b""
    for row in rows:
        prefix = chained(prefix, row)
    made = Told(snapshot(writer.peer.log.confirmed, {PREFIX: prefix}), b"{}", writer.peer.actor)
    share, seq = writer.sharing.share, rows[-1].seq
    sealer = await writer.sharing.sealer()
    data = data_of_snapshot(share.link.room, share.epoch, seq)
    [sealed] = await sealer.seal([(data, made.pack())])
    await writer.sharing.upstream.put_snapshot(seq, sealed)


async def read(relay: str, link: str, count: int) -> None:
    """From the link to the notebook as it is, and linked; then until all have come."""
    began = time.perf_counter_ns()
    secret = b"reader".ljust(32, b".")
    share = await join(OUTSIDE, replace(parse(link), relay=relay), secret)
    found = await fetch_snapshot(OUTSIDE, share, secret)
    if found is None:
        loaded = Loaded(rows=await fetch_base(OUTSIDE, share, secret))
    else:
        loaded = Loaded(snapshot=found.folded)
    reader = Person(b"reader", share, loaded)
    reader.begin()
    linked = await reader.until(lambda: reader.peer.is_linked)
    tell(began=began, linked=linked)
    ended = await reader.until(lambda: reader.peer.log.head >= count)
    source = reader.peer.notebook.cells["cell"].source
    tell(ended=ended, whole=source == EDIT * (count - 1), void=reader.peer.log.confirmed.void_count)
    await reader.end()


def main() -> None:
    """Do what the arguments say."""
    what, relay, *rest = sys.argv[1:]
    match what:
        case "write":
            asyncio.run(write(relay, int(rest[0])))
        case "told" | "left":
            asyncio.run(told(relay, int(rest[0]), leave=what == "left"))
        case "read":
            asyncio.run(read(relay, rest[0], int(rest[1])))
        case unknown:
            sys.exit(f"write, told, left or read expected, {unknown} came")


if __name__ == "__main__":
    main()
