"""What the benchmarks share: repeated measuring, the machine's load, a table and JSON."""

import json
import os
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field


def _load() -> float:
    return os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured thing: all its values in one unit, and the load average when it ended."""

    name: str
    unit: str
    values: Sequence[float]
    load: float = field(default_factory=_load)

    @property
    def median(self) -> float:
        """The middle value; steadier than the mean on a machine that does other things too."""
        return statistics.median(self.values)

    def as_json(self) -> dict[str, object]:
        """The figure as plain data."""
        return {
            "name": self.name,
            "unit": self.unit,
            "median": self.median,
            "least": min(self.values),
            "most": max(self.values),
            "values": list(self.values),
            "load": self.load,
        }


def timed(name: str, work: Callable[[], object], *, times: int = 5) -> Figure:
    """Milliseconds of wall clock that `work` takes, `times` times over."""
    return Figure(name, "ms", [_milliseconds(work) for _ in range(times)])


def rate(name: str, count: int, work: Callable[[], object], *, times: int = 5) -> Figure:
    """Things a second, where one call of `work` does `count` of them."""
    return Figure(name, "/s", [count / _milliseconds(work) * 1e3 for _ in range(times)])


def _milliseconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return (time.perf_counter() - started) * 1e3


def report(title: str, figures: Sequence[Figure]) -> None:
    """Print the figures as a table, then as one line of JSON."""
    width = max((len(figure.name) for figure in figures), default=4)
    print(f"{'what':<{width}}  {'median':>12} {'least':>12} {'most':>12}  unit  {'n':>3}  load")
    for figure in figures:
        values = (figure.median, min(figure.values), max(figure.values))
        cells = " ".join(f"{value:>12,.1f}" for value in values)
        tail = f"{figure.unit:<4}  {len(figure.values):>3}  {figure.load:.2f}"
        print(f"{figure.name:<{width}}  {cells}  {tail}")
    machine = {"cpus": os.cpu_count(), "python": sys.version.split()[0], "system": sys.platform}
    listed = [figure.as_json() for figure in figures]
    print(json.dumps({"title": title, "machine": machine, "figures": listed}), flush=True)
