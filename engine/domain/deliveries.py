"""Deliveries: the one retry record for everything that leaves."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal, Protocol, runtime_checkable

from engine.domain.events import Event
from engine.domain.unit_of_work import UnitOfWork

RETRY_S = (10, 60, 300, 1_800, 7_200, 21_600, 43_200, 86_400, 86_400, 86_400)
"""Waits between tries; about four days in all."""


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a sink wants an event to go.

    Args:
        address: sink-specific, such as a stream's name or a grade target's id.
        order_key: deliveries of one key leave one after the other.
        coalesce: True where a waiting delivery to the same address makes another one superfluous.
    """

    address: str
    order_key: str
    coalesce: bool = False


@dataclass(frozen=True, slots=True)
class Delivery:
    """One thing to bring to one destination.

    Args:
        event: None where the destination's state counts and not an event (grades).
        next_try_at: not before; aware UTC.
        error: the last failure in plain words, without personal data.
    """

    id: str
    sink: str
    destination: str
    order_key: str
    status: Literal["waiting", "sent", "dead"]
    attempts: int
    next_try_at: datetime
    created_at: datetime
    event: Event | None = None
    error: str | None = None
    sent_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a try.

    Args:
        status: `sent`; `retry` by the schedule, or after `after_s`; `dead` where trying again is of no use.
        error: plain words for a person, required unless sent.
    """

    status: Literal["sent", "retry", "dead"]
    error: str = ""
    after_s: int | None = None


def next_try(attempts: int, now: datetime, after_s: int | None = None) -> datetime | None:
    """Return when to try again after `attempts` failures, or None when the schedule is over."""
    if attempts > len(RETRY_S):
        return None
    return now + timedelta(seconds=max(RETRY_S[attempts - 1], after_s or 0))


class Http(Protocol):
    """The outbound HTTP client that sinks get: time limits and size limits are its own."""

    def request(
        self, method: str, url: str, *, headers: Mapping[str, str], body: bytes | None = None, timeout_s: float = 10.0
    ) -> HttpAnswer:
        """Send one request. Raises OSError on a network failure."""


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """An answer, its body cut at the client's size limit; header names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class SinkContext:
    """What a sink may use: everything reaches the world through this.

    Args:
        uow: opens a unit of work; never held open across a request.
        settings: the sink's own settings, by name.
        services: adapters the composition root lends, by name, such as `redis` or `lti`.
    """

    uow: Callable[[], UnitOfWork]
    http: Http
    clock: Callable[[], datetime]
    settings: Mapping[str, str] = field(default_factory=dict)
    services: Mapping[str, Any] = field(default_factory=dict)


@runtime_checkable
class EventSink(Protocol):
    """Where events go. At least once, by stable ids.

    Attributes:
        name: plugin name.
    """

    name: str

    def enabled(self, context: SinkContext) -> bool:
        """Return whether this installation uses the sink."""

    def destinations(self, event: Event, uow: UnitOfWork, context: SinkContext) -> Iterable[Destination]:
        """Return where an event goes; runs inside the relay's transaction and makes no request."""

    def deliver(self, delivery: Delivery, context: SinkContext) -> Outcome:
        """Bring one delivery to its destination; runs outside any transaction."""
