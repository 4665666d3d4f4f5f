"""The application on both databases."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest
import structlog
from flask import Flask
from sqlalchemy import Engine

from engine.storage.database import open_database
from tests.servers.sqlite import migrated_copy
from tests.web.house import Browser, House, Served, build_house, serving


@pytest.fixture(scope="session", autouse=True)
def quiet_logs() -> None:
    """Let only warnings through."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger("warning"))
    logging.getLogger("werkzeug").setLevel("ERROR")


@pytest.fixture
def house(database: Engine) -> House:
    """The application, once on SQLite and once on PostgreSQL."""
    return build_house(database)


@pytest.fixture
def sqlite_house(sqlite_database: Engine) -> House:
    """The application on SQLite alone, where the database does not matter."""
    return build_house(sqlite_database)


@pytest.fixture
def learner(sqlite_house: House) -> Browser:
    """A browser whose learner has launched, on SQLite."""
    browser = sqlite_house.browser()
    browser.launch()
    return browser


@pytest.fixture
def house_with_limits(sqlite_database: Engine) -> House:
    """The application on SQLite with a tight limit on answers."""
    return build_house(sqlite_database, answer_rate="3 per minute")


@pytest.fixture(scope="module")
def database_free(tmp_path_factory: pytest.TempPathFactory) -> tuple[Flask, Flask]:
    """The application in development and in production, for answers that need no data."""
    copy = migrated_copy(tmp_path_factory.mktemp("house") / "house.sqlite")
    development = build_house(open_database(copy))
    settings = {"development": False, "base_url": "https://learn.example", "trusted_hosts": ("learn.example",)}
    copy = migrated_copy(tmp_path_factory.mktemp("house") / "house.sqlite")
    return development.app, build_house(open_database(copy), **settings).app


@pytest.fixture
def served(sqlite_house: House) -> Iterator[Served]:
    """The application behind a port, on today's clock."""
    with serving(sqlite_house) as served:
        yield served
