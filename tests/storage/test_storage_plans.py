"""Weekly plans and the links that calendars follow, on both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from engine.domain.plan import Spent, WeeklyPlan
from engine.storage.unit_of_work import UnitOfWorkFactory
from tests.storage.rows import NOW, later, presentation, response, seed


def test_a_plan_is_kept_one_an_enrolment_beside_the_time_that_was_spent(uow_factory: UnitOfWorkFactory) -> None:
    world = seed(uow_factory)
    key = world.enrolment.id
    with uow_factory() as uow:
        assert uow.plans.get(key, NOW, NOW) == (None, Spent())
        for plan in (WeeklyPlan(60, (0, 2)), WeeklyPlan(90, (5, 6), date(2026, 3, 9))):
            uow.plans.save(key, plan, NOW)
        uow.commit()
    with uow_factory() as uow:
        assert uow.plans.get(key, NOW, NOW) == (plan, Spent())
        assert uow.plans.get("someone-else", NOW, NOW) == (None, Spent())


def test_the_time_spent_counts_from_each_moment_and_unknown_times_count_nothing(uow_factory: UnitOfWorkFactory) -> None:
    north, south = seed(uow_factory), seed(uow_factory, "south")
    with uow_factory() as uow:
        rows = ((north, 1, 0, 10.0), (north, 2, 100, 5.5), (north, 3, 200, None), (south, 1, 300, 7.0))
        for world, seq, at_s, active_s in rows:
            shown = uow.record.add_presentation(presentation(world.enrolment.id, decided_seq=seq - 1))
            answer = replace(response(shown, seq), answered_at=later(at_s), active_s=active_s)
            uow.record.add_response(world.enrolment.id, answer, answer={}, reply={}, misconception=None)
        uow.commit()
    with uow_factory() as uow:
        assert uow.plans.get(north.enrolment.id, later(100), NOW) == (None, Spent(today_s=5.5, week_s=15.5))


def test_a_link_that_is_followed_stays_until_it_is_revoked_or_over(uow_factory: UnitOfWorkFactory) -> None:
    with uow_factory() as uow:
        uow.access.add_link("calendar", "hash-1", "subject", later(60), NOW)
        uow.access.add_link("calendar", "hash-2", "other", later(60), NOW)
        uow.commit()
    with uow_factory() as uow:
        assert uow.access.find_link("calendar", "hash-1", NOW) == "subject"
        assert uow.access.find_link("calendar", "hash-1", NOW) == "subject"
        assert uow.access.find_link("admin", "hash-1", NOW) is None
        assert uow.access.find_link("calendar", "hash-1", later(60)) is None
        assert uow.access.link_made("calendar", "subject", NOW) == NOW
        assert uow.access.revoke_links("calendar", "subject", later(1)) == 1
        assert uow.access.revoke_links("calendar", "subject", later(1)) == 0
        assert uow.access.find_link("calendar", "hash-1", later(2)) is None
        assert uow.access.link_made("calendar", "subject", later(2)) is None
        assert uow.access.find_link("calendar", "hash-2", later(2)) == "other"
