"""The instructor's page: every learner of a cohort and the counts over them, in one statement whatever the size."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import Connection, and_, func, select

from engine.domain.milestones import THRESHOLDS_PERCENT
from engine.storage.tables.cohorts import memberships
from engine.storage.tables.enrolments import enrolments, learner_states
from engine.storage.tables.learning import milestones
from engine.storage.tables.people import people
from engine.storage.transaction import AnyRow, AnySelect

Standing = Literal["not_started", "learning", "completed", "dropped"]


@dataclass(frozen=True, slots=True)
class LearnerRow:
    """One learner of a cohort, in the newest attempt.

    Args:
        name: None where the LMS keeps it.
        alias: `Learner 7`, numbered in the order of joining: what to show without a name. It says nothing of the person.
        standing: `dropped` learners are listed and counted in nothing else.
        sections: the LMS's sections or groups the person is in.
        enrolment_id: None for a member who never launched; the figures are then zero and the times None.
        progress_bp: None when the contract weighs nothing.
        flags: slot keys where help is wanted.
        last_milestone: the highest threshold reached, percent.
    """

    person_id: str
    name: str | None
    alias: str
    standing: Standing
    sections: tuple[str, ...]
    enrolment_id: str | None
    attempt: int
    progress_bp: int | None
    answered: int
    active_s: float
    skills_mastered: int
    started_at: datetime | None
    last_active_at: datetime | None
    completed_at: datetime | None
    flags: tuple[str, ...]
    last_milestone: int | None


@dataclass(frozen=True, slots=True)
class CohortOverview:
    """A cohort's learners and the counts over those who are active in it; previews are in neither.

    Args:
        learners: in the order of joining, dropped ones included.
        active, not_started, learning, completed, dropped: numbers of learners; active = not_started + learning + completed.
        need_help: active learners with a flag.
        mean_progress_bp: over the active who started; None when nobody did.
        reached: threshold in percent to the number of active learners who reached it.
    """

    learners: Sequence[LearnerRow]
    active: int
    not_started: int
    learning: int
    completed: int
    dropped: int
    need_help: int
    mean_progress_bp: int | None
    reached: Mapping[int, int]


def cohort_overview(session: Connection, cohort_id: str) -> CohortOverview:
    """Return the overview of a cohort; the caller has checked whose it is."""
    rows = session.execute(_learners(cohort_id)).all()
    learners = [_row(number, row) for number, row in enumerate(rows, start=1)]
    standings = Counter(learner.standing for learner in learners)
    active = [learner for learner in learners if learner.standing != "dropped"]
    known = [learner.progress_bp for learner in active if learner.enrolment_id and learner.progress_bp is not None]
    return CohortOverview(
        learners=learners,
        active=len(active),
        not_started=standings["not_started"],
        learning=standings["learning"],
        completed=standings["completed"],
        dropped=standings["dropped"],
        need_help=sum(1 for learner in active if learner.flags),
        mean_progress_bp=round(sum(known) / len(known)) if known else None,
        reached={t: sum(1 for learner in active if (learner.last_milestone or 0) >= t) for t in THRESHOLDS_PERCENT},
    )


def _learners(cohort_id: str) -> AnySelect:
    own = and_(
        enrolments.c.cohort_id == memberships.c.cohort_id,
        enrolments.c.person_id == memberships.c.person_id,
        enrolments.c.preview.is_(False),
    )
    later = enrolments.alias("later")
    newer = (
        select(later.c.id)
        .where(
            later.c.cohort_id == enrolments.c.cohort_id,
            later.c.person_id == enrolments.c.person_id,
            later.c.attempt > enrolments.c.attempt,
            later.c.preview.is_(False),
        )
        .exists()
    )
    highest = select(func.max(milestones.c.threshold_percent)).where(milestones.c.enrolment_id == enrolments.c.id)
    return (
        select(
            memberships.c.person_id,
            memberships.c.status,
            memberships.c.section,
            people.c.name,
            enrolments.c.id.label("enrolment_id"),
            enrolments.c.attempt,
            enrolments.c.progress_bp,
            enrolments.c.answered,
            enrolments.c.active_s,
            enrolments.c.skills_mastered,
            enrolments.c.started_at,
            enrolments.c.last_active_at,
            enrolments.c.completed_at,
            # The rest of the path is long and not needed here.
            learner_states.c.path["flags"].label("flags"),
            highest.scalar_subquery().label("last_milestone"),
        )
        .join(people, people.c.id == memberships.c.person_id)
        .outerjoin(enrolments, and_(own, ~newer))
        .outerjoin(learner_states, learner_states.c.enrolment_id == enrolments.c.id)
        .where(memberships.c.cohort_id == cohort_id, memberships.c.role == "learner", memberships.c.preview.is_(False))
        .order_by(memberships.c.created_at, memberships.c.id)
    )


def _row(number: int, row: AnyRow) -> LearnerRow:
    return LearnerRow(
        person_id=row.person_id,
        name=row.name,
        alias=f"Learner {number}",
        standing=_standing(row),
        sections=tuple((row.section or "").splitlines()),
        enrolment_id=row.enrolment_id,
        attempt=row.attempt or 0,
        progress_bp=0 if row.enrolment_id is None else row.progress_bp,
        answered=row.answered or 0,
        active_s=row.active_s or 0.0,
        skills_mastered=row.skills_mastered or 0,
        started_at=row.started_at,
        last_active_at=row.last_active_at,
        completed_at=row.completed_at,
        flags=tuple(row.flags or ()),
        last_milestone=row.last_milestone,
    )


def _standing(row: AnyRow) -> Standing:
    if row.status == "dropped":
        return "dropped"
    if row.enrolment_id is None:
        return "not_started"
    return "learning" if row.completed_at is None else "completed"
