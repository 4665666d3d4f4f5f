"""What an installation holds: its tenants, and the courses they may use."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from engine.domain.errors import NotFound
from engine.storage.tables.courses import course_versions, courses
from engine.storage.tables.enrolments import enrolments
from engine.storage.tables.people import tenants


@dataclass(frozen=True, slots=True)
class PublishedCourse:
    """The newest version of a course."""

    course_id: str
    number: int
    title: str


def tenant_ids(session: Connection) -> tuple[str, ...]:
    """Return the ids of all tenants."""
    return tuple(session.scalars(select(tenants.c.id).order_by(tenants.c.created_at, tenants.c.id)))


def tenant_of_enrolment(session: Connection, enrolment_id: str) -> str:
    """Return the tenant an enrolment belongs to. Raises NotFound."""
    found = session.scalar(select(enrolments.c.tenant_id).where(enrolments.c.id == enrolment_id))
    if found is None:
        raise NotFound(f"There is no enrolment '{enrolment_id}'. It ends the address of the learner's page in the cohort.")
    return str(found)


def published_courses(session: Connection) -> tuple[PublishedCourse, ...]:
    """Return every course with its newest version."""
    newest = select(course_versions.c.course_id, func.max(course_versions.c.number).label("number")).group_by(
        course_versions.c.course_id
    )
    latest = newest.subquery()
    rows = session.execute(
        select(courses.c.id, latest.c.number, courses.c.title)
        .join(latest, latest.c.course_id == courses.c.id)
        .order_by(courses.c.id)
    )
    return tuple(PublishedCourse(*row) for row in rows)
