"""What a mastery model says, whatever the model; see `ports.MasteryModel`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

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


@dataclass(frozen=True, slots=True)
class SkillMastery:
    """What a model says of one skill.

    Args:
        probability: P(this learner gets at least the standard's share of typical items right), in [0, 1].
        low, high: bounds of an 80 % band around the expected share of typical items right, each in [0, 1].
        band: the word shown to people.
        enough: False while the evidence does not allow a verdict.
        responses: pieces of evidence that touched this skill.
    """

    probability: float
    low: float
    high: float
    band: Band
    enough: bool
    responses: int
