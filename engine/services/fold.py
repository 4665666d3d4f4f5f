"""The fold: how responses and overrides move mastery and path. One place, for requests and for replay."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial

from engine.domain.catalog import CourseVersion
from engine.domain.enrolment import Cohort
from engine.domain.mastery import Evidence, MasteryState, SkillMastery, SkillPrior
from engine.domain.pacing import PROVED, Advance, Outlook, Override, PathState
from engine.domain.ports import MasteryModel, PacingPolicy
from engine.domain.responses import Response


@dataclass(frozen=True, slots=True)
class Fold:
    """The rules an enrolment is folded by: pinned version, contract, model, policy and seed."""

    version: CourseVersion
    contract: tuple[str, ...]
    model: MasteryModel
    policy: PacingPolicy
    seed: int

    def start(self, priors: Sequence[SkillPrior] = ()) -> MasteryState:
        """Return the mastery state before any evidence of this enrolment."""
        return self.model.start(tuple(self.version.skills), priors)

    def look(self, mastery: MasteryState) -> Outlook:
        """Return what the policy may look at."""
        return Outlook(
            version=self.version,
            contract=self.contract,
            mastery=partial(self.model.mastery, mastery),
            predict=self._predict(mastery),
            foresee=partial(self._foresee, mastery),
            seed=self.seed,
        )

    def respond(self, mastery: MasteryState, path: PathState, response: Response) -> tuple[MasteryState, Advance]:
        """Fold one response: its evidence into mastery, then the response into the path."""
        mastery = self.learn(mastery, response)
        return mastery, self.policy.respond(path, response, self.look(mastery))

    def learn(self, mastery: MasteryState, response: Response) -> MasteryState:
        """Fold the evidence of one response, if it gives any."""
        activity = self.version.activities[response.activity_id]
        evidence = response.evidence
        if evidence is None or activity.evidence != "practice" or not activity.skills:
            return mastery
        item = self.model.item(activity.id, activity.skills, activity.difficulty)
        return self.model.update(mastery, Evidence(item, evidence))

    def relearn(self, priors: Sequence[SkillPrior], responses: Iterable[Response]) -> MasteryState:
        """Fold the evidence of many responses from the start."""
        mastery = self.start(priors)
        for response in responses:
            mastery = self.learn(mastery, response)
        return mastery

    def override(self, mastery: MasteryState, path: PathState, override: Override) -> Advance:
        """Fold one override. Raises Refused where it does not apply."""
        return self.policy.override(path, override, self.look(mastery))

    def skills_mastered(self, path: PathState) -> int:
        """Return how many skills of the contract have every slot closed by mastery or a test-out."""
        slots = [s for m in self.version.modules if m.id in self.contract for s in m.slots]
        proved = {s.skill_id for s in slots if path.closed.get(s.key) in PROVED}
        lacking = {s.skill_id for s in slots if path.closed.get(s.key) not in PROVED}
        return len(proved - lacking)

    def _foresee(self, mastery: MasteryState, skill_id: str, activity_ids: Sequence[str]) -> SkillMastery:
        for activity_id in activity_ids:
            activity = self.version.activities[activity_id]
            item = self.model.item(activity.id, activity.skills, activity.difficulty)
            mastery = self.model.update(mastery, Evidence(item, correct=True))
        return self.model.mastery(mastery, skill_id)

    def _predict(self, mastery: MasteryState) -> Callable[[str], float]:
        def predict(activity_id: str) -> float:
            activity = self.version.activities[activity_id]
            return self.model.predict(mastery, self.model.item(activity.id, activity.skills, activity.difficulty))

        return predict


def contract_of(cohort: Cohort, version: CourseVersion) -> tuple[str, ...]:
    """Return the module ids a cohort uses, in the course's order; all where none were chosen."""
    return tuple(m.id for m in version.modules if cohort.contract is None or m.id in cohort.contract)
