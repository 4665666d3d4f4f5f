"""Everything that leaves: what waits, what is dead, and trying it again."""

from __future__ import annotations

import uuid
from typing import Final

from flask import g, redirect, render_template, request, url_for

from engine.domain.errors import NotFound
from engine.storage.reads.deliveries import delivery_counts, unsent
from lti.storage import session_of
from web.admin.blueprint import blueprint, navigation
from web.administrators import require_admin
from web.auth import Answer
from web.context import kit

SINKS: Final[dict[str, str]] = {"lti-grades": "Grades to LMSs", "redis-stream": "Redis stream", "jsonl": "Event log file"}
"""What sinks are called for people; a plugin's own stands under its name."""
SHOWN = 100


@blueprint.get("/deliveries/")
@require_admin
def deliveries() -> Answer:
    """Show the counts of each sink, and what has not left."""
    with kit().uow() as uow:
        counts = delivery_counts(session_of(uow))
        found = unsent(session_of(uow), limit=SHOWN)
    return render_template(
        "admin/deliveries.html",
        nav=navigation("deliveries"),
        counts=counts,
        unsent=found,
        sinks=SINKS,
        dead=sum(c.dead for c in counts),
        waiting=sum(c.waiting for c in counts),
        now=kit().clock(),
        woken=request.args.get("woken") == "1",
    )


@blueprint.post("/deliveries/<uuid:delivery_id>/retry")
@require_admin
def retry_delivery(delivery_id: uuid.UUID) -> Answer:
    """Make one delivery due at once."""
    g.back_href = url_for("admin.deliveries")
    with kit().uow() as uow:
        if not uow.outbox.wake(str(delivery_id), kit().clock()):
            raise NotFound("This delivery has left, or is not there any more. Reload the list.")
        uow.commit()
    return redirect(url_for("admin.deliveries", woken=1), 303)
