"""The weekly plan's dates: sums of times, sessions on chosen days, what was learnt already, the cohort's dates."""

from __future__ import annotations

import math
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.domain.errors import Refused
from engine.domain.plan import SUGGESTED, Finish, Spent, TimeLeft, WeeklyPlan, checked, days_of, finish, minutes_for, total_time

MONDAY = date(2026, 3, 2)
PLAN = WeeklyPlan(60, (0, 2, 4))
HOUR = TimeLeft(3600.0, 0.25)


def test_times_that_share_all_their_spread_keep_it_and_independent_ones_narrow() -> None:
    parts = [TimeLeft(600.0, 0.4)] * 4
    together, apart = total_time(parts, shared=0.16), total_time(parts, shared=0.0)
    assert together.middle_s == pytest.approx(2400.0)
    assert together.sigma == pytest.approx(0.4)
    # Four independent log-normals: variance of the sum is four times that of one (Fenton 1960).
    assert apart.sigma == pytest.approx(math.sqrt(math.log1p(math.expm1(0.16) / 4)))
    assert 2400 < apart.middle_s < 4 * 600 * math.exp(0.08)


@given(st.lists(st.tuples(st.floats(0, 5000), st.floats(0, 1)), max_size=12), st.floats(0, 1))
def test_a_sum_is_ordered_in_its_chances_and_at_least_its_largest_part(parts: list[tuple[float, float]], shared: float) -> None:
    total = total_time([TimeLeft(*part) for part in parts], shared)
    assert 0 <= total.seconds(0.1) <= total.seconds(0.5) <= total.seconds(0.9) < math.inf
    assert total.middle_s >= 0.99 * max((m for m, _ in parts if m > 0), default=0.0) * math.exp(-0.5)


def test_nothing_left_is_done_today() -> None:
    assert total_time([], 0.1) == TimeLeft(0.0, 0.0)
    assert finish(PLAN, TimeLeft(0.0, 0.0), MONDAY, Spent()) == Finish(MONDAY, MONDAY)


def test_sessions_fall_on_the_chosen_days_and_the_range_is_from_even_chances_to_nine_in_ten() -> None:
    # 60 minutes are three sessions of 20, on Monday, Wednesday, Friday; at nine in ten it is 83 minutes: five sessions.
    assert HOUR.seconds(0.9) == pytest.approx(3600 * math.exp(0.25 * 1.2815515655))
    found = finish(PLAN, HOUR, MONDAY, Spent())
    assert found == Finish(MONDAY + timedelta(days=4), MONDAY + timedelta(days=9))


def test_what_was_learnt_today_is_taken_from_todays_session_alone() -> None:
    wanted = [1200.0, 1201.0]
    assert days_of(PLAN, wanted, MONDAY, Spent(today_s=600)) == [MONDAY + timedelta(days=2)] * 2
    assert days_of(PLAN, wanted, MONDAY, Spent(today_s=9000)) == [MONDAY + timedelta(days=2), MONDAY + timedelta(days=4)]
    assert days_of(PLAN, wanted, MONDAY, Spent()) == [MONDAY, MONDAY + timedelta(days=2)]


def test_a_shift_and_the_cohorts_first_day_move_the_dates() -> None:
    shifted = WeeklyPlan(60, (0, 2, 4), MONDAY + timedelta(days=7))
    assert days_of(shifted, [600.0], MONDAY, Spent()) == [MONDAY + timedelta(days=7)]
    assert days_of(PLAN, [600.0], MONDAY, Spent(), MONDAY + timedelta(days=3)) == [MONDAY + timedelta(days=4)]
    past = WeeklyPlan(60, (0, 2, 4), MONDAY - timedelta(days=7))
    assert days_of(past, [600.0], MONDAY, Spent()) == [MONDAY]


def test_dates_farther_than_two_years_are_not_told() -> None:
    assert days_of(WeeklyPlan(10, (0,)), [600.0, 60 * 2000.0], MONDAY, Spent()) == [MONDAY, None]


def test_the_fewest_minutes_that_end_in_time_are_enough_and_fewer_are_not() -> None:
    ends_on = MONDAY + timedelta(days=11)
    needed = minutes_for(PLAN, TimeLeft(3 * 3600.0, 0.3), MONDAY, Spent(today_s=900), ends_on)
    assert needed is not None
    for minutes, in_time in ((needed, True), (needed - 15, False)):
        through = finish(WeeklyPlan(minutes, PLAN.days), TimeLeft(3 * 3600.0, 0.3), MONDAY, Spent(today_s=900)).likely_on
        assert through is not None
        assert (through <= ends_on) is in_time
    assert minutes_for(WeeklyPlan(60, (6,)), HOUR, MONDAY, Spent(), MONDAY + timedelta(days=2)) is None


@given(st.integers(10, 1200), st.sets(st.integers(0, 6), min_size=1), st.floats(1, 100_000))
def test_more_minutes_never_end_later(minutes: int, days: set[int], seconds: float) -> None:
    less, more = checked(minutes, days), checked(min(2 * minutes, 1200), days)
    slow, fast = (days_of(plan, [seconds], MONDAY, Spent())[0] for plan in (less, more))
    assert (fast or date.max) <= (slow or date.max)


def test_what_makes_no_plan_is_refused() -> None:
    assert checked(60, [4, 0, 2, 2]) == SUGGESTED
    for minutes, days in ((5, [0]), (2000, [0]), (60, []), (60, [7])):
        with pytest.raises(Refused):
            checked(minutes, days)
