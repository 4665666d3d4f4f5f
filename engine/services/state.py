"""Loading an enrolment's rules, and writing back what a fold made of its state."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from datetime import datetime

from engine.domain.catalog import CourseVersion
from engine.domain.enrolment import Enrolment, LearnerState
from engine.domain.events import COURSE_COMPLETED, MODULE_COMPLETED, PROGRESS_CHANGED, Event, event_id, milestone_event
from engine.domain.mastery import MasteryState
from engine.domain.milestones import Milestone, crossed
from engine.domain.pacing import PathState
from engine.domain.path import first_open
from engine.domain.progress import progress_bp
from engine.domain.unit_of_work import UnitOfWork
from engine.services.fold import Fold, contract_of
from engine.services.kit import Kit
from engine.services.models import find_model, model_in_use, policy_for
from engine.services.switch import switch

log = logging.getLogger(__name__)


def fold_for(state: LearnerState, uow: UnitOfWork, kit: Kit) -> Fold:
    """Return the rules an enrolment is folded by from here on.

    Of the policy that is the installed version. Of the model it is the pinned one, and where that is gone the one that new
    enrolments of the course pin: its state is then to be folded anew, see `locked` and `standing`.

    Raises:
        PluginError: the model or the policy is not installed in any version.
    """
    enrolment = state.enrolment
    version = uow.courses.version(enrolment.course_version_id)
    model = find_model(enrolment.model, enrolment.model_version, uow, kit)
    return Fold(
        version=version,
        contract=contract_of(state.cohort, version),
        model=model_in_use(version.course_id, enrolment.model, uow, kit) if model is None else model,
        policy=policy_for(enrolment.policy, kit.policies),
        seed=enrolment.seed,
    )


def overtaken(enrolment: Enrolment, fold: Fold) -> bool:
    """Return whether an enrolment has to go on under other versions than it pins."""
    return (enrolment.model_version, enrolment.policy_version) != (fold.model.version, fold.policy.version)


def standing(state: LearnerState, uow: UnitOfWork, kit: Kit) -> tuple[LearnerState, Fold]:
    """Return an enrolment's rules, and its state as they read it, for a page; nothing is stored.

    Raises:
        PluginError: its model or policy is not installed in any version.
    """
    fold = fold_for(state, uow, kit)
    e = state.enrolment
    if fold.model.version != e.model_version:
        state = replace(state, mastery=fold.relearn(uow.record.priors(e.id), uow.record.responses(e.id)))
    return state, fold


def locked(enrolment_id: str, tenant_id: str, uow: UnitOfWork, kit: Kit, now: datetime) -> tuple[LearnerState, Fold]:
    """Lock an enrolment and return it with the rules it is folded by.

    A policy that was installed in another version since the enrolment began takes over here, and so does the version of the
    model that is in use where the pinned one is gone; each is a recorded step of the fold.

    Raises:
        NotFound: no such enrolment. PluginError: its model or policy is not installed in any version.
    """
    state = uow.enrolments.lock(enrolment_id, tenant_id)
    fold = fold_for(state, uow, kit)
    e = state.enrolment
    if fold.model.version != e.model_version:
        versions = {"was": e.model_version, "now": fold.model.version}
        log.warning("mastery.version_replaced", extra={"enrolment": e.id, **versions})
        state = switch(state, "replace_model", fold, fold, uow, now)
    if fold.policy.version != e.policy_version:
        state = switch(state, "switch_policy", fold, fold, uow, now)
    return state, fold


@dataclass(frozen=True, slots=True)
class Moved:
    """What moving an enrolment's state brought."""

    enrolment: Enrolment
    milestones: tuple[Milestone, ...]
    module_done: str | None


def move(
    before: LearnerState,
    mastery: MasteryState,
    path: PathState,
    fold: Fold,
    uow: UnitOfWork,
    *,
    cause: str,
    now: datetime,
    quiet: bool = False,
    recount: bool = False,
    back: bool = False,
    active_s: float = 0.0,
    answered: int = 0,
) -> Moved:
    """Store a moved state with its progress, milestones and events; the caller holds the enrolment's lock.

    Args:
        cause: see `milestones.crossed`.
        recount: the contract has changed: the high-water count of skills begins anew with those of the new one.
        back: what an instructor had closed is taken back: it comes off the high-water progress and count of skills, too, and a
            course that it opens is not complete any more.
        active_s, answered: what this step adds to the enrolment's totals.
    """
    old = _without(before, path, fold) if back else before.enrolment
    bp = progress_bp(fold.version, fold.contract, path.closed)
    high = bp if old.progress_bp is None else old.progress_bp if bp is None else max(old.progress_bp, bp)
    opened = [m for m in fold.contract if first_open(fold.version.module(m), path.closed) is not None]
    finished = [m for m in fold.contract if m not in opened and first_open(fold.version.module(m), before.path.closed)]
    skills = fold.skills_mastered(path)
    enrolment = replace(
        old,
        seq=path.seq,
        progress_bp=high,
        answered=old.answered + answered,
        active_s=old.active_s + active_s,
        skills_mastered=skills if recount else max(old.skills_mastered, skills),
        last_active_at=now if answered else old.last_active_at,
        completed_at=(old.completed_at if not (back and opened) else None) or (now if not opened and fold.contract else None),
    )
    uow.enrolments.save(enrolment, mastery, path)
    reached: tuple[Milestone, ...] = ()
    if high is not None and high > (old.progress_bp or 0):
        due = crossed(old.id, old.progress_bp or 0, high, cause, quiet=quiet)
        reached = tuple(uow.record.add_milestones(due, now)) if due else ()
    if not old.preview:
        uow.outbox.add(_events(before, enrolment, fold.version, reached, finished, now))
    return Moved(enrolment, reached, finished[0] if finished else None)


def _without(before: LearnerState, path: PathState, fold: Fold) -> Enrolment:
    """Return the enrolment with its high-water marks lowered by what a step takes off the path."""
    old = before.enrolment
    was, now = (progress_bp(fold.version, fold.contract, p.closed) or 0 for p in (before.path, path))
    return replace(
        old,
        progress_bp=None if old.progress_bp is None else old.progress_bp - (was - now),
        skills_mastered=old.skills_mastered - (fold.skills_mastered(before.path) - fold.skills_mastered(path)),
    )


def _events(
    before: LearnerState,
    after: Enrolment,
    version: CourseVersion,
    milestones: tuple[Milestone, ...],
    finished: list[str],
    now: datetime,
) -> list[Event]:
    tenant, old = after.tenant_id, before.enrolment

    def event(type_: str, key: str, **data: object) -> Event:
        values = {"enrolment": after.id, "course": version.course_id, "course_version": version.number, **data}
        return Event(event_id(type_, after.id, key), type_, now, tenant, after.id, values)

    events = [milestone_event(m, tenant, version.course_id, version.number, now) for m in milestones]
    events += [event(MODULE_COMPLETED, m, module=m) for m in finished]
    if (after.progress_bp, after.skills_mastered) != (old.progress_bp, old.skills_mastered) or finished:
        figures = {"progress_bp": after.progress_bp, "previous_bp": old.progress_bp, "skills_mastered": after.skills_mastered}
        # A new contract moves progress without a step of the fold.
        key = str(after.seq) if after.seq != old.seq else f"{after.seq}:{after.progress_bp}:{after.skills_mastered}"
        events.append(event(PROGRESS_CHANGED, key, **figures))
    if after.completed_at is not None and old.completed_at is None:
        events.append(event(COURSE_COMPLETED, "1"))
    return events
