"""The relay: events become deliveries, deliveries reach their destinations. At least once, by stable ids."""

from __future__ import annotations

import logging
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import ExitStack
from datetime import timedelta
from time import monotonic

from engine.domain.deliveries import Delivery, Destination, EventSink, Outcome, SinkContext, next_try
from engine.domain.errors import PluginError
from engine.domain.events import Event
from engine.domain.unit_of_work import UnitOfWork

log = logging.getLogger(__name__)

Uows = Callable[[], UnitOfWork]
Sinks = Mapping[str, EventSink]

UNROUTED = ""
"""Address of a delivery whose sink could not yet say where the event goes; it is asked again at the time of delivery."""
LEASE_S = 120
"""How long a worker holds a delivery; a worker that dies gives it back after that."""
LEASE_MARGIN = timedelta(seconds=30)
"""A try is not begun with less of the lease left: a request must have ended before another worker may begin."""
LANES = 4
"""Destinations of one sink that are tried at a time, so that a receiver that hangs holds up no other."""
CLAIM = 64
"""Deliveries claimed at a time."""
MOST_HELD = 4 * LANES
"""Deliveries of one sink in hand; what is claimed beyond goes back."""
STUCK_S = 2.0
"""A sink with its hands full that ended no try for so long leaves the rest for `PUT_BACK`."""
PUT_BACK = timedelta(seconds=15)
POLL_S = 0.5


class _SinkFailed(Exception):
    """A sink could not say where events go."""

    def __init__(self, sink: str) -> None:
        super().__init__(sink)
        self.sink = sink


def relay_once(uow_factory: Uows, sinks: Sinks, context: SinkContext, limit: int = 100) -> int:
    """Turn the oldest events into deliveries, in one transaction and without a request.

    A sink that fails to say where an event goes delays no other: its part is stored as unrouted and asked for again.

    Returns:
        How many events were relayed.
    """
    failing: set[str] = set()
    while True:
        try:
            return _relay(uow_factory, sinks, context, limit, failing)
        except _SinkFailed as failure:
            # The transaction may be broken by what failed in it, so it begins again without asking this sink.
            log.warning("sink.destinations_failed", extra={"sink": failure.sink, "error": type(failure.__cause__).__name__})
            failing.add(failure.sink)


def deliver_due(uow_factory: Uows, sinks: Sinks, context: SinkContext, limit: int = 100) -> int:
    """Bring what is due to its destinations, until nothing is due or `limit` were tried.

    Claims and outcomes are short transactions; no transaction is open during a try.

    Returns:
        How many deliveries were tried.
    """
    return _Round(uow_factory, sinks, context).run(limit)


def _relay(uow_factory: Uows, sinks: Sinks, context: SinkContext, limit: int, failing: set[str]) -> int:
    asked = [name for name in sinks if name in failing or _enabled(sinks[name], name, context)]
    with uow_factory() as uow:
        events = uow.outbox.take(limit)
        if not events:
            return 0
        for name in asked:
            wanted = [
                (event, destination)
                for event in events
                for destination in (
                    (Destination(UNROUTED, event.subject),)
                    if name in failing
                    else _destinations(sinks[name], name, event, uow, context)
                )
            ]
            uow.outbox.add_deliveries(name, wanted, context.clock())
        uow.commit()
    return len(events)


def _enabled(sink: EventSink, name: str, context: SinkContext) -> bool:
    try:
        return sink.enabled(context)
    except Exception as error:
        raise _SinkFailed(name) from error


def _destinations(sink: EventSink, name: str, event: Event, uow: UnitOfWork, context: SinkContext) -> Sequence[Destination]:
    try:
        found = list(sink.destinations(event, uow, context))
        if any(destination.address == UNROUTED for destination in found):
            raise PluginError(f"The sink '{name}' names an empty address. Give each destination a name.")
    except Exception as error:
        raise _SinkFailed(name) from error
    return found


