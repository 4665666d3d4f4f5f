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
from statistics import NormalDist
from typing import Any

from engine.domain.catalog import Difficulty
from engine.domain.mastery import Band, Evidence, ItemParameters, MasteryState, SkillMastery, SkillPrior
from engine.mastery import history
from engine.mastery.coefficients import FittedCoefficients, from_json


@dataclass(frozen=True, slots=True)
class Coefficients:
    """The filter's constants; all in logits or squared logits.

    Args:
        learner_variance, skill_variance: prior variances.
        learner_drift, skill_drift: variance added by each answer.
        growth: what practice itself adds to a skill's mean with its first answer.
        fading: after n answers an answer adds `growth / (1 + fading n)`.
        tagged_variance, untagged_variance: variance of an item's difficulty with and without an author's tag.
        prior_share: the share of typical items that a typical learner gets right at the start.
        standard: the share of typical items that mastery asks for.
    """

    learner_variance: float
    skill_variance: float
    learner_drift: float
    skill_drift: float
    growth: float
    tagged_variance: float
    untagged_variance: float
    prior_share: float
    standard: float
    fading: float = 0.0

    def __post_init__(self) -> None:
        for name in ("learner_variance", "skill_variance", "tagged_variance", "untagged_variance"):
            if not 0 < getattr(self, name) <= 100:
                raise ValueError(f"{name} is {getattr(self, name)}; allowed: above 0 and at most 100")
        for name in ("learner_drift", "skill_drift", "growth", "fading"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} is {getattr(self, name)}; allowed: 0 to 1")
        for name in ("prior_share", "standard"):
            if not 0 < getattr(self, name) < 1:
                raise ValueError(f"{name} is {getattr(self, name)}; allowed: between 0 and 1")


DAY_ONE: Mapping[str, Coefficients] = {
    "day-one-2": Coefficients(
        learner_variance=0.8,
        skill_variance=0.6,
        learner_drift=0.002,
        skill_drift=0.02,
        growth=0.02,
        tagged_variance=0.5,
        untagged_variance=0.8,
        prior_share=0.7,
        standard=0.75,
    ),
}
"""The coefficients that need no fit, of every release by version; the last are this one's. Enrolments pin them, so an entry
never changes and never goes: other numbers are a new entry. `day-one-1` had the numbers of the second under another rule of
publishing, with states of another form; who pins it is folded anew."""
DAY_ONE_VERSION = list(DAY_ONE)[-1]
FITTED_STANDARD = 0.75
"""The standard of every fit."""
TAG_LOGITS: Mapping[Difficulty, float] = {"easy": -0.7, "medium": 0.0, "hard": 0.7}
MASTERED_AT = 0.8
NEARLY_AT = 0.5
ENOUGH_RESPONSES = 2
WIDE_BAND = 0.5
"""An 80 % band wider than this share is not enough evidence for an early verdict."""
SETTLED_RESPONSES = 4
SETTLED_SPREAD = 1.1
"""From so many answers on, a standard deviation of up to this, in logits, is enough. As a share a band is widest near one half,
so that mixed answers would never be enough; in logits it narrows with every answer, whatever they are."""
_Z80 = 1.2815515655446004
_LIMIT = 35.0
_ROOT_HALF = math.sqrt(0.5)


def _sigmoid(x: float) -> float:
    # Comparing costs a tenth of min and max.
    inside = x if -_LIMIT < x < _LIMIT else math.copysign(_LIMIT, x)
    return 1.0 / (1.0 + math.exp(-inside))


def _phi(x: float) -> float:
    return 0.5 * math.erfc(-x * _ROOT_HALF)


def _score_of(probability: float) -> float:
    """Return a standard score whose `_phi` is not below a probability."""
    score, step = NormalDist().inv_cdf(min(max(probability, 1e-300), 1 - 2**-53)), 1e-9
    while _phi(score) < probability and score < _LIMIT:
        score, step = score + step, 2 * step
    return score


def constants_of(fitted: FittedCoefficients) -> Coefficients:
    """Return the filter's constants of a fit."""
    return Coefficients(
        learner_variance=fitted.learner_variance,
        skill_variance=fitted.skill_variance,
        learner_drift=fitted.learner_drift,
        skill_drift=fitted.skill_drift,
        growth=fitted.growth,
        fading=fitted.fading,
        tagged_variance=fitted.item_variance,
        untagged_variance=fitted.item_variance,
        prior_share=min(max(_sigmoid(-fitted.base), 1e-9), 1 - 1e-9),
        standard=FITTED_STANDARD,
    )


