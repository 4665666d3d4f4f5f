"""The pages of the player, made from where a learner stands and what is presented."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from flask import Response, make_response, redirect, render_template, url_for

from content.placeholders import resolve_assets
from engine.domain.catalog import Module
from engine.domain.minutes_back import minutes_back
from engine.domain.pacing import Decision
from engine.domain.path import segment_of
from engine.domain.presentations import Presentation
from engine.domain.replies import Reply
from engine.pacing.planner import TimeRange
from engine.pacing.proving import is_enough_left
from engine.pacing.selection import hard_items
from engine.services.next_activity import Next, activity_type, shown
from lti.dates import Dates
from web.auth import LaunchSession
from web.context import kit
from web.course_files import file_addresses
from web.learner.celebration import celebration_of, mark_celebrated
from web.learner.moment import moment_of
from web.learner.pace import countdown, left_words, module_pace, player_line
from web.learner.place import Place, place_of
from web.moments import told_words
from web.times import change_minutes
from web.words import (
    MODES,
    TIMES,
    about_minutes,
    card_title,
    claim_over_words,
    next_words,
    reason_words,
    rest_words,
    time_key,
    time_words,
)


@dataclass(frozen=True, slots=True)
class Shown:
    """A presentation with everything its page needs."""

    place: Place
    next: Next
    presentation: Presentation
    hints: tuple[str, ...]


def question_page(shown_: Shown, error: str = "", answer: Any = None, status: int = 200) -> Response:
    """Return the page of what is presented."""
    place, p = shown_.place, shown_.presentation
    assert shown_.next.view is not None
    page = render_template(
        "learner/question.html",
        **frame(place, p.module_id),
        **hint_values(shown_),
        view=with_files(place, shown_.next.view),
        activity=shown_.next.activity,
        reason=reason_words(p.reason, place.version),
        error=error,
        answer=answer,
        control=path_control(place, p),
    )
    return make_response(page, status)


def resume_page(place: Place, module_id: str) -> str:
    """Return the page between two presentations, after a reload or an act."""
    decision = place.decide(module_id)
    values = frame(place, module_id)
    return render_template("learner/resume.html", **values, reason=reason_words(decision.reason, place.version))


def stop_page(place: Place, module_id: str, decision: Decision) -> str:
    """Return the page of a visit that has had its minutes: what is left, and when it comes."""
    facts = decision.reason.facts
    left = place.left(place.version.module(module_id))
    values = frame(place, module_id)
    return render_template(
        "learner/stop.html",
        **values | {"pace": {**values["pace"], "caption_end": left_words(left)}},
        spent=about_minutes(facts["spent_s"]),
        rest=rest_words(facts["lessons"], facts["practice"]),
        time=time_words(left.low_s, left.middle_s, left.high_s),
    )


def feedback_page(session: LaunchSession, key: str, reply: Reply | None = None, values: Any = None) -> Response:
    """Return the feedback of an answered presentation, from the reply just made or from the saved one."""
    assert session.enrolment_id is not None
    with kit().uow() as uow:
        presentation = uow.record.presentation(key, session.enrolment_id)
        if reply is None:
            saved = uow.record.reply(key)
            if saved is None:
                at = url_for("learner.player", launch_id=session.id, module_id=presentation.module_id)
                return make_response(redirect(at, 303))
            values, reply = saved[0], Reply.from_json(saved[1])
        skipped = any(card.shown and card.kind == "skip" for card in reply.cards)
        place = place_of(session, uow, plan=skipped)
        changes = uow.record.adjustments(session.enrolment_id) if skipped else ()
    shown_ = show(place, presentation, answered=True)
    assert shown_.next.view is not None
    celebration = None
    if reply.milestone is not None and reply.progress_bp is not None:
        celebration = celebration_of(place, reply.milestone, reply.previous_bp or 0, reply.progress_bp)
        mark_celebrated(place)
    slots = [slot.key for slot in place.version.module(presentation.module_id).slots]
    back = minutes_back(changes, place.path, slots, reply.seq)
    done = place.version.module(reply.module_done) if reply.module_done else None
    page = render_template(
        "learner/feedback.html",
        **frame(place, presentation.module_id),
        view=with_files(place, shown_.next.view),
        presentation=presentation,
        activity=shown_.next.activity,
        answer=values,
        feedback=with_files(place, reply),
        moment=moment_of(place, back, kit().clock().date(), ended=False) if back is not None else None,
        cards=[] if back is not None else cards_of(reply, place),
        celebration=celebration,
        module_done=done,
        claim_over=_claim_over(place, presentation, reply),
        next_words=next_words(reply, place.version),
    )
    return make_response(page)


def _claim_over(place: Place, presentation: Presentation, reply: Reply) -> str:
    """Return that an answer ended “I know this” without a skip; empty where it did not, and for proofs of what is closed."""
    missed = presentation.purpose == "test_out" and (reply.correct is not True or presentation.hints_shown > 0)
    if not missed or presentation.activity_id not in place.version.activities:
        return ""
    segment = segment_of(place.version, place.version.module(presentation.module_id), presentation.activity_id)
    if segment is None or segment.slot.key in (*place.path.closed, place.path.testing):
        return ""
    again = "test_out" not in place.cohort.locks and is_enough_left(place.path, segment.slot)
    return claim_over_words(segment.slot.skill_id, reply.next_reason, place.version, again=again)


def cards_of(reply: Reply, place: Place) -> list[dict[str, Any]]:
    """Return the pacing cards of a reply, in words."""
    return [
        {
            "title": card_title(card, place.version),
            "why": reason_words(card.reason, place.version),
            "minutes": change_minutes(card),
            "slot_key": card.slot_key,
            "undo": card.kind == "skip" and card.slot_key not in place.path.no_skip,
            "locked": "undo" in place.cohort.locks,
        }
        for card in reply.cards
        if card.shown
    ]


def path_control(place: Place, presentation: Presentation) -> dict[str, Any]:
    """Return what the learner may change about the path here, and what the instructor has locked."""
    segment = None
    if presentation.purpose in ("teach", "probe", "practice"):
        module = place.version.module(presentation.module_id)
        activity = place.version.activities.get(presentation.activity_id)
        if activity is not None and len(activity.skills) == 1:
            slots = [s for s in module.slots if s.skill_id == activity.skills[0]]
            segment = segment_of(place.version, module, slots[0].key) if slots else None
    testable = segment is not None and segment.slot.key not in place.path.closed
    return {
        **pace_controls(place),
        "back": "",
        "review": presentation.purpose == "review",
        "test_out": segment.slot.key if testable and segment is not None else None,
        "skill": place.version.skills[segment.slot.skill_id].title if segment is not None else "",
        "hard": segment is not None and bool(hard_items(place.path, segment.slot, place.fold.look(place.mastery))),
    }


def pace_controls(place: Place) -> dict[str, Any]:
    """Return the controls of pace and time, which stand on the plan's page too."""
    return {
        "mode": place.path.mode,
        "modes": [(key, *words) for key, words in MODES.items()],
        "locks": place.cohort.locks,
        "time": time_key(place.path.time_factor),
        "times": list(TIMES.items()),
        "review": False,
        "test_out": None,
        "back": "plan",
    }


