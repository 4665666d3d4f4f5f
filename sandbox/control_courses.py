"""The control API's part about courses: members, settings, links, copies."""

from __future__ import annotations

import uuid
from dataclasses import replace
from typing import Any

from flask import Blueprint, Response, jsonify
from flask.typing import ResponseReturnValue

from sandbox import gradebook, minting
from sandbox.config_file import parse_member
from sandbox.control_input import ControlError, known_course, read_body
from sandbox.courses import (
    Link,
    Member,
    find_course,
    find_member,
    links_of,
    members_of,
    save_link,
    save_member,
)
from sandbox.lms import current_lms

bp = Blueprint("control_courses", __name__, url_prefix="/_control")


@bp.put("/courses/<course_id>/members/<user_id>")
def put_member(course_id: str, user_id: str) -> Response:
    """Add a member, or change name, email, roles, sections or status (Active, Inactive)."""
    body, lms, faults = read_body(), current_lms(), list[str]()
    known_course(lms, course_id)
    known = find_member(lms.store.read(), course_id, user_id)
    status = str(body.pop("status", known.status if known else "Active"))
    given: dict[str, Any] = {"name": user_id, "email": ""}
    if known is not None:
        given = {"name": known.name, "email": known.email, "roles": list(known.roles), "sections": list(known.sections)}
    spec = parse_member("member", {**given, **body, "user_id": user_id}, faults)
    if status not in ("Active", "Inactive"):
        faults.append("status must be Active or Inactive")
    if faults:
        raise ControlError("; ".join(faults))
    with lms.store.write() as db:
        save_member(db, Member(course_id, user_id, spec.name, spec.email, spec.roles, status, spec.sections))
    return jsonify({"ok": True})


@bp.delete("/courses/<course_id>/members/<user_id>")
def delete_member(course_id: str, user_id: str) -> Response:
    """Take a member out of the course; grades stay."""
    with current_lms().store.write() as db:
        values = (course_id, user_id)
        db.execute("DELETE FROM member WHERE course_id = ? AND user_id = ?", values)
    return jsonify({"ok": True})


@bp.post("/courses/<course_id>/settings")
def course_settings(course_id: str) -> Response:
    """Switch share_names and share_emails of a course."""
    body, lms = read_body(), current_lms()
    known_course(lms, course_id)
    with lms.store.write() as db:
        for key in ("share_names", "share_emails"):
            if key in body:
                db.execute(f"UPDATE course SET {key} = ? WHERE id = ?", (bool(body[key]), course_id))  # noqa: S608 - our own names
    return jsonify({"ok": True})


@bp.put("/courses/<course_id>/links/<link_id>")
def put_link(course_id: str, link_id: str) -> Response:
    """Add a link without a content selection, or change one."""
    body, lms = read_body(), current_lms()
    known_course(lms, course_id)
    link = Link(
        link_id, course_id, str(body.get("title", link_id)), str(body.get("description", "")),
        dict(body.get("custom", {})), body.get("target_link_uri"), "control",
        tuple(body.get("id_history", ())), dict(body.get("dates", {})),
    )  # fmt: skip
    with lms.store.write() as db:
        save_link(db, link)
    return jsonify({"ok": True})


@bp.post("/courses/<course_id>/copy")
def copy_course(course_id: str) -> ResponseReturnValue:
    """Copy a course: new ids throughout; custom parameters, tags and resource ids survive."""
    lms = current_lms()
    course = known_course(lms, course_id)
    new_id = str(read_body().get("id") or f"{course_id}-copy-{uuid.uuid4().hex[:8]}")
    copied: dict[str, str] = {}
    with lms.store.write() as db:
        if find_course(db, new_id) is not None:
            raise ControlError(f"there is a course {new_id!r} already")
        db.execute(
            """INSERT INTO course SELECT ?, title || ' copy', label, locale, deployment_id,
                 share_names, share_emails, ?, position + 1000 FROM course WHERE id = ?""",
            (new_id, minting.as_text([*course.id_history, course_id]), course_id),
        )
        for member in members_of(db, course_id):
            if member.teaches:
                save_member(db, replace(member, course_id=new_id))
        for link in links_of(db, course_id):
            copied[link.id] = str(uuid.uuid4())
            history = (*link.id_history, link.id)
            changes = {"id": copied[link.id], "course_id": new_id, "id_history": history}
            save_link(db, replace(link, origin="copy", **changes))  # type: ignore[arg-type]
        for item in gradebook.line_items_of(db, course_id):
            link_id = copied.get(item.link_id or "")
            gradebook.add_line_item(db, replace(item, course_id=new_id, link_id=link_id))
    return jsonify({"course_id": new_id, "links": copied}), 201
