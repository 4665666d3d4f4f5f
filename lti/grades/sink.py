"""The sink that brings marks to gradebooks: events mark targets, the sender reads what is deserved at the time of sending."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from engine.domain.deliveries import Delivery, Destination, Outcome, SinkContext
from engine.domain.events import COHORT_CHANGED, COURSE_COMPLETED, MODULE_COMPLETED, PROGRESS_CHANGED, Event
from engine.domain.unit_of_work import UnitOfWork
from lti.grades.sender import Sender
from lti.grades.targets import SINK, aim, aim_cohort
from lti.runtime import LtiServices

_LEARNER: Final = frozenset({PROGRESS_CHANGED, MODULE_COMPLETED, COURSE_COMPLETED})


class LtiGrades:
    """Sends marks by LTI Assignment and Grade Services; implements `EventSink`."""

    name = SINK

    def enabled(self, context: SinkContext) -> bool:
        """Return whether the composition root lent the LTI services."""
        return isinstance(context.services.get("lti"), LtiServices)

    def destinations(self, event: Event, uow: UnitOfWork, context: SinkContext) -> Iterable[Destination]:  # noqa: ARG002
        """Return the grade targets that an event may have moved."""
        if event.type in _LEARNER:
            return aim(uow, event.subject)
        if event.type == COHORT_CHANGED:
            return aim_cohort(uow, event.subject)
        return ()

    def deliver(self, delivery: Delivery, context: SinkContext) -> Outcome:
        """Send one mark as it is deserved now."""
        lti = context.services.get("lti")
        if not isinstance(lti, LtiServices):
            return Outcome("retry", "This process has no LTI services. It is tried again by itself.")
        return Sender(lti, context.clock).send(delivery.destination)
