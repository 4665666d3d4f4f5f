"""What line items, scores and the roster share: errors, media types, paging."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from typing import Any, TypeVar
from urllib.parse import parse_qsl, urlencode, urlsplit

from flask import Flask, Response, request

from sandbox.courses import Course, find_course
from sandbox.lms import Lms, current_lms

T = TypeVar("T")


class ServiceError(Exception):
    """A service call that is refused; how it reads depends on the manner."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


def install(app: Flask) -> None:
    """Render ServiceErrors as the manner's JSON."""

    @app.errorhandler(ServiceError)
    def refused(error: ServiceError) -> Response:
        if current_lms().manner.nested_errors:
            body: dict[str, Any] = {"errors": {"type": error.code, "message": error.message}}
        else:
            body = {"status": error.status, "error": error.code, "message": error.message}
        response = Response(json.dumps(body), error.status, content_type="application/json")
        if error.status == 401:
            response.headers["WWW-Authenticate"] = f'Bearer error="{error.code}"'
        return response


def service_course(lms: Lms, course_id: str) -> Course:
    """Return the course a service call names, or refuse with 404."""
    course = find_course(lms.store.read(), course_id)
    if course is None:
        raise ServiceError(404, "not_found", f"there is no course '{course_id}'")
    return course


def check_caller(lms: Lms) -> None:
    """Refuse callers that this manner's firewall refuses."""
    if lms.manner.requires_user_agent and not request.headers.get("User-Agent"):
        raise ServiceError(403, "forbidden", "a request without a User-Agent is refused here")


def check_accept(lms: Lms, media_type: str) -> None:
    """Refuse a request whose Accept does not name the media type, where the manner minds."""
    status = lms.manner.wrong_accept_status
    accepted = [part.split(";")[0].strip() for part in request.headers.get("Accept", "").split(",")]
    if status is not None and media_type not in accepted:
        raise ServiceError(status, "not_acceptable", f"Accept must name {media_type}")


def check_content_type(lms: Lms, media_type: str) -> None:
    """Refuse a body whose Content-Type is not exactly the media type."""
    given = request.headers.get("Content-Type", "")
    if lms.manner.content_type_parameters_pass:
        given = given.split(";")[0].strip()
    if given != media_type:
        status = lms.manner.wrong_content_type_status
        message = f"Content-Type must be exactly {media_type}, not {given!r}"
        raise ServiceError(status, "unsupported_media_type", message)


def json_body() -> dict[str, Any]:
    """Return the request's JSON object, or refuse with 400."""
    try:
        body = json.loads(request.get_data())
        json.dumps(body, ensure_ascii=False).encode()  # refuses half surrogate pairs
    except (ValueError, RecursionError) as error:
        raise ServiceError(400, "bad_request", f"the body is not JSON: {error}") from error
    if not isinstance(body, dict):
        raise ServiceError(400, "bad_request", "the body must be a JSON object")
    return body


def positive_or_zero(value: Any, name: str) -> float:
    """Return the JSON number as a float, or refuse what is negative, endless or no number."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ServiceError(400, "bad_request", f"{name} must be a number")
    if not 0 <= value <= sys.float_info.max:
        raise ServiceError(400, "bad_request", f"{name} must be a number from 0 up")
    return float(value)


def answer(data: Any, media_type: str, status: int = 200) -> Response:
    """Return the data as JSON of that media type."""
    return Response(json.dumps(data), status, content_type=media_type)


def page_of(items: Sequence[T], default_limit: int | None) -> tuple[Sequence[T], dict[str, int]]:
    """Return this page's items, and the `from` offsets of the first, next, prev and last pages.

    Without a limit in the query and without a default everything is one page and there are no
    offsets.
    """
    limit = _number("limit", default_limit)
    if limit is None:
        return items, {}
    if limit < 1:
        raise ServiceError(400, "bad_request", "limit must be at least 1")
    start = _number("from", 0) or 0
    offsets = {"first": 0, "canonical": start}
    if start > 0:
        offsets["prev"] = max(0, start - limit)
    if start + limit < len(items):
        offsets["next"] = start + limit
    offsets["last"] = max(0, (len(items) - 1) // limit * limit)
    offsets["limit"] = limit
    return items[start : start + limit], offsets


def _number(name: str, default: int | None) -> int | None:
    text = request.args.get(name)
    if text is None:
        return default
    if not text.isdecimal():
        raise ServiceError(400, "bad_request", f"{name} must be a whole number")
    return int(text)


def add_links(response: Response, url: str, offsets: dict[str, int], malformed: bool) -> None:
    """Write the Link header of a page; Moodle's for line items has typographic quotes and &amp;."""
    if not offsets:
        return
    parts = []
    for rel in ("first", "prev", "canonical", "next", "last"):
        if rel not in offsets:
            continue
        page = _with_query(url, {"limit": str(offsets["limit"]), "from": str(offsets[rel])})
        if malformed:
            parts.append(f"<{page.replace('&', '&amp;')}>; rel=\u201c{rel}\u201d")
        else:
            parts.append(f'<{page}>; rel="{rel}"')
    # HTTP headers are latin-1; the typographic quotes travel as raw UTF-8 bytes.
    response.headers["Link"] = ", ".join(parts).encode().decode("latin-1")


def _with_query(url: str, extra: dict[str, str]) -> str:
    parts = urlsplit(url)
    kept = [pair for pair in request.args.items(multi=True) if pair[0] not in extra]
    known = [pair for pair in parse_qsl(parts.query) if pair[0] not in {key for key, _ in kept}]
    return parts._replace(query=urlencode([*known, *kept, *extra.items()])).geturl()
