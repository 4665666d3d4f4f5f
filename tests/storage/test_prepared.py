"""Prepared statements: as SQLAlchemy itself would run them, on both databases."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import bindparam, func, insert, select, update
from sqlalchemy.exc import IntegrityError, OperationalError

from engine.storage.prepared import Prepared
from engine.storage.tables.enrolments import enrolments, learner_states
from engine.storage.tables.events import outbox
from engine.storage.tables.people import tenants
from engine.storage.unit_of_work import UnitOfWorkFactory
from tests.storage.rows import NOW, seed
from tests.storage.statements import statements

NAMED = Prepared(
    select(tenants.c.id, tenants.c.created_at).where(tenants.c.name == bindparam("name"), tenants.c.status == "active")
)
RENAME = Prepared(update(tenants).where(tenants.c.name == bindparam("old")).values(name=bindparam("new")))


def test_values_come_and_go_with_the_types_of_their_columns(uow_factory: UnitOfWorkFactory) -> None:
    seed(uow_factory)
    with uow_factory() as uow:
        for plain in (select(outbox), select(enrolments), select(learner_states)):
            expected = [tuple(row) for row in uow.session.execute(plain)]
            assert [tuple(row) for row in uow.transaction.send(Prepared(plain), {}).rows] == expected
        assert expected
        north = uow.transaction.send(NAMED, {"name": "North"})
        assert north.first().created_at == NOW
        assert uow.transaction.send(NAMED, {"name": "nobody"}).first() is None


def test_what_it_writes_is_part_of_the_transaction(uow_factory: UnitOfWorkFactory) -> None:
    seed(uow_factory)
    with uow_factory() as uow:
        assert uow.transaction.send(RENAME, {"old": "North", "new": "South"}).rowcount == 1
        uow.rollback()
        assert uow.transaction.send(RENAME, {"old": "South", "new": "West"}).rowcount == 0
        uow.transaction.send(RENAME, {"old": "North", "new": "East"})
    with uow_factory() as uow:
        assert uow.transaction.send(NAMED, {"name": "North"}).first() is not None
        with uow.session.begin_nested() as inner:
            uow.transaction.send(RENAME, {"old": "North", "new": "South"})
            inner.rollback()
        uow.transaction.send(RENAME, {"old": "North", "new": "West"})
        uow.commit()
    with uow_factory() as uow:
        assert uow.transaction.send(NAMED, {"name": "West"}).first() is not None


def test_its_errors_are_sqlalchemys(uow_factory: UnitOfWorkFactory) -> None:
    seed(uow_factory)
    again = Prepared(insert(tenants))
    with uow_factory() as uow:
        known = uow.session.execute(select(tenants)).mappings().first()
        assert known is not None
        with pytest.raises(IntegrityError):
            uow.transaction.send(again, dict(known))


def test_a_connection_that_the_server_ended_is_not_kept(uow_factory: UnitOfWorkFactory) -> None:
    seed(uow_factory)
    if uow_factory.engine.dialect.name != "postgresql":
        pytest.skip("SQLite has no server")
    with uow_factory() as uow, uow_factory() as other:
        assert uow.transaction.send(NAMED, {"name": "North"}).first() is not None
        backend = uow.session.scalar(select(func.pg_backend_pid()))
        other.session.execute(select(func.pg_terminate_backend(backend)))
        with pytest.raises(OperationalError):
            uow.transaction.send(NAMED, {"name": "North"})
        uow.rollback()
        assert uow.transaction.send(NAMED, {"name": "North"}).first() is not None


def test_listeners_hear_of_it(uow_factory: UnitOfWorkFactory) -> None:
    with statements(uow_factory.engine) as sent, uow_factory() as uow:
        uow.transaction.send(NAMED, {"name": "North"})
    assert len(sent) == 1


def test_a_value_that_is_not_given_is_an_error_and_never_null(uow_factory: UnitOfWorkFactory) -> None:
    with uow_factory() as uow, pytest.raises(KeyError, match="new"):
        uow.transaction.send(RENAME, {"old": "North"})


def test_a_statement_that_changes_with_its_values_is_refused(uow_factory: UnitOfWorkFactory) -> None:
    several = Prepared(select(tenants.c.id).where(tenants.c.name.in_(["North", "South"])))
    with uow_factory() as uow, pytest.raises(TypeError, match="run it by SQLAlchemy"):
        uow.transaction.send(several, {})


def test_threads_share_it(uow_factory: UnitOfWorkFactory) -> None:
    seed(uow_factory)
    fresh, found = Prepared(select(tenants.c.name).where(tenants.c.name == bindparam("name"))), []
    together = threading.Barrier(8)

    def ask() -> None:
        together.wait()
        with uow_factory() as uow:
            found.append(uow.transaction.send(fresh, {"name": "North"}).first().name)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == ["North"] * 8
