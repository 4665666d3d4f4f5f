"""Tier 1: a Gaussian filter over learner and skill, by assumed-density filtering; pure arithmetic.

The learner's general level t ~ N(t, vt) and each skill's offset s ~ N(s, vs) meet an item's difficulty b ~ N(b, vb) in a
one-parameter logistic model; one answer moves both means by a moment-matching step (Glickman 1999, eq. 10-13 gives the
one-skill form; the learner/skill split follows the multi-component Elo of Papousek et al. 2014).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.domain.catalog import Difficulty
from engine.domain.mastery import Band, Evidence, ItemParameters, MasteryState, SkillMastery


@dataclass(frozen=True, slots=True)
class Coefficients:
    """The filter's constants; all in logits or squared logits.

    Args:
        learner_variance, skill_variance: prior variances.
        learner_drift, skill_drift: variance added by each answer.
        growth: what practice itself adds to a skill's mean.
        tagged_variance, untagged_variance: variance of an item's difficulty with and without an author's tag.
        easiness: minus the prior share right of a typical learner, in logits.
        standard: the share of typical items that mastery asks for.
    """

    learner_variance: float = 0.8
    skill_variance: float = 0.6
    learner_drift: float = 0.002
    skill_drift: float = 0.02
    growth: float = 0.02
    tagged_variance: float = 0.5
    untagged_variance: float = 0.8
    prior_share: float = 0.7
    standard: float = 0.75

    def __post_init__(self) -> None:
        for name in ("learner_variance", "skill_variance", "tagged_variance", "untagged_variance"):
            if not 0 < getattr(self, name) <= 100:
                raise ValueError(f"{name} is {getattr(self, name)}; allowed: above 0 and at most 100")
        for name in ("learner_drift", "skill_drift", "growth"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} is {getattr(self, name)}; allowed: 0 to 1")
        for name in ("prior_share", "standard"):
            if not 0 < getattr(self, name) < 1:
                raise ValueError(f"{name} is {getattr(self, name)}; allowed: between 0 and 1")


TAG_LOGITS: Mapping[Difficulty, float] = {"easy": -0.7, "medium": 0.0, "hard": 0.7}
MASTERED_AT = 0.8
NEARLY_AT = 0.5
ENOUGH_RESPONSES = 2
WIDE_BAND = 0.5
"""An 80 % band wider than this share is not enough evidence for a verdict."""
_Z80 = 1.2815515655446004
_LIMIT = 35.0


def _sigmoid(x: float) -> float:
    return 1.0 / (1.0 + math.exp(-min(max(x, -_LIMIT), _LIMIT)))


def _phi(x: float) -> float:
    return 0.5 * math.erfc(-x / math.sqrt(2.0))


class GaussianFilter:
    """The filter as a mastery model. State: `{"t", "vt", "skills": {id: [s, vs, published M, responses]}}`."""

    name = "gaussian-filter"

    def __init__(self, coefficients: Coefficients | None = None, version: str = "day-one-1") -> None:
        self.version = version
        self.coefficients = coefficients or Coefficients()
        c = self.coefficients
        self._beta = -math.log(c.prior_share / (1 - c.prior_share))
        self._target = math.log(c.standard / (1 - c.standard))

    def start(self, skills: Sequence[str]) -> MasteryState:
        """Return the state of a learner of whom nothing is known."""
        c = self.coefficients
        m = self._raw(0.0, c.learner_variance, 0.0, c.skill_variance)
        known = {skill: [0.0, c.skill_variance, m, 0] for skill in skills}
        return MasteryState(self.name, self.version, {"t": 0.0, "vt": c.learner_variance, "skills": known})

    def item(self, item_id: str, skills: Sequence[str], difficulty: Difficulty | None) -> ItemParameters:
        """Return an item's parameters from the author's tag."""
        c = self.coefficients
        if difficulty is None:
            return ItemParameters(item_id, tuple(skills), 0.0, c.untagged_variance)
        return ItemParameters(item_id, tuple(skills), TAG_LOGITS[difficulty], c.tagged_variance)

    def update(self, state: MasteryState, evidence: Evidence) -> MasteryState:
        """Return the state after one answer; every published M moves with the answer or not at all."""
        c = self.coefficients
        item, correct = evidence.item, evidence.correct
        t, vt = state.values["t"], state.values["vt"]
        skills: dict[str, Any] = dict(state.values["skills"])
        touched = [(skill, skills.get(skill) or self._fresh()) for skill in item.skills]
        n = len(touched)
        z = t + sum(row[0] for _, row in touched) / n - self._beta - item.difficulty
        variance = vt + sum(row[1] for _, row in touched) / (n * n) + item.variance
        p = _sigmoid(z)
        w = p * (1 - p)
        error = ((1.0 if correct else 0.0) - p) / (1 + w * variance)
        curvature = w / (1 + w * variance)
        for skill, (s, vs, m, count) in touched:
            share = vs / n
            skills[skill] = [s + share * error + c.growth, vs + c.skill_drift - share * share * curvature, m, count + 1]
        t, vt = t + vt * error, vt + c.learner_drift - vt * vt * curvature
        better = max if correct else min
        for skill, (s, vs, m, count) in skills.items():
            skills[skill] = [s, vs, better(m, self._raw(t, vt, s, vs)), count]
        return MasteryState(state.model, state.version, {"t": t, "vt": vt, "skills": skills})

    def predict(self, state: MasteryState, item: ItemParameters) -> float:
        """Return P(right), the logistic smoothed over the state's uncertainty (MacKay 1992, eq. 10)."""
        rows = [state.values["skills"].get(skill) or self._fresh() for skill in item.skills]
        n = len(rows)
        z = state.values["t"] + sum(r[0] for r in rows) / n - self._beta - item.difficulty
        variance = state.values["vt"] + sum(r[1] for r in rows) / (n * n) + item.variance
        return _sigmoid(z / math.sqrt(1 + math.pi * variance / 8))

    def mastery(self, state: MasteryState, skill_id: str) -> SkillMastery:
        """Return the published mastery of a skill with its 80 % band of the expected share right."""
        s, vs, m, count = state.values["skills"].get(skill_id) or self._fresh()
        z = state.values["t"] + s - self._beta
        spread = _Z80 * math.sqrt(state.values["vt"] + vs)
        low, high = _sigmoid(z - spread), _sigmoid(z + spread)
        enough = count >= ENOUGH_RESPONSES and high - low <= WIDE_BAND
        band: Band = "mastered" if m >= MASTERED_AT else "nearly" if m >= NEARLY_AT else "learning"
        return SkillMastery(m, low, high, band if enough else "new", enough, count)

    def _fresh(self) -> list[Any]:
        c = self.coefficients
        return [0.0, c.skill_variance, self._raw(0.0, c.learner_variance, 0.0, c.skill_variance), 0]

    def _raw(self, t: float, vt: float, s: float, vs: float) -> float:
        return _phi((t + s - self._beta - self._target) / math.sqrt(vt + vs))
