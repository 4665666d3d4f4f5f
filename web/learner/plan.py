"""The weekly plan: minutes and days, the dates that follow from them, and the calendar that follows the plan."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from flask import g, make_response, redirect, render_template, request, url_for

from engine.domain.plan import LEAST_MINUTES, MOST_MINUTES, Session
from engine.services.weekly_plan import feed_made, make_feed, set_plan, shift_plan, stop_feed
from lti.dates import Dates
from web import auth
from web.auth import LaunchSession, require_learner
from web.context import config, kit
from web.learner.blueprint import blueprint
from web.learner.forecast import Due, coming_sessions, forecast, module_days, session_minutes
from web.learner.pace import left_words
from web.learner.pages import navigation, pace_controls
from web.learner.place import Place, place_of
from web.learner.recap import course_frame
from web.moments import told_words
from web.times import range_of, times_left
from web.words import WEEKDAYS, day, finish_words, near_day

NEXT_SESSIONS: Final = 3


@blueprint.get("/plan")
@require_learner
def plan(session: LaunchSession) -> auth.Answer:
    """Show the plan in force and what it comes to."""
    return _page(session)


@blueprint.post("/plan")
@require_learner
def save_plan(session: LaunchSession) -> auth.Answer:
    """Store minutes and days."""
    assert session.enrolment_id is not None
    typed = request.form.get("minutes", "").strip()
    days = [int(d) for d in request.form.getlist("days") if d in ("0", "1", "2", "3", "4", "5", "6")]
    errors = {}
    if not (typed.isascii() and typed.isdigit() and len(typed) < 6 and LEAST_MINUTES <= int(typed) <= MOST_MINUTES):
        errors["minutes"] = f"Give whole minutes from {LEAST_MINUTES} to {MOST_MINUTES}."
    if not days:
        errors["days"] = "Choose at least one day."
    if errors:
        return _page(session, errors=errors, typed={"minutes": typed[:20], "days": days}, status=422)
    set_plan(session.enrolment_id, session.tenant_id, int(typed), days, kit())
    return _back(session, done="saved")


@blueprint.post("/plan/shift")
@require_learner
def shift(session: LaunchSession) -> auth.Answer:
    """Move all dates by a week, or begin at once again."""
    assert session.enrolment_id is not None
    g.back_href = url_for("learner.plan", launch_id=session.id)
    back = request.form.get("back") == "yes"
    shift_plan(session.enrolment_id, session.tenant_id, kit(), back=back)
    return _back(session, done="begun" if back else "shifted")


@blueprint.post("/plan/calendar")
@require_learner
def calendar_link(session: LaunchSession) -> auth.Answer:
    """Make a calendar link and show it, this once."""
    assert session.enrolment_id is not None
    token = make_feed(session.enrolment_id, session.tenant_id, kit())
    return _page(session, feed=f"{config().base_url}{url_for('calendar.feed', token=token)}")


@blueprint.post("/plan/calendar/stop")
@require_learner
def stop_calendar(session: LaunchSession) -> auth.Answer:
    """End the calendar link."""
    assert session.enrolment_id is not None
    stop_feed(session.enrolment_id, session.tenant_id, kit())
    return _back(session, done="stopped")


def _back(session: LaunchSession, done: str) -> auth.Answer:
    return redirect(url_for("learner.plan", launch_id=session.id, done=done), 303)


def _page(
    session: LaunchSession,
    *,
    feed: str = "",
    errors: dict[str, str] | None = None,
    typed: dict[str, Any] | None = None,
    status: int = 200,
) -> auth.Answer:
    assert session.enrolment_id is not None
    now = kit().clock()
    with kit().uow() as uow:
        place = place_of(session, uow, plan=True)
        followed_since = feed_made(session.enrolment_id, session.tenant_id, uow, now)
    values = {
        **course_frame(place),
        "nav": navigation(place, "plan"),
        **_figures(place, now.date()),
        "control": pace_controls(place),
        "module": None,
        "feed": feed,
        "feed_webcal": f"webcal:{feed.partition(':')[2]}" if feed else "",
        "followed_since": "" if followed_since is None else day(followed_since, session.locale),
        "errors": errors or {},
        "typed": typed or {},
        "done": request.args.get("done", "") if request.method == "GET" else "",
        "weekdays": WEEKDAYS,
        "limits": (LEAST_MINUTES, MOST_MINUTES),
    }
    return make_response(render_template("learner/plan.html", **values), status)


def _figures(place: Place, today: date) -> dict[str, Any]:
    """Return what the plan comes to, in words."""
    assert place.planned is not None
    planned, locale = place.planned, place.session.locale
    ranges = times_left(place.fold, place.mastery, place.visiting)
    cohort = place.bounds(today)
    found = forecast(planned, ranges, place.path, cohort, today)
    season = "open" if place.session.preview else place.season(today)
    dues = module_days(planned, ranges, place.path, place.fold, cohort, today) if season != "after" else []
    coming = coming_sessions(planned, found, cohort, today, NEXT_SESSIONS)
    starts_on = planned.plan.starts_on
    return {
        "found": found,
        "season": season,
        "finish": finish_words(found.finish, today, locale),
        "left": left_words(range_of(found.left)),
        "begun": place.begun,
        "ends_on": "" if found.ends_on is None else day(found.ends_on, locale),
        "opens_on": day(cohort.starts_on, locale) if cohort.starts_on is not None and cohort.starts_on > today else "",
        "shifted_to": near_day(starts_on, today, locale) if starts_on is not None and starts_on > today else "",
        "sessions": [_session(s, today, locale) for s in coming] if season != "after" else [],
        "spent_min": int(planned.spent.week_s // 60),
        "dues": [_due(due, place, found.ends_on, today) for due in dues],
        "days": [WEEKDAYS[d] for d in found.plan.days],
    }


def _session(session: Session, today: date, locale: str | None) -> tuple[str, int]:
    on = "Today" if session.on == today else f"{WEEKDAYS[session.on.weekday()]}, {near_day(session.on, today, locale)}"
    return on, session_minutes(session)


def _due(due: Due, place: Place, ends_on: date | None, today: date) -> dict[str, Any]:
    locale = place.session.locale
    told = place.dates.get(due.module.id, Dates())
    last = min((moment.date() for moment in (told.due_at, told.available_until) if moment is not None), default=ends_on)
    return {
        "module": due.module,
        "number": place.fold.contract.index(due.module.id) + 1,
        "time": left_words(due.left),
        "by": "" if due.on is None else near_day(due.on, today, locale),
        "told": told_words(told, locale),
        "late": last is not None and (due.on is None or due.on > last),
    }
