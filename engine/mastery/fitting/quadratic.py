"""Tier 2 with products of features: what a quadratic form in what the logistic regression looks at would gain. Not served.

Ridge regression by Newton's method (Hastie, Tibshirani & Friedman 2009, ch. 4.4) over chunks of rows, so that the products of a
large log never stand in memory at once.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from engine.mastery.fitting.sequences import Floats
from engine.mastery.fitting.wavefront import sigmoid
from engine.mastery.history import NAMES

RIDGE = 100.0
"""On standardised columns."""
MOST_ROWS = 120_000
"""More rows tell nothing new of some 300 weights."""
CHUNK = 8_192
MOST_STEPS = 12
SMALL_STEP = 2e-3
_ALONE = ("learner_variance", "last_same_surprise", "skill_share_80")
_PAIRED = tuple(name for name in NAMES if name not in _ALONE)
PRODUCTS = tuple((a, b) for k, a in enumerate(_PAIRED) for b in _PAIRED[k:])
"""Pairs of features whose product is looked at, squares included."""
COLUMNS = len(NAMES) + len(PRODUCTS)
_PAIRED_AT = np.array([NAMES.index(name) for name in _PAIRED])


def expand(x: Floats) -> Floats:
    """Return features with their products, of shape (n, COLUMNS)."""
    out = np.empty((len(x), COLUMNS))
    end = len(NAMES)
    out[:, :end] = x[:, :end]
    paired = x[:, _PAIRED_AT]
    # Block by block: to gather the columns of all pairs first takes three times as long.
    for k in range(len(_PAIRED)):
        begin, end = end, end + len(_PAIRED) - k
        np.multiply(paired[:, k, None], paired[:, k:], out=out[:, begin:end])
    return out


def logits(x: Floats, weights: Floats, intercept: float) -> Floats:
    """Return the weighted sums of features and products, of shape (n,)."""
    out = np.empty(len(x))
    for rows in _chunks(len(x)):
        out[rows] = expand(x[rows]) @ weights + intercept
    return out


def regress(x: Floats, y: Floats, rng: np.random.Generator) -> tuple[Floats, float]:
    """Return weights of the expanded columns and the intercept, for raw features; both answers must occur."""
    if len(y) > MOST_ROWS:
        kept = np.sort(rng.choice(len(y), MOST_ROWS, replace=False))
        x, y = x[kept], y[kept]
    mean, spread = _moments(x)
    share = float(np.clip(y.mean(), 1e-3, 1 - 1e-3))
    at = np.zeros(COLUMNS + 1)
    at[-1] = np.log(share / (1 - share))
    ridge = np.append(np.full(COLUMNS, RIDGE), 0.0)
    before, loss_before = at, np.inf
    for _ in range(MOST_STEPS):
        loss, slope, curve = _pass(x, y, at, mean, spread)
        loss += 0.5 * float(ridge @ at**2)
        if loss > loss_before:
            at = (at + before) / 2
            continue
        step = np.linalg.solve(curve + np.diag(ridge + 1e-6), slope - ridge * at)
        before, loss_before, at = at, loss, at + step
        if np.abs(step).max() < SMALL_STEP:
            break
    raw: Floats = at[:-1] / spread
    return raw, float(at[-1] - raw @ mean)


def _moments(x: Floats) -> tuple[Floats, Floats]:
    """Return means and standard deviations of the expanded columns; 1 for a column that stands still."""
    total, squares = np.zeros(COLUMNS), np.zeros(COLUMNS)
    for rows in _chunks(len(x)):
        wide = expand(x[rows])
        total += wide.sum(axis=0)
        squares += (wide**2).sum(axis=0)
    mean = total / len(x)
    spread = np.sqrt(np.maximum(squares / len(x) - mean**2, 0.0))
    return mean, np.where(spread > 1e-6 * (1 + np.abs(mean)), spread, 1.0)


def _pass(x: Floats, y: Floats, at: Floats, mean: Floats, spread: Floats) -> tuple[float, Floats, Floats]:
    """Return negative log likelihood, its downhill slope and its curvature at some weights."""
    loss, slope, curve = 0.0, np.zeros(len(at)), np.zeros((len(at), len(at)))
    for rows in _chunks(len(x)):
        wide = np.column_stack([(expand(x[rows]) - mean) / spread, np.ones(len(y[rows]))])
        z = wide @ at
        p = sigmoid(z)
        loss += float(np.sum(np.logaddexp(0.0, z) - y[rows] * z))
        slope += wide.T @ (y[rows] - p)
        # The curvature only steers the steps: single precision is enough, and twice as fast.
        narrow = (wide * np.sqrt(p * (1 - p))[:, None]).astype(np.float32)
        curve += narrow.T @ narrow
    return loss, slope, curve


def _chunks(n: int) -> Iterator[slice]:
    return (slice(at, at + CHUNK) for at in range(0, n, CHUNK))
