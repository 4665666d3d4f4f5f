"""Courses for the administrators' pages: versions, and the tenants that may use them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select

from engine.storage.tables.cohorts import cohorts
from engine.storage.tables.courses import course_access, course_versions, courses
from engine.storage.tables.people import tenants


@dataclass(frozen=True, slots=True)
class ListedVersion:
    """A published version; `cohorts` counts those that are pinned to it."""

    number: int
    title: str
    digest: str
    published_at: datetime
    cohorts: int


@dataclass(frozen=True, slots=True)
class ListedCourse:
    """A course with its versions, newest first, and the ids of the tenants that may use it."""

    id: str
    title: str
    versions: tuple[ListedVersion, ...]
    tenants: tuple[str, ...]


def course_list(session: Connection) -> tuple[ListedCourse, ...]:
    """Return all courses by title, in three statements."""
    pinned = select(cohorts.c.course_version_id, func.count().label("count")).group_by(cohorts.c.course_version_id).subquery()
    versions = session.execute(
        select(
            course_versions.c.course_id,
            course_versions.c.number,
            course_versions.c.title,
            course_versions.c.digest,
            course_versions.c.published_at,
            func.coalesce(pinned.c.count, 0),
        )
        .outerjoin(pinned, pinned.c.course_version_id == course_versions.c.id)
        .order_by(course_versions.c.course_id, course_versions.c.number.desc())
    )
    by_course: dict[str, list[ListedVersion]] = {}
    for course_id, *values in versions:
        by_course.setdefault(course_id, []).append(ListedVersion(*values))
    allowed: dict[str, list[str]] = {}
    for course_id, tenant_id in session.execute(select(course_access.c.course_id, course_access.c.tenant_id)):
        allowed.setdefault(course_id, []).append(tenant_id)
    rows = session.execute(select(courses.c.id, courses.c.title).order_by(courses.c.title, courses.c.id))
    return tuple(ListedCourse(id_, title, tuple(by_course.get(id_, ())), tuple(allowed.get(id_, ()))) for id_, title in rows)


def tenant_names(session: Connection) -> Mapping[str, str]:
    """Return the names of all tenants by id, in order of name."""
    rows = session.execute(select(tenants.c.id, tenants.c.name).order_by(tenants.c.name, tenants.c.id))
    return {row[0]: row[1] for row in rows}
