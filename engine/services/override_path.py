"""Acts that change a path: test out, undo, show anyway, waive, "I saw them do this" and taking it back, pace."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from engine.domain.enrolment import LearnerState
from engine.domain.errors import Refused
from engine.domain.milestones import Milestone
from engine.domain.pacing import Adjustment, Override, OverrideKind
from engine.services.fold import Fold
from engine.services.kit import Kit
from engine.services.next_activity import refuse_locked
from engine.services.state import locked, move

REASONED_KINDS = ("waive", "saw_them_do")
"""An instructor's acts that want a reason."""
INSTRUCTOR_KINDS = (*REASONED_KINDS, "take_back")
MOST_NOTE = 500


@dataclass(frozen=True, slots=True)
class OverrideCommand:
    """An act on one enrolment's path; see `pacing.Override` for kinds and targets."""

    enrolment_id: str
    tenant_id: str
    kind: OverrideKind
    target: str
    actor: Literal["learner", "instructor", "system"]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Overridden:
    """What an act changed."""

    adjustments: tuple[Adjustment, ...]
    milestones: tuple[Milestone, ...]
    progress_bp: int | None


def override_path(command: OverrideCommand, kit: Kit, *, now: datetime | None = None) -> Overridden:
    """Append an override and fold it.

    Raises:
        NotFound: no such enrolment.
        Refused: the act does not apply, is locked by the instructor, or is not this actor's to do.
    """
    now = now or kit.clock()
    with kit.uow() as uow:
        state, fold = locked(command.enrolment_id, command.tenant_id, uow, kit, now)
        _check(command, state.cohort.locks)
        _check_target(command, state, fold)
        override = Override(
            seq=state.path.seq + 1,
            kind=command.kind,
            target=command.target,
            actor=command.actor,
            at=now,
            note=command.note[:MOST_NOTE],
        )
        advance = fold.override(state.mastery, state.path, override)
        uow.record.add_override(state.enrolment.id, override)
        uow.record.add_adjustments(state.enrolment.id, override.seq, advance.adjustments, now)
        quiet = command.kind in INSTRUCTOR_KINDS
        cause = "waived" if quiet else "activity"
        back = command.kind == "take_back"
        moved = move(state, state.mastery, advance.path, fold, uow, cause=cause, now=now, quiet=quiet, back=back)
        uow.commit()
    return Overridden(advance.adjustments, moved.milestones, moved.enrolment.progress_bp)


def _check(command: OverrideCommand, locks: tuple[str, ...]) -> None:
    if command.kind in INSTRUCTOR_KINDS and command.actor == "learner":
        raise Refused("Only an instructor can do this.")
    if command.kind in locks and command.actor == "learner":
        raise Refused("Your instructor has locked this for the course. Ask them if you need it.")
    if command.kind in REASONED_KINDS and not command.note.strip():
        raise Refused("Say in a few words why; the learner can read it.")


def _check_target(command: OverrideCommand, state: LearnerState, fold: Fold) -> None:
    """Refuse what is out of reach; here and not in the fold, since a contract may change and a replay must not."""
    if command.kind not in ("test_out", "undo", "show_anyway", "skip_review"):
        return
    module_id = _module_of(command, fold)
    if module_id not in fold.contract:
        raise Refused("This is not part of your course. Open the map to see what is.")
    if command.actor == "learner":
        refuse_locked(module_id, state.path.closed, fold)


def _module_of(command: OverrideCommand, fold: Fold) -> str | None:
    """Return the module that an act's target stands in; None for what the course does not have."""
    if command.kind == "skip_review":
        return command.target
    if command.kind == "show_anyway":
        activity = fold.version.activities.get(command.target)
        return None if activity is None else activity.module_id
    return next((s.module_id for m in fold.version.modules for s in m.slots if s.key == command.target), None)
