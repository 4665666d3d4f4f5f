"""The append-only record of learning: presentations, responses, overrides, adjustments, milestones."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    UniqueConstraint,
)

from engine.storage.tables.base import BigId, Json, UtcDateTime, metadata

presentations = Table(
    "presentations",
    metadata,
    Column("id", String, primary_key=True, doc="The key of the response: a resend carries it again."),
    Column("enrolment_id", ForeignKey("enrolments.id"), nullable=False, doc="To whom it was offered."),
    Column("decided_seq", Integer, nullable=False, doc="The fold's position it was decided at; asking twice finds it."),
    Column("module_id", String, nullable=False, doc="The module the learner was in."),
    Column("activity_id", String, nullable=False, doc="What was offered."),
    Column("course_version_id", ForeignKey("course_versions.id"), nullable=False, doc="The version it was served from."),
    Column("purpose", String, nullable=False, doc="What it was for; decides what an answer means."),
    Column("attempt", Integer, nullable=False, doc="2 for the second try at the same activity."),
    Column("reason", Json, nullable=False, doc="Why it was decided, as the learner is told."),
    Column("variant_seed", BigInteger, nullable=False, doc="Variant and option order come from it, also when scoring."),
    Column("served_at", UtcDateTime, nullable=False, doc="The server's time; bounds the active time that clients tell."),
    Column("option_order", Json, nullable=False, doc="Ids of the options as shown, for item reports."),
    Column("inputs", Json, nullable=False, doc="The figures it was decided on, for replay and for people."),
    Column("hints_shown", Integer, nullable=False, doc="Hints asked for; an answer with help is no evidence."),
    UniqueConstraint("enrolment_id", "decided_seq", "module_id"),
)

responses = Table(
    "responses",
    metadata,
    Column("presentation_id", ForeignKey("presentations.id"), primary_key=True, doc="At most one response a presentation."),
    Column("enrolment_id", ForeignKey("enrolments.id"), nullable=False, doc="Whose fold it belongs to."),
    Column("seq", Integer, nullable=False, doc="Position in the fold, given under the enrolment's lock."),
    Column("decided_seq", Integer, nullable=False, doc="Position at which its presentation was decided."),
    Column("module_id", String, nullable=False, doc="The module the learner was in."),
    Column("activity_id", String, nullable=False, doc="What was answered, for item reports without a join."),
    Column("purpose", String, nullable=False, doc="What it was presented for; the fold needs it."),
    Column("correct", Boolean, doc="NULL where the activity says nothing about mastery."),
    Column("points", Double, nullable=False, doc="Share of full marks in [0, 1]."),
    Column("first_try", Boolean, nullable=False, doc="Second tries are no evidence."),
    Column("hints_used", Integer, nullable=False, doc="Hints asked for before the answer."),
    Column("active_s", Double, doc="Active seconds, capped by the server's interval; NULL means unknown."),
    Column("served_at", UtcDateTime, nullable=False, doc="When its presentation was served, server's time."),
    Column("answered_at", UtcDateTime, nullable=False, doc="When it arrived, server's time."),
    Column("answer", Json, nullable=False, doc="What the learner sent: shown again, and re-scored when a key was wrong."),
    Column("reply", Json, nullable=False, doc="What was returned; a resend gets it again."),
    Column("misconception", String, doc="The author's label of the wrong choice, for item reports; NULL without one."),
    UniqueConstraint("enrolment_id", "seq"),
    CheckConstraint("seq >= 1", name="seq"),
)

overrides = Table(
    "overrides",
    metadata,
    Column("enrolment_id", ForeignKey("enrolments.id"), primary_key=True, doc="Whose path it changes."),
    Column("seq", Integer, primary_key=True, autoincrement=False, doc="Position in the fold, shared with responses."),
    Column("kind", String, nullable=False, doc="What it does, such as `test_out`."),
    Column("target", String, nullable=False, doc="What it does it to: slot, activity, module, skill or mode."),
    Column("actor", String, nullable=False, doc="Who did it, for people and for reports."),
    Column("at", UtcDateTime, nullable=False, doc="When, server's time."),
    Column("note", String, nullable=False, doc="The reason an instructor gave; empty without one."),
)

standings = Table(
    "standings",
    metadata,
    Column("enrolment_id", ForeignKey("enrolments.id"), primary_key=True, doc="Whose state it is."),
    Column("seq", Integer, primary_key=True, autoincrement=False, doc="The switch of version it was stored at."),
    Column("mastery", Json, nullable=False, doc="Mastery after the switch: a replay goes on from it once the release is gone."),
    Column("path", Json, nullable=False, doc="The path after the switch, for the same."),
)

adjustments = Table(
    "adjustments",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=True, doc="Order of what one step changed."),
    Column("enrolment_id", ForeignKey("enrolments.id"), nullable=False, doc="Whose path changed."),
    Column("seq", Integer, nullable=False, doc="The response or override that changed it."),
    Column("kind", String, nullable=False, doc="Skip, insert, close or flag."),
    Column("slot_key", String, nullable=False, doc="The practice slot it concerns."),
    Column("reason", Json, nullable=False, doc="Why, as the learner is told."),
    Column("elements", Json, nullable=False, doc="Element keys it closed, so that an undo can open them."),
    Column("seconds", Integer, nullable=False, doc="Authored seconds saved (negative) or added."),
    Column("card", Boolean, nullable=False, doc="True where the learner was shown a card."),
    Column("created_at", UtcDateTime, nullable=False, doc="When, server's time."),
    Index(None, "enrolment_id", "seq"),
)

milestones = Table(
    "milestones",
    metadata,
    Column("id", String, primary_key=True, doc="uuid5 of enrolment and threshold: the event's id everywhere."),
    Column("enrolment_id", ForeignKey("enrolments.id"), nullable=False, doc="Who reached it."),
    Column("threshold_percent", Integer, nullable=False, doc="25, 50 or 75."),
    Column("previous_bp", Integer, nullable=False, doc="High-water progress before, as the event tells."),
    Column("progress_bp", Integer, nullable=False, doc="High-water progress after, as the event tells."),
    Column("cause", String, nullable=False, doc="What moved the progress; waivers are not celebrated."),
    Column("batch_id", String, nullable=False, doc="Shared by the milestones of one crossing."),
    Column("celebrate", Boolean, nullable=False, doc="True for the highest of a batch of one's own work."),
    Column("reached_at", UtcDateTime, nullable=False, doc="When, for pages and reports."),
    Column("seen_at", UtcDateTime, doc="When it was celebrated on a page; NULL until then."),
    UniqueConstraint("enrolment_id", "threshold_percent"),
)
