"""Outbox and deliveries, on both databases: claimed once, in order, coalesced, never lost."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import datetime
from threading import Barrier

import pytest
from sqlalchemy import select, text

from engine.domain.deliveries import Delivery, Destination
from engine.domain.errors import NotFound
from engine.domain.events import Event
from engine.storage.tables.events import deliveries, outbox
from engine.storage.unit_of_work import SqlUnitOfWork, UnitOfWorkFactory
from tests.storage.rows import NOW, event, later

LEASE_S = 60


def relayed(uow_factory: UnitOfWorkFactory, *wanted: tuple[Event, Destination], sink: str = "s") -> int:
    """Store events and their deliveries as the relay does; return how many deliveries are new."""
    with uow_factory() as uow:
        uow.outbox.add([e for e, _ in wanted])
        uow.outbox.take(1000)
        count = uow.outbox.add_deliveries(sink, wanted, NOW)
        uow.commit()
    return count


def claim(uow_factory: UnitOfWorkFactory, now: datetime = NOW, limit: int = 100) -> Sequence[Delivery]:
    """Claim what is due."""
    with uow_factory() as uow:
        due = uow.outbox.due(now, limit, LEASE_S)
        uow.commit()
    return due


def settle(uow_factory: UnitOfWorkFactory, delivery: Delivery, status: str, now: datetime = NOW, *, at: datetime = NOW) -> None:
    """Store an outcome; `at` is the next try."""
    with uow_factory() as uow:
        uow.outbox.settle(delivery.id, status=status, attempts=1, next_try_at=at, error="refused", now=now)
        uow.commit()


def test_events_are_taken_once_in_order(uow_factory: UnitOfWorkFactory) -> None:
    events = [event(f"e{n}") for n in range(5)]
    with uow_factory() as uow:
        uow.outbox.add(events[:3])
        uow.outbox.add(events[2:])
        uow.outbox.add([])
        uow.commit()
    with uow_factory() as uow:
        assert uow.outbox.take(2) == events[:2]
        uow.commit()
    with uow_factory() as uow:
        assert uow.outbox.take(10) == events[2:]


def plan_by_nested_loops(uow: SqlUnitOfWork) -> None:
    """Make PostgreSQL plan as it does for tables it takes for empty: an inner query is then run once a row."""
    if uow.session.dialect.name == "postgresql":
        for way in ("hashjoin", "mergejoin", "hashagg", "sort", "material"):
            uow.session.execute(text(f"SET LOCAL enable_{way} = off"))


def test_no_plan_takes_more_than_the_limit(uow_factory: UnitOfWorkFactory) -> None:
    events = [event(f"e{n}") for n in range(5)]
    relayed(uow_factory, *((e, Destination("there", e.subject)) for e in events))
    with uow_factory() as uow:
        uow.outbox.add([event() for _ in range(5)])
        uow.commit()
    with uow_factory() as uow:
        plan_by_nested_loops(uow)
        assert len(uow.outbox.take(2)) == 2
        assert len(uow.outbox.due(NOW, 2, 60)) == 2


def test_events_whose_relay_did_not_commit_are_taken_again(uow_factory: UnitOfWorkFactory) -> None:
    first = event()
    with uow_factory() as uow:
        uow.outbox.add([first])
        uow.commit()
    for _ in range(2):
        with uow_factory() as uow:
            assert uow.outbox.take(10) == [first]


def test_an_event_of_a_transaction_that_failed_was_never_there(uow_factory: UnitOfWorkFactory) -> None:
    def fail() -> None:
        with uow_factory() as uow:
            uow.outbox.add([event()])
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    with uow_factory() as uow:
        assert uow.outbox.take(10) == []


def test_relays_at_once_skip_what_another_holds(uow_factory: UnitOfWorkFactory) -> None:
    if uow_factory.engine.dialect.name == "sqlite":
        pytest.skip("SQLite has one writer at a time: the second relay waits, and then finds nothing")
    events = [event(f"e{n}") for n in range(6)]
    with uow_factory() as uow:
        uow.outbox.add(events)
        uow.commit()
    with uow_factory() as one, uow_factory() as two:
        assert one.outbox.take(4) == events[:4]
        assert two.outbox.take(4) == events[4:]


def test_many_relays_take_every_event_once(uow_factory: UnitOfWorkFactory) -> None:
    events = [event(f"e{n}") for n in range(60)]
    with uow_factory() as uow:
        uow.outbox.add(events)
        uow.commit()
    gate = Barrier(6)

    def work(_number: int) -> list[str]:
        gate.wait()
        taken: list[str] = []
        while True:
            with uow_factory() as uow:
                batch = uow.outbox.take(3)
                uow.commit()
            if not batch:
                return taken
            taken += [e.id for e in batch]

    with ThreadPoolExecutor(6) as pool:
        taken = [event_id for part in pool.map(work, range(6)) for event_id in part]
    assert sorted(taken) == sorted(e.id for e in events)


def test_a_delivery_carries_its_event(uow_factory: UnitOfWorkFactory) -> None:
    told = event()
    assert relayed(uow_factory, (told, Destination("there", "key"))) == 1
    (due,) = claim(uow_factory)
    assert (due.event, due.sink, due.destination, due.order_key) == (told, "s", "there", "key")
    assert (due.status, due.attempts, due.error, due.created_at) == ("waiting", 0, None, NOW)
    assert due.next_try_at == later(LEASE_S)


def test_the_same_destination_of_an_event_is_stored_once(uow_factory: UnitOfWorkFactory) -> None:
    told = event()
    to = Destination("there", "key")
    assert relayed(uow_factory, (told, to), (told, to), (told, Destination("elsewhere", "key"))) == 2
    assert relayed(uow_factory, (told, to)) == 0
    assert relayed(uow_factory, (told, to), sink="other") == 1


def test_an_event_that_is_not_in_the_outbox_is_refused(uow_factory: UnitOfWorkFactory) -> None:
    with uow_factory() as uow, pytest.raises(NotFound, match="outbox"):
        uow.outbox.add_deliveries("s", [(event(), Destination("there", "key"))], NOW)


def test_a_claimed_delivery_is_not_claimed_again_before_its_lease_ends(uow_factory: UnitOfWorkFactory) -> None:
    relayed(uow_factory, (event(), Destination("there", "key")))
    (first,) = claim(uow_factory)
    assert claim(uow_factory, later(LEASE_S - 1)) == ()
    (again,) = claim(uow_factory, later(LEASE_S))
    assert again.id == first.id


def test_workers_at_once_claim_every_delivery_once(uow_factory: UnitOfWorkFactory) -> None:
    relayed(uow_factory, *((event(f"e{n}"), Destination("there", f"key{n}")) for n in range(40)))
    gate = Barrier(5)

    def work(_number: int) -> list[str]:
        gate.wait()
        return [d.id for _ in range(6) for d in claim(uow_factory, limit=3)]

    with ThreadPoolExecutor(5) as pool:
        claimed = [delivery_id for part in pool.map(work, range(5)) for delivery_id in part]
    assert len(claimed) == len(set(claimed)) == 40


def test_one_key_leaves_one_after_the_other(uow_factory: UnitOfWorkFactory) -> None:
    events = [event() for _ in range(3)]
    relayed(uow_factory, *((e, Destination("there", "key")) for e in events))
    for number, told in enumerate(events):
        (due,) = claim(uow_factory, later(number))
        assert due.event == told
        assert claim(uow_factory, later(number)) == ()
        settle(uow_factory, due, "sent", later(number))
    assert claim(uow_factory, later(9)) == ()


def test_workers_at_once_never_hold_two_of_a_key(uow_factory: UnitOfWorkFactory) -> None:
    relayed(uow_factory, *((event(), Destination("there", "key")) for _ in range(30)))
    gate = Barrier(5)

    def work(_number: int) -> list[int]:
        gate.wait()
        return [len(claim(uow_factory)) for _ in range(4)]

    with ThreadPoolExecutor(5) as pool:
        assert sum(sum(part) for part in pool.map(work, range(5))) == 1


def test_a_dead_one_that_is_woken_waits_for_the_one_a_worker_is_about_to_hold(uow_factory: UnitOfWorkFactory) -> None:
    relayed(uow_factory, *((event(), Destination("there", "key")) for _ in range(2)))
    (dead,) = claim(uow_factory)
    settle(uow_factory, dead, "dead")

    def wake_and_claim() -> Sequence[Delivery]:
        with uow_factory() as uow:
            assert uow.outbox.wake(dead.id, NOW)
            uow.commit()
        return claim(uow_factory)

    with ThreadPoolExecutor(1) as pool, uow_factory() as holder:
        assert len(holder.outbox.due(NOW, 9, LEASE_S)) == 1
        other = pool.submit(wake_and_claim)
        # Long enough for the other worker to see a claim that is not committed yet.
        wait([other], timeout=1)
        holder.commit()
        assert other.result(timeout=30) == ()


def test_a_key_waits_for_its_first_while_others_go_on(uow_factory: UnitOfWorkFactory) -> None:
    stuck, behind, free = event(), event(), event("e2")
    to = Destination("there", "key")
    relayed(uow_factory, (stuck, to), (behind, to), (free, Destination("there", "other")))
    first = claim(uow_factory)
    assert [d.event for d in first] == [stuck, free]
    settle(uow_factory, first[0], "waiting", at=later(300))
    settle(uow_factory, first[1], "sent")
    assert claim(uow_factory, later(299)) == ()
    (retried,) = claim(uow_factory, later(300))
    assert (retried.event, retried.attempts, retried.error) == (stuck, 1, "refused")
    settle(uow_factory, retried, "dead", later(300))
    assert [d.event for d in claim(uow_factory, later(301))] == [behind]


def test_the_same_key_of_another_sink_is_another_key(uow_factory: UnitOfWorkFactory) -> None:
    told = event()
    relayed(uow_factory, (told, Destination("there", "key")))
    relayed(uow_factory, (told, Destination("there", "key")), sink="other")
    assert {d.sink for d in claim(uow_factory)} == {"s", "other"}


def test_a_later_event_never_overtakes_one_that_is_not_relayed_yet(uow_factory: UnitOfWorkFactory) -> None:
    early, late, stranger = event("e1"), event("e1"), event("e2")
    to = Destination("there", "key")
    with uow_factory() as uow:
        uow.outbox.add([early, late, stranger])
        # As after a second relay that was faster than the first.
        uow.outbox.add_deliveries("s", [(late, to), (stranger, Destination("there", "other"))], NOW)
        uow.commit()
    assert [d.event for d in claim(uow_factory)] == [stranger]
    relayed(uow_factory, (early, to))
    (first,) = claim(uow_factory)
    assert first.event == early


def test_a_coalesced_delivery_is_stored_once_and_has_no_event(uow_factory: UnitOfWorkFactory) -> None:
    to = Destination("target", "target", coalesce=True)
    assert relayed(uow_factory, (event(), to), (event(), to)) == 1
    assert relayed(uow_factory, (event(), to)) == 0
    (due,) = claim(uow_factory)
    assert due.event is None
    settle(uow_factory, due, "sent")
    assert claim(uow_factory, later(1)) == ()
    assert relayed(uow_factory, (event(), to)) == 1


def test_a_wish_made_during_a_try_is_tried_again(uow_factory: UnitOfWorkFactory) -> None:
    to = Destination("target", "target", coalesce=True)
    relayed(uow_factory, (event(), to))
    (due,) = claim(uow_factory)
    assert relayed(uow_factory, (event(), to)) == 0
    settle(uow_factory, due, "sent", later(2))
    (again,) = claim(uow_factory, later(2))
    assert (again.id, again.attempts) == (due.id, 0)
    settle(uow_factory, again, "sent", later(3))
    assert claim(uow_factory, later(4)) == ()


def test_a_dead_coalesced_delivery_makes_room_for_a_new_one(uow_factory: UnitOfWorkFactory) -> None:
    to = Destination("target", "target", coalesce=True)
    relayed(uow_factory, (event(), to))
    (dead,) = claim(uow_factory)
    settle(uow_factory, dead, "dead")
    assert relayed(uow_factory, (event(), to)) == 1
    with uow_factory() as uow:
        assert uow.outbox.wake(dead.id, later(1)) is True
        uow.commit()
    (woken,) = claim(uow_factory, later(1))
    assert woken.id != dead.id


def test_a_dead_delivery_that_is_woken_begins_anew(uow_factory: UnitOfWorkFactory) -> None:
    relayed(uow_factory, (event(), Destination("there", "key")))
    (dead,) = claim(uow_factory)
    settle(uow_factory, dead, "dead")
    assert claim(uow_factory, later(9999)) == ()
    with uow_factory() as uow:
        assert uow.outbox.wake(dead.id, later(5)) is True
        uow.commit()
    (woken,) = claim(uow_factory, later(5))
    assert (woken.id, woken.attempts) == (dead.id, 0)


def test_waking_a_waiting_delivery_makes_it_due(uow_factory: UnitOfWorkFactory) -> None:
    relayed(uow_factory, (event(), Destination("there", "key")))
    (due,) = claim(uow_factory)
    settle(uow_factory, due, "waiting", at=later(5000))
    with uow_factory() as uow:
        assert uow.outbox.wake(due.id, later(5)) is True
        uow.commit()
    (woken,) = claim(uow_factory, later(5))
    assert woken.attempts == 1


def test_waking_what_is_being_tried_leaves_it_its_lease(uow_factory: UnitOfWorkFactory) -> None:
    relayed(uow_factory, (event(), Destination("there", "key")))
    (due,) = claim(uow_factory)
    with uow_factory() as uow:
        assert uow.outbox.wake(due.id, later(5)) is True
        uow.commit()
    assert claim(uow_factory, later(5)) == ()


def test_there_is_nothing_to_wake_in_what_was_sent_or_never_there(uow_factory: UnitOfWorkFactory) -> None:
    relayed(uow_factory, (event(), Destination("there", "key")))
    (due,) = claim(uow_factory)
    settle(uow_factory, due, "sent")
    with uow_factory() as uow:
        assert uow.outbox.wake(due.id, NOW) is False
        assert uow.outbox.wake("nothing", NOW) is False


def test_what_was_sent_stays_sent(uow_factory: UnitOfWorkFactory) -> None:
    relayed(uow_factory, (event(), Destination("there", "key")))
    (due,) = claim(uow_factory)
    settle(uow_factory, due, "sent")
    settle(uow_factory, due, "waiting")
    assert claim(uow_factory, later(9)) == ()


def test_the_sweep_keeps_what_waits_and_what_a_delivery_needs(uow_factory: UnitOfWorkFactory) -> None:
    sent, dead, waiting, told_to_nobody = (event(f"e{n}") for n in range(4))
    relayed(uow_factory, *((e, Destination(f"to-{e.subject}", e.subject)) for e in (sent, dead, waiting)))
    for delivery in claim(uow_factory):
        if delivery.event in (sent, dead):
            settle(uow_factory, delivery, "sent" if delivery.event == sent else "dead")
    with uow_factory() as uow:
        uow.outbox.add([told_to_nobody])
        uow.outbox.take(1)
        uow.commit()
    with uow_factory() as uow:
        uow.outbox.add([event("not relayed yet")])
        uow.commit()

    def swept(before: datetime, limit: int = 100) -> int:
        with uow_factory() as uow:
            count = uow.outbox.sweep(before, limit)
            uow.commit()
        return count

    # Events are relayed at the database's time, deliveries settled at the test's.
    long_after = later(10 * 365 * 86_400)
    assert swept(NOW) == 0
    assert swept(long_after, limit=1) == 2
    assert [swept(long_after, limit=10) for _ in range(2)] == [3, 0]
    with uow_factory() as uow:
        assert [row.subject for row in uow.session.execute(select(outbox).order_by(outbox.c.id))] == ["e2", "not relayed yet"]
        assert uow.session.scalars(select(deliveries.c.status)).all() == ["waiting"]
