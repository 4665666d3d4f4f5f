"""The tool of `tests/lti`, and a count of all that is stored."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest
from sqlalchemy import Engine, func, select

from engine.storage.schema import metadata
from lti.storage import login_states
from tests.lti.conftest import (  # noqa: F401
    app,
    browser,
    clock,
    http,
    kit,
    platform,
    registration,
    runtime,
    services,
)

NOT_COUNTED = {"lti_launch_log", "lti_platform_key_sets", "lti_login_states"}
"""The log of refusals and the cache of keys are bounded and hold no data of a launch; of logins, use is counted."""


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """The many cases run on SQLite; `tests/lti` runs what differs between databases on both."""
    return sqlite_url


@pytest.fixture
def stored(database: Engine) -> Callable[[], Mapping[str, int]]:
    """Return what is stored: rows of each table, and logins used up."""

    def count() -> Mapping[str, int]:
        with database.connect() as connection:
            rows = {
                t.name: connection.scalar(select(func.count()).select_from(t)) or 0
                for t in metadata.sorted_tables
                if t.name not in NOT_COUNTED
            }
            used = select(func.count()).select_from(login_states).where(login_states.c.consumed_at.is_not(None))
            return rows | {"logins used": connection.scalar(used) or 0}

    return count
