"""A cohort's learners with their figures and folded state, in one statement however many they are."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, func, select
from sqlalchemy.orm import Session

from engine.domain.enrolment import Enrolment
from engine.domain.errors import NotFound
from engine.domain.mastery import MasteryState
from engine.domain.pacing import PathState
from engine.storage.repositories.enrolments import ENROLMENT
from engine.storage.serial import mastery_from_json, path_from_json
from engine.storage.tables.cohorts import memberships
from engine.storage.tables.courses import course_access
from engine.storage.tables.enrolments import enrolments, learner_states
from engine.storage.tables.people import people
from engine.storage.transaction import AnyRow


@dataclass(frozen=True, slots=True)
class CohortLearner:
    """A learner of a cohort as its page needs them; previews and test students are none.

    Args:
        number: stable in the cohort, for an alias where the LMS sends no names.
        joined_at: when we first heard of the membership.
        status_at: when the membership was flagged as dropped, or became active.
        enrolment, mastery, path: the newest attempt; None for who never opened the course.
    """

    person_id: str
    name: str | None
    number: int
    dropped: bool
    joined_at: datetime
    status_at: datetime
    enrolment: Enrolment | None
    mastery: MasteryState | None
    path: PathState | None


def cohort_learners(session: Session, cohort_id: str) -> tuple[CohortLearner, ...]:
    """Return the learners of a cohort in the order they joined, dropped ones included."""
    return tuple(_learner(row) for row in session.execute(_of_cohort(cohort_id)))


def cohort_learner(session: Session, cohort_id: str, enrolment_id: str) -> CohortLearner:
    """Return the learner of an enrolment, if it is the newest attempt of a learner of this cohort. Raises NotFound."""
    everyone = _of_cohort(cohort_id).order_by(None).subquery()
    row = session.execute(select(everyone).where(everyone.c.id == enrolment_id)).one_or_none()
    if row is None:
        raise NotFound("There is no such learner in this cohort. Open the cohort again and choose from the list.")
    return _learner(row)


def may_use(session: Session, course_id: str, tenant_id: str) -> bool:
    """Return whether a tenant may begin new cohorts with a course."""
    here = (course_access.c.course_id == course_id) & (course_access.c.tenant_id == tenant_id)
    return session.scalar(select(course_access.c.course_id).where(here)) is not None


def _of_cohort(cohort_id: str) -> Select[*tuple[Any, ...]]:
    later = enrolments.alias("later")
    newest = ~(
        select(later.c.id)
        .where(
            later.c.cohort_id == enrolments.c.cohort_id,
            later.c.person_id == enrolments.c.person_id,
            later.c.attempt > enrolments.c.attempt,
            later.c.preview.is_(False),
        )
        .correlate(enrolments)
        .exists()
    )
    own = and_(
        enrolments.c.cohort_id == memberships.c.cohort_id,
        enrolments.c.person_id == memberships.c.person_id,
        enrolments.c.preview.is_(False),
        newest,
    )
    number = func.row_number().over(order_by=(memberships.c.created_at, memberships.c.id)).label("number")
    return (
        select(
            memberships.c.person_id.label("member"),
            people.c.name,
            number,
            (memberships.c.status == "dropped").label("dropped"),
            memberships.c.created_at.label("joined_at"),
            memberships.c.status_at,
            *ENROLMENT,
            learner_states.c.mastery,
            learner_states.c.path,
        )
        .select_from(memberships)
        .join(people, people.c.id == memberships.c.person_id)
        .outerjoin(enrolments, own)
        .outerjoin(learner_states, learner_states.c.enrolment_id == enrolments.c.id)
        .where(memberships.c.cohort_id == cohort_id, memberships.c.role == "learner", memberships.c.preview.is_(False))
        .order_by(number)
    )


def _learner(row: AnyRow) -> CohortLearner:
    first = 6
    values = row[first : first + len(ENROLMENT)]
    mastery, path = row[first + len(ENROLMENT) :]
    begun = values[0] is not None and mastery is not None
    return CohortLearner(
        person_id=row[0],
        name=row[1],
        number=row[2],
        dropped=bool(row[3]),
        joined_at=row[4],
        status_at=row[5],
        enrolment=Enrolment(*values) if begun else None,
        mastery=mastery_from_json(mastery) if begun else None,
        path=path_from_json(path) if begun else None,
    )
