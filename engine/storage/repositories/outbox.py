"""Events on their way out, and their deliveries."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, and_, case, delete, exists, func, literal, or_, select, update

from engine.domain.deliveries import Delivery, Destination
from engine.domain.errors import NotFound
from engine.domain.events import Event
from engine.storage.tables.events import COALESCED, deliveries, outbox
from engine.storage.transaction import AnyRow, Transaction

_EVENT = (outbox.c.event_id, outbox.c.type, outbox.c.occurred_at, outbox.c.tenant_id, outbox.c.subject, outbox.c.data)
CLAIM_LOCK = 0x50_41_43_45
"""Key of PostgreSQL's advisory lock under which deliveries are claimed, so that no two workers hold one order key."""


class SqlOutbox:
    """`Outbox` on the tables."""

    def __init__(self, transaction: Transaction) -> None:
        self._tx = transaction

    def add(self, events: Sequence[Event]) -> None:
        """Append events, in the transaction of what they tell; one that is there already is not added again."""
        rows = [
            {
                "event_id": event.id,
                "type": event.type,
                "tenant_id": event.tenant_id,
                "subject": event.subject,
                "data": dict(event.data),
                "occurred_at": event.time,
            }
            for event in events
        ]
        if rows:
            self._tx.run(self._tx.insert(outbox).on_conflict_do_nothing(index_elements=["event_id"]), rows)

    def take(self, limit: int) -> Sequence[Event]:
        """Claim the oldest unrelayed events, skipping those another relay holds; marked relayed on commit."""
        # A query of its own runs once; inside IN, PostgreSQL may run it once a row, and each time it skips what is claimed.
        oldest = (
            select(outbox.c.id)
            .where(outbox.c.relayed_at.is_(None))
            .order_by(outbox.c.id)
            .limit(limit)
            .with_for_update(skip_locked=True)
            .cte("oldest")
        )
        claim = (
            update(outbox)
            .where(outbox.c.id.in_(select(oldest.c.id)))
            .values(relayed_at=self._tx.clock())
            .returning(outbox.c.id, *_EVENT)
        )
        rows = sorted(self._tx.run(claim).all(), key=lambda row: row.id)
        return [Event(*row[1:]) for row in rows]

    def add_deliveries(self, sink: str, wanted: Sequence[tuple[Event, Destination]], now: datetime) -> int:
        """Store deliveries; the same (sink, address, event) twice, or a coalesced one, is stored once.

        A coalesced wish that finds a delivery waiting is counted on it; one that is just being tried is tried again.

        Raises:
            NotFound: an event that is to be delivered itself is not in the outbox.
        """
        if not wanted:
            return 0
        positions = self._positions({event.id for event, _ in wanted})
        single: dict[tuple[str, str], dict[str, Any]] = {}
        state: dict[str, dict[str, Any]] = {}
        for event, to in wanted:
            row = _new_row(sink, to, positions.get(event.id), now)
            if to.coalesce:
                state.setdefault(to.address, row)
            elif event.id not in positions:
                raise NotFound(f"The event '{event.id}' is not in the outbox. Add it before its deliveries.")
            else:
                single.setdefault((to.address, event.id), row | {"event_id": event.id})
        return self._store(list(single.values())) + self._coalesce([state[key] for key in sorted(state)])

    def due(self, now: datetime, limit: int, lease_s: int) -> Sequence[Delivery]:
        """Claim due deliveries, the first of each order key, by moving `next_try_at` on by the lease."""
        if self._tx.postgresql:
            self._tx.run(select(func.pg_advisory_xact_lock(CLAIM_LOCK)))
        until = now + timedelta(seconds=lease_s)
        first = _heads(now).order_by(deliveries.c.next_try_at, deliveries.c.position).limit(limit)
        claimable = first.with_for_update(skip_locked=True).cte("claimable")
        claim = (
            update(deliveries)
            .where(deliveries.c.id.in_(select(claimable.c.id)))
            .values(next_try_at=until, leased_until=until, wishes_claimed=deliveries.c.wishes)
            .returning(deliveries.c.id)
        )
        claimed = self._tx.run(claim).scalars().all()
        return self._read(deliveries.c.id.in_(claimed)) if claimed else ()

    def settle(
        self, delivery_id: str, *, status: str, attempts: int, next_try_at: datetime, error: str | None, now: datetime
    ) -> None:
        """Store the outcome of a try; a coalesced delivery asked for during the try waits for another one."""
        asked_again = and_(
            deliveries.c.coalesced, literal(status == "sent"), deliveries.c.wishes != deliveries.c.wishes_claimed
        )
        self._tx.run(
            update(deliveries)
            .where(deliveries.c.id == delivery_id, deliveries.c.status == "waiting")
            .values(
                status=case((asked_again, "waiting"), else_=status),
                attempts=case((asked_again, 0), else_=attempts),
                next_try_at=case((asked_again, now), else_=next_try_at),
                leased_until=None,
                error=error,
                sent_at=now if status == "sent" else None,
            )
        )

    def wake(self, delivery_id: str, now: datetime) -> bool:
        """Make a waiting or dead delivery due at once; False when there is none.

        A delivery that is just being tried keeps its lease. A dead one begins its schedule anew, or, where a newer
        coalesced one waits for the same address, that one is woken.
        """
        self._tx.begin_writing()
        own = self._tx.run(select(deliveries).where(deliveries.c.id == delivery_id).with_for_update()).one_or_none()
        if own is None or own.status == "sent":
            return False
        twin = deliveries.alias()
        newer = select(twin.c.id).where(
            twin.c.sink == own.sink, twin.c.destination == own.destination, twin.c.status == "waiting", twin.c.coalesced
        )
        waiting = self._tx.run(newer).scalar_one_or_none() if own.coalesced else None
        held = case((deliveries.c.leased_until > now, deliveries.c.leased_until), else_=now)
        self._tx.run(
            update(deliveries)
            .where(deliveries.c.id == (waiting or delivery_id))
            .values(
                status="waiting",
                attempts=case((deliveries.c.status == "dead", 0), else_=deliveries.c.attempts),
                next_try_at=held,
            )
        )
        return True

    def sweep(self, before: datetime, limit: int) -> int:
        """Delete deliveries settled before, and events relayed before that no delivery refers to any more.

        What waits is never deleted, however old. At most `limit` rows of either table, so that locks are short.
        """
        d, o = deliveries.c, outbox.c
        # A delivery that died keeps the time of its last try in `next_try_at`.
        settled = select(d.id).where(d.status.in_(("sent", "dead")), func.coalesce(d.sent_at, d.next_try_at) < before)
        needed = exists().where(d.event_id == o.event_id)
        relayed = select(o.id).where(o.relayed_at < before, ~needed)
        return sum(
            self._tx.run(delete(table).where(table.c.id.in_(old.limit(limit)))).rowcount
            for table, old in ((deliveries, settled), (outbox, relayed))
        )

    def _positions(self, event_ids: set[str]) -> Mapping[str, int]:
        statement = select(outbox.c.event_id, outbox.c.id).where(outbox.c.event_id.in_(sorted(event_ids)))
        return {row.event_id: row.id for row in self._tx.run(statement)}

    def _store(self, rows: list[dict[str, Any]]) -> int:
        if not rows:
            return 0
        statement = self._tx.insert(deliveries).values(rows).on_conflict_do_nothing().returning(deliveries.c.id)
        return len(self._tx.run(statement).all())

    def _coalesce(self, rows: list[dict[str, Any]]) -> int:
        if not rows:
            return 0
        statement = (
            self._tx.insert(deliveries)
            .values(rows)
            .on_conflict_do_update(
                index_elements=["sink", "destination"],
                index_where=COALESCED,
                set_={"wishes": deliveries.c.wishes + 1},
            )
            .returning(deliveries.c.wishes)
        )
        return sum(wishes == 1 for wishes in self._tx.run(statement).scalars())

    def _read(self, which: Any) -> Sequence[Delivery]:
        statement = (
            select(deliveries, *(column.label(f"event_{column.name}") for column in _EVENT))
            .outerjoin(outbox, outbox.c.event_id == deliveries.c.event_id)
            .where(which)
            .order_by(deliveries.c.position, deliveries.c.created_at, deliveries.c.id)
        )
        return [delivery_of(row) for row in self._tx.run(statement)]


