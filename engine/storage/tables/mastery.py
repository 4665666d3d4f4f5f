"""Fitted versions of mastery models, by course, and what enrolments begin with."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, Double, ForeignKey, Index, Integer, String, Table, Text, UniqueConstraint

from engine.storage.tables.base import BigId, Json, UtcDateTime, metadata

mastery_fits = Table(
    "mastery_fits",
    metadata,
    Column("id", String, primary_key=True, doc="Key of the try."),
    Column("course_id", ForeignKey("courses.id"), nullable=False, doc="The course whose responses it was fitted to."),
    Column("model", String, nullable=False, doc="The mastery model that reads the coefficients."),
    Column("version", String, doc="What enrolments pin; NULL for a refused try."),
    Column("outcome", String, nullable=False, doc="`kept` or `refused`; the administrator reads both."),
    Column("learners", Integer, nullable=False, doc="Learners with an answer then: the next threshold counts from here."),
    Column("responses", Integer, nullable=False, doc="Answers then: without a new one no night fits again."),
    Column("at", UtcDateTime, nullable=False, doc="When it ended, for people and for the next night."),
    Column("summary", Json, nullable=False, doc="What it was fitted on and its validation figures, for lists."),
    Column("message", String, nullable=False, doc="Why it was refused, in plain words; empty otherwise."),
    Column("coefficients", Text, doc="The versioned coefficients as JSON text; never changed. NULL for a refused try."),
    UniqueConstraint("model", "version"),
    CheckConstraint("outcome IN ('kept', 'refused')", name="outcome"),
    Index("ix_mastery_fits_course", "course_id", "model", "at"),
)

mastery_promotions = Table(
    "mastery_promotions",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=True, doc="Order of promotions; the newest counts."),
    Column("course_id", ForeignKey("courses.id"), nullable=False, doc="The course whose new enrolments pin the version."),
    Column("model", String, nullable=False, doc="The mastery model."),
    Column("version", String, nullable=False, doc="The version; one without a fit is the model's day-one version."),
    Column("at", UtcDateTime, nullable=False, doc="When it was promoted, for people."),
    Index("ix_mastery_promotions_newest", "course_id", "model", "id"),
    sqlite_autoincrement=True,
)

mastery_turns = Table(
    "mastery_turns",
    metadata,
    Column("course_id", ForeignKey("courses.id"), primary_key=True, doc="The course: one is fitted by one worker at a time."),
    Column("leased_until", UtcDateTime, doc="A worker fits it until then; NULL when nobody does."),
    Column("tried_at", UtcDateTime, doc="When the last try ended; NULL before the first."),
    Column("tried_learners", Integer, nullable=False, doc="Learners at the last try, to see the next threshold passed."),
    Column("tried_responses", Integer, nullable=False, doc="Answers at the last try, to see whether there is news."),
)

enrolment_priors = Table(
    "enrolment_priors",
    metadata,
    Column("enrolment_id", ForeignKey("enrolments.id"), primary_key=True, doc="The enrolment that began with it, at seq 0."),
    Column("skill_id", String, primary_key=True, doc="The skill of its course that it speaks of."),
    Column("position", Integer, nullable=False, doc="Order in which they count: replay needs the same."),
    Column("logit", Double, nullable=False, doc="Mean of the expected share right, in logits."),
    Column("variance", Double, nullable=False, doc="Its discounted variance, in squared logits."),
    Column("source", ForeignKey("enrolments.id"), nullable=False, doc="The same person's enrolment it was copied from."),
)
