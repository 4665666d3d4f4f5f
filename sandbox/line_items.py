"""Assignment and Grade Services: the line items."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask import Blueprint, Response, request

from sandbox import gradebook
from sandbox.claims import SCOPE_LINE_ITEM, SCOPE_LINE_ITEM_READONLY
from sandbox.courses import find_link
from sandbox.gradebook import LineItem
from sandbox.lms import Lms, current_lms
from sandbox.services import (
    ServiceError,
    add_links,
    answer,
    check_accept,
    check_caller,
    check_content_type,
    json_body,
    page_of,
    positive_or_zero,
    service_course,
)
from sandbox.tokens import require_scope

bp = Blueprint("line_items", __name__)

ONE = "application/vnd.ims.lis.v2.lineitem+json"
MANY = "application/vnd.ims.lis.v2.lineitemcontainer+json"


def as_json(lms: Lms, item: LineItem) -> dict[str, Any]:
    """Return the line item as the services send it."""
    body: dict[str, Any] = {
        "id": lms.line_item_url(item.course_id, item.id),
        "label": item.label,
        "scoreMaximum": item.score_maximum,
    }
    optional = {
        "resourceId": item.resource_id,
        "tag": item.tag,
        "resourceLinkId": item.link_id,
        "startDateTime": item.start_at,
        "endDateTime": item.end_at,
    }
    return body | {key: value for key, value in optional.items() if value is not None}


@bp.route("/ags/<course_id>/lineitems", methods=["GET", "POST"])
def lineitems(course_id: str) -> Response:
    """List the course's line items, or add one."""
    lms = current_lms()
    check_caller(lms)
    if request.method == "POST":
        return _add(lms, course_id)
    require_scope(lms, SCOPE_LINE_ITEM_READONLY, SCOPE_LINE_ITEM)
    check_accept(lms, MANY)
    service_course(lms, course_id)
    found = gradebook.line_items_of(
        lms.store.read(),
        course_id,
        request.args.get("resource_link_id"),
        request.args.get("resource_id"),
        request.args.get("tag"),
    )
    page, offsets = page_of(found, lms.manner.line_items_page)
    response = answer([as_json(lms, item) for item in page], MANY)
    url = lms.line_items_url(course_id)
    add_links(response, url, offsets, lms.manner.malformed_line_item_links)
    return response


def _add(lms: Lms, course_id: str) -> Response:
    require_scope(lms, SCOPE_LINE_ITEM)
    check_content_type(lms, ONE)
    service_course(lms, course_id)
    empty = LineItem(0, course_id, None, "", 0, None, None, None, None, False, None, False)
    item = _changed(lms, empty, json_body())
    with lms.store.write() as db:
        stored = gradebook.add_line_item(db, item)
    response = answer(as_json(lms, stored), ONE, 201)
    response.headers["Location"] = lms.line_item_url(course_id, stored.id)
    return response


@bp.route("/ags/<course_id>/lineitems/<int:item_id>/lineitem", methods=["GET", "PUT", "DELETE"])
def lineitem(course_id: str, item_id: int) -> Response:
    """Read, change or delete one line item."""
    lms = current_lms()
    check_caller(lms)
    if request.method == "GET":
        require_scope(lms, SCOPE_LINE_ITEM_READONLY, SCOPE_LINE_ITEM)
        check_accept(lms, ONE)
        return answer(as_json(lms, service_line_item(lms, course_id, item_id)), ONE)
    require_scope(lms, SCOPE_LINE_ITEM)
    item = service_line_item(lms, course_id, item_id)
    if request.method == "DELETE":
        return _delete(lms, item)
    check_content_type(lms, ONE)
    changed = _changed(lms, item, json_body())
    with lms.store.write() as db:
        gradebook.change_line_item(db, changed, lms.manner.rescales_on_new_maximum)
    return answer(as_json(lms, changed), ONE)


def _delete(lms: Lms, item: LineItem) -> Response:
    refusal = lms.manner.coupled_delete_status
    if item.coupled and refusal is not None:
        raise ServiceError(refusal, "forbidden", "the line item belongs to its link and stays")
    with lms.store.write() as db:
        gradebook.remove_line_item(db, item.id)
    return Response(status=204)


def service_line_item(lms: Lms, course_id: str, item_id: int) -> LineItem:
    """Return the line item a service call names, or refuse with 404."""
    item = gradebook.find_line_item(lms.store.read(), course_id, item_id)
    if item is None:
        raise ServiceError(404, "not_found", "there is no such line item")
    return item


def _changed(lms: Lms, item: LineItem, body: dict[str, Any]) -> LineItem:
    """Return the line item as the body says, or refuse with 400."""
    label, maximum = body.get("label"), positive_or_zero(body.get("scoreMaximum"), "scoreMaximum")
    if not isinstance(label, str) or not label.strip():
        raise ServiceError(400, "bad_request", "label is missing")
    if maximum == 0:
        raise ServiceError(400, "bad_request", "scoreMaximum must be above 0")
    texts: dict[str, str | None] = {}
    for key in ("resourceId", "tag", "resourceLinkId", "startDateTime", "endDateTime"):
        value = body.get(key)
        if value is not None and not isinstance(value, str):
            raise ServiceError(400, "bad_request", f"{key} must be a text")
        texts[key] = value
    link_id = texts["resourceLinkId"]
    if link_id is not None:
        link = find_link(lms.store.read(), link_id)
        if link is None or link.course_id != item.course_id:
            raise ServiceError(404, "not_found", "resourceLinkId names no link of this course")
    return replace(
        item,
        label=label,
        score_maximum=maximum,
        resource_id=texts["resourceId"],
        tag=texts["tag"],
        link_id=item.link_id if item.coupled else link_id,
        start_at=texts["startDateTime"],
        end_at=texts["endDateTime"],
    )
