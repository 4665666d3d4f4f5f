"""Grades on their way to the LMS: what each learner deserves, what the gradebook has, what failed."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from flask import g, redirect, render_template, request, url_for

from engine.domain.enrolment import LearnerState
from engine.domain.unit_of_work import UnitOfWork
from engine.storage.reads.cohort import cohort_overview
from lti.grades.columns import ask
from lti.grades.history import history_of
from lti.grades.marks import FULL_BP, desired_bp
from lti.grades.targets import GradeLine, retry
from lti.grades.targets import overview as grade_lines
from lti.storage import session_of
from web.auth import Answer, LaunchSession, require_instructor
from web.context import kit
from web.instructor.blueprint import blueprint
from web.instructor.cohort import Room, frame, room_of
from web.instructor.figures import ago
from web.instructor.policies import POLICIES
from web.moments import moment

BEHIND = "not sent yet"
STATES = ("failed", "superseded", "retrying", "waiting", "sent", "none")
"""States of a mark, those that ask for somebody first."""
SAME = 0.006
"""Shares that differ by less are one mark: gradebooks round."""


@dataclass(frozen=True, slots=True)
class GradeRow:
    """A mark as the page shows it.

    Args:
        column: the module it is for; empty for the whole course.
        deserved, sent: percent of full marks; None where there is none.
        changed: percent that the gradebook shows instead, where a teacher has changed it there.
        state: `sent`, `waiting`, `retrying`, `failed`, `superseded`, or `none` while there is nothing to send.
    """

    target_id: str
    name: str
    column: str
    deserved: int | None
    sent: int | None
    when: str
    state: str
    error: str
    next_try: str
    changed: int | None = None


@blueprint.get("/grades")
@require_instructor
def grades(session: LaunchSession) -> Answer:
    """Show the grades of the cohort."""
    with kit().uow() as uow:
        room = room_of(session, uow)
        lines = grade_lines(uow, room.cohort.id)
        states = {s.enrolment.person_id: s for s in uow.enrolments.of_cohort(room.cohort.id)} if lines else {}
        names = {p.person_id: p.name or p.alias for p in cohort_overview(session_of(uow), room.cohort.id).learners}
        rows = [_row(line, names, states.get(line.person_id), room, uow) for line in lines]
    failed = sum(1 for r in rows if r.state == "failed")
    return render_template(
        "instructor/grades.html",
        **frame(session, room, "grades"),
        rows=sorted(rows, key=lambda r: STATES.index(r.state)),
        heading=_heading(rows, room),
        failed=failed,
        policy=POLICIES[room.cohort.grade_policy],
        several=len({r.column for r in rows}) > 1,
        woken=request.args.get("woken") == "1",
        reading=request.args.get("reading") == "1",
    )


@blueprint.get("/grades/<uuid:target_id>")
@require_instructor
def grade_history(session: LaunchSession, target_id: uuid.UUID) -> Answer:
    """Show each try to send one mark."""
    g.back_href = url_for("instructor.grades", launch_id=session.id)
    with kit().uow() as uow:
        room = room_of(session, uow)
        found = history_of(uow, str(target_id), room.cohort.id)
        names = {p.person_id: p.name or p.alias for p in cohort_overview(session_of(uow), room.cohort.id).learners}
    titles = {m.id: m.title for m in room.version.modules}
    tries = [{"when": moment(t.at, session.locale), "percent": _percent(t.share_bp), "try": t} for t in found.tries]
    return render_template(
        "instructor/grade.html",
        **frame(session, room, "grades"),
        name=names.get(found.person_id, found.person_name or "A former learner"),
        column="" if found.module_id is None else titles.get(found.module_id, found.module_id),
        tries=tries,
    )


@blueprint.post("/grades/read")
@require_instructor
def read_gradebook(session: LaunchSession) -> Answer:
    """Have the gradebook read again, to see what it shows."""
    assert session.cohort_id is not None
    with kit().uow() as uow:
        ask(uow, session.cohort_id)
        uow.commit()
    return redirect(url_for("instructor.grades", launch_id=session.id, reading=1), 303)


@blueprint.post("/grades/<uuid:target_id>/retry")
@require_instructor
def retry_grade(session: LaunchSession, target_id: uuid.UUID) -> Answer:
    """Try one mark again now."""
    assert session.cohort_id is not None
    g.back_href = url_for("instructor.grades", launch_id=session.id)
    with kit().uow() as uow:
        retry(uow, str(target_id), session.cohort_id, kit().clock())
        uow.commit()
    return redirect(f"{g.back_href}?woken=1", 303)


def _row(line: GradeLine, names: dict[str, str], state: LearnerState | None, room: Room, uow: UnitOfWork) -> GradeRow:
    now = kit().clock()
    deserved = None if state is None else desired_bp(uow, state, line.module_id)
    sent = None if line.share is None else round(line.share * FULL_BP)
    waits = line.next_try_at is not None or (deserved is not None and deserved > (sent or 0))
    resting = "none" if line.result == "new" else "sent"
    standing = line.result if line.result in ("failed", "superseded", "retrying") else "waiting" if waits else resting
    titles = {m.id: m.title for m in room.version.modules}
    return GradeRow(
        target_id=line.target_id,
        name=names.get(line.person_id, line.person_name or "A former learner"),
        column="" if line.module_id is None else titles.get(line.module_id, line.module_id),
        deserved=_percent(deserved),
        sent=_percent(sent),
        when=BEHIND if line.sent_at is None else ago(line.sent_at, now),
        state=standing,
        error=line.error or "",
        changed=_changed(line),
        next_try="" if line.next_try_at is None else line.next_try_at.strftime("%Y-%m-%d %H:%M UTC"),
    )


def _percent(share_bp: int | None) -> int | None:
    return None if share_bp is None else share_bp * 100 // FULL_BP


def _changed(line: GradeLine) -> int | None:
    """Return the percent that the gradebook shows, where it was read after the last sending and shows something else."""
    if line.shown is None or line.shown_at is None or line.share is None or line.sent_at is None:
        return None
    differs = line.shown_at > line.sent_at and abs(line.shown - line.share) > SAME
    return round(line.shown * 100) if differs else None


def _heading(rows: list[GradeRow], room: Room) -> str:
    if room.cohort.grade_policy == "none":
        return "This cohort sends no grades"
    if not rows:
        return "No grade has been due yet"
    failed = sum(1 for r in rows if r.state == "failed")
    if failed:
        return f"{failed} of {len(rows)} grades did not arrive"
    left = sum(1 for r in rows if r.state == "superseded")
    if left:
        stay = "stays as the LMS has it" if left == 1 else "stay as the LMS has them"
        return f"{left} of {len(rows)} grades {stay}"
    waiting = sum(1 for r in rows if r.state in ("waiting", "retrying"))
    if waiting:
        return f"{waiting} of {len(rows)} grades {'is' if waiting == 1 else 'are'} on the way"
    sent = sum(1 for r in rows if r.state == "sent")
    if not sent:
        return "No grade has been due yet"
    return "The gradebook has the one grade there is" if sent == 1 else f"The gradebook has all {sent} grades"
