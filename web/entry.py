"""The administrators' door: a one-time link gives this browser a cookie for some hours."""

from __future__ import annotations

import structlog
from flask import Blueprint, make_response, redirect, request

from web import auth
from web.auth import ADMIN_LINK, enter_admin, hash_link, leave_admin, require_admin
from web.context import kit
from web.errors import SessionMismatch

log = structlog.get_logger("web")
blueprint = Blueprint("entry", __name__, url_prefix="/admin")


@blueprint.get("/enter/<token>")
def enter(token: str) -> auth.Answer:
    """Use a link of `pacemate admin link` up and lead to the administration; a HEAD, as link previews send, uses nothing up."""
    if request.method == "HEAD":
        return make_response("", 204)
    with kit().uow() as uow:
        name = uow.access.use_link(ADMIN_LINK, hash_link(token), kit().clock())
        uow.commit()
    if name is None:
        log.warning("admin link refused")
        raise SessionMismatch("This link was used before or has ended. `pacemate admin link` prints a new one.")
    log.info("admin entered")
    return enter_admin(make_response(redirect("/admin/", 303)), name)


@blueprint.post("/leave")
@require_admin
def leave() -> auth.Answer:
    """Take the cookie back."""
    return leave_admin(make_response("", 204))
