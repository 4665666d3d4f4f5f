"""What the system thinks a learner knows, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import render_template

from engine.domain.catalog import Skill
from engine.domain.mastery import SkillMastery
from engine.domain.pacing import Adjustment
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
        evidence: how many answers count, in words.
        places: (module title, how its practice was closed or that it is open, first tries in words).
    """

    skill: Skill
    known: SkillMastery
    evidence: str
    places: tuple[tuple[str, str, str], ...]


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
    spots: dict[str, list[tuple[str, str, str]]] = {}
    for module in place.modules:
        for slot in module.slots:
            how = place.path.closed.get(slot.key)
            state = place.path.slots.get(slot.key)
            told = score_words(state.right, state.first_tries) if state is not None else "not asked yet"
            spots.setdefault(slot.skill_id, []).append((module.title, CLOSED[how] if how else "open", told))
    look = place.fold.look(place.mastery)
    return [
        _row(place, skill_id, look.mastery(skill_id), spots[skill_id]) for skill_id in place.version.skills if skill_id in spots
    ]


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


def _row(place: Place, skill_id: str, known: SkillMastery, places: list[tuple[str, str, str]]) -> SkillRow:
    count = known.responses
    evidence = "no answer counts yet" if count == 0 else "1 answer counts" if count == 1 else f"{count} answers count"
    return SkillRow(place.version.skills[skill_id], known, evidence, tuple(places))
