"""What the system thinks a learner knows, and why: which answers, when, what would change it, what it changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import render_template

from engine.domain.catalog import Skill
from engine.domain.known import Counted, counted_answers, prospects, told
from engine.domain.mastery import SkillMastery
from engine.domain.minutes_back import SKIPPED
from engine.domain.pacing import Adjustment, Override
from engine.domain.replies import card
from engine.domain.responses import Response
from web import auth
from web.auth import LaunchSession, require_learner
from web.context import kit
from web.learner.blueprint import blueprint
from web.learner.pages import navigation
from web.learner.place import Place, place_of
from web.learner.recap import course_frame
from web.times import change_minutes
from web.words import (
    CLOSED,
    card_title,
    near_day,
    prospect_words,
    range_words,
    reason_words,
    right_words,
    skill_title,
)


@dataclass(frozen=True, slots=True)
class AnswerRow:
    """An answer that counts, as the page lists it."""

    title: str
    right: bool
    on: str


@dataclass(frozen=True, slots=True)
class SkillRow:
    """A skill as the page shows it.

    Args:
        counts: how many answers count and how many of them are right, in words; empty without any.
        answers: those answers, the newest first.
        places: what became of its practice, module by module, in words.
        range: how many typical questions would be right, in words; empty without enough evidence.
        change: what would change the band, in words.
        seen: the words of an instructor who saw the learner do it.
        proof: the practice slot by which it can be proved now, where it was practised without proof; else empty.
    """

    skill: Skill
    known: SkillMastery
    counts: str
    answers: tuple[AnswerRow, ...]
    places: str
    range: str
    change: str
    seen: str
    proof: str


@dataclass(frozen=True, slots=True)
class Change:
    """A change of the path, in words; `note` is what an instructor wrote."""

    title: str
    why: str
    note: str
    on: str
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
        responses = uow.record.responses(place.enrolment.id)
        overrides = uow.record.overrides(place.enrolment.id)
    acts = [o for o in overrides if o.actor == "instructor"]
    return render_template(
        "learner/skills.html",
        **course_frame(place),
        nav=navigation(place, "skills"),
        rows=skill_rows(place, responses, acts),
        changes=changes_of(place, adjustments, responses, overrides),
        locks=place.cohort.locks,
    )


def skill_rows(place: Place, responses: Sequence[Response], acts: Sequence[Override]) -> list[SkillRow]:
    """Return the skills of the contract in the course's order."""
    version, now = place.version, kit().clock()
    slots = {s.skill_id: s for m in place.modules for s in m.slots}
    counted = counted_answers(version, responses)
    known = told(place.fold.look(place.mastery).mastery, version, place.path, now)
    seen = _seen(acts)
    rows = []
    for skill_id in (s for s in version.skills if s in slots):
        answers = counted.get(skill_id, ())
        coming = prospects(place.fold.model, place.mastery, skill_id, place.path, version, now) if answers else ()
        rows.append(
            SkillRow(
                skill=version.skills[skill_id],
                known=known(skill_id),
                counts=right_words(sum(a.right for a in answers), len(answers)),
                answers=tuple(_answer(a, place, now) for a in reversed(answers)),
                places=_places(place, skill_id),
                range=range_words(known(skill_id).low, known(skill_id).high) if known(skill_id).enough else "",
                change=" ".join(prospect_words(p) for p in coming),
                seen=seen.get(skill_id, ""),
                proof=place.proof_of(skill_id),
            )
        )
    return rows


def _seen(acts: Sequence[Override]) -> Mapping[str, str]:
    """Return skill id to the words of an instructor who saw the learner do it, without what was brought or taken back since."""
    seen: dict[str, str] = {}
    for act in acts:
        if act.kind == "saw_them_do":
            seen[act.target] = act.note
        elif act.kind in ("undo", "take_back"):
            # An undo names the slot, whose key ends with the skill.
            seen.pop(act.target.rpartition("/")[2], None)
    return seen


def changes_of(
    place: Place,
    adjustments: Sequence[tuple[int, Adjustment]],
    responses: Sequence[Response],
    overrides: Sequence[Override],
) -> list[Change]:
    """Return what changed the path, the newest first: the policy's changes, and what an instructor did."""
    now, version = kit().clock(), place.version
    times = {r.seq: r.answered_at for r in responses} | {o.seq: o.at for o in overrides}
    notes = {o.seq: o.note for o in overrides if o.actor == "instructor"}
    found = [(seq, _change(change, place, notes.get(seq, ""), _on(times.get(seq), place, now))) for seq, change in adjustments]
    titles = {m.id: m.title for m in version.modules}
    for act in overrides:
        if act.kind == "waive":
            what = titles.get(act.target, act.target)
            why = "Your instructor waived it, and it counts as done."
            found.append((act.seq, Change(f"Waived: {what}", why, act.note, _on(act.at, place, now), 0, "", undo=False)))
    return [change for _, change in sorted(found, key=lambda pair: pair[0], reverse=True)]


def _change(adjustment: Adjustment, place: Place, note: str, on: str) -> Change:
    skipped = adjustment.kind == "skip" and any(place.path.closed.get(key) in SKIPPED for key in adjustment.elements)
    titles: dict[str, Any] = {"close": "Practice closed", "flag": "A note to your instructor"}
    title = titles.get(adjustment.kind)
    skill = skill_title(adjustment.reason.facts.get("skill", ""), place.version)
    return Change(
        title=f"{title}: {skill}" if title else card_title(card(adjustment), place.version),
        why=reason_words(adjustment.reason, place.version),
        note=note,
        on=on,
        minutes=change_minutes(adjustment),
        slot_key=adjustment.slot_key,
        undo=skipped and adjustment.slot_key not in place.path.no_skip,
    )


def _answer(answer: Counted, place: Place, now: datetime) -> AnswerRow:
    module = next((m.title for m in place.version.modules if m.id == answer.module_id), "")
    title = place.version.activities[answer.activity_id].title or module
    return AnswerRow(title, answer.right, _on(answer.at, place, now))


def _places(place: Place, skill_id: str) -> str:
    """Return what became of a skill's practice in each module, or where it comes."""
    found = [(m.title, place.path.closed.get(s.key)) for m in place.modules for s in m.slots if s.skill_id == skill_id]
    closed = [f"“{title}”: {CLOSED[how]}." for title, how in found if how is not None]
    return " ".join(closed) if closed else f"It comes in “{found[0][0]}”."


def _on(at: datetime | None, place: Place, now: datetime) -> str:
    return "" if at is None else near_day(at.date(), now.date(), place.session.locale)
