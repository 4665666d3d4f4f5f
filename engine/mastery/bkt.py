"""Bayesian knowledge tracing as a mastery model: what the policy `bkt-95` and comparisons decide by; pure arithmetic."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from math import exp, prod
from typing import Any

from engine.domain.catalog import Difficulty
from engine.domain.errors import Malformed
from engine.domain.mastery import PRIOR_DISCOUNT, Band, Evidence, ItemParameters, MasteryState, SkillMastery, SkillPrior

MASTERED_AT = 0.95
NEARLY_AT = 0.5
ENOUGH_RESPONSES = 2
_TAIL = 0.1
"""What an 80 % band leaves out on each side."""

_SUREST = 1 - 1e-9
"""At 1 no answer could move P(known) any more."""


@dataclass(frozen=True, slots=True)
class Parameters:
    """One skill's parameters (Corbett & Anderson 1995, table 1), each a probability.

    Args:
        known: that a learner knows the skill at the start.
        learn: that one who does not know it learns it at an answer.
        slip: that one who knows it answers wrong; at most one half, so that no right answer speaks against knowing.
        guess: that one who does not know it answers right; at most one half.
    """

    known: float = 0.3
    learn: float = 0.15
    slip: float = 0.1
    guess: float = 0.2

    def __post_init__(self) -> None:
        for f in fields(self):
            most = 0.5 if f.name in ("slip", "guess") else 1.0
            if not 0 < getattr(self, f.name) <= most:
                raise ValueError(f"{f.name} is {getattr(self, f.name)}; allowed: above 0 and at most {most}")


class Bkt:
    """BKT as a mastery model. State: `{"skills": {id: [P(known), published M, responses]}}`.

    An item of several skills is answered right by one who knows all of them, but for a slip, and by anybody else by a guess;
    what it says of each skill is then Bayes' rule over skills that are independent (the DINA model, Junker & Sijtsma 2001).

    Args:
        parameters: by skill id, as fitted.
        other: those of skills without a fit.
        version: name of the parameters.
    """

    name = "bkt"

    def __init__(
        self,
        parameters: Mapping[str, Parameters] | None = None,
        other: Parameters = Parameters(),
        version: str = "day-one-1",
    ) -> None:
        self.version = version
        self._parameters = dict(parameters or {})
        self._other = other

    def with_coefficients(self, text: str) -> Bkt:
        """Raise Malformed: stored fits are the filter's; BKT is fitted for evaluation."""
        raise Malformed(f"The model '{self.name}' takes no stored fits ({len(text)} characters given). Promote none for it.")

    def released(self, version: str) -> Bkt | None:  # noqa: ARG002 - the port's
        """Return None: no release had other day-one parameters."""
        return None

    def start(self, skills: Sequence[str], priors: Sequence[SkillPrior] = ()) -> MasteryState:
        """Return the state before the first answer; a prior moves P(known) half the way to what it says."""
        rows = {skill: self._fresh(skill) for skill in skills}
        for prior in priors:
            if prior.skill_id in rows:
                p = self._of(prior.skill_id)
                share = 1 / (1 + exp(-prior.logit))
                told = min(max((share - p.guess) / max(1 - p.slip - p.guess, 0.1), 1 - _SUREST), _SUREST)
                known = p.known + PRIOR_DISCOUNT * (told - p.known)
                rows[prior.skill_id] = [known, known, 0]
        return MasteryState(self.name, self.version, {"skills": rows})

    def item(self, item_id: str, skills: Sequence[str], difficulty: Difficulty | None) -> ItemParameters:  # noqa: ARG002 - the port's
        """Return an item's parameters; BKT knows items by their skills alone."""
        return ItemParameters(item_id, tuple(skills), 0.0, 0.0)

    def update(self, state: MasteryState, evidence: Evidence) -> MasteryState:
        """Return the state after one answer; a published M moves with the answer or not at all."""
        skills: dict[str, Any] = dict(state.values["skills"])
        touched = [(skill, skills.get(skill) or self._fresh(skill)) for skill in evidence.item.skills]
        slip, guess = self._noise(evidence.item)
        knew, did_not = (1 - slip, guess) if evidence.correct else (slip, 1 - guess)
        all_known = prod(row[0] for _, row in touched)
        whole = all_known * knew + (1 - all_known) * did_not
        for skill, (known, m, count) in touched:
            others = all_known / known
            after = known * (others * knew + (1 - others) * did_not) / whole
            after = min(after + (1 - after) * self._of(skill).learn, _SUREST)
            moved = after > m if evidence.correct else after < m
            skills[skill] = [after, after if moved else m, count + 1]
        return MasteryState(state.model, state.version, {"skills": skills})

    def predict(self, state: MasteryState, item: ItemParameters) -> float:
        """Return P(right) in [0, 1] for the next answer to an item."""
        rows = state.values["skills"]
        known = prod((rows.get(skill) or self._fresh(skill))[0] for skill in item.skills)
        slip, guess = self._noise(item)
        return float(known * (1 - slip) + (1 - known) * guess)

    def mastery(self, state: MasteryState, skill_id: str) -> SkillMastery:
        """Return P(known) as published; the band's ends are the share right with and without the skill."""
        known, m, count = state.values["skills"].get(skill_id) or self._fresh(skill_id)
        p = self._of(skill_id)
        low = p.guess if known < 1 - _TAIL else 1 - p.slip
        high = 1 - p.slip if known > _TAIL else p.guess
        band: Band = "mastered" if m >= MASTERED_AT else "nearly" if m >= NEARLY_AT else "learning"
        enough = count >= ENOUGH_RESPONSES
        return SkillMastery(m, low, high, band if enough else "new", enough, count)

    def raised(self, state: MasteryState, floors: Mapping[str, float]) -> MasteryState:
        """Return the state with no published M below its floor."""
        rows: dict[str, Any] = dict(state.values["skills"])
        for skill, floor in floors.items():
            known, m, count = rows.get(skill) or self._fresh(skill)
            rows[skill] = [known, max(m, floor), count]
        return MasteryState(state.model, state.version, {"skills": rows})

    def _of(self, skill: str) -> Parameters:
        return self._parameters.get(skill, self._other)

    def _noise(self, item: ItemParameters) -> tuple[float, float]:
        of = [self._of(skill) for skill in item.skills]
        return sum(p.slip for p in of) / len(of), sum(p.guess for p in of) / len(of)

    def _fresh(self, skill: str) -> list[Any]:
        known = self._of(skill).known
        return [known, known, 0]
