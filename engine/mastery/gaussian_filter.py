"""Tier 1: a Gaussian filter over learner and skill, by assumed-density filtering; pure arithmetic.

The learner's general level t ~ N(t, vt) and each skill's offset s ~ N(s, vs) meet an item's difficulty b ~ N(b, vb) in a
one-parameter logistic model; one answer moves both means by a moment-matching step (Glickman 1999, eq. 10-13 gives the
one-skill form; the learner/skill split follows the multi-component Elo of Papousek et al. 2014).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import mul
from typing import Any

from engine.domain.catalog import Difficulty
from engine.domain.mastery import Band, Evidence, ItemParameters, MasteryState, SkillMastery
from engine.mastery import history
from engine.mastery.coefficients import FittedCoefficients


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


_ROOT_HALF = math.sqrt(0.5)


def _sigmoid(x: float) -> float:
    return 1.0 / (1.0 + math.exp(-min(max(x, -_LIMIT), _LIMIT)))


def _phi(x: float) -> float:
    return 0.5 * math.erfc(-x * _ROOT_HALF)


def constants_of(fitted: FittedCoefficients) -> Coefficients:
    """Return the filter's constants of a fit; mastery's standard stays what it is."""
    return Coefficients(
        learner_variance=fitted.learner_variance,
        skill_variance=fitted.skill_variance,
        learner_drift=fitted.learner_drift,
        skill_drift=fitted.skill_drift,
        growth=fitted.growth,
        tagged_variance=fitted.item_variance,
        untagged_variance=fitted.item_variance,
        prior_share=min(max(_sigmoid(-fitted.base), 1e-9), 1 - 1e-9),
    )


class GaussianFilter:
    """The filter as a mastery model. State: `{"t", "vt", "skills": {id: [s, vs, published M, responses]}}`.

    With a fit that holds a tier 2 the state also has a `history`; it moves predictions, never a published M.

    Args:
        coefficients: constants; the day-one values, or the fit's, where None.
        version: name of the coefficients.
        fitted: difficulties, skill betas and tier 2 of a fit.
    """

    name = "gaussian-filter"

    def __init__(
        self,
        coefficients: Coefficients | None = None,
        version: str = "day-one-1",
        fitted: FittedCoefficients | None = None,
    ) -> None:
        self.version = version if fitted is None else fitted.version
        self.coefficients = coefficients or (Coefficients() if fitted is None else constants_of(fitted))
        c = self.coefficients
        self._fitted = fitted
        self._beta = -math.log(c.prior_share / (1 - c.prior_share)) if fitted is None else fitted.base
        self._betas = {} if fitted is None else dict(fitted.betas)
        self._target = math.log(c.standard / (1 - c.standard))
        self._lines = {skill: beta + self._target for skill, beta in self._betas.items()}
        self._line = self._beta + self._target
        self._slope, self._shift = (1.0, 0.0) if fitted is None else (fitted.slope, fitted.shift)
        self._weights: tuple[float, ...] | None = None
        if fitted is not None and fitted.regression is not None:
            self._weights = tuple(fitted.regression.weights.get(name, 0.0) for name in history.NAMES)
            self._intercept = fitted.regression.intercept

    def start(self, skills: Sequence[str]) -> MasteryState:
        """Return the state of a learner of whom nothing is known."""
        values: dict[str, Any] = {"t": 0.0, "vt": self.coefficients.learner_variance}
        values["skills"] = {skill: self._fresh(skill) for skill in skills}
        if self._weights is not None:
            values["history"] = history.empty()
        return MasteryState(self.name, self.version, values)

    def item(self, item_id: str, skills: Sequence[str], difficulty: Difficulty | None) -> ItemParameters:
        """Return an item's parameters: fitted ones, else those of the author's tag."""
        c, fitted, weight = self.coefficients, self._fitted, 1.0
        if fitted is not None:
            known = fitted.items.get(item_id)
            if known is not None:
                return ItemParameters(item_id, tuple(skills), *known)
            weight = fitted.tag_weight
        if difficulty is None:
            return ItemParameters(item_id, tuple(skills), 0.0, c.untagged_variance)
        return ItemParameters(item_id, tuple(skills), weight * TAG_LOGITS[difficulty], c.tagged_variance)

    def update(self, state: MasteryState, evidence: Evidence) -> MasteryState:
        """Return the state after one answer; every published M moves with the answer or not at all."""
        c, values = self.coefficients, state.values
        item, correct = evidence.item, evidence.correct
        t, vt = values["t"], values["vt"]
        skills: dict[str, Any] = values["skills"].copy()
        touched = [(skill, skills.get(skill) or self._fresh(skill)) for skill in item.skills]
        n = len(touched)
        z, variance = self._sum(t, vt, item, [row for _, row in touched])
        p = _sigmoid(z)
        w = p * (1 - p)
        scale = 1 / (1 + w * variance)
        error = ((1.0 if correct else 0.0) - p) * scale
        curvature = w * scale
        for skill, (s, vs, m, count) in touched:
            share = vs / n
            skills[skill] = [s + share * error + c.growth, vs + c.skill_drift - share * share * curvature, m, count + 1]
        after: dict[str, Any] = {"t": t + vt * error, "vt": vt + c.learner_drift - vt * vt * curvature, "skills": skills}
        self._publish(skills, after["t"], after["vt"], correct)
        if "history" in values:
            surprise = (1.0 if correct else 0.0) - _sigmoid(z / math.sqrt(1 + math.pi * variance / 8))
            after["history"] = history.after(values["history"], item.item_id, item.skills, correct, surprise)
        return MasteryState(state.model, state.version, after)

    def predict(self, state: MasteryState, item: ItemParameters) -> float:
        """Return P(right), the logistic smoothed over the state's uncertainty (MacKay 1992, eq. 10), then tier 2 if fitted."""
        values = state.values
        known = values["skills"]
        rows = [known.get(skill) or self._fresh(skill) for skill in item.skills]
        z, variance = self._sum(values["t"], values["vt"], item, rows)
        logit = z / math.sqrt(1 + math.pi * variance / 8)
        if self._weights is None or "history" not in values:
            return _sigmoid(self._slope * logit + self._shift)
        beta = self._mean_beta(item.skills)
        told = [logit, math.sqrt(variance), values["t"], values["vt"], item.difficulty, item.variance, beta]
        told += history.recent(values["history"], item.item_id, item.skills)
        return _sigmoid(sum(map(mul, self._weights, told)) + self._intercept)

    def mastery(self, state: MasteryState, skill_id: str) -> SkillMastery:
        """Return the published mastery of a skill with its 80 % band of the expected share right."""
        values = state.values
        s, vs, m, count = values["skills"].get(skill_id) or self._fresh(skill_id)
        z = values["t"] + s - self._betas.get(skill_id, self._beta)
        spread = _Z80 * math.sqrt(values["vt"] + vs)
        low, high = _sigmoid(z - spread), _sigmoid(z + spread)
        enough = count >= ENOUGH_RESPONSES and high - low <= WIDE_BAND
        band: Band = "mastered" if m >= MASTERED_AT else "nearly" if m >= NEARLY_AT else "learning"
        return SkillMastery(m, low, high, band if enough else "new", enough, count)

    def _sum(self, t: float, vt: float, item: ItemParameters, rows: Sequence[Sequence[Any]]) -> tuple[float, float]:
        """Return mean and variance, in logits, of what the learner brings to an item."""
        if len(rows) == 1:
            s, vs, _, _ = rows[0]
            return t + s - self._betas.get(item.skills[0], self._beta) - item.difficulty, vt + vs + item.variance
        n = len(rows)
        z = t + sum(row[0] for row in rows) / n - self._mean_beta(item.skills) - item.difficulty
        return z, vt + sum(row[1] for row in rows) / (n * n) + item.variance

    def _mean_beta(self, skills: Sequence[str]) -> float:
        if len(skills) == 1:
            return self._betas.get(skills[0], self._beta)
        return sum(self._betas.get(skill, self._beta) for skill in skills) / len(skills)

    def _publish(self, skills: dict[str, Any], t: float, vt: float, correct: bool) -> None:
        """Let every published M follow the new level, up after a right answer, down after a wrong one, else not."""
        lines, line, root, erfc = self._lines, self._line, math.sqrt, math.erfc
        for skill, row in skills.items():
            s, vs, m, count = row
            x = (lines.get(skill, line) if lines else line) - t - s
            raw = 0.5 * erfc(x * _ROOT_HALF / root(vt + vs))
            if raw > m if correct else raw < m:
                # A row is shared between states, so it is replaced and never changed.
                skills[skill] = [s, vs, raw, count]

    def _fresh(self, skill: str) -> list[Any]:
        c = self.coefficients
        line = self._lines.get(skill, self._line)
        return [0.0, c.skill_variance, _phi(-line / math.sqrt(c.learner_variance + c.skill_variance)), 0]
