"""The test-control API: only there when the sandbox is started with --control."""

from __future__ import annotations

from dataclasses import replace

from flask import Blueprint, Flask, Response, jsonify
from flask.typing import ResponseReturnValue

from sandbox import control_courses, gradebook, minting
from sandbox.claims import DEEP_LINKING, RESOURCE_LINK
from sandbox.config import STORAGES
from sandbox.control_input import ControlError, known_course, known_link, known_member, read_body
from sandbox.courses import (
    links_of,
)
from sandbox.faults import ENDPOINTS, Fault
from sandbox.lms import current_lms
from sandbox.manners import MANNERS
from sandbox.oidc import begin_launch

bp = Blueprint("control", __name__, url_prefix="/_control")


def install(app: Flask) -> None:
    """Add the control API to the app."""
    app.register_blueprint(bp)
    app.register_blueprint(control_courses.bp)

    @app.errorhandler(ControlError)
    def refused(error: ControlError) -> ResponseReturnValue:
        return jsonify({"error": str(error)}), 400


@bp.get("/state")
def state() -> Response:
    """Report the addresses, the manner, the courses and the faults waiting."""
    lms = current_lms()
    db = lms.store.read()
    return jsonify(
        {
            "issuer": lms.config.issuer,
            "client_id": lms.config.client_id,
            "deployment_ids": lms.config.deployment_ids,
            "auth_url": f"{lms.base_url}/auth",
            "token_url": f"{lms.services_url}/token",
            "jwks_url": f"{lms.services_url}/jwks",
            "manner": lms.manner.name,
            "active_kid": lms.keyring.active.kid,
            "courses": {
                row["id"]: [link.id for link in links_of(db, row["id"])]
                for row in db.execute("SELECT id FROM course ORDER BY position").fetchall()
            },
            "faults": [
                {"endpoint": fault.endpoint, "status": fault.status, "times": fault.times} for fault in lms.faults.waiting()
            ],
        }
    )


@bp.post("/reset")
def reset() -> Response:
    """Forget grades, added links, tokens and faults; the configured courses come back."""
    lms = current_lms()
    lms.faults.clear()
    lms.store.clear()
    lms.config = lms.configured
    lms.store.seed(lms.config.courses)
    lms.manner = MANNERS[lms.config.manner]
    lms.storage = lms.config.platform_storage
    return jsonify({"ok": True})


@bp.post("/manner")
def manner() -> Response:
    """Play another platform from the next request on."""
    name = read_body().get("manner")
    if name not in MANNERS:
        raise ControlError(f"manner must be one of {', '.join(MANNERS)}")
    lms = current_lms()
    lms.manner = MANNERS[name]
    return jsonify({"manner": name})


@bp.post("/storage")
def storage() -> Response:
    """Keep data for tools elsewhere, or not at all, from the next page on."""
    where = read_body().get("storage")
    if where not in STORAGES:
        raise ControlError(f"storage must be one of {', '.join(STORAGES)}")
    current_lms().storage = where
    return jsonify({"storage": where})


@bp.post("/keys/rotate")
def rotate() -> Response:
    """Sign with a new key; `keep_old` (default true) leaves the old ones published."""
    key = current_lms().keyring.rotate(keep_old=bool(read_body().get("keep_old", True)))
    return jsonify({"kid": key.kid})


@bp.post("/tokens/revoke")
def revoke() -> Response:
    """Make every bearer token worthless."""
    with current_lms().store.write() as db:
        db.execute("DELETE FROM token")
    return jsonify({"ok": True})


@bp.post("/faults")
def add_fault() -> Response:
    """Let the next responses of an endpoint fail."""
    body = read_body()
    endpoint, status = body.get("endpoint"), body.get("status")
    if endpoint not in ENDPOINTS:
        raise ControlError(f"endpoint must be one of {', '.join(ENDPOINTS)}")
    if status is not None and (not isinstance(status, int) or not 200 <= status <= 599):
        raise ControlError("status must be a number from 200 to 599, or absent for a delay alone")
    fault = Fault(
        endpoint=endpoint,
        status=status,
        times=int(body.get("times", 1)),
        delay_s=float(body.get("delay_s", 0)),
        body=body.get("body"),
        content_type=str(body.get("content_type", "text/plain")),
        headers=tuple((str(k), str(v)) for k, v in dict(body.get("headers", {})).items()),
        after=bool(body.get("after", False)),
    )
    current_lms().faults.add(fault)
    return jsonify({"ok": True})


