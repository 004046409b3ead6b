"""Which runtimes can be reached: by what the relay tells, whatever its clock says."""

import pytest
from foldbook.reach import SILENCE, Reach

MACHINE = "a-machine"
HOUR = 3_600_000


class Clock:
    now = 1_700_000_000_000

    def __call__(self) -> int:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_who_is_missed_for_half_a_minute_is_unreachable_and_back_at_once(clock: Clock) -> None:
    reach = Reach(clock)
    gone = {MACHINE: clock.now}
    assert reach.look([MACHINE], [MACHINE], {}) == ({}, None)
    assert reach.look([MACHINE], [], gone) == ({}, SILENCE)
    clock.now += SILENCE - 1
    assert reach.look([MACHINE], [], gone) == ({}, 1)
    clock.now += 1
    assert reach.look([MACHINE], [], gone) == (gone, None)
    assert reach.look([MACHINE], [MACHINE], {}) == ({}, None)
    assert reach.look([MACHINE], [], {MACHINE: clock.now}) == ({}, SILENCE)


def test_a_newcomer_sees_at_once_what_has_been_away_for_long(clock: Clock) -> None:
    gone = {MACHINE: clock.now - HOUR}
    assert Reach(clock).look([MACHINE], [], gone) == (gone, None)


def test_where_the_relay_does_not_know_since_when_one_waits(clock: Clock) -> None:
    reach = Reach(clock)
    assert reach.look([MACHINE], [], {}) == ({}, SILENCE)
    clock.now += SILENCE
    assert reach.look([MACHINE], [], {}) == ({MACHINE: None}, None)


def test_a_relay_whose_clock_is_ahead_makes_nothing_later(clock: Clock) -> None:
    reach, gone = Reach(clock), {MACHINE: clock.now + HOUR}
    assert reach.look([MACHINE], [], gone) == ({}, SILENCE)
    clock.now += SILENCE
    assert reach.look([MACHINE], [], gone) == (gone, None)


def test_who_was_cut_off_himself_knows_nothing(clock: Clock) -> None:
    reach = Reach(clock)
    reach.look([MACHINE], [], {})
    clock.now += HOUR
    reach.lost_sight()
    assert reach.look([MACHINE], [], {}) == ({}, SILENCE)
