"""The installation at a glance: what waits for an administrator."""

from __future__ import annotations

from flask import render_template

from engine.storage.reads.deliveries import delivery_counts
from engine.storage.reads.installation import published_courses
from lti.registrations import list_platforms
from lti.storage import session_of
from web.admin.blueprint import blueprint, navigation
from web.admin.launches import told
from web.administrators import require_admin
from web.auth import Answer
from web.context import context, kit

RECENT = 5


@blueprint.get("/")
@require_admin
def overview() -> Answer:
    """Show what waits, and the last launches."""
    with kit().uow() as uow:
        platforms = list_platforms(uow)
        counts = delivery_counts(session_of(uow))
        courses = published_courses(session_of(uow))
        launches = context().lti.services.log.recent(uow, limit=RECENT)
    names = {registration.id: registration.name for registration, _ in platforms}
    waiting = [(r, d) for r, mine in platforms for d in mine if d.status == "pending"]
    return render_template(
        "admin/overview.html",
        nav=navigation("overview"),
        platforms=[r for r, _ in platforms],
        waiting=waiting,
        unapproved=[r for r, _ in platforms if r.status == "pending"],
        dead=sum(c.dead for c in counts),
        retrying=sum(c.retrying for c in counts),
        courses=courses,
        launches=[told(entry, names) for entry in launches],
    )
