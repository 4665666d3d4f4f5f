"""What becomes of a launch: enrolment and redirect, the picker, or a page that says what is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import structlog
from flask import Blueprint, Response, abort, g, make_response, redirect, render_template, request, url_for

from engine.domain.enrolment import LaunchIdentity
from engine.domain.errors import CourseUnavailable
from engine.domain.unit_of_work import UnitOfWork
from engine.services.enrol import Enrolled, enrol
from lti.browser import Seat, browser_token, launch_proof
from lti.claims import LaunchContext
from lti.links import bind
from lti.placements import connect, connect_launch
from lti.quirks.families import quirks
from lti.refusals import Refusal
from lti.registrations import Registered
from web import auth
from web.auth import begin_session, hash_browser, log_name, open_session
from web.context import config, kit
from web.framed import lead_to
from web.launch_sessions import cohort_values, unbound_values
from web.picker import available_options, deep_link_page, picked
from web.security import frame_by

log = structlog.get_logger("web")
blueprint = Blueprint("launch", __name__)


def on_launch(launch: LaunchContext) -> Response:
    """Enrol whoever launches and lead them to their page.

    A link that is bound to nothing, or to a course that is not available here, leads to the picker or to an explanation.
    """
    structlog.contextvars.bind_contextvars(tenant=launch.tenant_id)
    frame_by(launch.frame_ancestors)
    if launch.course_id is None:
        return _unbound(launch)
    try:
        enrolled = enrol(identity_of(launch, launch.course_id, launch.module_id), kit())
    except CourseUnavailable:
        return _unbound(launch, named=launch.course_id)
    structlog.contextvars.bind_contextvars(user=log_name(enrolled.person.id))
    return _enter(launch, enrolled)


def on_deep_link(launch: LaunchContext) -> Response:
    """Show the picker, which posts the choice to `/lti/deep-link`."""
    return _given(deep_link_page(launch), _seat())


def on_refusal(refusal: Refusal) -> Response:
    """Say why a launch was refused, what an administrator should check, and the reference the log carries."""
    frame_by(refusal.frame_origins)
    page = render_template(
        "errors/refused_launch.html",
        what=refusal.what,
        checks=[refusal.admin_hint],
        reference=refusal.reference,
        reloaded=refusal.code == "reloaded",
    )
    return make_response(page, refusal.status)


def on_registered(registered: Registered) -> Response:
    """Tell an LMS's administrator that the tool is registered, and let the LMS close the window."""
    platform = registered.registration
    frame_by((*platform.origins, registered.opened_from))
    page = render_template("launch/registered.html", platform=platform.name, family=quirks(platform.family).title)
    return make_response(page)


@blueprint.get("/bind/<uuid:launch_id>/")
def picker(launch_id: object) -> auth.Answer:
    """Let an instructor choose what an unbound link leads to."""
    session = open_session(str(launch_id))
    pending = _pending(session)
    options = available_options(session.tenant_id)
    return render_template(
        "launch/picker.html", options=options, chosen=(), link_title=pending["link_title"], named=pending.get("named")
    )


@blueprint.post("/bind/<uuid:launch_id>/")
def choose(launch_id: object) -> auth.Answer:
    """Bind the link, enrol the instructor, and show the cohort."""
    session = open_session(str(launch_id))
    pending = _pending(session)
    g.back_href = url_for("launch.picker", launch_id=session.id)
    version, binding = picked(request.form.get("item", ""), session.tenant_id)
    with kit().uow() as uow:
        bind(uow, pending["link_id"], binding, tenant_id=session.tenant_id)
        person = uow.people.get(session.person_id)
        uow.commit()
    identity = LaunchIdentity(
        tenant_id=session.tenant_id,
        sub=person.sub,
        role="instructor",
        course_id=version.course_id,
        cohort_key=pending["cohort_key"],
        cohort_title=pending["cohort_title"] or version.title,
    )
    enrolled = enrol(identity, kit())
    token = browser_token(request)
    assert token is not None
    values = {**cohort_values(session, enrolled), "module_id": binding.module_id}
    with kit().uow() as uow:
        launch = begin_session(uow, hash_browser(token, config()), values, kit().clock())
        connect(uow, pending["link_id"], cohort_id=enrolled.cohort.id, enrolment_id=None, now=kit().clock())
        uow.commit()
    return redirect(f"/cohort/{launch}/", 303)


def identity_of(launch: LaunchContext, course_id: str, module_id: str | None) -> LaunchIdentity:
    """Return who launched what, for the engine."""
    return LaunchIdentity(
        tenant_id=launch.tenant_id,
        sub=launch.sub,
        role=launch.role,
        course_id=course_id,
        cohort_key=launch.cohort_key,
        cohort_title=launch.context_title or launch.resource_link_title or "",
        name=launch.name,
        email=launch.email,
        locale=launch.locale,
        module_id=module_id,
        preview=launch.preview,
    )


def _unbound(launch: LaunchContext, named: str | None = None) -> Response:
    """Show the picker to an instructor and an explanation to others; `named` is a course that is not available here."""
    if launch.role != "instructor" or launch.link_id is None:
        page = render_template("errors/not_set_up.html", role=launch.role, named=named, reference=launch.reference)
        return make_response(page, 200)
    now = kit().clock()
    with kit().uow() as uow:
        person = uow.people.upsert(
            launch.tenant_id, launch.sub, name=launch.name, email=launch.email, locale=launch.locale, now=now
        )
        seat = _seat()
        launch_id = begin_session(uow, hash_browser(seat.token, config()), unbound_values(launch, person.id, named), now)
        uow.commit()
    return _given(lead_to(url_for("launch.picker", launch_id=launch_id), seat), seat)


def _enter(launch: LaunchContext, enrolled: Enrolled) -> Response:
    seat, now = _seat(), kit().clock()
    with kit().uow() as uow:
        values = cohort_values(launch, enrolled)
        launch_id = begin_session(uow, hash_browser(seat.token, config()), values, now)
        connect_enrolled(uow, launch, enrolled, now)
        uow.commit()
    room = "learn" if enrolled.enrolment is not None else "cohort"
    return _given(lead_to(f"/{room}/{launch_id}/", seat), seat)


def connect_enrolled(uow: UnitOfWork, launch: LaunchContext, enrolled: Enrolled, now: datetime) -> None:
    """Connect whoever has just launched with gradebook, roster and dates of the link; the caller commits."""
    enrolment = enrolled.enrolment
    connect_launch(
        uow,
        launch,
        cohort_id=enrolled.cohort.id,
        person_id=enrolled.person.id,
        enrolment_id=None if enrolment is None or enrolment.preview else enrolment.id,
        now=now,
    )


def _seat() -> Seat:
    """Return what the session of this launch is bound to: the browser's cookie, its login's, or a bearer."""
    found = launch_proof(request, request.form.get("state", "")).seat(config().secret.decode())
    if found is None:
        abort(400)
    return found


def _given(response: Response, seat: Seat) -> Response:
    if browser_token(request) != seat.token:
        seat.give(response)
    return response


def _pending(session: auth.LaunchSession) -> Mapping[str, Any]:
    """Return what the session of an unbound link remembers of it; 403 for every other session."""
    if session.role != "instructor" or session.pending is None:
        abort(403)
    return session.pending
