"""What the system thinks a learner knows, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import render_template

from engine.domain.catalog import Skill
from engine.domain.mastery import SkillMastery
from engine.domain.pacing import Adjustment, SlotState
from engine.domain.replies import card
from web import auth
from web.auth import LaunchSession, require_learner
from web.context import kit
from web.learner.blueprint import blueprint
from web.learner.pages import navigation
from web.learner.place import Place, place_of
from web.learner.recap import course_frame
from web.words import CLOSED, card_title, reason_words, score_words, skill_title, whole_minutes


@dataclass(frozen=True, slots=True)
class SkillRow:
    """A skill as the page shows it.

    Args:
        evidence: the answers that count, by module, in words.
    """

    skill: Skill
    known: SkillMastery
    evidence: str


@dataclass(frozen=True, slots=True)
class Spot:
    """The practice of a skill in one module; `how` it was closed, empty while it is open."""

    module: str
    how: str
    right: int
    first_tries: int


@dataclass(frozen=True, slots=True)
class Change:
    """A change of the path, in words."""

    title: str
    why: str
    minutes: int
    slot_key: str
    undo: bool


@blueprint.get("/skills")
@require_learner
def skills(session: LaunchSession) -> auth.Answer:
    """Show each skill's band with its evidence, and what changed the path."""
    with kit().uow() as uow:
        place = place_of(session, uow)
        adjustments = uow.record.adjustments(place.enrolment.id)
    return render_template(
        "learner/skills.html",
        **course_frame(place),
        nav=navigation(place, "skills"),
        rows=skill_rows(place),
        changes=[change_of(a, place) for _, a in reversed(adjustments)],
        locks=place.cohort.locks,
    )


def skill_rows(place: Place) -> list[SkillRow]:
    """Return the skills of the contract in the course's order."""
    spots: dict[str, list[Spot]] = {}
    for module in place.modules:
        for slot in module.slots:
            how = place.path.closed.get(slot.key)
            state = place.path.slots.get(slot.key, SlotState())
            spot = Spot(module.title, CLOSED[how] if how else "", state.right, state.first_tries)
            spots.setdefault(slot.skill_id, []).append(spot)
    look = place.fold.look(place.mastery)
    known = [skill_id for skill_id in place.version.skills if skill_id in spots]
    return [_row(place, skill_id, look.mastery(skill_id), spots[skill_id]) for skill_id in known]


def change_of(adjustment: Adjustment, place: Place) -> Change:
    """Return a change of the path in words."""
    skipped = adjustment.kind == "skip" and any(
        place.path.closed.get(key) in ("skipped", "mastered", "tested_out") for key in adjustment.elements
    )
    titles: dict[str, Any] = {"close": "Practice closed", "flag": "A note to your instructor"}
    title = titles.get(adjustment.kind)
    skill = skill_title(adjustment.reason.facts.get("skill", ""), place.version)
    return Change(
        title=f"{title}: {skill}" if title else card_title(card(adjustment), place.version),
        why=reason_words(adjustment.reason, place.version),
        minutes=whole_minutes(abs(adjustment.seconds)) * (-1 if adjustment.seconds < 0 else 1),
        slot_key=adjustment.slot_key,
        undo=skipped and adjustment.slot_key not in place.path.no_skip,
    )


def _row(place: Place, skill_id: str, known: SkillMastery, spots: list[Spot]) -> SkillRow:
    asked = [s for s in spots if s.first_tries]
    if not asked:
        where = f" It comes in “{spots[0].module}”." if not any(s.how for s in spots) else ""
        told = "Not asked yet." + where
    else:
        told = " ".join(f"“{s.module}”: {score_words(s.right, s.first_tries)}{', ' + s.how if s.how else ''}." for s in asked)
    return SkillRow(place.version.skills[skill_id], known, told)
