"""Weekly plans."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import bindparam, func, literal, select

from engine.domain.plan import Spent, WeeklyPlan
from engine.storage.tables.learning import responses
from engine.storage.tables.plans import weekly_plans
from engine.storage.transaction import Transaction


def _spent_since(moment: str):  # type: ignore[no-untyped-def] # a scalar subquery's type says nothing here
    return (
        select(func.coalesce(func.sum(responses.c.active_s), 0.0))
        .where(responses.c.enrolment_id == bindparam("enrolment_id"), responses.c.answered_at >= bindparam(moment))
        .scalar_subquery()
    )


_ONE = select(literal(1).label("one")).subquery()
# One row, with or without a plan: the page that shows it costs one statement.
_GET = select(
    weekly_plans.c.minutes, weekly_plans.c.days, weekly_plans.c.starts_on, _spent_since("day"), _spent_since("week")
).select_from(_ONE.outerjoin(weekly_plans, weekly_plans.c.enrolment_id == bindparam("enrolment_id")))


class SqlPlans:
    """`Plans` on the tables."""

    def __init__(self, transaction: Transaction) -> None:
        self._tx = transaction

    def get(self, enrolment_id: str, day: datetime, week: datetime) -> tuple[WeeklyPlan | None, Spent]:
        """Return the plan, None where the learner chose none, and the active time since two moments."""
        row = self._tx.run(_GET, {"enrolment_id": enrolment_id, "day": day, "week": week}).one()
        plan = None if row.minutes is None else WeeklyPlan(row.minutes, tuple(row.days), row.starts_on)
        return plan, Spent(float(row[3]), float(row[4]))

    def save(self, enrolment_id: str, plan: WeeklyPlan, now: datetime) -> None:
        """Store the plan of an enrolment in place of the one before."""
        values = {"minutes": plan.minutes, "days": list(plan.days), "starts_on": plan.starts_on, "changed_at": now}
        stored = self._tx.insert(weekly_plans).values(enrolment_id=enrolment_id, **values)
        self._tx.run(stored.on_conflict_do_update(index_elements=["enrolment_id"], set_=values))
