"""The deployed mode's worker: one dramatiq actor runs every job. `pacemate worker` starts it."""

from __future__ import annotations

import threading
from functools import cache
from time import monotonic

import dramatiq
import structlog
from dramatiq.brokers.redis import RedisBroker
from dramatiq.brokers.stub import StubBroker
from redis import RedisError

from engine.domain.errors import ConfigurationError
from engine.jobs import JobContext, JobSpec
from pacemate.settings import load_settings

log = structlog.get_logger("worker")

HEARTBEAT_MS = 5_000
MAINTENANCE_CHANCE = 1_000_000
"""Always: what a killed worker held is taken up again after about seven seconds (both values are needed)."""
JOB_LIMIT_MS = 600_000
REST_S = 15.0
"""After a wake-up call that failed, requests make none for so long."""
MESSAGE_AGE_MS = 60_000
"""Older wake-up calls say nothing new: the scheduler sends one every few seconds."""


def make_broker() -> dramatiq.Broker:
    """Return the broker of this installation; a stub that nobody reads in the embedded mode."""
    url = load_settings().redis_url
    if url is None:
        return StubBroker()
    return RedisBroker(url=url, heartbeat_timeout=HEARTBEAT_MS, maintenance_chance=MAINTENANCE_CHANCE)  # type: ignore[no-untyped-call]


broker = make_broker()
dramatiq.set_broker(broker)
_asking = threading.Lock()
_rest = {"until": 0.0}


@dramatiq.actor(max_retries=0, time_limit=JOB_LIMIT_MS, max_age=MESSAGE_AGE_MS, broker=broker)
def run_job(name: str) -> None:
    """Run one job by its name; what it could not do stands in the database and is tried at its next run."""
    specs, context = _jobs()
    if name not in specs:
        raise ConfigurationError(f"There is no job '{name}'. Known: {', '.join(sorted(specs))}.")
    spec = specs[name]
    if spec.handler(context) and spec.then is not None:
        run_job.send(spec.then)


def wake_relay() -> None:
    """Ask for a run of the relay now; a Redis that is down or hangs costs one request its time-out, and the others nothing.

    A thread that finds another one asking leaves it at that; after a failure nobody asks for a while, and the scheduler does.
    """
    if monotonic() < _rest["until"] or not _asking.acquire(blocking=False):
        return
    try:
        run_job.send("relay")
    except (RedisError, OSError, dramatiq.errors.ConnectionError) as error:
        _rest["until"] = monotonic() + REST_S
        log.warning("relay not woken", error=type(error).__name__)
    finally:
        _asking.release()


@cache
def _jobs() -> tuple[dict[str, JobSpec], JobContext]:
    from pacemate.bootstrap import JOBS, build_runtime
    from pacemate.logs import configure_logging

    settings = load_settings()
    configure_logging(settings)
    runtime = build_runtime(settings)
    return {spec.name: spec for spec in JOBS}, runtime.job_context
