"""Time planning and review: pure, bounded, re-planned after every answer."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench._walks import take_course
from content.bundled import bundled_courses
from content.loader import load_course
from engine.domain.pacing import Pace, PathState
from engine.mastery.gaussian_filter import GaussianFilter
from engine.pacing.mastery_paced import MasteryPaced
from engine.pacing.planner import MODULE_S, NOISE, TimeRange, log_pace, most_s, noise, observe, remaining, well_spent
from engine.pacing.review import LONGEST_DAYS, rate, retrievability
from engine.services.fold import Fold
from engine.simulation.learners import plant
from tests.engine.sample import Walk, build_version

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


def test_a_learner_of_uneven_times_gets_a_wider_range():
    def width(times):
        pace = Pace()
        for seconds in times:
            pace = observe(pace, seconds, 60)
        return noise(pace)

    assert width([60.0] * 12) < NOISE**2 < width([20.0, 200.0] * 6)


SHAPES = {
    "bundled": load_course(next(f for f in bundled_courses() if f.name == "cleaning-messy-data"))[0].version,
    "sample": build_version(modules=6),
}


def taken(shape, learners, factor="1", pace=None):
    """Return (fold, modules as taken) of simulated learners, none of whom the planner's constants were set on."""
    version = SHAPES[shape]
    for n in learners:
        fold = Fold(version, tuple(m.id for m in version.modules), GaussianFilter(), MasteryPaced(), n)
        learner = plant(n, tuple(version.skills), 0.0)
        yield fold, take_course(fold, learner if pace is None else replace(learner, pace=pace), factor)


@pytest.mark.parametrize(("shape", "factor"), [("bundled", "1"), ("sample", "1"), ("bundled", "1.5")])
def test_four_of_five_actual_times_fall_inside_the_range(shape, factor):
    inside = [
        (r := remaining(path, fold.look(mastery), fold.version.module(module.module_id))).low_s
        <= module.active_s - spent
        <= r.high_s
        for fold, modules in taken(shape, range(1000, 1024), factor)
        for module in modules
        for spent, mastery, path in module.at
    ]
    assert len(inside) > 1000
    assert 0.75 <= sum(inside) / len(inside) <= 0.9


def test_what_a_visit_takes_at_most_counts_down_and_holds():
    steps = rises = held = 0
    for fold, modules in taken("bundled", range(1000, 1012)):
        for module in modules:
            room, before, ends = fold.version.module(module.module_id), None, list(accumulate(module.visits))
            for spent, mastery, path in module.at:
                most = most_s(path, room, remaining(path, fold.look(mastery), room))
                end = next(end for end in ends if end > spent)
                held += end - spent <= most
                steps += 1
                if before is not None and before[1] == path.resumed_at:
                    rises += ceil(most / 60) > ceil(before[0] / 60)
                before = most, path.resumed_at
    assert steps > 1000
    assert rises / steps < 0.03
    assert held / steps > 0.92


def test_a_visit_takes_its_minutes_or_what_is_left_of_the_module():
    module, left = SHAPES["sample"].modules[0], TimeRange(300.0, 600.0, 1500.0)
    assert most_s(PathState(), module, left) == MODULE_S
    assert most_s(PathState(module_active_s={module.id: 900.0}), module, left) == MODULE_S - 900
    assert most_s(PathState(module_active_s={module.id: 9000.0}), module, left) == 0
    assert most_s(PathState(time_factor=None), module, left) == 1500
    assert most_s(PathState(time_factor=1.5), module, replace(left, high_s=40.0)) == 40


@pytest.mark.parametrize(
    ("pace", "factor", "in_one", "most"),
    [(0.6, "1", 0.8, 1.3), (1.0, "1", 0.25, 2.0), (1.3, "1", 0.0, 2.4), (1.6, "2", 0.6, 1.6)],
)
def test_visits_end_within_their_minutes_and_modules_in_few_visits(pace, factor, in_one, most):
    modules = [m for _, taken_ in taken("bundled", range(1000, 1010), factor, pace) for m in taken_]
    visits = [v for m in modules for v in m.visits]
    limit_s = MODULE_S * float(factor)
    assert all(m.closed for m in modules)
    assert sum(v <= limit_s for v in visits) / len(visits) >= 0.9
    assert sum(len(m.visits) == 1 for m in modules) / len(modules) >= in_one
    assert len(visits) / len(modules) <= most


def test_a_visit_is_never_cut_before_half_of_its_minutes():
    for pace in (1.0, 1.3):
        for _, modules in taken("bundled", range(1000, 1006), "1", pace):
            assert all(v >= MODULE_S / 2 for m in modules for v in m.visits[:-1])


def test_untimed_learners_are_offered_no_stop():
    module = SHAPES["sample"].modules[0]
    spent = {module.id: 3600.0}
    assert well_spent(PathState(module_active_s=spent), module)
    assert not well_spent(PathState(module_active_s=spent, time_factor=None), module)
