"""Tier 2: calibrations of the filter on features of recent answers, cross-fitted over parts of the learners.

The filter that makes a learner's features has never seen that learner; otherwise its difficulties would know the answers, and
tier 2 would trust it too much.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression

from engine.mastery.fitting.filter_fit import FilterFit, parameters_for
from engine.mastery.fitting.histories import ALL_NAMES, features
from engine.mastery.fitting.metrics import log_loss
from engine.mastery.fitting.quadratic import logits, regress
from engine.mastery.fitting.sequences import Bools, Floats, Ints, Table, waves_of
from engine.mastery.fitting.wavefront import sigmoid
from engine.mastery.history import NAMES

PARTS = 4
VALIDATION_PARTS = 5
LEAST_LEARNERS = 20
"""With fewer learners tier 1 speaks alone."""
_RIDGE = 1.0
Predict = Callable[[Floats], Floats]


@dataclass(frozen=True, slots=True)
class Sample:
    """Features of training learners, made by filters that have not seen them.

    Args:
        x: of shape (n, len(ALL_NAMES)).
        correct: of shape (n,).
        learner: code of the learner of each row.
    """

    x: Floats
    correct: Floats
    learner: Ints


@dataclass(frozen=True, slots=True)
class Calibration:
    """A calibration with what it did on validation learners.

    Args:
        predict: P(right) from features.
        loss, filter_loss: log loss on validation learners, of it and of tier 1 alone.
        weights, intercept: of the logistic regression that serves, in logits by feature; empty for what is for evaluation only.
    """

    predict: Predict
    loss: float
    filter_loss: float
    weights: Mapping[str, float] = field(default_factory=dict)
    intercept: float = 0.0

    @property
    def kept(self) -> bool:
        """Return whether it lowers validation log loss."""
        return self.loss < self.filter_loss


def cross_fitted(table: Table, learners: Bools, fit: FilterFit, rng: np.random.Generator, tags: Floats | None = None) -> Sample:
    """Return features of the learners, each part's by a filter fitted to the other parts."""
    part = rng.permutation(table.learners) % PARTS
    samples = []
    for k in range(PARTS):
        others, own = learners & (part != k), learners & (part == k)
        if not others.any() or not own.any():
            continue
        sub = FilterFit(fit.constants, parameters_for(waves_of(table, others), fit.constants, tags))
        waves = waves_of(table, own)
        samples.append((features(sub, waves, table.time_s), waves.correct, table.learner[waves.row]))
    return Sample(*(np.concatenate(column) for column in zip(*samples, strict=True)))


def fit_regression(sample: Sample, rng: np.random.Generator, tier_1: FilterFit) -> Calibration:
    """Fit a logistic regression; its weights can be exported and served as a dot product."""
    held, k = _held_out(sample, rng), len(NAMES)
    weights, intercept = _regress(sample.x[~held, :k], sample.correct[~held])
    loss = log_loss(sample.correct[held], sigmoid(sample.x[held, :k] @ weights + intercept))
    weights, intercept = _regress(sample.x[:, :k], sample.correct)

    def predict(x: Floats) -> Floats:
        return sigmoid(x[:, :k] @ weights + intercept)

    named = dict(zip(NAMES, weights.tolist(), strict=True))
    return Calibration(predict, loss, _filter_loss(sample, held, tier_1), named, intercept)


def fit_quadratic(sample: Sample, rng: np.random.Generator, tier_1: FilterFit) -> Calibration:
    """Fit a logistic regression on features and their products; for evaluation, never served."""
    held = _held_out(sample, rng)
    tier_1_loss = _filter_loss(sample, held, tier_1)
    if len(np.unique(sample.correct[~held])) < 2:
        return Calibration(lambda x: sigmoid(x[:, 0]), tier_1_loss, tier_1_loss)
    weights, intercept = regress(sample.x[~held], sample.correct[~held], rng)
    loss = log_loss(sample.correct[held], sigmoid(logits(sample.x[held], weights, intercept)))
    weights, intercept = regress(sample.x, sample.correct, rng)
    return Calibration(lambda x: sigmoid(logits(x, weights, intercept)), loss, tier_1_loss)


def fit_trees(sample: Sample, rng: np.random.Generator, tier_1: FilterFit) -> Calibration:
    """Fit boosted trees, rising in the filter's logit; for evaluation, never served."""
    held = _held_out(sample, rng)
    tier_1_loss = _filter_loss(sample, held, tier_1)
    if len(np.unique(sample.correct[~held])) < 2:
        return Calibration(lambda x: sigmoid(x[:, 0]), tier_1_loss, tier_1_loss)
    model = HistGradientBoostingClassifier(
        learning_rate=0.06,
        max_iter=300,
        max_leaf_nodes=24,
        min_samples_leaf=200,
        l2_regularization=5.0,
        max_features=0.5,
        monotonic_cst=[int(name == "logit") for name in ALL_NAMES],
        early_stopping=True,
        n_iter_no_change=10,
        tol=1e-6,
        random_state=int(rng.integers(2**31)),
    )
    model.fit(sample.x[~held], sample.correct[~held], X_val=sample.x[held], y_val=sample.correct[held])

    def predict(x: Floats) -> Floats:
        p: Floats = model.predict_proba(x)[:, 1]
        return p

    return Calibration(predict, log_loss(sample.correct[held], predict(sample.x[held])), tier_1_loss)


def _held_out(sample: Sample, rng: np.random.Generator) -> Bools:
    who = np.unique(sample.learner)
    chosen = rng.choice(who, max(1, len(who) // VALIDATION_PARTS), replace=False)
    held: Bools = np.isin(sample.learner, chosen)
    return held


def _filter_loss(sample: Sample, held: Bools, tier_1: FilterFit) -> float:
    return log_loss(sample.correct[held], sigmoid(tier_1.slope * sample.x[held, 0] + tier_1.shift))


def _regress(x: Floats, y: Floats) -> tuple[Floats, float]:
    """Return weights and intercept for raw features; the ridge is on standardised ones."""
    if len(np.unique(y)) < 2:
        return np.eye(len(NAMES))[0], 0.0
    mean, spread = x.mean(axis=0), x.std(axis=0)
    spread = np.where(spread > 1e-9, spread, 1.0)
    standard = x - mean
    standard /= spread
    model = LogisticRegression(C=1 / _RIDGE, max_iter=300).fit(standard, y)
    weights: Floats = model.coef_[0] / spread
    return weights, float(model.intercept_[0] - weights @ mean)
