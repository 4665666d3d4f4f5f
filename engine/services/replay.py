"""The flight recorder: re-run a path from empty state, responses and overrides alone."""

from __future__ import annotations

from dataclasses import dataclass

from engine.domain.mastery import MasteryState
from engine.domain.pacing import Decision, Override, PathState
from engine.domain.presentations import Presentation, variant_seed
from engine.domain.responses import Response
from engine.services.fold import Fold
from engine.services.kit import Kit
from engine.services.state import fold_for


@dataclass(frozen=True, slots=True)
class Step:
    """One decision, as recorded and as decided anew."""

    seq: int
    recorded: Decision
    replayed: Decision

    @property
    def same(self) -> bool:
        """Return whether both decided the same, for the same reason on the same figures."""
        return self.recorded == self.replayed


@dataclass(frozen=True, slots=True)
class Replay:
    """A replayed path; `state_same` where the final mastery and path equal the stored ones bit for bit."""

    steps: tuple[Step, ...]
    mastery: MasteryState
    path: PathState
    state_same: bool

    @property
    def same(self) -> bool:
        """Return whether every decision and the final state are the same."""
        return self.state_same and all(step.same for step in self.steps)


def fold_all(
    fold: Fold, responses: list[Response], overrides: list[Override]
) -> tuple[list[tuple[MasteryState, PathState]], MasteryState, PathState]:
    """Fold a record from empty state.

    Returns:
        (mastery, path) at every seq from 0, and the last of them.
    """
    mastery, path = fold.start(), PathState()
    states = [(mastery, path)]
    record: list[Response | Override] = [*responses, *overrides]
    for step in sorted(record, key=lambda s: s.seq):
        if isinstance(step, Response):
            mastery, advance = fold.respond(mastery, path, step)
        else:
            advance = fold.override(mastery, path, step)
        path = advance.path
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
    chooser = fold.policy if policy is None else kit.policies[policy]
    steps = []
    for response in responses:
        known, then = states[response.decided_seq]
        decided = chooser.decide(then, response.module_id, fold.look(known), response.served_at)
        recorded = presentations[response.presentation_id]
        steps.append(Step(response.seq, _decision(recorded, fold), decided))
    return Replay(tuple(steps), mastery, path, (mastery, path) == (state.mastery, state.path))


def _decision(p: Presentation, fold: Fold) -> Decision:
    """Return the recorded decision; a variant seed that does not follow from the record shows as a difference."""
    purpose = p.purpose if p.variant_seed == variant_seed(fold.seed, p.decided_seq, p.activity_id) else None
    return Decision("present", p.reason, p.module_id, p.activity_id, purpose, p.attempt, p.inputs)
