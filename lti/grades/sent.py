"""What a learner's gradebook has of them, for their own pages."""

from __future__ import annotations

from sqlalchemy import bindparam, select

from engine.domain.unit_of_work import UnitOfWork
from lti.storage import grade_targets, line_items, run

_SENT = (
    select(grade_targets.c.sent_bp)
    .join(line_items, line_items.c.id == grade_targets.c.line_item_id)
    .where(
        grade_targets.c.enrolment_id == bindparam("enrolment"),
        grade_targets.c.sent_bp.is_not(None),
        line_items.c.status == "active",
    )
    .order_by(line_items.c.module_id.is_not(None), line_items.c.created_at)
    .limit(1)
)


def sent_bp(uow: UnitOfWork, enrolment_id: str) -> int | None:
    """Return the mark the platform last took for an attempt, in basis points, the whole course's first; None before any."""
    found: int | None = run(uow, _SENT, {"enrolment": enrolment_id}).scalar_one_or_none()
    return found
