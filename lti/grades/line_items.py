"""Line items: the columns of an LMS's gradebook, found, read and made."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlencode

from engine.domain.errors import EngineError
from lti.addresses import origin, with_query
from lti.claims import SCOPE_LINE_ITEM, SCOPE_LINE_ITEM_READONLY, LaunchContext, split_content
from lti.dates import read_moment
from lti.links import Binding, bind
from lti.paging import next_page
from lti.quirks.families import quirks
from lti.reading import NO_TEXT
from lti.registrations import Registration, get
from lti.runtime import LtiServices
from lti.tokens import PlatformServices, ServiceError, read_json

LINE_ITEM_TYPE: Final = "application/vnd.ims.lis.v2.lineitem+json"
LINE_ITEMS_TYPE: Final = "application/vnd.ims.lis.v2.lineitemcontainer+json"
DEFAULT_MAXIMUM: Final = 100.0
MAX_PAGES: Final = 20
TAG: Final = "pacemate"


@dataclass(frozen=True, slots=True)
class LineItem:
    """A column as the platform describes it.

    Args:
        ends_at: until when the platform takes work for it, where it says.
    """

    url: str
    score_maximum: float
    label: str = ""
    resource_id: str | None = None
    resource_link_id: str | None = None
    tag: str | None = None
    ends_at: datetime | None = None


def reading_scope(scopes: tuple[str, ...]) -> str | None:
    """Return the scope by which line items may be read, None where there is none."""
    return next((s for s in (SCOPE_LINE_ITEM, SCOPE_LINE_ITEM_READONLY) if s in scopes), None)


def read(services: PlatformServices, registration: Registration, url: str, scopes: tuple[str, ...]) -> LineItem | None:
    """Return a column, None where it may not be read or is not there any more.

    Raises:
        ServiceError: another answer than the column or its absence.
        OSError: the platform cannot be reached.
    """
    scope = reading_scope(scopes)
    if scope is None:
        return None
    answer = services.call(registration, [scope], "GET", url, accept=LINE_ITEM_TYPE)
    if answer.status in (404, 410):
        return None
    return _line_item(read_json(answer, "Line item"), url)


def find_or_make(
    services: PlatformServices,
    registration: Registration,
    lineitems_url: str,
    *,
    resource_id: str,
    resource_link_id: str,
    label: str,
    due_at: datetime | None = None,
) -> LineItem:
    """Return this tool's column for a link, made where there is none.

    Args:
        due_at: the link's due date in the LMS, so that the column says the same.

    Raises:
        ServiceError: the platform does not list or make columns for us.
        OSError: it cannot be reached.
    """
    for item in _listed(services, registration, lineitems_url, resource_id, resource_link_id):
        if item.resource_id == resource_id and item.resource_link_id in (None, resource_link_id):
            return item
    body: dict[str, Any] = {
        "scoreMaximum": int(DEFAULT_MAXIMUM),
        "label": label[:255] or resource_id,
        "resourceId": resource_id,
        "resourceLinkId": resource_link_id,
        "tag": TAG,
    }
    if due_at is not None:
        body["endDateTime"] = due_at.isoformat()
    answer = services.call(
        registration,
        [SCOPE_LINE_ITEM],
        "POST",
        lineitems_url,
        accept=LINE_ITEM_TYPE,
        content_type=LINE_ITEM_TYPE,
        body=dict(quirks(registration.family).line_item(body)),
    )
    made = _line_item(read_json(answer, "New line item"), "")
    if not made.url:
        raise ServiceError(0, "The platform made a line item and did not say where it is.")
    return made


def bind_by_resource_id(lti: LtiServices, launch: LaunchContext) -> LaunchContext:
    """Return an unbound launch with the binding that its line item's resourceId tells, stored as well.

    A platform that does not answer leaves the launch unbound: the instructor gets the picker.
    """
    if launch.course_id is not None or launch.lineitem_url is None or launch.link_id is None:
        return launch
    if reading_scope(launch.ags_scopes) is None:
        return launch
    with lti.uow() as uow:
        registration = get(uow, launch.registration_id)
    try:
        item = read(lti.platform, registration, launch.lineitem_url, launch.ags_scopes)
    except (ServiceError, OSError, EngineError):
        return launch
    course_id, module_id = split_content(item.resource_id) if item is not None else (None, None)
    if course_id is None:
        return launch
    with lti.uow() as uow:
        if not any(v.course_id == course_id for v in uow.courses.available(launch.tenant_id)):
            return launch
        bind(uow, launch.link_id, Binding(course_id, module_id), by="line_item")
        uow.commit()
    return replace(launch, course_id=course_id, module_id=module_id)


def _listed(
    services: PlatformServices, registration: Registration, url: str, resource_id: str, resource_link_id: str
) -> list[LineItem]:
    """Return the columns of a link. No `limit` is sent: Moodle answers it with a malformed Link header."""
    query = urlencode({"resource_link_id": resource_link_id, "resource_id": resource_id})
    page: str | None = with_query(url, query)
    found: list[LineItem] = []
    seen: set[str] = set()
    while page is not None and page not in seen and len(seen) < MAX_PAGES and origin(page) == origin(url):
        seen.add(page)
        answer = services.call(registration, [SCOPE_LINE_ITEM], "GET", page, accept=LINE_ITEMS_TYPE)
        listed = read_json(answer, "Line items")
        if not isinstance(listed, list):
            raise ServiceError(0, "The platform's list of line items is no list.")
        found += [_line_item(entry, "") for entry in listed if isinstance(entry, Mapping) and entry.get("id")]
        page = next_page(answer, page)
    return found


def _line_item(body: object, url: str) -> LineItem:
    if not isinstance(body, Mapping):
        raise ServiceError(0, "The platform's line item is no object.")
    return LineItem(
        url=_text(body.get("id")) or url,
        score_maximum=_maximum(body.get("scoreMaximum")),
        label=_text(body.get("label")) or "",
        resource_id=_text(body.get("resourceId")),
        resource_link_id=_text(body.get("resourceLinkId")),
        tag=_text(body.get("tag")),
        ends_at=read_moment(body.get("endDateTime")),
    )


def _maximum(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value) or value <= 0:
        return DEFAULT_MAXIMUM
    return float(value)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value and NO_TEXT.search(value) is None else None
