"""One score on its way: the body and the media types that the Assignment and Grade Services ask for."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from engine.domain.deliveries import HttpAnswer
from lti.addresses import with_suffix
from lti.claims import SCOPE_SCORE
from lti.quirks.families import quirks
from lti.registrations import Registration
from lti.tokens import PlatformServices

SCORE_TYPE: Final = "application/vnd.ims.lis.v1.score+json"


def post_score(
    services: PlatformServices,
    registration: Registration,
    column_url: str,
    *,
    sub: str,
    given: float,
    maximum: float,
    completed: bool,
    stamp: datetime,
    comment: str | None = None,
) -> HttpAnswer:
    """Send a person's score to a column, always as fully graded: anything less erases the grade on some platforms.

    Args:
        sub: the platform's key of the person.
        given, maximum: the score and full marks, in the column's points.
        stamp: aware; told in whole seconds.

    Raises:
        ServiceError: no token was given.
        OSError: the platform cannot be reached.
    """
    body: dict[str, Any] = {
        "userId": sub,
        "scoreGiven": _plain(round(given, 4)),
        "scoreMaximum": _plain(maximum),
        "activityProgress": "Completed" if completed else "InProgress",
        "gradingProgress": "FullyGraded",
        "timestamp": stamp.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z"),
    }
    if comment is not None:
        body["comment"] = comment
    return services.call(
        registration,
        [SCOPE_SCORE],
        "POST",
        with_suffix(column_url, "/scores"),
        accept="application/json",
        content_type=SCORE_TYPE,
        body=dict(quirks(registration.family).score(body)),
    )


def _plain(value: float) -> int | float:
    return int(value) if value == int(value) else value
