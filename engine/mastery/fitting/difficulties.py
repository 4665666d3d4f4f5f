"""Item difficulties and skill betas: maximum a posteriori by diagonal Newton steps, given what the filter held.

The filter's state stands in for ability, as in the alternating estimation of the Rasch model (Lord 1980, ch. 12); the variances
of the priors and the weight of the authors' tags are set by empirical Bayes (Morris 1983).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.mastery.fitting.sequences import Floats, Waves
from engine.mastery.fitting.wavefront import Trace, sigmoid

NEWTON_STEPS = 6
LEAST_VARIANCE, MOST_VARIANCE = 0.02, 9.0
MAX_STEP = 1.5
"""No Newton step moves a parameter by more logits than this."""


@dataclass(frozen=True, slots=True)
class Parameters:
    """What is known of items and skills, in logits and squared logits.

    Args:
        difficulty, variance: by item code, around 0.
        beta: by skill code; minus the easiness of its typical item.
        base: the beta of a skill nobody has seen.
        item_spread, skill_spread: prior variances.
        tag_weight: what share of an author's tag the responses bear out.
    """

    difficulty: Floats
    variance: Floats
    beta: Floats
    base: float
    item_spread: float
    skill_spread: float
    tag_weight: float

    def offsets(self, waves: Waves) -> Floats:
        """Return difficulty plus mean beta, by position."""
        out: Floats = self.difficulty[waves.item] + waves.mean_over_skills(self.beta)
        return out


def prior_parameters(waves: Waves, tags: Floats | None = None) -> Parameters:
    """Return parameters before any fitting: every skill as easy as the whole log.

    Args:
        tags: the authors' difficulties in logits by item, NaN without one.
    """
    share = float(np.clip(waves.correct.mean(), 0.02, 0.98)) if len(waves) else 0.7
    base = -float(np.log(share / (1 - share)))
    difficulty = np.zeros(waves.items) if tags is None else np.nan_to_num(tags)
    return Parameters(difficulty, np.full(waves.items, 0.8), np.full(waves.skills, base), base, 0.8, 0.3, 1.0)


def refit(waves: Waves, trace: Trace, before: Parameters, tags: Floats | None = None) -> Parameters:
    """Return parameters that fit the responses, given the filter's trace under the parameters before."""
    known = trace.z + before.offsets(waves)
    scale = 1.0 / np.sqrt(1 + np.pi * np.maximum(trace.variance - before.variance[waves.item], 0.0) / 8)
    tag = np.zeros(waves.items) if tags is None else np.nan_to_num(tags)
    b, beta, base, weight = before.difficulty.copy(), before.beta.copy(), before.base, before.tag_weight
    item_spread, skill_spread = before.item_spread, before.skill_spread
    edge_row, edge_share = waves.edge_rows(), np.repeat(waves.share, np.diff(waves.edge_at))
    seen_item = np.bincount(waves.item, minlength=waves.items) > 0
    seen_skill = np.bincount(waves.edge_skill, minlength=waves.skills) > 0
    variance = before.variance
    for _ in range(NEWTON_STEPS):
        p = sigmoid(scale * (known - b[waves.item] - waves.mean_over_skills(beta)))
        slope, curve = scale * (p - waves.correct), scale * scale * p * (1 - p)
        info = np.bincount(waves.edge_skill, curve[edge_row] * edge_share**2, waves.skills) + 1 / skill_spread
        pull = np.bincount(waves.edge_skill, slope[edge_row] * edge_share, waves.skills) - (beta - base) / skill_spread
        # Several skills share one response, so their steps together must not overshoot.
        beta += np.clip((1.0 if waves.single else 0.7) * pull / info, -MAX_STEP, MAX_STEP)
        if seen_skill.any():
            base = float(np.average(beta[seen_skill], weights=1 / (1 / info[seen_skill] + skill_spread)))
            skill_spread = _bounded(float(np.mean((beta - base)[seen_skill] ** 2 + 1 / info[seen_skill])))
        beta[~seen_skill] = base
        p = sigmoid(scale * (known - b[waves.item] - waves.mean_over_skills(beta)))
        slope, curve = scale * (p - waves.correct), scale * scale * p * (1 - p)
        prior = weight * tag
        info = np.bincount(waves.item, curve, waves.items) + 1 / item_spread
        b += np.clip((np.bincount(waves.item, slope, waves.items) - (b - prior) / item_spread) / info, -MAX_STEP, MAX_STEP)
        variance = 1 / info
        if seen_item.any():
            weight = _tag_weight(b[seen_item], tag[seen_item], variance[seen_item], item_spread, weight)
            item_spread = _bounded(float(np.mean((b - weight * tag)[seen_item] ** 2 + variance[seen_item])))
        b[~seen_item], variance[~seen_item] = (weight * tag)[~seen_item], item_spread
    return Parameters(b, variance, beta, base, item_spread, skill_spread, weight)


def _bounded(variance: float) -> float:
    return min(max(variance, LEAST_VARIANCE), MOST_VARIANCE)


def _tag_weight(b: Floats, tag: Floats, variance: Floats, spread: float, before: float) -> float:
    """Return the slope of difficulty on tag, drawn towards 1 as if ten tagged items had borne the tags out."""
    precision = 1 / (np.maximum(spread - variance, 0.0) + variance + LEAST_VARIANCE)
    strength = float(np.sum(precision * tag * tag))
    if strength == 0.0:
        return before
    # An estimate already drawn to its prior tells too little: undo that, as in Morris (1983).
    own = np.clip(1 - variance / spread, 0.05, 1.0)
    free = before * tag + (b - before * tag) / own
    ten = 10 * 0.49 / spread
    weights = precision * own
    slope = (float(np.sum(weights * tag * free)) + ten) / (float(np.sum(weights * tag * tag)) + ten)
    return float(np.clip(slope, 0.0, 2.0))
