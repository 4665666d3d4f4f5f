"""The launch: login initiation, the authorization endpoint, the key set."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

import jwt
from flask import Blueprint, Response, abort, jsonify, redirect, render_template, request
from flask.typing import ResponseReturnValue

from sandbox import handshakes
from sandbox.claims import (
    DEEP_LINK_LIFETIME_S,
    DEEP_LINKING,
    RESOURCE_LINK,
    Launch,
    hint_token,
    launch_claims,
    message_hint,
)
from sandbox.config import ROLE_PREFIX
from sandbox.courses import TEST_USER_ROLE, Course, Link, Member, find_course, find_link, find_member
from sandbox.handshakes import Hint
from sandbox.keys import SigningKey
from sandbox.lms import Lms, current_lms

bp = Blueprint("oidc", __name__)


class AuthError(Exception):
    """An authorization request that is refused, with its OAuth error code."""

    def __init__(self, code: str, description: str) -> None:
        super().__init__(description)
        self.code, self.description = code, description


@bp.get("/jwks")
def jwks() -> Response:
    """Publish the platform's keys."""
    return jsonify(current_lms().keyring.jwks())


@bp.get("/launch/<link_id>")
def launch(link_id: str) -> ResponseReturnValue:
    """Begin a resource link launch: send the browser to the tool's login."""
    lms = current_lms()
    link = find_link(lms.store.read(), link_id)
    if link is None:
        abort(404, f"There is no link '{link_id}'.")
    target_uri = link.target_link_uri or lms.config.tool.launch_url
    return _initiate(lms, RESOURCE_LINK, link.course_id, link.id, target_uri)


@bp.get("/deep-link/<course_id>")
def deep_link(course_id: str) -> ResponseReturnValue:
    """Begin a content selection; `replaces` names the link to choose again."""
    lms = current_lms()
    target_uri = lms.config.tool.deep_link_url
    return _initiate(lms, DEEP_LINKING, course_id, request.args.get("replaces"), target_uri)


def _initiate(lms: Lms, message_type: str, course_id: str, link_id: str | None, target_uri: str) -> ResponseReturnValue:
    member = find_member(lms.store.read(), course_id, request.args.get("as", ""))
    if member is None:
        abort(403, "This person is not a member of the course.")
    if member.status != "Active":
        abort(403, "This person is suspended in the course.")
    if message_type == DEEP_LINKING and not member.teaches:
        abort(403, "Only an instructor adds content.")
    parameters = begin_launch(
        lms, message_type, member, link_id, request.args.get("acting_as", ""),
        request.args.get("target", "iframe"), target_uri,
    )  # fmt: skip
    method = request.args.get("method", lms.config.login_method)
    if method == "get":
        separator = "&" if "?" in lms.config.tool.login_url else "?"
        return redirect(lms.config.tool.login_url + separator + urlencode(parameters))
    return auto_post(lms.config.tool.login_url, parameters, f"Opening {lms.config.tool.name}")


def begin_launch(
    lms: Lms,
    message_type: str,
    member: Member,
    link_id: str | None,
    acting_as: str,
    document_target: str,
    target_uri: str,
) -> dict[str, str]:
    """Remember the launch and return the parameters of the login initiation."""
    course = find_course(lms.store.read(), member.course_id)
    assert course is not None
    with lms.store.write() as db:
        hint = handshakes.new_hint(db, message_type, member.user_id, course.id, link_id, acting_as, document_target)
    parameters = {
        "iss": lms.config.issuer,
        "target_link_uri": target_uri,
        "login_hint": member.user_id,
        "lti_message_hint": message_hint(lms, hint.token),
        "client_id": lms.config.client_id,
        "lti_deployment_id": course.deployment_id,
    }
    return parameters | storage_target(lms)


def storage_target(lms: Lms) -> dict[str, str]:
    """Return the parameter that names the frame for platform storage, in logins and launches; Blackboard names none."""
    names = {"parent": "_parent", "frame": "lti_storage"}
    return {"lti_storage_target": names[lms.storage]} if lms.storage in names and lms.manner.sends_storage_target else {}


