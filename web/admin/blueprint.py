"""The blueprint of the administrators' pages, and what each of them has."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, make_response, render_template, url_for

from web import entry
from web.administrators import admin_name
from web.errors import SessionMismatch

blueprint = Blueprint("admin", __name__, url_prefix="/admin")

PAGES = (
    ("overview", "Overview", "flag"),
    ("platforms", "Platforms", "people"),
    ("courses", "Courses", "book"),
    ("deliveries", "Deliveries", "arrow-right"),
    ("launches", "Launches", "clock"),
    ("doctor", "Doctor", "eye"),
)


@blueprint.context_processor
def shared() -> dict[str, Any]:
    """Return what the templates of all administrators' pages use."""
    return {"admin_home_url": url_for("admin.overview"), "admin_name": admin_name()}


@blueprint.errorhandler(SessionMismatch)
@entry.blueprint.errorhandler(SessionMismatch)
def no_session(error: SessionMismatch) -> Response:
    """Say how to get a link."""
    return make_response(render_template("admin/no_session.html", reason=error.reason), 403)


def navigation(current: str) -> list[dict[str, Any]]:
    """Return the links of every page."""
    return [
        {"href": url_for(f"admin.{name}"), "label": label, "icon": icon, "current": name == current}
        for name, label, icon in PAGES
    ]
