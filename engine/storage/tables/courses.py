"""Courses, their published versions, and who may use them."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Integer, LargeBinary, String, Table, UniqueConstraint

from engine.storage.tables.base import Json, UtcDateTime, metadata

courses = Table(
    "courses",
    metadata,
    Column("id", String, primary_key=True, doc="The id in `course.yaml`; links name it."),
    Column("title", String, nullable=False, doc="Title of the newest version, for lists that do not open it."),
    Column("created_at", UtcDateTime, nullable=False, doc="When it was first published, for lists."),
)

course_versions = Table(
    "course_versions",
    metadata,
    Column("id", String, primary_key=True, doc="Key that cohorts, enrolments and presentations pin."),
    Column("course_id", ForeignKey("courses.id"), nullable=False, doc="The course it is a version of."),
    Column("number", Integer, nullable=False, doc="1, 2, 3 ... in order of publication, for people."),
    Column("title", String, nullable=False, doc="Its title then; the course's may have changed since."),
    Column(
        "digest", String, nullable=False, doc="SHA-256 of the canonical content: publishing the newest again is no new version."
    ),
    Column("content", Json, nullable=False, doc="All it teaches, as `catalog_json` writes it; never changed."),
    Column("published_at", UtcDateTime, nullable=False, doc="When it was published, for people."),
    UniqueConstraint("course_id", "number"),
)

course_files = Table(
    "course_files",
    metadata,
    Column(
        "sha256", String, primary_key=True, doc="Of the content; versions list their files by it, so equal ones are kept once."
    ),
    Column("content", LargeBinary, nullable=False, doc="The file, at most 1 MB: every web process can send it."),
    Column("created_at", UtcDateTime, nullable=False, doc="When it was first published, for cleaning up."),
)

course_access = Table(
    "course_access",
    metadata,
    Column("course_id", ForeignKey("courses.id"), primary_key=True, doc="The course that may be used."),
    Column("tenant_id", ForeignKey("tenants.id"), primary_key=True, index=True, doc="The tenant that may use it."),
)
