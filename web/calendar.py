"""The calendar that follows a learner's weekly plan: one address, known to its owner alone, and nothing personal behind it."""

from __future__ import annotations

import uuid
from datetime import date, timedelta
from typing import Final

from flask import Blueprint, Response, make_response

from engine.domain import ics
from engine.domain.catalog import CourseVersion
from engine.domain.enrolment import LearnerState
from engine.domain.ics import CalendarEvent
from engine.services.state import fold_for
from engine.services.weekly_plan import followed, planned
from web.context import kit
from web.learner.forecast import coming_sessions, forecast, times_left

DESCRIPTION: Final = (
    "A suggestion from your weekly plan. Nothing happens when the day passes: the dates move, and what you did stays."
)
_NAMESPACE: Final = uuid.UUID("2c1df0a2-8a1b-5a0e-9f43-6d1b0f9b6f10")

blueprint = Blueprint("calendar", __name__, url_prefix="/calendar")


@blueprint.get("/<token>.ics")
def feed(token: str) -> Response:
    """Send the coming sessions of a plan, and the course's last day."""
    now = kit().clock()
    with kit().uow() as uow:
        enrolment_id, tenant_id = followed(token, uow, now)
        state = uow.enrolments.get(enrolment_id, tenant_id)
        weekly = planned(enrolment_id, uow, now)
        fold = fold_for(state, uow, kit())
    today = now.date()
    ranges = times_left(fold, state.mastery, state.path)
    found = forecast(weekly, ranges, state.path, state.cohort, today)
    days = [s.on for s in coming_sessions(weekly, found, state.cohort, today)]
    events = [*_suggested(days, state, fold.version), *_last_day(state, fold.version, today)]
    response = make_response(ics.calendar(fold.version.title, events, now))
    response.content_type = ics.MIME
    response.headers["Cache-Control"] = "private, no-cache"
    return response


def _suggested(days: list[date], state: LearnerState, version: CourseVersion) -> list[CalendarEvent]:
    return [_entry(f"{state.enrolment.id}:{on}", version.title, on, DESCRIPTION) for on in days]


def _last_day(state: LearnerState, version: CourseVersion, today: date) -> list[CalendarEvent]:
    ends_on = state.cohort.ends_on
    if ends_on is None or ends_on < today:
        return []
    return [_entry(f"{state.enrolment.id}:end", f"{version.title}: last day", ends_on)]


def _entry(key: str, summary: str, on: date, description: str = "") -> CalendarEvent:
    # The name is hashed: an entry that is forwarded tells no key of ours.
    uid = f"{uuid.uuid5(_NAMESPACE, key)}@pacemate"
    return CalendarEvent(uid, summary, on, on + timedelta(days=1), description)
