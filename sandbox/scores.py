"""Assignment and Grade Services: scores in, results out."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from flask import Blueprint, Response, request

from sandbox import gradebook
from sandbox.claims import SCOPE_RESULT, SCOPE_SCORE
from sandbox.courses import find_member
from sandbox.gradebook import LineItem, Result
from sandbox.line_items import service_line_item
from sandbox.lms import Lms, current_lms
from sandbox.manners import Manner
from sandbox.services import (
    ServiceError,
    add_links,
    answer,
    check_accept,
    check_caller,
    check_content_type,
    json_body,
    page_of,
    positive_or_zero,
)
from sandbox.tokens import require_scope

bp = Blueprint("scores", __name__)

SCORE = "application/vnd.ims.lis.v1.score+json"
RESULTS = "application/vnd.ims.lis.v2.resultcontainer+json"
ACTIVITY = ("Initialized", "Started", "InProgress", "Submitted", "Completed")
GRADING = ("FullyGraded", "Pending", "PendingManual", "Failed", "NotReady")
CANVAS_SUBMISSION = "https://canvas.instructure.com/lti/submission"
FUTURE_LEEWAY = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Score:
    """One score as the tool sent it, checked for its own form."""

    user_id: str
    given: float | None
    maximum: float | None
    activity_progress: str
    grading_progress: str
    timestamp: datetime
    comment: str | None
    new_submission: bool


@bp.post("/ags/<course_id>/lineitems/<int:item_id>/lineitem/scores")
def scores(course_id: str, item_id: int) -> Response:
    """Take a score into the gradebook, in this manner's way."""
    lms = current_lms()
    check_caller(lms)
    body = request.get_data(as_text=True)[:4000]
    user_id: str | None = None
    try:
        require_scope(lms, SCOPE_SCORE)
        check_content_type(lms, SCORE)
        service_line_item(lms, course_id, item_id)
        score = parse_score(json_body(), lms.manner)
        user_id = score.user_id
        with lms.store.write() as db:
            item = gradebook.find_line_item(db, course_id, item_id)
            if item is None:
                raise ServiceError(404, "not_found", "there is no such line item")
            _take(db, lms.manner, item, score)
    except ServiceError as error:
        _log(lms, item_id, user_id, error.status, error.message, body)
        raise
    _log(lms, item_id, user_id, 200, "", body)
    if lms.manner.name == "canvas":
        return answer({"resultUrl": lms.result_url(course_id, item_id, score.user_id)}, SCORE)
    return Response(status=200)


def _log(lms: Lms, item_id: int, user_id: str | None, status: int, message: str, body: str) -> None:
    with lms.store.write() as db:
        gradebook.log_score(db, item_id, user_id, status, message, body)


def parse_score(body: dict[str, Any], manner: Manner) -> Score:
    """Return the score, or refuse with what is wrong in it."""
    for key, allowed in (("activityProgress", ACTIVITY), ("gradingProgress", GRADING)):
        if body.get(key) not in allowed:
            raise ServiceError(400, "bad_request", f"{key} must be one of {', '.join(allowed)}")
    user_id, comment = body.get("userId"), body.get("comment")
    if not isinstance(user_id, str) or not user_id:
        raise ServiceError(400, "bad_request", "userId is missing")
    if comment is not None and not isinstance(comment, str):
        raise ServiceError(400, "bad_request", "comment must be a text")
    given, maximum = _number(body, "scoreGiven"), _number(body, "scoreMaximum")
    if given is not None and (maximum is None or maximum <= 0):
        status = 422 if manner.name == "canvas" else 400
        raise ServiceError(status, "bad_request", "scoreMaximum must be given and above 0")
    submission = body.get(CANVAS_SUBMISSION)
    new = submission.get("new_submission", True) if isinstance(submission, dict) else True
    return Score(
        user_id=user_id,
        given=given,
        maximum=maximum,
        activity_progress=body["activityProgress"],
        grading_progress=body["gradingProgress"],
        timestamp=_timestamp(body.get("timestamp")),
        comment=comment,
        new_submission=new is not False,
    )


def _number(body: dict[str, Any], key: str) -> float | None:
    value = body.get(key)
    return None if value is None else positive_or_zero(value, key)


