"""Help for a struggle: whether it is one, what is shown, and when the instructor is told."""

from __future__ import annotations

from dataclasses import replace

from engine.domain.catalog import Slot
from engine.domain.mastery import SkillMastery
from engine.domain.pacing import Adjustment, Advance, Outlook, PathState, Reason, SlotState
from engine.pacing.forecast import chance_within
from engine.pacing.planner import LEAST_ITEMS

STRUGGLE_FROM = 5
STRUGGLE_BELOW = 0.2
WITHIN = 10
"""A struggle: from five first tries on, P(mastery within ten of them) below .2 by the model (Beck & Gong 2013 look at ten)."""


def struggles(known: SkillMastery, state: SlotState, mastered_at: float) -> bool:
    """Return whether mastery is not to be expected soon; past ten answers, whether it is not in a few more."""
    left = max(WITHIN - state.first_tries, LEAST_ITEMS)
    return chance_within(known, left, mastered_at) < STRUGGLE_BELOW


def help_activity(slot: Slot, look: Outlook, step: int) -> str | None:
    """Return the worked example of a step: 1 of the skill itself, 2 of what the module builds on; None where there is none."""
    module = look.version.module(slot.module_id)
    rooms = [module] if step == 1 else [look.version.module(m) for m in module.requires]
    for room in reversed(rooms):
        for activity_id in reversed(room.path):
            activity = look.version.activities[activity_id]
            if activity.type == "worked-example" and (step == 2 or slot.skill_id in activity.skills):
                return activity_id
    return None


def flag(path: PathState, slot: Slot, facts: dict[str, object]) -> Advance:
    """Tell the instructor, once a slot."""
    if slot.key in path.flags:
        return Advance(path)
    flagged = replace(path, flags=(*path.flags, slot.key))
    return Advance(flagged, (Adjustment("flag", slot.key, Reason("help.instructor", facts)),))
