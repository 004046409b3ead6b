"""Thousands of small stories of people, a runtime and an authority, all of them going wrong.

To repeat one: ``python tests/sim/test_sim.py SEED``.
"""

import sys
from collections import Counter
from pathlib import Path

import pytest

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))

from sim.story import Story

STORIES = 2000
CHUNK = 250

MUST_HAPPEN = (
    "cut", "died", "crashed", "forked", "fenced", "demoted", "refused", "restored",
    "runtime died",
)  # fmt: skip


def tell(seed: int) -> Counter[str]:
    try:
        return Story(seed).tell().counts
    except Exception as why:
        raise AssertionError(
            f"seed {seed}: {why}\nrepeat it with: python tests/sim/test_sim.py {seed}"
        ) from why


@pytest.mark.parametrize("first", range(0, STORIES, CHUNK))
def test_every_story_ends_well(first: int) -> None:
    counts: Counter[str] = Counter()
    for seed in range(first, first + CHUNK):
        counts += tell(seed)
    missing = [what for what in MUST_HAPPEN if not counts[what]]
    assert not missing, f"the stories have no {missing}: {dict(counts)}"


if __name__ == "__main__":
    for argument in sys.argv[1:]:
        print(argument, dict(tell(int(argument))))
