"""Tenants, people, courses, on both databases."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import func, select

from engine.domain.errors import Conflict, NotFound
from engine.storage.repositories.courses import VersionCache
from engine.storage.tables.people import people
from engine.storage.unit_of_work import UnitOfWorkFactory
from tests.storage.rows import COURSE, NOW, version
from tests.storage.statements import statements


def _tenants(uow_factory: UnitOfWorkFactory, *ids: str) -> None:
    with uow_factory() as uow:
        for tenant_id in ids:
            uow.people.add_tenant(tenant_id, tenant_id, NOW)
        uow.commit()


def test_a_person_is_one_by_tenant_and_sub(uow_factory: UnitOfWorkFactory) -> None:
    _tenants(uow_factory, "north", "south")
    with uow_factory() as uow:
        first = uow.people.upsert("north", "7", name="Ada", email=None, locale="de", now=NOW)
        again = uow.people.upsert("north", "7", name=None, email="ada@example.org", locale=None, now=NOW)
        other = uow.people.upsert("south", "7", name=None, email=None, locale=None, now=NOW)
        uow.commit()
    assert (again.id, again.name, again.email, again.locale) == (first.id, "Ada", "ada@example.org", "de")
    assert other.id != first.id
    assert (other.tenant_id, other.name) == ("south", None)


def test_a_name_that_changed_is_stored(uow_factory: UnitOfWorkFactory) -> None:
    _tenants(uow_factory, "north")
    with uow_factory() as uow:
        known = uow.people.upsert("north", "7", name="Ada", email=None, locale=None, now=NOW)
        uow.people.upsert("north", "7", name="Ada L.", email=None, locale=None, now=NOW)
        assert uow.people.get(known.id).name == "Ada L."


def test_a_launch_that_says_nothing_new_writes_nothing(uow_factory: UnitOfWorkFactory) -> None:
    _tenants(uow_factory, "north")
    with uow_factory() as uow:
        uow.people.upsert("north", "7", name="Ada", email=None, locale=None, now=NOW)
        uow.commit()
    with statements(uow_factory.engine) as sent, uow_factory() as uow:
        uow.people.upsert("north", "7", name="Ada", email=None, locale=None, now=NOW)
    assert len(sent) == 1
    assert sent[0].startswith("SELECT")


def test_an_unknown_person_is_not_found(uow_factory: UnitOfWorkFactory) -> None:
    with uow_factory() as uow, pytest.raises(NotFound, match="nobody"):
        uow.people.get("nobody")


def test_a_tenant_stored_twice_is_one(uow_factory: UnitOfWorkFactory) -> None:
    _tenants(uow_factory, "north")
    _tenants(uow_factory, "north")
    with uow_factory() as uow:
        uow.people.upsert("north", "7", name=None, email=None, locale=None, now=NOW)
        assert uow.session.execute(select(func.count()).select_from(people)).scalar_one() == 1


def test_a_version_comes_back_equal(uow_factory: UnitOfWorkFactory) -> None:
    with uow_factory() as uow:
        uow.courses.add(version(), NOW)
        uow.commit()
    fresh = UnitOfWorkFactory(uow_factory.engine)
    with fresh() as uow:
        assert uow.courses.version(version().id) == version()


def test_the_newest_version_is_the_one_with_the_highest_number(uow_factory: UnitOfWorkFactory) -> None:
    with uow_factory() as uow:
        for number in (2, 10, 9):
            uow.courses.add(version(number), NOW)
        newest = uow.courses.latest(COURSE)
        assert newest is not None
        assert newest.number == 10
        assert uow.courses.latest("unheard-of") is None


def test_only_granted_courses_are_available(uow_factory: UnitOfWorkFactory) -> None:
    _tenants(uow_factory, "north", "south")
    with uow_factory() as uow:
        for course_id in (COURSE, "charts"):
            uow.courses.add(version(1, course_id), NOW)
            uow.courses.add(version(2, course_id), NOW)
        uow.courses.grant(COURSE, "north")
        uow.courses.grant(COURSE, "north")
        uow.courses.grant("charts", "south")
        assert [(v.course_id, v.number) for v in uow.courses.available("north")] == [(COURSE, 2)]
        assert [(v.course_id, v.number) for v in uow.courses.available("south")] == [("charts", 2)]
        assert uow.courses.available("west") == []


def test_publishing_the_same_twice_is_one(uow_factory: UnitOfWorkFactory) -> None:
    for _ in range(2):
        with uow_factory() as uow:
            uow.courses.add(version(), NOW)
            uow.commit()


@pytest.mark.parametrize("change", [{"digest": "other"}, {"id": "x", "digest": "other"}])
def test_another_version_under_the_same_key_is_a_conflict(uow_factory: UnitOfWorkFactory, change: dict[str, Any]) -> None:
    with uow_factory() as uow:
        uow.courses.add(version(), NOW)
        with pytest.raises(Conflict, match="published already"):
            uow.courses.add(replace(version(), **change), NOW)


def test_a_version_is_read_once_a_process(uow_factory: UnitOfWorkFactory) -> None:
    with uow_factory() as uow:
        uow.courses.add(version(), NOW)
        uow.commit()
    with uow_factory() as uow:
        uow.courses.version(version().id)
    with statements(uow_factory.engine) as sent, uow_factory() as uow:
        uow.courses.version(version().id)
    assert sent == []


def test_a_version_that_was_rolled_back_is_not_remembered(uow_factory: UnitOfWorkFactory) -> None:
    with uow_factory() as uow:
        uow.courses.add(version(), NOW)
        uow.courses.version(version().id)
    with uow_factory() as uow, pytest.raises(NotFound, match="course version"):
        uow.courses.version(version().id)


def test_the_cache_lets_go_of_what_was_not_used() -> None:
    cache = VersionCache(limit=2)
    for number in (1, 2):
        cache.put(version(number))
    assert cache.get(version(1).id) is not None
    cache.put(version(3))
    assert cache.get(version(2).id) is None
    assert cache.get(version(1).id) == version(1)
