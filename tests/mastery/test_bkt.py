"""Bayesian knowledge tracing as a mastery model: golden values by hand, bounds, monotonicity."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.domain.errors import Malformed
from engine.domain.mastery import Evidence, SkillPrior
from engine.domain.ports import MasteryModel
from engine.mastery.bkt import Bkt, Parameters

PARAMETERS = Parameters(known=0.4, learn=0.2, slip=0.1, guess=0.25)


def after(model, answers, skills=("s",)):
    state = model.start(["s", "other"])
    for correct in answers:
        state = model.update(state, Evidence(model.item("i", skills, None), correct))
    return state


def test_one_answer_is_bayes_rule_and_then_learning():
    model = Bkt({"s": PARAMETERS})
    assert isinstance(model, MasteryModel)
    # P(known | right) = .4 x .9 / (.4 x .9 + .6 x .25) = 12/17; then a fifth of the rest learns.
    assert model.mastery(after(model, [True]), "s").probability == pytest.approx(12 / 17 + 5 / 17 * 0.2)
    # P(known | wrong) = .4 x .1 / (.4 x .1 + .6 x .75) = 4/49.
    wrong = after(model, [False])
    assert model.mastery(wrong, "s").probability == pytest.approx(4 / 49 + 45 / 49 * 0.2)
    assert model.predict(model.start(["s"]), model.item("i", ["s"], "hard")) == pytest.approx(0.4 * 0.9 + 0.6 * 0.25)
    assert model.mastery(wrong, "other").responses == 0


def test_an_item_of_two_skills_is_right_for_who_knows_both():
    model = Bkt({"s": PARAMETERS, "other": Parameters(known=0.5, learn=0.2, slip=0.1, guess=0.25)})
    state = after(model, [True], ("s", "other"))
    whole = 0.2 * 0.9 + 0.8 * 0.25
    known = 0.4 * (0.5 * 0.9 + 0.5 * 0.25) / whole
    assert model.mastery(state, "s").probability == pytest.approx(known + (1 - known) * 0.2)


def test_bands_need_evidence_and_parameters_are_bounded():
    model = Bkt({"s": PARAMETERS})
    assert model.mastery(model.start(["s"]), "s").band == "new"
    sure = model.mastery(after(model, [True] * 8), "s")
    assert (sure.band, sure.low, sure.high) == ("mastered", 0.9, 0.9)
    assert model.mastery(after(model, [False] * 3), "s").band == "learning"
    for wrong in ({"slip": 0.6}, {"guess": 0.51}, {"known": 0.0}, {"learn": 1.1}):
        with pytest.raises(ValueError, match=next(iter(wrong))):
            Parameters(**wrong)


@given(
    st.builds(Parameters, st.floats(0.01, 0.99), st.floats(0.001, 0.9), st.floats(0.01, 0.5), st.floats(0.01, 0.5)),
    st.lists(st.tuples(st.booleans(), st.sampled_from([("s",), ("other",), ("s", "other")])), max_size=60),
)
def test_mastery_is_bounded_and_never_moves_against_an_answer(parameters, answers):
    model = Bkt(other=parameters)
    state = model.start(["s", "other"])
    for correct, skills in answers:
        before = {skill: model.mastery(state, skill).probability for skill in ("s", "other")}
        item = model.item("i", skills, None)
        assert 0 <= model.predict(state, item) <= 1
        state = model.update(state, Evidence(item, correct))
        for skill in ("s", "other"):
            known = model.mastery(state, skill)
            assert 0 <= known.probability <= 1
            assert known.low <= known.high or parameters.guess > 1 - parameters.slip
            assert known.probability >= before[skill] if correct else known.probability <= before[skill]


def test_a_prior_moves_what_is_known_half_the_way_and_a_floor_holds():
    model = Bkt()
    fresh = model.mastery(model.start(["a"]), "a").probability
    prior = SkillPrior("a", 6.0, 0.2, "e")
    state = model.start(["a"], [prior, SkillPrior("elsewhere", 6.0, 0.2, "e")])
    known = model.mastery(state, "a")
    assert fresh < known.probability == pytest.approx((fresh + 1) / 2, abs=1e-6)
    assert known.responses == 0
    raised = model.raised(state, {"a": 0.9, "b": 0.5})
    assert [model.mastery(raised, skill).probability for skill in "ab"] == [0.9, 0.5]
    assert model.raised(raised, {"a": 0.1}) == raised
    with pytest.raises(Malformed, match="no stored fits"):
        model.with_coefficients("{}")
