"""Running installations, one a mode and test worker."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.e2e.installation import Installation, begin
from tests.e2e.record import Record
from tests.e2e.walker import Walker
from tests.servers.postgres import Postgres
from tests.servers.redis import redis_server_url, worker_url

MODES = ("embedded", "deployed")
FAR = 32
"""Redis databases from here on are no test worker's own."""


@pytest.fixture(scope="session")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """An installation on SQLite, one process."""
    made = begin(tmp_path_factory.mktemp("embedded"), bundled=True)
    yield made
    made.close()


@pytest.fixture(scope="session")
def deployed(
    tmp_path_factory: pytest.TempPathFactory, postgres_server: Postgres, redis_url: str, worker_id: str
) -> Iterator[Installation]:
    """An installation on PostgreSQL and Redis: two web workers, a worker, a scheduler."""
    url = postgres_server.create(migrated=False)
    made = begin(tmp_path_factory.mktemp("deployed"), database_url=url, redis_url=own_redis(redis_url, worker_id))
    yield made
    made.close()
    postgres_server.drop(url)


@pytest.fixture(scope="session")
def two_sites(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """An installation that is another site than its LMS in a browser."""
    made = begin(tmp_path_factory.mktemp("two-sites"), two_sites=True, bundled=True)
    yield made
    made.close()


@pytest.fixture(params=MODES)
def installation(request: pytest.FixtureRequest) -> Installation:
    """The installation of each mode."""
    found: Installation = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def record(installation: Installation) -> Record:
    """What the installation has stored."""
    return Record(installation.database)


@pytest.fixture
def learner(installation: Installation) -> Walker:
    """The first learner's browser."""
    return Walker(installation, "learner-01")


def own_redis(url: str, worker: str) -> str:
    """Return a database of the run's Redis that no other test empties; a Redis from outside is used as it is."""
    if "TEST_REDIS_URL" in os.environ:
        return url
    number = int(worker.removeprefix("gw")) if worker.startswith("gw") else 0
    return worker_url(redis_server_url(), f"gw{FAR + number % FAR}")
