"""The calendar that follows a learner's weekly plan: one address, known to its owner alone, and nothing personal behind it."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Final

from flask import Blueprint, Response, make_response

from engine.domain import ics
from engine.domain.catalog import CourseVersion
from engine.domain.enrolment import LearnerState
from engine.domain.ics import CalendarEvent
from engine.domain.plan import Session
from engine.services.state import standing
from engine.services.weekly_plan import followed, planned
from lti.deadlines import dates_of
from web.context import kit
from web.errors import PlatformSwitchedOff
from web.learner.forecast import coming_sessions, forecast, session_minutes, with_told_dates
from web.times import times_left

DESCRIPTION: Final = (
    "A suggestion from your weekly plan. Nothing happens when the day passes: the dates move, and what you did stays."
)
_NAMESPACE: Final = uuid.UUID("2c1df0a2-8a1b-5a0e-9f43-6d1b0f9b6f10")

blueprint = Blueprint("calendar", __name__, url_prefix="/calendar")


@blueprint.get("/<token>.ics")
def feed(token: str) -> Response:
    """Send the coming sessions of a plan, the course's last day, and the due dates of the learning platform."""
    now = kit().clock()
    with kit().uow() as uow:
        enrolment_id, tenant_id = followed(token, uow, now)
        if uow.people.suspended(tenant_id):
            raise PlatformSwitchedOff
        state, fold = standing(uow.enrolments.get(enrolment_id, tenant_id), uow, kit())
        weekly = planned(enrolment_id, uow, now)
        dates = dates_of(uow, state.cohort.id, state.enrolment.person_id)
    today = now.date()
    ranges = times_left(fold, state.mastery, state.path)
    cohort = with_told_dates(state.cohort, dates, today)
    found = forecast(weekly, ranges, state.path, cohort, today)
    coming = coming_sessions(weekly, found, cohort, today)
    fixed = {f"due:{m}": ("due", one.due_at.date()) for m, one in dates.items() if one.due_at is not None}
    if state.cohort.ends_on is not None:
        fixed["end"] = ("last day", state.cohort.ends_on)
    events = [*_suggested(coming, state, fold.version), *_fixed(fixed, state, fold.version, today)]
    response = make_response(ics.calendar(fold.version.title, events, now))
    response.content_type = ics.MIME
    response.headers["Cache-Control"] = "private, no-cache"
    return response


def _suggested(coming: Sequence[Session], state: LearnerState, version: CourseVersion) -> list[CalendarEvent]:
    key = state.enrolment.id
    return [_entry(f"{key}:{s.on}", f"{version.title}: {session_minutes(s)} min", s.on, DESCRIPTION) for s in coming]


def _fixed(
    days: Mapping[str, tuple[str, date]], state: LearnerState, version: CourseVersion, today: date
) -> list[CalendarEvent]:
    """Return the days that others set, those that have not passed."""
    key = state.enrolment.id
    return [_entry(f"{key}:{name}", f"{version.title}: {what}", on) for name, (what, on) in days.items() if on >= today]


def _entry(key: str, summary: str, on: date, description: str = "") -> CalendarEvent:
    # The name is hashed: an entry that is forwarded tells no key of ours.
    uid = f"{uuid.uuid5(_NAMESPACE, key)}@pacemate"
    return CalendarEvent(uid, summary, on, on + timedelta(days=1), description)
