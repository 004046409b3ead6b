"""A table of several products with aims: one line for each thing measured, then one of JSON."""

import json
import math
import os
import statistics
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from harness import load


@dataclass(slots=True)
class Line:
    """One thing measured. more: whether more is better. aim: of the first product, if any.
    values: of each product, one a round; it may be empty. note: what stands there instead.
    """

    name: str
    unit: str
    more: bool = False
    aim: float | None = None
    values: dict[str, list[float]] = field(default_factory=dict)
    loads: list[float] = field(default_factory=list)
    note: str = ""

    def add(self, product: str, value: float) -> None:
        """One more value."""
        self.values.setdefault(product, []).append(value)
        self.loads.append(load())

    def median(self, product: str) -> float:
        """The middle value of a product; not a number where it has none."""
        known = [each for each in self.values.get(product, []) if not math.isnan(each)]
        return statistics.median(known) if known else float("nan")

    def ratio(self, product: str, other: str) -> float:
        """How many times better the first is than the other, by pairs of one round."""
        pairs = zip(self.values.get(product, []), self.values.get(other, []), strict=False)
        known = [
            one / two if self.more else two / one
            for one, two in pairs
            if one and two and not math.isnan(one + two)
        ]
        return statistics.median(known) if known else float("nan")

    def is_met(self, product: str) -> bool | None:
        """Whether the median is as good as the aim; None where one of them is missing."""
        found = self.median(product)
        if self.aim is None or math.isnan(found):
            return None
        return found >= self.aim if self.more else found <= self.aim


def report(title: str, products: Sequence[str], lines: Sequence[Line]) -> None:
    """Print everything. Ratios are those of the first product to each other one."""
    first, *others = products
    width = max(len(each.name) for each in lines)
    heads = " ".join(f"{product:>12}" for product in products)
    tail = " ".join(f"{'/' + each:>13}" for each in others)
    print(f"{'what':<{width}}  {heads}  {'unit':<4}  {'aim':>9} met  {tail}    n   load")
    for each in lines:
        print(f"{each.name:<{width}}  {_cells(each, first, products, others)}")
    machine = {"cpus": os.cpu_count(), "python": sys.version.split()[0], "system": sys.platform}
    told = {"title": title, "machine": machine, "products": list(products)}
    print(json.dumps({**told, "figures": [_as_json(each) for each in lines]}), flush=True)


def _cells(line: Line, first: str, products: Sequence[str], others: Sequence[str]) -> str:
    if line.note:
        return line.note
    found = " ".join(f"{_number(line.median(product)):>12}" for product in products)
    aim = "" if line.aim is None else f"{'>' if line.more else '<'} {line.aim:,.0f}"
    met = {True: "yes", False: "no", None: ""}[line.is_met(first)]
    ratios = " ".join(f"{_number(line.ratio(first, each), 2):>13}" for each in others)
    busy = statistics.median(line.loads) if line.loads else float("nan")
    count = max((len(each) for each in line.values.values()), default=0)
    return f"{found}  {line.unit:<4}  {aim:>9} {met:<3}  {ratios}  {count:>3}  {busy:5.2f}"


def _number(value: float, digits: int = 1) -> str:
    return "" if math.isnan(value) else f"{value:,.{digits}f}"


def _as_json(line: Line) -> Mapping[str, object]:
    values = {
        product: [None if math.isnan(each) else each for each in found]
        for product, found in line.values.items()
    }
    return {
        "name": line.name, "unit": line.unit, "more": line.more, "aim": line.aim,
        "values": values, "loads": line.loads, "note": line.note,
    }  # fmt: skip