class GaussianFilter:
    """The filter as a mastery model. State: `{"t", "vt", "skills": {id: [s, vs, x, t0, spread, responses]}}`.

    The published M of a skill is `phi(x + (t - t0) / spread)`: x is the clamped standard score at the skill's last answer, t0
    and spread are what t and sqrt(vt + vs) were then. A right answer raises t and a wrong one lowers it, so every published M
    moves with every answer, and only the rows of the skills asked for are written. A skill without a row is as at the start.

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
        version: str = DAY_ONE_VERSION,
        fitted: FittedCoefficients | None = None,
    ) -> None:
        self.version = version if fitted is None else fitted.version
        self.coefficients = coefficients or (DAY_ONE[DAY_ONE_VERSION] if fitted is None else constants_of(fitted))
        c = self.coefficients
        self._fitted = fitted
        self._beta = -math.log(c.prior_share / (1 - c.prior_share)) if fitted is None else fitted.base
        self._betas = {} if fitted is None else dict(fitted.betas)
        self._target = math.log(c.standard / (1 - c.standard))
        self._first_spread = math.sqrt(c.learner_variance + c.skill_variance)
        self._slope, self._shift = (1.0, 0.0) if fitted is None else (fitted.slope, fitted.shift)
        self._weights: tuple[float, ...] | None = None
        if fitted is not None and fitted.regression is not None:
            self._weights = tuple(fitted.regression.weights.get(name, 0.0) for name in history.NAMES)
            self._intercept = fitted.regression.intercept

    def with_coefficients(self, text: str) -> GaussianFilter:
        """Return the filter with the coefficients of a stored fit. Raises BadCoefficients."""
        return GaussianFilter(fitted=from_json(text))

    def released(self, version: str) -> GaussianFilter | None:
        """Return the filter with the day-one coefficients of a release; None for a version that is not one of those."""
        return GaussianFilter(DAY_ONE[version], version) if version in DAY_ONE else None

    def start(self, skills: Sequence[str], priors: Sequence[SkillPrior] = ()) -> MasteryState:
        """Return the state before the first answer.

        Each prior counts as one Gaussian observation of the skill's level, with the variance it comes with.
        """
        t, vt = 0.0, self.coefficients.learner_variance
        rows: dict[str, tuple[float, float]] = {}
        for prior in priors:
            if prior.skill_id not in skills or prior.skill_id in rows:
                continue
            s, vs = 0.0, self.coefficients.skill_variance
            beta = self._betas.get(prior.skill_id, self._beta)
            gain = 1 / (vt + vs + prior.variance)
            error = (prior.logit - (t + s - beta)) * gain
            rows[prior.skill_id] = (s + vs * error, vs - vs * vs * gain)
            t, vt = t + vt * error, vt - vt * vt * gain
        known = {}
        for skill, (s, vs) in rows.items():
            spread = math.sqrt(vt + vs)
            known[skill] = [s, vs, (t + s - self._betas.get(skill, self._beta) - self._target) / spread, t, spread, 0]
        values: dict[str, Any] = {"t": t, "vt": vt, "skills": known}
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
        # A row is shared between states, so it is replaced and never changed.
        skills: dict[str, Any] = values["skills"].copy()
        touched = [(skill, skills.get(skill) or self._fresh(skill)) for skill in item.skills]
        n = len(touched)
        z, variance = self._sum(t, vt, item, [row for _, row in touched])
        p = _sigmoid(z)
        w = p * (1 - p)
        scale = 1 / (1 + w * variance)
        error = ((1.0 if correct else 0.0) - p) * scale
        curvature = w * scale
        level, level_variance = t + vt * error, vt + c.learner_drift - vt * vt * curvature
        for skill, (s, vs, x, t0, spread, count) in touched:
            share = vs / n
            before = x + (t - t0) / spread
            growth = c.growth / (1 + c.fading * count)
            s, vs = s + share * error + growth, vs + c.skill_drift - share * share * curvature
            spread = math.sqrt(level_variance + vs)
            x = (level + s - self._betas.get(skill, self._beta) - self._target) / spread
            if x < before if correct else x > before:
                x = before
            skills[skill] = [s, vs, x, level, spread, count + 1]
        after: dict[str, Any] = {"t": level, "vt": level_variance, "skills": skills}
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
        t = values["t"]
        s, vs, x, t0, then, count = values["skills"].get(skill_id) or self._fresh(skill_id)
        m = _phi(x + (t - t0) / then)
        z = t + s - self._betas.get(skill_id, self._beta)
        spread = math.sqrt(values["vt"] + vs)
        low, high = _sigmoid(z - _Z80 * spread), _sigmoid(z + _Z80 * spread)
        settled = count >= SETTLED_RESPONSES and spread <= SETTLED_SPREAD
        enough = settled or (count >= ENOUGH_RESPONSES and high - low <= WIDE_BAND)
        band: Band = "mastered" if m >= MASTERED_AT else "nearly" if m >= NEARLY_AT else "learning"
        growth = self.coefficients.growth / (1 + self.coefficients.fading * count)
        return SkillMastery(m, low, high, band if enough else "new", enough, count, growth)

    def raised(self, state: MasteryState, floors: Mapping[str, float]) -> MasteryState:
        """Return the state with no published M below its floor."""
        values = state.values
        skills, t = dict(values["skills"]), values["t"]
        for skill, floor in floors.items():
            s, vs, x, t0, spread, count = skills.get(skill) or self._fresh(skill)
            if _phi(x + (t - t0) / spread) < floor:
                skills[skill] = [s, vs, _score_of(floor), t, spread, count]
        return MasteryState(state.model, state.version, {**values, "skills": skills})

    def _sum(self, t: float, vt: float, item: ItemParameters, rows: Sequence[Sequence[Any]]) -> tuple[float, float]:
        """Return mean and variance, in logits, of what the learner brings to an item."""
        if len(rows) == 1:
            s, vs = rows[0][:2]
            return t + s - self._betas.get(item.skills[0], self._beta) - item.difficulty, vt + vs + item.variance
        n = len(rows)
        z = t + sum(row[0] for row in rows) / n - self._mean_beta(item.skills) - item.difficulty
        return z, vt + sum(row[1] for row in rows) / (n * n) + item.variance

    def _mean_beta(self, skills: Sequence[str]) -> float:
        if len(skills) == 1:
            return self._betas.get(skills[0], self._beta)
        return sum(self._betas.get(skill, self._beta) for skill in skills) / len(skills)

    def _fresh(self, skill: str) -> list[Any]:
        spread = self._first_spread
        return [
            0.0,
            self.coefficients.skill_variance,
            -(self._betas.get(skill, self._beta) + self._target) / spread,
            0.0,
            spread,
            0,
        ]
