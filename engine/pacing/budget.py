"""A visit's minutes: which probes pay, when practice makes room, when the visit comes to a clean stop.

A visit to a module has 20 active minutes, times an accommodation. What does not fit is carried over: open elements wait for the
next visit, and a skill whose practice made room is asked again when a later visit opens (`review.next_carried`).
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from engine.domain.catalog import SLOT_AUTHORED_ITEMS, Module, Slot
from engine.domain.pacing import Decision, Outlook, PathState, Reason, SlotState
from engine.domain.path import Segment, element_seconds, segment_of
from engine.pacing.forecast import chance_in_a_row
from engine.pacing.planner import (
    AIM_S,
    CHECKED,
    MODULE_S,
    PROBES_TO_STAY,
    RETRIED,
    each_s,
    expected,
    least_s,
)
from engine.pacing.selection import SKIP_PROBES, probe_items

LONG = 1.6
"""The next activity is taken as so much longer than expected: single log-durations spread by .4 around the pace."""
TAIL_S = 60.0
"""A rest as short as this, with no practice in it, is finished all the same."""
EARLIEST = 0.5
"""A visit never ends before this share of its minutes; from there on a skill that does not fit whole waits for the next."""


def pays(path: PathState, segment: Segment, look: Outlook, enough: float) -> bool:
    """Return whether a probe is expected to save at least the time it takes; without a lesson to skip it is practice anyway."""
    lessons = [k for k in segment.teaching if k not in path.closed]
    probes = probe_items(path, segment.slot, look, enough)
    if not lessons or not probes:
        return bool(probes)
    tried = path.slots.get(segment.slot.key, SlotState()).first_tries
    right = sum(map(look.predict, probes)) / len(probes)
    known = look.mastery(segment.slot.skill_id)
    skip = chance_in_a_row(known, right, max(SKIP_PROBES - tried, 1))
    each = each_s(segment.slot, look)
    saved = element_seconds(look.version, lessons) + SLOT_AUTHORED_ITEMS * each
    return skip * saved >= PROBES_TO_STAY * each


def makes_room(path: PathState, look: Outlook, slot: Slot) -> bool:
    """Return whether practice closes so that its module still ends in this visit; False where it would not anyway."""
    if path.time_factor is None:
        return False
    module = look.version.module(slot.module_id)
    speed = math.exp(expected(path.pace, path.time_factor))
    behind = [k for k in module.elements() if k not in path.closed and k != slot.key]
    ends_s = path.visit_s(module.id) + _core_s(path, look, behind) * speed
    one_more_s = RETRIED * each_s(slot, look) * speed
    return ends_s <= MODULE_S * path.time_factor and ends_s + one_more_s > AIM_S * path.time_factor


def stop(path: PathState, look: Outlook, module: Module, element: str) -> Decision | None:
    """Return the decision to end this visit before an element; None to go on.

    It ends, in its second half, where the next activity could run over its minutes, or before a skill that does not fit whole.
    """
    if path.time_factor is None:
        return None
    spent, limit = path.visit_s(module.id), MODULE_S * path.time_factor
    if spent < EARLIEST * limit:
        return None
    speed = math.exp(expected(path.pace, path.time_factor))
    left = [k for k in module.elements() if k not in path.closed]
    practice = [k for k in left if k.startswith("slot:")]
    if not practice and _core_s(path, look, left) * speed <= TAIL_S:
        return None
    segment = segment_of(look.version, module, element)
    over = spent + _next_s(element, look) * speed * LONG > limit
    if not over and segment is not None and _untouched(path, segment):
        over = spent + _core_s(path, look, segment.elements) * speed > limit
    if not over:
        return None
    facts = {"module": module.id, "spent_s": round(spent), "lessons": len(left) - len(practice), "practice": len(practice)}
    return Decision("stop", Reason("stop.carried_over", facts), module.id)


def _next_s(element: str, look: Outlook) -> float:
    if element.startswith("slot:"):
        return RETRIED * each_s(look.version.slot(element), look)
    return float(look.version.activities[element].seconds)


def _untouched(path: PathState, segment: Segment) -> bool:
    return segment.slot.key not in path.slots and not any(k in path.closed for k in segment.elements)


def _core_s(path: PathState, look: Outlook, elements: Iterable[str]) -> float:
    """Return the authored time of open elements with the least practice, second tries included."""
    total = 0.0
    for key in elements:
        if key.startswith("slot:"):
            total += least_s(path, look.version.slot(key), look)
        elif key not in path.closed:
            activity = look.version.activities[key]
            total += activity.seconds * (CHECKED if activity.evidence == "practice" else 1.0)
    return total
