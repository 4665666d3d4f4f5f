"""Bookkeeping that every pacing policy shares: segments, closures, the fold of one response."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

from engine.domain.catalog import SLOT_AUTHORED_ITEMS, Activity, CourseVersion, Module, Slot, slot_key
from engine.domain.pacing import Closure, Decision, Outlook, PathState, Reason, SlotState
from engine.domain.responses import Response


@dataclass(frozen=True, slots=True)
class Segment:
    """What a module spends on one skill: the teaching of exactly that skill, and its practice slot."""

    slot: Slot
    teaching: tuple[str, ...]

    @property
    def elements(self) -> tuple[str, ...]:
        """Return the element keys of the whole segment."""
        return (*self.teaching, self.slot.key)


def segment_of(version: CourseVersion, module: Module, element: str) -> Segment | None:
    """Return the segment an element belongs to; None for elements of no skill or of several."""
    if element.startswith("slot:"):
        slot = version.slot(element)
    else:
        skills = version.activities[element].skills
        found = [s for s in module.slots if len(skills) == 1 and s.skill_id == skills[0]]
        if not found:
            return None
        slot = found[0]
    return slot_segment(version, slot)


def slot_segment(version: CourseVersion, slot: Slot) -> Segment:
    """Return the segment of a practice slot."""
    path = version.module(slot.module_id).path
    return Segment(slot, tuple(a for a in path if version.activities[a].skills == (slot.skill_id,)))


def home_slot(version: CourseVersion, activity: Activity) -> Slot | None:
    """Return the slot whose pool an activity belongs to; None for elements of the path."""
    return version.slot(slot_key(activity.module_id, activity.skills[0])) if activity.pool else None


def slot_seconds(version: CourseVersion, slot: Slot) -> int:
    """Return the authored seconds of a slot: three items of its pool's mean."""
    pool = [version.activities[i].seconds for i in slot.items]
    return round(SLOT_AUTHORED_ITEMS * sum(pool) / len(pool)) if pool else 0


def element_seconds(version: CourseVersion, elements: Iterable[str]) -> int:
    """Return the authored seconds of elements."""
    return sum(
        slot_seconds(version, version.slot(key)) if key.startswith("slot:") else version.activities[key].seconds
        for key in elements
    )


def first_open(module: Module, closed: Collection[str]) -> str | None:
    """Return the first element of a module that is still open."""
    return next((key for key in module.elements() if key not in closed), None)


def finished(path: PathState, module: Module, look: Outlook) -> Decision:
    """Return the decision of a module with nothing left: it alone, or the whole contract, is complete."""
    rest = any(first_open(look.version.module(m), path.closed) is not None for m in look.contract)
    if rest:
        return Decision("module_done", Reason("finished.module", {"module": module.id}), module.id)
    return Decision("course_done", Reason("finished.course", {"module": module.id}), module.id)


def close(path: PathState, keys: Iterable[str], how: Closure) -> PathState:
    """Return the path with elements closed; what is closed already keeps its closure.

    Where an instructor's mark closed it, it will be closed like this once the mark is taken back.
    """
    keys = tuple(keys)
    if path.marks:
        marks = {slot: replace(mark, before=_closed(mark.before, keys, how)) for slot, mark in path.marks.items()}
        path = replace(path, marks=marks)
    added = {key: how for key in keys if key not in path.closed}
    return replace(path, closed={**path.closed, **added}) if added else path


def _closed(before: Mapping[str, Closure | None], keys: Collection[str], how: Closure) -> dict[str, Closure | None]:
    return {key: how if was is None and key in keys else was for key, was in before.items()}


def reopen(path: PathState, keys: Collection[str]) -> PathState:
    """Return the path with elements open again."""
    return replace(path, closed={k: v for k, v in path.closed.items() if k not in keys})


def without_marks(path: PathState, slots: Collection[str]) -> PathState:
    """Return the path with an instructor's marks on slots settled: what they closed can no longer be taken back."""
    return replace(path, marks={k: v for k, v in path.marks.items() if k not in slots})


def with_slot(path: PathState, key: str, state: SlotState) -> PathState:
    """Return the path with one slot's state replaced."""
    return replace(path, slots={**path.slots, key: state})


def count_response(path: PathState, response: Response, slot: Slot | None) -> PathState:
    """Return the path after the bookkeeping of a response: counters, seen items, time, the queue's head."""
    head = path.queue[0] if path.queue else None
    # What stands before everything else, such as help, takes no second try away.
    came_first = head is not None and (head.activity_id, head.purpose) == (response.activity_id, response.purpose)
    if response.module_id in path.returned and response.purpose != "review":
        path = replace(path, returned=tuple(m for m in path.returned if m != response.module_id))
    path = replace(
        path,
        seq=response.seq,
        seen=_plus(path.seen, response.activity_id, 1),
        module_active_s=_plus(path.module_active_s, response.module_id, response.active_s or 0.0),
        since_card=path.since_card + 1,
        retry=path.retry if came_first else None,
        queue=path.queue[1:] if came_first else path.queue,
    )
    if slot is None:
        return path
    old = path.slots.get(slot.key, SlotState())
    evidence = response.evidence
    return with_slot(
        path,
        slot.key,
        replace(
            old,
            items=(*old.items, response.activity_id),
            first_tries=old.first_tries + (evidence is not None),
            right=old.right + (evidence is True),
            streak=old.streak if evidence is None else old.streak + 1 if evidence else 0,
            active_s=old.active_s + (response.active_s or 0.0),
        ),
    )


N = TypeVar("N", int, float)


def _plus(counts: Mapping[str, N], key: str, amount: N) -> Mapping[str, N]:
    return {**counts, key: counts[key] + amount if key in counts else amount}
