"""What comes next for a learner, and why."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from engine.domain.catalog import Activity
from engine.domain.enrolment import LearnerState
from engine.domain.errors import NotFound, PluginError, Refused
from engine.domain.pacing import Decision
from engine.domain.path import first_open
from engine.domain.ports import ActivityType
from engine.domain.presentations import Presentation, variant_seed
from engine.domain.responses import PublicView
from engine.services.fold import Fold
from engine.services.kit import Kit
from engine.services.resume import after_a_pause, resume, withdraws
from engine.services.state import fold_for, locked, overtaken


@dataclass(frozen=True, slots=True)
class Next:
    """What comes next; `presentation`, `activity` and `view` are None when a module or the course is complete."""

    decision: Decision
    presentation: Presentation | None = None
    activity: Activity | None = None
    view: PublicView | None = None


def next_activity(enrolment_id: str, tenant_id: str, module_id: str | None, kit: Kit, *, now: datetime | None = None) -> Next:
    """Return the unanswered current presentation, else make one; after a pause one that is decided now.

    Args:
        module_id: the module the learner is in; None for the first that is not complete.

    Raises:
        NotFound: no such enrolment, or no such module in its contract.
        Refused: the module asks for others to be completed first.
    """
    now = now or kit.clock()
    with kit.uow() as uow:
        state = uow.enrolments.get(enrolment_id, tenant_id)
        fold = fold_for(state, uow, kit)
        if overtaken(state.enrolment, fold):
            state, fold = locked(enrolment_id, tenant_id, uow, kit, now)
        module = _module(module_id, state, fold)
        known = uow.record.presented(enrolment_id, state.path.seq, module)
        if after_a_pause(state.enrolment, state.path, known, now):
            state, fold = locked(enrolment_id, tenant_id, uow, kit, now)
            known = uow.record.presented(enrolment_id, state.path.seq, module)
            # Another request may have begun the visit while this one waited for the lock.
            late = after_a_pause(state.enrolment, state.path, known, now)
            if late and withdraws(known, state.mastery, state.path, fold, now):
                state, known = resume(state, fold, uow, now), None
        if known is None:
            decision = fold.policy.decide(state.path, module, fold.look(state.mastery), now)
            if decision.kind != "present":
                uow.commit()
                return Next(decision)
            known = uow.record.add_presentation(make_presentation(decision, state, fold, kit, now))
            uow.commit()
    return shown(known, fold, kit)


def shown(presentation: Presentation, fold: Fold, kit: Kit) -> Next:
    """Return a stored presentation with its activity and public view."""
    p = presentation
    activity = fold.version.activities[p.activity_id]
    view = activity_type(activity, kit).present(activity, p.variant_seed)
    decision = Decision("present", p.reason, p.module_id, p.activity_id, p.purpose, p.attempt, p.inputs)
    return Next(decision, p, activity, view)


def activity_type(activity: Activity, kit: Kit) -> ActivityType:
    """Return the type of an activity. Raises PluginError when it is not installed."""
    if activity.type not in kit.activity_types:
        raise PluginError(
            f"activity '{activity.id}' is of type '{activity.type}', which is not installed. "
            "Install the plugin that brings it; `pacemate plugins` lists those present."
        )
    return kit.activity_types[activity.type]


def make_presentation(decision: Decision, state: LearnerState, fold: Fold, kit: Kit, now: datetime) -> Presentation:
    """Return the presentation of a decision to present; a function of its arguments but for its id and time."""
    assert decision.activity_id is not None
    assert decision.purpose is not None
    activity = fold.version.activities[decision.activity_id]
    seed = variant_seed(fold.seed, state.path.seq, activity.id)
    view = activity_type(activity, kit).present(activity, seed)
    return Presentation(
        id=str(uuid.uuid4()),
        enrolment_id=state.enrolment.id,
        decided_seq=state.path.seq,
        module_id=decision.module_id,
        activity_id=activity.id,
        course_version_id=fold.version.id,
        purpose=decision.purpose,
        attempt=decision.attempt,
        reason=decision.reason,
        variant_seed=seed,
        served_at=now,
        option_order=view.option_order,
        inputs=decision.inputs,
    )


def _module(module_id: str | None, state: LearnerState, fold: Fold) -> str:
    closed = state.path.closed
    if module_id is None:
        ready = (m for m in fold.contract if first_open(fold.version.module(m), closed) is not None)
        return next(ready, fold.contract[-1])
    if module_id not in fold.contract:
        raise NotFound(f"The module '{module_id}' is not part of this course. Open the map to see what is.")
    refuse_locked(module_id, closed, fold)
    return module_id


def refuse_locked(module_id: str, closed: Collection[str], fold: Fold) -> None:
    """Raise Refused where a module asks for others that are not complete."""
    before = [m for m in fold.version.module(module_id).requires if m in fold.contract]
    lacking = [m for m in before if first_open(fold.version.module(m), closed) is not None]
    if lacking:
        titles = ", ".join(f"'{fold.version.module(m).title}'" for m in lacking)
        raise Refused(f"This module builds on {titles}. Finish that first; everything you did is kept.")
