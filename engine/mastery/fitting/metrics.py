"""Metrics of predictions, pooled over all rows given."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.mastery.fitting.sequences import Floats

ECE_BINS = 15
_EDGE = 1e-6


@dataclass(frozen=True, slots=True)
class Metrics:
    """Quality of predictions.

    Args:
        auc: area under the ROC curve; NaN where all answers are alike.
        rmse: root mean squared error of P(right).
        log_loss: mean negative log likelihood in nats.
        ece: expected calibration error over 15 equal-width bins.
    """

    auc: float
    rmse: float
    log_loss: float
    ece: float


def measure(correct: Floats, p: Floats) -> Metrics:
    """Return the metrics of predictions p of shape (n,) for answers of 0 and 1."""
    return Metrics(
        auc(correct, p), float(np.sqrt(np.mean((p - correct) ** 2))), log_loss(correct, p), calibration_error(correct, p)
    )


def auc(correct: Floats, p: Floats) -> float:
    """Return the area under the ROC curve by ranks, ties at their mean rank (Mann & Whitney 1947)."""
    order = np.argsort(p, kind="stable")
    ranked = p[order]
    edges = np.flatnonzero(np.concatenate([[True], ranked[1:] != ranked[:-1], [True]]))
    ranks = np.repeat((edges[:-1] + edges[1:] + 1) / 2.0, np.diff(edges))
    right = float(correct.sum())
    wrong = len(correct) - right
    if right == 0 or wrong == 0:
        return float("nan")
    return (float(ranks[correct[order] > 0].sum()) - right * (right + 1) / 2) / (right * wrong)


def log_loss(correct: Floats, p: Floats) -> float:
    """Return the mean negative log likelihood, probabilities kept a millionth off 0 and 1."""
    q = np.clip(p, _EDGE, 1 - _EDGE)
    return float(-np.mean(correct * np.log(q) + (1 - correct) * np.log1p(-q)))


def calibration_error(correct: Floats, p: Floats) -> float:
    """Return the mean gap between P(right) and the share right over equal-width bins, weighted by their rows."""
    bins = np.minimum((p * ECE_BINS).astype(np.int64), ECE_BINS - 1)
    gap = np.bincount(bins, p, ECE_BINS) - np.bincount(bins, correct, ECE_BINS)
    return float(np.abs(gap).sum() / len(p))