def _timestamp(text: Any) -> datetime:
    try:
        timestamp = datetime.fromisoformat(text)
    except (TypeError, ValueError) as error:
        raise ServiceError(400, "bad_request", "timestamp must be an ISO 8601 date and time") from error
    if timestamp.tzinfo is None:
        raise ServiceError(400, "bad_request", "timestamp must carry its time zone")
    return timestamp.astimezone(UTC)


def _take(db: sqlite3.Connection, manner: Manner, item: LineItem, score: Score) -> None:
    _check_person(db, manner, item, score)
    if item.locked:
        raise ServiceError(manner.locked_status, "locked", "the column is locked")
    before = gradebook.find_result(db, item.id, score.user_id)
    _check_time(manner, before, score)
    attempts = 0 if before is None else before.attempts
    if manner.counts_attempts and score.new_submission:
        if item.allowed_attempts is not None and attempts >= item.allowed_attempts:
            message = "The maximum number of allowed attempts has been reached for this submission"
            raise ServiceError(422, "unprocessable_entity", message)
        attempts += 1
    gradebook.save_result(db, _result(manner, item, before, score, attempts))


def _check_person(db: sqlite3.Connection, manner: Manner, item: LineItem, score: Score) -> None:
    member = find_member(db, item.course_id, score.user_id)
    if member is None:
        message = "User not found in course or is not a student"
        raise ServiceError(manner.unknown_user_status, "unknown_user", message)
    if not member.learns:
        message = "User not found in course or is not a student"
        raise ServiceError(manner.teacher_status, "not_a_learner", message)
    if member.status != "Active" and not manner.suspended_scores_accepted:
        raise ServiceError(manner.unknown_user_status, "inactive_user", "the user is suspended")


def _check_time(manner: Manner, before: Result | None, score: Score) -> None:
    if manner.future_timestamp_refused and score.timestamp > datetime.now(UTC) + FUTURE_LEEWAY:
        raise ServiceError(400, "bad_request", "timestamp lies in the future")
    if before is None:
        return
    last, this = datetime.fromisoformat(before.timestamp), score.timestamp
    if manner.whole_second_timestamps:
        last, this = last.replace(microsecond=0), this.replace(microsecond=0)
    if this < last or (this == last and manner.equal_timestamp_refused):
        message = f"a score of {before.timestamp} is here already; send a later timestamp"
        raise ServiceError(manner.stale_timestamp_status, "stale_timestamp", message)


def _result(manner: Manner, item: LineItem, before: Result | None, score: Score, attempts: int) -> Result:
    given, maximum = score.given, score.maximum
    if score.grading_progress not in manner.graded_progress:
        if before is None or manner.unfinished_erases:
            given, maximum = None, None
        else:
            given, maximum = before.score_given, before.score_maximum
    if given is not None and maximum is not None and manner.clamps_to_maximum:
        given = min(given, maximum)
    result = Result(
        item.id, score.user_id, given, maximum, score.activity_progress, score.grading_progress,
        score.timestamp.isoformat(), score.comment, None, attempts,
    )  # fmt: skip
    return result if before is None else replace(result, override=before.override)


@bp.get("/ags/<course_id>/lineitems/<int:item_id>/lineitem/results")
def results(course_id: str, item_id: int) -> Response:
    """List what the gradebook holds; `user_id` picks one person."""
    lms = current_lms()
    check_caller(lms)
    require_scope(lms, SCOPE_RESULT)
    check_accept(lms, RESULTS)
    item = service_line_item(lms, course_id, item_id)
    found = gradebook.results_of(lms.store.read(), item.id)
    user_id = request.args.get("user_id")
    if user_id is not None:
        found = [result for result in found if result.user_id == user_id]
    page, offsets = page_of(found, lms.manner.line_items_page)
    response = answer([_as_json(lms, item, result) for result in page], RESULTS)
    url = request.base_url.replace(request.host_url.rstrip("/"), lms.services_url)
    add_links(response, url, offsets, malformed=False)
    return response


def _as_json(lms: Lms, item: LineItem, result: Result) -> dict[str, Any]:
    body: dict[str, Any] = {
        "id": lms.result_url(item.course_id, item.id, result.user_id),
        "scoreOf": lms.line_item_url(item.course_id, item.id),
        "userId": result.user_id,
        "resultMaximum": item.score_maximum,
    }
    shown = result.shown_of(item.score_maximum)
    if shown is not None:
        body["resultScore"] = shown
    if result.comment is not None:
        body["comment"] = result.comment
    return body
