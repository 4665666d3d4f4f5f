"""The evidence that learners gave in a course, for fitting the mastery model."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Connection, select

from engine.storage.tables.courses import course_versions
from engine.storage.tables.enrolments import enrolments
from engine.storage.tables.learning import responses


@dataclass(frozen=True, slots=True)
class EvidenceRow:
    """One first answer, as the fold reads it: a right one that needed a hint is none."""

    enrolment_id: str
    course_version_id: str
    activity_id: str
    correct: bool


def evidence_of(session: Connection, course_id: str) -> Iterator[EvidenceRow]:
    """Yield the evidence of all enrolments in a course that count in statistics, each in the fold's order."""
    rows = session.execute(
        select(
            responses.c.enrolment_id,
            enrolments.c.course_version_id,
            responses.c.activity_id,
            responses.c.correct,
            responses.c.hints_used,
        )
        .join(enrolments, enrolments.c.id == responses.c.enrolment_id)
        .join(course_versions, course_versions.c.id == enrolments.c.course_version_id)
        .where(
            course_versions.c.course_id == course_id,
            enrolments.c.preview.is_(False),
            responses.c.first_try.is_(True),
            responses.c.correct.is_not(None),
        )
        .order_by(responses.c.enrolment_id, responses.c.seq)
        .execution_options(yield_per=5000)
    )
    for enrolment_id, version_id, activity_id, correct, hints_used in rows:
        if not (correct and hints_used > 0):
            yield EvidenceRow(enrolment_id, version_id, activity_id, bool(correct))
