"""What the benchmarks share: repeated measuring, the machine's load, a table and JSON."""

import json
import math
import os
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field


def load() -> float:
    """How busy the machine was in the last minute; not a number where it does not tell."""
    return os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured thing: all its values in one unit, and the load average when it ended."""

    name: str
    unit: str
    values: Sequence[float]
    load: float = field(default_factory=load)

    @property
    def median(self) -> float:
        """The middle value; steadier than the mean on a machine that does other things too."""
        return statistics.median(self.values)

    @property
    def p95(self) -> float:
        """What 95 of 100 values do not exceed; one of them, never a value between two."""
        return sorted(self.values)[math.ceil(0.95 * len(self.values)) - 1]

    def as_json(self) -> dict[str, object]:
        """The figure as plain data."""
        return {
            "name": self.name,
            "unit": self.unit,
            "median": self.median,
            "p95": self.p95,
            "least": min(self.values),
            "most": max(self.values),
            "values": list(self.values),
            "load": self.load,
        }


@dataclass(frozen=True, slots=True)
class Comparison:
    """One thing measured of two products in pairs that were taken one after the other.

    The ratio of a pair says how many times less the first one takes; what the machine did at
    that time weighs on both.
    """

    name: str
    unit: str
    pairs: Sequence[tuple[float, float]]
    loads: Sequence[float]

    @property
    def medians(self) -> tuple[float, float]:
        """The middle value of each product."""
        firsts, seconds = zip(*self.pairs, strict=True)
        return statistics.median(firsts), statistics.median(seconds)

    @property
    def ratio(self) -> float:
        """The middle one of the ratios of the pairs, not the ratio of the middle values."""
        return statistics.median(second / first for first, second in self.pairs)

    @property
    def load(self) -> float:
        """The middle one of the load averages."""
        return statistics.median(self.loads)

    def as_json(self) -> dict[str, object]:
        """The comparison as plain data."""
        return {
            "name": self.name,
            "unit": self.unit,
            "medians": self.medians,
            "ratio": self.ratio,
            "pairs": list(self.pairs),
            "loads": list(self.loads),
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
    heads = " ".join(f"{head:>12}" for head in ("median", "p95", "least", "most"))
    print(f"{'what':<{width}}  {heads}  unit  {'n':>3}  load")
    for figure in figures:
        values = (figure.median, figure.p95, min(figure.values), max(figure.values))
        cells = " ".join(f"{value:>12,.1f}" for value in values)
        tail = f"{figure.unit:<4}  {len(figure.values):>3}  {figure.load:.2f}"
        print(f"{figure.name:<{width}}  {cells}  {tail}")
    _tell_json(title, [figure.as_json() for figure in figures])


def report_comparisons(
    title: str, products: tuple[str, str], comparisons: Sequence[Comparison]
) -> None:
    """Print two products side by side as a table, then as one line of JSON."""
    width = max((len(each.name) for each in comparisons), default=4)
    heads = " ".join(f"{product:>12}" for product in products)
    print(f"{'what':<{width}}  {heads}  unit  {'ratio':>6}  {'n':>3}  load")
    for each in comparisons:
        cells = " ".join(f"{value:>12,.1f}" for value in each.medians)
        tail = f"{each.unit:<4}  {each.ratio:>6.2f}  {len(each.pairs):>3}  {each.load:.2f}"
        print(f"{each.name:<{width}}  {cells}  {tail}")
    _tell_json(title, [each.as_json() for each in comparisons], products=products)


def _tell_json(title: str, listed: Sequence[dict[str, object]], **more: object) -> None:
    machine = {"cpus": os.cpu_count(), "python": sys.version.split()[0], "system": sys.platform}
    told = {"title": title, "machine": machine, **more, "figures": listed}
    print(json.dumps(told), flush=True)
