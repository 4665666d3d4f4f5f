"""Rows for tests of the record: small, valid, and each of its own."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from engine.domain.catalog import CourseVersion, Module, Skill
from engine.domain.enrolment import Cohort, Enrolment, LearnerState, Person
from engine.domain.events import Event
from engine.domain.mastery import MasteryState
from engine.domain.pacing import PathState, Reason
from engine.domain.presentations import Presentation
from engine.domain.responses import Response
from engine.domain.unit_of_work import UnitOfWork

NOW = datetime(2026, 3, 2, 9, 30, 15, 123456, tzinfo=UTC)
COURSE = "tidy-tables"


def later(seconds: float) -> datetime:
    """Return an instant after `NOW`."""
    return NOW + timedelta(seconds=seconds)


def new_id() -> str:
    """Return a fresh id."""
    return str(uuid.uuid4())


def version(number: int = 1, course_id: str = COURSE) -> CourseVersion:
    """Return a course version with one skill and one module."""
    return CourseVersion(
        id=f"{course_id}-v{number}",
        course_id=course_id,
        number=number,
        title=f"Tidy tables {number}",
        summary="Rows and columns",
        language="en",
        digest=f"digest-{number}",
        skills={"split": Skill("split", "Split columns")},
        modules=(Module("m1", "First", "Columns", 12.5, ("a1",), ()),),
        activities={},
    )


@dataclass(frozen=True)
class World:
    """A tenant with one course, one cohort and one enrolled person."""

    tenant_id: str
    person: Person
    cohort: Cohort
    state: LearnerState

    @property
    def enrolment(self) -> Enrolment:
        return self.state.enrolment


def enrolment(cohort: Cohort, person_id: str, *, attempt: int = 1, preview: bool = False) -> Enrolment:
    """Return a new enrolment."""
    return Enrolment(
        id=new_id(),
        tenant_id=cohort.tenant_id,
        cohort_id=cohort.id,
        person_id=person_id,
        attempt=attempt,
        course_version_id=cohort.course_version_id,
        model="tally",
        model_version="1",
        policy="straight",
        policy_version="1",
        seed=2**62 - 1,
        preview=preview,
        started_at=NOW,
    )


def begin(
    uow: UnitOfWork, cohort: Cohort, sub: str, *, attempt: int = 1, preview: bool = False, at: datetime = NOW
) -> LearnerState:
    """Store a learner with membership and enrolment."""
    person = uow.people.upsert(cohort.tenant_id, sub, name=f"Name of {sub}", email=None, locale=None, now=at)
    uow.cohorts.join(cohort.id, person.id, "learner", preview=preview, source="launch", now=at)
    state = LearnerState(
        replace(enrolment(cohort, person.id, attempt=attempt, preview=preview), started_at=at),
        cohort,
        MasteryState("tally", "1", {"split": 0.25}),
        PathState(),
    )
    uow.enrolments.add(state)
    return state


def seed(uow_factory: Callable[[], UnitOfWork], tenant_id: str = "north") -> World:
    """Store a tenant, a course, a cohort and one learner."""
    with uow_factory() as uow:
        uow.people.add_tenant(tenant_id, tenant_id.title(), NOW)
        uow.courses.add(version(), NOW)
        uow.courses.grant(COURSE, tenant_id)
        cohort = uow.cohorts.add(Cohort(new_id(), tenant_id, COURSE, "context:7", "Spring group", version().id), NOW)
        state = begin(uow, cohort, "sub-1")
        person = uow.people.get(state.enrolment.person_id)
        uow.commit()
    return World(tenant_id, person, cohort, state)


def presentation(enrolment_id: str, *, decided_seq: int = 0, module_id: str = "m1") -> Presentation:
    """Return a presentation."""
    return Presentation(
        id=new_id(),
        enrolment_id=enrolment_id,
        decided_seq=decided_seq,
        module_id=module_id,
        activity_id="a1",
        course_version_id=version().id,
        purpose="teach",
        attempt=1,
        reason=Reason("teach.next", {"skill": "split"}),
        variant_seed=2**63 - 1,
        served_at=NOW,
        option_order=("b", "a"),
        inputs={"p": 0.5},
    )


def response(shown: Presentation, seq: int) -> Response:
    """Return a right answer to a presentation."""
    return Response(
        seq=seq,
        presentation_id=shown.id,
        decided_seq=shown.decided_seq,
        module_id=shown.module_id,
        activity_id=shown.activity_id,
        purpose=shown.purpose,
        correct=True,
        points=0.75,
        first_try=True,
        hints_used=0,
        active_s=12.25,
        served_at=shown.served_at,
        answered_at=later(20),
    )


def event(subject: str = "e1", *, tenant_id: str = "north", type_: str = "progress.changed.v1") -> Event:
    """Return an event."""
    return Event(new_id(), type_, NOW, tenant_id, subject, {"progress_bp": 1200})
