"""Opening costs what the notebook holds, not what happened to it: logs of 10,000 events and more.

The log is typing and running in a notebook of always the same cells (`long_log`). It is put into
the browser's IndexedDB as a store lays it down, without a snapshot; the first opening has to read
and fold all of it, and leaves a snapshot. Then the page is closed and opened again some times:
seconds until the saved view stands, and until the notebook is live (the worker has opened it).
FOLDBOOK_EVENTS and FOLDBOOK_ROUNDS say which and how many, if not 10000,100000,1000000 and 5.
"""

import os
import statistics
import struct
import sys
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from harness import Figure, report
from playwright.sync_api import BrowserContext, Page, Route, sync_playwright

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / ".build"), str(ROOT / "tests")]

from builder import serve  # noqa: E402 - found through the path above
from conftest import CHROMIUM_ARGUMENTS  # noqa: E402 - as well
from foldbook.row import encode_segment  # noqa: E402 - as well
from long_log import CELLS, LongLog  # noqa: E402 - as well

from tests.browser.engines import wait_until  # noqa: E402 - as well

EVENTS = [
    int(each) for each in os.environ.get("FOLDBOOK_EVENTS", "10000,100000,1000000").split(",")
]
ROUNDS = int(os.environ.get("FOLDBOOK_ROUNDS", "5"))
_WRITES = 1500  # ms that the worker gets for what it tells nobody of, see `leave`
WAIT = 600_000  # ms; a million rows are folded here
SEGMENT = 1000  # rows
PIECE = 20  # segments that are handed to the browser at once

_PUT = """
async ({ id, address, last }) => {
  const open = (name, version, build) => new Promise((done, fail) => {
    const asked = indexedDB.open(name, version);
    asked.onupgradeneeded = () => build(asked.result);
    asked.onsuccess = () => done(asked.result);
    asked.onerror = () => fail(asked.error);
  });
  const stores = ["rows", "pending", "refused", "meta", "views", "view", "blobs"];
  const db = await open(`foldbook-${id}`, 1, (it) => stores.map((s) => it.createObjectStore(s)));
  const bytes = await (await fetch(address)).arrayBuffer();
  const put = db.transaction("rows", "readwrite");
  for (let at = 0; at < bytes.byteLength; ) {
    const [key, size] = new Uint32Array(bytes.slice(at, at + 8));
    put.objectStore("rows").put(new Uint8Array(bytes.slice(at + 8, at + 8 + size)), key);
    at += 8 + size;
  }
  await new Promise((done) => { put.oncomplete = done; });
  db.close();
  if (!last) return;
  const home = await open("foldbook", 1, () => {});
  const entry = home.transaction("notebooks", "readwrite");
  const now = Date.now();
  entry.objectStore("notebooks").put({
    id, name: "Long", created: now, changed: now, cells: 0, events: 0, strip: [], people: [],
    deletedAt: null,
  }, id);
  await new Promise((done) => { entry.oncomplete = done; });
  home.close();
}
"""
_STANDS = f"() => document.querySelectorAll('[data-cell-id]').length === {CELLS}"
_WATCH = r"""
globalThis.Worker = class extends Worker {
  constructor(...given) {
    super(...given);
    this.addEventListener("message", ({ data }) => {
      const told = typeof data === "string" ? data : JSON.stringify(data);
      if (/"stage\W+ready/.test(told)) globalThis.isLive ??= performance.now();
    });
  }
};
"""
_SNAPSHOT = """
async (id) => {
  const db = await new Promise((done) => {
    const asked = indexedDB.open(`foldbook-${id}`);
    asked.onsuccess = () => done(asked.result);
  });
  const found = db.transaction("view").objectStore("view").get("snapshot");
  const size = await new Promise((done) => {
    found.onsuccess = () => done(found.result?.byteLength ?? 0);
  });
  db.close();
  return size;
}
"""


def segments(log: LongLog, events: int) -> Iterator[bytes]:
    """The log as records, some together: key, size, record."""
    together = b""
    for at in range(0, events, SEGMENT):
        rows = list(log.rows(min(SEGMENT, events - at)))
        record = encode_segment(rows)
        together += struct.pack("<II", rows[0].seq, len(record)) + record
        if len(together) > PIECE * 200_000:
            yield together
            together = b""
    yield together


def _answer(piece: bytes, route: Route) -> None:
    route.fulfill(body=piece, content_type="application/octet-stream")


def put(page: Page, events: int) -> str:
    """Lay a log down in the browser; gives the notebook's id."""
    name = f"long{events}"
    address = f"piece-of-{name}"
    pieces = list(segments(LongLog(), events))
    for i, piece in enumerate(pieces):
        page.route(f"**/{address}", partial(_answer, piece))
        page.evaluate(_PUT, {"id": name, "address": address, "last": i == len(pieces) - 1})
        page.unroute(f"**/{address}")
    return name


def open_once(context: BrowserContext, address: str) -> tuple[float, float, Page]:
    """Seconds until all cells stand, and until the notebook is live; and the page."""
    page = context.new_page()
    page.add_init_script(_WATCH)
    page.goto(address, wait_until="commit")
    page.wait_for_function(_STANDS, polling=20)
    stands = page.evaluate("performance.now()")
    page.wait_for_function("() => globalThis.isLive", polling=20)
    return stands / 1000, page.evaluate("isLive") / 1000, page


def leave(page: Page, home: str) -> None:
    """As a reader does: to the list of notebooks, and the worker writes what is drawn first next
    time. It tells nobody when it is done: the next opening would be one without it.
    """
    page.goto(home)
    page.wait_for_timeout(_WRITES)
    page.close()


def measure(context: BrowserContext, home: str, events: int) -> list[Figure]:
    """Put a log there, open it whole, then from its snapshot."""
    first = context.new_page()
    first.goto(home)
    name = put(first, events)
    first.close()
    place = f"{home}?notebook={name}"
    _, whole, page = open_once(context, place)
    wait_until(lambda: page.evaluate(_SNAPSHOT, name), "a snapshot of the whole log")
    leave(page, home)
    stand, live = [], []
    for _ in range(ROUNDS):
        stands, is_live, page = open_once(context, place)
        stand.append(stands)
        live.append(is_live)
        size = page.evaluate(_SNAPSHOT, name)
        leave(page, home)
    title = f"{events:,} events"
    return [
        Figure(f"{title}: live, all rows folded", "s", [whole]),
        Figure(f"{title}: the saved view stands", "s", stand),
        Figure(f"{title}: live, from the snapshot", "s", live),
        Figure(f"{title}: its size", "kB", [size / 1000]),
    ]


def main() -> None:
    found: list[Figure] = []
    live: list[float] = []
    dist, program = Path(os.environ["FOLDBOOK_DIST"]), os.environ["FOLDBOOK_CHROMIUM"]
    with serve.running(dist) as address, sync_playwright() as driver:
        for events in EVENTS:
            with (
                tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile,
                driver.chromium.launch_persistent_context(
                    profile, executable_path=program, args=CHROMIUM_ARGUMENTS
                ) as context,
            ):
                context.set_default_timeout(WAIT)
                figures = measure(context, address, events)
                found += figures
                live.append(figures[2].median)
                print(f"  {events:,} events: {statistics.median(figures[2].values):.2f} s")
    found.append(Figure("live: the slowest by the fastest", "x", [max(live) / min(live)]))
    report("opening", found)


if __name__ == "__main__":
    main()
