"""Jobs: what runs beside requests. The embedded run's threads are here; the deployed one runs the same specs."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from engine.domain.deliveries import EventSink, SinkContext
from engine.domain.errors import ConfigurationError
from engine.fits import fit_due, in_own_process
from engine.relay import deliver_due, relay_once
from engine.services.kit import Kit
from engine.services.promote_version import refold_idle

log = logging.getLogger(__name__)

BATCH = 100
SWEPT_AT_ONCE = 1000
AUDIT_DAYS = 180
"""How long settled deliveries are kept where no setting says."""
CRON_FIELDS = (("minute", 0, 59), ("hour", 0, 23), ("day", 1, 31), ("month", 1, 12), ("weekday", 0, 6))
CRON_HORIZON = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class JobContext:
    """What a job works with.

    Args:
        sinks: the event sinks by name.
        context: the outside: unit of work, HTTP, clock, settings, services.
    """

    sinks: Mapping[str, EventSink]
    context: SinkContext


Handler = Callable[[JobContext], int]
"""Does what is to do now; returns how much that was."""


@dataclass(frozen=True, slots=True)
class JobSpec:
    """A job by name, with its schedule.

    Args:
        schedule: seconds between runs, or a cron line of five fields in UTC (`30 3 * * *`), all of which must match;
            weekday 0 is Sunday.
        on_notify: run at once when something was committed.
        then: the job to wake after a run that did something.

    Raises:
        ConfigurationError: the schedule is neither.
    """

    name: str
    schedule: float | str
    handler: Handler
    on_notify: bool = False
    then: str | None = None

    def __post_init__(self) -> None:
        """Check the schedule."""
        if isinstance(self.schedule, str):
            _cron(self.name, self.schedule)
        elif self.schedule <= 0:
            raise ConfigurationError(f"Job '{self.name}': {self.schedule} s between runs. Give more than 0.")

    @property
    def every_s(self) -> float | None:
        """Return the seconds between runs, None for a job by cron."""
        return None if isinstance(self.schedule, str) else float(self.schedule)

    @property
    def cron(self) -> str | None:
        """Return the cron line, None for a job by seconds."""
        return self.schedule if isinstance(self.schedule, str) else None

    def wait_s(self, now: datetime) -> float:
        """Return the seconds from `now` to the next run."""
        if not isinstance(self.schedule, str):
            return float(self.schedule)
        minute, hour, *day = _cron(self.name, self.schedule)
        at = now.replace(second=0, microsecond=0) + timedelta(minutes=1)
        while at - now < CRON_HORIZON:
            if not all(value in allowed for value, allowed in zip(_day(at), day, strict=True)):
                at = at.replace(hour=0, minute=0) + timedelta(days=1)
            elif at.hour not in hour:
                at = at.replace(minute=0) + timedelta(hours=1)
            elif at.minute not in minute:
                at += timedelta(minutes=1)
            else:
                return (at - now).total_seconds()
        return CRON_HORIZON.total_seconds()


def relay(job: JobContext) -> int:
    """Relay all events there are."""
    total = 0
    while True:
        count = relay_once(job.context.uow, job.sinks, job.context, BATCH)
        total += count
        if count < BATCH:
            return total


def deliver(job: JobContext) -> int:
    """Deliver what is due."""
    return deliver_due(job.context.uow, job.sinks, job.context, BATCH)


def sweep(job: JobContext) -> int:
    """Delete expired sessions and links."""
    with job.context.uow() as uow:
        count = uow.access.sweep(job.context.clock())
        uow.commit()
    return count


def sweep_record(job: JobContext) -> int:
    """Delete deliveries and events that were settled longer ago than the setting `audit_days` asks to keep them."""
    before = job.context.clock() - audit_time(job.context)
    total = 0
    while True:
        with job.context.uow() as uow:
            count = uow.outbox.sweep(before, SWEPT_AT_ONCE)
            uow.commit()
        total += count
        if count < SWEPT_AT_ONCE:
            return total


def audit_time(context: SinkContext) -> timedelta:
    """Return how long what was sent is kept for questions about it."""
    return timedelta(days=int(context.settings.get("audit_days") or AUDIT_DAYS))


def fit_passed(job: JobContext) -> int:
    """Fit one course that has passed 30, 100 or 300 learners since its last fit."""
    return fit_due(kit_of(job), in_own_process, nightly=False)


def fit_nightly(job: JobContext) -> int:
    """Fit one course that has new answers since its last fit."""
    return fit_due(kit_of(job), in_own_process, nightly=True)


def refold(job: JobContext) -> int:
    """Fold idle enrolments anew under the promoted version of their course, or where the one they pin is gone."""
    return refold_idle(kit_of(job))


def kit_of(job: JobContext) -> Kit:
    """Return the kit that the composition root lends. Raises TypeError where it lends none."""
    kit = job.context.services.get("kit")
    if not isinstance(kit, Kit):
        raise TypeError("SinkContext.services['kit'] must be a Kit; see pacemate.bootstrap.")
    return kit


class Jobs:
    """Runs jobs in threads of this process, one each, so that a slow one holds up no other."""

    def __init__(self, specs: Sequence[JobSpec], job: JobContext) -> None:
        """Check the specs; nothing runs before `start`.

        Raises:
            ConfigurationError: two jobs of one name, or a `then` that names none.
        """
        names = [spec.name for spec in specs]
        twice = sorted({name for name in names if names.count(name) > 1})
        lost = sorted({spec.then for spec in specs if spec.then is not None and spec.then not in names})
        if twice or lost:
            raise ConfigurationError(
                f"Jobs claimed twice: {twice}; jobs named by `then` that are none: {lost}. Mend the JOBS lists."
            )
        self._specs = tuple(specs)
        self._job = job
        self._wake = {name: threading.Event() for name in names}
        self._stopping = threading.Event()
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Start the threads; each job runs at once, to catch up."""
        for spec in self._specs:
            if spec.every_s is not None:
                self._wake[spec.name].set()
            thread = threading.Thread(target=self._loop, args=(spec,), name=f"job-{spec.name}", daemon=True)
            self._threads.append(thread)
            thread.start()

    def notify(self) -> None:
        """Wake the jobs that wait for something to be committed."""
        for spec in self._specs:
            if spec.on_notify:
                self._wake[spec.name].set()

    def stop(self, timeout_s: float = 30.0) -> bool:
        """Let running jobs end and start no other; return False where one did not end in time."""
        self._stopping.set()
        for wake in self._wake.values():
            wake.set()
        for thread in self._threads:
            thread.join(timeout_s)
        return not any(thread.is_alive() for thread in self._threads)

    def _loop(self, spec: JobSpec) -> None:
        wake = self._wake[spec.name]
        while True:
            wake.wait(spec.wait_s(self._job.context.clock()))
            if self._stopping.is_set():
                return
            # Cleared before the run: what is committed during it wakes the job once more.
            wake.clear()
            try:
                did = spec.handler(self._job)
            except Exception:
                # A job that fails now runs again at its next time; the thread must live to do so.
                log.exception("job.failed", extra={"job": spec.name})
                continue
            if did and spec.then is not None:
                self._wake[spec.then].set()


