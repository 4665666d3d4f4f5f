"""What a mastery model says, whatever the model; see `ports.MasteryModel`."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

Band = Literal["new", "learning", "nearly", "mastered", "refresh"]
"""`new`: not enough evidence. `refresh`: mastered before and due for a look."""


@dataclass(frozen=True, slots=True)
class ItemParameters:
    """What the model knows of an item before it is answered.

    Args:
        item_id: the activity.
        skills: ids of the skills it asks for, at least one.
        difficulty: mean of the item's difficulty in logits.
        variance: variance of that difficulty.
    """

    item_id: str
    skills: tuple[str, ...]
    difficulty: float
    variance: float


@dataclass(frozen=True, slots=True)
class Evidence:
    """One piece of evidence: an answer to an item, right or wrong."""

    item: ItemParameters
    correct: bool


@dataclass(frozen=True, slots=True)
class MasteryState:
    """A model's state of one enrolment, opaque to all but the model.

    Args:
        model: name of the model, as its entry point.
        version: the coefficients' version, pinned by the enrolment.
        values: JSON values only.
    """

    model: str
    version: str
    values: Mapping[str, Any]


class SkillMastery(NamedTuple):
    """What a model says of one skill; made for every skill of a page and after every answer, so of the cheapest kind.

    Args:
        probability: P(this learner gets at least the standard's share of typical items right), in [0, 1].
        low, high: bounds of an 80 % band around the expected share of typical items right, each in [0, 1].
        band: the word shown to people.
        enough: False while the evidence does not allow a verdict.
        responses: pieces of evidence that touched this skill.
        growth: logits that one more answer adds by itself, by the model; 0 where it holds no such thing.
    """

    probability: float
    low: float
    high: float
    band: Band
    enough: bool
    responses: int
    growth: float = 0.0


@dataclass(frozen=True, slots=True)
class SkillPrior:
    """What another enrolment of the same person says of a skill before the first answer; recorded as position 0 of the fold.

    Args:
        logit: mean of the expected share of typical items right, in logits.
        variance: of that mean, in squared logits, already discounted.
        source: the enrolment it was copied from.
    """

    skill_id: str
    logit: float
    variance: float
    source: str


PRIOR_DISCOUNT = 0.5
"""What another enrolment's evidence counts (a power prior, Ibrahim & Chen 2000): its variance is divided by this."""
LEAST_PRIOR_VARIANCE = 0.05
_LIMIT = 6.0
_Z80 = 1.2815515655446004


def prior_from(skill_id: str, known: SkillMastery, source: str) -> SkillPrior:
    """Return the discounted prior that follows from what any model says of a skill elsewhere."""
    low, high = _logit(known.low), _logit(known.high)
    spread = (high - low) / (2 * _Z80)
    return SkillPrior(skill_id, (low + high) / 2, max(spread * spread, LEAST_PRIOR_VARIANCE) / PRIOR_DISCOUNT, source)


def _logit(share: float) -> float:
    if share <= 0.0 or share >= 1.0:
        return math.copysign(_LIMIT, share - 0.5)
    return min(max(math.log(share / (1 - share)), -_LIMIT), _LIMIT)
