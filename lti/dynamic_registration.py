"""Dynamic registration: a one-time link of an administrator lets an LMS register this tool; it waits for approval."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlsplit

from engine.domain.deliveries import HttpAnswer
from engine.domain.errors import EngineError
from engine.domain.unit_of_work import UnitOfWork
from lti.addresses import same_platform, secure
from lti.claims import SCOPE_LINE_ITEM, SCOPE_LINE_ITEM_READONLY, SCOPE_RESULT, SCOPE_ROSTER, SCOPE_SCORE
from lti.quirks.families import family_of, quirks
from lti.refusals import LaunchRefusedError
from lti.registrations import Registration, add_platform
from lti.runtime import LtiServices

PURPOSE: Final = "lti-registration"
INVITATION_TIME: Final = timedelta(hours=1)
TOOL_CONFIGURATION: Final = "https://purl.imsglobal.org/spec/lti-tool-configuration"
PLATFORM_CONFIGURATION: Final = "https://purl.imsglobal.org/spec/lti-platform-configuration"
MAX_CONFIGURATION_BYTES: Final = 256 * 1024
ADDRESSES: Final = ("authorization_endpoint", "token_endpoint", "jwks_uri", "registration_endpoint")
SCOPES: Final = (SCOPE_LINE_ITEM, SCOPE_LINE_ITEM_READONLY, SCOPE_SCORE, SCOPE_RESULT, SCOPE_ROSTER)
CUSTOM: Final = {
    "link_history": "$ResourceLink.id.history",
    "available_from": "$ResourceLink.available.startDateTime",
    "available_until": "$ResourceLink.available.endDateTime",
    "due_at": "$ResourceLink.submission.endDateTime",
}


@dataclass(frozen=True, slots=True)
class PlatformConfiguration:
    """What an LMS says of itself."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    registration_endpoint: str
    token_audience: str | None
    family_code: str | None


def invite(uow: UnitOfWork, base_url: str, now: datetime, *, subject: str = "administrator") -> str:
    """Return a one-time registration link to paste into an LMS, good for an hour; the caller commits."""
    token = secrets.token_urlsafe(32)
    uow.access.add_link(PURPOSE, _digest(token), subject, now + INVITATION_TIME, now)
    return f"{base_url}/lti/register?invite={token}"


def register(lti: LtiServices, parameters: Mapping[str, str]) -> Registration:
    """Register this tool at the LMS that opened a registration link; the registration is pending until approved.

    Args:
        parameters: `invite` of our link; `openid_configuration` and `registration_token` of the LMS.

    Raises:
        LaunchRefusedError: the link is used up, or the LMS's answers do not do; a faulty configuration leaves the link good.
    """
    url, token = parameters.get("openid_configuration", ""), parameters.get("registration_token") or None
    now = lti.clock()
    if not _open(lti, parameters.get("invite", ""), now):
        raise LaunchRefusedError("registration_link")
    if not secure(url, development=lti.development) or not _header_safe(token):
        raise LaunchRefusedError("registration_failed", "openid_configuration is no https address")
    platform = _configuration(lti, url, token)
    with lti.uow() as uow:
        if uow.access.use_link(PURPOSE, _digest(parameters["invite"]), now) is None:
            raise LaunchRefusedError("registration_link")
        uow.commit()
    family = family_of(platform.family_code, platform.issuer)
    answer = _post(lti, platform, tool_configuration(lti.base_url, family), token)
    client_id, deployment_id = _registered(answer)
    return _stored(lti, platform, family, client_id, deployment_id)


def tool_configuration(base_url: str, family: str) -> dict[str, Any]:
    """Return what this tool says of itself, in the manner of a family."""
    target = f"{base_url}/lti/launch"
    body: dict[str, Any] = {
        "application_type": "web",
        "response_types": ["id_token"],
        "grant_types": ["implicit", "client_credentials"],
        "initiate_login_uri": f"{base_url}/lti/login",
        "redirect_uris": [target],
        "client_name": "Pacemate",
        "jwks_uri": f"{base_url}/lti/jwks",
        "logo_uri": f"{base_url}/static/icon.png",
        "token_endpoint_auth_method": "private_key_jwt",
        "scope": " ".join(SCOPES),
        TOOL_CONFIGURATION: {
            "domain": urlsplit(base_url).netloc,
            "description": "Adaptive micro-courses: modules of 10 to 20 minutes at each learner's own pace.",
            "target_link_uri": target,
            "custom_parameters": dict(CUSTOM),
            "claims": ["iss", "sub", "name", "given_name", "family_name", "email", "locale"],
            "messages": [
                {"type": "LtiResourceLinkRequest", "target_link_uri": target, "label": "Pacemate"},
                {"type": "LtiDeepLinkingRequest", "target_link_uri": target, "label": "Choose a course or module"},
            ],
        },
    }
    return dict(quirks(family).registration(body))


