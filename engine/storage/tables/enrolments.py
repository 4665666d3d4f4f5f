"""Enrolments and their folded state."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Double,
    ForeignKey,
    Integer,
    String,
    Table,
    UniqueConstraint,
)

from engine.storage.tables.base import Json, UtcDateTime, metadata

enrolments = Table(
    "enrolments",
    metadata,
    Column("id", String, primary_key=True, doc="Key of the enrolment in links and events."),
    Column("tenant_id", ForeignKey("tenants.id"), nullable=False, index=True, doc="The tenant; every read asks for it."),
    Column("cohort_id", ForeignKey("cohorts.id"), nullable=False, doc="The cohort it is part of."),
    Column("person_id", ForeignKey("people.id"), nullable=False, index=True, doc="Who learns."),
    Column("attempt", Integer, nullable=False, doc="1 for the first; `start over` adds one."),
    Column("course_version_id", ForeignKey("course_versions.id"), nullable=False, index=True, doc="The version in force."),
    Column("model", String, nullable=False, doc="The mastery model that folds it."),
    Column("model_version", String, nullable=False, doc="The coefficients it is pinned to, for replay."),
    Column("policy", String, nullable=False, doc="The pacing policy that decides for it."),
    Column("policy_version", String, nullable=False, doc="The version of the policy, for replay."),
    Column("seed", BigInteger, nullable=False, doc="Fixed for the attempt: tie breaks and variants come from it."),
    Column("preview", Boolean, nullable=False, doc="True keeps it out of statistics, pairing, events and grades."),
    Column("started_at", UtcDateTime, nullable=False, doc="The first launch: plans and clocks start here."),
    Column("seq", Integer, nullable=False, doc="Responses and overrides folded so far; the next one gets seq + 1."),
    Column("progress_bp", Integer, doc="High-water progress in basis points; NULL when the contract weighs nothing."),
    Column("answered", Integer, nullable=False, doc="Responses so far, so that the cohort's page reads no responses."),
    Column("active_s", Double, nullable=False, doc="Known active seconds so far, for the cohort's page."),
    Column("skills_mastered", Integer, nullable=False, doc="High-water count, for grades and the cohort's page."),
    Column("last_active_at", UtcDateTime, doc="The last response, to see who fell silent; NULL before the first."),
    Column("completed_at", UtcDateTime, doc="When the contract was complete; NULL before."),
    UniqueConstraint("cohort_id", "person_id", "attempt"),
    CheckConstraint("progress_bp BETWEEN 0 AND 10000", name="progress_bp"),
    CheckConstraint("seq >= 0", name="seq"),
)

learner_states = Table(
    "learner_states",
    metadata,
    Column("enrolment_id", ForeignKey("enrolments.id"), primary_key=True, doc="The enrolment whose fold this is."),
    Column("mastery", Json, nullable=False, doc="The model's state after `enrolments.seq` steps; opaque to all but the model."),
    Column("path", Json, nullable=False, doc="Where the enrolment stands on its path after as many steps."),
)