def frame(place: Place, module_id: str) -> dict[str, Any]:
    """Return what the templates of a module's pages share."""
    module = place.version.module(module_id)
    home = url_for("learner.course_map", launch_id=place.session.id)
    return {
        "masthead": {"title": place.version.title, "href": home},
        "nav": navigation(place, ""),
        "pace": player_line(place.version, module, place.visiting, place.left(module), ends=place.visit_ends(module)),
        "module": module,
        "told": told_words(place.dates.get(module_id, Dates()), place.session.locale),
        "content_lang": place.version.language,
        "home": home,
    }


def navigation(place: Place, current: str) -> list[dict[str, Any]]:
    """Return the links of every page of a course."""
    items = [("course_map", "Course", "flag"), ("plan", "Plan", "clock"), ("skills", "What I know", "check")]
    return [
        {
            "href": url_for(f"learner.{name}", launch_id=place.session.id),
            "label": label,
            "icon": icon,
            "current": name == current,
        }
        for name, label, icon in items
    ]


def left_here(place: Place, module: Module, left: TimeRange) -> str:
    """Return what is left of a module in the words of its pages; the whole range where no visit to it goes on."""
    begun = module_pace(place.version, module, place.visiting).done_s > 0
    if not begun or left.middle_s <= 0 or place.visit_ends(module):
        return left_words(left)
    return countdown(place.visiting, module, left)


def with_files(place: Place, value: Any) -> Any:
    """Return a view or a reply whose HTML leads to the course's files."""
    at = file_addresses(place.version)
    if isinstance(value, Reply):
        html = {name: resolve_assets(getattr(value, name), at) for name in ("feedback_html", "answer_html")}
        return replace(value, **html, per_option=resolve_assets(dict(value.per_option), at))
    return replace(value, data=resolve_assets(dict(value.data), at))


def show(place: Place, presentation: Presentation, *, answered: bool = False) -> Shown:
    fold = place.fold
    if presentation.course_version_id != fold.version.id:
        with kit().uow() as uow:
            fold = replace(fold, version=uow.courses.version(presentation.course_version_id))
    found = shown(presentation, fold, kit())
    assert found.activity is not None
    type_ = activity_type(found.activity, kit())
    count = 0 if answered else presentation.hints_shown
    texts = (type_.hint(found.activity, n) for n in range(1, count + 1))
    at = file_addresses(place.version)
    return Shown(place, found, presentation, tuple(resolve_assets(t, at) for t in texts))


def hint_values(shown_: Shown) -> dict[str, Any]:
    assert shown_.next.view is not None
    return {"shown_hints": shown_.hints, "hints_total": shown_.next.view.hints, "presentation": shown_.presentation}
