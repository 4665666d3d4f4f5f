"""Launch sessions, administrators' sessions and capability links; secrets are stored hashed."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, String, Table, UniqueConstraint

from engine.storage.tables.base import Json, UtcDateTime, metadata

launch_sessions = Table(
    "launch_sessions",
    metadata,
    Column("id", String, primary_key=True, doc="The launch id in every address of the launch; no secret."),
    Column("tenant_id", ForeignKey("tenants.id"), nullable=False, doc="Bounds every read of the launch."),
    Column("person_id", ForeignKey("people.id"), nullable=False, index=True, doc="Who launched."),
    Column("cohort_id", ForeignKey("cohorts.id"), index=True, doc="The cohort; NULL while a link is bound to no course."),
    Column("enrolment_id", ForeignKey("enrolments.id"), index=True, doc="The enrolment of a learner; NULL for instructors."),
    Column("role", String, nullable=False, doc="The context role of this launch; a later launch may have another."),
    Column("preview", Boolean, nullable=False, doc="True for previews and test students."),
    Column("browser_hash", String, nullable=False, doc="Hash of the cookie that proves the browser."),
    Column("module_id", String, doc="The module the link points at; NULL for the whole course."),
    Column("family", String, nullable=False, doc="The platform's family, for its quirks on pages."),
    Column("registration_id", String, doc="The registration it came through, for services that ask the platform."),
    Column("deployment_id", String, doc="The platform's name of the deployment it came through; withdrawing that ends it."),
    Column("return_url", String, doc="Where `back to your course` leads; NULL where the platform says nothing."),
    Column("locale", String, doc="The language of this launch; NULL where the platform says nothing."),
    Column("frame_ancestors", String, nullable=False, doc="Origins that may frame its pages, for the CSP."),
    Column("created_at", UtcDateTime, nullable=False, doc="When it began."),
    Column("expires_at", UtcDateTime, nullable=False, index=True, doc="When it ends and is swept."),
    Column("deep_link", Json, doc="The platform's deep-linking settings, for the picker; NULL for other launches."),
)

admin_sessions = Table(
    "admin_sessions",
    metadata,
    Column("id", String, primary_key=True, doc="Key by which an administrator ends it."),
    Column("token_hash", String, nullable=False, doc="Hash of the cookie that proves the browser."),
    Column("name", String, nullable=False, doc="Whom the link was made for that opened it."),
    Column("created_at", UtcDateTime, nullable=False, doc="When it began."),
    Column("expires_at", UtcDateTime, nullable=False, index=True, doc="When it ends and is swept."),
    UniqueConstraint("token_hash"),
)

capability_links = Table(
    "capability_links",
    metadata,
    Column("id", String, primary_key=True, doc="Key by which an administrator revokes it."),
    Column("purpose", String, nullable=False, doc="What it may be used for, and nothing else."),
    Column("token_hash", String, nullable=False, doc="Hash of the secret in the link."),
    Column("subject", String, nullable=False, index=True, doc="What or whom it is about, by id."),
    Column("created_at", UtcDateTime, nullable=False, doc="When it was made."),
    Column("expires_at", UtcDateTime, nullable=False, index=True, doc="When it ends and is swept."),
    Column("used_at", UtcDateTime, doc="When it was used up; NULL until then."),
    Column("revoked_at", UtcDateTime, doc="When it was revoked; NULL until then."),
    UniqueConstraint("token_hash"),
)
