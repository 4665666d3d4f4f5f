"""The deployed mode's clock: sends each job's wake-up call when it is due. Two of them do no harm."""

from __future__ import annotations

import heapq
import threading
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import structlog
from redis import RedisError

from engine.jobs import JobSpec

log = structlog.get_logger("scheduler")


def run_schedule(
    specs: Sequence[JobSpec],
    send: Callable[[str], object],
    clock: Callable[[], datetime],
    stopping: threading.Event,
) -> None:
    """Send job names when due, until told to stop; jobs by seconds begin at once, those by cron at their time."""
    now = clock()
    due = [(now if s.every_s is not None else now + timedelta(seconds=s.wait_s(now)), i) for i, s in enumerate(specs)]
    heapq.heapify(due)
    while not stopping.is_set():
        at, index = due[0]
        if stopping.wait(max((at - clock()).total_seconds(), 0)):
            return
        spec = specs[index]
        try:
            send(spec.name)
        except (RedisError, OSError) as error:
            log.warning("wake-up call not sent", job=spec.name, error=type(error).__name__)
        now = clock()
        heapq.heapreplace(due, (now + timedelta(seconds=spec.wait_s(now)), index))
