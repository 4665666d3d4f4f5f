"""Time planning and review: pure, bounded, re-planned after every answer."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from engine.domain.pacing import Pace
from engine.pacing.planner import TimeRange, log_pace, observe, remaining
from engine.pacing.review import LONGEST_DAYS, rate, retrievability
from tests.engine.sample import Walk

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def test_what_is_left_shrinks_to_nothing():
    walk = Walk()
    module = walk.version.module("module-1")
    left = [remaining(walk.path, walk.fold.look(walk.mastery), module)]
    while walk.decide().kind == "present":
        walk.answer(walk.decide(), True)
        left.append(remaining(walk.path, walk.fold.look(walk.mastery), module))
    assert left[-1] == TimeRange(0.0, 0.0, 0.0)
    assert left[0].middle_s > left[len(left) // 2].middle_s > 0
    assert all(r.low_s <= r.middle_s <= r.high_s for r in left)


def test_a_slow_learner_gets_a_longer_plan_and_unknown_times_change_nothing():
    def planned(active_s):
        walk = Walk()
        for _ in range(3):
            walk.answer(walk.decide(), None, active_s=active_s)
        return remaining(walk.path, walk.fold.look(walk.mastery), walk.version.module("module-2")).middle_s

    assert planned(300.0) > planned(None) > planned(20.0)
    assert observe(Pace(), None, 60) == observe(Pace(), 0.0, 60) == Pace()


@given(st.lists(st.floats(0.01, 1e6), max_size=50))
def test_pace_is_bounded_and_surer_with_every_time(times):
    pace, widths = Pace(), []
    for seconds in times:
        pace = observe(pace, seconds, 60)
        mean, variance = log_pace(pace)
        assert -2 < mean < 2
        widths.append(variance)
    assert widths == sorted(widths, reverse=True)


def test_only_the_first_answer_of_a_day_counts_for_review():
    first = rate(None, True, NOON)
    assert rate(first, False, NOON + timedelta(hours=3)) == first
    assert rate(first, False, NOON + timedelta(days=2)) != first


@given(st.lists(st.tuples(st.booleans(), st.integers(1, 400)), min_size=1, max_size=20))
def test_review_states_stay_within_bounds(answers):
    state, now = None, NOON
    for right, days in answers:
        now += timedelta(days=days)
        state = rate(state, right, now)
        assert now < state.due <= now + timedelta(days=LONGEST_DAYS + 1)
        assert 0 < retrievability(state, state.due) <= retrievability(state, now) <= 1
