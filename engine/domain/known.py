"""What is told of a skill, from which answers, and what would change it: the same on the pages of learners and instructors."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from engine.domain.catalog import CourseVersion
from engine.domain.mastery import Band, Evidence, MasteryState, SkillMastery
from engine.domain.pacing import PROVED, PathState
from engine.domain.ports import MasteryModel
from engine.domain.responses import Response

LEAST_ANSWERS = 3
"""Answers below which nothing but mastery is told, and no range."""
MOST_PROSPECT = 5
"""Answers in a row that are looked ahead."""


@dataclass(frozen=True, slots=True)
class Counted:
    """An answer that counts for a skill: a first try, and without a hint where it was right."""

    activity_id: str
    module_id: str
    right: bool
    at: datetime
    seq: int


@dataclass(frozen=True, slots=True)
class Prospect:
    """What so many answers in a row to typical questions, all right or all wrong, would bring."""

    right: bool
    answers: int
    band: Band


def counted_answers(version: CourseVersion, responses: Sequence[Response]) -> Mapping[str, tuple[Counted, ...]]:
    """Return skill id to the answers its band was made from, oldest first: of lessons, practice, tests and reviews alike."""
    found: dict[str, list[Counted]] = {}
    for r in responses:
        activity = version.activities.get(r.activity_id)
        if r.evidence is None or activity is None or activity.evidence != "practice":
            continue
        for skill_id in activity.skills:
            found.setdefault(skill_id, []).append(Counted(r.activity_id, r.module_id, r.evidence, r.answered_at, r.seq))
    return {skill_id: tuple(answers) for skill_id, answers in found.items()}


def shown_band(known: SkillMastery, *, proved: bool, due: bool) -> Band:
    """Return the band that people read.

    What was shown once is mastered until its review is due, and then needs a refresh: a mark never falls behind that. What was
    not shown takes a few answers to be told at all.

    Args:
        proved: its practice was closed as mastered or tested out, or by an instructor who saw it, whatever the model says.
        due: its review is due.
    """
    if proved:
        return "refresh" if due else "mastered"
    if not known.enough or (known.responses < LEAST_ANSWERS and known.band != "mastered"):
        return "new"
    return known.band


def told(
    known: Callable[[str], SkillMastery], version: CourseVersion, path: PathState, now: datetime
) -> Callable[[str], SkillMastery]:
    """Return what a model says of skills with the bands that people read; `enough` is False where no range is told."""
    proved = {s.skill_id for m in version.modules for s in m.slots if path.closed.get(s.key) in PROVED}

    def of(skill_id: str) -> SkillMastery:
        said, review = known(skill_id), path.reviews.get(skill_id)
        due = review is not None and review.due <= now
        band = shown_band(said, proved=skill_id in proved, due=due)
        return said._replace(band=band, enough=said.enough and said.responses >= LEAST_ANSWERS)

    return of


def prospects(
    model: MasteryModel, mastery: MasteryState, skill_id: str, path: PathState, version: CourseVersion, now: datetime
) -> tuple[Prospect, ...]:
    """Return the fewest right answers in a row that would change the band, then the fewest wrong ones.

    What changes only after more than `MOST_PROSPECT` of them is left out, and so are both where they would bring the same band:
    that says nothing of right and wrong.
    """
    item = model.item("", (skill_id,), "medium")
    here = told(_mastery(model, mastery), version, path, now)(skill_id).band
    found = []
    for right in (True, False):
        state = mastery
        for count in range(1, MOST_PROSPECT + 1):
            state = model.update(state, Evidence(item, right))
            band = told(_mastery(model, state), version, path, now)(skill_id).band
            if band != here:
                found.append(Prospect(right, count, band))
                break
    told_apart = len({p.band for p in found}) == len(found)
    return tuple(found) if told_apart else ()


def _mastery(model: MasteryModel, state: MasteryState) -> Callable[[str], SkillMastery]:
    return lambda skill_id: model.mastery(state, skill_id)
