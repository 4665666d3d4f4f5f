"""The end of a module, and of the course: what the learner can now do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from flask import make_response, redirect, render_template, url_for

from engine.domain.catalog import Module, Skill
from engine.domain.minutes_back import minutes_back, minutes_by_slot
from engine.domain.pacing import Adjustment
from engine.domain.unit_of_work import UnitOfWork
from engine.pacing.planner import TimeRange
from engine.services.weekly_plan import planned
from web import auth
from web.auth import LaunchSession, require_learner
from web.context import kit
from web.learner.blueprint import blueprint
from web.learner.celebration import SHOWN_BY, waiting_celebration
from web.learner.moment import Moment, moment_of
from web.learner.pace import skipped_in
from web.learner.pages import frame
from web.learner.place import Place, place_of
from web.words import CLOSED, about_minutes, time_words


@dataclass(frozen=True, slots=True)
class Learnt:
    """A competency at the end of a module; `shown` where answers proved it."""

    skill: Skill
    how: str
    shown: bool


@blueprint.get("/module/<module_id>/done")
@require_learner
def module_done(session: LaunchSession, module_id: str) -> auth.Answer:
    """Show what a completed module brought and what comes next."""
    with kit().uow() as uow:
        place = place_of(session, uow, celebrate=True)
    module = place.module(module_id)
    if not place.done(module):
        return redirect(url_for("learner.player", launch_id=session.id, module_id=module_id), 303)
    return module_end(place, module)


@blueprint.get("/finished")
@require_learner
def finished(session: LaunchSession) -> auth.Answer:
    """Show the end of what the link asks for: the course, or one module of it."""
    with kit().uow() as uow:
        place = place_of(session, uow, celebrate=True)
    if not place.finished:
        return redirect(url_for("learner.course_map", launch_id=session.id), 303)
    modules = place.modules if place.linked is None else (place.linked,)
    found = [learnt for m in modules for learnt in learnt_in(place, m)]
    others = _skills(found, shown=False)
    return render_template(
        "learner/finished.html",
        **course_frame(place),
        celebration=waiting_celebration(place),
        title=place.version.title if place.linked is None else place.linked.title,
        skills=_skills(found, shown=True),
        others=others,
        proofs={s.id: proof for s in others if (proof := place.proof_of(s.id))},
        locked="test_out" in place.cohort.locks,
        spent=spent_words(sum(place.path.module_active_s.get(m.id, 0.0) for m in modules)),
        modules=modules,
        following=place.current(),
        return_url=session.return_url,
    )


def module_end(place: Place, module: Module) -> auth.Answer:
    """Return the page at the end of a module."""
    following = None if place.linked is module else place.current()
    with kit().uow() as uow:
        changes = uow.record.adjustments(place.enrolment.id)
        moment = _untold(place, module, changes, uow)
    return make_response(
        render_template(
            "learner/module_done.html",
            **frame(place, module.id),
            celebration=waiting_celebration(place),
            moment=moment,
            learnt=learnt_in(place, module),
            lessons=[a for a in (place.version.activities[key] for key in module.path) if a.evidence == "none"],
            spent=spent_words(place.path.module_active_s.get(module.id, 0.0)),
            saved=sum(skip.minutes for skip in skipped_in(place.version, module, place.path, minutes_by_slot(changes))),
            locked="show_anyway" in place.cohort.locks,
            following=following,
            following_time=_time(place.left(following)) if following else "",
        )
    )


def _untold(place: Place, module: Module, changes: Sequence[tuple[int, Adjustment]], uow: UnitOfWork) -> Moment | None:
    """Return the moment of skips that ended with the module, before a card could tell them."""
    back = minutes_back(changes, place.path, [slot.key for slot in module.slots])
    if back is None:
        return None
    now = kit().clock()
    return moment_of(replace(place, planned=planned(place.enrolment.id, uow, now)), back, now.date(), ended=True)


def _time(left: TimeRange) -> str:
    return time_words(left.low_s, left.middle_s, left.high_s)


def course_frame(place: Place) -> dict[str, object]:
    """Return what the templates of the course's pages share."""
    home = url_for("learner.course_map", launch_id=place.session.id)
    return {
        "masthead": {"title": place.version.title},
        "home": home,
        "course": place.version,
    }


def learnt_in(place: Place, module: Module) -> tuple[Learnt, ...]:
    """Return the competencies a module closed, in its order."""
    found = []
    for slot in module.slots:
        how = place.path.closed.get(slot.key)
        if how is not None:
            found.append(Learnt(place.version.skills[slot.skill_id], CLOSED[how], how in SHOWN_BY))
    return tuple(found)


def _skills(found: Sequence[Learnt], *, shown: bool) -> tuple[Skill, ...]:
    """Return each skill once, shown where any of its practice showed it."""
    proved = {learnt.skill.id for learnt in found if learnt.shown}
    return tuple({x.skill.id: x.skill for x in found if (x.skill.id in proved) is shown}.values())


def spent_words(active_s: float) -> str:
    """Return the known active time in words; empty where nothing is known."""
    return about_minutes(active_s) if active_s >= 30 else ""
