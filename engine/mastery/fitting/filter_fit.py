"""Fitting tier 1: difficulties by rounds of filter and Newton, the constants tuned on held-out learners."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.mastery import gaussian_filter
from engine.mastery.fitting.difficulties import Parameters, prior_parameters, refit
from engine.mastery.fitting.metrics import log_loss
from engine.mastery.fitting.sequences import Bools, Floats, Ints, Table, Waves, waves_of
from engine.mastery.fitting.wavefront import Constants, Trace, run, sigmoid

ROUNDS = 3
TUNING_PARTS = 5
LARGE = 300_000
"""Above so many responses one part of the learners tells enough; below, each is held out in turn."""
LEAST_TUNING_LEARNERS = 10
"""With fewer learners than this the constants stay where the search would start."""
TUNING_RESPONSES, TUNING_TURNS = 100_000, 2_500
"""Tuning reads so many responses at most, and of a learner so many."""
CONSTANTS = ("learner_variance", "skill_variance", "learner_drift", "skill_drift", "growth")
FADING = 0.05
"""Where the search for the fading of growth starts; before any fit growth does not fade."""
START = np.array([*(getattr(gaussian_filter.DAY_ONE[gaussian_filter.DAY_ONE_VERSION], name) for name in CONSTANTS), FADING])
"""Where the search starts: the day-one values, and a fading that those do not have."""
LOW = np.array([0.02, 0.02, 1e-5, 1e-4, 1e-4, 1e-3])
HIGH = np.array([4.0, 4.0, 0.1, 0.3, 0.5, 1.0])
PRIOR_SPREAD = 0.5
"""Standard deviation of a constant's logarithm around where the search starts: few responses must not buy drifts so large that
no number of answers is enough evidence; from some ten thousand on it weighs little."""
SEARCHES = ((0.9, 9), (0.3, 5))
"""First steps and passes of the pattern search, after each of which the difficulties are fitted anew."""


@dataclass(frozen=True, slots=True)
class FilterFit:
    """A fitted filter, its constants and parameters.

    Args:
        constants: learner variance, skill variance, learner drift, skill drift, growth, fading.
        slope, shift: what predicted logits are stretched and moved by.
    """

    constants: Floats
    parameters: Parameters
    slope: float = 1.0
    shift: float = 0.0

    def trace(self, waves: Waves) -> Trace:
        """Run the fitted filter over learners."""
        p = self.parameters
        return run(waves, Constants.of(self.constants), p.offsets(waves), p.variance[waves.item])

    def predict(self, waves: Waves) -> Floats:
        """Return P(right) of each response before it is seen, by position."""
        return sigmoid(self.slope * self.trace(waves).logit + self.shift)


def fit_filter(table: Table, learners: Bools, rng: np.random.Generator, tags: Floats | None = None) -> FilterFit:
    """Fit the filter to the chosen learners.

    Args:
        tags: the authors' difficulties in logits by item, NaN without one.
    """
    constants, slope, shift = START, 1.0, 0.0
    chosen = np.flatnonzero(learners)
    if len(chosen) >= LEAST_TUNING_LEARNERS:
        part = np.full(table.learners, -1)
        part[rng.permutation(chosen)] = np.arange(len(chosen)) % TUNING_PARTS
        large = int(np.count_nonzero(learners[table.learner])) > LARGE
        judged = (part == 0) if large else learners
        test = waves_of(table, _at_most(table, judged, TUNING_RESPONSES, rng), TUNING_TURNS)
        for step, searches in SEARCHES:
            offset, variance = _unseen(table, test, part, constants, tags)
            constants = tune(test, offset, variance, constants, step, searches)
        slope, shift = _platt(run(test, Constants.of(constants), offset, variance).logit, test.correct)
    waves = waves_of(table, learners)
    return FilterFit(constants, parameters_for(waves, constants, tags, ROUNDS), slope, shift)


def parameters_for(waves: Waves, constants: Floats, tags: Floats | None = None, rounds: int = ROUNDS) -> Parameters:
    """Alternate the filter with Newton's difficulties."""
    found = prior_parameters(waves, tags)
    for _ in range(rounds):
        trace = FilterFit(constants, found).trace(waves)
        found = refit(waves, trace, found, tags)
    return found


