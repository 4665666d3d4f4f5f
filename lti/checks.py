"""The checks of a launch's claims against its login and registration, one function each."""

from __future__ import annotations

import hmac
import math
from collections.abc import Mapping
from typing import Any, Final

from pylti1p3.exception import LtiException
from pylti1p3.message_validators.deep_link import DeepLinkMessageValidator
from pylti1p3.message_validators.resource_message import ResourceMessageValidator

from lti import logins
from lti.reading import Claims
from lti.refusals import LaunchRefusedError
from lti.registrations import Registration

LEEWAY_S: Final = 60
MAX_AGE_S: Final = 600
LAST_SECOND: Final = 253_402_300_799
_VALIDATORS: Final = (ResourceMessageValidator(), DeepLinkMessageValidator())


def registration_active(registration: Registration) -> None:
    """Refuse a registration that is pending or switched off."""
    if registration.status != "active":
        raise LaunchRefusedError("platform_inactive", registration.status)


def issuer(claims: Claims, registration: Registration) -> None:
    """Refuse another issuer."""
    if claims.required("iss", 2048) != registration.issuer:
        raise LaunchRefusedError("issuer")


def audience(payload: Mapping[str, Any], registration: Registration) -> None:
    """Refuse a token for another client: `aud` must hold ours, and `azp` must name it where `aud` has several."""
    aud, azp = payload.get("aud"), payload.get("azp")
    audiences = [aud] if isinstance(aud, str) else aud
    if not isinstance(audiences, list) or not audiences or not all(isinstance(a, str) for a in audiences):
        raise LaunchRefusedError("audience", "aud is missing or malformed")
    if registration.client_id not in audiences:
        raise LaunchRefusedError("audience")
    if azp is None and len(audiences) > 1:
        raise LaunchRefusedError("audience", "azp is missing")
    if azp is not None and azp != registration.client_id:
        raise LaunchRefusedError("audience", "azp names another client")


def nonce(claims: Claims, nonce_hash: str) -> None:
    """Refuse the nonce of another login."""
    nonce = claims.text("nonce", 512)
    if nonce is None or not hmac.compare_digest(logins.digest(nonce), nonce_hash):
        raise LaunchRefusedError("nonce")


def times(payload: Mapping[str, Any], now_s: float) -> None:
    """Refuse what has expired, is older than ten minutes, or lies more than a minute ahead."""
    exp, iat, nbf = (_second(payload, name) for name in ("exp", "iat", "nbf"))
    if exp is None or exp <= now_s - LEEWAY_S:
        raise LaunchRefusedError("expired", "exp is missing" if exp is None else "")
    if iat is None or iat > now_s + LEEWAY_S or iat < now_s - MAX_AGE_S:
        raise LaunchRefusedError("issued_at", "iat is missing" if iat is None else "")
    if exp <= iat:
        raise LaunchRefusedError("expired", "exp is not after iat")
    if nbf is not None and nbf > now_s + LEEWAY_S:
        raise LaunchRefusedError("issued_at", "nbf is in the future")


def _second(payload: Mapping[str, Any], name: str) -> float | None:
    value = payload.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise LaunchRefusedError("claim_malformed", f"{name} must be a number")
    if not math.isfinite(value) or not 0 <= value <= LAST_SECOND:
        raise LaunchRefusedError("claim_malformed", f"{name} is no date")
    return float(value)


def second_opinion(payload: Mapping[str, Any]) -> None:
    """Ask pylti1p3's validators too, now that nothing in the payload can crash them."""
    body = dict(payload)
    try:
        for validator in _VALIDATORS:
            if validator.can_validate(body):
                validator.validate(body)
    except LtiException as error:
        raise LaunchRefusedError("claim_malformed", str(error)[:200]) from error
