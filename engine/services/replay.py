"""The flight recorder: re-run a path from empty state, responses and overrides alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from engine.domain.catalog import CourseVersion
from engine.domain.enrolment import Enrolment, LearnerState
from engine.domain.errors import PluginError, Refused
from engine.domain.mastery import MasteryState, SkillPrior
from engine.domain.pacing import Adjustment, Decision, Override, PathState
from engine.domain.presentations import Presentation, variant_seed
from engine.domain.responses import Response
from engine.services.fold import Fold
from engine.services.kit import Kit
from engine.services.models import model_for, policy_for
from engine.services.state import fold_for
from engine.services.switch import SWITCHES, carried


@dataclass(frozen=True, slots=True)
class Step:
    """One decision, as recorded and as decided anew.

    Args:
        seq: position of the response to it.
        adjustments: what the policy that decides anew made of the entry before it.
    """

    seq: int
    recorded: Decision
    replayed: Decision
    adjustments: tuple[Adjustment, ...] = ()

    @property
    def same(self) -> bool:
        """Return whether both decided the same, for the same reason on the same figures."""
        return self.recorded == self.replayed

    @property
    def same_choice(self) -> bool:
        """Return whether both chose the same activity, whatever their reasons."""
        return (self.recorded.kind, self.recorded.activity_id) == (self.replayed.kind, self.replayed.activity_id)


@dataclass(frozen=True, slots=True)
class Replay:
    """A replayed path.

    Args:
        rules: what decided anew, under its model.
        state_same: whether the final mastery and path equal the stored ones bit for bit.
    """

    enrolment: Enrolment
    rules: Fold
    steps: tuple[Step, ...]
    mastery: MasteryState
    path: PathState
    state_same: bool

    @property
    def version(self) -> CourseVersion:
        """Return the course version of the path."""
        return self.rules.version

    @property
    def same(self) -> bool:
        """Return whether every decision and the final state are the same."""
        return self.state_same and all(step.same for step in self.steps)


class Position(NamedTuple):
    """Mastery and path at a position of the fold, with the rules in force there."""

    mastery: MasteryState
    path: PathState
    fold: Fold


def fold_all(
    fold: Fold,
    responses: Sequence[Response],
    overrides: Sequence[Override],
    priors: Sequence[SkillPrior] = (),
    switched: Callable[[Fold, Override], Fold] = lambda fold, _: fold,
) -> tuple[list[Position], MasteryState, PathState]:
    """Fold a record from empty state.

    Args:
        fold: the rules at the start.
        priors: position 0: what the enrolment began with.
        switched: returns the rules after a recorded switch of version.

    Returns:
        The position at every seq from 0, and mastery and path of the last.
    """
    mastery, path = fold.start(priors), PathState()
    states = [Position(mastery, path, fold)]
    for entry in _in_order(responses, overrides):
        if isinstance(entry, Override) and entry.kind in SWITCHES:
            after = switched(fold, entry)
            if entry.kind == "switch_model":
                mastery = carried(fold, mastery, after, priors, (r for r in responses if r.seq < entry.seq))
            fold, path = after, replace(path, seq=entry.seq)
        else:
            mastery, path, _ = _fold_one(fold, mastery, path, entry)
        states.append(Position(mastery, path, fold))
    return states, mastery, path


def replay(enrolment_id: str, tenant_id: str, kit: Kit, *, policy: str | None = None) -> Replay:
    """Re-run an enrolment's path decision by decision, each part under the versions that were in force.

    Args:
        policy: another policy's name, to see where it would have chosen otherwise; None for the recorded one.

    Raises:
        NotFound: no such enrolment. PluginError: a model, a policy, or a version of one that the record names is not installed.
    """
    with kit.uow() as uow:
        state = uow.enrolments.get(enrolment_id, tenant_id)
        responses = list(uow.record.responses(enrolment_id))
        overrides = list(uow.record.overrides(enrolment_id))
        priors = uow.record.priors(enrolment_id)
        presentations = {p.id: p for p in uow.record.presentations(enrolment_id)}

        def switched(fold: Fold, step: Override) -> Fold:
            if step.kind == "switch_policy":
                return replace(fold, policy=policy_for(fold.policy.name, step.target, kit.policies))
            return replace(fold, model=model_for(fold.model.name, step.target, uow, kit.models, kit.fitted))

        began = _at_the_start(state, overrides)
        fold = fold_for(began, uow, kit)
        fold = replace(fold, policy=policy_for(fold.policy.name, began.enrolment.policy_version, kit.policies))
        states, mastery, path = fold_all(fold, responses, overrides, priors, switched)
    standing = [(p, ()) for p in states] if policy is None else _elsewhere(policy, states, _in_order(responses, overrides), kit)
    steps = []
    for response in responses:
        (known, then, rules), adjustments = standing[response.decided_seq]
        decided = rules.policy.decide(then, response.module_id, rules.look(known), response.served_at)
        recorded = _decision(presentations[response.presentation_id], rules)
        steps.append(Step(response.seq, recorded, decided, adjustments))
    rules = standing[-1][0].fold
    return Replay(state.enrolment, rules, tuple(steps), mastery, path, (mastery, path) == (state.mastery, state.path))


def _in_order(responses: Sequence[Response], overrides: Sequence[Override]) -> list[Response | Override]:
    record: list[Response | Override] = [*responses, *overrides]
    return sorted(record, key=lambda entry: entry.seq)


def _fold_one(
    fold: Fold, mastery: MasteryState, path: PathState, entry: Response | Override
) -> tuple[MasteryState, PathState, tuple[Adjustment, ...]]:
    if isinstance(entry, Response):
        mastery, advance = fold.respond(mastery, path, entry)
    else:
        advance = fold.override(mastery, path, entry)
    return mastery, advance.path, advance.adjustments


def _other_rules(fold: Fold, name: str, kit: Kit) -> Fold:
    """Return the rules of another policy, with the model it asks for where that is not the enrolment's."""
    policy = policy_for(name, None, kit.policies)
    if policy.model is None or policy.model == fold.model.name:
        return replace(fold, policy=policy)
    if policy.model not in kit.models:
        raise PluginError(f"The policy '{name}' decides by the model '{policy.model}', which is not installed.")
    return replace(fold, policy=policy, model=kit.models[policy.model])


