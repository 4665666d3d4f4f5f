"""OIDC login: one row a login, bound to registration, nonce and browser, used once.

A framed login that finds nowhere to keep its proof is handed over to a tab of its own: the tab logs in anew, and the framed
login is used up by that.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlencode

from sqlalchemy import bindparam, delete, insert, select, update

from engine.domain.unit_of_work import UnitOfWork
from engine.storage.prepared import Prepared
from engine.storage.tables.access import launch_sessions
from lti.addresses import belongs_to_tool, with_query
from lti.browser import browser_hash, login_proof
from lti.refusals import LaunchRefusedError
from lti.registrations import Registration, find, from_row, of_issuer
from lti.storage import login_states, registrations, run, send

LOGIN_TIME: Final = timedelta(minutes=10)
MAX_PARAMETER: Final = 8_192
HANDOVER: Final = "handover"
_CONSUME: Final = (
    update(login_states)
    .where(
        login_states.c.state_hash == bindparam("state"),
        login_states.c.consumed_at.is_(None),
        login_states.c.expires_at > bindparam("now"),
    )
    .values(consumed_at=bindparam("now"))
)
_USE_UP: Final = Prepared(_CONSUME)
_TAKE_OVER: Final = _CONSUME.where(login_states.c.registration_id == bindparam("registration"))
_OPEN: Final = (
    select(registrations, login_states.c.storage_target)
    .join(login_states, login_states.c.registration_id == registrations.c.id)
    .where(
        login_states.c.state_hash == bindparam("state"),
        login_states.c.consumed_at.is_(None),
        login_states.c.expires_at > bindparam("now"),
    )
)
_REQUIRED: Final = ("iss", "login_hint", "target_link_uri")
_CARRIED: Final = (*_REQUIRED, "lti_message_hint", "client_id", "lti_deployment_id")


@dataclass(frozen=True, slots=True)
class Login:
    """A login that was begun: where the browser goes next.

    Args:
        proof: what the browser must show with the launch, where no cookie says it.
        handover: the form that takes this login over into a tab of its own, once.
    """

    redirect_url: str
    state: str
    proof: str
    registration: Registration
    storage_target: str | None
    handover: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class OpenLogin:
    """A login that waits for its launch."""

    registration: Registration
    storage_target: str | None


def begin_login(
    uow: UnitOfWork, parameters: Mapping[str, str], *, base_url: str, secret: str, token: str, now: datetime
) -> Login:
    """Check a login initiation and write its row; the caller commits.

    Args:
        parameters: of the query or the form.
        secret: keys the proof and its hash.
        token: of the browser that must bring the launch.

    Raises:
        LaunchRefusedError: incomplete, unknown, ambiguous or inactive platform, foreign target, a hand-over used before.
    """
    for name in _REQUIRED:
        if not parameters.get(name):
            raise LaunchRefusedError("login_incomplete", f"{name} is missing")
    for name, value in parameters.items():
        if len(value) > MAX_PARAMETER or not value.isprintable():
            raise LaunchRefusedError("login_incomplete", f"{name[:40]!r} is too long, or no text")
    if not belongs_to_tool(parameters["target_link_uri"], base_url):
        raise LaunchRefusedError("target_foreign")
    registration = _registration(uow, parameters)
    if HANDOVER in parameters:
        _take_over(uow, parameters[HANDOVER], registration, now)
    state, nonce = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
    storage_target = parameters.get("lti_storage_target") or None
    row = {
        "state_hash": digest(state),
        "nonce_hash": digest(nonce),
        "registration_id": registration.id,
        "browser_hash": browser_hash(secret, token),
        "target_link_uri": parameters["target_link_uri"],
        "storage_target": storage_target,
        "created_at": now,
        "expires_at": now + LOGIN_TIME,
    }
    run(uow, insert(login_states), row)
    query = {
        "scope": "openid",
        "response_type": "id_token",
        "response_mode": "form_post",
        "prompt": "none",
        "client_id": registration.client_id,
        "redirect_uri": f"{base_url}/lti/launch",
        "state": state,
        "nonce": nonce,
        "login_hint": parameters["login_hint"],
    }
    if parameters.get("lti_message_hint"):
        query["lti_message_hint"] = parameters["lti_message_hint"]
    return Login(
        redirect_url=with_query(registration.auth_login_url, urlencode(query)),
        state=state,
        proof=login_proof(secret, browser_hash(secret, token), digest(state)),
        registration=registration,
        storage_target=storage_target,
        handover={HANDOVER: state, **{name: parameters[name] for name in _CARRIED if name in parameters}},
    )


def open_login(uow: UnitOfWork, state: str, now: datetime) -> OpenLogin | None:
    """Return the login that a state belongs to; None where it is unknown, over or used."""
    row = run(uow, _OPEN, {"state": digest(state), "now": now}).one_or_none()
    return None if row is None else OpenLogin(from_row(row), row.storage_target)


def consume(uow: UnitOfWork, state_hash: str, now: datetime) -> bool:
    """Use a login up; True for one caller alone, however many come at once."""
    return send(uow, _USE_UP, {"state": state_hash, "now": now}).rowcount == 1


def launched_before(uow: UnitOfWork, browser_hash: str, registration_id: str) -> bool:
    """Return whether a browser has a session of an earlier launch from a platform."""
    c = launch_sessions.c
    query = select(c.id).where(c.browser_hash == browser_hash, c.registration_id == registration_id).limit(1)
    return run(uow, query).first() is not None


def sweep(uow: UnitOfWork, now: datetime) -> int:
    """Delete logins that have ended; the caller commits."""
    return run(uow, delete(login_states).where(login_states.c.expires_at <= now)).rowcount


def digest(value: str) -> str:
    """Return what is stored of a state or nonce."""
    return hashlib.sha256(value.encode("utf-8", "surrogatepass")).hexdigest()


def _take_over(uow: UnitOfWork, state: str, registration: Registration, now: datetime) -> None:
    """Use a framed login up, so that it is continued in one tab and never in its frame too."""
    values = {"state": digest(state), "now": now, "registration": registration.id}
    if run(uow, _TAKE_OVER, values).rowcount != 1:
        raise LaunchRefusedError("handover_used", registration_id=registration.id)


def _registration(uow: UnitOfWork, parameters: Mapping[str, str]) -> Registration:
    issuer, client_id = parameters["iss"], parameters.get("client_id")
    found: Sequence[Registration]
    if client_id:
        one = find(uow, issuer, client_id)
        found = [] if one is None else [one]
    else:
        found = of_issuer(uow, issuer, parameters.get("lti_deployment_id") or None)
        usable = [r for r in found if r.status == "active"]
        found = usable or found
    if not found:
        raise LaunchRefusedError("platform_unknown", f"issuer {issuer[:200]}, client {(client_id or 'not named')[:100]}")
    if len(found) > 1:
        raise LaunchRefusedError("platform_ambiguous")
    if found[0].status != "active":
        raise LaunchRefusedError("platform_inactive", found[0].status, registration_id=found[0].id)
    return found[0]
