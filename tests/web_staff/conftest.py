"""The application on both databases, for the pages of instructors and administrators."""

from __future__ import annotations

from pathlib import Path

import pytest
import structlog
from sqlalchemy import Engine

from engine.storage.database import open_database
from tests.servers.sqlite import migrated_copy
from tests.web.house import House, build_house


@pytest.fixture(scope="session", autouse=True)
def quiet_logs() -> None:
    """Let only errors through."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger("error"))


@pytest.fixture
def house(database: Engine) -> House:
    """The application, once on SQLite and once on PostgreSQL."""
    return build_house(database)


@pytest.fixture
def sqlite_house(tmp_path: Path) -> House:
    """The application on SQLite alone, where the database does not matter."""
    return build_house(open_database(migrated_copy(tmp_path / "house.sqlite")))
