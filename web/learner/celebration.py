"""Milestones as a learner reads them: how far, and what they can now do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.domain.catalog import Skill
from engine.domain.progress import FULL_BP
from web.context import kit
from web.learner.place import Place

SHOWN_BY = ("mastered", "tested_out")
HEADINGS = {25: "A quarter of the way", 50: "Half of the way", 75: "Three quarters of the way"}
MOST_SKILLS = 5


@dataclass(frozen=True, slots=True)
class Celebration:
    """What the celebration shows; `skills` are those the learner has shown, the newest last."""

    heading: str
    threshold_percent: int
    total_min: float
    from_min: float
    to_min: float
    skills: tuple[Skill, ...]


def celebration_of(place: Place, threshold_percent: int, previous_bp: int, progress_bp: int) -> Celebration:
    """Return the celebration of a milestone."""
    total = sum(m.minutes for m in place.modules)
    return Celebration(
        heading=HEADINGS.get(threshold_percent, f"{threshold_percent} percent of the way"),
        threshold_percent=threshold_percent,
        total_min=total,
        from_min=total * previous_bp / FULL_BP,
        to_min=total * progress_bp / FULL_BP,
        skills=skills_shown(place)[-MOST_SKILLS:],
    )


def waiting_celebration(place: Place) -> Celebration | None:
    """Return the celebration of a milestone that was not seen yet, and mark it seen."""
    if place.milestone is None:
        return None
    mark_celebrated(place)
    m = place.milestone
    return celebration_of(place, m.threshold_percent, m.previous_bp, m.progress_bp)


def mark_celebrated(place: Place) -> None:
    """Remember that the milestones reached so far were seen."""
    with kit().uow() as uow:
        uow.record.celebrated(place.enrolment.id, kit().clock())
        uow.commit()


def skills_shown(place: Place) -> tuple[Skill, ...]:
    """Return the skills that have a slot closed by mastery or a test-out, in the course's order."""
    found: Mapping[str, Any] = {
        slot.skill_id: place.version.skills[slot.skill_id]
        for module in place.modules
        for slot in module.slots
        if place.path.closed.get(slot.key) in SHOWN_BY
    }
    return tuple(found.values())
