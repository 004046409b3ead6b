"""What the benchmarks reckon from what they measured."""

import json

import pytest

from tests.bench.driving.feel import within
from tests.bench.harness import Comparison, Figure, report, report_comparisons


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


def test_the_95th_of_100_is_a_value_that_was_measured() -> None:
    hundred = [float(each) for each in range(100, 0, -1)]
    assert Figure("key", "ms", hundred).p95 == 95
    assert Figure("key", "ms", [*hundred[:20]]).p95 == 99
    assert Figure("key", "ms", [3, 1]).p95 == 3
    assert Figure("key", "ms", [7]).p95 == 7


def test_a_figure_is_told_with_its_95th(capsys: pytest.CaptureFixture[str]) -> None:
    report("title", [Figure("key", "ms", [1, 2, 9], load=0.5)])
    head, row, line = capsys.readouterr().out.splitlines()
    assert head.split() == ["what", "median", "p95", "least", "most", "unit", "n", "load"]
    assert row.split() == ["key", "2.0", "9.0", "1.0", "9.0", "ms", "3", "0.50"]
    assert json.loads(line)["figures"][0]["p95"] == 9


def test_what_began_in_a_phase_is_its_own() -> None:
    tasks = [(1.0, 60.0), (5.0, 70.0), (9.9, 500.0), (10.0, 80.0)]
    assert within(tasks, 5, 10) == [70, 500]
    assert within(tasks, 0, 1) == []
