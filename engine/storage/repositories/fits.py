"""Fits of mastery models and their promotions, by course."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime

from sqlalchemy import func, or_, select, update

from engine.domain.errors import NotFound
from engine.domain.fits import CourseEvidence, CourseLog, FitRecord, LearnerAnswer, Promotion
from engine.domain.unit_of_work import Courses
from engine.storage.reads.evidence import evidence_of
from engine.storage.tables.cohorts import cohorts
from engine.storage.tables.courses import courses
from engine.storage.tables.enrolments import enrolments
from engine.storage.tables.mastery import mastery_fits, mastery_promotions, mastery_turns
from engine.storage.transaction import Transaction

FIT = tuple(mastery_fits.c[f.name] for f in fields(FitRecord))
PROMOTION = tuple(mastery_promotions.c[f.name] for f in fields(Promotion))


class SqlFits:
    """`Fits` on the tables."""

    def __init__(self, transaction: Transaction, versions: Courses) -> None:
        self._tx = transaction
        self._versions = versions

    def log(self, course_id: str) -> CourseLog:
        """Return a course's evidence. Raises NotFound."""
        newest = self._versions.latest(course_id)
        if newest is None:
            raise NotFound(f"There is no course '{course_id}'. `pacemate course list` names them.")
        tags = {a.id: a.difficulty for a in newest.activities.values() if a.difficulty is not None}
        answers = []
        for row in evidence_of(self._tx.session, course_id):
            activity = self._versions.version(row.course_version_id).activities.get(row.activity_id)
            if activity is not None and activity.evidence == "practice" and activity.skills:
                answers.append(LearnerAnswer(row.enrolment_id, row.activity_id, activity.skills, row.correct))
        return CourseLog(tuple(answers), tags)

    def add(self, fit: FitRecord, coefficients: str | None) -> None:
        """Store a try and what it brought; a version that is there already stays as it is."""
        values = {f.name: getattr(fit, f.name) for f in fields(FitRecord)} | {"coefficients": coefficients}
        self._tx.run(self._tx.insert(mastery_fits).on_conflict_do_nothing(), values)

    def coefficients(self, model: str, version: str) -> str | None:
        """Return the coefficients of a version as text; None where no fit has it."""
        wanted = (mastery_fits.c.model == model) & (mastery_fits.c.version == version)
        found = self._tx.run(select(mastery_fits.c.coefficients).where(wanted)).scalar_one_or_none()
        return None if found is None else str(found)

    def of_course(self, course_id: str) -> Sequence[FitRecord]:
        """Return all tries of a course, the newest first."""
        statement = (
            select(*FIT).where(mastery_fits.c.course_id == course_id).order_by(mastery_fits.c.at.desc(), mastery_fits.c.id)
        )
        return [FitRecord(*row) for row in self._tx.run(statement)]

    def promote(self, promotion: Promotion) -> None:
        """Let a course's new enrolments pin a version."""
        self._tx.run(mastery_promotions.insert(), {f.name: getattr(promotion, f.name) for f in fields(Promotion)})

    def promoted(self, course_id: str, model: str) -> str | None:
        """Return the version that a course's new enrolments pin; None while it is the installed one."""
        table = mastery_promotions
        newest = (
            select(table.c.version)
            .where(table.c.course_id == course_id, table.c.model == model)
            .order_by(table.c.id.desc())
            .limit(1)
        )
        found = self._tx.run(newest).scalar_one_or_none()
        return None if found is None else str(found)

    def promotions(self) -> Sequence[Promotion]:
        """Return the newest promotion of each course and model."""
        newest = select(func.max(mastery_promotions.c.id)).group_by(mastery_promotions.c.course_id, mastery_promotions.c.model)
        statement = select(*PROMOTION).where(mastery_promotions.c.id.in_(newest)).order_by(mastery_promotions.c.id)
        return [Promotion(*row) for row in self._tx.run(statement)]

    def evidence(self) -> Sequence[CourseEvidence]:
        """Return what each course's record holds now, and held at its last try."""
        counted = (
            select(
                cohorts.c.course_id,
                func.count().label("learners"),
                func.sum(enrolments.c.answered).label("responses"),
            )
            .join(cohorts, cohorts.c.id == enrolments.c.cohort_id)
            .where(enrolments.c.preview.is_(False), enrolments.c.answered > 0)
            .group_by(cohorts.c.course_id)
            .subquery()
        )
        rows = self._tx.run(
            select(
                courses.c.id,
                func.coalesce(counted.c.learners, 0),
                func.coalesce(counted.c.responses, 0),
                mastery_turns.c.tried_at,
                func.coalesce(mastery_turns.c.tried_learners, 0),
                func.coalesce(mastery_turns.c.tried_responses, 0),
            )
            .outerjoin(counted, counted.c.course_id == courses.c.id)
            .outerjoin(mastery_turns, mastery_turns.c.course_id == courses.c.id)
            .order_by(courses.c.id)
        )
        return [CourseEvidence(*row) for row in rows]

    def take_turn(self, course_id: str, now: datetime, until: datetime) -> bool:
        """Claim a course for fitting until a time; False while another worker has it."""
        tx, table = self._tx, mastery_turns
        fresh = {"course_id": course_id, "leased_until": None, "tried_at": None, "tried_learners": 0, "tried_responses": 0}
        tx.run(tx.insert(table).on_conflict_do_nothing(), fresh)
        free = (table.c.course_id == course_id) & or_(table.c.leased_until.is_(None), table.c.leased_until <= now)
        return tx.run(update(table).where(free).values(leased_until=until)).rowcount == 1

    def end_turn(self, course: CourseEvidence, until: datetime, now: datetime) -> None:
        """Give a course back, with what its record held; nothing changes where another worker has it by now."""
        tried = {"tried_at": now, "tried_learners": course.learners, "tried_responses": course.responses}
        mine = (mastery_turns.c.course_id == course.course_id) & (mastery_turns.c.leased_until == until)
        self._tx.run(update(mastery_turns).where(mine).values(leased_until=None, **tried))