class _Round:
    """One round of deliveries: claims, lanes by destination, outcomes."""

    def __init__(self, uow_factory: Uows, sinks: Sinks, context: SinkContext) -> None:
        self._uows = uow_factory
        self._sinks = sinks
        self._context = context
        self._held: Counter[str] = Counter()
        self._moved: dict[str, float] = {}
        self._running: dict[Future[int], Sequence[Delivery]] = {}

    def run(self, limit: int) -> int:
        """Claim and try until nothing is due and nothing runs; return how many were tried."""
        tried, claimed = 0, 0
        with ExitStack() as stack:
            pools: dict[str, ThreadPoolExecutor] = {}
            while True:
                fresh = self._claim(limit - claimed) if claimed < limit else []
                claimed += len(fresh)
                for lane in _lanes(fresh):
                    sink = lane[0].sink
                    if sink not in pools:
                        pools[sink] = stack.enter_context(ThreadPoolExecutor(LANES, thread_name_prefix=f"deliver-{sink}"))
                    if self._held[sink] == 0:
                        self._moved[sink] = monotonic()
                    self._held[sink] += len(lane)
                    self._running[pools[sink].submit(self._try_lane, lane)] = lane
                if not self._running:
                    return tried
                wait(self._running, timeout=POLL_S, return_when=FIRST_COMPLETED)
                tried += self._collect()

    def _collect(self) -> int:
        tried = 0
        for future in [f for f in self._running if f.done()]:
            lane = self._running.pop(future)
            self._held[lane[0].sink] -= len(lane)
            self._moved[lane[0].sink] = monotonic()
            tried += future.result()
        return tried

    def _claim(self, most: int) -> list[Delivery]:
        """Claim what is due; deliveries of a sink that has its hands full go back."""
        now = self._context.clock()
        with self._uows() as uow:
            kept: list[Delivery] = []
            held = self._held.copy()
            for delivery in uow.outbox.due(now, min(most, CLAIM), LEASE_S):
                held[delivery.sink] += 1
                if held[delivery.sink] <= MOST_HELD:
                    kept.append(delivery)
                else:
                    stuck = monotonic() - self._moved.get(delivery.sink, monotonic()) > STUCK_S
                    self._put_back(uow, delivery, PUT_BACK if stuck else timedelta(0))
            uow.commit()
        return kept

    def _put_back(self, uow: UnitOfWork, delivery: Delivery, later: timedelta) -> None:
        now = self._context.clock()
        uow.outbox.settle(
            delivery.id,
            status="waiting",
            attempts=delivery.attempts,
            next_try_at=now + later,
            error=delivery.error,
            now=now,
        )

    def _try_lane(self, lane: Sequence[Delivery]) -> int:
        """Try the deliveries to one destination one after the other; after a failure the rest goes back untried."""
        for number, delivery in enumerate(lane, start=1):
            # Without enough of the lease left the next worker is about to have it.
            if self._context.clock() > delivery.next_try_at - LEASE_MARGIN:
                return number - 1
            outcome = self._try(delivery)
            self._settle(delivery, outcome)
            if outcome.status == "retry":
                with self._uows() as uow:
                    for rest in lane[number:]:
                        self._put_back(uow, rest, PUT_BACK)
                    uow.commit()
                return number
        return len(lane)

    def _try(self, delivery: Delivery) -> Outcome:
        sink = self._sinks.get(delivery.sink)
        if sink is None:
            return Outcome("retry", f"The sink '{delivery.sink}' is not installed. Install it, or delete the delivery.")
        try:
            if not sink.enabled(self._context):
                return Outcome("retry", f"The sink '{delivery.sink}' is switched off. Switch it on in the settings.")
            if delivery.destination == UNROUTED:
                return self._route(sink, delivery)
            return sink.deliver(delivery, self._context)
        except Exception as error:
            # The text of a foreign error may hold personal data; its type does not.
            log.warning("sink.deliver_failed", extra={"sink": delivery.sink, "error": type(error).__name__})
            return Outcome("retry", f"The sink '{delivery.sink}' failed with {type(error).__name__}.")

    def _route(self, sink: EventSink, delivery: Delivery) -> Outcome:
        assert delivery.event is not None
        with self._uows() as uow:
            wanted = [(delivery.event, to) for to in _destinations(sink, delivery.sink, delivery.event, uow, self._context)]
            uow.outbox.add_deliveries(delivery.sink, wanted, self._context.clock())
            uow.commit()
        return Outcome("sent")

    def _settle(self, delivery: Delivery, outcome: Outcome) -> None:
        now = self._context.clock()
        status, attempts, when = outcome.status, delivery.attempts, now
        if outcome.status != "sent":
            attempts += 1
            again = next_try(attempts, now, outcome.after_s) if outcome.status == "retry" else None
            status, when = ("dead", now) if again is None else ("retry", again)
        with self._uows() as uow:
            uow.outbox.settle(
                delivery.id,
                status="waiting" if status == "retry" else status,
                attempts=attempts,
                next_try_at=when,
                error=outcome.error or None,
                now=now,
            )
            uow.commit()


def _lanes(deliveries: Iterable[Delivery]) -> Iterable[Sequence[Delivery]]:
    lanes: defaultdict[tuple[str, str], list[Delivery]] = defaultdict(list)
    for delivery in deliveries:
        lanes[delivery.sink, delivery.destination].append(delivery)
    return lanes.values()
