"""The vectorised filter and its features against the online model, response by response."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from engine.domain.mastery import Evidence
from engine.mastery.coefficients import FittedCoefficients, FittedOn, RegressionWeights, Validation, from_json, to_json
from engine.mastery.fitting.difficulties import prior_parameters, refit
from engine.mastery.fitting.filter_fit import START, FilterFit, fit_filter
from engine.mastery.fitting.fit import in_use
from engine.mastery.fitting.sequences import table_of, waves_of
from engine.mastery.fitting.wavefront import Constants, run
from engine.mastery.gaussian_filter import GaussianFilter
from engine.mastery.history import NAMES
from tests.mastery.simulated import SKILLS, difficulties, simulated

TAGS = {"item-0": "easy", "item-1": "hard", "item-5": "medium", "item-10": "hard"}


def fitted(regression: bool) -> FittedCoefficients:
    weights = {name: 0.3 / (k + 1) * (-1) ** k for k, name in enumerate(NAMES)} | {"logit": 0.9}
    return FittedCoefficients(
        version="test-1",
        learner_variance=1.1,
        skill_variance=0.4,
        learner_drift=0.003,
        skill_drift=0.01,
        growth=0.03,
        fading=0.1,
        base=-0.6,
        item_variance=0.7,
        tag_weight=0.8,
        fitted_on=FittedOn(1, 1, 1, 1, "0"),
        validation=Validation(1, 1, 0.5, 0.7, 0.01, "day-one-2", 0.6),
        betas={skill: -0.5 - 0.1 * k for k, skill in enumerate(SKILLS[:4])},
        items={f"item-{k}": (b, 0.05 * (k % 7)) for k, b in enumerate(difficulties().values()) if k % 3},
        slope=1.1,
        shift=-0.05,
        regression=RegressionWeights(weights, 0.1) if regression else None,
    )


def online(log, model, tags):
    """Return P(right) of each response, by the model that serves."""
    states, out = {}, np.empty(len(log))
    for r in range(len(log)):
        skills = [log.skill_ids[s] for s in log.skill[log.skill_start[r] : log.skill_start[r + 1]]]
        name = log.item_ids[log.item[r]]
        item = model.item(name, skills, tags.get(name))
        state = states.get(log.learner[r]) or model.start(SKILLS)
        out[r] = model.predict(state, item)
        states[log.learner[r]] = model.update(state, Evidence(item, bool(log.correct[r])))
    return out


@pytest.mark.parametrize("current", [None, fitted(False), fitted(True)], ids=["day-one", "fitted", "fitted with tier 2"])
def test_all_learners_at_once_give_the_numbers_of_one_at_a_time(current):
    log = simulated(25, 60)
    table = table_of(log)
    waves = waves_of(table)
    at_once = np.empty(len(log))
    at_once[waves.row] = in_use(log, TAGS, current).predict(table, waves)
    one_by_one = online(log, GaussianFilter(fitted=current), TAGS)
    assert np.abs(at_once - one_by_one).max() < 1e-9


def test_golden_values_of_two_steps():
    # By hand: z = 0 + .7 - .5, V = .8 + .6 + .8 -> p0 = .549834, w = .247517, d = 1 / (1 + .247517 * 2.2)
    log = simulated(1, 4)
    waves = waves_of(table_of(log))
    trace = run(waves, Constants.of(START), np.full(len(waves), -0.2), np.full(len(waves), 0.8))
    error = (log.correct[0] - 0.549834) / (1 + 0.247517 * (0.8 + 0.6 / len(log.skill[: log.skill_start[1]]) + 0.8))
    assert trace.z[0] == pytest.approx(0.2)
    assert trace.learner[1] == pytest.approx(0.8 * error, abs=1e-6)


def test_candidates_side_by_side_give_the_numbers_of_each_alone():
    waves = waves_of(table_of(simulated(20, 30)))
    offset, variance = np.linspace(-1, 1, len(waves)), np.linspace(0.1, 0.9, len(waves))
    tried = np.column_stack([START, START * 2, START / 3])
    together = run(waves, Constants.of(tried), offset, variance)
    for k in range(3):
        alone = run(waves, Constants.of(tried[:, k]), offset, variance)
        assert np.abs(together.z[:, k] - alone.z).max() < 1e-12
        assert np.abs(together.variance[:, k] - alone.variance).max() < 1e-12


def test_waves_hold_every_row_once_and_each_learner_in_order():
    table = table_of(simulated(30, 20))
    chosen = np.arange(30) % 3 > 0
    waves = waves_of(table, chosen)
    assert sorted(waves.row) == list(np.flatnonzero(chosen[table.learner]))
    for slot in range(waves.learners):
        mine = waves.row[waves.slot == slot]
        assert len(set(table.learner[mine])) == 1
        assert list(mine) == sorted(mine)


def test_difficulties_are_found_again():
    log = simulated(400, 60)
    waves = waves_of(table_of(log))
    found = prior_parameters(waves)
    for _ in range(3):
        found = refit(waves, FilterFit(START, found).trace(waves), found)
    true = np.array([difficulties()[name] for name in log.item_ids])
    assert np.corrcoef(true, found.difficulty)[0, 1] > 0.95
    assert 0.5 < np.polyfit(true, found.difficulty, 1)[0] < 1.2
    assert (found.variance < found.item_spread).all()


def test_few_responses_leave_the_constants_near_day_one_and_many_move_them():
    def constants(learners, each):
        table = table_of(simulated(learners, each))
        return fit_filter(table, np.ones(learners, dtype=bool), np.random.default_rng(0)).constants

    # Without a prior 28 learners buy ten times the growth, and a course in which no answers are enough evidence.
    few = constants(28, 30) / START
    assert few.max() < 3
    assert few.min() > 1 / 3
    assert constants(400, 60)[4] > 3 * START[4]


def tag_weight(told):
    log = simulated(120, 60)
    waves = waves_of(table_of(log))
    tags = np.digitize(told(np.array([difficulties()[name] for name in log.item_ids])), [-0.4, 0.4]) * 0.7 - 0.7
    found = prior_parameters(waves, tags)
    for _ in range(3):
        found = refit(waves, FilterFit(START, found).trace(waves), found, tags)
    return found.tag_weight


def test_authors_tags_weigh_as_much_as_the_responses_bear_out():
    assert tag_weight(lambda true: true) > 0.7
    assert tag_weight(lambda true: -true) == 0
    assert np.mean([tag_weight(np.random.default_rng(k).permutation) for k in range(6)]) < 0.4


def test_coefficients_come_back_from_json_as_they_were():
    for found in (fitted(True), fitted(False)):
        assert from_json(to_json(found)) == replace(found)


def test_coefficients_from_before_growth_faded_keep_their_numbers():
    steady = replace(fitted(True), fading=0.0)
    text = json.dumps({name: value for name, value in json.loads(to_json(steady)).items() if name != "fading"})
    assert from_json(text) == steady
    log = simulated(3, 30)
    assert (online(log, GaussianFilter(fitted=from_json(text)), TAGS) == online(log, GaussianFilter(fitted=steady), TAGS)).all()
