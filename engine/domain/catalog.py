"""What a published course version holds: skills, modules, activities, practice slots."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

Difficulty = Literal["easy", "medium", "hard"]
SLOT_AUTHORED_ITEMS = 3
"""Items that authored minutes count for one practice slot (product.md, "Progress")."""


@dataclass(frozen=True, slots=True)
class Skill:
    """A competency: do something, under conditions, to a standard.

    Args:
        id: stable and unique in the course.
        title: a few words, as learners read it.
        do, conditions, standard: the three parts of the competency.
        uri: a global URI by which the same skill is recognised in other courses.
    """

    id: str
    title: str
    do: str = ""
    conditions: str = ""
    standard: str = ""
    uri: str | None = None


@dataclass(frozen=True, slots=True)
class Activity:
    """One activity as its author wrote it, parsed by its type.

    Args:
        id: stable and unique in the course.
        type: name of the activity type, such as `choice`.
        module_id: the module it stands in.
        skills: ids of the skills it teaches or asks for.
        pool: True for an item of a practice pool, False for an element of the path.
        difficulty: the author's tag, None where it does not apply.
        evidence: `practice` where an answer says something about mastery, else `none`.
        seconds: authored time, computed from words, code and items.
        body: what the activity type's `parse` made of the block; JSON values only.
        line: line of the module's file it begins on.
    """

    id: str
    type: str
    module_id: str
    title: str
    skills: tuple[str, ...]
    pool: bool
    difficulty: Difficulty | None
    evidence: Literal["none", "practice"]
    seconds: int
    body: Mapping[str, Any]
    line: int = 0


@dataclass(frozen=True, slots=True)
class Slot:
    """The practice slot of one skill in one module.

    Args:
        key: `slot:<module>/<skill>`, its element key in progress.
        items: ids of the pool's activities, in the author's order.
        position: index in `Module.path` before which its practice stands.
    """

    key: str
    module_id: str
    skill_id: str
    items: tuple[str, ...]
    position: int


def slot_key(module_id: str, skill_id: str) -> str:
    """Return the element key of the practice slot of a skill in a module."""
    return f"slot:{module_id}/{skill_id}"


@dataclass(frozen=True, slots=True)
class Module:
    """A module of 10 to 20 minutes.

    Args:
        path: ids of the activities of the path (not of the pools), in order.
        slots: practice slots in order of position; at most one a skill.
        minutes: authored minutes, which are also its weight in progress.
        requires: ids of modules to complete before.
    """

    id: str
    title: str
    summary: str
    minutes: float
    path: tuple[str, ...]
    slots: tuple[Slot, ...]
    requires: tuple[str, ...] = ()

    def elements(self) -> tuple[str, ...]:
        """Return the keys of the required elements: path activities and slots, in order of the walk."""
        keys: list[str] = []
        for index, activity_id in enumerate(self.path):
            keys += [s.key for s in self.slots if s.position == index]
            keys.append(activity_id)
        keys += [s.key for s in self.slots if s.position >= len(self.path)]
        return tuple(keys)


@dataclass(frozen=True)
class CourseVersion:
    """An immutable published version of a course.

    Args:
        id: UUID of the version.
        course_id: the course's id in `course.yaml`, such as `cleaning-messy-data`.
        number: 1, 2, 3 ... in order of publication.
        digest: SHA-256 of the canonical content, hexadecimal.
    """

    id: str
    course_id: str
    number: int
    title: str
    summary: str
    language: str
    digest: str
    skills: Mapping[str, Skill]
    modules: tuple[Module, ...]
    activities: Mapping[str, Activity]
    meta: Mapping[str, Any] = field(default_factory=dict)

    def module(self, module_id: str) -> Module:
        """Return one module. Raises KeyError when the version has no such module."""
        return self._modules[module_id]

    def slot(self, key: str) -> Slot:
        """Return one practice slot by its element key. Raises KeyError when there is none."""
        return self._slots[key]

    @cached_property
    def _modules(self) -> Mapping[str, Module]:
        return {m.id: m for m in self.modules}

    @cached_property
    def _slots(self) -> Mapping[str, Slot]:
        return {s.key: s for m in self.modules for s in m.slots}