@bp.route("/auth", methods=["GET", "POST"])
def auth() -> ResponseReturnValue:
    """Answer the tool's authentication request with a signed id_token, or with an error."""
    lms = current_lms()
    values = request.form if request.method == "POST" else request.args
    repeated = [key for key in values if len(values.getlist(key)) > 1]
    redirect_uri = values.get("redirect_uri", "")
    # Until both of these hold, nothing may be sent to the address given.
    if repeated:
        abort(400, f"The parameter {repeated[0]} is given twice.")
    if values.get("client_id") != lms.config.client_id:
        abort(400, "client_id is not registered here")
    if redirect_uri not in lms.config.tool.redirect_uris:
        abort(400, f"redirect_uri {redirect_uri!r} is not registered, character for character")
    state = values.get("state", "")
    try:
        id_token = _authorize(lms, {key: values[key] for key in values})
    except AuthError as error:
        fields = {"error": error.code, "error_description": error.description, "state": state}
        return auto_post(redirect_uri, fields, "The launch was refused", error.description), 400
    return auto_post(redirect_uri, {"id_token": id_token, "state": state} | storage_target(lms), "Opening the tool")


def _authorize(lms: Lms, values: dict[str, str]) -> str:
    _check_request(values)
    with lms.store.write() as db:
        found = handshakes.use_hint(db, hint_token(values.get("lti_message_hint", "")))
        if isinstance(found, str):
            raise AuthError("invalid_request", found)
        if values.get("login_hint") != found.user_id:
            raise AuthError("login_required", "login_hint is not the one of this launch")
        if lms.manner.name == "strict" and not handshakes.first_time(db, "nonce", values["nonce"]):
            raise AuthError("invalid_request", "nonce was used already")
        launched = launch_of(lms, db, found)
        claims = launch_claims(lms, db, launched, values["nonce"])
    return sign(claims, lms.keyring.active)


def _check_request(values: dict[str, str]) -> None:
    if values.get("response_type") != "id_token":
        raise AuthError("unsupported_response_type", "response_type must be id_token")
    if "openid" not in values.get("scope", "").split():
        raise AuthError("invalid_scope", "scope must be openid")
    for key, wanted in (("response_mode", "form_post"), ("prompt", "none")):
        if values.get(key) != wanted:
            raise AuthError("invalid_request", f"{key} must be {wanted}")
    for key in ("nonce", "state", "login_hint", "lti_message_hint"):
        if not values.get(key):
            raise AuthError("invalid_request", f"{key} is missing")


def launch_of(lms: Lms, db: sqlite3.Connection, hint: Hint) -> Launch:
    """Return the launch behind a hint; membership is looked up again, it may have changed."""
    course, member = find_course(db, hint.course_id), find_member(db, hint.course_id, hint.user_id)
    if course is None or member is None or member.status != "Active":
        raise AuthError("access_denied", "the person is no longer an active member of the course")
    if hint.acting_as == "learner":
        member = _as_learner(lms, course, member)
    if hint.message_type == DEEP_LINKING:
        data = handshakes.new_deep_link(db, member.user_id, course.id, hint.link_id, DEEP_LINK_LIFETIME_S)
        return Launch(member, course, None, hint.document_target, data)
    link = _existing_link(db, hint)
    return Launch(member, course, link, hint.document_target, None)


def _existing_link(db: sqlite3.Connection, hint: Hint) -> Link:
    link = find_link(db, hint.link_id or "")
    if link is None:
        raise AuthError("access_denied", "the link was deleted")
    return link


def _as_learner(lms: Lms, course: Course, member: Member) -> Member:
    learner = ROLE_PREFIX + "Learner"
    if lms.manner.name == "moodle":
        # Moodle's role switch keeps the teacher's own id.
        return replace(member, roles=(learner,))
    return replace(
        member,
        user_id=f"{course.id}-test-student",
        name="Test Student",
        email="",
        roles=(learner, TEST_USER_ROLE),
    )


def sign(claims: dict[str, Any], key: SigningKey) -> str:
    """Return the claims as a signed JWT."""
    return jwt.encode(claims, key.private, algorithm="RS256", headers={"kid": key.kid})


def auto_post(action: str, fields: dict[str, str], title: str, message: str | None = None) -> str:
    """Return a page that posts the fields to `action` by itself, or by its button."""
    return render_template("auto_post.html", action=action, fields=fields, title=title, message=message)
