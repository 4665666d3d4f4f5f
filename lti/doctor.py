"""The doctor: looks at the installation and at registrations from outside, before a learner finds out what fails."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Final

from engine.domain.errors import EngineError
from lti.addresses import secure
from lti.claims import SCOPE_LINE_ITEM, SCOPE_LINE_ITEM_READONLY, SCOPE_RESULT, SCOPE_ROSTER, SCOPE_SCORE
from lti.http import plain_reason
from lti.jose import usable_keys
from lti.registrations import Deployment, Registration
from lti.runtime import LtiServices
from lti.tokens import ServiceError, ServiceTokens, read_json

SCOPES: Final = {
    SCOPE_SCORE: "send grades",
    SCOPE_RESULT: "read results",
    SCOPE_LINE_ITEM: "make gradebook columns",
    SCOPE_LINE_ITEM_READONLY: "read gradebook columns",
    SCOPE_ROSTER: "read the roster",
}
NEEDED: Final = (SCOPE_SCORE,)
MAX_SKEW_S: Final = 60.0
"""Launches and token requests hold for a minute or so: clocks further apart than that make them fail."""
TIMEOUT_S: Final = 8.0
AT_ONCE: Final = 4
MENDING: Final[Mapping[str, str]] = {
    "database": "Check DATABASE_URL, and that the database is up.",
    "migrations": "Run `pacemate db upgrade`.",
    "redis": "Check REDIS_URL, and that Redis is up.",
}

ReadyCheck = Callable[[], None]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.

    Args:
        check: what, in a few words.
        good: False where something must be mended; None where it is merely worth knowing.
        detail: what was found, and what to do where it is not good.
    """

    check: str
    good: bool | None
    detail: str


@dataclass(frozen=True, slots=True)
class Patient:
    """A registration with what was found."""

    registration: Registration
    findings: tuple[Finding, ...]


def healthy(findings: Sequence[Finding]) -> bool:
    """Return whether nothing must be mended."""
    return all(f.good is not False for f in findings)


def examine_installation(lti: LtiServices, checks: Mapping[str, ReadyCheck]) -> Sequence[Finding]:
    """Look at the installation: what it stands on, its own keys, and its address as others see it.

    Args:
        checks: name to a call that raises where something is not ready: database, migrations, redis.
    """
    found = [_ready(name, check) for name, check in checks.items()]
    return [*found, *_own_keys(lti)] if healthy(found) else found


def examine_all(lti: LtiServices, platforms: Sequence[tuple[Registration, Sequence[Deployment]]]) -> Sequence[Patient]:
    """Look at several registrations, a few at a time; those that are switched off are left alone."""
    if not platforms:
        return []
    with ThreadPoolExecutor(min(AT_ONCE, len(platforms))) as pool:
        found = pool.map(lambda entry: tuple(examine(lti, *entry)), platforms)
        return [Patient(registration, findings) for (registration, _), findings in zip(platforms, found, strict=True)]


def examine(lti: LtiServices, registration: Registration, deployments: Sequence[Deployment] = ()) -> Sequence[Finding]:
    """Look at a registration: status, deployments, the LMS's addresses, keys and clock, our token, its scopes."""
    if registration.status == "inactive":
        return [Finding("status", None, "Switched off; nothing was looked at.")]
    return [
        _status(registration),
        _deployments(deployments),
        *_login_address(lti, registration),
        _platform_keys(lti, registration),
        *_scopes(lti, registration),
    ]


def _ready(name: str, check: ReadyCheck) -> Finding:
    try:
        check()
    except Exception as error:  # Whatever a driver raises means the same here: not ready.
        return Finding(name, False, f"Not ready ({type(error).__name__}). {MENDING.get(name, '')}".strip())
    return Finding(name, True, "Ready.")


def _own_keys(lti: LtiServices) -> Sequence[Finding]:
    try:
        kid = lti.keys.active().kid
    except EngineError as error:
        return [Finding("signing keys", False, error.message)]
    keys = Finding("signing keys", True, f"Signing with {kid}; the next key is published.")
    return [keys, _own_address(lti, kid)]


