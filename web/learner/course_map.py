"""The course: the welcome before the first start, the map, starting over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from flask import g, redirect, render_template, request, url_for

from engine.domain.errors import Refused
from engine.domain.minutes_back import minutes_by_slot
from engine.domain.unit_of_work import UnitOfWork
from engine.pacing.planner import MODULE_S, TimeRange
from engine.services.enrol import start_over
from lti.dates import Dates
from lti.grades.sent import sent_bp
from web import auth
from web.auth import LaunchSession, derive_session, require_learner
from web.context import kit
from web.learner.blueprint import blueprint
from web.learner.celebration import SHOWN_BY, waiting_celebration
from web.learner.forecast import forecast
from web.learner.pace import ModuleRow, ModuleStatus, course_line, left_words, module_pace, module_row
from web.learner.pages import left_here, navigation
from web.learner.place import Place, place_of, read_place
from web.learner.player import go_on
from web.learner.recap import course_frame
from web.moments import told_words
from web.times import range_of, times_left, together_words
from web.words import day, finish_words, skill_title, time_words

LOCK_WORDS: Final = {"mode": "the pace", "test_out": "“I know this”", "undo": "undo", "show_anyway": "“Show me anyway”"}


@blueprint.get("/")
@require_learner
def course_map(session: LaunchSession) -> auth.Answer:
    """Show the welcome before anything was answered, then the map with where to go on."""
    with kit().uow() as uow:
        place = place_of(session, uow, celebrate=True, plan=True)
        grade_bp = sent_bp(uow, place.enrolment.id) if place.begun else None
        news = news_of(place, uow)
        saved = minutes_by_slot(uow.record.adjustments(place.enrolment.id)) if skipped_any(place) else {}
    season = place.season(_today())
    if not place.begun and (season == "open" or session.preview):
        return welcome_page(place)
    return map_page(place, grade_bp, news, saved)


@blueprint.post("/start")
@require_learner
def start(session: LaunchSession) -> auth.Answer:
    """Go straight to what comes next, in the module the learner is in."""
    module = read_place(session).current()
    if module is None:
        return redirect(url_for("learner.finished", launch_id=session.id), 303)
    return go_on(session, module.id)


@blueprint.get("/start-over")
@require_learner
def ask_start_over(session: LaunchSession) -> auth.Answer:
    """Ask before a new attempt begins."""
    place = read_place(session)
    return render_template("learner/start_over.html", **course_frame(place), attempt=place.enrolment.attempt + 1)


@blueprint.post("/start-over")
@require_learner
def begin_again(session: LaunchSession) -> auth.Answer:
    """Begin a new attempt; the old one stays as it is. A learner has confirmed it, a preview need not."""
    assert session.enrolment_id is not None
    if not session.preview and request.form.get("confirmed") != "yes":
        return redirect(url_for("learner.ask_start_over", launch_id=session.id), 303)
    place = read_place(session)
    if not place.begun:
        g.back_href = url_for("learner.course_map", launch_id=session.id)
        raise Refused("This attempt has not begun yet, so there is nothing to start over.")
    if place.season(_today()) == "after" and not session.preview:
        g.back_href = url_for("learner.course_map", launch_id=session.id)
        raise Refused("This course has ended, so no new attempt can begin. What you did stays.")
    fresh = start_over(session.enrolment_id, session.tenant_id, kit())
    launch_id = derive_session(session, enrolment_id=fresh.id)
    return redirect(url_for("learner.course_map", launch_id=launch_id), 303)


def welcome_page(place: Place) -> str:
    """Return the page before the first start; its minutes are the planner's, as in the player, and no author's."""
    first = place.current() or place.modules[0]
    times = times_left(place.fold, place.mastery, place.path)
    asked = [times[first.id]] if place.linked else list(times.values())
    return render_template(
        "learner/welcome.html",
        **course_frame(place),
        modules=place.modules,
        time=together_words(asked, place.path),
        visit_minutes=round(MODULE_S / 60),
        first=first,
        linked=place.linked,
        told=told_words(place.told, place.session.locale),
        policy=place.cohort.grade_policy,
    )


@dataclass(frozen=True, slots=True)
class News:
    """What an instructor did since the learner last answered; `slot_key` where it can be undone."""

    title: str
    note: str
    slot_key: str


def news_of(place: Place, uow: UnitOfWork) -> list[News]:
    """Return what an instructor did to the path since the last answer; nothing is read where no act of anyone stands there."""
    since = place.enrolment.last_active_at or place.enrolment.started_at
    if place.path.seq <= place.enrolment.answered:
        return []
    titles = {m.id: m.title for m in place.version.modules}
    found = []
    for act in uow.record.overrides(place.enrolment.id):
        if act.actor != "instructor" or act.at < since:
            continue
        if act.kind == "waive":
            found.append(News(f"Your instructor waived “{titles.get(act.target, act.target)}”", act.note, ""))
            continue
        if act.kind == "take_back":
            skill = skill_title(act.target, place.version)
            found.append(News(f"Your instructor took their mark on “{skill}” back: it stands as it was before", act.note, ""))
            continue
        slots = [s.key for m in place.modules for s in m.slots if s.skill_id == act.target]
        undo = [key for key in slots if place.path.closed.get(key) in SHOWN_BY and key not in place.path.no_skip]
        title = f"Your instructor saw you do “{skill_title(act.target, place.version)}”"
        found.append(News(title, act.note, undo[0] if undo else ""))
    return found


def skipped_any(place: Place) -> bool:
    """Return whether the map has skips to tell; nothing is read for it where there are none."""
    return not {"skipped", "tested_out"}.isdisjoint(place.path.closed.values())


def map_page(place: Place, grade_bp: int | None, news: Sequence[News], saved: Mapping[str, int]) -> str:
    """Return the course map.

    Args:
        grade_bp: what the learning platform's gradebook has, in basis points.
        saved: practice slot to the minutes that its skip saves.
    """
    current = place.current()
    ranges = times_left(place.fold, place.mastery, place.visiting)
    rows = map_rows(place, current.id if current else None, ranges, saved)
    assert place.planned is not None
    coming = forecast(place.planned, ranges, place.visiting, place.bounds(_today()), _today())
    session = place.session
    values = {
        **course_frame(place),
        "nav": navigation(place, "course_map"),
        "pace": None,
        "line": course_line(place.modules, place.enrolment.progress_bp, [row.status for row in rows]),
        "rows": rows,
        "current": current,
        "current_left": left_here(place, current, ranges[current.id]) if current else "",
        "course_left": left_words(range_of(coming.left)),
        "coming": coming,
        "news": news,
        "finish": finish_words(coming.finish, _today(), session.locale),
        "last_day": _day(coming.ends_on, session),
        "progress_percent": None if place.enrolment.progress_bp is None else place.enrolment.progress_bp // 100,
        "celebration": waiting_celebration(place),
        "season": "open" if session.preview else place.season(_today()),
        "starts_on": _day(place.cohort.starts_on, session),
        "ends_on": _day(place.cohort.ends_on, session),
        "locked": place.cohort.locks,
        "locks": [LOCK_WORDS.get(name, name) for name in place.cohort.locks],
        "return_url": session.return_url,
        "begun": place.begun,
        "grade_percent": None if grade_bp is None else grade_bp // 100,
        "attempt": place.enrolment.attempt,
        "told": told_words(place.dates.get(None, Dates()), session.locale),
        "told_of": {key: told_words(dates, session.locale) for key, dates in place.dates.items() if key is not None},
    }
    return render_template("learner/course_map.html", **values)


def map_rows(
    place: Place, current: str | None, ranges: Mapping[str, TimeRange], saved: Mapping[str, int]
) -> tuple[ModuleRow, ...]:
    """Return the modules as the map shows them.

    Args:
        ranges: module id to what the planner says of its rest.
        saved: practice slot to the minutes that its skip saves.
    """
    rows, path = [], place.visiting
    for module in place.modules:
        lacking = place.lacking(module)
        status: ModuleStatus = "open"
        if place.done(module):
            status = "done"
        elif module.id == current:
            status = "current"
        elif lacking:
            status = "locked"
        needs = tuple(m.title for m in lacking)
        touched, left = module_pace(place.version, module, path).done_s > 0, ranges[module.id]
        time = left_here(place, module, left) if touched else time_words(left.low_s, left.middle_s, left.high_s)
        rows.append(module_row(place.version, module, path, status, needs, time, saved))
    return tuple(rows)


def _today() -> date:
    return kit().clock().date()


def _day(when: date | None, session: LaunchSession) -> str:
    return "" if when is None else day(when, session.locale)
