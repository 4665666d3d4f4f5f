"""Fitting tier 1: difficulties by rounds of filter and Newton, the constants tuned on held-out learners."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.mastery.fitting.difficulties import Parameters, prior_parameters, refit
from engine.mastery.fitting.metrics import log_loss
from engine.mastery.fitting.sequences import Bools, Floats, Table, Waves, waves_of
from engine.mastery.fitting.wavefront import Constants, Trace, run, sigmoid

ROUNDS = 3
HELD_OUT = 0.2
LEAST_TUNING_LEARNERS = 10
"""With fewer learners than this the day-one constants stay."""
TUNING_RESPONSES = 120_000
DAY_ONE = np.array([0.8, 0.6, 0.002, 0.02, 0.02])
LOW = np.array([0.02, 0.02, 1e-5, 1e-4, 1e-4])
HIGH = np.array([4.0, 4.0, 0.1, 0.3, 0.2])
_FIRST_STEP, _LAST_STEP = np.log(2.5), np.log(1.15)
_SEARCHES = 14


@dataclass(frozen=True, slots=True)
class FilterFit:
    """A fitted filter: its constants (learner variance, skill variance, learner drift, skill drift, growth) and parameters."""

    constants: Floats
    parameters: Parameters

    def trace(self, waves: Waves) -> Trace:
        """Run the fitted filter over learners."""
        p = self.parameters
        return run(waves, Constants.of(self.constants), p.offsets(waves), p.variance[waves.item])

    def predict(self, waves: Waves) -> Floats:
        """Return P(right) of each response before it is seen, by position."""
        return sigmoid(self.trace(waves).logit)


def fit_filter(table: Table, learners: Bools, rng: np.random.Generator, tags: Floats | None = None) -> FilterFit:
    """Fit the filter to the chosen learners.

    Args:
        tags: the authors' difficulties in logits by item, NaN without one.
    """
    constants = DAY_ONE
    chosen = np.flatnonzero(learners)
    if len(chosen) >= LEAST_TUNING_LEARNERS:
        held = np.zeros_like(learners)
        held[rng.choice(chosen, max(2, round(HELD_OUT * len(chosen))), replace=False)] = True
        rest = waves_of(table, learners & ~held)
        test = waves_of(table, _at_most(table, held, TUNING_RESPONSES))
        for _ in range(2):
            constants = tune(test, parameters_for(rest, constants, tags, 2), constants)
    waves = waves_of(table, learners)
    return FilterFit(constants, parameters_for(waves, constants, tags, ROUNDS))


def parameters_for(waves: Waves, constants: Floats, tags: Floats | None = None, rounds: int = ROUNDS) -> Parameters:
    """Alternate the filter with Newton's difficulties."""
    found = prior_parameters(waves, tags)
    for _ in range(rounds):
        trace = FilterFit(constants, found).trace(waves)
        found = refit(waves, trace, found, tags)
    return found


def tune(waves: Waves, parameters: Parameters, constants: Floats) -> Floats:
    """Return constants of lower log loss on these learners, by a pattern search that tries all directions in one pass."""
    step = np.full(len(constants), _FIRST_STEP)
    best, loss = constants.copy(), _losses(waves, parameters, constants[:, None])[0]
    for _ in range(_SEARCHES):
        moves = np.concatenate([np.diag(step), -np.diag(step)], axis=1)
        tried = np.clip(best[:, None] * np.exp(moves), LOW[:, None], HIGH[:, None])
        losses = _losses(waves, parameters, tried)
        gain = np.maximum(loss - losses, 0.0).reshape(2, -1)
        direction = np.where(gain[0] >= gain[1], 1.0, -1.0) * (gain.max(axis=0) > 0)
        both = np.clip(best * np.exp(direction * step), LOW, HIGH)
        tried = np.concatenate([tried, both[:, None]], axis=1)
        losses = np.append(losses, _losses(waves, parameters, both[:, None])[0])
        at = int(np.argmin(losses))
        if losses[at] < loss:
            best, loss = tried[:, at], losses[at]
        step = np.where(direction == 0, step / 2, step)
        if step.max() < _LAST_STEP:
            break
    return best


def _losses(waves: Waves, parameters: Parameters, constants: Floats) -> Floats:
    trace = run(waves, Constants.of(constants), parameters.offsets(waves), parameters.variance[waves.item])
    p = sigmoid(trace.logit)
    return np.array([log_loss(waves.correct, p[:, k]) for k in range(p.shape[1])])


def _at_most(table: Table, learners: Bools, responses: int) -> Bools:
    """Return as many of the learners as have about so many responses."""
    counts = np.bincount(table.learner[learners[table.learner]], minlength=table.learners)
    kept = np.zeros_like(learners)
    within = np.flatnonzero(learners)
    kept[within[: max(2, int(np.searchsorted(np.cumsum(counts[within]), responses)) + 1)]] = True
    return kept
