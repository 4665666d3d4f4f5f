"""The claims of a launch, and the custom variables in them."""

from __future__ import annotations

import json
import secrets
import sqlite3
import time
import zlib
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from sandbox.courses import Course, Link, Member
from sandbox.gradebook import LineItem, coupled_line_item
from sandbox.lms import Lms

LTI = "https://purl.imsglobal.org/spec/lti/claim/"
DL = "https://purl.imsglobal.org/spec/lti-dl/claim/"
AGS = "https://purl.imsglobal.org/spec/lti-ags/"
NRPS = "https://purl.imsglobal.org/spec/lti-nrps/"

SCOPE_LINE_ITEM = AGS + "scope/lineitem"
SCOPE_LINE_ITEM_READONLY = AGS + "scope/lineitem.readonly"
SCOPE_SCORE = AGS + "scope/score"
SCOPE_RESULT = AGS + "scope/result.readonly"
SCOPE_ROSTER = NRPS + "scope/contextmembership.readonly"
SCOPES = (SCOPE_LINE_ITEM, SCOPE_LINE_ITEM_READONLY, SCOPE_SCORE, SCOPE_RESULT, SCOPE_ROSTER)

RESOURCE_LINK = "LtiResourceLinkRequest"
DEEP_LINKING = "LtiDeepLinkingRequest"
DEEP_LINK_LIFETIME_S = 3600

PERSON_USER = "http://purl.imsglobal.org/vocab/lis/v2/system/person#User"
INSTITUTION = "http://purl.imsglobal.org/vocab/lis/v2/institution/person#"


@dataclass(frozen=True, slots=True)
class Launch:
    """Who launches what, and where it appears; `link` is None for deep linking."""

    member: Member
    course: Course
    link: Link | None
    document_target: str
    deep_link_data: str | None


def launch_claims(lms: Lms, db: sqlite3.Connection, launch: Launch, nonce: str) -> dict[str, Any]:
    """Return every claim of the id_token for this launch."""
    now = int(time.time())
    course, member = launch.course, launch.member
    claims: dict[str, Any] = {
        "iss": lms.config.issuer,
        "aud": lms.config.client_id,
        "azp": lms.config.client_id,
        "sub": member.user_id,
        "iat": now,
        "exp": now + lms.manner.id_token_lifetime_s,
        "nonce": nonce,
        "locale": course.locale,
        LTI + "version": "1.3.0",
        LTI + "deployment_id": course.deployment_id,
        LTI + "roles": roles_of(lms, member),
        LTI + "context": _context(lms, course),
        LTI + "tool_platform": _tool_platform(lms),
        LTI + "launch_presentation": _presentation(lms, launch),
        LTI + "lis": {"person_sourcedid": member.user_id, "course_section_sourcedid": course.id},
    }
    if course.share_names and member.name:
        claims["name"] = member.name
        claims["given_name"], claims["family_name"] = member.given_name, member.family_name
    if course.share_emails and member.email:
        claims["email"] = member.email
    if launch.link is None:
        claims.update(_deep_linking(lms, launch))
    else:
        claims.update(_resource_link(lms, db, launch, launch.link))
    claims[NRPS + "claim/namesroleservice"] = {
        "context_memberships_url": lms.memberships_url(course.id),
        "service_versions": ["2.0"],
    }
    return claims


def roles_of(lms: Lms, member: Member) -> list[str]:
    """Return the roles that a launch carries in this manner."""
    roles = list(member.roles)
    if lms.manner.adds_institution_roles:
        # Canvas sends a person's institution roles too: who teaches anywhere is Instructor here.
        extra = [INSTITUTION + "Instructor", INSTITUTION + "Student", PERSON_USER]
        roles += [role for role in extra if role not in roles]
    return roles


def _context(lms: Lms, course: Course) -> dict[str, Any]:
    return {
        "id": course.id,
        "label": course.label,
        "title": course.title,
        "type": [lms.manner.context_type],
    }


def _tool_platform(lms: Lms) -> dict[str, str]:
    return {
        "guid": lms.config.issuer,
        "name": "Sandbox LMS",
        "description": lms.manner.product_name,
        "version": lms.manner.version,
        "product_family_code": lms.manner.family_code,
        "url": lms.base_url,
    }


def _presentation(lms: Lms, launch: Launch) -> dict[str, Any]:
    query = urlencode({"as": launch.member.user_id})
    return {
        "document_target": launch.document_target,
        "locale": launch.course.locale,
        "return_url": f"{lms.base_url}/courses/{launch.course.id}/return?{query}",
    }


