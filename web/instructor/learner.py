"""One learner: progress, evidence, the path's log, and what an instructor may do about it."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from flask import g, make_response, redirect, render_template, request, url_for
from marshmallow import ValidationError

from engine.domain.enrolment import Enrolment, LearnerState
from engine.domain.errors import NotFound
from engine.domain.mastery import SkillMastery
from engine.domain.path import first_open
from engine.domain.unit_of_work import UnitOfWork
from engine.services.override_path import OverrideCommand, override_path
from engine.storage.reads.cohort import LearnerRow, cohort_overview
from lti.storage import session_of
from web.auth import Answer, LaunchSession, require_instructor
from web.context import kit
from web.instructor.attention import Cause, causes_of, is_running
from web.instructor.blueprint import blueprint
from web.instructor.cohort import Room, evidence_of, frame, module_ticks, room_of
from web.instructor.figures import ago, counted, percent, spent
from web.instructor.path_log import path_log
from web.instructor.schemas import Act, told_errors
from web.words import CLOSED, score_words

LOG_LINES = 25


@dataclass(frozen=True, slots=True)
class Subject:
    """The learner a page is about; everything was checked to be of the launch's cohort."""

    room: Room
    learner: LearnerRow
    state: LearnerState
    causes: tuple[Cause, ...]

    @property
    def name(self) -> str:
        """Return the name, or the alias where the LMS sends none."""
        return self.learner.name or self.learner.alias


@blueprint.get("/learner/<uuid:enrolment_id>")
@require_instructor
def learner(session: LaunchSession, enrolment_id: uuid.UUID) -> Answer:
    """Show one learner."""
    return _page(session, enrolment_id)


@blueprint.post("/learner/<uuid:enrolment_id>/saw-them-do")
@require_instructor
def saw_them_do(session: LaunchSession, enrolment_id: uuid.UUID) -> Answer:
    """Mark a skill as shown to the instructor."""
    with kit().uow() as uow:
        subject = _subject(session, enrolment_id, uow)
    return _act(session, enrolment_id, "saw_them_do", Act(subject.room.skills))


@blueprint.post("/learner/<uuid:enrolment_id>/waive")
@require_instructor
def waive(session: LaunchSession, enrolment_id: uuid.UUID) -> Answer:
    """Waive a module."""
    with kit().uow() as uow:
        subject = _subject(session, enrolment_id, uow)
    return _act(session, enrolment_id, "waive", Act([m.id for m in subject.room.modules]))


@blueprint.post("/learner/<uuid:enrolment_id>/take-back")
@require_instructor
def take_back(session: LaunchSession, enrolment_id: uuid.UUID) -> Answer:
    """Take back that a skill was shown to the instructor."""
    with kit().uow() as uow:
        _subject(session, enrolment_id, uow)
    g.back_href = url_for("instructor.learner", launch_id=session.id, enrolment_id=enrolment_id)
    target = request.form.get("target", "")
    override_path(OverrideCommand(str(enrolment_id), session.tenant_id, "take_back", target, "instructor"), kit())
    return redirect(f"{g.back_href}?done=take_back", 303)


def _act(session: LaunchSession, enrolment_id: uuid.UUID, kind: Literal["saw_them_do", "waive"], form: Act) -> Answer:
    typed = {name: request.form.get(name, "") for name in ("target", "note")}
    try:
        told = form.load(typed)
    except ValidationError as error:
        return _page(session, enrolment_id, errors=told_errors(error), typed={**typed, "kind": kind}, status=422)
    command = OverrideCommand(str(enrolment_id), session.tenant_id, kind, told["target"], "instructor", told["note"].strip())
    g.back_href = url_for("instructor.learner", launch_id=session.id, enrolment_id=enrolment_id)
    override_path(command, kit())
    return redirect(f"{g.back_href}?done={kind}", 303)


def _subject(session: LaunchSession, enrolment_id: uuid.UUID, uow: UnitOfWork) -> Subject:
    room = room_of(session, uow)
    everyone = cohort_overview(session_of(uow), room.cohort.id).learners
    row = next((one for one in everyone if one.enrolment_id == str(enrolment_id)), None)
    if row is None:
        raise NotFound("There is no such learner in this cohort. Open the cohort again and choose from the list.")
    state = uow.enrolments.get(str(enrolment_id), session.tenant_id)
    now = kit().clock()
    causes = causes_of(row, evidence_of(state, uow), now, running=is_running(room.cohort, now.date()))
    return Subject(room, row, state, causes)


