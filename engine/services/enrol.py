"""Enrol whoever launches: person, cohort, membership and, for a learner, the enrolment."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from engine.domain.enrolment import Cohort, Enrolment, LaunchIdentity, LearnerState, Membership, Person
from engine.domain.errors import CourseUnavailable
from engine.domain.events import ENROLMENT_STARTED, Event, event_id
from engine.domain.pacing import PathState
from engine.domain.unit_of_work import UnitOfWork
from engine.services.fold import contract_of
from engine.services.kit import Kit
from engine.services.newcomer import newcomer
from engine.services.priors import priors_for

_SEED_BITS = 62


@dataclass(frozen=True, slots=True)
class Enrolled:
    """Who is there now; `enrolment` is None for an instructor who is not previewing."""

    person: Person
    cohort: Cohort
    membership: Membership
    enrolment: Enrolment | None


def enrol(launch: LaunchIdentity, kit: Kit, *, now: datetime | None = None) -> Enrolled:
    """Upsert person, cohort and membership of a launch; a learner's first launch begins the enrolment.

    An instructor of the cohort who launches as a learner has switched roles in the LMS, and previews.

    Raises:
        CourseUnavailable: the course is not published, or the tenant may not use it; a cohort that runs goes on.
    """
    now = now or kit.clock()
    with kit.uow() as uow:
        person = uow.people.upsert(
            launch.tenant_id, launch.sub, name=launch.name, email=launch.email, locale=launch.locale, now=now
        )
        cohort = _cohort(launch, uow, now)
        membership = uow.cohorts.join(cohort.id, person.id, launch.role, preview=launch.preview, source="launch", now=now)
        enrolment = None
        if launch.role == "learner":
            preview = launch.preview or membership.role == "instructor"
            enrolment = begin(person.id, cohort, uow, kit, preview=preview, now=now)
        uow.commit()
    return Enrolled(person, cohort, membership, enrolment)


def preview_as_learner(cohort_id: str, person_id: str, tenant_id: str, kit: Kit, *, now: datetime | None = None) -> Enrolment:
    """Begin or resume an instructor's own preview of a cohort's course."""
    now = now or kit.clock()
    with kit.uow() as uow:
        cohort = uow.cohorts.get(cohort_id, tenant_id)
        enrolment = begin(person_id, cohort, uow, kit, preview=True, now=now)
        uow.commit()
    return enrolment


def start_over(enrolment_id: str, tenant_id: str, kit: Kit, *, now: datetime | None = None) -> Enrolment:
    """Begin a new attempt; what was stored stays with the old one. Where it was begun already, return the newest."""
    now = now or kit.clock()
    with kit.uow() as uow:
        state = uow.enrolments.lock(enrolment_id, tenant_id)
        old = state.enrolment
        current = uow.enrolments.current(old.cohort_id, old.person_id, preview=old.preview)
        if current is not None and current.id != old.id:
            return current
        newest = uow.enrolments.current(old.cohort_id, old.person_id) or old
        fresh = _new(old.person_id, state.cohort, uow, kit, preview=old.preview, now=now, attempt=newest.attempt + 1)
        uow.commit()
    return fresh


def begin(person_id: str, cohort: Cohort, uow: UnitOfWork, kit: Kit, *, preview: bool, now: datetime) -> Enrolment:
    """Return the person's current attempt in a cohort, begun where there is none; previews and real ones stay apart."""
    current = uow.enrolments.current(cohort.id, person_id, preview=preview)
    if current is not None:
        return current
    newest = uow.enrolments.current(cohort.id, person_id)
    attempt = 1 if newest is None else newest.attempt + 1
    return _new(person_id, cohort, uow, kit, preview=preview, now=now, attempt=attempt)


def _new(person_id: str, cohort: Cohort, uow: UnitOfWork, kit: Kit, *, preview: bool, now: datetime, attempt: int) -> Enrolment:
    version = uow.courses.version(cohort.course_version_id)
    # Derived, so that two first launches at once begin the same enrolment.
    id_ = uuid.uuid5(uuid.UUID(cohort.id), f"{person_id}:{attempt}")
    fold = newcomer(version, contract_of(cohort, version), uow, kit, seed=id_.int >> (128 - _SEED_BITS))
    enrolment = Enrolment(
        id=str(id_),
        tenant_id=cohort.tenant_id,
        cohort_id=cohort.id,
        person_id=person_id,
        attempt=attempt,
        course_version_id=version.id,
        model=fold.model.name,
        model_version=fold.model.version,
        policy=fold.policy.name,
        policy_version=fold.policy.version,
        seed=fold.seed,
        preview=preview,
        started_at=now,
    )
    priors = () if preview else priors_for(person_id, cohort, version, uow, kit)
    stored = uow.enrolments.add(LearnerState(enrolment, cohort, fold.start(priors), PathState()))
    if stored is not enrolment:
        # Another process was first; what it stored stands.
        return stored
    uow.record.add_priors(stored.id, priors)
    if not preview:
        data = {"enrolment": stored.id, "course": version.course_id, "course_version": version.number, "attempt": attempt}
        id_text = event_id(ENROLMENT_STARTED, stored.id, str(attempt))
        uow.outbox.add([Event(id_text, ENROLMENT_STARTED, now, cohort.tenant_id, stored.id, data)])
    return stored


def _cohort(launch: LaunchIdentity, uow: UnitOfWork, now: datetime) -> Cohort:
    found = uow.cohorts.find(launch.tenant_id, launch.cohort_key, launch.course_id)
    if found is not None:
        return found
    version = uow.courses.latest(launch.course_id)
    if version is None or all(v.course_id != launch.course_id for v in uow.courses.available(launch.tenant_id)):
        raise CourseUnavailable(
            f"The course '{launch.course_id}' is not available here. Ask whoever set up the link to choose a course again, "
            "or the administrator to publish it for this platform."
        )
    cohort = Cohort(
        id=str(uuid.uuid4()),
        tenant_id=launch.tenant_id,
        course_id=launch.course_id,
        key=launch.cohort_key,
        title=launch.cohort_title,
        course_version_id=version.id,
    )
    return uow.cohorts.add(cohort, now)
