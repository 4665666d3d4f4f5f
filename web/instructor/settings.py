"""A cohort's settings: modules, dates, grade policy, locks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import make_response, redirect, render_template, request, url_for
from marshmallow import ValidationError

from engine.domain.errors import Refused
from engine.pacing.planner import TimeRange
from engine.services.set_cohort import set_cohort
from web.auth import Answer, LaunchSession, require_instructor
from web.context import kit
from web.instructor import schemas
from web.instructor.blueprint import blueprint
from web.instructor.cohort import Room, frame, room_of, still_offered
from web.instructor.policies import LOCKS, POLICIES
from web.times import newcomers_times, together_words


@blueprint.get("/settings")
@require_instructor
def settings(session: LaunchSession) -> Answer:
    """Show the settings."""
    return _page(session)


@blueprint.post("/settings")
@require_instructor
def save_settings(session: LaunchSession) -> Answer:
    """Store the settings; what does not fit is told beside its field, and nothing is stored."""
    form = request.form
    typed: dict[str, Any] = {name: form.get(name, "") for name in ("starts_on", "ends_on", "grade_policy")}
    typed |= {name: form.getlist(name) for name in ("contract", "locks")}
    with kit().uow() as uow:
        room = room_of(session, uow)
    try:
        told = schemas.Settings(room.version).load(typed)
        set_cohort(room.cohort.id, session.tenant_id, schemas.settings_of(told), kit())
    except ValidationError as error:
        return _page(session, typed, schemas.told_errors(error))
    except Refused as error:
        return _page(session, typed, {"contract": error.message})
    return redirect(url_for("instructor.settings", launch_id=session.id, saved=1), 303)


def _page(session: LaunchSession, typed: Mapping[str, Any] | None = None, errors: Mapping[str, str] | None = None) -> Answer:
    with kit().uow() as uow:
        room = room_of(session, uow)
        times = newcomers_times(room.version, [m.id for m in room.version.modules], uow)
        offered = still_offered(session, room.cohort, uow)
        begun = len(uow.enrolments.of_cohort(room.cohort.id))
    page = render_template(
        "instructor/settings.html",
        **frame(session, room, "settings"),
        typed=_stored(room) if typed is None else typed,
        errors=errors or {},
        modules=_modules(room, times),
        policies=POLICIES,
        locks=LOCKS,
        begun=begun,
        offered=offered,
        saved=request.args.get("saved") == "1" and not errors,
    )
    return make_response(page, 422 if errors else 200)


def _stored(room: Room) -> Mapping[str, Any]:
    cohort = room.cohort
    return {
        "contract": [m.id for m in room.modules],
        "starts_on": "" if cohort.starts_on is None else cohort.starts_on.isoformat(),
        "ends_on": "" if cohort.ends_on is None else cohort.ends_on.isoformat(),
        "grade_policy": cohort.grade_policy,
        "locks": list(cohort.locks),
    }


def _modules(room: Room, times: Mapping[str, TimeRange]) -> list[dict[str, Any]]:
    titles = {m.id: m.title for m in room.version.modules}
    return [
        {
            "module": m,
            "time": together_words([times[m.id]]),
            "needs": [titles[before] for before in m.requires if before in titles],
        }
        for m in room.version.modules
    ]