def _resource_link(lms: Lms, db: sqlite3.Connection, launch: Launch, link: Link) -> dict[str, Any]:
    line_item = coupled_line_item(db, link.id)
    resource: dict[str, str] = {"id": link.id, "title": link.title}
    if link.description:
        resource["description"] = link.description
    claims = {
        LTI + "message_type": RESOURCE_LINK,
        LTI + "target_link_uri": link.target_link_uri or lms.config.tool.launch_url,
        LTI + "resource_link": resource,
        AGS + "claim/endpoint": _endpoint(lms, launch.course, line_item),
    }
    custom = {**lms.config.tool.custom, **link.custom}
    if custom:
        claims[LTI + "custom"] = substituted(lms, launch, custom, line_item)
    return claims


def _endpoint(lms: Lms, course: Course, line_item: LineItem | None) -> dict[str, Any]:
    endpoint: dict[str, Any] = {
        "scope": [scope for scope in SCOPES if scope != SCOPE_ROSTER],
        "lineitems": lms.line_items_url(course.id),
    }
    if line_item is not None:
        endpoint["lineitem"] = lms.line_item_url(course.id, line_item.id)
    return endpoint


def _deep_linking(lms: Lms, launch: Launch) -> dict[str, Any]:
    return {
        LTI + "message_type": DEEP_LINKING,
        LTI + "target_link_uri": lms.config.tool.deep_link_url,
        AGS + "claim/endpoint": _endpoint(lms, launch.course, None),
        DL + "deep_linking_settings": {
            "deep_link_return_url": f"{lms.base_url}/deep-link/return",
            "accept_types": ["ltiResourceLink"],
            "accept_media_types": "application/vnd.ims.lti.v1.ltilink",
            "accept_presentation_document_targets": ["iframe", "window"],
            "accept_multiple": lms.config.accept_multiple,
            "accept_lineitem": True,
            "auto_create": False,
            "title": "",
            "text": "",
            "data": launch.deep_link_data,
        },
    }


def substituted(lms: Lms, launch: Launch, custom: dict[str, str | None], line_item: LineItem | None) -> dict[str, str | None]:
    """Return the custom parameters with known `$variables` filled in; unknown ones stay as written."""
    known = _variables(lms, launch, line_item)
    return {key: value if value is None else known.get(value, value) for key, value in custom.items()}


def _variables(lms: Lms, launch: Launch, line_item: LineItem | None) -> dict[str, str]:
    member, course, link = launch.member, launch.course, launch.link
    known = {
        "$User.id": member.user_id,
        "$User.username": member.user_id,
        "$Context.id": course.id,
        "$Context.title": course.title,
        "$Context.label": course.label,
        "$CourseSection.sourcedId": course.id,
        "$Membership.role": ",".join(member.roles),
        "$Message.locale": course.locale,
        "$ToolPlatform.productFamilyCode": lms.manner.family_code,
        "$ToolPlatformInstance.guid": lms.config.issuer,
        "$LineItems.url": lms.line_items_url(course.id),
        "$ToolProxyBinding.memberships.url": lms.memberships_url(course.id),
    }
    if course.share_names:
        known["$Person.name.full"] = member.name
        known["$Person.name.given"] = member.given_name
        known["$Person.name.family"] = member.family_name
    if course.share_emails:
        known["$Person.email.primary"] = member.email
    if lms.manner.substitutes_link_history:
        known["$Context.id.history"] = ",".join(course.id_history)
    if lms.manner.sections_variable is not None:
        known[lms.manner.sections_variable] = _sections(lms, member)
    if link is None:
        return known
    known["$ResourceLink.id"] = link.id
    known["$ResourceLink.title"] = link.title
    known["$ResourceLink.description"] = link.description
    if lms.manner.substitutes_link_history:
        known["$ResourceLink.id.history"] = ",".join(link.id_history)
    for window in ("available", "submission"):
        for edge in ("startDateTime", "endDateTime"):
            date = link.dates.get(window, {}).get(edge)
            if date is not None and lms.manner.keeps_dates:
                known[f"$ResourceLink.{window}.{edge}"] = date
    if line_item is not None:
        known["$LineItem.url"] = lms.line_item_url(course.id, line_item.id)
    return known


def _sections(lms: Lms, member: Member) -> str:
    """Return a person's sections as the manner writes them: names as JSON, or numbers with commas between."""
    if lms.manner.name == "moodle":
        return ",".join(str(zlib.crc32(name.encode()) % 10_000) for name in member.sections)
    return json.dumps(member.sections)


def message_hint(lms: Lms, token: str) -> str:
    """Return the lti_message_hint in this manner's form."""
    return json.dumps({"cmid": 1, "launchid": token}) if lms.manner.json_message_hint else token


def hint_token(hint: str) -> str:
    """Return the token inside an lti_message_hint of either form."""
    try:
        parsed = json.loads(hint)
    except ValueError:
        return hint
    return str(parsed.get("launchid", "")) if isinstance(parsed, dict) else hint


def new_token() -> str:
    """Return an unguessable text."""
    return secrets.token_urlsafe(24)