def _own_address(lti: LtiServices, kid: str) -> Finding:
    """Fetch our own key set as an LMS does: a wrong base URL or proxy shows here first."""
    check, url = "base URL", f"{lti.base_url}/lti/jwks"
    if not secure(lti.base_url, development=lti.development):
        return Finding(check, False, f"{lti.base_url} is not https. Set PACEMATE_BASE_URL.")
    try:
        answer = lti.http.request("GET", url, headers={"Accept": "application/json"}, timeout_s=TIMEOUT_S)
        kids = usable_keys(read_json(answer, "Key set"))
    except OSError as error:
        reason = plain_reason(error)
        if "internal address" in reason:
            return Finding(check, None, f"From here {url} is an internal address. See from outside that it answers.")
        return Finding(check, False, f"{url}: {reason}. Is `pacemate serve` running, and do DNS and proxy lead to it?")
    except (ServiceError, ValueError):
        return Finding(check, False, f"{url} does not answer with a key set. Does PACEMATE_BASE_URL lead to this installation?")
    if kid not in kids:
        return Finding(check, False, f"{url} answers with other keys than ours: another installation stands there.")
    return Finding(check, True, f"{url} answers with our keys.")


def _status(registration: Registration) -> Finding:
    if registration.status == "active":
        return Finding("status", True, "Switched on.")
    return Finding("status", False, "Waits for approval: `pacemate platform approve`, or the administrators' page.")


def _deployments(deployments: Sequence[Deployment]) -> Finding:
    active = sum(d.status == "active" for d in deployments)
    pending = len(deployments) - active
    if not deployments:
        return Finding("deployments", None, "None yet: the first launch names one, and waits for approval.")
    return Finding("deployments", active > 0, f"{active} active, {pending} pending{'. Approve them.' if pending else '.'}")


def _login_address(lti: LtiServices, registration: Registration) -> Sequence[Finding]:
    """Ask the LMS's login address without parameters, which it refuses where it is the right one; its answer tells the time."""
    check, url = "login URL", registration.auth_login_url
    try:
        answer = lti.http.request("GET", url, headers={}, timeout_s=TIMEOUT_S)
    except OSError as error:
        return [Finding(check, False, f"{url}: {plain_reason(error)}. Compare it with the LMS, and check the firewall.")]
    if answer.status in (404, 410):
        return [Finding(check, False, f"{url} answers {answer.status}: there is nothing. Compare it with the LMS.")]
    return [Finding(check, True, f"{url} answers."), *_clocks(lti, answer.headers.get("date"))]


def _clocks(lti: LtiServices, date: str | None) -> Sequence[Finding]:
    if date is None:
        return []
    try:
        skew_s = (parsedate_to_datetime(date) - lti.clock()).total_seconds()
    except (ValueError, TypeError):
        return []
    if abs(skew_s) > MAX_SKEW_S:
        return [Finding("clocks", False, f"The LMS's clock differs from ours by {skew_s:+.0f} s. Set both by NTP.")]
    return [Finding("clocks", True, "The LMS's clock agrees with ours.")]


def _platform_keys(lti: LtiServices, registration: Registration) -> Finding:
    check, url = "keys of the LMS", registration.jwks_url
    try:
        count = lti.platform_keys.refresh(url)
    except OSError as error:
        return Finding(check, False, f"{url}: {plain_reason(error)}. Check the key set URL and the firewall.")
    if count == 0:
        return Finding(check, False, f"{url} holds no RSA key for signatures.")
    return Finding(check, True, f"{count} at {url}.")


def _scopes(lti: LtiServices, registration: Registration) -> Sequence[Finding]:
    refused, granted = _granted(lti, registration)
    if not granted:
        return [Finding("token", False, refused)]
    return [Finding("token", True, "Obtained."), *(_scope(scope, scope in granted) for scope in SCOPES)]


def _scope(scope: str, granted: bool) -> Finding:
    check = f"may {SCOPES[scope]}"
    if granted:
        return Finding(check, True, "Yes.")
    return Finding(check, False if scope in NEEDED else None, "The LMS does not grant it: see the tool's services in the LMS.")


def _granted(lti: LtiServices, registration: Registration) -> tuple[str, frozenset[str]]:
    """Return why there is no token, and the scopes there are: asked for at once, and one by one where the LMS minds one."""
    tokens = ServiceTokens(lti.keys, lti.http, lti.clock)
    try:
        return "", tokens.granted(registration, tuple(SCOPES))
    except OSError as error:
        words = f"{registration.token_url}: {plain_reason(error)}. Compare it with the LMS, and check the firewall."
        return words, frozenset()
    except ServiceError as error:
        refused = error.message
    found: frozenset[str] = frozenset()
    for scope in SCOPES:
        try:
            found |= tokens.granted(registration, (scope,))
        except (ServiceError, OSError):
            continue
    return f"{refused} The LMS must reach {lti.base_url}/lti/jwks.", found
