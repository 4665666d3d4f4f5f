"""Launch sessions and capability links, on both databases."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from engine.storage.tables.access import launch_sessions
from engine.storage.unit_of_work import UnitOfWorkFactory
from tests.storage.rows import NOW, World, later, seed


def session_values(world: World) -> dict[str, Any]:
    """Return all columns of a launch session but its id."""
    return {
        "tenant_id": world.tenant_id,
        "person_id": world.person.id,
        "cohort_id": world.cohort.id,
        "enrolment_id": world.enrolment.id,
        "role": "learner",
        "preview": False,
        "browser_hash": "b" * 64,
        "module_id": None,
        "family": "moodle",
        "registration_id": "r1",
        "deployment_id": "1",
        "return_url": "https://lms.example/course/7",
        "locale": None,
        "frame_ancestors": "https://lms.example",
        "created_at": NOW,
        "expires_at": later(3600),
        "deep_link": None,
    }


def test_a_session_comes_back_with_every_column(uow_factory: UnitOfWorkFactory) -> None:
    values = session_values(seed(uow_factory))
    assert {*values, "id"} == set(launch_sessions.c.keys())
    with uow_factory() as uow:
        uow.access.add_session("launch-1", values)
        uow.access.add_session("launch-2", {**values, "deep_link": {"types": ["link"]}, "enrolment_id": None})
        uow.commit()
    with uow_factory() as uow:
        assert uow.access.session("launch-1") == {"id": "launch-1", **values, "suspended": False}
        other = uow.access.session("launch-2")
        assert other is not None
        assert other["deep_link"] == {"types": ["link"]}
        assert uow.access.session("launch-3") is None
        uow.people.suspend_tenants([values["tenant_id"]], suspended=True)
        assert uow.access.session("launch-1") == {"id": "launch-1", **values, "suspended": True}


def test_a_link_is_used_once_for_its_purpose_and_in_time(uow_factory: UnitOfWorkFactory) -> None:
    with uow_factory() as uow:
        uow.access.add_link("invite", "hash-1", "tenant-1", later(60), NOW)
        uow.access.add_link("admin", "hash-2", "root", later(60), NOW)
        assert uow.access.use_link("admin", "hash-1", NOW) is None
        assert uow.access.use_link("invite", "hash-2", NOW) is None
        assert uow.access.use_link("invite", "hash-1", later(60)) is None
        assert uow.access.use_link("invite", "hash-1", later(59)) == "tenant-1"
        assert uow.access.use_link("invite", "hash-1", later(59)) is None


def test_a_link_used_by_many_at_once_is_used_once(uow_factory: UnitOfWorkFactory) -> None:
    with uow_factory() as uow:
        uow.access.add_link("invite", "hash-1", "tenant-1", later(60), NOW)
        uow.commit()

    def use(_number: int) -> str | None:
        with uow_factory() as uow:
            subject = uow.access.use_link("invite", "hash-1", NOW)
            uow.commit()
            return subject

    with ThreadPoolExecutor(8) as pool:
        assert sorted(filter(None, pool.map(use, range(32)))) == ["tenant-1"]


def test_only_what_expired_is_swept(uow_factory: UnitOfWorkFactory) -> None:
    values = session_values(seed(uow_factory))
    with uow_factory() as uow:
        uow.access.add_session("old", {**values, "expires_at": later(10)})
        uow.access.add_session("new", {**values, "expires_at": later(11)})
        uow.access.add_link("invite", "old", "x", later(10), NOW)
        uow.access.add_link("invite", "new", "y", later(11), NOW)
        uow.access.add_admin_session("old", "old", "Kim", later(10), NOW)
        uow.access.add_admin_session("new", "new", "Lou", later(11), NOW)
        assert uow.access.sweep(later(10)) == 3
        assert [s.name for s in uow.access.admin_sessions(NOW)] == ["Lou"]
        assert uow.access.session("old") is None
        assert uow.access.session("new") is not None
        assert uow.access.use_link("invite", "new", later(10)) == "y"


def test_open_links_are_listed_by_purpose_and_revoked(uow_factory: UnitOfWorkFactory) -> None:
    with uow_factory() as uow:
        for name, purpose, until in (
            ("used", "invite", 60),
            ("over", "invite", 0),
            ("open", "invite", 60),
            ("else", "admin", 60),
        ):
            uow.access.add_link(purpose, name, name, later(until), NOW)
        uow.access.use_link("invite", "used", NOW)
        (link,) = uow.access.open_links("invite", NOW)
        assert link.subject == "open"
        assert not uow.access.revoke_link("admin", link.id, NOW)
        assert uow.access.revoke_link("invite", link.id, NOW)
        assert not uow.access.revoke_link("invite", link.id, NOW)
        assert uow.access.use_link("invite", "open", NOW) is None
        assert [o.subject for o in uow.access.open_links("admin", NOW)] == ["else"]


def test_an_administrators_session_lasts_until_it_ends_or_is_ended(uow_factory: UnitOfWorkFactory) -> None:
    with uow_factory() as uow:
        for name in ("a", "b", "c"):
            uow.access.add_admin_session(name, f"hash-{name}", name.upper(), later(60), NOW)
        found = uow.access.admin_session("hash-a", later(59))
        assert found is not None
        assert (found.id, found.name, found.expires_at) == ("a", "A", later(60))
        assert uow.access.admin_session("hash-a", later(60)) is None
        assert uow.access.admin_session("a", NOW) is None
        assert uow.access.end_admin_sessions("b") == 1
        assert uow.access.admin_session("hash-b", NOW) is None
        assert uow.access.end_admin_sessions(but="c") == 1
        assert [s.id for s in uow.access.admin_sessions(NOW)] == ["c"]
        assert uow.access.end_admin_sessions() == 1
