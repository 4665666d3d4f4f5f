"""What an enrolment begins with: what the same person's other enrolments say of skills that have the same global URI."""

from __future__ import annotations

from engine.domain.catalog import CourseVersion
from engine.domain.enrolment import Cohort, LearnerState
from engine.domain.mastery import SkillPrior, prior_from
from engine.domain.unit_of_work import UnitOfWork
from engine.services.kit import Kit
from engine.services.models import find_model


def priors_for(person_id: str, cohort: Cohort, version: CourseVersion, uow: UnitOfWork, kit: Kit) -> tuple[SkillPrior, ...]:
    """Return the discounted priors of a new enrolment, in the order of the course's skills.

    Of several enrolments that have answers on a skill, the one with the most counts, then the one last active. Earlier attempts
    in the same cohort are left out: who starts over wants to begin anew. So is an enrolment whose model is not installed,
    or not to be had in the version it pins.
    """
    wanted = {skill.uri: skill.id for skill in version.skills.values() if skill.uri is not None}
    if not wanted:
        return ()
    best: dict[str, tuple[int, SkillPrior]] = {}
    for state in uow.enrolments.of_person(cohort.tenant_id, person_id):
        if state.cohort.id == cohort.id or state.enrolment.model not in kit.models:
            continue
        for skill_id, count, prior in _told_by(state, wanted, uow, kit):
            if skill_id not in best or count > best[skill_id][0]:
                best[skill_id] = (count, prior)
    return tuple(best[skill_id][1] for skill_id in version.skills if skill_id in best)


def _told_by(state: LearnerState, wanted: dict[str, str], uow: UnitOfWork, kit: Kit) -> list[tuple[str, int, SkillPrior]]:
    """Return (skill, answers, prior) of each wanted skill that an enrolment has answers on."""
    e = state.enrolment
    shared = [s for s in uow.courses.version(e.course_version_id).skills.values() if s.uri in wanted]
    if not shared or not e.answered:
        return []
    model = find_model(e.model, e.model_version, uow, kit)
    if model is None:
        return []
    out = []
    for skill in shared:
        known = model.mastery(state.mastery, skill.id)
        if known.responses > 0:
            mine = wanted[str(skill.uri)]
            out.append((mine, known.responses, prior_from(mine, known, e.id)))
    return out
