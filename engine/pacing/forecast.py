"""How far a skill is from mastery: the chance of reaching it within so many items, and the items it takes. Closed form.

A model says where a learner stands as an 80 % band of the share of typical items right. Read in logits that is N(m, v). Each
further item tells about it, so after k of them v has shrunk to v_k, and m is spread as N(m + growth k, v - v_k): the
preposterior distribution (Raiffa & Schlaifer 1961, ch. 5). Practice ends when m is far enough above the standard for v_k.
"""

from __future__ import annotations

import math
from functools import lru_cache
from statistics import NormalDist

from engine.domain.mastery import SkillMastery

STANDARD = 0.75
"""The share of typical items right that mastery asks for, as in the models."""
INFORMATION = 0.12
"""What an item near p = .75 tells, in inverse squared logits: p (1 - p), less what its difficulty and the drift leave open.

Of .08, .12 and .17 the value that came out calibrated, at 3 and at 5 answers, fitted and not (docs/mastery.md, "Pacing").
"""
OVERSHOOT = 0.583
"""Share of a step's spread by which a walk overshoots its bound (Siegmund 1985, ch. 10)."""
_Z80 = 1.2815515655446004
_EDGE = 1e-6


def chance_within(known: SkillMastery, items: int, mastered_at: float) -> float:
    """Return P(mastery is reached within so many more items) in [0, 1], by the model's own band.

    Args:
        mastered_at: published mastery at which practice stops, in (0, 1).
    """
    return _chance(round(_logit(known.low), 4), round(_logit(known.high), 4), known.growth, items, mastered_at)


def items_to_mastery(known: SkillMastery, most: int, mastered_at: float) -> tuple[float, float]:
    """Return mean and variance of the items that practice takes until mastery, or until `most` are spent."""
    low, high = round(_logit(known.low), 4), round(_logit(known.high), 4)
    mean = square = before = 0.0
    for k in range(1, most + 1):
        reached = _chance(low, high, known.growth, k, mastered_at) if k < most else 1.0
        mean += (reached - before) * k
        square += (reached - before) * k * k
        before = reached
    return mean, max(square - mean * mean, 0.0)


def chance_in_a_row(known: SkillMastery, right: float, items: int) -> float:
    """Return P(so many right answers in a row), before the first of them.

    One right answer makes the next likelier, so this is more than a product: the mean of p^items over the model's band.

    Args:
        right: predicted chance of one right answer, in (0, 1).
    """
    return sum(weight * p**items for p, weight in levels(known, right))


def levels(known: SkillMastery, right: float | None = None) -> list[tuple[float, float]]:
    """Return chances of a right answer over the model's band, with their weights: three-point Gauss-Hermite rule.

    Args:
        right: predicted chance of the item asked, in (0, 1); a typical item where None.
    """
    low, high = _logit(known.low), _logit(known.high)
    spread = (high - low) / (2 * _Z80)
    middle = (low + high) / 2 if right is None else _logit(right) * math.sqrt(1 + math.pi * spread * spread / 8)
    nodes = ((middle - math.sqrt(3) * spread, 1 / 6), (middle, 2 / 3), (middle + math.sqrt(3) * spread, 1 / 6))
    return [(1 / (1 + math.exp(-z)), weight) for z, weight in nodes]


@lru_cache(maxsize=65536)
def _chance(low: float, high: float, growth: float, items: int, mastered_at: float) -> float:
    if items <= 0:
        return 0.0
    middle, spread = (low + high) / 2, (high - low) / (2 * _Z80)
    before = spread * spread
    after = before / (1 + items * INFORMATION * before)
    gap = _logit(STANDARD) + _quantile(mastered_at) * math.sqrt(after) - middle
    told = before - after
    if told <= 0:
        return 1.0 if gap <= 0 else 0.0
    if gap <= 0:
        return 1.0
    drift, scale = growth * items, math.sqrt(told)
    gap += OVERSHOOT * math.sqrt(told / items)
    # First passage of a walk with drift over a line (Siegmund 1985, eq. 3.14).
    tail = math.exp(min(2 * drift * gap / told, 50.0)) * _phi((-gap - drift) / scale)
    return min(_phi((drift - gap) / scale) + tail, 1.0)


def _logit(share: float) -> float:
    inside = min(max(share, _EDGE), 1 - _EDGE)
    return math.log(inside / (1 - inside))


def _phi(x: float) -> float:
    return 0.5 * math.erfc(-x * math.sqrt(0.5))


@lru_cache(maxsize=64)
def _quantile(p: float) -> float:
    return NormalDist().inv_cdf(p)
