"""The token endpoint, and the check of bearer tokens on every service call."""

from __future__ import annotations

import time
from typing import Any

from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue

from sandbox import handshakes
from sandbox.claims import SCOPES
from sandbox.lms import Lms, current_lms
from sandbox.services import ServiceError
from sandbox.tool_keys import LEEWAY_S, SignatureRefused, decode_tool_jwt

bp = Blueprint("tokens", __name__)

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
MAX_ASSERTION_LIFETIME_S = 3600


class TokenError(Exception):
    """A token request that is refused, with its OAuth error code."""

    def __init__(self, code: str, description: str) -> None:
        super().__init__(description)
        self.code, self.description = code, description


@bp.post("/token")
def token() -> ResponseReturnValue:
    """Exchange a signed client assertion for a bearer token."""
    lms = current_lms()
    try:
        scopes = _check_form()
        claims = _check_assertion(lms, request.form.get("client_assertion", ""))
        with lms.store.write() as db:
            if not handshakes.first_time(db, "jti", str(claims["jti"])):
                raise TokenError("invalid_client", "jti was used already")
            access_token = handshakes.new_access_token(db, scopes, lms.config.token_lifetime_s)
    except TokenError as error:
        body = {"error": error.code, "error_description": error.description}
        return jsonify(body), 400, {"Cache-Control": "no-store"}
    answer = {
        "access_token": access_token,
        "token_type": "Bearer",
        "expires_in": lms.config.token_lifetime_s,
        "scope": " ".join(scopes),
    }
    return jsonify(answer), 200, {"Cache-Control": "no-store"}


def _check_form() -> list[str]:
    if request.mimetype != "application/x-www-form-urlencoded":
        raise TokenError("invalid_request", "the body must be application/x-www-form-urlencoded")
    if request.form.get("grant_type") != "client_credentials":
        raise TokenError("unsupported_grant_type", "grant_type must be client_credentials")
    if request.form.get("client_assertion_type") != ASSERTION_TYPE:
        raise TokenError("invalid_request", f"client_assertion_type must be {ASSERTION_TYPE}")
    asked = request.form.get("scope", "").split()
    granted = [scope for scope in SCOPES if scope in asked]
    if not granted:
        raise TokenError("invalid_scope", "scope names nothing that is offered here")
    return granted


def _check_assertion(lms: Lms, assertion: str) -> dict[str, Any]:
    try:
        claims = decode_tool_jwt(
            assertion, lms.config.tool.jwks_url, lms.token_audiences, lms.config.client_id,
            ["iss", "sub", "aud", "iat", "exp", "jti"],
        )  # fmt: skip
    except SignatureRefused as refusal:
        raise TokenError("invalid_client", f"client_assertion: {refusal}") from refusal
    if claims["sub"] != lms.config.client_id:
        raise TokenError("invalid_client", "client_assertion: sub must be the client_id")
    if not isinstance(claims["jti"], str) or not claims["jti"]:
        raise TokenError("invalid_client", "client_assertion: jti must be a text")
    if claims["exp"] > time.time() + MAX_ASSERTION_LIFETIME_S + LEEWAY_S:
        raise TokenError("invalid_client", "client_assertion: exp is more than an hour ahead")
    if claims["iat"] < time.time() - MAX_ASSERTION_LIFETIME_S:
        raise TokenError("invalid_client", "client_assertion: iat is more than an hour ago")
    return claims


def require_scope(lms: Lms, *accepted: str) -> None:
    """Let the request pass only with a living bearer token for one of these scopes."""
    scheme, _, value = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not value:
        raise ServiceError(401, "unauthorized", "a bearer token is missing")
    scopes = handshakes.scopes_of_token(lms.store.read(), value.strip())
    if isinstance(scopes, str):
        raise ServiceError(401, "unauthorized", scopes)
    if not set(scopes) & set(accepted):
        raise ServiceError(403, "insufficient_scope", f"the token lacks the scope {accepted[0]}")
