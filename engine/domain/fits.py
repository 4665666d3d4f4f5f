"""Fits of mastery models: what was tried for a course, what came of it, and when the next try is due."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from engine.domain.catalog import Difficulty

THRESHOLDS = (30, 100, 300)
"""Learners with an answer at which a course is fitted anew; from the first on also once a day (mastery.md, "Fit")."""
DAILY = timedelta(hours=20)
"""A nightly job may be late: a try this long ago does not stand in its way."""
IDLE = timedelta(minutes=30)
"""Without an answer for so long an enrolment may be moved to another version."""


@dataclass(frozen=True, slots=True)
class FitRecord:
    """One try to fit a model to a course.

    Args:
        version: of the coefficients it brought; None for a refused one.
        outcome: `kept` where it validated better than what was in use, `refused` where it did not or could not be fitted.
        learners, responses: what the course's record held then.
        summary: what it was fitted on and its validation figures, JSON values; empty where none was reached.
        message: why it was refused; empty otherwise.
    """

    id: str
    course_id: str
    model: str
    version: str | None
    outcome: Literal["kept", "refused"]
    learners: int
    responses: int
    at: datetime
    summary: dict[str, Any]
    message: str = ""


@dataclass(frozen=True, slots=True)
class Promotion:
    """A version that a course's new enrolments pin from then on; the newest one counts."""

    course_id: str
    model: str
    version: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Pin:
    """A version of a model that enrolments of a course are folded by."""

    course_id: str
    model: str
    version: str


@dataclass(frozen=True, slots=True)
class CourseEvidence:
    """What a course's record held at its last try to fit (None before the first), and holds now."""

    course_id: str
    learners: int
    responses: int
    tried_at: datetime | None = None
    tried_learners: int = 0
    tried_responses: int = 0


@dataclass(frozen=True, slots=True)
class LearnerAnswer:
    """One piece of evidence as a fit reads it."""

    learner_id: str
    item_id: str
    skills: tuple[str, ...]
    correct: bool


@dataclass(frozen=True, slots=True)
class CourseLog:
    """A course's evidence in the fold's order, with the authors' tags of its newest version."""

    answers: tuple[LearnerAnswer, ...]
    tags: dict[str, Difficulty]


def due(course: CourseEvidence, now: datetime, *, nightly: bool) -> bool:
    """Return whether a course is to be fitted: a threshold was passed since the last try, or it is night and there is news."""
    passed = [t for t in THRESHOLDS if course.tried_learners < t <= course.learners]
    if passed:
        return True
    if not nightly or course.learners < THRESHOLDS[0] or course.responses <= course.tried_responses:
        return False
    return course.tried_at is None or now - course.tried_at >= DAILY
