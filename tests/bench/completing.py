"""Completion as a reader feels it: from the press of Tab until the list of names is painted.

In a warm runtime, in a notebook of a few cells and in one of 500: attributes of modules and of
objects of numpy and pandas, keys of dictionaries and columns, names of files, names. Each is
asked for FOLDBOOK_ROUNDS times, if not 5, in turns; what is asked is always a whole cell.
FOLDBOOK_CELLS says how long the notebooks are, if not 3,500.
"""

import os
import sys
from pathlib import Path

from driving.feel import Felt, Measured
from driving.long_visit import browser, cell, opened, run
from harness import Figure, report
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT / ".build"), str(ROOT / "tests")]

from builder import serve  # noqa: E402 - found through the path above
from conftest import CHROMIUM_ARGUMENTS  # noqa: E402 - as well
from long_notebook import long_notebook  # noqa: E402 - as well

SIZES = [int(each) for each in os.environ.get("FOLDBOOK_CELLS", "3,500").split(",")]
ROUNDS = int(os.environ.get("FOLDBOOK_ROUNDS", "5"))
WAIT = 30_000  # ms
SETUP = """import numpy as np
import pandas as pd
values = np.arange(12.0).reshape(3, 4)
rain = pd.DataFrame({"place": list("abc"), "price": [1.0, 2.0, 3.0], "pressure": [4, 5, 6]})
rain["when"] = pd.date_range("2024-01-01", periods=3)
price, when = rain["price"], rain["when"].iloc[0]
config = {"name": 1, "names": 2, "nested": {"alpha": 1, "alias": 2}}
for number in range(30):
    open(f"station_{number}.csv", "w").close()
"""
ASKED: dict[str, tuple[str, ...]] = {
    "attributes of modules": ("np.", "np.lin", "np.random.", "pd.", "pd.read_", "np.linalg."),
    "attributes of objects": (
        "values.",
        "values.s",
        "rain.",
        "rain.st",
        "price.",
        "price.is",
        "when.t",
        "'text'.",
    ),
    "keys": ('config["', 'config["na', 'config["nested"]["al', 'rain["', 'rain["pr'),
    "files": ('open("station_', 'pd.read_csv("station_1'),
    "names": ("r", "i", "p", "%", "rain.size + v"),
}
"""What is asked for, by its kind. Each has more than one answer: a single one is taken at once."""


def ask(felt: Felt, prefix: str) -> float:
    """Milliseconds until what may follow this text is listed; all is gone again then."""
    taken = felt.list_shown(prefix, WAIT)
    for key in ("Escape", "Control+a", "Delete"):
        felt.page.keyboard.press(key)
    return taken


def measure(felt: Felt, cells: int) -> None:
    """All kinds, by turns."""
    run(felt.page, cells // 2)
    cell(felt.page, cells // 2 + 1).locator(".code").click()
    with felt.phase(f"{cells} cells, all of it"):
        for _ in range(ROUNDS):
            for kind, prefixes in ASKED.items():
                for prefix in prefixes:
                    taken = ask(felt, prefix)
                    felt.note(f"{cells} cells, {kind}", "ms", taken)
                    felt.note(f"{cells} cells, every kind", "ms", taken)


def main() -> None:
    measured: Measured = {}
    dist, program = Path(os.environ["FOLDBOOK_DIST"]), os.environ["FOLDBOOK_CHROMIUM"]
    with serve.running(dist) as address, sync_playwright() as driver:
        for cells in SIZES:
            text = long_notebook(cells, special={cells // 2: SETUP, cells // 2 + 1: ""})
            with browser(driver, program, CHROMIUM_ARGUMENTS) as context:
                measure(opened(context, address, text, cells, measured), cells)
            print(f"  {cells} cells", flush=True)
    report("completing", [Figure(name, unit, found) for (name, unit), found in measured.items()])


if __name__ == "__main__":
    main()
