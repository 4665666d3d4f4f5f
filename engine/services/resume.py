"""Coming back after a pause: another visit begins, recorded as a step of the fold.

What was presented before the pause and never answered is withdrawn where something else comes first by now, such as a review
that has fallen due: another position of the fold asks for a decision of its own. Where the same would come it stays as it was
shown, and the visit begins with its answer. An answer to what was withdrawn is still taken.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from engine.domain.enrolment import Enrolment, LearnerState
from engine.domain.mastery import MasteryState
from engine.domain.pacing import Override, PathState
from engine.domain.presentations import Presentation
from engine.domain.unit_of_work import UnitOfWork
from engine.services.fold import Fold

PAUSE = timedelta(hours=6)
"""Nothing done for so long ends a visit: longer than a lunch or a lecture, shorter than a night."""


def after_a_pause(enrolment: Enrolment, path: PathState, waiting: Presentation | None, now: datetime) -> bool:
    """Return whether a learner who has begun comes back after a pause.

    Args:
        waiting: what is presented and unanswered; being shown it was the last thing done.
    """
    moments = (enrolment.last_active_at, path.resumed_at, waiting.served_at if waiting is not None else None)
    done = [at for at in moments if at is not None]
    return enrolment.answered > 0 and bool(done) and now - max(done) >= PAUSE


def next_visit(mastery: MasteryState, path: PathState, fold: Fold, now: datetime) -> tuple[PathState, Override]:
    """Return the path on which another visit begins, and the step that brings it about; nothing is stored."""
    step = Override(path.seq + 1, "resume", "", "system", now)
    return fold.override(mastery, path, step).path, step


def withdraws(waiting: Presentation | None, mastery: MasteryState, path: PathState, fold: Fold, now: datetime) -> bool:
    """Return whether another visit would begin with something else than what is waiting; else that is kept as it was shown."""
    if waiting is None:
        return True
    anew, _ = next_visit(mastery, path, fold, now)
    d = fold.policy.decide(anew, waiting.module_id, fold.look(mastery), now)
    return (d.activity_id, d.purpose, d.attempt) != (waiting.activity_id, waiting.purpose, waiting.attempt)


def resume(state: LearnerState, fold: Fold, uow: UnitOfWork, now: datetime) -> LearnerState:
    """Begin another visit, record it, and return the state; the caller holds the enrolment's lock."""
    path, step = next_visit(state.mastery, state.path, fold, now)
    enrolment = replace(state.enrolment, seq=step.seq)
    uow.record.add_override(enrolment.id, step)
    uow.enrolments.save(enrolment, state.mastery, path)
    return replace(state, enrolment=enrolment, path=path)
