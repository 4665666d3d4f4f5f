"""A course of a platform in which learners work, and get marks."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace

from flask.testing import FlaskClient

from engine.domain.deliveries import SinkContext
from engine.domain.enrolment import Enrolment
from engine.domain.events import COHORT_CHANGED, PROGRESS_CHANGED, Event
from engine.relay import deliver_due, relay_once
from engine.storage.unit_of_work import UnitOfWorkFactory
from lti.grades.sink import LtiGrades
from lti.grades.targets import GradeLine, overview
from lti.registrations import list_platforms
from lti.runtime import LtiServices
from lti.storage import registrations
from tests.engine.sample import build_version
from tests.lti.platform import Clock, Platform


@dataclass
class School:
    """A course in which learners work and get marks.

    Args:
        tenant_id: the platform's own where None.
        key: of the cohort.
    """

    browser: FlaskClient
    platform: Platform
    uow: UnitOfWorkFactory
    services: LtiServices
    clock: Clock
    tenant_id: str | None = None
    key: str = "context:course-1"

    def enrolment(self, sub: str = "learner-1") -> Enrolment:
        with self.uow() as uow:
            tenant = self.tenant_id or next(r.tenant_id for r, _ in list_platforms(uow) if r.issuer == self.platform.issuer)
            person = uow.people.upsert(tenant, sub, name=None, email=None, locale=None, now=self.clock())
            cohort = uow.cohorts.find(tenant, self.key, "sample")
            assert cohort is not None
            found = uow.enrolments.current(cohort.id, person.id)
            assert found is not None
            return found

    def close(self, *modules: int, sub: str = "learner-1", progress_bp: int = 0) -> None:
        """Let a learner complete modules, as a use case would: state and event in one transaction."""
        version = build_version()
        done = {key: "done" for n in modules for key in version.module(f"module-{n}").elements()}
        enrolment = self.enrolment(sub)
        with self.uow() as uow:
            state = uow.enrolments.lock(enrolment.id, enrolment.tenant_id)
            path = replace(state.path, closed=done, seq=state.path.seq + 1)
            moved = replace(state.enrolment, seq=path.seq, progress_bp=progress_bp, last_active_at=self.clock())
            uow.enrolments.save(moved, state.mastery, path)
            event = Event(str(uuid.uuid4()), PROGRESS_CHANGED, self.clock(), enrolment.tenant_id, enrolment.id, {})
            uow.outbox.add([event])
            uow.commit()

    def set_policy(self, policy: str) -> None:
        enrolment = self.enrolment()
        with self.uow() as uow:
            cohort = uow.cohorts.get(enrolment.cohort_id, enrolment.tenant_id)
            uow.cohorts.update(
                cohort.id,
                contract=None,
                confirmed_at=None,
                starts_on=None,
                ends_on=None,
                grade_policy=policy,
                locks=(),
            )
            changed = Event(str(uuid.uuid4()), COHORT_CHANGED, self.clock(), cohort.tenant_id, cohort.id, {})
            uow.outbox.add([changed])
            uow.commit()

    def be(self, family: str) -> None:
        """Let the platform be of another family."""
        with self.uow() as uow:
            uow.session.execute(registrations.update().values(family=family))
            uow.commit()

    def relay(self) -> None:
        """Relay and deliver all that is due."""
        context = SinkContext(self.uow, self.services.http, self.clock, services={"lti": self.services})
        sinks = {"lti-grades": LtiGrades()}
        relay_once(self.uow, sinks, context)
        deliver_due(self.uow, sinks, context)

    def lines(self, sub: str = "learner-1") -> list[GradeLine]:
        """Return the marks of the cohort that a learner is in."""
        with self.uow() as uow:
            return list(overview(uow, self.enrolment(sub).cohort_id))
