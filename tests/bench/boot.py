"""Foldbook beside JupyterLite in one Chromium: from opening the page to the first results.

Both run on the same Pyodide files, from the same kind of server on loopback, by turns, so that
what else the machine does weighs on both. Each pair begins with profiles on disk that never saw
either: the first visit is cold; warm is a new page of the same profile with the same notebook,
after the first one has fetched and kept all it wants. Times are from navigation, in milliseconds,
except for `import pandas` (from running the cell) and the restart (from confirming it). A first
visit to Foldbook begins at the list of notebooks; JupyterLite is opened at an empty notebook.

Memory is that of a second start of the browser on such a folder, one browser per product.
FOLDBOOK_PAIRS says how many pairs are taken, if not seven.
"""

import os
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from driving import memory
from driving.products import FOLDBOOK, Product, jupyterlite
from driving.visit import Measured, Place, Visit
from harness import Comparison, load, report_comparisons
from playwright.sync_api import BrowserContext, BrowserType, Error, sync_playwright

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT / ".build"), str(ROOT / "tests")]

from builder import jupyterlite as builder  # noqa: E402 - found through the path above
from builder import serve  # noqa: E402 - as well
from conftest import CHROMIUM_ARGUMENTS  # noqa: E402 - as well

PAIRS = int(os.environ.get("FOLDBOOK_PAIRS", "7"))
Round = tuple[Measured, Measured]
"""What one product took: times in milliseconds, memory in megabytes."""


@dataclass(slots=True)
class Bench:
    """Chromium, and the two products at their addresses."""

    chromium: BrowserType
    program: str
    sites: Sequence[tuple[Product, str]]
    failures: list[str] = field(default_factory=list)

    def rounds(self) -> Iterator[dict[str, Round]]:
        """What each product took, pair by pair; they take turns at being first."""
        for number in range(PAIRS):
            pair = {}
            for product, address in self.sites[:: -1 if number % 2 else 1]:
                times: Measured = {}
                sizes: Measured = {}
                with (
                    self._told(product, number),
                    profile_folder() as profile,
                    self._start(profile) as context,
                ):
                    measure_times(product, context, address, times)
                with self._told(product, number):
                    self._measure_memory(product, address, sizes)
                pair[product.name] = times, sizes
            yield pair

    def _measure_memory(self, product: Product, address: str, sizes: Measured) -> None:
        if not memory.can_be_told():
            return
        with profile_folder() as profile:
            with self._start(profile) as context:
                visit = Visit.begin(product, context, address)
                visit.wait_for_editor()
                visit.run("print(6*7)", "42")
                place = visit.leave()
            with self._start(profile) as context:
                measure_sizes(product, context, place, sizes, profile)

    def _start(self, profile: Path) -> AbstractContextManager[BrowserContext]:
        context = self.chromium.launch_persistent_context(
            profile, executable_path=self.program, args=CHROMIUM_ARGUMENTS
        )
        return pictured(context)

    @contextmanager
    def _told(self, product: Product, number: int) -> Iterator[None]:
        """Tell how a visit ended; one that got stuck does not end the whole bench."""
        started = time.perf_counter()
        try:
            yield
        except Error as failure:
            self.failures.append(f"pair {number + 1}, {product.name}: {failure}")
            print(self.failures[-1], flush=True)
        took = time.perf_counter() - started
        print(f"  pair {number + 1} of {PAIRS}: {product.name}  ({took:.0f} s)", flush=True)


@contextmanager
def profile_folder() -> Iterator[Path]:
    """A new profile on disk, as people have them: a browser keeps compiled code only there."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        yield Path(name)


@contextmanager
def pictured(context: BrowserContext) -> Iterator[BrowserContext]:
    """Close a context in the end; where a step in it got stuck, the page's picture is kept."""
    with context:
        try:
            yield context
        except Error:
            path = ROOT / "test-artefacts" / f"boot-stuck-{time.strftime('%H%M%S')}.png"
            context.pages[-1].screenshot(path=path)
            print(f"  the page when it got stuck: {path.relative_to(ROOT)}", flush=True)
            raise


def measure_times(product: Product, context: BrowserContext, address: str, times: Measured) -> None:
    """A first visit of a new profile, and a second one once the first has come to rest."""
    visit = Visit.begin(product, context, address)
    visit.measure(times, "cold")
    place = visit.leave()
    Visit.return_to(product, context, place).measure(times, "warm")


def measure_sizes(
    product: Product, context: BrowserContext, place: Place, sizes: Measured, profile: Path
) -> None:
    """The browser's memory without the product, with it at rest, and with three imports."""
    Visit(product, context.new_page()).settle()
    sizes["memory: empty page"] = memory.of_browser(profile)
    visit = Visit.return_to(product, context, place)
    visit.run("print(6*7)", "42")
    visit.settle()
    sizes["memory: one notebook, idle runtime"] = memory.of_browser(profile)
    visit.run("import numpy, pandas, matplotlib\nprint('imported')", "imported")
    visit.settle()
    sizes["memory: numpy, pandas, matplotlib imported"] = memory.of_browser(profile)


def compared(
    rounds: Sequence[dict[str, Round]], loads: Sequence[float], products: tuple[str, str]
) -> list[Comparison]:
    """Everything that both products told in at least one pair."""
    found = []
    for which, unit in ((0, "ms"), (1, "MB")):
        names = {name: None for each in rounds for took in each.values() for name in took[which]}
        for name in names:
            both = [
                (tuple(each[product][which][name] for product in products), busy)
                for each, busy in zip(rounds, loads, strict=True)
                if all(name in each[product][which] for product in products)
            ]
            if both:
                pairs, busy = zip(*both, strict=True)
                found.append(Comparison(name, unit, pairs, busy))
    return found


def main() -> None:
    beside = jupyterlite(builder.NOTEBOOK)
    names = (FOLDBOOK.name, beside.name)
    dist, site = Path(os.environ["FOLDBOOK_DIST"]), builder.build()
    with ExitStack() as stack:
        ours = stack.enter_context(serve.running(dist))
        theirs = stack.enter_context(serve.running(site, isolated=False))
        driver = stack.enter_context(sync_playwright())
        sites = [(FOLDBOOK, ours), (beside, theirs)]
        bench = Bench(driver.chromium, os.environ["FOLDBOOK_CHROMIUM"], sites)
        rounds, loads = [], []
        for each in bench.rounds():
            rounds.append(each)
            loads.append(load())
    report_comparisons("boot", names, compared(rounds, loads, names))
    if bench.failures:
        sys.exit(f"{len(bench.failures)} visits got stuck; see above.")


if __name__ == "__main__":
    main()
