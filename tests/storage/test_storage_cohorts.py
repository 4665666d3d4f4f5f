"""Cohorts and memberships, on both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from engine.domain.errors import NotFound
from engine.storage.repositories import cohorts as repository
from engine.storage.unit_of_work import UnitOfWorkFactory
from tests.storage.rows import COURSE, NOW, begin, later, new_id, seed


def test_a_cohort_is_found_by_tenant_key_and_course(uow_factory: UnitOfWorkFactory) -> None:
    north, south = seed(uow_factory), seed(uow_factory, "south")
    with uow_factory() as uow:
        assert uow.cohorts.find("north", "context:7", COURSE) == north.cohort
        assert uow.cohorts.find("south", "context:7", COURSE) == south.cohort
        assert uow.cohorts.find("north", "context:8", COURSE) is None
        assert uow.cohorts.find("north", "context:7", "charts") is None


def test_another_tenants_cohort_is_not_found(uow_factory: UnitOfWorkFactory) -> None:
    north = seed(uow_factory)
    seed(uow_factory, "south")
    with uow_factory() as uow:
        assert uow.cohorts.get(north.cohort.id, "north") == north.cohort
        with pytest.raises(NotFound):
            uow.cohorts.get(north.cohort.id, "south")


def test_the_first_cohort_of_a_key_stays(uow_factory: UnitOfWorkFactory) -> None:
    world = seed(uow_factory)
    with uow_factory() as uow:
        assert uow.cohorts.add(replace(world.cohort, id=new_id(), title="Second"), NOW) == world.cohort


def test_settings_come_back_as_they_were_stored(uow_factory: UnitOfWorkFactory) -> None:
    world = seed(uow_factory)
    other = seed(uow_factory, "south")
    settings: dict[str, Any] = {
        "contract": ("m1", "m3"),
        "confirmed_at": later(5),
        "starts_on": date(2026, 3, 1),
        "ends_on": None,
        "grade_policy": "mastery",
        "locks": ("mode",),
    }
    with uow_factory() as uow:
        uow.cohorts.update(world.cohort.id, **settings)
        uow.commit()
    with uow_factory() as uow:
        assert uow.cohorts.get(world.cohort.id, "north") == replace(world.cohort, **settings)
        assert uow.cohorts.get(other.cohort.id, "south") == other.cohort
        with pytest.raises(NotFound):
            uow.cohorts.update("nowhere", **settings)


def test_an_empty_contract_is_not_the_whole_course(uow_factory: UnitOfWorkFactory) -> None:
    world = seed(uow_factory)
    with uow_factory() as uow:
        for contract in ((), None):
            uow.cohorts.update(
                world.cohort.id,
                contract=contract,
                confirmed_at=None,
                starts_on=None,
                ends_on=None,
                grade_policy="none",
                locks=(),
            )
            assert uow.cohorts.get(world.cohort.id, "north").contract == contract


def test_joining_twice_is_one_membership_that_is_up_to_date(uow_factory: UnitOfWorkFactory) -> None:
    world = seed(uow_factory)
    who = (world.cohort.id, world.person.id)
    with uow_factory() as uow:
        first = uow.cohorts.join(*who, "learner", preview=False, source="launch", now=NOW)
        again = uow.cohorts.join(*who, "instructor", preview=True, source="launch", now=later(9))
    assert again == replace(first, role="instructor", preview=True, seen_at=later(9))


def test_a_roster_does_not_say_when_a_person_was_seen(uow_factory: UnitOfWorkFactory) -> None:
    world = seed(uow_factory)
    with uow_factory() as uow:
        who = uow.people.upsert("north", "new", name=None, email=None, locale=None, now=NOW)
        listed = uow.cohorts.join(world.cohort.id, who.id, "learner", preview=False, source="roster", now=NOW)
        assert listed.seen_at is None
        launched = uow.cohorts.join(world.cohort.id, who.id, "learner", preview=True, source="launch", now=later(5))
        assert launched.seen_at == later(5)
        relisted = uow.cohorts.join(world.cohort.id, who.id, "learner", preview=False, source="roster", now=later(9))
        assert (relisted.seen_at, relisted.preview) == (later(5), True)


def test_a_dropped_member_who_launches_is_active_again(uow_factory: UnitOfWorkFactory) -> None:
    world = seed(uow_factory)
    with uow_factory() as uow:
        assert uow.cohorts.set_status(world.cohort.id, [world.person.id], "dropped", NOW) == 1
        back = uow.cohorts.join(world.cohort.id, world.person.id, "learner", preview=False, source="launch", now=later(1))
        assert back.status == "active"


def test_flagging_counts_what_changed_and_stays_in_its_cohort(
    uow_factory: UnitOfWorkFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(repository, "CHUNK", 5)
    world, other = seed(uow_factory), seed(uow_factory, "south")
    with uow_factory() as uow:
        members = [begin(uow, world.cohort, f"m{n}").enrolment.person_id for n in range(12)]
        everyone = [*members, other.person.id, "stranger"]
        assert uow.cohorts.set_status(world.cohort.id, everyone, "dropped", NOW) == 12
        assert uow.cohorts.set_status(world.cohort.id, everyone, "dropped", NOW) == 0
        assert uow.cohorts.set_status(world.cohort.id, members[:3], "active", NOW) == 3
        assert uow.cohorts.set_status(world.cohort.id, [], "dropped", NOW) == 0
        assert len(uow.enrolments.of_cohort(other.cohort.id)) == 1
