"""The relay under load, beside servers for Yjs and pycrdt's, each on one core and a disk.

All get the same edits from the same clients, by turns, each server alone and with fresh data:

written         eight authors in four rooms, each with as much under way as a client of its kind
                has. Foldbook: rows that are acknowledged, on the disk (SQLite's log, synced). The
                others acknowledge nothing of the kind: edits that have come back to their author
steady          the same authors write 1,000 edits a second together: until the acknowledgement,
                and until the edit has come to the author and to the other in the room
crowd           100 readers in one room, ten of whom write: how many edits a second reach
                somebody, each as often as it does; and the time of each when they write 200 or
                2,000 a second, which is 20,000 or 200,000 deliveries
idle            2,000 sockets in 40 rooms, which say nothing: the server's memory
offline         a replica comes back with 20,000 edits of its own; until all are acknowledged, and
                until another replica has them in its text. Yjs sends one state instead of a log
join            from a link to the text of 10,000 edits. Foldbook's come as rows where they were
                written into the room, as sealed segments where they are older, and where somebody
                has left a snapshot that is all; the rows come behind it
typing          from a keystroke in one Chromium to the other's screen (`relays.keystrokes`)

What keeps the data: Foldbook, see above, before anybody hears of a row; y-websocket, LevelDB at
each edit, not synced, after all have heard; Hocuspocus, SQLite two seconds after the last edit;
pycrdt, SQLite at each edit, after all have heard. The others can read what they carry, Foldbook
carries sealed rows that are six times as large. The clients do not decode what comes (beyond
when it was sent) and share the other core; what of a core both sides took is told, and what a
second of the server's core does, which also holds where others take their part of it. A server
that does not keep up shows times that grow as long as one measures.

FOLDBOOK_ROUNDS says how many rounds, if not three; FOLDBOOK_SECONDS how long each load, if not
three; FOLDBOOK_PARTS which parts, by the words above; FOLDBOOK_DISK a folder on the disk to be
measured, where temporary files stand elsewhere.
"""

import asyncio
import os
import statistics
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from relays import loads, meeting, servers
from relays.dialects import FoldbookTalk, HocuspocusTalk, YTalk
from relays.servers import Kind, Server
from relays.table import Line, report

ROUNDS = int(os.environ.get("FOLDBOOK_ROUNDS", "3"))
SECONDS = float(os.environ.get("FOLDBOOK_SECONDS", "3"))
PARTS = os.environ.get("FOLDBOOK_PARTS", "written steady crowd idle offline join typing").split()
_ROOMS = [f"room-{i}-of-bench" for i in range(4)]
_MANY = [f"room-{i:02}-of-bench" for i in range(40)]


@dataclass(frozen=True, slots=True)
class Product:
    """Who is measured. push: edits that its clients send at once, and window: have under way."""

    name: str
    kind: Callable[[], Kind]
    talk: loads.MakeTalk
    dialect: str
    push: int
    window: int


FOLDBOOK = Product("Foldbook", servers.foldbook, FoldbookTalk, "foldbook", 64, 64)
Y_WEBSOCKET = Product("y-websocket", servers.y_websocket, YTalk, "yjs", 1, 64)
HOCUSPOCUS = Product("Hocuspocus", servers.hocuspocus, HocuspocusTalk, "hocuspocus", 1, 64)
PYCRDT = Product("pycrdt", servers.pycrdt, YTalk, "yjs", 1, 64)
PRODUCTS = (FOLDBOOK, Y_WEBSOCKET, HOCUSPOCUS, PYCRDT)


class Table:
    """The lines, in the order in which they were first asked for."""

    def __init__(self) -> None:
        self.lines: dict[str, Line] = {}

    def add(
        self, name: str, unit: str, product: Product, value: float, *,
        aim: float | None = None, more: bool = False,
    ) -> None:  # fmt: skip
        """One value more."""
        line = self.lines.setdefault(name, Line(name, unit, more, aim))
        line.add(product.name, value)

    def cpu(self, name: str, product: Product, found: loads.Found) -> None:
        """What of a core it took."""
        self.add(f"{name}: core of the server", "%", product, found.server_cpu * 100)
        self.add(f"{name}: core of the clients", "%", product, found.clients_cpu * 100)


@contextmanager
def served(kind: Kind) -> Iterator[Server]:
    """A server alone on its core while the block runs."""
    with servers.running(kind) as server, servers.beside():
        yield server


def written(table: Table, product: Product) -> None:
    """See the module; so for the following ones."""
    ours = product is FOLDBOOK
    # One connection may write 1 MiB a second for long; that limit is not what is asked for here.
    kind = servers.foldbook(unlimited=True) if ours else product.kind()

    async def measure(server: Server) -> loads.Found:
        clients = await loads.joined(server, product.talk, _ROOMS, 2)
        return await loads.pressed(
            server, clients, clients, batch=product.push, window=product.window,
            seconds=SECONDS, by_acks=ours,
        )  # fmt: skip

    with served(kind) as server:
        found = asyncio.run(measure(server))
    # Each edit comes to its author and to one other.
    rate = found.acks_rate if ours else found.deliveries_rate / 2
    table.add("written", "/s", product, rate, aim=10_000, more=True)
    table.add("written: by a second of its core", "", product, rate / found.server_cpu, more=True)
    table.cpu("written", product, found)


