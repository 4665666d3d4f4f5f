"""The mastery filter: golden values, bounds, monotonicity."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import astuple, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.domain.mastery import Evidence
from engine.mastery.gaussian_filter import DAY_ONE, DAY_ONE_VERSION, SETTLED_RESPONSES, GaussianFilter

SKILLS = ("a", "b", "c")
tags = st.sampled_from(["easy", "medium", "hard", None])
asked = st.lists(st.sampled_from(SKILLS), min_size=1, max_size=3, unique=True)
answers = st.lists(st.tuples(asked, tags, st.booleans()), max_size=60)


def folded(steps, model=None):
    model = model or GaussianFilter()
    states = [model.start(SKILLS)]
    for skills, tag, correct in steps:
        states.append(model.update(states[-1], Evidence(model.item("x", skills, tag), correct)))
    return model, states


def test_what_a_release_had_on_day_one_never_changes():
    assert astuple(DAY_ONE["day-one-2"]) == (0.8, 0.6, 0.002, 0.02, 0.02, 0.5, 0.8, 0.7, 0.75, 0.0)
    model = GaussianFilter()
    for version, coefficients in DAY_ONE.items():
        earlier = model.released(version)
        assert (earlier.version, earlier.coefficients) == (version, coefficients)
    assert model.version in DAY_ONE
    assert model.released("day-one-1") is None


def test_golden_values_of_one_step():
    # By hand: z = 0 + 0 + .8473 - .7, V = .8 + .6 + .5, p0 = .5368, w = .2486, e = (1 - .5368) / (1 + .2486 * 1.9)
    model, states = folded([(["a"], "hard", True)], GaussianFilter().released("day-one-2"))
    values = states[-1].values
    assert values["t"] == pytest.approx(0.8 * 0.31462, abs=1e-4)
    assert values["skills"]["a"][0] == pytest.approx(0.6 * 0.31462 + 0.02, abs=1e-4)
    assert values["vt"] == pytest.approx(0.8 + 0.002 - 0.64 * 0.16889, abs=1e-4)
    assert model.mastery(states[-1], "a").probability == pytest.approx(0.574, abs=1e-3)


def test_a_flawless_learner_is_mastered_after_four_two_one_one_hard_items():
    model = GaussianFilter()
    state, needed = model.start("abcd"), []
    for skill in "abcd":
        for count in range(1, 10):
            state = model.update(state, Evidence(model.item("x", [skill], "hard"), True))
            if model.mastery(state, skill).probability >= 0.8:
                needed.append(count)
                break
    assert needed == [4, 2, 1, 1]


def test_what_practice_adds_halves_after_as_many_answers_as_one_over_fading():
    def told(**constants):
        model, states = folded([(["a"], "medium", True)] * 21, GaussianFilter(replace(DAY_ONE[DAY_ONE_VERSION], **constants)))
        return [model.mastery(state, "a").growth for state in states], states

    (fading, _), (steady, _) = told(growth=0.1, fading=0.1), told(growth=0.1)
    assert (fading[0], fading[10], fading[20]) == pytest.approx((0.1, 0.05, 0.1 / 3))
    assert set(steady) == {0.1}
    # By hand: the second answer adds .1 / 1.1 to the skill, beside the same evidence, as the first has added .1 in both.
    (_, a), (_, b) = told(growth=0.1, fading=0.1), told(growth=0.1)
    assert a[1] == b[1]
    gap = b[2].values["skills"]["a"][0] - a[2].values["skills"]["a"][0]
    assert gap == pytest.approx(0.1 - 0.1 / 1.1)


@given(answers)
def test_published_mastery_moves_with_the_answer_or_not_at_all(steps):
    model, states = folded(steps)
    for (_, _, correct), before, after in zip(steps, states, states[1:], strict=False):
        for skill in SKILLS:
            old, new = model.mastery(before, skill).probability, model.mastery(after, skill).probability
            assert 0 <= new <= 1
            assert new >= old if correct else new <= old


@given(answers, st.sampled_from(SKILLS))
def test_bounds_hold_whatever_comes(steps, skill):
    model, states = folded(steps)
    known = model.mastery(states[-1], skill)
    assert 0 <= known.low <= known.high <= 1
    assert known.responses == sum(skill in skills for skills, _, _ in steps)
    for tag in ("easy", "hard"):
        assert 0 < model.predict(states[-1], model.item("x", [skill], tag)) < 1
    easy, hard = (model.predict(states[-1], model.item("x", [skill], tag)) for tag in ("easy", "hard"))
    assert easy > hard


def test_a_thousand_answers_stay_finite():
    for correct in (True, False):
        model, states = folded([(["a"], "medium", correct)] * 1000)
        known = model.mastery(states[-1], "a")
        assert (known.probability > 0.999) is correct
        assert known.enough


def test_update_leaves_its_argument_alone():
    model, states = folded([(["a", "b"], "easy", True)])
    assert states[0] == model.start(SKILLS)


def test_a_band_is_withheld_until_there_is_evidence():
    model, states = folded([(["a"], "medium", True)] * 6)
    assert model.mastery(states[0], "a").band == "new"
    assert model.mastery(states[-1], "a").band == "mastered"


@pytest.mark.parametrize("first", [True, False])
def test_mixed_answers_are_enough_from_the_fourth_on_and_not_after_two(first):
    model, states = folded([(["a"], "medium", first is (n % 2 == 0)) for n in range(12)])
    bands = [model.mastery(state, "a").band for state in states]
    assert bands[:3] == ["new"] * 3
    assert bands[4:] == ["learning"] * 9


@given(st.lists(st.tuples(tags, st.booleans()), min_size=5, max_size=40), st.sampled_from([0.4, 0.8]))
def test_a_verdict_is_not_taken_back_by_more_answers(steps, variance):
    model = GaussianFilter(replace(DAY_ONE[DAY_ONE_VERSION], learner_variance=variance))
    model, states = folded([(["a"], tag, correct) for tag, correct in steps], model)
    enough = [model.mastery(state, "a").enough for state in states[SETTLED_RESPONSES:]]
    assert enough == sorted(enough)


@pytest.mark.parametrize("wrong", [{"learner_variance": 0.0}, {"growth": -0.1}, {"fading": 1.1}, {"standard": 1.0}])
def test_coefficients_out_of_bounds_are_refused(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        replace(DAY_ONE[DAY_ONE_VERSION], **wrong)


def test_serving_needs_no_scikit_learn():
    code = "import sys, engine.mastery.gaussian_filter, engine.pacing.mastery_paced; sys.exit('sklearn' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
