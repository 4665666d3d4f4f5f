"""Minutes of modules and of the course: authored, done, left; the pace line's figures. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from engine.domain.catalog import SLOT_AUTHORED_ITEMS, CourseVersion, Module
from engine.domain.pacing import PathState
from engine.domain.path import element_seconds, segment_of
from engine.pacing.planner import TimeRange, most_s
from web.words import GOOD_STOP, most_words, time_left_words

ModuleStatus = Literal["done", "current", "open", "locked"]
OPEN_SLOT_CAP = 0.9
"""The most an open practice slot counts for on the line."""


@dataclass(frozen=True, slots=True)
class ModulePace:
    """A module on the pace line, in authored seconds."""

    total_s: float
    done_s: float

    @property
    def left_s(self) -> float:
        """Return the authored seconds that are left."""
        return max(self.total_s - self.done_s, 0.0)


def module_pace(version: CourseVersion, module: Module, path: PathState) -> ModulePace:
    """Return a module's authored time and how much of it is behind the learner."""
    total = done = 0.0
    for key in module.elements():
        seconds = float(element_seconds(version, [key]))
        total += seconds
        if key in path.closed:
            done += seconds
        elif key in path.slots:
            share = path.slots[key].first_tries / SLOT_AUTHORED_ITEMS
            done += seconds * min(share, OPEN_SLOT_CAP)
    return ModulePace(total, done)


def element_title(version: CourseVersion, key: str) -> str:
    """Return how a page names an element: an activity's title, or the skill that is practised."""
    if key.startswith("slot:"):
        return f"Practice: {version.skills[version.slot(key).skill_id].title}"
    return version.activities[key].title


def left_words(left: TimeRange) -> str:
    """Return the planner's range for what is left, in words."""
    return time_left_words(left.low_s, left.middle_s, left.high_s)


def countdown(path: PathState, module: Module, left: TimeRange) -> str:
    """Return what a visit to a module takes at most, in words."""
    most = most_s(path, module, left)
    return most_words(most, visit=most < left.high_s)


def player_line(version: CourseVersion, module: Module, path: PathState, left: TimeRange, *, ends: bool) -> Mapping[str, Any]:
    """Return the arguments of `pace_line` for a module's pages.

    Args:
        left: what the planner says of the rest, for this learner.
        ends: True where this visit has come to its stop.
    """
    pace = module_pace(version, module, path)
    end = GOOD_STOP if ends else countdown(path, module, left)
    ticks, at, current_seen = [], 0.0, False
    for key in module.elements():
        at += element_seconds(version, [key]) / 60
        state = "done" if key in path.closed else "upcoming" if current_seen else "current"
        current_seen = current_seen or state == "current"
        ticks.append({"at_min": at, "label": element_title(version, key), "state": state})
    return {
        "total_min": pace.total_s / 60,
        "position_min": pace.done_s / 60,
        "ticks": ticks,
        "milestones_percent": [],
        "label": f"Your place in {module.title}",
        "caption_start": module.title,
        "caption_end": end if pace.left_s else "done",
    }


@dataclass(frozen=True, slots=True)
class Skipped:
    """A skill that a module skipped.

    Args:
        minutes: what it saves, by the planner at its step; 0 where that is not known.
        lessons: (activity id, title) of what was not shown, for "show me anyway".
        undo: whether its lesson and practice can be brought back.
    """

    skill: str
    slot_key: str
    minutes: int
    lessons: tuple[tuple[str, str], ...]
    undo: bool


@dataclass(frozen=True, slots=True)
class ModuleRow:
    """A module on the course map.

    Args:
        time: what it takes this learner, or what is left of it.
        needs: titles of what must be completed before.
    """

    id: str
    title: str
    summary: str
    status: ModuleStatus
    time: str
    skipped: tuple[Skipped, ...]
    needs: tuple[str, ...]


def skipped_in(version: CourseVersion, module: Module, path: PathState, saved: Mapping[str, int]) -> tuple[Skipped, ...]:
    """Return what a module skipped, skill by skill, in its order.

    Args:
        saved: practice slot to the minutes that its skip saves.
    """
    found = []
    for slot in module.slots:
        segment = segment_of(version, module, slot.key)
        lessons = [a for a in (segment.teaching if segment else ()) if path.closed.get(a) in ("skipped", "tested_out")]
        if not lessons and path.closed.get(slot.key) != "tested_out":
            continue
        titles = tuple((a, version.activities[a].title) for a in lessons)
        skill, undo = version.skills[slot.skill_id].title, slot.key not in path.no_skip
        found.append(Skipped(skill, slot.key, saved.get(slot.key, 0), titles, undo))
    return tuple(found)


def module_row(
    version: CourseVersion,
    module: Module,
    path: PathState,
    status: ModuleStatus,
    needs: tuple[str, ...],
    time: str,
    saved: Mapping[str, int],
) -> ModuleRow:
    """Return how the map shows a module.

    Args:
        time: what is left of it, in words.
        saved: practice slot to the minutes that its skip saves.
    """
    return ModuleRow(
        id=module.id,
        title=module.title,
        summary=module.summary,
        status=status,
        time=time,
        skipped=skipped_in(version, module, path, saved),
        needs=needs,
    )


def course_line(modules: Sequence[Module], progress_bp: int | None, statuses: Sequence[ModuleStatus]) -> Mapping[str, Any]:
    """Return the arguments of `pace_line` for the course; the dot stands at the high-water progress."""
    ticks, at = [], 0.0
    states = {"done": "done", "current": "current", "open": "upcoming", "locked": "upcoming"}
    for module, status in zip(modules, statuses, strict=True):
        at += module.minutes
        ticks.append({"at_min": at, "label": module.title, "state": states[status]})
    share = (progress_bp or 0) / 10_000
    return {"total_min": at, "position_min": at * share, "ticks": ticks, "label": "Your place in the course", "kind": "map"}
