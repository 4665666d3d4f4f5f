"""Publish a course version: immutable, numbered, once per content."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from engine.domain.catalog import CourseVersion
from engine.services.kit import Kit


def publish_course(
    draft: CourseVersion,
    kit: Kit,
    *,
    grant_to: tuple[str, ...] = (),
    files: Mapping[str, bytes] | None = None,
    now: datetime | None = None,
) -> CourseVersion:
    """Store a checked course as its next version; the same content again returns the version it already is.

    Args:
        draft: its `id` and `number` are ignored.
        grant_to: ids of tenants that may use the course.
        files: SHA-256 to content of the files the version lists.
    """
    now = now or kit.clock()
    with kit.uow() as uow:
        latest = uow.courses.latest(draft.course_id)
        if latest is not None and latest.digest == draft.digest:
            version = latest
        else:
            # Derived, so that the same publication twice at once is one.
            number = 1 if latest is None else latest.number + 1
            id_ = str(uuid.uuid5(uuid.NAMESPACE_URL, f"{draft.course_id}:{number}:{draft.digest}"))
            version = replace(draft, id=id_, number=number)
            uow.courses.add(version, now)
        for sha256, content in (files or {}).items():
            uow.courses.add_file(sha256, content, now)
        for tenant_id in grant_to:
            uow.courses.grant(draft.course_id, tenant_id)
        uow.commit()
    return version
