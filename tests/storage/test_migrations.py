"""From empty to head and back, on both databases, without drift."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from importlib.util import find_spec

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import CheckConstraint, Engine, inspect, text

import migrations
from engine.storage.database import open_database
from engine.storage.schema import metadata

if find_spec("lti.storage") is not None:
    import_module("lti.storage")


@pytest.fixture
def empty(empty_database_url: str) -> Iterator[Engine]:
    engine = open_database(empty_database_url)
    yield engine
    engine.dispose()


def _tables(engine: Engine) -> set[str]:
    return set(inspect(engine).get_table_names()) - {"alembic_version"}


def test_up_down_up(empty: Engine) -> None:
    assert migrations.current(empty) is None
    migrations.upgrade(empty)
    assert migrations.current(empty) == migrations.head()
    assert _tables(empty) == set(metadata.tables)
    migrations.downgrade(empty, "base")
    assert migrations.current(empty) is None
    assert _tables(empty) == set()
    migrations.upgrade(empty)
    assert _tables(empty) == set(metadata.tables)


def test_head_is_what_the_tables_say(database: Engine) -> None:
    with database.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, metadata) == []


def test_the_checks_are_what_the_tables_say(database: Engine) -> None:
    found = {(t, c["name"]) for t in metadata.tables for c in inspect(database).get_check_constraints(t)}
    wanted = {(t.name, c.name) for t in metadata.sorted_tables for c in t.constraints if isinstance(c, CheckConstraint)}
    assert found == wanted


def test_upgrading_at_head_changes_nothing(database: Engine) -> None:
    with database.begin() as connection:
        connection.execute(text("INSERT INTO installations (id, name, created_at) VALUES ('i', 'n', '2026-01-01 00:00:00')"))
    migrations.upgrade(database)
    with database.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM installations")).scalar_one() == 1


def test_several_processes_that_start_migrate_once(empty_database_url: str) -> None:
    def start(_number: int) -> str | None:
        engine = open_database(empty_database_url)
        migrations.upgrade(engine)
        revision = migrations.current(engine)
        engine.dispose()
        return revision

    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(start, range(4))) == {migrations.head()}


def test_a_process_that_starts_waits_for_a_long_migration(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(migrations.schema, "TABLE_WAIT", "100ms")
    engine = open_database(postgres_url)
    with ThreadPoolExecutor(1) as pool, engine.connect() as other:
        other.execute(text(f"SELECT pg_advisory_xact_lock({migrations.schema.LOCK})"))
        late = pool.submit(migrations.upgrade, engine)
        with pytest.raises(TimeoutError):
            late.result(1)
        other.rollback()
        late.result(30)
    engine.dispose()


def test_a_migration_that_fails_leaves_nothing(empty: Engine) -> None:
    with empty.begin() as connection:
        connection.execute(text("CREATE TABLE responses (x INTEGER)"))
    with pytest.raises(Exception, match="responses"):
        migrations.upgrade(empty)
    assert _tables(empty) == {"responses"}


def test_tenants_of_platforms_that_were_off_before_are_kept_out(empty: Engine) -> None:
    migrations.upgrade(empty)
    migrations.downgrade(empty, "20261125_06")
    rows = {"on": "active", "off": "inactive", "waiting": "pending"}
    at = "'2026-01-01 00:00:00'"
    with empty.begin() as connection:
        connection.execute(text(f"INSERT INTO installations (id, name, created_at) VALUES ('i', 'n', {at})"))
        tenants = [*rows, "of an approved deployment", "of a withdrawn one"]
        for name in tenants:
            insert = (
                f"INSERT INTO tenants (id, installation_id, name, status, created_at) VALUES (:id, 'i', 'n', 'active', {at})"
            )
            connection.execute(text(insert), {"id": name})
        columns = "id, tenant_id, issuer, status, name, client_id, auth_login_url, token_url, jwks_url, family, frame_origins"
        for name, status in rows.items():
            values = f"(:id, :id, :id, :status, 'n', 'c', 'u', 'u', 'u', 'generic', '[]', {at})"
            insert = f"INSERT INTO lti_registrations ({columns}, created_at) VALUES {values}"
            connection.execute(text(insert), {"id": name, "status": status})
        for tenant, status in zip(tenants[3:], ("active", "pending"), strict=True):
            columns = "id, registration_id, deployment_id, tenant_id, status, created_at"
            insert = f"INSERT INTO lti_deployments ({columns}) VALUES (:id, 'on', :id, :id, :status, {at})"
            connection.execute(text(insert), {"id": tenant, "status": status})
    migrations.upgrade(empty)
    with empty.connect() as connection:
        kept_out = connection.execute(text("SELECT id FROM tenants WHERE status = 'suspended' ORDER BY id")).scalars().all()
    assert kept_out == ["of a withdrawn one", "off"]
