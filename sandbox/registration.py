"""Dynamic registration: the platform's configuration, and the endpoint that takes a tool's, in each manner."""

from __future__ import annotations

import json
import time
from typing import Any

from flask import Blueprint, Response, jsonify, request
from flask.typing import ResponseReturnValue

from sandbox import tools
from sandbox.claims import DEEP_LINKING, RESOURCE_LINK, SCOPES
from sandbox.lms import Lms, current_lms

bp = Blueprint("registration", __name__)

PLATFORM = "https://purl.imsglobal.org/spec/lti-platform-configuration"
TOOL = "https://purl.imsglobal.org/spec/lti-tool-configuration"
REQUIRED = ("response_types", "initiate_login_uri", "redirect_uris", "client_name", "jwks_uri", "token_endpoint_auth_method")
CANVAS_PLACEMENTS = ("assignment_selection", "link_selection", "course_navigation", "editor_button", "module_index_menu")


class RegistrationError(Exception):
    """A registration that is refused; how it reads depends on the manner."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status, self.message = status, message


@bp.errorhandler(RegistrationError)
def refused(error: RegistrationError) -> ResponseReturnValue:
    """Say why: Moodle in plain text, Canvas with a list of errors, the standard as RFC 7591 does."""
    manner = current_lms().manner.name
    if manner == "moodle":
        return Response(error.message, error.status, content_type="text/plain; charset=utf-8")
    if manner == "canvas":
        return jsonify({"errors": [{"message": error.message}]}), error.status
    code = "invalid_token" if error.status == 401 else "invalid_client_metadata"
    return jsonify({"error": code, "error_description": error.message}), error.status


@bp.get("/.well-known/openid-configuration")
def configuration() -> Response:
    """Say where everything is; Canvas asks for the registration token here already."""
    lms = current_lms()
    if lms.manner.configuration_needs_token:
        _token(lms)
    return jsonify(
        {
            "issuer": lms.config.issuer,
            "authorization_endpoint": f"{lms.base_url}/auth",
            "token_endpoint": f"{lms.services_url}/token",
            "token_endpoint_auth_methods_supported": ["private_key_jwt"],
            "token_endpoint_auth_signing_alg_values_supported": ["RS256"],
            "jwks_uri": f"{lms.services_url}/jwks",
            "registration_endpoint": f"{lms.services_url}/register",
            "scopes_supported": ["openid", *SCOPES],
            "response_types_supported": ["id_token"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "claims_supported": ["sub", "iss", "name", "given_name", "family_name", "email"],
            # Canvas names a bare host here, which is no audience of its token endpoint.
            **({"authorization_server": lms.host} if lms.manner.configuration_needs_token else {}),
            PLATFORM: {
                "product_family_code": lms.manner.family_code,
                "version": lms.manner.version,
                "messages_supported": [{"type": RESOURCE_LINK}, {"type": DEEP_LINKING}],
                "variables": ["ResourceLink.id", "ResourceLink.id.history", "User.id", "Context.id"],
            },
        }
    )


@bp.post("/register")
def register() -> ResponseReturnValue:
    """Take a tool's configuration with a registration token, which is used up by that."""
    lms = current_lms()
    token = _token(lms)
    body = _body(lms)
    own = body.get(TOOL)
    for fault in _faults(lms, body, own if isinstance(own, dict) else {}):
        raise RegistrationError(lms.manner.registration_fault_status, fault)
    assert isinstance(own, dict)
    with lms.store.write() as db:
        if not tools.use_token(db, token, time.time()):
            raise RegistrationError(401, "the registration token was used already")
        tool = tools.add(lms, db, body, own)
    answer = {name: body[name] for name in REQUIRED} | {
        "client_id": tool.client_id,
        "application_type": "web",
        "grant_types": ["client_credentials", "implicit"],
        "scope": body.get("scope", ""),
        TOOL: dict(own) | ({} if tool.deployment_id is None else {"deployment_id": tool.deployment_id}),
    }
    return jsonify(answer), lms.manner.registered_status


def _token(lms: Lms) -> str:
    scheme, _, value = request.headers.get("Authorization", "").partition(" ")
    if scheme != "Bearer" or not value:
        raise RegistrationError(401, "missing_registration_token")
    if not tools.token_is_good(lms.store.read(), value, time.time()):
        raise RegistrationError(401, "the registration token is unknown, used or has expired")
    return value


def _body(lms: Lms) -> dict[str, Any]:
    try:
        body = json.loads(request.get_data())
    except (ValueError, RecursionError):
        body = None
    if not isinstance(body, dict) or request.mimetype != "application/json":
        raise RegistrationError(lms.manner.registration_fault_status, "the body must be a JSON object")
    return body


def _faults(lms: Lms, body: dict[str, Any], own: dict[str, Any]) -> list[str]:
    """Return what is wrong, in the order in which it is looked at."""
    faults = [f"missing required attribute {name}" for name in (*REQUIRED, TOOL) if not body.get(name)]
    uris = body.get("redirect_uris")
    domain, target = own.get("domain"), own.get("target_link_uri")
    checks = (
        (body.get("token_endpoint_auth_method") == "private_key_jwt", "invalid_token_endpoint_auth_method"),
        ("id_token" in (body.get("response_types") or ()), "invalid_response_types"),
        (isinstance(uris, list) and all(isinstance(uri, str) for uri in uris), "invalid_redirect_uris"),
        (body.get("application_type", "web") == "web", "invalid_application_type"),
        (bool(domain), "missing_domain"),
        (isinstance(target, str) and f"//{domain}" in target, "domain_targetlinkuri_mismatch"),
        (isinstance(own.get("claims"), list), "claims must be a list"),
    )
    faults += [fault for held, fault in checks if not held]
    if lms.manner.name == "canvas":
        placed = [p for m in own.get("messages") or () for p in m.get("placements", ())]
        faults += [f"placement {p!r} is not supported" for p in placed if p not in CANVAS_PLACEMENTS]
        faults += [] if placed else ["no message has a placement"]
    return faults