def _platt(logit: Floats, correct: Floats) -> tuple[float, float]:
    """Return the slope and shift of highest likelihood (Platt 1999), held to 1 and 0 as by a hundred responses."""
    x = np.column_stack([logit, np.ones(len(logit))])
    held, at = np.array([1.0, 0.0]), np.array([1.0, 0.0])
    for _ in range(8):
        p = sigmoid(x @ at)
        curve = x.T @ (x * (p * (1 - p))[:, None]) + 25 * np.eye(2)
        at = at + np.linalg.solve(curve, x.T @ (correct - p) - 25 * (at - held))
    return float(np.clip(at[0], 0.5, 2.0)), float(np.clip(at[1], -1.0, 1.0))


def _unseen(table: Table, test: Waves, part: Ints, constants: Floats, tags: Floats | None) -> tuple[Floats, Floats]:
    """Return offsets and item variances of the tested rows, each learner's from a fit to the other parts."""
    offset, variance = np.empty(len(test)), np.empty(len(test))
    own = part[table.learner[test.row]]
    for k in np.unique(own):
        fitted = parameters_for(waves_of(table, (part >= 0) & (part != k)), constants, tags, 2)
        at = own == k
        offset[at], variance[at] = fitted.offsets(test)[at], fitted.variance[test.item[at]]
    return offset, variance


def tune(waves: Waves, offset: Floats, item_variance: Floats, constants: Floats, step: float, searches: int) -> Floats:
    """Return constants of higher posterior on these learners, by a pattern search that tries all directions in one pass.

    Args:
        step: first step in natural logarithms; halved for a constant that gains by neither direction.
    """
    k = len(constants)
    steps, best, both = np.full(k, step), constants.copy(), constants.copy()
    for _ in range(searches):
        moves = np.concatenate([np.diag(steps), -np.diag(steps), np.zeros((k, 1))], axis=1)
        tried = np.clip(best[:, None] * np.exp(moves), LOW[:, None], HIGH[:, None])
        tried = np.concatenate([tried, both[:, None]], axis=1)
        losses = _losses(waves, offset, item_variance, tried)
        here = losses[2 * k]
        gain = np.maximum(here - losses[: 2 * k], 0.0).reshape(2, k)
        direction = np.where(gain[0] >= gain[1], 1.0, -1.0) * (gain.max(axis=0) > 0)
        at = int(np.argmin(losses))
        # The next pass also tries all gains of this one together.
        both = np.clip(best * np.exp(direction * steps), LOW, HIGH)
        best = tried[:, at]
        steps = np.where(direction == 0, steps / 2, steps)
    return best


def _losses(waves: Waves, offset: Floats, item_variance: Floats, constants: Floats) -> Floats:
    trace = run(waves, Constants.of(constants), offset, item_variance)
    p = sigmoid(trace.logit)
    prior: Floats = ((np.log(constants / START[:, None]) / PRIOR_SPREAD) ** 2).sum(axis=0) / 2
    losses: Floats = np.array([log_loss(waves.correct, p[:, k]) for k in range(p.shape[1])])
    losses += prior / max(len(waves), 1)
    return losses


def _at_most(table: Table, learners: Bools, responses: int, rng: np.random.Generator) -> Bools:
    """Return as many of the learners as have about so many responses, at least two."""
    chosen = rng.permutation(np.flatnonzero(learners))
    counts = np.minimum(np.bincount(table.learner, minlength=table.learners)[chosen], TUNING_TURNS)
    kept = np.zeros_like(learners)
    kept[chosen[: max(2, int(np.searchsorted(np.cumsum(counts), responses)) + 1)]] = True
    return kept