@bp.delete("/faults")
def clear_faults() -> Response:
    """Drop every waiting fault."""
    current_lms().faults.clear()
    return jsonify({"ok": True})


@bp.get("/gradebook/<course_id>")
def read_gradebook(course_id: str) -> Response:
    """Return every column with its cells."""
    lms = current_lms()
    known_course(lms, course_id)
    db = lms.store.read()
    columns = []
    for item in gradebook.line_items_of(db, course_id):
        cells = {
            result.user_id: {
                "shown": result.shown_of(item.score_maximum),
                "score_given": result.score_given,
                "score_maximum": result.score_maximum,
                "activity_progress": result.activity_progress,
                "grading_progress": result.grading_progress,
                "timestamp": result.timestamp,
                "comment": result.comment,
                "override": result.override,
                "attempts": result.attempts,
            }
            for result in gradebook.results_of(db, item.id)
        }
        columns.append(
            {
                "id": item.id,
                "url": lms.line_item_url(course_id, item.id),
                "label": item.label,
                "score_maximum": item.score_maximum,
                "resource_id": item.resource_id,
                "tag": item.tag,
                "link_id": item.link_id,
                "coupled": item.coupled,
                "locked": item.locked,
                "results": cells,
            }
        )
    return jsonify({"line_items": columns})


@bp.get("/scores")
def read_scores() -> Response:
    """Return every score POST received, oldest first, with the status answered."""
    rows = current_lms().store.read().execute("SELECT * FROM score_log ORDER BY id").fetchall()
    return jsonify({"scores": [dict(row) for row in rows]})


@bp.post("/line-items/<int:item_id>")
def change_line_item(item_id: int) -> Response:
    """Lock or unlock a column, or set how many attempts it allows."""
    body, lms = read_body(), current_lms()
    with lms.store.write() as db:
        if "locked" in body:
            values = (bool(body["locked"]), item_id)
            db.execute("UPDATE line_item SET locked = ? WHERE id = ?", values)
        if "allowed_attempts" in body:
            values = (body["allowed_attempts"], item_id)
            db.execute("UPDATE line_item SET allowed_attempts = ? WHERE id = ?", values)
    return jsonify({"ok": True})


@bp.post("/overrides")
def override() -> Response:
    """Let a teacher set a grade by hand; null takes it back."""
    body, lms = read_body(), current_lms()
    with lms.store.write() as db:
        item_id, user_id = int(body.get("line_item_id", 0)), str(body.get("user_id"))
        result = gradebook.find_result(db, item_id, user_id)
        if result is None:
            result = gradebook.Result(
                item_id, user_id, None, None, "Initialized", "NotReady",
                "1970-01-01T00:00:00+00:00", None, None, 0,
            )  # fmt: skip
        gradebook.save_result(db, replace(result, override=body.get("score")))
    return jsonify({"ok": True})


@bp.post("/launch")
def begin() -> Response:
    """Begin a launch as the course page does; returns the login initiation's parameters."""
    body, lms = read_body(), current_lms()
    deep = "link_id" not in body
    course_id = body.get("course_id") if deep else known_link(lms, body["link_id"]).course_id
    member = known_member(lms, known_course(lms, course_id).id, body.get("user_id"))
    tool = lms.config.tool
    target = tool.deep_link_url if deep else tool.launch_url
    if not deep:
        target = known_link(lms, body["link_id"]).target_link_uri or target
    link_id = body.get("replaces_link_id") if deep else str(body["link_id"])
    parameters = begin_launch(
        lms, DEEP_LINKING if deep else RESOURCE_LINK, member, link_id,
        str(body.get("acting_as", "")), str(body.get("document_target", "iframe")), target,
    )  # fmt: skip
    return jsonify({"login_url": tool.login_url, "parameters": parameters})


@bp.post("/mint")
def mint() -> Response:
    """Return an id_token with claims, headers and key changed as asked."""
    body, lms = read_body(), current_lms()
    deep = "link_id" not in body
    course_id = body.get("course_id") if deep else known_link(lms, body["link_id"]).course_id
    course = known_course(lms, course_id)
    member = known_member(lms, course.id, body.get("user_id"))
    link = None if deep else known_link(lms, body["link_id"])
    try:
        return jsonify(minting.mint(lms, course, member, link, body))
    except ValueError as error:
        raise ControlError(str(error)) from error
