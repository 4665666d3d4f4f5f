"""The moment after opening questions: minutes that came back, the line that moved, the finish before and now, and undo."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from engine.domain.minutes_back import SKIPPED, MinutesBack
from engine.domain.path import first_open
from engine.domain.progress import FULL_BP, progress_bp
from web.learner.forecast import forecast
from web.learner.pace import ModuleStatus, course_line
from web.learner.place import Place
from web.times import saved_minutes, times_left
from web.words import finish_words, reason_words, skill_title


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
        minutes: what the planner says the skips save: the sum of what the page lists by skill, so that it can be added up.
        line: arguments of `pace_line`; the dot comes from where it stood without the skips.
        was, now: the likely finish in words, without the skips and with them.
    """

    minutes: int
    skills: tuple[SkillBack, ...]
    line: Mapping[str, Any]
    was: str
    now: str
    minutes_a_week: int
    locked: bool


def moment_of(place: Place, back: MinutesBack, today: date) -> Moment:
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
    module = version.module(version.slot(changes[0].slot_key).module_id)
    closed = [([k for k in c.elements if place.path.closed.get(k) in SKIPPED], -c.seconds) for c in changes]
    minutes = saved_minutes(place.fold.look(place.mastery), module, place.path, closed)
    skills = tuple(
        SkillBack(
            skill_title(change.reason.facts.get("skill", ""), version),
            reason_words(change.reason, version),
            saved,
            change.slot_key,
        )
        for change, saved in zip(changes, minutes, strict=True)
    )
    return Moment(
        minutes=sum(skill.minutes for skill in skills),
        skills=skills,
        line={**line, "from_min": line["total_min"] * before_bp / FULL_BP, "id": "moment"},
        was=finishes[0],
        now=finishes[1],
        minutes_a_week=place.planned.plan.minutes,
        locked="undo" in place.cohort.locks,
    )
