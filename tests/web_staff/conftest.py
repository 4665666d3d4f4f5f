"""The application on both databases, for the pages of instructors and administrators."""

from __future__ import annotations

import pytest
import structlog
from sqlalchemy import Engine

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
def sqlite_house(sqlite_database: Engine) -> House:
    """The application on SQLite alone, where the database does not matter."""
    return build_house(sqlite_database)
