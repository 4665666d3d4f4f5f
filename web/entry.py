"""The administrators' door: a one-time link gives this browser a cookie for some hours."""

from __future__ import annotations

import structlog
from flask import Blueprint, make_response, redirect, render_template, request

from web.administrators import enter_admin, leave_admin, require_admin
from web.auth import Answer
from web.errors import SessionMismatch

log = structlog.get_logger("web")
blueprint = Blueprint("entry", __name__, url_prefix="/admin")


@blueprint.get("/enter/<token>")
def enter(token: str) -> Answer:
    """Use a link of `pacemate admin link` up and lead to the administration; a HEAD, as link previews send, uses nothing up."""
    if request.method == "HEAD":
        return make_response("", 204)
    answer = enter_admin(make_response(redirect("/admin/", 303)), token)
    if answer is None:
        log.warning("admin link refused")
        raise SessionMismatch("This link was used before, was revoked or has ended. `pacemate admin link` prints a new one.")
    log.info("admin entered")
    return answer


@blueprint.post("/leave")
@require_admin
def leave() -> Answer:
    """End the session and say so."""
    return leave_admin(make_response(render_template("admin/left.html")))