def _elsewhere(
    policy: str, states: Sequence[Position], record: Sequence[Response | Override], kit: Kit
) -> list[tuple[Position, tuple[Adjustment, ...]]]:
    """Return where another policy would have stood at every seq: the recorded path up to the last entry, that one folded by it.

    Going its own way for longer would compare with answers nobody gave. Its model knows the whole record all the same.
    """
    rules = _other_rules(states[0].fold, policy, kit)
    own_model = rules.model is not states[0].fold.model
    mastery = rules.start() if own_model else states[0].mastery
    adjustments: tuple[Adjustment, ...] = ()
    standing = [(Position(mastery, PathState(), rules), adjustments)]
    for before, after, entry in zip(states, states[1:], record, strict=False):
        if isinstance(entry, Override) and entry.kind in SWITCHES:
            rules = _other_rules(after.fold, policy, kit)
            mastery, path, adjustments = mastery if own_model else after.mastery, after.path, ()
        else:
            try:
                mastery, path, adjustments = _fold_one(rules, mastery, before.path, entry)
            except Refused:
                # An act that the recorded policy took and this one would not: it stands where the act led.
                path, adjustments = after.path, ()
        standing.append((Position(mastery, path, rules), adjustments))
    return standing


def _at_the_start(state: LearnerState, overrides: Sequence[Override]) -> LearnerState:
    """Return the state with the versions that its enrolment began with; a switch names the one before."""
    model = next((o.note for o in overrides if o.kind == "switch_model"), state.enrolment.model_version)
    policy = next((o.note for o in overrides if o.kind == "switch_policy"), state.enrolment.policy_version)
    return replace(state, enrolment=replace(state.enrolment, model_version=model, policy_version=policy))


def _decision(p: Presentation, fold: Fold) -> Decision:
    """Return the recorded decision; a variant seed that does not follow from the record shows as a difference."""
    purpose = p.purpose if p.variant_seed == variant_seed(fold.seed, p.decided_seq, p.activity_id) else None
    return Decision("present", p.reason, p.module_id, p.activity_id, purpose, p.attempt, p.inputs)
