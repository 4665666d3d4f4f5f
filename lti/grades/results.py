"""Results: the marks that a column shows, read page by page."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlencode

from engine.domain.deliveries import HttpAnswer
from lti.addresses import origin, with_query, with_suffix
from lti.claims import SCOPE_RESULT
from lti.paging import next_page
from lti.registrations import Registration
from lti.tokens import PlatformServices, ServiceError, read_json

RESULTS_TYPE: Final = "application/vnd.ims.lis.v2.resultcontainer+json"
MAX_PAGES: Final = 200


def result_of(services: PlatformServices, registration: Registration, column_url: str, sub: str) -> float | None:
    """Return the share of full marks that a column shows for a person, None where it shows none.

    Raises:
        ServiceError: the platform does not tell.
        OSError: the platform cannot be reached.
    """
    url = with_query(with_suffix(column_url, "/results"), urlencode({"user_id": sub}))
    found, _ = _page(services, registration, url)
    # Some platforms leave the user out of an answer that was asked for one.
    return found.get(sub, found.get(""))


def results_of(services: PlatformServices, registration: Registration, column_url: str) -> Mapping[str, float]:
    """Return the share of full marks that a column shows, by the platform's key of each person.

    Raises:
        ServiceError: a page failed, or leads to another host.
        OSError: the platform cannot be reached.
    """
    page: str | None = with_suffix(column_url, "/results")
    seen: set[str] = set()
    found: dict[str, float] = {}
    while page is not None and page not in seen and len(seen) < MAX_PAGES:
        if origin(page) != origin(column_url):
            raise ServiceError(0, "The platform's results go on at another host; they are not followed there.")
        seen.add(page)
        listed, answer = _page(services, registration, page)
        found |= listed
        page = next_page(answer, page)
    found.pop("", None)
    return found


def _page(services: PlatformServices, registration: Registration, url: str) -> tuple[dict[str, float], HttpAnswer]:
    answer = services.call(registration, [SCOPE_RESULT], "GET", url, accept=RESULTS_TYPE)
    listed = read_json(answer, "Results")
    found: dict[str, float] = {}
    for entry in listed if isinstance(listed, list) else ():
        share = _share(entry) if isinstance(entry, Mapping) else None
        if share is not None:
            user = entry.get("userId")
            found[user if isinstance(user, str) else ""] = share
    return found, answer


def _share(entry: Mapping[str, object]) -> float | None:
    score, maximum = entry.get("resultScore"), entry.get("resultMaximum")
    if isinstance(score, bool) or not isinstance(score, (int, float)) or not isinstance(maximum, (int, float)):
        return None
    share = float(score) / float(maximum) if maximum > 0 else math.nan
    return share if math.isfinite(share) else None
