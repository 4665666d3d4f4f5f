"""Cohorts and memberships: who learns together, and in what role."""

from __future__ import annotations

from sqlalchemy import Boolean, CheckConstraint, Column, Date, ForeignKey, String, Table, UniqueConstraint

from engine.storage.tables.base import Json, UtcDateTime, metadata

cohorts = Table(
    "cohorts",
    metadata,
    Column("id", String, primary_key=True, doc="Key of the cohort in links and events."),
    Column("tenant_id", ForeignKey("tenants.id"), nullable=False, doc="The tenant it belongs to; every read asks for it."),
    Column("course_id", ForeignKey("courses.id"), nullable=False, index=True, doc="The course it takes."),
    Column("key", String, nullable=False, doc="`context:<id>` or `link:<id>`: how a launch finds its cohort."),
    Column("title", String, nullable=False, doc="The LMS's name of it, for the instructor."),
    Column("course_version_id", ForeignKey("course_versions.id"), nullable=False, index=True, doc="The pinned version."),
    Column("contract", Json, doc="Module ids it uses; NULL means all."),
    Column("confirmed_at", UtcDateTime, doc="When an instructor confirmed the contract; NULL while it is proposed."),
    Column("starts_on", Date, doc="First day, for plans and pages; NULL where nobody said."),
    Column("ends_on", Date, doc="Last day, for plans and pages; NULL where nobody said."),
    Column("grade_policy", String, nullable=False, doc="What the grade in the LMS means."),
    Column("locks", Json, nullable=False, doc="Controls that learners may not use."),
    Column("created_at", UtcDateTime, nullable=False, doc="When the first launch made it, for support."),
    UniqueConstraint("tenant_id", "key", "course_id"),
    CheckConstraint("grade_policy IN ('completion', 'progress', 'mastery', 'none')", name="grade_policy"),
)

memberships = Table(
    "memberships",
    metadata,
    Column("id", String, primary_key=True, doc="Key for notes and calls that refer to it."),
    Column("cohort_id", ForeignKey("cohorts.id"), nullable=False, doc="The cohort."),
    Column("person_id", ForeignKey("people.id"), nullable=False, index=True, doc="The person."),
    Column("role", String, nullable=False, doc="What the person may do in this cohort."),
    Column("status", String, nullable=False, doc="`dropped` people are flagged and never erased."),
    Column("preview", Boolean, nullable=False, doc="True keeps test students and previews out of statistics."),
    Column("source", String, nullable=False, doc="`launch` or `roster`: how we first heard of it."),
    Column("section", String, doc="The LMS's sections of the person, a name a line, for filters; NULL where it tells none."),
    Column("created_at", UtcDateTime, nullable=False, doc="When we first heard of it."),
    Column("status_at", UtcDateTime, nullable=False, doc="When the status last changed, for the instructor."),
    Column("seen_at", UtcDateTime, doc="The last launch; NULL for a person known from the roster alone."),
    UniqueConstraint("cohort_id", "person_id"),
    CheckConstraint("role IN ('learner', 'instructor')", name="role"),
    CheckConstraint("status IN ('active', 'dropped')", name="status"),
)
