"""Tier 2 with products of features: a quadratic form in what the logistic regression looks at, still a stored sum when served.

Ridge regression by Newton's method (Hastie, Tibshirani & Friedman 2009, ch. 4.4) over chunks of rows, so that the products of a
large log never stand in memory at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from engine.mastery.fitting.sequences import Floats
from engine.mastery.fitting.wavefront import sigmoid
from engine.mastery.history import NAMES, PRODUCTS, product_name

RIDGE = 100.0
"""On standardised columns."""
MOST_ROWS = 120_000
"""More rows tell nothing new of some 300 weights."""
CHUNK = 8_192
MOST_STEPS = 12
SMALL_STEP = 2e-3
EXPANDED = NAMES + tuple(product_name(a, b) for a, b in PRODUCTS)
_AT = {name: k for k, name in enumerate(NAMES)}
_LEFT, _RIGHT = (np.array([_AT[pair[side]] for pair in PRODUCTS]) for side in (0, 1))


def expand(x: Floats) -> Floats:
    """Return features with their products, of shape (n, len(EXPANDED))."""
    k = len(NAMES)
    return np.concatenate([x[:, :k], x[:, _LEFT] * x[:, _RIGHT]], axis=1)


def logits(x: Floats, weights: Mapping[str, float], intercept: float) -> Floats:
    """Return the logits that are served: the weighted sum of features, and of products where there are any."""
    k = len(NAMES)
    w = np.array([weights.get(name, 0.0) for name in EXPANDED])
    out = np.empty(len(x))
    if not w[k:].any():
        out[:] = x[:, :k] @ w[:k] + intercept
        return out
    for rows in _chunks(len(x)):
        out[rows] = expand(x[rows]) @ w + intercept
    return out


def regress(x: Floats, y: Floats, rng: np.random.Generator) -> tuple[Mapping[str, float], float]:
    """Return weights by name and the intercept, for raw features; both answers must occur."""
    if len(y) > MOST_ROWS:
        kept = np.sort(rng.choice(len(y), MOST_ROWS, replace=False))
        x, y = x[kept], y[kept]
    mean, spread = _moments(x)
    share = float(np.clip(y.mean(), 1e-3, 1 - 1e-3))
    at = np.zeros(len(EXPANDED) + 1)
    at[-1] = np.log(share / (1 - share))
    ridge = np.append(np.full(len(EXPANDED), RIDGE), 0.0)
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
    raw = at[:-1] / spread
    return dict(zip(EXPANDED, raw.tolist(), strict=True)), float(at[-1] - raw @ mean)


def _moments(x: Floats) -> tuple[Floats, Floats]:
    """Return means and standard deviations of the expanded columns; 1 for a column that stands still."""
    total, squares = np.zeros(len(EXPANDED)), np.zeros(len(EXPANDED))
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
