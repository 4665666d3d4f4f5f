"""Preview as a learner: the learner's own pages, on an enrolment that counts nowhere."""

from __future__ import annotations

from dataclasses import replace

from flask import g, redirect, render_template, url_for

from engine.domain.enrolment import Enrolment
from engine.domain.errors import Refused
from engine.services.enrol import preview_as_learner, start_over
from web.auth import Answer, LaunchSession, derive_session, require_instructor
from web.context import config, kit
from web.instructor.blueprint import blueprint
from web.instructor.cohort import frame, room_of
from web.instructor.figures import percent


@blueprint.get("/preview")
@require_instructor
def preview(session: LaunchSession) -> Answer:
    """Say what a preview is, and where the last one stands."""
    with kit().uow() as uow:
        room = room_of(session, uow)
        found = uow.enrolments.current(room.cohort.id, session.person_id)
    current = found if found is not None and found.preview else None
    return render_template(
        "instructor/preview.html",
        **frame(session, room, "preview"),
        current=current,
        percent=percent(current.progress_bp) if current is not None else None,
        begun=current is not None and current.seq > 0,
    )


@blueprint.post("/preview")
@require_instructor
def open_preview(session: LaunchSession) -> Answer:
    """Begin or resume the preview, in a launch session of its own."""
    return _enter(session, _own_preview(session))


@blueprint.post("/preview/start-over")
@require_instructor
def preview_again(session: LaunchSession) -> Answer:
    """Begin the preview anew."""
    current = _own_preview(session)
    return _enter(session, current if current.seq == 0 else start_over(current.id, session.tenant_id, kit()))


def _own_preview(session: LaunchSession) -> Enrolment:
    """Return the instructor's preview. Raises Refused for who learns in this cohort: that path is no preview."""
    assert session.cohort_id is not None
    g.back_href = url_for("instructor.preview", launch_id=session.id)
    with kit().uow() as uow:
        known = uow.enrolments.current(session.cohort_id, session.person_id)
    if known is not None and not known.preview:
        raise Refused("You have learned in this cohort yourself, and a preview would go on with that. Use another account.")
    return preview_as_learner(session.cohort_id, session.person_id, session.tenant_id, kit())


def _enter(session: LaunchSession, enrolment: Enrolment) -> Answer:
    """Lead to the learner's pages; their way back is the cohort and not the LMS."""
    back = config().base_url + url_for("instructor.overview", launch_id=session.id)
    launch_id = derive_session(replace(session, return_url=back, module_id=None), enrolment_id=enrolment.id, preview=True)
    return redirect(f"/learn/{launch_id}/", 303)
