"""Change a cohort's settings: the contract, its dates, the grade policy, the locks."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import get_args

from engine.domain.enrolment import Cohort, GradePolicy
from engine.domain.errors import Refused
from engine.domain.events import COHORT_CHANGED, Event
from engine.domain.unit_of_work import UnitOfWork
from engine.services.kit import Kit
from engine.services.state import locked, move

LOCKABLE = ("mode", "test_out", "undo", "show_anyway")


@dataclass(frozen=True, slots=True)
class CohortSettings:
    """What an instructor sets; `contract` holds the ids of the modules to use."""

    contract: tuple[str, ...]
    starts_on: date | None
    ends_on: date | None
    grade_policy: GradePolicy
    locks: tuple[str, ...]


def set_cohort(cohort_id: str, tenant_id: str, settings: CohortSettings, kit: Kit, *, now: datetime | None = None) -> Cohort:
    """Store the settings; confirming the contract is part of it.

    Raises:
        NotFound: no such cohort.
        Refused: no module, an unknown one, one without what it builds on, or dates in the wrong order.
    """
    now = now or kit.clock()
    with kit.uow() as uow:
        cohort = uow.cohorts.get(cohort_id, tenant_id)
        version = uow.courses.version(cohort.course_version_id)
        modules = {m.id: m for m in version.modules}
        if not settings.contract or not set(settings.contract) <= set(modules):
            raise Refused("Choose at least one module of this course.")
        for module_id in settings.contract:
            lacking = [modules[m].title for m in modules[module_id].requires if m not in settings.contract]
            if lacking:
                raise Refused(f"'{modules[module_id].title}' builds on '{lacking[0]}'. Choose both, or neither.")
        if settings.starts_on and settings.ends_on and settings.ends_on < settings.starts_on:
            raise Refused("The course ends before it starts. Change one of the two dates.")
        if settings.grade_policy not in get_args(GradePolicy) or not set(settings.locks) <= set(LOCKABLE):
            raise Refused("This grade policy or lock does not exist. Reload the page and choose again.")
        contract = None if len(settings.contract) == len(modules) else tuple(m for m in modules if m in settings.contract)
        changed = replace(
            cohort,
            contract=contract,
            confirmed_at=now,
            starts_on=settings.starts_on,
            ends_on=settings.ends_on,
            grade_policy=settings.grade_policy,
            locks=settings.locks,
        )
        uow.cohorts.update(
            cohort_id,
            contract=contract,
            confirmed_at=now,
            starts_on=changed.starts_on,
            ends_on=changed.ends_on,
            grade_policy=changed.grade_policy,
            locks=changed.locks,
        )
        data = {"cohort": cohort_id, "grade_policy": changed.grade_policy}
        if contract != cohort.contract:
            _recount(changed, uow, kit, now)
        uow.outbox.add([Event(str(uuid.uuid4()), COHORT_CHANGED, now, tenant_id, cohort_id, data)])
        uow.commit()
    return changed


def _recount(cohort: Cohort, uow: UnitOfWork, kit: Kit, now: datetime) -> None:
    """Count everyone's progress and skills over the new contract: who has nothing left to do will never answer again."""
    for known in uow.enrolments.of_cohort(cohort.id):
        state, fold = locked(known.enrolment.id, cohort.tenant_id, uow, kit, now)
        move(state, state.mastery, state.path, fold, uow, cause="migration", now=now, quiet=True, recount=True)
