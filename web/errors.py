"""What people and programs see when something does not work; never a traceback."""

from __future__ import annotations

import secrets
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

import structlog
from flask import Flask, Response, current_app, g, jsonify, make_response, render_template, request
from markupsafe import escape
from werkzeug.exceptions import HTTPException, InternalServerError

from engine.domain.errors import EngineError

log = structlog.get_logger("web")

STATUS: Final[dict[str, int]] = {
    "not_found": 404,
    "refused": 409,
    "malformed": 422,
    "conflict": 409,
}
"""HTTP status of an engine error's code; every other code is a fault of the installation: 500."""

MOST_CAUSES: Final = 3
MOST_FRAMES: Final = 12
_IDENTIFY: Final = "pacemate-identify"
_REFERENCE_ALPHABET: Final = "23456789abcdefghjkmnpqrstuvwxyz"

WORDS: Final[dict[int, tuple[str, str]]] = {
    400: ("This request cannot be read", "Go back, reload the page and try again. What you answered so far is stored."),
    403: ("This page is not for you to open", "Open it from your course, in the role it is meant for."),
    404: ("There is nothing at this address", "Go back to your course and open the link again. Nothing of yours is lost."),
    405: ("This address is not used that way", "Go back and use the buttons of the page."),
    409: ("This is not possible just now", "Go back; everything you did is stored."),
    413: ("This is too large to be sent", "Shorten it and send it again."),
    415: ("This request has a form that is not understood", "Send a form or JSON."),
    422: ("This cannot be taken as it is", "Go back, check what you entered and send it again."),
    429: ("Too many requests at once", "Wait a minute, then go on. What you answered so far is stored."),
}
"""Status to (what, what next)."""


class SessionMismatch(Exception):
    """The launch in the address is over, or belongs to another browser.

    Args:
        frame_ancestors: origins that may frame the explanation, where the launch is known.
    """

    def __init__(self, reason: str = "", frame_ancestors: tuple[str, ...] = ()) -> None:
        super().__init__(reason)
        self.reason = reason
        self.frame_ancestors = frame_ancestors


class PlatformSwitchedOff(SessionMismatch):
    """The launch is well, and its platform is kept out by an administrator."""


class CsrfMissing(Exception):
    """A state-changing request without the token of its page."""


@dataclass(frozen=True, slots=True)
class Fault:
    """An error as it is told.

    Args:
        reference: what the page shows and the log carries; empty where nobody needs to look it up.
    """

    status: int
    code: str
    what: str
    what_next: str
    reference: str = ""


def new_reference() -> str:
    """Return a short reference id that can be read out on the phone."""
    return "".join(secrets.choice(_REFERENCE_ALPHABET) for _ in range(10))


def wants_json() -> bool:
    """Return whether the request prefers JSON to a page."""
    if request.path.startswith("/api/"):
        return True
    best = request.accept_mimetypes.best_match(["text/html", "application/json"])
    return best == "application/json" and request.accept_mimetypes[best] > request.accept_mimetypes["text/html"]


def is_htmx() -> bool:
    """Return whether htmx asks, which takes fragments."""
    return request.headers.get("HX-Request") == "true"


def is_link() -> bool:
    """Return whether htmx follows a link or form of a page that holds a bearer, which shows errors as pages."""
    return is_htmx() and request.headers.get("HX-Boosted") == "true"


def tell(fault: Fault) -> Response:
    """Return a fault as a page, a fragment or JSON."""
    if wants_json():
        body = {"error": {"code": fault.code, "message": f"{fault.what}. {fault.what_next}", "reference": fault.reference}}
        return make_response(jsonify(body), fault.status)
    if is_htmx() and not is_link():
        return make_response(f'<p role="alert">{escape(fault.what)}. {escape(fault.what_next)}</p>', fault.status)
    _let_frame(fault.status)
    launch_id = (request.view_args or {}).get("launch_id") if g.get("launch_session") is not None else None
    page = render_template(
        "errors/error.html",
        code=fault.status,
        what=fault.what,
        next=fault.what_next,
        reference=fault.reference,
        back_href=g.get("back_href") or (f"/learn/{launch_id}/" if launch_id and request.path.startswith("/learn/") else None),
        back_label="Back to the course",
    )
    return make_response(page, fault.status)


def install(app: Flask, identify: Callable[[str], object]) -> None:
    """Add the handlers to an application.

    Args:
        identify: opens the launch session of an address, so that its platform may frame the page that explains a fault.
    """
    app.extensions[_IDENTIFY] = identify
    app.register_error_handler(EngineError, _engine_error)
    app.register_error_handler(SessionMismatch, _session_mismatch)
    app.register_error_handler(CsrfMissing, _csrf_missing)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(Exception, _unknown)


def _let_frame(status: int) -> None:
    """Let the launch's platform frame a page that is made before its view has looked the launch up."""
    launch_id = (request.view_args or {}).get("launch_id")
    if status < 500 and launch_id is not None and g.get("launch_session") is None:
        with suppress(SessionMismatch):
            current_app.extensions[_IDENTIFY](str(launch_id))


def _engine_error(error: EngineError) -> Response:
    status = STATUS.get(error.code, 500)
    if status == 500:
        return _broken(error)
    what, _ = WORDS[status]
    return tell(Fault(status, error.code, what, error.message))


def _session_mismatch(error: SessionMismatch) -> Response:
    if error.frame_ancestors:
        g.frame_ancestors = error.frame_ancestors
    elif not wants_json():
        _let_frame(403)
    if isinstance(error, PlatformSwitchedOff):
        return _switched_off()
    if wants_json():
        return tell(Fault(403, "session", "This launch is over or belongs to another browser", "Reopen it from your course"))
    return make_response(render_template("errors/session.html", reason=error.reason), 403)


def _switched_off() -> Response:
    what, what_next = "Your course is not connected just now", "Everything you did is stored. Ask whoever runs the course"
    if wants_json():
        return tell(Fault(403, "switched_off", what, what_next))
    return make_response(render_template("errors/switched_off.html"), 403)


def _csrf_missing(_: CsrfMissing) -> Response:
    what = "This page is out of date"
    return tell(Fault(403, "csrf", what, "Go back, reload it and try again. What you answered so far is stored."))


def _http_error(error: HTTPException) -> Response:
    if error.response is not None:
        return make_response(error.response)
    status = error.code or 500
    if isinstance(error, InternalServerError) or status >= 500:
        return _broken(error.__cause__ or error)
    what, what_next = WORDS.get(status, WORDS[400])
    answer = tell(Fault(status, f"http_{status}", what, what_next))
    for name, value in error.get_headers():
        if name.lower() not in ("content-type", "content-length"):
            answer.headers[name] = value
    return answer


def _frames(error: BaseException) -> list[str]:
    """Return where an error came from; messages and locals may hold what people wrote, so they stay out of the log."""
    causes: list[str] = []
    found: BaseException | None = error
    while found is not None and len(causes) < MOST_CAUSES:
        frames = traceback.extract_tb(found.__traceback__)[-MOST_FRAMES:]
        causes += [type(found).__name__, *(f"{f.filename}:{f.lineno} {f.name}" for f in frames)]
        found = found.__cause__ or found.__context__
    return causes


def _unknown(error: Exception) -> Response:
    return _broken(error)


def _broken(error: BaseException) -> Response:
    reference = new_reference()
    log.error("broken", reference=reference, error=type(error).__name__, at=_frames(error))
    what = "Something went wrong on our side"
    return tell(Fault(500, "internal", what, "Go back and try again. What you answered so far is stored.", reference))
