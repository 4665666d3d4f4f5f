"""Dynamic registration: a one-time link of an administrator lets an LMS register this tool; it waits for approval."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlsplit

from engine.domain.access import OpenLink
from engine.domain.deliveries import HttpAnswer
from engine.domain.errors import EngineError, Malformed, NotFound
from engine.domain.unit_of_work import UnitOfWork
from lti.addresses import origin, secure, split_address
from lti.quirks.families import family_of, quirks
from lti.reading import MAX_KEY_BYTES
from lti.refusals import LaunchRefusedError
from lti.registering import add_platform
from lti.registrations import Registered, Registration
from lti.runtime import LtiServices
from lti.tool_configuration import TOOL_CONFIGURATION, tool_configuration

PURPOSE: Final = "lti-registration"
INVITATION_TIME: Final = timedelta(hours=1)
PLATFORM_CONFIGURATION: Final = "https://purl.imsglobal.org/spec/lti-platform-configuration"
MAX_CONFIGURATION_BYTES: Final = 256 * 1024
ADDRESSES: Final = ("authorization_endpoint", "token_endpoint", "jwks_uri", "registration_endpoint")


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


@dataclass(frozen=True, slots=True)
class Invitation:
    """A registration link that nobody has used yet.

    Args:
        hosts: hosts, beside the issuer's, on which the LMS's addresses may be.
    """

    id: str
    hosts: tuple[str, ...]
    created_at: datetime
    expires_at: datetime


def invite(uow: UnitOfWork, base_url: str, now: datetime, *, hosts: Sequence[str] = ()) -> str:
    """Return a one-time registration link to paste into an LMS, good for an hour; the caller commits.

    Args:
        hosts: approved hosts beside the issuer's, for an LMS whose sign-in or services are elsewhere.

    Raises:
        Malformed: a host is none, or they are too many.
    """
    token = secrets.token_urlsafe(32)
    approved = " ".join(dict.fromkeys(_host(h) for h in hosts))
    if len(approved.encode()) > MAX_KEY_BYTES:
        raise Malformed(f"The hosts have more than {MAX_KEY_BYTES} bytes together. Leave out those on the issuer's host.")
    uow.access.add_link(PURPOSE, _digest(token), approved, now + INVITATION_TIME, now)
    return f"{base_url}/lti/register?invite={token}"


def invitations(uow: UnitOfWork, now: datetime) -> Sequence[Invitation]:
    """Return the links that may still be used, newest first."""
    return [_invitation(link) for link in uow.access.open_links(PURPOSE, now)]


def revoke_invitation(uow: UnitOfWork, invitation_id: str, now: datetime) -> None:
    """Make a link useless; the caller commits. Raises NotFound."""
    if not uow.access.revoke_link(PURPOSE, invitation_id, now):
        raise NotFound("This registration link was used, was revoked or has ended. Reload the list.")


def register(lti: LtiServices, parameters: Mapping[str, str]) -> Registered:
    """Register this tool at the LMS that opened a registration link; the registration is pending until approved.

    Args:
        parameters: `invite` of our link; `openid_configuration` and `registration_token` of the LMS.

    Raises:
        LaunchRefusedError: the link is used up, or the LMS's answers do not do; a faulty configuration leaves the link good.
    """
    url, token = parameters.get("openid_configuration", ""), parameters.get("registration_token") or None
    now = lti.clock()
    approved = _open(lti, parameters.get("invite", ""), now)
    if approved is None:
        raise LaunchRefusedError("registration_link")
    if not url:
        raise LaunchRefusedError("registration_failed", "this link is pasted into the LMS, which opens it with its own address")
    opened_from = origin(url)
    if opened_from is None or not secure(url, development=lti.development) or not _header_safe(token):
        raise LaunchRefusedError("registration_failed", "openid_configuration is no https address")
    platform = _configuration(lti, url, token, approved)
    with lti.uow() as uow:
        if uow.access.use_link(PURPOSE, _digest(parameters["invite"]), now) is None:
            raise LaunchRefusedError("registration_link")
        uow.commit()
    family = family_of(platform.family_code, platform.issuer)
    answer = _post(lti, platform, tool_configuration(lti.base_url, family), token)
    client_id, deployment_id = _registered(answer)
    return Registered(_stored(lti, platform, family, client_id, deployment_id), opened_from)


def _open(lti: LtiServices, token: str, now: datetime) -> tuple[str, ...] | None:
    """Return the approved hosts of an invitation that is still good, without using it up: the use is rolled back."""
    with lti.uow() as uow:
        subject = uow.access.use_link(PURPOSE, _digest(token), now)
    return None if subject is None else tuple(subject.split())


def _configuration(lti: LtiServices, url: str, token: str | None, approved: Sequence[str]) -> PlatformConfiguration:
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
    known = (_host(issuer), *quirks(family_of(code, issuer)).hosts(issuer), *approved)
    for name, value in (("openid_configuration", url), *addresses.items()):
        if not _on(_host(str(value)), known):
            raise LaunchRefusedError("registration_failed", f"{name} is on {_host(str(value))}, which is not the issuer's host")
    # Canvas names a bare host here, which its own token endpoint does not take for an audience.
    audience = body.get("authorization_server")
    return PlatformConfiguration(
        issuer=issuer,
        authorization_endpoint=str(addresses["authorization_endpoint"]),
        token_endpoint=str(addresses["token_endpoint"]),
        jwks_uri=str(addresses["jwks_uri"]),
        registration_endpoint=str(addresses["registration_endpoint"]),
        token_audience=audience if isinstance(audience, str) and split_address(audience) is not None else None,
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
    named = isinstance(deployment_id, str) and 0 < len(deployment_id) <= 255 and deployment_id.isprintable()
    return client_id, deployment_id if named else None


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


def _host(address: str) -> str:
    """Return the host of an address, or of a bare host name as an administrator types it."""
    parts = split_address(address if "://" in address else f"https://{address}")
    if parts is None or parts.hostname is None:
        raise Malformed(f"{address!r} is no host name, such as login.example.org.")
    return parts.hostname


def _on(host: str, known: Sequence[str]) -> bool:
    """Return whether a host is one of the known ones; a known one that begins with a dot stands for all below it."""
    return any(host == one or (one.startswith(".") and host.endswith(one)) for one in known)


def _invitation(link: OpenLink) -> Invitation:
    return Invitation(link.id, tuple(link.subject.split()), link.created_at, link.expires_at)
