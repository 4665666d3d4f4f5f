"""The application on both databases."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import structlog
from flask import Flask
from sqlalchemy import Engine
from werkzeug.serving import make_server

from engine.storage.database import open_database
from tests.servers.sqlite import migrated_copy
from tests.web.house import Browser, House, Served, build_house


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
    sqlite_house.clock.now = datetime.now(UTC)
    server = make_server("localhost", 0, sqlite_house.app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield Served(sqlite_house, f"http://localhost:{server.port}")
    server.shutdown()
    thread.join()
    server.server_close()
