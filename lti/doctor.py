"""The doctor: looks at a registration or a gradebook from outside, and says what would fail before a learner finds out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC
from typing import Final

from sqlalchemy import select

from lti.addresses import secure, with_suffix
from lti.claims import SCOPE_LINE_ITEM, SCOPE_LINE_ITEM_READONLY, SCOPE_RESULT, SCOPE_ROSTER, SCOPE_SCORE
from lti.grades.line_items import read
from lti.grades.sender import SCORE_TYPE
from lti.quirks.families import quirks
from lti.registrations import Deployment, Registration, get
from lti.runtime import LtiServices
from lti.storage import line_items, run
from lti.tokens import ServiceError, ServiceTokens

SCOPES: Final = {
    SCOPE_SCORE: "send grades",
    SCOPE_RESULT: "read results",
    SCOPE_LINE_ITEM: "make gradebook columns",
    SCOPE_LINE_ITEM_READONLY: "read gradebook columns",
    SCOPE_ROSTER: "read the roster",
}
NEEDED: Final = (SCOPE_SCORE,)


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


def examine(lti: LtiServices, registration: Registration, deployments: Sequence[Deployment] = ()) -> Sequence[Finding]:
    """Look at a registration: status, keys, token, scopes, deployments, our own address."""
    active = sum(d.status == "active" for d in deployments)
    pending = len(deployments) - active
    return [
        Finding(
            "status",
            registration.status == "active",
            "active" if registration.status == "active" else f"{registration.status}: approve or switch it on",
        ),
        Finding(
            "deployments",
            active > 0 if deployments else None,
            f"{active} active, {pending} pending" + (": approve them on the admin page" if pending else ""),
        ),
        Finding(
            "address",
            secure(lti.base_url, development=lti.development),
            f"{lti.base_url}; the LMS fetches {lti.base_url}/lti/jwks during each token request",
        ),
        _keys(lti, registration),
        *_scopes(lti, registration),
    ]


def try_gradebook(lti: LtiServices, cohort_id: str, sub: str) -> Sequence[Finding]:
    """Send a test grade of 0 for an instructor to each column of a cohort.

    An LMS that answers that it takes no grades of teachers has been reached: that is good.
    """
    with lti.uow() as uow:
        rows = run(uow, select(line_items).where(line_items.c.cohort_id == cohort_id)).all()
        registrations = {row.registration_id: get(uow, row.registration_id) for row in rows}
    if not rows:
        return [Finding("gradebook column", None, "No launch has named one yet. Open a graded link once as a learner.")]
    return [_tried(lti, registrations[row.registration_id], row.url, tuple(row.scopes), row.score_maximum, sub) for row in rows]


def _keys(lti: LtiServices, registration: Registration) -> Finding:
    try:
        count = lti.platform_keys.refresh(registration.jwks_url)
    except OSError as error:
        return Finding("keys of the LMS", False, f"{registration.jwks_url}: {error}. Check the key set URL and the firewall.")
    if count == 0:
        return Finding("keys of the LMS", False, f"{registration.jwks_url} holds no RSA key for signatures.")
    return Finding("keys of the LMS", True, f"{count} at {registration.jwks_url}")


def _scopes(lti: LtiServices, registration: Registration) -> Sequence[Finding]:
    granted = {scope: _granted(lti, registration, scope) for scope in SCOPES}
    findings = [
        Finding("token", any(why == "" for why in granted.values()), next((w for w in granted.values() if w), "obtained")),
    ]
    for scope, words in SCOPES.items():
        good = granted[scope] == ""
        findings.append(Finding(f"may {words}", good if scope in NEEDED or good else None, "yes" if good else "not granted"))
    return findings


def _granted(lti: LtiServices, registration: Registration, scope: str) -> str:
    """Return why a token for a scope is not given, empty where it is."""
    try:
        ServiceTokens(lti.keys, lti.http, lti.clock).token(registration, [scope])
    except ServiceError as error:
        return error.message
    except OSError:
        return f"{registration.token_url} cannot be reached."
    return ""


def _tried(
    lti: LtiServices, registration: Registration, url: str | None, scopes: tuple[str, ...], maximum: float, sub: str
) -> Finding:
    check = "gradebook column"
    if url is None:
        return Finding(check, None, "It is made with the first grade.")
    try:
        column = read(lti.platform, registration, url, scopes)
        named = f"'{column.label}'" if column is not None and column.label else "the column"
        body = {
            "userId": sub,
            "scoreGiven": 0,
            "scoreMaximum": column.score_maximum if column is not None else maximum,
            "activityProgress": "InProgress",
            "gradingProgress": "FullyGraded",
            "timestamp": lti.clock().astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z"),
        }
        manners = quirks(registration.family)
        answer = lti.platform.call(
            registration,
            [SCOPE_SCORE],
            "POST",
            with_suffix(url, "/scores"),
            accept="application/json",
            content_type=SCORE_TYPE,
            body=dict(manners.score(body)),
        )
    except ServiceError as error:
        return Finding(check, False, error.message)
    except OSError:
        return Finding(check, False, "The LMS cannot be reached.")
    verdict, words = manners.verdict(answer)
    if verdict in ("sent", "conflict"):
        return Finding(check, True, f"{named} took the test grade.")
    if answer.status in (400, 404, 422):
        return Finding(check, True, f"{named} was reached; the LMS takes no grades of teachers, as expected ({answer.status}).")
    return Finding(check, False, words)
