"""The moment after opening questions: minutes that came back, the line that moved, the finish before and now, and undo."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from engine.domain.minutes_back import MinutesBack, saved_minutes
from engine.domain.path import first_open
from engine.domain.progress import FULL_BP, progress_bp
from web.learner.forecast import forecast
from web.learner.pace import ModuleStatus, course_line
from web.learner.place import Place
from web.times import times_left
from web.words import back_words, finish_words, reason_words, skill_title


@dataclass(frozen=True, slots=True)
class SkillBack:
    """A skill that was skipped, with why, and whether the learner may bring it back."""

    title: str
    why: str
    minutes: int
    slot_key: str


@dataclass(frozen=True, slots=True)
class Moment:
    """What the page shows.

    Args:
        heading: what the skips save, in words: the sum of what the page lists by skill, so that it can be added up.
        ended: told at the end of their module, which opens at any time later: nothing in it may say "just".
        line: arguments of `pace_line`; the dot comes from where it stood without the skips.
        was, now: the likely finish in words, without the skips and with them.
    """

    heading: str
    ended: bool
    skills: tuple[SkillBack, ...]
    line: Mapping[str, Any]
    was: str
    now: str
    minutes_a_week: int
    locked: bool


def moment_of(place: Place, back: MinutesBack, today: date, *, ended: bool) -> Moment:
    """Return the moment of skips, from the state now and the state as it would be without them."""
    assert place.planned is not None
    version, session = place.version, place.session
    states: list[ModuleStatus] = ["done" if first_open(m, place.path.closed) is None else "open" for m in place.modules]
    before_bp = min(progress_bp(version, place.fold.contract, back.before.closed) or 0, place.enrolment.progress_bp or 0)
    line = course_line(place.modules, place.enrolment.progress_bp, states)
    finishes = []
    for path in (back.before, place.path):
        ranges = times_left(place.fold, place.mastery, path)
        coming = forecast(place.planned, ranges, path, place.bounds(today), today)
        finishes.append(finish_words(coming.finish, today, session.locale))
    changes = list(reversed(back.skips))
    skills = tuple(
        SkillBack(
            skill_title(change.reason.facts.get("skill", ""), version),
            reason_words(change.reason, version),
            saved_minutes(change.reason),
            change.slot_key,
        )
        for change in changes
    )
    return Moment(
        heading=back_words(sum(skill.minutes for skill in skills), len(skills), ended=ended),
        ended=ended,
        skills=skills,
        line={**line, "from_min": line["total_min"] * before_bp / FULL_BP, "id": "moment"},
        was=finishes[0],
        now=finishes[1],
        minutes_a_week=place.planned.plan.minutes,
        locked="undo" in place.cohort.locks,
    )
