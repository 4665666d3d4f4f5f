"""Tenants, people, cohorts, memberships, enrolments: who learns what, and where."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal

from engine.domain.mastery import MasteryState
from engine.domain.pacing import PathState

Role = Literal["learner", "instructor"]
GradePolicy = Literal["completion", "progress", "mastery", "none"]


@dataclass(frozen=True, slots=True)
class Person:
    """A person as one tenant knows them; name and email are None where the LMS keeps them."""

    id: str
    tenant_id: str
    sub: str
    name: str | None = None
    email: str | None = None
    locale: str | None = None


@dataclass(frozen=True, slots=True)
class Cohort:
    """An LMS context taking a course.

    Args:
        key: `context:<id>`, or `link:<id>` for a launch without a context.
        course_version_id: the pinned version.
        contract: module ids this cohort uses; None means all.
        confirmed_at: when an instructor confirmed the contract.
        locks: controls that learners may not use, such as `mode` or `test_out`.
    """

    id: str
    tenant_id: str
    course_id: str
    key: str
    title: str
    course_version_id: str
    contract: tuple[str, ...] | None = None
    confirmed_at: datetime | None = None
    starts_on: date | None = None
    ends_on: date | None = None
    grade_policy: GradePolicy = "completion"
    locks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Membership:
    """A person's place in a cohort; dropped people are flagged, never erased."""

    id: str
    cohort_id: str
    person_id: str
    role: Role
    status: Literal["active", "dropped"]
    preview: bool
    seen_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Enrolment:
    """One attempt of one person at one cohort's course, without its state.

    Args:
        seed: for tie breaks and variants; fixed for the attempt.
        seq: number of responses and overrides folded so far.
        progress_bp: high-water progress in basis points; None when the contract weighs nothing.
        preview: True for instructors' previews and platforms' test students.
    """

    id: str
    tenant_id: str
    cohort_id: str
    person_id: str
    attempt: int
    course_version_id: str
    model: str
    model_version: str
    policy: str
    policy_version: str
    seed: int
    preview: bool
    started_at: datetime
    seq: int = 0
    progress_bp: int | None = 0
    answered: int = 0
    active_s: float = 0.0
    skills_mastered: int = 0
    last_active_at: datetime | None = None
    completed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class LearnerState:
    """An enrolment with everything a use case needs to fold the next response."""

    enrolment: Enrolment
    cohort: Cohort
    mastery: MasteryState
    path: PathState


@dataclass(frozen=True, slots=True)
class Standing:
    """Mastery and path as stored at a position of the fold, where a replay can go on without what led there."""

    seq: int
    mastery: MasteryState
    path: PathState


@dataclass(frozen=True, slots=True)
class LaunchIdentity:
    """Who launched what, reduced from a validated launch; pure data.

    Args:
        cohort_key: see `Cohort.key`.
        preview: True where the platform marks a test student or a role switch.
    """

    tenant_id: str
    sub: str
    role: Role
    course_id: str
    cohort_key: str
    cohort_title: str
    name: str | None = None
    email: str | None = None
    locale: str | None = None
    module_id: str | None = None
    preview: bool = False
    extra: Mapping[str, Any] = field(default_factory=dict)