def steady(table: Table, product: Product) -> None:
    """A pace that a server can keep."""

    async def measure(server: Server) -> loads.Found:
        clients = await loads.joined(server, product.talk, _ROOMS, 2)
        return await loads.paced(server, clients, clients, rate=1000, seconds=SECONDS)

    with served(product.kind()) as server:
        found = asyncio.run(measure(server))
    for part, aim in ((50, None), (99, 25)):
        acked, heard = loads.at(found.acked, part), loads.at(found.heard, part)
        table.add(f"steady, acknowledged: p{part}", "ms", product, acked, aim=aim)
        table.add(f"steady, heard: p{part}", "ms", product, heard)
    table.cpu("steady", product, found)


def crowd(table: Table, product: Product) -> None:
    """One room that everybody reads."""

    async def measure(server: Server, rate: int) -> loads.Found:
        clients = await loads.joined(server, product.talk, ["room-of-a-crowd"], 100)
        if not rate:
            return await loads.pressed(
                server, clients, clients[:10], batch=min(product.push, 16), window=16,
                seconds=SECONDS,
            )  # fmt: skip
        return await loads.paced(server, clients, clients[:10], rate=rate, seconds=SECONDS)

    for rate in (0, 200, 2000):
        with served(product.kind()) as server:
            found = asyncio.run(measure(server, rate))
        name = f"crowd at {rate:,}/s" if rate else "crowd"
        if rate:
            for part in (50, 99):
                aim = 25 if (rate, part) == (2000, 99) else None
                time = loads.at(found.heard, part)
                table.add(f"{name}: p{part}", "ms", product, time, aim=aim)
        aim = None if rate else 200_000
        if rate != 200:
            told = found.deliveries_rate
            table.add(f"{name}: deliveries", "/s", product, told, aim=aim, more=True)
            by_core = told / found.server_cpu
            table.add(f"{name}: by a second of its core", "", product, by_core, more=True)
        table.cpu(name, product, found)


def idle(table: Table, product: Product) -> None:
    """Sockets that say nothing."""

    async def measure(server: Server) -> float:
        clients = await loads.joined(server, product.talk, _MANY, 50)
        await asyncio.sleep(1)
        found = server.memory()
        loads.close(clients)
        return found

    with served(product.kind()) as server:
        found = asyncio.run(measure(server))
    table.add("idle: memory with 2,000 sockets", "MB", product, found, aim=150)


def offline(table: Table, product: Product) -> None:
    """A replica that comes back."""
    with served(product.kind()) as server:
        sent, got = meeting.offline(server, product.dialect, 20_000)
    table.add("offline: 20,000 acknowledged", "ms", product, sent, aim=3000)
    table.add("offline: 20,000 at another", "ms", product, got, aim=3000)


def join(table: Table, product: Product) -> None:
    """A replica that is new."""
    ways = {"pushed": ("as rows", 1000), "told": ("as segments", 1000), "left": ("snapshot", 200)}
    for how, (name, aim) in ways.items():
        if how == "pushed" or product is FOLDBOOK:
            with served(product.kind()) as server:
                took = meeting.joining(server, product.dialect, 10_000, how)
            table.add(f"join: 10,000, {name}", "ms", product, took, aim=aim)


def typing(table: Table) -> None:
    """Two browsers; they take turns with nobody, and have the whole machine."""
    from relays import keystrokes  # noqa: PLC0415 - the other parts need no browser

    keys = 60
    with keystrokes.browser() as chromium:
        with servers.running(Y_WEBSOCKET.kind()) as server:
            found = {Y_WEBSOCKET: keystrokes.yjs(chromium, server, keys)}
        found[FOLDBOOK] = keystrokes.foldbook(chromium, keys)
    for product, (times, apart) in found.items():
        median = statistics.median(times)
        table.add("typing: to the other's screen: p50", "ms", product, median, aim=30)
        table.add("typing: to the other's screen: p99", "ms", product, loads.at(times, 99))
        table.add("typing: clocks apart", "ms", product, apart)


def main() -> None:
    table = Table()
    parts = [each for each in (written, steady, crowd, idle, offline, join) if _asked(each)]
    for number in range(ROUNDS):
        for part in parts:
            for product in PRODUCTS[:: -1 if number % 2 else 1]:
                part(table, product)
            print(f"  round {number + 1} of {ROUNDS}: {part.__name__}", flush=True)
        if _asked(typing):
            typing(table)
    report("relay", [each.name for each in PRODUCTS], list(table.lines.values()))


def _asked(part: Callable[..., None]) -> bool:
    return part.__name__ in PARTS


if __name__ == "__main__":
    main()
