"""Weekly plans: what learners mean to give a course."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, Date, ForeignKey, Integer, Table

from engine.storage.tables.base import Json, UtcDateTime, metadata

weekly_plans = Table(
    "weekly_plans",
    metadata,
    Column(
        "enrolment_id", ForeignKey("enrolments.id"), primary_key=True, doc="Whose plan it is; no row means the suggested one."
    ),
    Column("minutes", Integer, nullable=False, doc="Minutes a week, the budget that dates follow from."),
    Column("days", Json, nullable=False, doc="Days of the week, 0 Monday to 6 Sunday, that sessions are suggested on."),
    Column("starts_on", Date, doc="No session is suggested before it, after a shift; NULL for at once."),
    Column("changed_at", UtcDateTime, nullable=False, doc="When the learner last changed it, for support."),
    CheckConstraint("minutes BETWEEN 10 AND 1200", name="minutes"),
)
