"""The relay turns events into deliveries: every event, to every sink, at least once and stored once."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select

from engine.domain.deliveries import Destination
from engine.domain.events import Event
from engine.relay import UNROUTED, deliver_due, relay_once
from engine.storage.tables.events import deliveries
from engine.storage.unit_of_work import SqlUnitOfWork, UnitOfWorkFactory
from tests.relay.fakes import Clock, FakeSink, outside
from tests.storage.rows import event


def add(uow_factory: UnitOfWorkFactory, events: Sequence[Event]) -> None:
    """Store events as a use case does."""
    with uow_factory() as uow:
        uow.outbox.add(events)
        uow.commit()


def stored(uow_factory: UnitOfWorkFactory) -> list[tuple[str, str, str | None]]:
    """Return (sink, destination, event) of all deliveries."""
    with uow_factory() as uow:
        rows = uow.session.execute(select(deliveries.c.sink, deliveries.c.destination, deliveries.c.event_id))
        return sorted((row[0], row[1], row[2]) for row in rows)


def test_every_event_goes_to_every_enabled_sink(uow_factory: UnitOfWorkFactory) -> None:
    events = [event(f"e{n}") for n in range(3)]
    add(uow_factory, events)
    sinks = {"a": FakeSink("a"), "b": FakeSink("b"), "off": FakeSink("off", on=False)}
    assert relay_once(uow_factory, sinks, outside(uow_factory, Clock())) == 3
    assert stored(uow_factory) == sorted((s, "there", e.id) for s in "ab" for e in events)
    assert relay_once(uow_factory, sinks, outside(uow_factory, Clock())) == 0


def test_the_limit_bounds_one_transaction(uow_factory: UnitOfWorkFactory) -> None:
    events = [event() for _ in range(5)]
    add(uow_factory, events)
    sink = FakeSink()
    counts = [relay_once(uow_factory, {"fake": sink}, outside(uow_factory, Clock()), limit=2) for _ in range(4)]
    assert counts == [2, 2, 1, 0]


def test_a_sink_may_want_an_event_nowhere_or_in_several_places(uow_factory: UnitOfWorkFactory) -> None:
    quiet, loud = event("quiet"), event("loud")

    def route(told: Event) -> Iterable[Destination]:
        return [Destination(f"d{n}", "k") for n in range(2)] if told.subject == "loud" else []

    add(uow_factory, [quiet, loud])
    assert relay_once(uow_factory, {"fake": FakeSink(route=route)}, outside(uow_factory, Clock())) == 2
    assert stored(uow_factory) == [("fake", "d0", loud.id), ("fake", "d1", loud.id)]


class _Crash(BaseException):
    """The process dies."""


def test_a_crash_before_the_commit_loses_nothing_and_doubles_nothing(
    uow_factory: UnitOfWorkFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = event()
    add(uow_factory, [told])
    sink = FakeSink()
    with monkeypatch.context() as patch:

        def die(_self: SqlUnitOfWork) -> None:
            raise _Crash

        patch.setattr(SqlUnitOfWork, "commit", die)
        with pytest.raises(_Crash):
            relay_once(uow_factory, {"fake": sink}, outside(uow_factory, Clock()))
    assert stored(uow_factory) == []
    assert relay_once(uow_factory, {"fake": sink}, outside(uow_factory, Clock())) == 1
    assert stored(uow_factory) == [("fake", "there", told.id)]


def test_a_sink_that_fails_to_route_delays_no_other_and_loses_nothing(uow_factory: UnitOfWorkFactory) -> None:
    told = event()
    broken = [True]

    def route(_told: Event) -> Iterable[Destination]:
        if broken[0]:
            raise KeyError("a name")
        return [Destination("there", "k")]

    add(uow_factory, [told])
    clock = Clock()
    sinks = {"bad": FakeSink("bad", route=route), "good": FakeSink("good")}
    context = outside(uow_factory, clock)
    assert relay_once(uow_factory, sinks, context) == 1
    assert stored(uow_factory) == [("bad", UNROUTED, told.id), ("good", "there", told.id)]
    deliver_due(uow_factory, sinks, context)
    assert (sinks["bad"].got, sinks["good"].events) == ([], [told.id])
    broken[0] = False
    clock.forward(10)
    deliver_due(uow_factory, sinks, context)
    assert sinks["bad"].events == [told.id]


def test_a_sink_that_breaks_the_transaction_delays_no_other(uow_factory: UnitOfWorkFactory) -> None:
    told = event()
    add(uow_factory, [told])

    class Breaking(FakeSink):
        def destinations(self, event: Event, uow: SqlUnitOfWork, context: object) -> Iterable[Destination]:  # type: ignore[override] # sinks of the house get this kind of unit
            uow.session.execute(select(deliveries.c.id).where(deliveries.c.created_at == "no instant"))
            return []

    sinks = {"bad": Breaking("bad"), "good": FakeSink("good")}
    assert relay_once(uow_factory, sinks, outside(uow_factory, Clock())) == 1
    assert stored(uow_factory) == [("bad", UNROUTED, told.id), ("good", "there", told.id)]


def test_an_empty_address_is_refused(uow_factory: UnitOfWorkFactory) -> None:
    add(uow_factory, [event()])
    clock = Clock()
    sinks = {"fake": FakeSink(route=lambda _event: [Destination("", "k")])}
    context = outside(uow_factory, clock)
    relay_once(uow_factory, sinks, context)
    deliver_due(uow_factory, sinks, context)
    assert sinks["fake"].got == []


def test_relays_at_once_store_each_delivery_once(uow_factory: UnitOfWorkFactory) -> None:
    events = [event(f"e{n % 4}") for n in range(48)]
    add(uow_factory, events)
    sinks = {"fake": FakeSink()}

    def work(_number: int) -> int:
        total = 0
        while True:
            count = relay_once(uow_factory, sinks, outside(uow_factory, Clock()), limit=5)
            total += count
            if count == 0:
                return total

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(work, range(4))) == 48
    assert stored(uow_factory) == sorted(("fake", "there", e.id) for e in events)


@pytest.mark.parametrize("seed", range(6))
def test_whatever_fails_every_event_arrives_in_order(uow_factory: UnitOfWorkFactory, seed: int) -> None:
    """Random failures of routing, delivering and committing: each event arrives, first arrivals in the subject's order."""
    dice = random.Random(seed)
    clock = Clock()

    def flaky(_delivery: object) -> RuntimeError | None:
        return RuntimeError("now and then") if dice.random() < 0.3 else None

    sink = FakeSink()
    plain = sink.answer
    sink.answer = lambda delivery: flaky(delivery) or plain(delivery)
    subjects = ["e1", "e2", "e3"]
    wanted: dict[str, list[str]] = {s: [] for s in subjects}
    context = outside(uow_factory, clock)
    for _ in range(8):
        batch = [event(dice.choice(subjects)) for _ in range(dice.randint(0, 4))]
        add(uow_factory, batch)
        for told in batch:
            wanted[told.subject].append(told.id)
        relay_once(uow_factory, {"fake": sink}, context, limit=dice.randint(1, 4))
        deliver_due(uow_factory, {"fake": sink}, context, limit=dice.randint(1, 5))
        clock.forward(dice.choice([1, 30, 400]))
    sink.answer = plain
    while relay_once(uow_factory, {"fake": sink}, context):
        pass
    for _ in range(12):
        clock.forward(86_400)
        deliver_due(uow_factory, {"fake": sink}, context)
    arrived = {s: [d.event.id for d in sink.got if d.event and d.event.subject == s] for s in subjects}
    assert {s: list(dict.fromkeys(ids)) for s, ids in arrived.items()} == wanted