def _new_row(sink: str, to: Destination, position: int | None, now: datetime) -> dict[str, Any]:
    return {
        "id": str(uuid.uuid4()),
        "sink": sink,
        "destination": to.address,
        "order_key": to.order_key,
        "event_id": None,
        "position": 0 if position is None else position,
        "coalesced": to.coalesce,
        "wishes": 1,
        "wishes_claimed": 0,
        "status": "waiting",
        "attempts": 0,
        "next_try_at": now,
        "created_at": now,
    }


def _heads(now: datetime) -> Select[str]:
    """Return the due deliveries that nothing of their order key must precede.

    Nothing earlier waits, nothing of the key is being tried, and no other relay is about to store an earlier event of
    the same subject.
    """
    other, mine, earlier = deliveries.alias("other"), outbox.alias("mine"), outbox.alias("earlier")
    blocked = exists().where(
        other.c.sink == deliveries.c.sink,
        other.c.order_key == deliveries.c.order_key,
        other.c.status == "waiting",
        other.c.id != deliveries.c.id,
        or_(
            other.c.position < deliveries.c.position,
            and_(other.c.position == deliveries.c.position, other.c.id < deliveries.c.id),
            other.c.leased_until > now,
        ),
    )
    overtaking = exists().where(
        mine.c.event_id == deliveries.c.event_id,
        earlier.c.subject == mine.c.subject,
        earlier.c.relayed_at.is_(None),
        earlier.c.id < mine.c.id,
    )
    return select(deliveries.c.id).where(
        deliveries.c.status == "waiting", deliveries.c.next_try_at <= now, ~blocked, ~overtaking
    )


def delivery_of(row: AnyRow) -> Delivery:
    """Return the delivery of a row that joins its event's columns as `event_<name>`."""
    event = None
    if row.event_id is not None:
        event = Event(
            id=row.event_id,
            type=row.event_type,
            time=row.event_occurred_at,
            tenant_id=row.event_tenant_id,
            subject=row.event_subject,
            data=row.event_data,
        )
    return Delivery(
        id=row.id,
        sink=row.sink,
        destination=row.destination,
        order_key=row.order_key,
        status=row.status,
        attempts=row.attempts,
        next_try_at=row.next_try_at,
        created_at=row.created_at,
        event=event,
        error=row.error,
        sent_at=row.sent_at,
    )
