"""The same launch many times at once, over four processes that share a database: one is accepted."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import redis
import requests
from pytest_httpserver import HTTPServer
from sqlalchemy import func, select
from werkzeug import Request, Response

from engine.storage.tables.access import launch_sessions
from engine.storage.tables.enrolments import enrolments
from engine.storage.unit_of_work import UnitOfWorkFactory
from lti.storage import launch_log, login_states
from tests.conftest import DATABASES, migrated_database
from tests.e2e.installation import environment_of
from tests.e2e.processes import Processes, answers, free_port, python
from tests.engine.sample import build_version
from tests.lti.conftest import register
from tests.lti.platform import LTI, FakeHttp, Platform

PROCESSES = 4
COPIES = 64


def today() -> datetime:
    return datetime.now(UTC)


@pytest.fixture(params=DATABASES)
def database_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """Both databases, unlike the rest of this folder."""
    yield from migrated_database(request)


@dataclass
class Cluster:
    """Four processes of one installation, and the platform that launches into it."""

    base_url: str
    ports: list[int]
    platform: Platform
    key_server: HTTPServer
    redis_url: str | None

    def begin(self, port: int) -> dict[str, str]:
        """Log a fresh browser in at one process, and return what it posts to launch, with its cookies as `Cookie`."""
        initiation = self.platform.initiation(target_link_uri=f"{self.base_url}/lti/launch")
        response = requests.post(f"http://127.0.0.1:{port}/lti/login", data=initiation, allow_redirects=False, timeout=30)
        assert response.status_code == 302, response.text
        query = {k: v[0] for k, v in parse_qs(urlsplit(response.headers["Location"]).query).items()}
        target = {LTI + "target_link_uri": f"{self.base_url}/lti/launch"}
        token = self.platform.sign(self.platform.claims(query["nonce"], **target))
        cookies = "; ".join(f"{c.name}={c.value}" for c in response.cookies)
        return {"state": query["state"], "id_token": token, "Cookie": cookies}

    def post(self, port: int, form: dict[str, str]) -> requests.Response:
        """Post a launch to one process."""
        fields = {name: value for name, value in form.items() if name != "Cookie"}
        sent = {"Cookie": form["Cookie"]}
        url = f"http://127.0.0.1:{port}/lti/launch"
        return requests.post(url, data=fields, headers=sent, allow_redirects=False, timeout=60)

    def post_copies(self, form: dict[str, str]) -> list[requests.Response]:
        """Post one launch 64 times at once, in turn to each process."""
        gate = threading.Barrier(COPIES)

        def post(n: int) -> requests.Response:
            gate.wait()
            return self.post(self.ports[n % PROCESSES], form)

        with ThreadPoolExecutor(COPIES) as pool:
            return list(pool.map(post, range(COPIES)))

    @contextmanager
    def flushing_redis(self) -> Iterator[None]:
        """Empty Redis over and over; nothing that decides about a launch may stand there."""
        done = threading.Event()

        def flush(url: str) -> None:
            with redis.Redis.from_url(url) as client:
                while not done.wait(0.002):
                    client.flushdb()

        thread = None if self.redis_url is None else threading.Thread(target=flush, args=(self.redis_url,))
        if thread is not None:
            thread.start()
        try:
            yield
        finally:
            done.set()
            if thread is not None:
                thread.join()


@pytest.fixture
def cluster(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    database_url: str,
    uow_factory: UnitOfWorkFactory,
    httpserver: HTTPServer,
) -> Iterator[Cluster]:
    redis_url: str | None = None if database_url.startswith("sqlite") else request.getfixturevalue("redis_url")
    platform = Platform(FakeHttp(), today)
    platform.jwks_url = httpserver.url_for("/jwks")

    def key_set(_: Request) -> Response:
        return Response(json.dumps(platform.key_set()), content_type="application/json")

    httpserver.expect_request("/jwks").respond_with_handler(key_set)
    with uow_factory() as uow:
        uow.courses.add(build_version(), today())
        register(uow, platform, today, deployments=[platform.deployment_id])
        uow.commit()
    ports = [free_port() for _ in range(PROCESSES)]
    processes = Processes(tmp_path)
    environment = environment_of(tmp_path, ports[0], "localhost", database_url, redis_url)
    program = python("-m", "tests.lti_certification.workers", *map(str, ports))
    started = processes.start("workers", program, environment)
    try:
        processes.until(started, lambda: all(answers(f"http://127.0.0.1:{port}/livez") for port in ports))
        yield Cluster(environment["PACEMATE_BASE_URL"], ports, platform, httpserver, redis_url)
    finally:
        processes.stop()


def test_of_64_copies_over_four_processes_one_is_accepted(cluster: Cluster, uow_factory: UnitOfWorkFactory) -> None:
    cold = cluster.begin(cluster.ports[0])
    _one_accepted(cluster.post_copies(cold))
    assert len(cluster.key_server.log) == 1, "four processes that all lack the key fetch it once"
    warm = cluster.begin(cluster.ports[1])
    with cluster.flushing_redis():
        _one_accepted(cluster.post_copies(warm))
    again = [cluster.post(port, form) for port in cluster.ports for form in (cold, warm)]
    assert {r.status_code for r in again} == {400}
    assert len(cluster.key_server.log) == 1
    with uow_factory() as uow:
        accepted = select(func.count()).select_from(launch_log).where(launch_log.c.outcome == "accepted")
        used = select(func.count()).select_from(login_states).where(login_states.c.consumed_at.is_not(None))
        counts = [uow.session.scalar(q) for q in (accepted, used, select(func.count()).select_from(launch_sessions))]
        assert counts == [2, 2, 2]
        assert uow.session.scalar(select(func.count()).select_from(enrolments)) == 1


def _one_accepted(responses: list[requests.Response]) -> None:
    assert Counter(r.status_code for r in responses) == {303: 1, 400: COPIES - 1}
    for response in responses:
        if response.status_code == 303:
            assert urlsplit(response.headers["Location"]).path.startswith("/learn/")
            continue
        assert "This launch was already used." in response.text
        assert "__Host-pacemate-browser" not in response.headers.get("Set-Cookie", "")
