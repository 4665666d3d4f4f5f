"""The flight recorder: re-run a path from empty state, responses and overrides alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from engine.domain.catalog import CourseVersion
from engine.domain.enrolment import Enrolment
from engine.domain.errors import PluginError, Refused
from engine.domain.mastery import MasteryState
from engine.domain.pacing import Adjustment, Decision, Override, PathState
from engine.domain.presentations import Presentation, variant_seed
from engine.domain.responses import Response
from engine.services.fold import Fold
from engine.services.kit import Kit
from engine.services.state import fold_for

State = tuple[MasteryState, PathState]


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


def fold_all(fold: Fold, responses: list[Response], overrides: list[Override]) -> tuple[list[State], MasteryState, PathState]:
    """Fold a record from empty state.

    Returns:
        (mastery, path) at every seq from 0, and the last of them.
    """
    mastery, path = fold.start(), PathState()
    states = [(mastery, path)]
    for entry in _in_order(responses, overrides):
        mastery, path, _ = _fold_one(fold, mastery, path, entry)
        states.append((mastery, path))
    return states, mastery, path


def replay(enrolment_id: str, tenant_id: str, kit: Kit, *, policy: str | None = None) -> Replay:
    """Re-run an enrolment's path decision by decision.

    Args:
        policy: another policy's name, to see where it would have chosen otherwise; None for the recorded one.

    Raises:
        NotFound: no such enrolment. PluginError: its model or a policy is not installed.
    """
    with kit.uow() as uow:
        state = uow.enrolments.get(enrolment_id, tenant_id)
        fold = fold_for(state, uow, kit)
        responses = list(uow.record.responses(enrolment_id))
        overrides = list(uow.record.overrides(enrolment_id))
        presentations = {p.id: p for p in uow.record.presentations(enrolment_id)}
    states, mastery, path = fold_all(fold, responses, overrides)
    rules = fold if policy is None else _other_rules(fold, policy, kit)
    standing = [(m, p, ()) for m, p in states] if policy is None else _elsewhere(rules, states, _in_order(responses, overrides))
    steps = []
    for response in responses:
        known, then, adjustments = standing[response.decided_seq]
        decided = rules.policy.decide(then, response.module_id, rules.look(known), response.served_at)
        recorded = _decision(presentations[response.presentation_id], fold)
        steps.append(Step(response.seq, recorded, decided, adjustments))
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
    if name not in kit.policies:
        raise PluginError(f"There is no policy '{name}'. Installed: {', '.join(sorted(kit.policies))}.")
    policy = kit.policies[name]
    if policy.model is None or policy.model == fold.model.name:
        return replace(fold, policy=policy)
    if policy.model not in kit.models:
        raise PluginError(f"The policy '{name}' decides by the model '{policy.model}', which is not installed.")
    return replace(fold, policy=policy, model=kit.models[policy.model])


def _elsewhere(
    rules: Fold, states: Sequence[State], record: Sequence[Response | Override]
) -> list[tuple[MasteryState, PathState, tuple[Adjustment, ...]]]:
    """Return where another policy would have stood at every seq: the recorded path up to the last entry, that one folded by it.

    Going its own way for longer would compare with answers nobody gave. Its model knows the whole record all the same.
    """
    mastery = rules.start()
    standing: list[tuple[MasteryState, PathState, tuple[Adjustment, ...]]] = [(mastery, PathState(), ())]
    for (_, before), (_, after), entry in zip(states, states[1:], record, strict=False):
        try:
            mastery, path, adjustments = _fold_one(rules, mastery, before, entry)
        except Refused:
            # An act that the recorded policy took and this one would not: it stands where the act led.
            path, adjustments = after, ()
        standing.append((mastery, path, adjustments))
    return standing


def _decision(p: Presentation, fold: Fold) -> Decision:
    """Return the recorded decision; a variant seed that does not follow from the record shows as a difference."""
    purpose = p.purpose if p.variant_seed == variant_seed(fold.seed, p.decided_seq, p.activity_id) else None
    return Decision("present", p.reason, p.module_id, p.activity_id, purpose, p.attempt, p.inputs)
