"""The protocol endpoints. They render no pages: `web` does, behind the callbacks of `LtiRuntime`."""

from __future__ import annotations

import secrets
from dataclasses import replace
from typing import Any, cast
from urllib.parse import parse_qsl

from flask import Blueprint, Request, Response, jsonify, redirect, request
from markupsafe import escape

from lti import deep_linking, dynamic_registration, logins
from lti.addresses import origin, secure
from lti.browser import (
    browser_hash,
    browser_token,
    clear_login_cookie,
    in_frame,
    launch_proof,
    new_browser_token,
    posted_bearer,
    set_browser_cookie,
    set_login_cookie,
)
from lti.claims import LaunchContext
from lti.framed import LAUNCH_FIELDS, FramedLogin, UnprovedLaunch
from lti.grades.line_items import bind_by_resource_id
from lti.launch_log import Trail
from lti.refusals import LaunchRefusedError, new_reference
from lti.registrations import get
from lti.runtime import LtiRuntime
from lti.selection import SelectionFault, read_selection
from lti.tool_configuration import canvas_json

MAX_FORM_BYTES = 256 * 1024


def blueprint(runtime: LtiRuntime) -> Blueprint:
    """Return the blueprint of `/lti/login`, `launch`, `jwks`, `deep-link`, `register` and `canvas.json`."""
    lti = Blueprint("lti", __name__, url_prefix="/lti")

    @lti.route("/login", methods=["GET", "POST"])
    def login() -> Response:
        return _private(_login(runtime, _incoming()))

    @lti.route("/launch", methods=["POST"])
    def launch() -> Response:
        return _private(_launch(runtime, _incoming()))

    @lti.route("/jwks", methods=["GET"])
    def jwks() -> Response:
        response = jsonify(runtime.services.keys.key_set())
        response.headers["Cache-Control"] = "public, max-age=300"
        return response

    @lti.route("/deep-link", methods=["POST"])
    def deep_link() -> Response:
        return _private(_deep_link(runtime, _incoming()))

    @lti.route("/register", methods=["GET"])
    def register() -> Response:
        return _private(_register(runtime, _incoming()))

    @lti.route("/canvas.json", methods=["GET"])
    def canvas_configuration() -> Response:
        return _private(jsonify(canvas_json(runtime.base_url)))

    return lti


def _incoming() -> Request:
    """Return the request itself; each look through Flask's proxy would search for it anew."""
    found: Request = cast(Any, request)._get_current_object()
    return found


def _login(runtime: LtiRuntime, incoming: Request) -> Response:
    incoming.max_content_length = MAX_FORM_BYTES
    trail = Trail(new_reference())
    known = browser_token(incoming)
    token = known or new_browser_token()
    try:
        if not runtime.login_limit.allows(incoming.remote_addr or ""):
            raise LaunchRefusedError("too_many_logins")
        parameters = (incoming.form if incoming.method == "POST" else incoming.args).to_dict()
        with runtime.uow() as uow:
            begun = logins.begin_login(
                uow,
                parameters,
                base_url=runtime.base_url,
                secret=runtime.secret,
                token=token,
                now=runtime.clock(),
            )
            uow.commit()
    except LaunchRefusedError as error:
        return _refused(runtime, trail, error)
    cookie_in_doubt = known is None and in_frame(incoming)
    response = runtime.on_framed_login(FramedLogin.of(begun)) if cookie_in_doubt else _found(begun.redirect_url)
    set_browser_cookie(response, token)
    if known is None:
        set_login_cookie(response, begun.state, token)
    return response


def _launch(runtime: LtiRuntime, incoming: Request) -> Response:
    incoming.max_content_length = MAX_FORM_BYTES
    trail = Trail(new_reference())
    form = _posted(incoming)
    state = form.get("state", "")
    proof = launch_proof(incoming, state)
    if proof.empty and in_frame(incoming) and (unproved := _unproved(runtime, form)) is not None:
        return runtime.on_unproved_launch(unproved)
    try:
        launch = runtime.services.gate.admit(form, proof, trail, address=incoming.remote_addr)
    except LaunchRefusedError as error:
        if error.code == "state_used" and proof.empty and in_frame(incoming):
            error = LaunchRefusedError("reloaded", registration_id=error.registration_id)
        return _refused(runtime, trail, error)
    if launch.deep_linking is not None:
        response = runtime.on_deep_link(_opened(runtime, incoming, state, launch))
    else:
        response = runtime.on_launch(bind_by_resource_id(runtime.services, launch))
    clear_login_cookie(incoming, response, state)
    return response


def _posted(incoming: Request) -> dict[str, str]:
    """Return the form of a launch, urlencoded as `response_mode=form_post` says; where a name comes twice, its first value."""
    return dict(reversed(parse_qsl(incoming.get_data(as_text=True), keep_blank_values=True)))


