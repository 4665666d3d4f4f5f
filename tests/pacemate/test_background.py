"""The deployed mode's scheduler and worker."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import cast

import pytest
from redis import ConnectionError as RedisGone

from engine.domain.errors import ConfigurationError
from engine.jobs import JobContext, Jobs, JobSpec
from pacemate.bootstrap import JOBS
from pacemate.scheduler import run_schedule

MIDNIGHT = datetime(2026, 3, 2, 0, 0, tzinfo=UTC)
ENOUGH = 12


class Waiting(threading.Event):
    """An event whose waits move a clock and take no time; it is set after so many waits."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self.now = MIDNIGHT
        self.left = most

    def wait(self, timeout: float | None = None) -> bool:
        self.now += timedelta(seconds=timeout or 0)
        self.left -= 1
        if self.left < 0:
            self.set()
        return self.is_set()


def nothing(_: JobContext) -> int:
    return 0


def sent_by(specs: list[JobSpec], send: Callable[[str], object] | None = None) -> list[tuple[float, str]]:
    """Return (seconds since midnight, name) of the first calls of a schedule."""
    stopping = Waiting(ENOUGH)
    sent: list[tuple[float, str]] = []

    def note(name: str) -> None:
        sent.append(((stopping.now - MIDNIGHT).total_seconds(), name))
        if send is not None:
            send(name)

    run_schedule(specs, note, lambda: stopping.now, stopping)
    return sent


def test_jobs_by_seconds_begin_at_once_and_jobs_by_cron_at_their_time() -> None:
    sent = sent_by([JobSpec("quick", 10.0, nothing), JobSpec("slow", 25.0, nothing), JobSpec("cron", "1 0 * * *", nothing)])
    assert [at for at, name in sent if name == "quick"] == [0, 10, 20, 30, 40, 50, 60, 70]
    assert [at for at, name in sent if name == "slow"][:3] == [0, 25, 50]
    assert [at for at, name in sent if name == "cron"] == [60]


def test_a_redis_that_is_down_stops_no_schedule() -> None:
    def refuse(_: str) -> None:
        raise RedisGone

    assert len(sent_by([JobSpec("quick", 10.0, nothing)], refuse)) == ENOUGH


def test_the_jobs_of_the_house_have_names_of_their_own(tmp_path: Path) -> None:
    names = [spec.name for spec in JOBS]
    assert len(set(names)) == len(names)
    assert {"relay", "deliver", "lti.rosters", "lti.keys"} <= set(names)
    with pytest.raises(ConfigurationError, match="relay"):
        Jobs([*JOBS, JOBS[0]], cast(JobContext, None))


WORKER = """
import sys
from pacemate import worker
from engine.domain.errors import ConfigurationError

worker.wake_relay()
print(type(worker.broker).__name__)
ran = []
from engine.jobs import JobSpec
specs = {"first": JobSpec("first", 5.0, lambda job: ran.append("first") or 1, then="second")}
worker._jobs = lambda: (specs, None)
sent = []
worker.run_job.send = sent.append
worker.run_job.fn("first")
print(ran, sent)
try:
    worker.run_job.fn("nobody")
except ConfigurationError as error:
    print(error.message)
"""


def test_the_worker_s_actor_runs_a_job_by_name_and_wakes_the_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    environment = {"PATH": "", "PACEMATE_DATA_DIR": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", WORKER], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "StubBroker",
        "['first'] ['second']",
        "There is no job 'nobody'. Known: first.",
    ]


def test_waking_the_relay_survives_a_redis_that_is_gone(tmp_path: Path) -> None:
    environment = {
        "PATH": "",
        "PACEMATE_DATA_DIR": str(tmp_path),
        "DATABASE_URL": "postgresql://nobody@127.0.0.1:9/none",
        "REDIS_URL": "redis://127.0.0.1:9/0",
    }
    code = "from pacemate.worker import wake_relay; wake_relay(); print('went on')"
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    assert done.stdout.strip().endswith("went on"), done.stderr


HANGING = """
import threading
from time import monotonic
from pacemate.worker import wake_relay

begun = monotonic()
first = threading.Thread(target=wake_relay)
first.start()
others = []
while first.is_alive() and monotonic() - begun < 60:
    at = monotonic()
    wake_relay()
    others.append(monotonic() - at)
    first.join(0.05)
at = monotonic()
wake_relay()
others.append(monotonic() - at)
print(len(others) > 2, max(others) < 0.5)
"""


def test_a_redis_that_hangs_holds_up_one_request_and_no_other(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        environment = {
            "PATH": "",
            "PACEMATE_DATA_DIR": str(tmp_path),
            "DATABASE_URL": "postgresql://nobody@127.0.0.1:9/none",
            "REDIS_URL": f"redis://127.0.0.1:{silent.getsockname()[1]}/0",
        }
        done = subprocess.run([sys.executable, "-c", HANGING], env=environment, capture_output=True, text=True, check=False)
    assert done.stdout.splitlines()[-1:] == ["True True"], done.stderr
