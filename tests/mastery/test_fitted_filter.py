"""The fitted filter as it serves: bounds, monotonicity, extreme inputs, JSON states."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.domain.mastery import Evidence, MasteryState
from engine.mastery import gaussian_filter
from engine.mastery.coefficients import BadCoefficients, RegressionWeights, from_json, to_json
from engine.mastery.gaussian_filter import GaussianFilter
from tests.mastery.simulated import SKILLS
from tests.mastery.test_wavefront import fitted

items = st.integers(0, 70).map(lambda k: f"item-{k}")
asked = st.lists(st.sampled_from((*SKILLS, "unheard-of")), min_size=1, max_size=4, unique=True)
answers = st.lists(st.tuples(items, asked, st.sampled_from(["easy", "medium", "hard", None]), st.booleans()), max_size=40)
logits = st.floats(-50, 50)
variances = st.floats(0.001, 50)
extreme = st.builds(
    lambda v, s, ld, sd, g, fading, base, iv, b, beta: replace(
        fitted(True),
        learner_variance=v,
        skill_variance=s,
        learner_drift=ld,
        skill_drift=sd,
        growth=g,
        fading=fading,
        base=base,
        item_variance=iv,
        items={"item-1": (b, iv), "item-2": (-b, 0.0)},
        betas={SKILLS[0]: beta, SKILLS[1]: -beta},
    ),
    *(variances, variances, *[st.floats(0, 1)] * 4, logits, variances, logits, logits),
)


def folded(model, steps):
    states = [model.start(SKILLS)]
    for name, skills, tag, correct in steps:
        states.append(model.update(states[-1], Evidence(model.item(name, skills, tag), correct)))
    return states


@settings(deadline=None, max_examples=60)
@given(extreme, answers)
def test_published_mastery_moves_with_the_answer_or_not_at_all(coefficients, steps):
    model = GaussianFilter(fitted=coefficients)
    states = folded(model, steps)
    for (_, skills, _, correct), before, after in zip(steps, states, states[1:], strict=False):
        for skill in {*SKILLS, *skills}:
            old, new = model.mastery(before, skill).probability, model.mastery(after, skill).probability
            assert 0 <= new <= 1
            assert new >= old if correct else new <= old


@settings(deadline=None, max_examples=60)
@given(extreme, answers)
def test_everything_stays_finite_and_within_bounds(coefficients, steps):
    model = GaussianFilter(fitted=coefficients)
    state = folded(model, steps)[-1]
    assert state.values["vt"] > 0
    assert all(row[1] > 0 and math.isfinite(row[0]) for row in state.values["skills"].values())
    for name in ("item-1", "item-2", "new"):
        assert 0 < model.predict(state, model.item(name, SKILLS[:2], None)) < 1
    known = model.mastery(state, SKILLS[0])
    assert 0 <= known.low <= known.high <= 1


@settings(deadline=None, max_examples=60)
@given(answers)
def test_tier_2_moves_predictions_and_never_mastery(steps):
    with_tier_2, without = GaussianFilter(fitted=fitted(True)), GaussianFilter(fitted=fitted(False))
    a, b = folded(with_tier_2, steps)[-1], folded(without, steps)[-1]
    assert all(with_tier_2.mastery(a, skill) == without.mastery(b, skill) for skill in SKILLS)
    assert "history" in a.values
    assert "history" not in b.values


@settings(deadline=None, max_examples=60)
@given(answers)
def test_a_state_survives_json(steps):
    model = GaussianFilter(fitted=fitted(True))
    state = folded(model, steps)[-1]
    again = MasteryState(state.model, state.version, json.loads(json.dumps(state.values)))
    item = model.item("item-7", SKILLS[:2], "hard")
    assert model.predict(again, item) == model.predict(state, item)
    assert model.update(again, Evidence(item, True)) == model.update(state, Evidence(item, True))


@settings(deadline=None, max_examples=60)
@given(answers)
def test_update_leaves_its_argument_alone(steps):
    model = GaussianFilter(fitted=fitted(True))
    state = folded(model, steps)[-1]
    before = json.dumps(state.values)
    model.update(state, Evidence(model.item("item-1", SKILLS[:3], None), True))
    assert json.dumps(state.values) == before


@pytest.mark.parametrize("floor", [0.0, 1e-9, 0.5, 0.8, 0.999999, 1 - 2**-53, 1.0])
def test_a_floor_is_reached_in_a_few_steps_even_at_certainty(floor, monkeypatch):
    calls = []
    phi = gaussian_filter._phi

    def counted(x):
        calls.append(x)
        assert len(calls) < 100, "the lock of the enrolment is held meanwhile"
        return phi(x)

    monkeypatch.setattr(gaussian_filter, "_phi", counted)
    model = GaussianFilter()
    state = model.raised(model.start(SKILLS), {SKILLS[0]: floor})
    assert floor <= model.mastery(state, SKILLS[0]).probability <= max(floor + 1e-6, 0.6)


def test_a_fitted_difficulty_beats_the_authors_tag():
    model = GaussianFilter(fitted=fitted(False))
    assert model.item("item-1", ["skill-1"], "hard").difficulty == fitted(False).items["item-1"][0]
    assert model.item("never-seen", ["skill-1"], "hard").difficulty == pytest.approx(0.7 * 0.8)
    assert model.version == "test-1"


@pytest.mark.parametrize(
    "wrong",
    [
        *({"base": 51.0}, {"base": -51}, {"slope": 0.0}, {"items": {"i": (0.0, -1.0)}}, {"betas": {"b": math.inf}}),
        *({"growth": math.nan}, {"growth": -0.01}, {"fading": 1.5}, {"skill_drift": 2}, {"learner_drift": -1e-9}),
        *({"learner_variance": 0.0}, {"skill_variance": 51.0}, {"item_variance": -0.1}),
        {"regression": RegressionWeights({"logit": math.inf}, 0.1)},
    ],
)
def test_coefficients_out_of_bounds_are_refused(wrong):
    with pytest.raises(BadCoefficients, match=r"version test-1: .* is .*; allowed: .*\. Fit again"):
        replace(fitted(False), **wrong)


@pytest.mark.parametrize("wrong", [{"base": "0.1"}, {"growth": None}, {"learner_variance": 10**400}, {"betas": []}])
def test_coefficients_that_are_no_numbers_are_refused(wrong):
    with pytest.raises(BadCoefficients):
        from_json(json.dumps(json.loads(to_json(fitted(True))) | wrong))


def test_a_constant_of_a_later_release_is_named_with_what_to_do():
    text = json.dumps(json.loads(to_json(fitted(False))) | {"forgetting": 0.1})
    with pytest.raises(BadCoefficients, match=r"'forgetting', which this release does not know .*coefficients\.v1.* Install"):
        from_json(text)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"schema": "other"}', '{"schema": "pacemate.mastery.coefficients.v1"}'])
def test_a_file_that_holds_no_coefficients_is_refused(text):
    with pytest.raises(BadCoefficients):
        from_json(text)


def test_serving_a_fit_needs_neither_numpy_nor_scikit_learn():
    code = (
        "import sys, engine.mastery.gaussian_filter, engine.mastery.coefficients, engine.mastery.log;"
        "sys.exit(any(m in sys.modules for m in ('sklearn', 'numpy', 'scipy')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
