"""Every column says why it is there; instants come back aware."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from sqlalchemy import Engine, insert, select
from sqlalchemy.exc import StatementError

from engine.storage.schema import metadata
from engine.storage.tables.people import installations
from tests.storage.rows import NOW


def test_every_column_says_why_it_exists() -> None:
    assert len(metadata.tables) > 15
    silent = [str(c) for t in metadata.sorted_tables for c in t.columns if not c.doc or not c.doc.rstrip().endswith(".")]
    assert silent == []


def test_every_constraint_and_index_has_a_name() -> None:
    unnamed = [t.name for t in metadata.sorted_tables for c in (*t.constraints, *t.indexes) if getattr(c, "name", None) is None]
    assert unnamed == []


def test_an_instant_comes_back_in_utc_with_microseconds(database: Engine) -> None:
    abroad = NOW.astimezone(timezone(timedelta(hours=5, minutes=30)))
    with database.begin() as connection:
        connection.execute(insert(installations).values(id="i", name="n", created_at=abroad))
        stored = connection.execute(select(installations.c.created_at)).scalar_one()
    assert stored == NOW
    assert stored.utcoffset() == timedelta(0)


def test_a_naive_instant_is_refused(database: Engine) -> None:
    naive = datetime(2026, 1, 1)  # noqa: DTZ001
    with database.connect() as connection, pytest.raises(StatementError, match="no time zone"):
        connection.execute(insert(installations).values(id="i", name="n", created_at=naive))


def test_instants_compare_in_order(database: Engine) -> None:
    moments = [NOW + timedelta(seconds=s) for s in (-1, -0.000001, 0, 0.000001, 1)]
    with database.begin() as connection:
        connection.execute(
            insert(installations), [{"id": str(i), "name": "n", "created_at": at} for i, at in enumerate(moments)]
        )
        before = connection.execute(select(installations.c.id).where(installations.c.created_at < NOW)).scalars().all()
    assert sorted(before) == ["0", "1"]
