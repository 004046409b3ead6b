"""Joining a notebook of 10,000 events over a real relay, with and without a snapshot left there.

Its owner is a notebook worker in CPython, beside the relay; who joins is a new Chromium each time.
Seconds from the worker's Python being up to the notebook standing there with all its cells.
FOLDBOOK_EVENTS and FOLDBOOK_ROUNDS say how many, if not 10000 and 5.
"""

import asyncio
import os
import sys
import threading
from concurrent.futures import Future
from pathlib import Path

from harness import Figure, report
from playwright.sync_api import Browser, sync_playwright

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT / ".build"), str(ROOT / "tests")]

from builder import serve  # noqa: E402 - found through the path above
from conftest import CHROMIUM_ARGUMENTS  # noqa: E402 - as well
from foldbook import offers  # noqa: E402 - as well
from foldbook.store import Batch  # noqa: E402 - as well
from long_log import CELLS, LongLog  # noqa: E402 - as well
from shared import Someone, until  # noqa: E402 - as well

EVENTS = int(os.environ.get("FOLDBOOK_EVENTS", "10000"))
ROUNDS = int(os.environ.get("FOLDBOOK_ROUNDS", "5"))
WAIT = 150_000  # ms

_WATCH = r"""
globalThis.Worker = class extends Worker {
  constructor(...given) {
    super(...given);
    this.addEventListener("message", ({ data }) => {
      const told = typeof data === "string" ? data : JSON.stringify(data);
      if (/"stage\W+opening/.test(told)) globalThis.isOpening ??= performance.now();
      if (/"stage\W+ready/.test(told)) globalThis.isLive ??= performance.now();
    });
  }
};
"""
_STANDS = (
    f"() => globalThis.isLive && document.querySelectorAll('[data-cell-id]').length === {CELLS}"
)


class Owner(threading.Thread):
    """Has the notebook, shares it, and is there until `end`. link: where it is shared, or why it
    is not."""

    def __init__(self, relay: str, *, leaves: bool) -> None:
        super().__init__(daemon=True)
        self.link: Future[str] = Future()
        self._relay = relay
        self._leaves = leaves
        self._over = threading.Event()

    def run(self) -> None:
        """See the class."""
        try:
            asyncio.run(self._own())
        except Exception as why:
            if self.link.done():
                raise
            self.link.set_exception(why)

    def end(self) -> None:
        """Leave."""
        self._over.set()
        self.join()

    async def _own(self) -> None:
        offers.BEHIND = 2000 if self._leaves else 2**53
        mara = Someone("Mara")
        mara.store.write(Batch(confirmed=list(LongLog().rows(EVENTS))))
        await mara.open()
        await mara.share(self._relay)
        link = await mara.link("edit")
        if self._leaves:
            await until(lambda: mara.host._sharing._relaying.offers._newest)
        self.link.set_result(link)
        await asyncio.to_thread(self._over.wait)
        await mara.close()


def join(chromium: Browser, address: str) -> float:
    """Seconds that joining takes in a browser that knows nothing yet."""
    context = chromium.new_context()
    context.set_default_timeout(WAIT)
    page = context.new_page()
    page.add_init_script(_WATCH)
    page.goto(address)
    page.wait_for_function(_STANDS, polling=10)
    took = page.evaluate("performance.now() - isOpening")
    context.close()
    return float(took) / 1000


def main() -> None:
    found = []
    dist, program = Path(os.environ["FOLDBOOK_DIST"]), os.environ["FOLDBOOK_CHROMIUM"]
    with sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=program, args=CHROMIUM_ARGUMENTS)
        for leaves, name in ((False, "all rows"), (True, "a snapshot")):
            with serve.running_with_relay(dist) as (site, relay):
                owner = Owner(relay, leaves=leaves)
                owner.start()
                link = owner.link.result()
                values = [join(chromium, f"{site}#{link}") for _ in range(ROUNDS)]
                owner.end()
            found.append(Figure(f"{EVENTS:,} events joined by {name}", "s", values))
            print(f"  by {name}: {found[-1].median:.2f} s", flush=True)
        chromium.close()
    report("joining", found)


if __name__ == "__main__":
    main()
