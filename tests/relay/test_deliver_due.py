"""Deliveries: the schedule, the order, leases, and a dead receiver that delays nobody."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from datetime import timedelta

import pytest
from sqlalchemy import QueuePool, select

from engine import relay
from engine.domain.deliveries import RETRY_S, Delivery, Destination, Outcome
from engine.domain.events import Event
from engine.relay import LEASE_S, MOST_HELD, deliver_due, relay_once
from engine.storage.tables.events import deliveries
from engine.storage.unit_of_work import SqlUnitOfWork, UnitOfWorkFactory
from tests.relay.fakes import Clock, FakeSink, outside
from tests.storage.rows import NOW, event


class House:
    """A relay with one fake sink, a clock and a database."""

    def __init__(self, uow_factory: UnitOfWorkFactory, *sinks: FakeSink) -> None:
        self.uows = uow_factory
        self.clock = Clock()
        self.sinks = {sink.name: sink for sink in sinks}
        self.context = outside(uow_factory, self.clock)

    def tell(self, *events: Event) -> None:
        """Add events and relay them."""
        with self.uows() as uow:
            uow.outbox.add(events)
            uow.commit()
        relay_once(self.uows, self.sinks, self.context)

    def deliver(self, limit: int = 100) -> int:
        """Deliver what is due."""
        return deliver_due(self.uows, self.sinks, self.context, limit)

    def row(self) -> tuple[str, int, str | None]:
        """Return (status, attempts, error) of the only delivery."""
        with self.uows() as uow:
            row = uow.session.execute(select(deliveries.c.status, deliveries.c.attempts, deliveries.c.error)).one()
        return row[0], row[1], row[2]


def test_what_is_due_is_delivered_once(uow_factory: UnitOfWorkFactory) -> None:
    sink = FakeSink()
    house = House(uow_factory, sink)
    events = [event("e1"), event("e1"), event("e2")]
    house.tell(*events)
    assert house.deliver() == 3
    assert sorted(sink.events) == sorted(e.id for e in events)
    assert [e for e in sink.events if e != events[2].id] == [events[0].id, events[1].id]
    assert house.deliver() == 0


def test_the_schedule_of_retries_and_its_end(uow_factory: UnitOfWorkFactory) -> None:
    sink = FakeSink(answer=lambda _delivery: Outcome("retry", "The receiver is away."))
    house = House(uow_factory, sink)
    house.tell(event())
    assert house.deliver() == 1
    for tries, wait_s in enumerate(RETRY_S, start=1):
        assert house.row() == ("waiting", tries, "The receiver is away.")
        house.clock.forward(wait_s - 1)
        assert house.deliver() == 0
        house.clock.forward(1)
        assert house.deliver() == 1
    assert house.row() == ("dead", len(RETRY_S) + 1, "The receiver is away.")
    house.clock.forward(10 * 86_400)
    assert house.deliver() == 0
    assert len(sink.got) == len(RETRY_S) + 1


def test_a_receiver_that_is_away_for_three_days_gets_it_afterwards(uow_factory: UnitOfWorkFactory) -> None:
    back = NOW + timedelta(days=3)
    house = House(uow_factory)
    sink = FakeSink(answer=lambda _delivery: Outcome("sent") if house.clock() >= back else Outcome("retry", "away"))
    house.sinks["fake"] = sink
    house.tell(event())
    for _ in range(24 * 6):
        house.deliver()
        house.clock.forward(3600)
    assert house.row()[0] == "sent"


def test_a_receiver_may_ask_for_more_time(uow_factory: UnitOfWorkFactory) -> None:
    house = House(uow_factory, FakeSink(answer=lambda _delivery: Outcome("retry", "busy", after_s=900)))
    house.tell(event())
    house.deliver()
    house.clock.forward(899)
    assert house.deliver() == 0
    house.clock.forward(1)
    assert house.deliver() == 1


def test_a_refusal_for_good_is_dead_at_once(uow_factory: UnitOfWorkFactory) -> None:
    house = House(uow_factory, FakeSink(answer=lambda _delivery: Outcome("dead", "There is no such address.")))
    house.tell(event())
    assert house.deliver() == 1
    assert house.row() == ("dead", 1, "There is no such address.")


def test_an_exception_is_retried_and_named_by_its_type_alone(
    uow_factory: UnitOfWorkFactory, caplog: pytest.LogCaptureFixture
) -> None:
    house = House(uow_factory, FakeSink(answer=lambda _delivery: ValueError("ada@example.org")))
    house.tell(event())
    assert house.deliver() == 1
    assert house.row() == ("waiting", 1, "The sink 'fake' failed with ValueError.")
    assert "ada@example.org" not in caplog.text
    assert [record.__dict__["error"] for record in caplog.records] == ["ValueError"]


def test_a_success_clears_the_error(uow_factory: UnitOfWorkFactory) -> None:
    sink = FakeSink(answer=lambda _delivery: Outcome("retry", "away"))
    house = House(uow_factory, sink)
    house.tell(event())
    house.deliver()
    sink.answer = lambda _delivery: Outcome("sent")
    house.clock.forward(10)
    house.deliver()
    assert house.row() == ("sent", 1, None)


def test_no_transaction_is_open_during_a_try(uow_factory: UnitOfWorkFactory) -> None:
    house = House(uow_factory)
    pool = uow_factory.engine.pool
    assert isinstance(pool, QueuePool)
    busy: list[int] = []

    def answer(_delivery: Delivery) -> Outcome:
        busy.append(pool.checkedout())
        return Outcome("sent")

    house.sinks["fake"] = FakeSink(answer=answer)
    house.tell(event())
    house.deliver()
    assert busy == [0]


def test_a_worker_that_dies_during_a_try_leaves_it_to_the_next(uow_factory: UnitOfWorkFactory) -> None:
    class Killed(BaseException):
        pass

    house = House(uow_factory)
    deaths = [Killed()]

    def answer(_delivery: Delivery) -> Outcome:
        if deaths:
            raise deaths.pop()
        return Outcome("sent")

    sink = FakeSink(answer=answer)
    house.sinks["fake"] = sink
    told = event()
    house.tell(told)
    with pytest.raises(Killed):
        house.deliver()
    assert house.deliver() == 0
    house.clock.forward(LEASE_S)
    assert house.deliver() == 1
    assert sink.events == [told.id, told.id]


def test_a_crash_after_sending_sends_again_under_the_same_id(
    uow_factory: UnitOfWorkFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    sink = FakeSink()
    house = House(uow_factory, sink)
    told = event()
    house.tell(told)
    commit = SqlUnitOfWork.commit
    calls: list[int] = []

    def die_at_the_second(self: SqlUnitOfWork) -> None:
        calls.append(1)
        if len(calls) == 2:
            raise Killed
        commit(self)

    with monkeypatch.context() as patch:
        patch.setattr(SqlUnitOfWork, "commit", die_at_the_second)
        with pytest.raises(Killed):
            house.deliver()
    house.clock.forward(LEASE_S)
    house.deliver()
    assert sink.events == [told.id, told.id]
    assert house.row()[0] == "sent"


def test_one_key_waits_behind_its_failure_and_others_do_not(uow_factory: UnitOfWorkFactory) -> None:
    first, second, other = event("e1"), event("e1"), event("e2")
    broken = [True]

    def answer(delivery: Delivery) -> Outcome:
        stuck = broken[0] and delivery.order_key == "e1"
        return Outcome("retry", "away") if stuck else Outcome("sent")

    sink = FakeSink(answer=answer, route=lambda told: [Destination(f"for-{told.subject}", told.subject)])
    house = House(uow_factory, sink)
    house.tell(first, second, other)
    house.deliver()
    assert sorted(sink.events) == sorted([first.id, other.id])
    broken[0] = False
    house.clock.forward(10)
    house.deliver()
    assert [e for e in sink.events if e != other.id] == [first.id, first.id, second.id]


def test_after_a_failure_the_rest_for_that_address_goes_back_untried(uow_factory: UnitOfWorkFactory) -> None:
    sink = FakeSink(answer=lambda _delivery: Outcome("retry", "away"))
    house = House(uow_factory, sink)
    house.tell(*(event(f"e{n}") for n in range(5)))
    assert house.deliver() == 1
    with uow_factory() as uow:
        rows = uow.session.execute(select(deliveries.c.attempts, deliveries.c.next_try_at)).all()
    assert sorted(row[0] for row in rows) == [0, 0, 0, 0, 1]
    assert all(row[1] > house.clock() for row in rows)


def test_a_receiver_that_hangs_delays_no_other(uow_factory: UnitOfWorkFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relay, "STUCK_S", 0.2)
    monkeypatch.setattr(relay, "POLL_S", 0.05)
    released, arrived = threading.Event(), threading.Event()

    def route(told: Event) -> Iterable[Destination]:
        return [Destination(f"for-{told.subject}", told.subject)]

    def hang(_delivery: Delivery) -> Outcome:
        assert released.wait(60)
        return Outcome("sent")

    def arrive(_delivery: Delivery) -> Outcome:
        arrived.set()
        return Outcome("sent")

    dead, alive = FakeSink("dead", route=route, answer=hang), FakeSink("alive", on=False, answer=arrive)
    house = House(uow_factory, dead, alive)
    # More receivers that hang than there are hands for one sink, and than a round may try.
    house.tell(*(event(f"e{n}") for n in range(MOST_HELD + 90)))
    worker = threading.Thread(target=house.deliver, args=(MOST_HELD + 10,))
    worker.start()
    try:
        alive.on = True
        house.tell(event("later"))
        assert arrived.wait(30)
    finally:
        released.set()
        worker.join(60)
    assert not worker.is_alive()


def test_a_switched_off_or_missing_sink_is_retried_and_says_so(uow_factory: UnitOfWorkFactory) -> None:
    sink = FakeSink()
    house = House(uow_factory, sink)
    house.tell(event())
    sink.on = False
    house.deliver()
    assert house.row()[:2] == ("waiting", 1)
    assert "switched off" in str(house.row()[2])
    house.sinks.clear()
    house.clock.forward(10)
    house.deliver()
    assert "not installed" in str(house.row()[2])


def test_a_coalesced_wish_during_the_try_is_sent_again(uow_factory: UnitOfWorkFactory) -> None:
    house = House(uow_factory)
    more = [event("e1")]

    def answer(_delivery: Delivery) -> Outcome:
        if more:
            with uow_factory() as uow:
                told = more.pop()
                uow.outbox.add([told])
                uow.outbox.take(10)
                uow.outbox.add_deliveries("fake", [(told, Destination("target", "target", coalesce=True))], NOW)
                uow.commit()
        return Outcome("sent")

    sink = FakeSink(answer=answer, route=lambda _told: [Destination("target", "target", coalesce=True)])
    house.sinks["fake"] = sink
    house.tell(event("e1"), event("e1"))
    assert house.deliver() == 2
    assert [d.event for d in sink.got] == [None, None]


def test_a_long_queue_for_one_address_is_emptied_in_one_round(uow_factory: UnitOfWorkFactory) -> None:
    sink = FakeSink()
    house = House(uow_factory, sink)
    events = [event(f"e{n % 50}") for n in range(120)]
    house.tell(*events[:60])
    house.tell(*events[60:])
    assert house.deliver(1000) == 120
    for subject in {e.subject for e in events}:
        assert [d.event.id for d in sink.got if d.event and d.event.subject == subject] == [
            e.id for e in events if e.subject == subject
        ]


def test_the_limit_bounds_a_round(uow_factory: UnitOfWorkFactory) -> None:
    sink = FakeSink()
    house = House(uow_factory, sink)
    house.tell(*(event(f"e{n}") for n in range(7)))
    assert [house.deliver(3), house.deliver(3), house.deliver(3)] == [3, 3, 1]
