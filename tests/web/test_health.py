"""Liveness, readiness, figures."""

from __future__ import annotations

from sqlalchemy import Engine

from tests.web.house import Browser, build_house


def test_a_process_lives_and_is_ready(learner: Browser) -> None:
    assert learner.client.get("/livez").json == {"status": "alive"}
    assert learner.client.get("/readyz").status_code == 200


def test_readiness_names_what_is_not_there_and_not_why(sqlite_database: Engine) -> None:
    def broken() -> None:
        raise OSError("password of the database")

    readiness = {"database": lambda: None, "redis": broken}
    house = build_house(sqlite_database, readiness=readiness)
    answer = house.app.test_client().get("/readyz")
    assert answer.status_code == 503
    assert answer.json == {"status": "not ready", "checks": {"database": "ok", "redis": "failed"}}
    assert house.app.test_client().get("/livez").status_code == 200


def test_figures_count_requests_and_name_nobody(learner: Browser) -> None:
    learner.start()
    learner.answer()
    figures = learner.client.get("/metrics").get_data(as_text=True)
    assert 'pacemate_requests_total{endpoint="learner.answer",method="POST",status="303"} 1.0' in figures
    assert "pacemate_request_seconds_bucket" in figures
    for private in (learner.launch_id, learner.presentation, "ada", "tenant-1"):
        assert private not in figures
