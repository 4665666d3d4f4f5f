"""Who needs help first, and why. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Literal

from engine.domain.catalog import CourseVersion
from engine.domain.enrolment import Cohort
from engine.domain.mastery import SkillMastery
from engine.domain.pacing import PathState
from engine.storage.reads.cohort import LearnerRow
from web.words import score_words

QUIET_DAYS = 7
"""Days without an answer after which a learner counts as quiet (product.md: at risk after 7)."""
RESOLVED = ("mastered", "skipped", "tested_out", "waived")
"""Closures after which a flag on a skill asks for nothing any more."""
FAR = 1 / 3
"""Share right at the first try below which one skill alone is a reason to help."""
KNOWN_BANDS = ("nearly", "mastered", "refresh")

Kind = Literal["stuck", "quiet", "watch"]


@dataclass(frozen=True, slots=True)
class Cause:
    """One reason why a learner needs help, or is worth an eye.

    Args:
        kind: `stuck` on a skill, `quiet` for days; or `watch`: one skill was practised without proof, and later visits ask
            it again by themselves.
        skill_id: the skill of a `stuck` or `watch` one.
        share: first tries that were right, in [0, 1]; 1.0 for `quiet`.
    """

    kind: Kind
    words: str
    skill_id: str | None = None
    share: float = 1.0


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a learner's path and the model say.

    Args:
        known: skill id to what the model says; None where the model is not installed.
    """

    version: CourseVersion
    path: PathState
    known: Callable[[str], SkillMastery] | None


def causes_of(learner: LearnerRow, evidence: Evidence | None, now: datetime, *, running: bool = True) -> tuple[Cause, ...]:
    """Return why a learner needs help; nothing for who is finished, dropped, or never came.

    Args:
        running: False before the cohort's first and after its last day, when silence is expected.
    """
    if learner.standing != "learning":
        return ()
    found = list(_stuck(evidence)) if evidence is not None else []
    days = quiet_days(learner, now)
    if running and days >= QUIET_DAYS:
        begun = learner.answered > 0
        found.append(
            Cause("quiet", f"Quiet for {days} days" if begun else f"Opened the course {days} days ago and answered nothing")
        )
    return tuple(found)


def quiet_days(learner: LearnerRow, now: datetime) -> int:
    """Return the days since that of the last answer, or of the first launch where there is none."""
    last = learner.last_active_at or learner.started_at
    return 0 if last is None else max((now.date() - last.date()).days, 0)


def urgency(causes: tuple[Cause, ...], learner: LearnerRow, now: datetime) -> tuple[int, int, float, int]:
    """Return a sort key, smallest first: stuck and quiet, stuck, quiet, to watch; then the more recent, the lower share."""
    kinds = {c.kind for c in causes}
    rank = 0 if kinds >= {"stuck", "quiet"} else 1 if "stuck" in kinds else 2 if "quiet" in kinds else 3 if kinds else 4
    days = quiet_days(learner, now) if "quiet" in kinds else 0
    share = min((c.share for c in causes), default=1.0)
    progress = learner.progress_bp or 0
    return (rank, days, share, progress)


def is_running(cohort: Cohort, today: date) -> bool:
    """Return whether the cohort's dates expect people to learn today."""
    starts, ends = cohort.starts_on, cohort.ends_on
    return (starts is None or starts <= today) and (ends is None or today <= ends)


def _stuck(evidence: Evidence) -> tuple[Cause, ...]:
    version, path = evidence.version, evidence.path
    slots = {s.key: s for m in version.modules for s in m.slots}
    found, in_the_way = [], False
    for key in path.flags:
        slot, state, closure = slots.get(key), path.slots.get(key), path.closed.get(key)
        if slot is None or state is None or closure in RESOLVED:
            continue
        if closure is not None and evidence.known is not None and evidence.known(slot.skill_id).band in KNOWN_BANDS:
            continue
        in_the_way = in_the_way or closure is None
        title = version.skills[slot.skill_id].title
        score = score_words(state.right, state.first_tries)
        share = state.right / state.first_tries if state.first_tries else 0.0
        where = f"Stuck on “{title}”" if closure is None else f"Practised “{title}” and is not there yet"
        found.append(Cause("stuck", f"{where}: {score}", slot.skill_id, share))
    if len(found) == 1 and not in_the_way and found[0].share >= FAR:
        found = [replace(found[0], kind="watch")]
    return tuple(sorted(found, key=lambda c: c.share))