def _unproved(runtime: LtiRuntime, form: dict[str, str]) -> UnprovedLaunch | None:
    """Return a launch whose proof may lie in the platform's storage; None where no open login waits for it."""
    if not all(form.get(name) for name in LAUNCH_FIELDS):
        return None
    with runtime.uow() as uow:
        login = logins.open_login(uow, form["state"], runtime.clock())
    return None if login is None else UnprovedLaunch.of(form, login)


def _opened(runtime: LtiRuntime, incoming: Request, state: str, launch: LaunchContext) -> LaunchContext:
    seat = launch_proof(incoming, state).seat(runtime.secret)
    assert seat is not None
    with runtime.uow() as uow:
        opened = deep_linking.open_request(uow, launch, browser_hash(runtime.secret, seat.token), runtime.clock())
        uow.commit()
    return replace(launch, deep_linking_id=opened)


def _deep_link(runtime: LtiRuntime, incoming: Request) -> Response:
    incoming.max_content_length = MAX_FORM_BYTES
    trail = Trail(new_reference())
    tokens = [t for t in (browser_token(incoming), posted_bearer(incoming)) if t is not None]
    # The first key of an installation is stored by a unit of work of its own, which could not write inside ours.
    key = runtime.services.keys.active()
    hashes = [browser_hash(runtime.secret, t) for t in tokens]
    form, fault = incoming.form, ""
    try:
        with runtime.uow() as uow:
            opened = deep_linking.read_request(uow, form.get("request", ""), hashes, runtime.clock())
            try:
                answer = deep_linking.answer_request(
                    uow,
                    opened,
                    () if "cancel" in form else read_selection(form),
                    graded=form.get("graded", "1") != "0",
                    base_url=runtime.base_url,
                    signing_key=key,
                    now=runtime.clock(),
                )
                uow.commit()
            except SelectionFault as error:
                fault = error.message
    except LaunchRefusedError as error:
        return _refused(runtime, trail, error)
    return _posting_form(answer) if not fault else runtime.on_selection_fault(opened, fault, form)


def _register(runtime: LtiRuntime, incoming: Request) -> Response:
    trail = Trail(new_reference())
    parameters = incoming.args.to_dict()
    try:
        if not runtime.login_limit.allows(incoming.remote_addr or ""):
            raise LaunchRefusedError("too_many_logins")
        registered = dynamic_registration.register(runtime.services, parameters)
    except LaunchRefusedError as error:
        return _refused(runtime, trail, error, _opener(runtime, parameters.get("openid_configuration", "")))
    return runtime.on_registered(registered)


def _opener(runtime: LtiRuntime, configuration_url: str) -> tuple[str, ...]:
    """Return the origin of the LMS whose registration window shows why it was refused: a page without acts."""
    found = origin(configuration_url) if secure(configuration_url, development=runtime.development) else None
    return () if found is None else (found,)


def _posting_form(answer: deep_linking.Answer) -> Response:
    """Return a form that posts itself to the platform; without a script, a button does."""
    nonce = secrets.token_urlsafe(16)
    page = (
        "<!doctype html><html lang=en><meta charset=utf-8><title>Back to your course</title>"
        f'<form id=answer method=post action="{escape(answer.return_url)}">'
        f'<input type=hidden name=JWT value="{escape(answer.jwt)}">'
        "<noscript><button>Back to your course</button></noscript></form>"
        f'<script nonce="{nonce}">document.getElementById("answer").submit()</script></html>'
    )
    target = origin(answer.return_url) or ""
    ancestors = " ".join(dict.fromkeys([*answer.origins, target]))
    response = Response(page, content_type="text/html; charset=utf-8")
    response.headers["Content-Security-Policy"] = (
        f"default-src 'none'; script-src 'nonce-{nonce}'; form-action {target}; base-uri 'none'; frame-ancestors {ancestors}"
    )
    return response


def _refused(runtime: LtiRuntime, trail: Trail, error: LaunchRefusedError, frame_origins: tuple[str, ...] = ()) -> Response:
    if trail.registration_id is None:
        trail.registration_id = error.registration_id
    runtime.services.log.refused(trail, error.code, error.detail)
    if trail.registration_id is not None:
        with runtime.uow() as uow:
            frame_origins = (*get(uow, trail.registration_id).origins, *frame_origins)
    return runtime.on_refusal(replace(error.refusal(trail.reference), frame_origins=frame_origins))


def _found(url: str) -> Response:
    answer = redirect(url, 302)
    return Response(answer.response, 302, answer.headers)


def _private(response: Response) -> Response:
    headers = response.headers
    headers["Cache-Control"], headers["Referrer-Policy"], headers["X-Content-Type-Options"] = (
        "no-store",
        "no-referrer",
        "nosniff",
    )
    return response
