"""What a learner may change about the path: pace, undo, show me anyway, I know this."""

from __future__ import annotations

from flask import g, redirect, request, url_for

from engine.domain.errors import NotFound
from engine.domain.pacing import OverrideKind
from engine.services.override_path import OverrideCommand, override_path
from web import auth
from web.auth import LaunchSession, require_learner
from web.context import kit
from web.learner.blueprint import blueprint
from web.learner.place import Place, read_place
from web.learner.player import closed_for, go_on


@blueprint.post("/mode")
@require_learner
def mode(session: LaunchSession) -> auth.Answer:
    """Change how hard the questions are."""
    place = read_place(session)
    return _act(place, "mode", request.form.get("mode", ""), request.form.get("module") or None)


@blueprint.post("/undo")
@require_learner
def undo(session: LaunchSession) -> auth.Answer:
    """Bring back what was skipped for a skill."""
    place, target = read_place(session), request.form.get("slot", "")
    return _act(place, "undo", target, _module_of_slot(place, target))


@blueprint.post("/show-anyway")
@require_learner
def show_anyway(session: LaunchSession) -> auth.Answer:
    """Show an activity that was skipped."""
    place, target = read_place(session), request.form.get("activity", "")
    activity = place.version.activities.get(target)
    if activity is None or activity.pool or activity.module_id not in place.fold.contract:
        raise NotFound("This activity is not part of your course. Open the course page to see what is.")
    return _act(place, "show_anyway", target, activity.module_id)


@blueprint.post("/test-out")
@require_learner
def test_out(session: LaunchSession) -> auth.Answer:
    """Begin to test out of a skill."""
    place, target = read_place(session), request.form.get("slot", "")
    return _act(place, "test_out", target, _module_of_slot(place, target))


@blueprint.post("/skip-review")
@require_learner
def skip_review(session: LaunchSession) -> auth.Answer:
    """Begin a module without looking back at earlier ones."""
    place, module_id = read_place(session), request.form.get("module", "")
    return _act(place, "skip_review", module_id, module_id)


@blueprint.post("/go-on")
@require_learner
def keep_going(session: LaunchSession) -> auth.Answer:
    """Go on where a visit has had its minutes: the next one begins at once."""
    place, module_id = read_place(session), request.form.get("module", "")
    return _act(place, "resume", "", module_id)


@blueprint.post("/time")
@require_learner
def time(session: LaunchSession) -> auth.Answer:
    """Set how much time practice may take; private, and it never counts against anyone."""
    return _act(read_place(session), "accommodate", request.form.get("time", ""), request.form.get("module") or None)


def _module_of_slot(place: Place, key: str) -> str:
    for module in place.modules:
        if any(slot.key == key for slot in module.slots):
            return module.id
    raise NotFound("This skill is not part of your course. Open the course page to see what is.")


def _act(place: Place, kind: OverrideKind, target: str, module_id: str | None) -> auth.Answer:
    closed_for(place)
    session = place.session
    at = place.module(module_id).id if module_id is not None else None
    g.back_href = (
        url_for("learner.course_map", launch_id=session.id)
        if at is None
        else url_for("learner.player", launch_id=session.id, module_id=at)
    )
    override_path(OverrideCommand(place.enrolment.id, session.tenant_id, kind, target, "learner"), kit())
    if at is None:
        page = "learner.plan" if request.form.get("back") == "plan" else "learner.course_map"
        return redirect(url_for(page, launch_id=session.id), 303)
    return go_on(session, at)
