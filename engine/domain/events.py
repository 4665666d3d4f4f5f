"""Events: named in the past tense, versioned, thin, without personal data."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from engine.domain.milestones import Milestone

MILESTONE_REACHED = "milestone.reached.v1"
PROGRESS_CHANGED = "progress.changed.v1"
ENROLMENT_STARTED = "enrolment.started.v1"
MODULE_COMPLETED = "module.completed.v1"
COURSE_COMPLETED = "course.completed.v1"
HELP_WANTED = "help.wanted.v1"
COHORT_CHANGED = "cohort.changed.v1"

_NAMESPACE = uuid.UUID("0b8ed1c6-4a1f-5a0b-8f39-6a0d5e3c7d21")


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened, as the outbox holds it.

    Args:
        id: stable; sinks may see it more than once.
        subject: the enrolment or cohort it is about.
        data: JSON values.
    """

    id: str
    type: str
    time: datetime
    tenant_id: str
    subject: str
    data: Mapping[str, Any]


def event_id(type_: str, subject: str, key: str) -> str:
    """Return the stable id of an event, the same however often it is computed."""
    return str(uuid.uuid5(_NAMESPACE, f"{type_}:{subject}:{key}"))


def milestone_event(milestone: Milestone, tenant_id: str, course_id: str, course_version: int, now: datetime) -> Event:
    """Return `milestone.reached.v1` of a milestone, as product.md defines its data."""
    return Event(
        id=milestone.id,
        type=MILESTONE_REACHED,
        time=now,
        tenant_id=tenant_id,
        subject=milestone.enrolment_id,
        data={
            "enrolment": milestone.enrolment_id,
            "course": course_id,
            "course_version": course_version,
            "threshold": milestone.threshold_percent,
            "progress_bp": milestone.progress_bp,
            "previous_bp": milestone.previous_bp,
            "batch_id": milestone.batch_id,
            "cause": milestone.cause,
            "celebrate": milestone.celebrate,
        },
    )
