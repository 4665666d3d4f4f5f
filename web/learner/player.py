"""The player: the question or text that is on, its hints, the answer, the feedback, what comes next."""

from __future__ import annotations

import uuid

from flask import g, jsonify, make_response, redirect, render_template, request, url_for

from engine.domain.errors import Conflict, Malformed, Refused
from engine.domain.replies import Reply
from engine.services.next_activity import next_activity
from engine.services.show_hint import show_hint
from engine.services.submit_response import Answer, submit_response
from web import auth
from web.auth import LaunchSession, require_learner
from web.context import kit
from web.errors import is_htmx, wants_json
from web.learner.answers import read_answer
from web.learner.blueprint import blueprint
from web.learner.pages import feedback_page, hint_values, question_page, resume_page, show, stop_page
from web.learner.place import Place, current_presentation, place_of, read_place
from web.learner.recap import module_end


@blueprint.get("/module/<module_id>")
@require_learner
def player(session: LaunchSession, module_id: str) -> auth.Answer:
    """Show what is presented in a module, or what it goes on with."""
    with kit().uow() as uow:
        place = place_of(session, uow)
        module = place.module(module_id)
        presented = current_presentation(place, module_id, uow)
    if presented is not None:
        return question_page(show(place, presented))
    decision = place.decide(module_id)
    if decision.kind == "stop":
        return stop_page(place, module_id, decision)
    if decision.kind != "present":
        return redirect(url_for("learner.module_done", launch_id=session.id, module_id=module_id), 303)
    if place.lacking(module):
        return redirect(url_for("learner.course_map", launch_id=session.id), 303)
    return resume_page(place, module_id)


@blueprint.post("/module/<module_id>/next")
@require_learner
def next_(session: LaunchSession, module_id: str) -> auth.Answer:
    """Present what comes next in a module."""
    return go_on(session, module_id)


@blueprint.post("/answer/<uuid:presentation_id>")
@require_learner
def answer(session: LaunchSession, presentation_id: uuid.UUID) -> auth.Answer:
    """Take an answer: the page, the fragment or the JSON of its reply."""
    assert session.enrolment_id is not None
    key = str(presentation_id)
    try:
        sent = read_answer(request)
        command = Answer(session.enrolment_id, session.tenant_id, key, sent.values, sent.active_s)
        reply = submit_response(command, kit())
    except Malformed as error:
        return _asked_again(session, key, error)
    except Conflict:
        if is_htmx():
            response = make_response("", 409)
            response.headers["HX-Redirect"] = url_for("learner.answered", launch_id=session.id, presentation_id=key)
            return response
        g.back_href = url_for("learner.answered", launch_id=session.id, presentation_id=key)
        raise
    if wants_json():
        return jsonify(reply.to_json())
    if _nothing_to_say(reply) and (onward := _onward(session, key)) is not None:
        return onward
    if is_htmx():
        return feedback_page(session, key, reply, sent.values)
    return redirect(url_for("learner.answered", launch_id=session.id, presentation_id=key), 303)


@blueprint.get("/answered/<uuid:presentation_id>")
@require_learner
def answered(session: LaunchSession, presentation_id: uuid.UUID) -> auth.Answer:
    """Show the feedback of an answer again."""
    return feedback_page(session, str(presentation_id))


@blueprint.post("/hint/<uuid:presentation_id>")
@require_learner
def hint(session: LaunchSession, presentation_id: uuid.UUID) -> auth.Answer:
    """Show the next hint; that it was shown is recorded."""
    assert session.enrolment_id is not None
    key, number = str(presentation_id), request.form.get("number", "1")
    if not number.isascii() or not number.isdigit() or len(number) > 3:
        raise Malformed("The number of the hint is not a number. Reload the page and ask again.")
    show_hint(key, session.enrolment_id, session.tenant_id, int(number), kit())
    with kit().uow() as uow:
        place = place_of(session, uow)
        shown_ = show(place, uow.record.presentation(key, place.enrolment.id))
    if is_htmx():
        return render_template("learner/_hints.html", **hint_values(shown_))
    return redirect(url_for("learner.player", launch_id=session.id, module_id=shown_.presentation.module_id), 303)


def go_on(session: LaunchSession, module_id: str | None) -> auth.Answer:
    """Present what comes next and show it; the end of a visit or of a module has a page of its own."""
    assert session.enrolment_id is not None
    place = read_place(session)
    closed_for(place)
    found = next_activity(session.enrolment_id, session.tenant_id, module_id, kit())
    at = found.decision.module_id
    here = url_for("learner.player", launch_id=session.id, module_id=at)
    if found.presentation is not None:
        return question_page(show(place, found.presentation)) if is_htmx() else redirect(here, 303)
    if found.decision.kind == "stop":
        return stop_page(place, at, found.decision) if is_htmx() else redirect(here, 303)
    if is_htmx():
        return module_end(place, place.module(at))
    return redirect(url_for("learner.module_done", launch_id=session.id, module_id=at), 303)


def closed_for(place: Place) -> None:
    """Raise Refused where the cohort's dates do not let people go on today; previews always may."""
    season = place.season(kit().clock().date())
    if place.session.preview or season == "open":
        return
    g.back_href = url_for("learner.course_map", launch_id=place.session.id)
    if season == "before":
        raise Refused("This course has not started yet. The course page says when it does.")
    raise Refused("This course has ended. What you did stays open to read.")


def _nothing_to_say(reply: Reply) -> bool:
    """Return whether an answer, such as a text that was read, leaves nothing to show before the next step."""
    told = reply.correct is not None or reply.feedback_html or reply.answer_html
    return not told and reply.milestone is None and not any(card.shown for card in reply.cards)


def _onward(session: LaunchSession, key: str) -> auth.Answer | None:
    """Return what comes after an answer; None where the cohort's dates end here."""
    assert session.enrolment_id is not None
    with kit().uow() as uow:
        place = place_of(session, uow)
        module_id = uow.record.presentation(key, session.enrolment_id).module_id
    if place.season(kit().clock().date()) != "open" and not session.preview:
        return None
    return go_on(session, module_id)


def _asked_again(session: LaunchSession, key: str, error: Malformed) -> auth.Answer:
    """Return the question once more with what was wrong about the answer; nothing was stored."""
    assert session.enrolment_id is not None
    if wants_json():
        raise error
    with kit().uow() as uow:
        place = place_of(session, uow)
        presentation = uow.record.presentation(key, session.enrolment_id)
    if presentation.answered:
        raise error
    typed = {name: found[0] if len(found) == 1 else found for name, found in request.form.lists()}
    return question_page(show(place, presentation), error.message, typed, 422)
