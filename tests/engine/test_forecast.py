"""How far a skill is from mastery, by the model's own band: golden values, bounds, monotonicity; and what a struggle is."""

from __future__ import annotations

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench._streaks import chance_of_streak
from engine.domain.mastery import SkillMastery
from engine.pacing.forecast import chance_within, items_to_mastery, levels
from tests.engine.sample import Walk

SHARES = st.floats(0.0, 1.0)


def known(low, high, growth=0.02):
    return SkillMastery(0.3, low, high, "learning", True, 3, growth)


@pytest.mark.parametrize(
    ("low", "high", "items", "expected"),
    [(0.3, 0.7, 5, 0.0000), (0.5, 0.9, 5, 0.1720), (0.5, 0.9, 10, 0.3918), (0.6, 0.93, 2, 0.2582), (0.8, 0.95, 1, 1.0)],
)
def test_golden_chances_of_mastery(low, high, items, expected):
    # Of the second by hand: N(logit .75, .735) shrinks to .510 in five items, the bound is .601 + .124 away, the drift .1, the
    # told variance .225: Phi(-1.318) + exp(.644) Phi(-1.740).
    assert chance_within(known(low, high), items, 0.8) == pytest.approx(expected, abs=5e-4)


@given(SHARES, SHARES, st.floats(0, 0.3), st.floats(0.05, 0.95))
def test_chances_are_bounded_and_rise_with_items_and_fall_with_the_threshold(a, b, growth, threshold):
    state = known(min(a, b), max(a, b), growth)
    chances = [chance_within(state, n, threshold) for n in range(1, 12)]
    assert all(0 <= c <= 1 for c in chances)
    mean, variance = items_to_mastery(state, 12, threshold)
    assert variance >= 0
    assert 1 - 1e-9 <= mean <= 12 + 1e-9
    assert chance_within(state, 0, threshold) == 0
    assert chance_within(state, 6, threshold) >= chance_within(state, 6, min(threshold + 0.04, 0.99)) - 1e-9


@given(st.floats(-3, 3), st.floats(0, 1), st.floats(0.1, 1.5))
def test_who_stands_higher_and_is_as_well_known_gets_there_sooner(middle, step, spread):
    def standing(at):
        return known(1 / (1 + math.exp(spread - at)), 1 / (1 + math.exp(-spread - at)))

    assert chance_within(standing(middle + step), 6, 0.8) >= chance_within(standing(middle), 6, 0.8) - 1e-3


def helped(answers):
    """Return how often help came within so many practice answers, and after how many."""
    walk, after = Walk(), []
    answers = iter(answers)
    while (decision := walk.decide()).kind == "present":
        if decision.purpose == "worked_example":
            after.append(walk.path.slots["slot:module-1/skill-1"].first_tries)
        asks = decision.purpose in ("probe", "practice")
        walk.answer(decision, next(answers, True) if asks else True, active_s=5.0)
    return after


def test_a_worked_example_comes_from_five_answers_on_where_mastery_is_not_to_be_expected():
    assert helped([False] * 9) == [5]
    assert helped([False, True, False, False, True, False]) == [5]
    assert helped([False, True, True, True, True, True]) == []


@pytest.mark.parametrize("run", [0, 1, 2])
def test_chance_of_a_streak_is_that_of_all_ways_there(run):
    state = known(0.4, 0.9)
    ways = 0.0
    for rest in itertools.product((True, False), repeat=5):
        tries = (*[True] * run, *rest)
        if any(all(tries[k : k + 3]) for k in range(len(tries) - 2)):
            ways += sum(w * math.prod(p if right else 1 - p for right in rest) for p, w in levels(state))
    assert chance_of_streak(state, run, 5) == pytest.approx(ways, abs=1e-12)
