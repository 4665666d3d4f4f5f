"""Milestones at 25, 50 and 75 percent: crossing rules and stable ids."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

THRESHOLDS_PERCENT = (25, 50, 75)
_NAMESPACE = uuid.UUID("6f1c8f9e-0f0b-5d7c-9a44-2f5b1b1f6a10")


@dataclass(frozen=True, slots=True)
class Milestone:
    """One threshold reached by one enrolment.

    Args:
        id: uuid5 of enrolment and threshold: the same however often it is computed.
        batch_id: shared by the milestones of one crossing.
        celebrate: True for the highest of a batch that a learner's own work caused.
    """

    id: str
    enrolment_id: str
    threshold_percent: int
    previous_bp: int
    progress_bp: int
    cause: str
    batch_id: str
    celebrate: bool


def milestone_id(enrolment_id: str, threshold_percent: int) -> str:
    """Return the stable id of a milestone event."""
    return str(uuid.uuid5(_NAMESPACE, f"{enrolment_id}:{threshold_percent}"))


def crossed(enrolment_id: str, previous_bp: int, progress_bp: int, cause: str, *, quiet: bool = False) -> tuple[Milestone, ...]:
    """Return the milestones m with previous < m <= progress, ascending.

    Args:
        previous_bp, progress_bp: high-water progress before and after, basis points.
        cause: `activity`, `tested_out`, `waived` or `migration`.
        quiet: True for imports, migrations and waivers: nothing is celebrated.
    """
    reached = [t for t in THRESHOLDS_PERCENT if previous_bp < t * 100 <= progress_bp]
    if not reached:
        return ()
    batch = milestone_id(enrolment_id, reached[-1])
    return tuple(
        Milestone(
            id=milestone_id(enrolment_id, t),
            enrolment_id=enrolment_id,
            threshold_percent=t,
            previous_bp=previous_bp,
            progress_bp=progress_bp,
            cause=cause,
            batch_id=batch,
            celebrate=not quiet and t == reached[-1],
        )
        for t in reached
    )
