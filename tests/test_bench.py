"""What the benchmarks reckon from what they measured."""

import json

import pytest

from tests.bench.harness import Comparison, report_comparisons


def test_a_ratio_is_the_median_of_the_pairs_own() -> None:
    # The machine was ten times slower in the last pair, for both; the medians alone do not see it.
    told = Comparison("boot", "ms", [(1, 8), (2, 8), (30, 90)], [0.5, 2.5, 1.5])
    assert told.medians == (2, 8)
    assert told.ratio == 4
    assert told.load == 1.5
    assert Comparison("boot", "ms", [(2, 1), (1, 30), (2, 2)], [1, 1, 1]).ratio == 1


def test_the_last_line_of_a_report_is_for_programs(capsys: pytest.CaptureFixture[str]) -> None:
    told = Comparison("boot", "ms", [(1, 8), (2, 8)], [0.5, 1.5])
    report_comparisons("title", ("this", "that"), [told])
    head, row, line = capsys.readouterr().out.splitlines()
    assert head.split() == ["what", "this", "that", "unit", "ratio", "n", "load"]
    assert row.split() == ["boot", "1.5", "8.0", "ms", "6.00", "2", "1.00"]
    read = json.loads(line)
    assert read["products"] == ["this", "that"]
    assert read["figures"][0]["pairs"] == [[1, 8], [2, 8]]
