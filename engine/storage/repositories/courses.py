"""Published course versions and who may use them."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select

from engine.domain.catalog import CourseVersion
from engine.domain.catalog_json import from_json, to_json
from engine.domain.errors import Conflict, NotFound
from engine.storage.tables.courses import course_access, course_files, course_versions, courses
from engine.storage.transaction import Transaction


class VersionCache:
    """The course versions a process used last; they never change.

    Args:
        limit: how many are kept.
    """

    def __init__(self, limit: int = 64) -> None:
        self._limit = limit
        self._held: OrderedDict[str, CourseVersion] = OrderedDict()
        self._guard = threading.Lock()

    def get(self, version_id: str) -> CourseVersion | None:
        """Return a version that is held."""
        with self._guard:
            version = self._held.get(version_id)
            if version is not None:
                self._held.move_to_end(version_id)
            return version

    def put(self, version: CourseVersion) -> None:
        """Hold a version, letting go of the one not used for longest."""
        with self._guard:
            self._held[version.id] = version
            self._held.move_to_end(version.id)
            while len(self._held) > self._limit:
                self._held.popitem(last=False)


class SqlCourses:
    """`Courses` on the tables."""

    def __init__(self, transaction: Transaction, cache: VersionCache) -> None:
        self._tx = transaction
        self._cache = cache
        self._uncommitted: set[str] = set()

    def add(self, version: CourseVersion, now: datetime) -> None:
        """Store a version, and its course. The same again changes nothing; another under its number is a Conflict."""
        tx = self._tx
        course = tx.insert(courses).values(id=version.course_id, title=version.title, created_at=now)
        tx.run(course.on_conflict_do_update(index_elements=["id"], set_={"title": version.title}))
        stored = tx.run(
            tx.insert(course_versions).on_conflict_do_nothing(),
            {
                "id": version.id,
                "course_id": version.course_id,
                "number": version.number,
                "title": version.title,
                "digest": version.digest,
                "content": to_json(version),
                "published_at": now,
            },
        )
        if stored.rowcount == 1:
            self._uncommitted.add(version.id)
            return
        same = select(course_versions.c.digest).where(course_versions.c.id == version.id)
        if tx.run(same).scalar_one_or_none() != version.digest:
            raise Conflict(
                f"Version {version.number} of the course '{version.course_id}', or its content under another number, is "
                "published already. Read the newest version and publish after it."
            )

    def add_file(self, sha256: str, content: bytes, now: datetime) -> None:
        """Store a file under its digest; storing it again is harmless."""
        statement = self._tx.insert(course_files).on_conflict_do_nothing()
        self._tx.run(statement, {"sha256": sha256, "content": content, "created_at": now})

    def file(self, sha256: str) -> bytes | None:
        """Return a file by its digest."""
        found = self._tx.run(select(course_files.c.content).where(course_files.c.sha256 == sha256)).scalar_one_or_none()
        return None if found is None else bytes(found)

    def version(self, version_id: str) -> CourseVersion:
        """Return a version, from the process's cache where it is there. Raises NotFound."""
        held = self._cache.get(version_id)
        if held is not None:
            return held
        row = self._tx.run(select(course_versions.c.content).where(course_versions.c.id == version_id)).one_or_none()
        if row is None:
            raise NotFound(f"There is no course version '{version_id}'. `pacemate course list` names those there are.")
        return self._read(version_id, row.content)

    def latest(self, course_id: str) -> CourseVersion | None:
        """Return the newest version of a course."""
        newest = (
            select(course_versions.c.id)
            .where(course_versions.c.course_id == course_id)
            .order_by(course_versions.c.number.desc())
            .limit(1)
        )
        version_id = self._tx.run(newest).scalar_one_or_none()
        return None if version_id is None else self.version(version_id)

    def available(self, tenant_id: str) -> Sequence[CourseVersion]:
        """Return the newest version of each course the tenant may use, by title."""
        newest = (
            select(course_versions.c.course_id, func.max(course_versions.c.number).label("number"))
            .group_by(course_versions.c.course_id)
            .subquery()
        )
        ids = (
            select(course_versions.c.id)
            .join(
                newest,
                (newest.c.course_id == course_versions.c.course_id) & (newest.c.number == course_versions.c.number),
            )
            .join(course_access, course_access.c.course_id == course_versions.c.course_id)
            .where(course_access.c.tenant_id == tenant_id)
            .order_by(course_versions.c.title, course_versions.c.course_id)
        )
        return [self.version(version_id) for version_id in self._tx.run(ids).scalars().all()]

    def grant(self, course_id: str, tenant_id: str) -> None:
        """Let a tenant use a course; granting twice is harmless."""
        statement = self._tx.insert(course_access).on_conflict_do_nothing()
        self._tx.run(statement, {"course_id": course_id, "tenant_id": tenant_id})

    def revoke(self, course_id: str, tenant_id: str) -> bool:
        """Let a tenant begin no more cohorts of a course; those it has go on. Return whether it might before."""
        mine = (course_access.c.course_id == course_id) & (course_access.c.tenant_id == tenant_id)
        return self._tx.run(delete(course_access).where(mine)).rowcount == 1

    def _read(self, version_id: str, content: dict[str, Any]) -> CourseVersion:
        version = from_json(content)
        # What this unit of work may still roll back must not outlive it.
        if version_id not in self._uncommitted:
            self._cache.put(version)
        return version
