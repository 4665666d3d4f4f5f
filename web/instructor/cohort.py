"""The cohort in ten seconds: who needs help, and why."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any, cast, get_args

from flask import render_template, request, url_for

from engine.domain.catalog import CourseVersion, Module
from engine.domain.enrolment import Cohort, LearnerState
from engine.domain.known import told
from engine.domain.unit_of_work import UnitOfWork
from engine.services.fold import contract_of
from engine.services.state import standing
from engine.storage.reads.cohort import cohort_overview
from lti.storage import session_of
from web.auth import Answer, LaunchSession, require_instructor
from web.context import kit
from web.instructor.attention import Evidence
from web.instructor.blueprint import blueprint
from web.instructor.roll import Roll, Show, call_the_roll, finding, hardest, summary
from web.times import newcomers_times, together_words


@dataclass(frozen=True, slots=True)
class Room:
    """The cohort of a launch with its course.

    Args:
        modules: those of the contract.
        skills: ids of the skills they practise, in the course's order.
    """

    cohort: Cohort
    version: CourseVersion
    modules: tuple[Module, ...]
    skills: tuple[str, ...]


@blueprint.get("/")
@require_instructor
def overview(session: LaunchSession) -> Answer:
    """Show the cohort."""
    now = kit().clock()
    with kit().uow() as uow:
        room = room_of(session, uow)
        figures = cohort_overview(session_of(uow), room.cohort.id)
        begun = any(learner.enrolment_id is not None for learner in figures.learners)
        states = uow.enrolments.of_cohort(room.cohort.id) if begun else ()
        offered = begun or still_offered(session, room.cohort, uow)
        time = together_words(list(newcomers_times(room.version, [m.id for m in room.modules], uow).values()))
        evidence = {state.enrolment.id: evidence_of(state, uow) for state in states}
    roll = call_the_roll(figures, evidence, room.cohort, room.skills, room.version, now)
    asked = request.args.get("show", "all")
    show: Show = cast(Show, asked) if asked in get_args(Show) else "all"
    return render_template(
        "instructor/cohort.html",
        **frame(session, room, "overview"),
        **figures_of(roll, show, request.args.get("section", "")),
        offered=offered,
        time=time,
        ticks=module_ticks(room.modules),
    )


def figures_of(roll: Roll, show: Show, section: str = "") -> dict[str, Any]:
    """Return what the cohort's template says of the roll.

    Args:
        section: of the learning platform, to list its learners alone; all for an empty or unknown one.
    """
    sections = roll.sections
    section = section if section in sections else ""
    not_started = roll.overview.not_started
    return {
        "roll": roll,
        "heading": finding(roll),
        "summary": summary(roll),
        "hardest": hardest(roll),
        "show": show,
        "rows": roll.shown(show, section),
        "section": section,
        "sections": sections,
        "filters": [
            ("all", "Everyone", roll.overview.active),
            ("help", "Needs help", len(roll.need)),
            ("none", "Not started", not_started),
        ],
    }


def room_of(session: LaunchSession, uow: UnitOfWork) -> Room:
    """Return the cohort of a launch with its pinned course version. Raises NotFound."""
    assert session.cohort_id is not None
    cohort = uow.cohorts.get(session.cohort_id, session.tenant_id)
    version = uow.courses.version(cohort.course_version_id)
    modules = tuple(version.module(m) for m in contract_of(cohort, version))
    practised = {slot.skill_id for module in modules for slot in module.slots}
    return Room(cohort, version, modules, tuple(s for s in version.skills if s in practised))


def still_offered(session: LaunchSession, cohort: Cohort, uow: UnitOfWork) -> bool:
    """Return whether this tenant may still choose the course for new cohorts."""
    return any(v.course_id == cohort.course_id for v in uow.courses.available(session.tenant_id))


def evidence_of(state: LearnerState, uow: UnitOfWork) -> Evidence:
    """Return what a learner's state says, under the version and the model it is pinned to; nothing of plugins that are gone."""
    if state.enrolment.model not in kit().models or state.enrolment.policy not in kit().policies:
        return Evidence(uow.courses.version(state.enrolment.course_version_id), state.path, None)
    state, fold = standing(state, uow, kit())
    known = told(partial(fold.model.mastery, state.mastery), fold.version, state.path, kit().clock())
    return Evidence(fold.version, state.path, known)


def module_ticks(modules: tuple[Module, ...]) -> list[dict[str, Any]]:
    """Return where each module ends on the pace line, in percent of the contract's minutes."""
    total, at, ticks = sum(m.minutes for m in modules) or 1.0, 0.0, []
    for module in modules:
        begin, at = at, at + module.minutes
        ticks.append({"title": module.title, "end": round(100 * at / total, 2), "middle": round(50 * (begin + at) / total, 2)})
    return ticks


def frame(session: LaunchSession, room: Room, current: str) -> dict[str, Any]:
    """Return what the templates of all instructor's pages share."""
    pages = [
        ("overview", "Cohort", "people"),
        ("grades", "Grades", "check"),
        ("settings", "Settings", "settings"),
        ("preview", "Preview", "eye"),
    ]
    nav = [
        {"href": url_for(f"instructor.{name}", launch_id=session.id), "label": label, "icon": icon, "current": name == current}
        for name, label, icon in pages
    ]
    return {
        "room": room,
        "cohort": room.cohort,
        "version_number": room.version.number,
        "masthead": {"title": room.version.title, "href": url_for("instructor.overview", launch_id=session.id)},
        "nav": nav,
        "wide": True,
        "home": url_for("instructor.overview", launch_id=session.id),
        "return_url": session.return_url,
    }
