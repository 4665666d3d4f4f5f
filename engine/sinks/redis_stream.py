"""Events to a Redis stream, for other services of the same house."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import redis

from engine.domain.deliveries import Delivery, Destination, Outcome, SinkContext
from engine.domain.events import Event
from engine.domain.unit_of_work import UnitOfWork

STREAM = "pacemate:events"
MAXLEN = 100_000
"""Entries kept, about; older ones are trimmed, also unread."""


class RedisStream:
    """Appends each event as an entry; the field `id` is stable, so that readers can tell a repeat.

    Settings: `event_stream` (name of the stream), `event_stream_maxlen`. Services: `redis`, a client.
    """

    name = "redis-stream"

    def enabled(self, context: SinkContext) -> bool:
        """Return whether this installation has a Redis."""
        return context.services.get("redis") is not None

    def destinations(self, event: Event, uow: UnitOfWork, context: SinkContext) -> Iterable[Destination]:  # noqa: ARG002
        """Return the one stream; events of one subject keep their order."""
        return (Destination(context.settings.get("event_stream") or STREAM, event.subject),)

    def deliver(self, delivery: Delivery, context: SinkContext) -> Outcome:
        """Append the event; a Redis that is down or full is tried again."""
        if delivery.event is None:
            return Outcome("dead", "The delivery has no event. Delete it.")
        client: redis.Redis = context.services["redis"]
        most = int(context.settings.get("event_stream_maxlen") or MAXLEN)
        try:
            client.xadd(delivery.destination, fields_of(delivery.event), maxlen=most, approximate=True)
        except redis.RedisError as error:
            return Outcome("retry", f"Redis does not take the event ({type(error).__name__}). Check REDIS_URL and its memory.")
        return Outcome("sent")


def fields_of(event: Event) -> dict[Any, Any]:
    """Return an event as the fields of an entry, all text; `data` is JSON."""
    return {
        "id": event.id,
        "type": event.type,
        "time": event.time.isoformat(),
        "tenant": event.tenant_id,
        "subject": event.subject,
        "data": json.dumps(dict(event.data), sort_keys=True, separators=(",", ":")),
    }
