"""Moving an enrolment to another version of its model or policy: a step of its fold, recorded as an override.

Mastery is folded anew under the new version from the record up to here; the path stays, so that nothing a learner has reached
is taken back, and no published mastery falls by the change itself (docs/decisions/0005).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from engine.domain.enrolment import LearnerState
from engine.domain.mastery import MasteryState, SkillPrior
from engine.domain.pacing import Override
from engine.domain.responses import Response
from engine.domain.unit_of_work import UnitOfWork
from engine.services.fold import Fold

SWITCHES = ("switch_model", "switch_policy")
"""The kinds of override that a policy never sees."""


@dataclass(frozen=True, slots=True)
class Switch:
    """What is switched, and the version it is switched to."""

    what: Literal["model", "policy"]
    version: str


def switch(
    state: LearnerState, fold: Fold, to: Switch, uow: UnitOfWork, now: datetime, new: Fold | None = None
) -> LearnerState:
    """Move an enrolment, record it, and return its state; the caller holds its lock.

    Args:
        fold: the rules until here.
        new: the rules from here on; needed for a switch of the model.
    """
    old = state.enrolment
    before = old.model_version if to.what == "model" else old.policy_version
    step = Override(
        seq=state.path.seq + 1,
        kind="switch_model" if to.what == "model" else "switch_policy",
        target=to.version,
        actor="system",
        at=now,
        note=before,
    )
    mastery = state.mastery
    if new is not None:
        mastery = carried(fold, mastery, new, uow.record.priors(old.id), uow.record.responses(old.id))
    enrolment = replace(old, seq=step.seq)
    if to.what == "model":
        enrolment = replace(enrolment, model_version=to.version)
    else:
        enrolment = replace(enrolment, policy_version=to.version)
    path = replace(state.path, seq=step.seq)
    uow.record.add_override(old.id, step)
    uow.enrolments.save(enrolment, mastery, path)
    return replace(state, enrolment=enrolment, mastery=mastery, path=path)


def carried(
    old: Fold, mastery: MasteryState, new: Fold, priors: Sequence[SkillPrior], responses: Iterable[Response]
) -> MasteryState:
    """Return mastery folded anew under other coefficients, no published probability below what it was."""
    floors = {skill: old.model.mastery(mastery, skill).probability for skill in old.version.skills}
    return new.model.raised(new.relearn(priors, responses), floors)
