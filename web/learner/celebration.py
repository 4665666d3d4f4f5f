"""Milestones as a learner reads them: how far, and what they can now do."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from engine.domain.catalog import Skill
from engine.domain.pacing import Closure
from engine.domain.progress import FULL_BP
from web.context import kit
from web.learner.place import Place

SHOWN_BY: Final[tuple[Closure, ...]] = ("mastered", "tested_out")
HEADINGS: Final = {25: "A quarter of the way", 50: "Half of the way", 75: "Three quarters of the way"}
PRACTISED: Final[tuple[Closure, ...]] = ("practised",)
MOST_SKILLS: Final = 5


@dataclass(frozen=True, slots=True)
class Celebration:
    """What the celebration shows.

    Args:
        skills: those the learner has shown, the newest last.
        practised: those whose practice is done without that.
    """

    heading: str
    threshold_percent: int
    total_min: float
    from_min: float
    to_min: float
    skills: tuple[Skill, ...]
    practised: tuple[Skill, ...]


def celebration_of(place: Place, threshold_percent: int, previous_bp: int, progress_bp: int) -> Celebration:
    """Return the celebration of a milestone."""
    total = sum(m.minutes for m in place.modules)
    return Celebration(
        heading=HEADINGS.get(threshold_percent, f"{threshold_percent} percent of the way"),
        threshold_percent=threshold_percent,
        total_min=total,
        from_min=total * previous_bp / FULL_BP,
        to_min=total * progress_bp / FULL_BP,
        skills=skills_closed(place, SHOWN_BY)[-MOST_SKILLS:],
        practised=skills_closed(place, PRACTISED)[-MOST_SKILLS:],
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


def skills_closed(place: Place, how: Collection[Closure]) -> tuple[Skill, ...]:
    """Return the skills that have a slot closed in one of these ways, in the course's order."""
    found = {
        slot.skill_id: place.version.skills[slot.skill_id]
        for module in place.modules
        for slot in module.slots
        if place.path.closed.get(slot.key) in how
    }
    return tuple(found.values())