def _page(
    session: LaunchSession,
    enrolment_id: uuid.UUID,
    errors: Mapping[str, str] | None = None,
    typed: Mapping[str, str] | None = None,
    status: int = 200,
) -> Answer:
    full = request.args.get("log") == "all"
    with kit().uow() as uow:
        subject = _subject(session, enrolment_id, uow)
        log = path_log(subject.state, uow)
        evidence = evidence_of(subject.state, uow)
    enrolment = subject.state.enrolment
    modules = _modules(subject)
    page = render_template(
        "instructor/learner.html",
        **frame(session, subject.room, "overview"),
        subject=subject,
        name=subject.name,
        here=url_for("instructor.learner", launch_id=session.id, enrolment_id=enrolment_id),
        finding=_finding(subject, modules),
        percent=percent(enrolment.progress_bp),
        ticks=module_ticks(subject.room.modules),
        facts=_facts(enrolment),
        skills=_skills(subject, evidence.known),
        modules=modules,
        log=log if full else log[:LOG_LINES],
        log_more=0 if full else max(len(log) - LOG_LINES, 0),
        errors=errors or {},
        typed=typed or {},
        done=request.args.get("done", ""),
    )
    return make_response(page, status)


def _facts(enrolment: Enrolment) -> list[tuple[str, str]]:
    now = kit().clock()
    return [
        ("Last answer", ago(enrolment.last_active_at, now) if enrolment.answered else "none yet"),
        ("Time spent", spent(enrolment.active_s)),
        ("Answers", str(enrolment.answered)),
        ("Attempt", str(enrolment.attempt)),
    ]


def _skills(subject: Subject, known: Callable[[str], SkillMastery] | None) -> list[dict[str, Any]]:
    version, path = subject.room.version, subject.state.path
    rows = []
    for skill_id in subject.room.skills:
        slots = [s for m in subject.room.modules for s in m.slots if s.skill_id == skill_id]
        states = [path.slots[s.key] for s in slots if s.key in path.slots]
        right, tried = sum(s.right for s in states), sum(s.first_tries for s in states)
        said = known(skill_id) if known is not None else None
        closures = [CLOSED[path.closed[s.key]] for s in slots if s.key in path.closed]
        rows.append(
            {
                "id": skill_id,
                "skill": version.skills[skill_id],
                "band": "new" if said is None else said.band,
                "score": score_words(right, tried) if tried else "no answers that count yet",
                "counts": counted(said.responses, "answer counts", "answers count")
                if said is not None and said.responses
                else "",
                "flag": next((c.words for c in subject.causes if c.skill_id == skill_id), ""),
                "closed": ", ".join(dict.fromkeys(closures)),
                "open": len(closures) < len(slots),
                "marked": any(s.key in path.marks for s in slots),
                "brought_back": all(s.key in path.no_skip for s in slots),
            }
        )
    return rows


def _modules(subject: Subject) -> list[dict[str, Any]]:
    closed = subject.state.path.closed
    rows = []
    current_seen = False
    for module in subject.room.modules:
        elements = module.elements()
        shut = sum(1 for key in elements if key in closed)
        done = first_open(module, closed) is None
        waived = done and all(closed[key] == "waived" for key in elements)
        state = "waived" if waived else "done" if done else "open" if current_seen else "current"
        current_seen = current_seen or state == "current"
        rows.append({"module": module, "state": state, "shut": shut, "of": len(elements), "done": done})
    return rows


def _finding(subject: Subject, modules: list[dict[str, Any]]) -> str:
    enrolment = subject.state.enrolment
    if enrolment.completed_at is not None:
        return "Has finished the course."
    current = next((m for m in modules if m["state"] == "current"), None)
    where = f" In “{current['module'].title}” now." if current is not None and enrolment.answered else ""
    if not enrolment.answered:
        return "Has opened the course and answered nothing yet."
    share = percent(enrolment.progress_bp)
    return ("" if share is None else f"{share} % of the course.") + where
