"""Deliveries for the administrators' pages: how many wait or are dead, and which. No personal data."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, case, func, select

from engine.storage.tables.events import deliveries, outbox


@dataclass(frozen=True, slots=True)
class DeliveryCount:
    """What one sink has to bring, by status; `retrying` are those that wait and have failed before."""

    sink: str
    waiting: int
    retrying: int
    dead: int
    sent: int


@dataclass(frozen=True, slots=True)
class Unsent:
    """A delivery that waits or is dead.

    Args:
        event_type: None where the receiver's state counts and not an event (grades).
        error: the last failure in plain words; None before the first.
    """

    id: str
    sink: str
    destination: str
    event_type: str | None
    status: str
    attempts: int
    next_try_at: datetime
    created_at: datetime
    error: str | None


def delivery_counts(session: Connection) -> tuple[DeliveryCount, ...]:
    """Return the deliveries of each sink by status, by sink."""
    waits, failed = deliveries.c.status == "waiting", deliveries.c.attempts > 0

    def total(which: object) -> object:
        return func.coalesce(func.sum(case((which, 1), else_=0)), 0)  # type: ignore[arg-type]

    rows = session.execute(
        select(
            deliveries.c.sink,
            total(waits),  # type: ignore[call-overload]
            total(waits & failed),
            total(deliveries.c.status == "dead"),
            total(deliveries.c.status == "sent"),
        )
        .group_by(deliveries.c.sink)
        .order_by(deliveries.c.sink)
    )
    return tuple(DeliveryCount(sink, int(w), int(r), int(d), int(s)) for sink, w, r, d, s in rows)


def unsent(session: Connection, *, limit: int = 100) -> tuple[Unsent, ...]:
    """Return the deliveries that are dead or wait: dead ones first, then those with most failures, then the oldest."""
    rows = session.execute(
        select(
            deliveries.c.id,
            deliveries.c.sink,
            deliveries.c.destination,
            outbox.c.type,
            deliveries.c.status,
            deliveries.c.attempts,
            deliveries.c.next_try_at,
            deliveries.c.created_at,
            deliveries.c.error,
        )
        .outerjoin(outbox, outbox.c.event_id == deliveries.c.event_id)
        .where(deliveries.c.status != "sent")
        .order_by(
            case((deliveries.c.status == "dead", 0), else_=1),
            deliveries.c.attempts.desc(),
            deliveries.c.created_at,
            deliveries.c.id,
        )
        .limit(limit)
    )
    return tuple(Unsent(*row) for row in rows)
