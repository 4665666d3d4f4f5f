"""The servers, databases and browser every test may ask for."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import redis
from hypothesis import settings
from playwright.sync_api import Browser, Playwright
from sqlalchemy import Engine, event

from engine.storage.database import open_database
from engine.storage.unit_of_work import UnitOfWorkFactory
from tests.browser import start_chromium, wait_so_long
from tests.groups import pytest_xdist_make_scheduler as pytest_xdist_make_scheduler
from tests.servers.postgres import Postgres, postgres, remove_leftovers
from tests.servers.redis import redis_server_url, worker_url
from tests.servers.shared import ServerMissing, begin_run, end_run, unavailable
from tests.servers.sqlite import migrated_copy

# A test never asserts on time: on a loaded machine an example may take long.
settings.register_profile("pacemate", deadline=None)
settings.load_profile("pacemate")

RUN = pytest.StashKey[Path]()
DATABASES = ("sqlite", "postgresql")


def pytest_configure(config: pytest.Config) -> None:
    """Make the folder that the run's workers share, and set how long browsers are waited for."""
    wait_so_long()
    folder = begin_run()
    if folder is not None:
        config.stash[RUN] = folder


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the run's servers, also after failures."""
    folder = config.stash.get(RUN, None)
    if folder is not None:
        remove_leftovers(folder)
        end_run(folder)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Postgres]:
    """The run's PostgreSQL cluster."""
    try:
        server = postgres()
    except ServerMissing as missing:
        unavailable("PostgreSQL", missing)
    yield server
    server.close()


@pytest.fixture(scope="session")
def postgres_url(postgres_server: Postgres) -> Iterator[str]:
    """A migrated PostgreSQL database of this worker; what a test leaves in it stays."""
    url = postgres_server.create()
    yield url
    postgres_server.drop(url)


@pytest.fixture(scope="session")
def redis_url(worker_id: str) -> str:
    """The Redis database of this worker; what a test leaves in it stays."""
    try:
        return worker_url(redis_server_url(), worker_id)
    except ServerMissing as missing:
        unavailable("Redis", missing)


@pytest.fixture
def redis_client(redis_url: str) -> Iterator[redis.Redis]:
    """A client of this worker's Redis database, emptied before the test."""
    with redis.Redis.from_url(redis_url) as client:
        client.flushdb()
        yield client


@pytest.fixture(scope="session")
def sqlite_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where this worker's SQLite file is."""
    return tmp_path_factory.mktemp("sqlite")


@pytest.fixture
def sqlite_url(sqlite_folder: Path) -> str:
    """A migrated SQLite file of this test, in the place of the last one's."""
    return migrated_copy(sqlite_folder / "pacemate.sqlite")


def migrated_database(request: pytest.FixtureRequest) -> Iterator[str]:
    """Yield the address of a migrated database of this test, of the kind that the fixture's parameter names."""
    if request.param == "sqlite":
        yield request.getfixturevalue("sqlite_url")
        return
    server: Postgres = request.getfixturevalue("postgres_server")
    with server.lent() as url:
        yield url


@pytest.fixture(params=DATABASES)
def database_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """A migrated database of this test, once on SQLite and once on PostgreSQL."""
    yield from migrated_database(request)


@pytest.fixture(params=DATABASES)
def empty_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database of this test without any table, once on SQLite and once on PostgreSQL."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.sqlite'}"
        return
    server: Postgres = request.getfixturevalue("postgres_server")
    url = server.create(migrated=False)
    yield url
    server.drop(url)


@pytest.fixture(scope="session")
def engines() -> dict[str, Engine]:
    """Engines by URL, kept for what they have compiled: most of a small test's time otherwise."""
    return {}


@pytest.fixture
def database(database_url: str, engines: dict[str, Engine]) -> Iterator[Engine]:
    """The engine of `database_url`."""
    with opened(database_url, engines) as engine:
        yield engine


@pytest.fixture
def sqlite_database(sqlite_url: str, engines: dict[str, Engine]) -> Iterator[Engine]:
    """The engine of `sqlite_url`, for tests to which the database does not matter."""
    with opened(sqlite_url, engines) as engine:
        yield engine


@contextmanager
def opened(url: str, engines: dict[str, Engine]) -> Iterator[Engine]:
    """Give a database's engine without an open connection, and close what the test opened."""
    if url not in engines:
        engines[url] = open_database(url)
        if url.startswith("sqlite"):
            # Nothing of a test outlives the machine.
            event.listen(engines[url], "connect", lambda driver, _: driver.execute("PRAGMA synchronous=OFF"))
    yield engines[url]
    engines[url].dispose()


@pytest.fixture
def uow_factory(database: Engine) -> UnitOfWorkFactory:
    """Makes units of work on `database`."""
    return UnitOfWorkFactory(database)


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """The browser of this machine, with all that a person's has."""
    return installed("chromium", "chromium-browser", "google-chrome")


@pytest.fixture(scope="session")
def light_chromium_path() -> str:
    """Chromium without a window's parts where it is installed: a third less time, and no settings for cookies."""
    return installed("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")


def installed(*names: str) -> str:
    """Return the browser named by CHROMIUM, else the first of these on PATH."""
    named = os.environ.get("CHROMIUM")
    found = [named] if named else [shutil.which(name) for name in names]
    path = next((p for p in found if p is not None and Path(p).exists()), None)
    if path is None:
        unavailable("Chromium", f"not at CHROMIUM, and none of {', '.join(names)} on PATH")
    return path


@pytest.fixture(scope="module")
def chromium(playwright: Playwright, light_chromium_path: str) -> Iterator[Browser]:
    """A running browser for pages by themselves; launches in frames start one of their own."""
    browser = start_chromium(playwright, light_chromium_path)
    yield browser
    browser.close()
