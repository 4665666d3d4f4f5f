"""What breaks in production, broken on purpose: nothing acknowledged is lost."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.installation import Installation, begin, make_due
from tests.e2e.processes import Process, Processes, free_port, wait_for
from tests.e2e.record import Record
from tests.e2e.walker import Walker
from tests.servers.postgres import Postgres
from tests.servers.redis import redis_answers, redis_program
from tests.servers.shared import ServerMissing, unavailable

COURSE = "Course fault"


def test_a_tool_killed_between_answers_has_lost_nothing_it_acknowledged(embedded: Installation) -> None:
    record, learner = Record(embedded.database), Walker(embedded, "learner-01")
    learner.launch("fault-link")
    learner.start()
    answered = learner.walk(most=6).answers
    at = learner.page.presentation
    embedded.serving.kill()
    embedded.serve()
    enrolment = record.enrolment("learner-01", COURSE)
    assert len(record.responses(enrolment.id)) == answered == 6
    assert learner.get(learner.page.url).presentation == at
    walked = learner.walk()
    done = record.enrolment("learner-01", COURSE)
    assert done.seq == len(record.responses(enrolment.id)) == answered + walked.answers
    assert record.milestones(enrolment.id) == [25, 50, 75]
    make_due(embedded)
    embedded.sandbox.graded("fault", "learner-01", 100.0)


def test_a_gradebook_that_fails_gets_the_final_grade_all_the_same(embedded: Installation) -> None:
    sandbox, learner = embedded.sandbox, Walker(embedded, "learner-02")
    for status in (500, 401):
        sandbox.control("faults", {"endpoint": "scores", "status": status, "times": 1})
    learner.launch("fault-link")
    learner.start()
    learner.walk()
    assert Record(embedded.database).desired("learner-02", COURSE) == 1.0

    def arrived() -> bool:
        make_due(embedded)
        return sandbox.shown("fault", "learner-02") == 100.0

    wait_for(arrived, "the grade", 30)
    assert sandbox.control("state", method="GET")["faults"] == []


@pytest.fixture
def fragile(tmp_path: Path, postgres_server: Postgres) -> Iterator[tuple[Installation, Process]]:
    """A deployed installation with a Redis of its own, to be stopped."""
    processes = Processes(tmp_path)
    port = free_port()
    try:
        program = redis_program()
    except ServerMissing as missing:
        unavailable("Redis", missing)
    redis = processes.start("redis", [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", tmp_path])
    url = f"redis://127.0.0.1:{port}"
    processes.until(redis, lambda: redis_answers(url))
    database_url = postgres_server.create(migrated=False)
    folder = tmp_path / "installation"
    folder.mkdir()
    made = begin(folder, database_url=database_url, redis_url=url, background=False)
    yield made, redis
    made.close()
    processes.stop()
    postgres_server.drop(database_url)


def test_launches_and_answers_go_on_without_redis(fragile: tuple[Installation, Process]) -> None:
    installation, redis = fragile
    record, learner = Record(installation.database), Walker(installation, "learner-01")
    learner.launch("fault-link")
    learner.start()
    learner.walk(most=2)
    redis.stop()
    learner.walk(most=3)
    late = Walker(installation, "learner-02")
    assert late.launch("fault-link").room == "learn"
    late.start()
    late.walk(most=2)
    assert len(record.responses(record.enrolment("learner-01", COURSE).id)) == 5
    assert len(record.responses(record.enrolment("learner-02", COURSE).id)) == 2
    assert "Traceback" not in installation.serving.log
