"""Take an answer: score, mastery, path, progress, milestones and outbox in one transaction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from engine.domain.enrolment import LearnerState
from engine.domain.errors import Conflict, Malformed
from engine.domain.events import HELP_WANTED, Event, event_id
from engine.domain.pacing import Adjustment
from engine.domain.presentations import Presentation
from engine.domain.replies import Reply, build_reply
from engine.domain.responses import Response, Score
from engine.domain.unit_of_work import UnitOfWork
from engine.services.fold import Fold
from engine.services.kit import Kit
from engine.services.next_activity import activity_type
from engine.services.resume import after_a_pause, resume
from engine.services.state import locked, move

MOST_ACTIVE_S = 6 * 3600.0


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer as it arrives.

    Args:
        presentation_id: the key: a second answer with the same content gets the saved reply.
        values: what the activity type's `score` takes.
        active_s: visible, non-idle seconds told by the client; None where unknown.
    """

    enrolment_id: str
    tenant_id: str
    presentation_id: str
    values: Mapping[str, Any]
    active_s: float | None = None


def submit_response(answer: Answer, kit: Kit, *, now: datetime | None = None) -> Reply:
    """Store an answer and return its reply.

    Raises:
        NotFound: no such enrolment or presentation.
        Conflict: the presentation was answered already, with something else.
        Malformed: the answer does not have its activity's form; nothing is stored.
    """
    now = now or kit.clock()
    with kit.uow() as uow:
        state, fold = locked(answer.enrolment_id, answer.tenant_id, uow, kit, now)
        presentation = uow.record.presentation(answer.presentation_id, answer.enrolment_id)
        if presentation.answered:
            return _saved(answer, uow)
        if after_a_pause(state.enrolment, state.path, presentation, now):
            # The page stayed open over the pause: the answer counts, in a visit of its own.
            state = resume(state, fold, uow, now)
        reply = _take(answer, presentation, state, fold, uow, kit, now)
        uow.commit()
    return reply


def _saved(answer: Answer, uow: UnitOfWork) -> Reply:
    stored = uow.record.reply(answer.presentation_id)
    if stored is None or dict(stored[0]) != dict(answer.values):
        raise Conflict("This question was answered before, with another answer. The first one counts; go on to the next.")
    return Reply.from_json(stored[1])


def _take(
    answer: Answer, presentation: Presentation, state: LearnerState, fold: Fold, uow: UnitOfWork, kit: Kit, now: datetime
) -> Reply:
    served = uow.courses.version(presentation.course_version_id)
    activity = served.activities[presentation.activity_id]
    if activity.id not in fold.version.activities:
        raise Conflict("This question is no longer part of your course. Go on to the next; nothing you did is lost.")
    score = activity_type(activity, kit).score(activity, presentation.variant_seed, answer.values)
    response = _response(answer, presentation, state, score, now)
    mastery, advance = fold.respond(state.mastery, state.path, response)
    tested = any(advance.path.closed[key] == "tested_out" for key in advance.path.closed.keys() - state.path.closed.keys())
    cause = "tested_out" if tested else "activity"
    moved = move(state, mastery, advance.path, fold, uow, cause=cause, now=now, active_s=response.active_s or 0.0, answered=1)
    decision = fold.policy.decide(advance.path, presentation.module_id, fold.look(mastery), now)
    retry = decision.purpose == "retry" and decision.activity_id == activity.id
    missed = score.correct is False and presentation.purpose in ("probe", "test_out")
    celebrated = [m.threshold_percent for m in moved.milestones if m.celebrate]
    reply = build_reply(
        presentation_id=presentation.id,
        activity_id=activity.id,
        seq=response.seq,
        score=score,
        retry=retry,
        withhold=retry or missed,
        progress=(state.enrolment.progress_bp, moved.enrolment.progress_bp),
        decision=decision,
        adjustments=advance.adjustments,
        milestone=max(celebrated, default=None),
        module_done=moved.module_done,
    )
    uow.record.add_response(
        state.enrolment.id, response, answer=answer.values, reply=reply.to_json(), misconception=score.misconception
    )
    uow.record.add_adjustments(state.enrolment.id, response.seq, advance.adjustments, now)
    if not state.enrolment.preview:
        uow.outbox.add(_calls_for_help(state, advance.adjustments, now))
    return reply


def _response(answer: Answer, presentation: Presentation, state: LearnerState, score: Score, now: datetime) -> Response:
    return Response(
        seq=state.path.seq + 1,
        presentation_id=presentation.id,
        decided_seq=presentation.decided_seq,
        module_id=presentation.module_id,
        activity_id=presentation.activity_id,
        purpose=presentation.purpose,
        correct=score.correct,
        points=score.points,
        first_try=presentation.attempt == 1 and presentation.activity_id not in state.path.seen,
        hints_used=presentation.hints_shown,
        active_s=_capped(answer.active_s, presentation.served_at, now),
        served_at=presentation.served_at,
        answered_at=now,
    )


def _capped(active_s: float | None, served_at: datetime, now: datetime) -> float | None:
    """Return the told active time within what the server can confirm; None stays unknown."""
    if active_s is None:
        return None
    if not 0 <= active_s < float("inf"):
        raise Malformed("The active time is not a number of seconds. Send the answer without it.")
    return round(min(active_s, max((now - served_at).total_seconds(), 0.0), MOST_ACTIVE_S), 1)


def _calls_for_help(state: LearnerState, adjustments: tuple[Adjustment, ...], now: datetime) -> list[Event]:
    enrolment = state.enrolment
    return [
        Event(
            event_id(HELP_WANTED, enrolment.id, a.slot_key),
            HELP_WANTED,
            now,
            enrolment.tenant_id,
            enrolment.id,
            {"enrolment": enrolment.id, "slot": a.slot_key, **a.reason.facts},
        )
        for a in adjustments
        if a.kind == "flag"
    ]
