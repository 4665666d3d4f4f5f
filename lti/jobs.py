"""The jobs of LTI: rosters, gradebook columns, key rotation, sweeping."""

from __future__ import annotations

from engine.jobs import JobContext, JobSpec, audit_time
from lti import deep_linking, logins, roster
from lti.grades import columns, history
from lti.runtime import LtiServices


def read_rosters(job: JobContext) -> int:
    """Read the rosters that are due."""
    return roster.read_due(services(job))


def read_columns(job: JobContext) -> int:
    """Read the gradebook columns that are due."""
    return columns.read_due(services(job))


def rotate_keys(job: JobContext) -> int:
    """Rotate the tool's keys where their time is over."""
    return int(services(job).keys.rotate_when_due())


def sweep(job: JobContext) -> int:
    """Delete logins, deep linking requests and log lines that have ended, and tries of marks that no audit asks for."""
    lti = services(job)
    now = lti.clock()
    with lti.uow() as uow:
        count = logins.sweep(uow, now) + deep_linking.sweep(uow, now) + lti.log.sweep(uow, now)
        count += history.sweep(uow, now - audit_time(job.context))
        uow.commit()
    return count


def services(job: JobContext) -> LtiServices:
    """Return the LTI services that the composition root lends. Raises TypeError where it lends none."""
    lti = job.context.services.get("lti")
    if not isinstance(lti, LtiServices):
        raise TypeError("SinkContext.services['lti'] must be an LtiServices; see pacemate.bootstrap.")
    return lti


JOBS = [
    JobSpec("lti.rosters", 30.0, read_rosters),
    JobSpec("lti.columns", 60.0, read_columns),
    JobSpec("lti.keys", "17 3 * * *", rotate_keys),
    JobSpec("lti.sweep", 300.0, sweep),
]
"""What bootstrap collects."""
