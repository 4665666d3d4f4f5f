"""The last launches: what became of each, and why. Without personal data."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flask import render_template, request

from lti.launch_log import Entry
from lti.refusals import REASONS
from lti.registrations import list_platforms
from web.admin.blueprint import blueprint, navigation
from web.administrators import require_admin
from web.auth import Answer
from web.context import context, kit

SHOWN = 100


@dataclass(frozen=True, slots=True)
class Told:
    """A launch in plain words.

    Args:
        why: what an administrator should check; empty for an accepted launch.
        checks: (check, whether it held), in the order they were made.
    """

    reference: str
    at: datetime
    platform: str
    accepted: bool
    what: str
    why: str
    detail: str
    message: str
    deployment: str
    checks: tuple[tuple[str, bool], ...]


@blueprint.get("/launches/")
@require_admin
def launches() -> Answer:
    """Show the last launches, of all platforms or one, all or the refused ones; or the one of a reference."""
    wanted = request.args.get("reference", "").strip().lower()
    chosen, refused = request.args.get("platform", ""), request.args.get("show") == "refused"
    with kit().uow() as uow:
        names = {r.id: r.name for r, _ in list_platforms(uow)}
        registration_id = chosen if chosen in names else None
        limit = 5000 if wanted else SHOWN
        log = context().lti.services.log
        entries = log.recent(uow, registration_id=registration_id, refused=refused, limit=limit)
    found = [e for e in entries if not wanted or e.reference.lower() == wanted]
    return render_template(
        "admin/launches.html",
        nav=navigation("launches"),
        launches=[told(e, names) for e in found[:SHOWN]],
        wanted=wanted,
        platforms=[("", "All platforms"), *names.items()],
        chosen=chosen,
        refused=refused,
    )


def told(entry: Entry, names: dict[str, str]) -> Told:
    """Return a line of the launch log in words."""
    _, what, why = REASONS.get(entry.outcome, (0, f"Refused: {entry.outcome}", ""))
    accepted = entry.outcome == "accepted"
    messages = {"LtiResourceLinkRequest": "Launch", "LtiDeepLinkingRequest": "Choosing content"}
    return Told(
        reference=entry.reference,
        at=entry.at,
        platform=names.get(entry.registration_id or "", "Unknown platform"),
        accepted=accepted,
        what="Accepted" if accepted else what,
        why="" if accepted else why,
        detail=entry.detail,
        message=messages.get(entry.message_type or "", entry.message_type or ""),
        deployment=entry.deployment_id or "",
        checks=entry.checks,
    )