def _open(lti: LtiServices, token: str, now: datetime) -> bool:
    """Return whether an invitation is still good, without using it up: the use is rolled back."""
    with lti.uow() as uow:
        return uow.access.use_link(PURPOSE, _digest(token), now) is not None


def _configuration(lti: LtiServices, url: str, token: str | None) -> PlatformConfiguration:
    headers = {"Accept": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
    try:
        answer = lti.http.request("GET", url, headers=headers)
    except OSError as error:
        raise LaunchRefusedError("registration_failed", "the LMS's configuration cannot be fetched") from error
    body = _object(answer, "the LMS's configuration")
    addresses = {name: body.get(name) for name in ("issuer", *ADDRESSES)}
    for name, value in addresses.items():
        if not isinstance(value, str) or not secure(value, development=lti.development):
            raise LaunchRefusedError("registration_failed", f"{name} is no https address")
    own = body.get(PLATFORM_CONFIGURATION)
    code = own.get("product_family_code") if isinstance(own, Mapping) else None
    code = code if isinstance(code, str) else None
    issuer = str(addresses["issuer"])
    known = (issuer, *quirks(family_of(code, issuer)).hosts(issuer))
    for name, value in (("openid_configuration", url), *addresses.items()):
        if not same_platform(str(value), known, development=lti.development):
            raise LaunchRefusedError("registration_failed", f"{name} is not on the issuer's host")
    audience = body.get("authorization_server")
    return PlatformConfiguration(
        issuer=issuer,
        authorization_endpoint=str(addresses["authorization_endpoint"]),
        token_endpoint=str(addresses["token_endpoint"]),
        jwks_uri=str(addresses["jwks_uri"]),
        registration_endpoint=str(addresses["registration_endpoint"]),
        token_audience=audience if isinstance(audience, str) and audience else None,
        family_code=code,
    )


def _post(lti: LtiServices, platform: PlatformConfiguration, body: Mapping[str, Any], token: str | None) -> HttpAnswer:
    headers = {"Content-Type": "application/json", "Accept": "application/json"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    try:
        return lti.http.request("POST", platform.registration_endpoint, headers=headers, body=json.dumps(body).encode())
    except OSError as error:
        raise LaunchRefusedError("registration_failed", "the LMS did not answer the registration") from error


def _registered(answer: HttpAnswer) -> tuple[str, str | None]:
    body = _object(answer, "the LMS's answer")
    client_id = body.get("client_id")
    if not isinstance(client_id, str) or not client_id or len(client_id) > 255 or not client_id.isprintable():
        raise LaunchRefusedError("registration_failed", "the LMS gave no client_id")
    own = body.get(TOOL_CONFIGURATION)
    deployment_id = own.get("deployment_id") if isinstance(own, Mapping) else None
    return client_id, deployment_id if isinstance(deployment_id, str) and 0 < len(deployment_id) <= 255 else None


def _stored(
    lti: LtiServices, platform: PlatformConfiguration, family: str, client_id: str, deployment_id: str | None
) -> Registration:
    try:
        with lti.uow() as uow:
            registration = add_platform(
                uow,
                name=urlsplit(platform.issuer).netloc,
                issuer=platform.issuer,
                client_id=client_id,
                login_url=platform.authorization_endpoint,
                token_url=platform.token_endpoint,
                jwks_url=platform.jwks_uri,
                token_audience=platform.token_audience,
                deployments=[] if deployment_id is None else [deployment_id],
                family=family,
                status="pending",
                now=lti.clock(),
            )
            uow.commit()
    except EngineError as error:
        raise LaunchRefusedError("registration_failed", error.message) from error
    return registration


def _object(answer: HttpAnswer, what: str) -> Mapping[str, Any]:
    if not 200 <= answer.status < 300:
        raise LaunchRefusedError("registration_failed", f"{what} came with status {answer.status}")
    try:
        body = json.loads(answer.body[:MAX_CONFIGURATION_BYTES])
    except (ValueError, RecursionError) as error:
        raise LaunchRefusedError("registration_failed", f"{what} is no JSON") from error
    if not isinstance(body, Mapping):
        raise LaunchRefusedError("registration_failed", f"{what} is no object")
    return body


def _header_safe(token: str | None) -> bool:
    return token is None or (token.isascii() and token.isprintable() and len(token) <= 8192)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