def _day(at: datetime) -> tuple[int, int, int]:
    return at.day, at.month, at.isoweekday() % 7


def _cron(name: str, line: str) -> tuple[frozenset[int], ...]:
    parts = line.split()
    try:
        if len(parts) != len(CRON_FIELDS):
            raise ValueError(f"{len(parts)} fields")
        return tuple(_cron_field(part, *field) for part, field in zip(parts, CRON_FIELDS, strict=True))
    except ValueError as error:
        raise ConfigurationError(
            f"Job '{name}': '{line}' is no cron line ({error}). Write five fields, as in '30 3 * * *'."
        ) from None


def _cron_field(part: str, what: str, low: int, high: int) -> frozenset[int]:
    values: set[int] = set()
    for piece in part.split(","):
        span, _, step = piece.partition("/")
        first, _, last = (f"{low}-{high}" if span == "*" else span).partition("-")
        end = int(last) if last else int(first)
        values.update(range(int(first), end + 1, int(step) if step else 1))
    if not values or min(values) < low or max(values) > high:
        raise ValueError(f"{what} '{part}', allowed {low} to {high}")
    return frozenset(values)


JOBS = [
    JobSpec("relay", 5.0, relay, on_notify=True, then="deliver"),
    JobSpec("deliver", 5.0, deliver),
    JobSpec("sweep", 600.0, sweep),
    JobSpec("sweep-record", 21_600.0, sweep_record),
    JobSpec("mastery.fit", "*/10 * * * *", fit_passed, then="mastery.fit"),
    JobSpec("mastery.nightly", "40 2 * * *", fit_nightly, then="mastery.nightly"),
    JobSpec("mastery.refold", 300.0, refold),
]
