"""The flight recorder: re-run a path from empty state, responses and overrides alone.

What a release decided that is no longer installed is told and not compared; from the next switch on, the path goes on from what
was stored there (docs/decisions/0005).
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import NamedTuple

from engine.domain.catalog import CourseVersion
from engine.domain.enrolment import Enrolment, LearnerState
from engine.domain.errors import PluginError, Refused
from engine.domain.mastery import MasteryState
from engine.domain.pacing import Adjustment, Decision, PathState
from engine.domain.presentations import Presentation, variant_seed
from engine.domain.responses import Response
from engine.services.fold import Fold
from engine.services.kit import Kit
from engine.services.models import policy_for
from engine.services.rebuild import Past, Pinned, Position, fold_one, is_switch, pinned_at_the_start, rebuild
from engine.services.state import fold_for


@dataclass(frozen=True, slots=True)
class Step:
    """One decision, as recorded and as decided anew.

    Args:
        seq: position of the response to it.
        pinned: the versions that it was recorded under.
        replayed: None where it cannot be decided anew: what decided it, or what led there, belongs to a release that is gone.
        adjustments: what the policy that decides anew made of the entry before it.
    """

    seq: int
    pinned: Pinned
    recorded: Decision
    replayed: Decision | None
    adjustments: tuple[Adjustment, ...] = ()

    @property
    def same(self) -> bool:
        """Return whether both decided the same, for the same reason on the same figures."""
        return self.recorded == self.replayed

    @property
    def same_choice(self) -> bool:
        """Return whether both chose the same activity, whatever their reasons."""
        new = self.replayed
        return new is not None and (self.recorded.kind, self.recorded.activity_id) == (new.kind, new.activity_id)


@dataclass(frozen=True, slots=True)
class Replay:
    """A replayed path.

    Args:
        rules: what decided anew, under its model.
        mastery, path: at the end; None where a release that is gone led there.
        state_same: whether they equal the stored ones bit for bit; None where there is nothing to compare with.
    """

    enrolment: Enrolment
    rules: Fold
    steps: tuple[Step, ...]
    mastery: MasteryState | None
    path: PathState | None
    state_same: bool | None

    @property
    def version(self) -> CourseVersion:
        """Return the course version of the path."""
        return self.rules.version

    @property
    def compared(self) -> tuple[Step, ...]:
        """Return the steps that were decided anew."""
        return tuple(step for step in self.steps if step.replayed is not None)

    @property
    def same(self) -> bool | None:
        """Return whether all that was compared is the same; None where no decision or no final state could be compared."""
        if self.state_same is False or not all(step.same for step in self.compared):
            return False
        return None if self.state_same is None or (self.steps and not self.compared) else True


class Stand(NamedTuple):
    """Where what decides anew stands, and what it made of the entry before; without mastery or path it cannot decide."""

    at: Position
    adjustments: tuple[Adjustment, ...] = ()


def replay(enrolment_id: str, tenant_id: str, kit: Kit, *, policy: str | None = None) -> Replay:
    """Re-run an enrolment's path decision by decision, each part under the versions that were in force.

    Args:
        policy: another policy's name, to see where it would have chosen otherwise; None for the recorded one.

    Raises:
        NotFound: no such enrolment. PluginError: a model or a policy that the record names is not installed in any version.
    """
    with kit.uow() as uow:
        state = uow.enrolments.get(enrolment_id, tenant_id)
        record = uow.record
        overrides = record.overrides(enrolment_id)
        standings = {one.seq: one for one in record.standings(enrolment_id)}
        past = Past(record.responses(enrolment_id), overrides, record.priors(enrolment_id), standings)
        presentations = {p.id: p for p in record.presentations(enrolment_id)}

        def rules_of(pinned: Pinned) -> Fold:
            enrolment = replace(state.enrolment, **pinned._asdict())
            return fold_for(replace(state, enrolment=enrolment), uow, kit)

        positions = rebuild(past, pinned_at_the_start(state.enrolment, overrides), rules_of)
    stands = [_recorded(p) for p in positions] if policy is None else _elsewhere(policy, positions, past, kit)
    steps = [
        _step(response, stands[response.decided_seq], positions[response.decided_seq], presentations[response.presentation_id])
        for response in past.responses
    ]
    last = positions[-1]
    rules = stands[-1].at.fold
    return Replay(state.enrolment, rules, tuple(steps), last.mastery, last.path, _state_same(last, state))


def _step(response: Response, stand: Stand, position: Position, presentation: Presentation) -> Step:
    at, decided = stand.at, None
    if at.mastery is not None and at.path is not None:
        decided = at.fold.policy.decide(at.path, response.module_id, at.fold.look(at.mastery), response.served_at)
    recorded = _decision(presentation, at.fold)
    return Step(response.seq, position.pinned, recorded, decided, stand.adjustments)


def _state_same(last: Position, state: LearnerState) -> bool | None:
    pairs = ((last.mastery, state.mastery), (last.path, state.path))
    if any(rebuilt is not None and rebuilt != stored for rebuilt, stored in pairs):
        return False
    return None if last.mastery is None or last.path is None else True


def _recorded(at: Position) -> Stand:
    """Return where the recorded policy stood; another version of it cannot say what that one would have decided."""
    return Stand(at if at.policy_at_hand else replace(at, path=None))


def _other_rules(fold: Fold, name: str, kit: Kit) -> Fold:
    """Return the rules of another policy, with the model it asks for where that is not the enrolment's."""
    policy = policy_for(name, kit.policies)
    if policy.model is None or policy.model == fold.model.name:
        return replace(fold, policy=policy)
    if policy.model not in kit.models:
        raise PluginError(f"The policy '{name}' decides by the model '{policy.model}', which is not installed.")
    return replace(fold, policy=policy, model=kit.models[policy.model])


def _elsewhere(policy: str, positions: Sequence[Position], past: Past, kit: Kit) -> list[Stand]:
    """Return where another policy would have stood at every seq: the recorded path up to the last entry, that one folded by it.

    Going its own way for longer would compare with answers nobody gave. Its model knows the whole record all the same.
    """
    first = positions[0]
    rules = _other_rules(first.fold, policy, kit)
    own_model = rules.model is not first.fold.model
    mastery = rules.start() if own_model else first.mastery
    stands = [Stand(replace(first, mastery=mastery, fold=rules))]
    for before, after, entry in zip(positions, positions[1:], past.entries, strict=False):
        path: PathState | None = after.path
        adjustments: tuple[Adjustment, ...] = ()
        if is_switch(entry):
            rules = _other_rules(after.fold, policy, kit)
        elif mastery is not None and before.path is not None:
            # Refused: an act that the recorded policy took and this one would not; it stands where the act led.
            with suppress(Refused):
                _, path, adjustments = fold_one(rules, mastery, before.path, entry)
        if not own_model:
            mastery = after.mastery
        elif isinstance(entry, Response) and mastery is not None:
            mastery = rules.learn(mastery, entry)
        stands.append(Stand(replace(after, mastery=mastery, path=path, fold=rules), adjustments))
    return stands


def _decision(p: Presentation, fold: Fold) -> Decision:
    """Return the recorded decision; a variant seed that does not follow from the record shows as a difference."""
    purpose = p.purpose if p.variant_seed == variant_seed(fold.seed, p.decided_seq, p.activity_id) else None
    return Decision("present", p.reason, p.module_id, p.activity_id, purpose, p.attempt, p.inputs)
