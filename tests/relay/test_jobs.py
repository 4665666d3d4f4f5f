"""Jobs of the embedded run: due, woken, failing, stopped."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from engine.domain.deliveries import Delivery, Outcome
from engine.domain.errors import ConfigurationError
from engine.jobs import JOBS, JobContext, Jobs, JobSpec
from engine.storage.unit_of_work import UnitOfWorkFactory
from tests.relay.fakes import Clock, FakeSink, outside
from tests.storage.rows import NOW, event, later

LONG_S = 3600.0


def _context(uow_factory: UnitOfWorkFactory, *sinks: FakeSink) -> JobContext:
    return JobContext({sink.name: sink for sink in sinks}, outside(uow_factory, Clock()))


def _tell(told: threading.Event) -> Callable[[JobContext], int]:
    def run(_job: JobContext) -> int:
        told.set()
        return 0

    return run


def test_an_event_is_delivered_at_once_when_notified(uow_factory: UnitOfWorkFactory) -> None:
    sink = FakeSink()
    job = _context(uow_factory, sink)
    slow = [JobSpec(s.name, LONG_S, s.handler, s.on_notify, s.then) for s in JOBS]
    jobs = Jobs(slow, job)
    arrived = threading.Event()

    def answer(_delivery: Delivery) -> Outcome:
        arrived.set()
        return Outcome("sent")

    sink.answer = answer
    jobs.start()
    try:
        with uow_factory() as uow:
            uow.outbox.add([event()])
            uow.commit()
        jobs.notify()
        assert arrived.wait(30)
    finally:
        assert jobs.stop() is True


def test_jobs_catch_up_when_they_start(uow_factory: UnitOfWorkFactory) -> None:
    ran = threading.Event()
    jobs = Jobs([JobSpec("one", LONG_S, _tell(ran))], _context(uow_factory))
    jobs.start()
    assert ran.wait(30)
    assert jobs.stop() is True


def test_a_job_waits_for_its_next_time(uow_factory: UnitOfWorkFactory) -> None:
    runs: list[int] = []

    def count(_job: JobContext) -> int:
        runs.append(1)
        return 1

    jobs = Jobs([JobSpec("one", LONG_S, count)], _context(uow_factory))
    jobs.start()
    time.sleep(0.3)
    assert jobs.stop() is True
    assert len(runs) == 1


def test_a_job_that_fails_runs_again_and_stops_no_other(
    uow_factory: UnitOfWorkFactory, caplog: pytest.LogCaptureFixture
) -> None:
    again, other = threading.Event(), threading.Event()
    runs: list[int] = []

    def fail(_job: JobContext) -> int:
        runs.append(1)
        if len(runs) > 2:
            again.set()
        raise RuntimeError

    jobs = Jobs([JobSpec("bad", 0.01, fail), JobSpec("good", LONG_S, _tell(other))], _context(uow_factory))
    jobs.start()
    assert again.wait(30)
    assert other.wait(30)
    assert jobs.stop() is True
    assert {record.getMessage() for record in caplog.records} == {"job.failed"}


def test_stopping_lets_a_running_job_end(uow_factory: UnitOfWorkFactory) -> None:
    began, may_end, ended = threading.Event(), threading.Event(), threading.Event()

    def slow(_job: JobContext) -> int:
        began.set()
        may_end.wait(30)
        ended.set()
        return 0

    jobs = Jobs([JobSpec("slow", LONG_S, slow)], _context(uow_factory))
    jobs.start()
    assert began.wait(30)
    assert jobs.stop(timeout_s=0.05) is False
    may_end.set()
    assert jobs.stop() is True
    assert ended.is_set()


def test_a_commit_during_a_run_wakes_the_job_once_more(uow_factory: UnitOfWorkFactory) -> None:
    began, go_on, twice = threading.Event(), threading.Event(), threading.Event()
    runs: list[int] = []

    def work(_job: JobContext) -> int:
        runs.append(1)
        if len(runs) == 1:
            began.set()
            go_on.wait(30)
        else:
            twice.set()
        return 0

    jobs = Jobs([JobSpec("relay", LONG_S, work, on_notify=True)], _context(uow_factory))
    jobs.start()
    assert began.wait(30)
    jobs.notify()
    go_on.set()
    assert twice.wait(30)
    assert jobs.stop() is True


def test_the_sweep_deletes_what_expired(uow_factory: UnitOfWorkFactory) -> None:
    with uow_factory() as uow:
        uow.access.add_link("invite", "h", "x", later(-1), NOW)
        uow.commit()
    sweep = next(spec for spec in JOBS if spec.name == "sweep")
    assert sweep.handler(_context(uow_factory)) == 1
    assert sweep.handler(_context(uow_factory)) == 0


def test_the_record_is_kept_as_long_as_the_setting_says(uow_factory: UnitOfWorkFactory) -> None:
    clock = Clock()
    clock.now = datetime.now(UTC)
    job = JobContext({}, outside(uow_factory, clock, {"audit_days": "30"}))
    with uow_factory() as uow:
        uow.outbox.add([event(f"e{n}") for n in range(3)])
        uow.outbox.take(10)
        uow.commit()
    sweep = next(spec for spec in JOBS if spec.name == "sweep-record")
    for days, count in ((29, 0), (2, 3), (1, 0)):
        clock.now += timedelta(days=days)
        assert sweep.handler(job) == count


@pytest.mark.parametrize(
    ("cron", "now", "next_"),
    [
        ("30 3 * * *", (2026, 3, 2, 3, 29, 30), (2026, 3, 2, 3, 30)),
        ("30 3 * * *", (2026, 3, 2, 3, 30, 0), (2026, 3, 3, 3, 30)),
        ("*/15 * * * *", (2026, 3, 2, 3, 31, 0), (2026, 3, 2, 3, 45)),
        ("0 8-10/2 * * 1,5", (2026, 3, 3, 0, 0, 0), (2026, 3, 6, 8, 0)),
        ("0 0 1 1 *", (2026, 3, 3, 0, 0, 0), (2027, 1, 1, 0, 0)),
        ("0 0 * * 0", (2026, 3, 2, 0, 0, 0), (2026, 3, 8, 0, 0)),
    ],
)
def test_a_cron_line_says_when_it_runs_next(cron: str, now: tuple[int, ...], next_: tuple[int, ...]) -> None:
    spec = JobSpec("night", cron, lambda _job: 0)
    at = datetime(*now, tzinfo=UTC)  # type: ignore[misc, arg-type] # year to second
    assert spec.wait_s(at) == (datetime(*next_, tzinfo=UTC) - at).total_seconds()  # type: ignore[misc, arg-type] # year to second
    assert (spec.every_s, spec.cron) == (None, cron)


@pytest.mark.parametrize("schedule", [0, -1.0, "", "* * * *", "60 * * * *", "* * * * 7", "a * * * *", "5-1 * * * *"])
def test_a_schedule_that_makes_no_sense_is_refused(schedule: float | str) -> None:
    with pytest.raises(ConfigurationError, match="Job 'x'"):
        JobSpec("x", schedule, lambda _job: 0)


def test_names_are_checked_before_anything_runs(uow_factory: UnitOfWorkFactory) -> None:
    one = JobSpec("one", 1.0, lambda _job: 0)
    with pytest.raises(ConfigurationError, match="one"):
        Jobs([one, one], _context(uow_factory))
    with pytest.raises(ConfigurationError, match="two"):
        Jobs([JobSpec("one", 1.0, lambda _job: 0, then="two")], _context(uow_factory))
