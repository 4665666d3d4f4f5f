"""Names and Role Provisioning Services: the course's members."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, request

from sandbox.claims import LTI, RESOURCE_LINK, SCOPE_ROSTER, Launch, substituted
from sandbox.config import ROLE_PREFIX, full_role
from sandbox.courses import Course, Link, Member, find_link, members_of
from sandbox.gradebook import coupled_line_item
from sandbox.lms import Lms, current_lms
from sandbox.services import (
    ServiceError,
    add_links,
    answer,
    check_accept,
    check_caller,
    page_of,
    service_course,
)
from sandbox.tokens import require_scope

bp = Blueprint("roster", __name__)

CONTAINER = "application/vnd.ims.lti-nrps.v2.membershipcontainer+json"


@bp.get("/nrps/<course_id>/memberships")
def memberships(course_id: str) -> Response:
    """List the members, a page at a time where a limit is asked for or the manner has one."""
    lms = current_lms()
    check_caller(lms)
    require_scope(lms, SCOPE_ROSTER)
    check_accept(lms, CONTAINER)
    course = service_course(lms, course_id)
    link = _link(lms, course, request.args.get("rlid"))
    members = [m for m in members_of(lms.store.read(), course.id) if _listed(lms, m)]
    role = request.args.get("role")
    if role is not None:
        members = [member for member in members if full_role(role) in member.roles]
    page, offsets = page_of(members, lms.manner.members_page)
    url = lms.memberships_url(course.id)
    body = {
        "id": url,
        "context": {"id": course.id, "label": course.label, "title": course.title},
        "members": [_as_json(lms, course, link, member) for member in page],
    }
    response = answer(body, CONTAINER)
    add_links(response, url, offsets, malformed=False)
    return response


def _link(lms: Lms, course: Course, link_id: str | None) -> Link | None:
    if link_id is None:
        return None
    link = find_link(lms.store.read(), link_id)
    if link is None or link.course_id != course.id:
        raise ServiceError(404, "not_found", "rlid names no link of this course")
    return link


def _listed(lms: Lms, member: Member) -> bool:
    return member.status == "Active" or lms.manner.suspended_roster_status is not None


def _as_json(lms: Lms, course: Course, link: Link | None, member: Member) -> dict[str, Any]:
    suspended = lms.manner.suspended_roster_status
    body: dict[str, Any] = {
        "status": "Active" if member.status == "Active" else suspended,
        "user_id": member.user_id,
        "roles": [_role(lms, role) for role in member.roles],
    }
    if course.share_names and member.name:
        body |= {
            "name": member.name,
            "given_name": member.given_name,
            "family_name": member.family_name,
        }
    if course.share_emails and member.email:
        body["email"] = member.email
    if link is not None:
        line_item = coupled_line_item(lms.store.read(), link.id)
        launch = Launch(member, course, link, "iframe", None)
        message = {
            LTI + "message_type": RESOURCE_LINK,
            LTI + "custom": substituted(lms, launch, link.custom, line_item),
        }
        body["message"] = [message]
    return body


def _role(lms: Lms, role: str) -> str:
    return role.removeprefix(ROLE_PREFIX) if lms.manner.short_roster_roles else role
