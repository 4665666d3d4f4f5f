"""Moving an enrolment to another version of its model or policy: a step of its fold, recorded as an override.

Mastery is folded anew under another version of the model from the record up to here; the path stays, so that nothing a learner
has reached is taken back. No published mastery falls by a promotion (`switch_model`) or a new policy; it may where the version
before is gone (`replace_model`), as nobody can read what that one published (docs/decisions/0005).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Literal

from engine.domain.enrolment import LearnerState, Standing
from engine.domain.mastery import MasteryState, SkillPrior
from engine.domain.pacing import Override
from engine.domain.responses import Response
from engine.domain.unit_of_work import UnitOfWork
from engine.services.fold import Fold

Switch = Literal["switch_model", "replace_model", "switch_policy"]
"""To another version of the model while the one before is at hand; of the model where that is gone; of the policy."""
SWITCHES = ("switch_model", "replace_model", "switch_policy")
"""The kinds of override that a policy never sees."""


def switch(state: LearnerState, kind: Switch, old: Fold, new: Fold, uow: UnitOfWork, now: datetime) -> LearnerState:
    """Move an enrolment, record it, and return its state; the caller holds its lock.

    What led here can never be folded again once a fit or a release is gone: what it goes on from is stored beside the step.

    Args:
        old, new: the rules until here, and from here on.
    """
    before, mastery = state.enrolment, state.mastery
    if kind == "switch_policy":
        was, enrolment = before.policy_version, replace(before, policy_version=new.policy.version)
        target = new.policy.version
    else:
        was, enrolment = before.model_version, replace(before, model_version=new.model.version)
        target = new.model.version
        priors, responses = uow.record.priors(before.id), uow.record.responses(before.id)
        # What was published under a version that is gone cannot be read: the responses alone speak.
        mastery = carried(old, mastery, new, priors, responses) if kind == "switch_model" else new.relearn(priors, responses)
    step = Override(state.path.seq + 1, kind, target, "system", now, note=was)
    path, enrolment = replace(state.path, seq=step.seq), replace(enrolment, seq=step.seq)
    uow.record.add_override(before.id, step)
    uow.record.add_standing(before.id, Standing(step.seq, mastery, path))
    uow.enrolments.save(enrolment, mastery, path)
    return replace(state, enrolment=enrolment, mastery=mastery, path=path)


def carried(
    old: Fold, mastery: MasteryState, new: Fold, priors: Sequence[SkillPrior], responses: Iterable[Response]
) -> MasteryState:
    """Return mastery folded anew under other coefficients, no published probability below what it was."""
    floors = {skill: old.model.mastery(mastery, skill).probability for skill in old.version.skills}
    return new.model.raised(new.relearn(priors, responses), floors)
