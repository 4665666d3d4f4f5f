"""What the control API's calls name: a body, a course, a link, a member; or a clear refusal."""

from __future__ import annotations

from typing import Any

from flask import request

from sandbox.courses import Course, Link, Member, find_course, find_link, find_member
from sandbox.lms import Lms


class ControlError(Exception):
    """A control call that makes no sense; answered with 400 and this text."""


def read_body() -> dict[str, Any]:
    """Return the JSON object sent, or refuse."""
    data = request.get_json(silent=True)
    if not isinstance(data, dict):
        raise ControlError("send a JSON object with Content-Type: application/json")
    return data


def known_course(lms: Lms, course_id: Any) -> Course:
    """Return the course, or refuse."""
    course = find_course(lms.store.read(), str(course_id))
    if course is None:
        raise ControlError(f"there is no course {course_id!r}")
    return course


def known_link(lms: Lms, link_id: Any) -> Link:
    """Return the link, or refuse."""
    link = find_link(lms.store.read(), str(link_id))
    if link is None:
        raise ControlError(f"there is no link {link_id!r}")
    return link


def known_member(lms: Lms, course_id: str, user_id: Any) -> Member:
    """Return the member, or refuse."""
    member = find_member(lms.store.read(), course_id, str(user_id))
    if member is None:
        raise ControlError(f"{user_id!r} is no member of {course_id!r}")
    return member
