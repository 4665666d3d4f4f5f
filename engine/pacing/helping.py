"""Help for a struggle: whether it is one, what is shown, and when the instructor is told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from engine.domain.catalog import Module, Slot
from engine.domain.mastery import SkillMastery
from engine.domain.pacing import Adjustment, Advance, Outlook, PathState, Queued, Reason, SlotState
from engine.domain.responses import Purpose
from engine.pacing.forecast import chance_within
from engine.pacing.planner import LEAST_ITEMS

STRUGGLE_FROM = 5
STRUGGLE_BELOW = 0.2
WITHIN = 10
"""A struggle: from five first tries on, P(mastery within ten of them) below .2 by the model (Beck & Gong 2013 look at ten)."""

_REASONS: Mapping[tuple[Purpose, bool], str] = {
    ("worked_example", False): "help.worked_example",
    ("worked_example", True): "help.worked_example_again",
    ("prerequisite", False): "help.prerequisite",
    ("prerequisite", True): "help.prerequisite_again",
}


def struggles(known: SkillMastery, state: SlotState, mastered_at: float) -> bool:
    """Return whether mastery is not to be expected soon; past ten answers, whether it is not in a few more."""
    left = max(WITHIN - state.first_tries, LEAST_ITEMS)
    return chance_within(known, left, mastered_at) < STRUGGLE_BELOW


def help_with(path: PathState, slot: Slot, look: Outlook, facts: Mapping[str, object]) -> Queued | None:
    """Return the worked example that helps next: the skill's own, or one of what its module builds on.

    One that the learner has not seen comes before one to look at again. None where both kinds were given.
    """
    module, state = look.version.module(slot.module_id), path.slots[slot.key]
    own = [a for a in _examples(module, look) if slot.skill_id in look.version.activities[a].skills]
    before = [a for m in module.requires for a in _examples(look.version.module(m), look)]
    # Until version 3 the path did not say what was given; the skill's own example always came first.
    given = state.shown if state.shown or not state.helped else own
    kinds: tuple[tuple[Purpose, list[str]], ...] = (("worked_example", own), ("prerequisite", before))
    left = [
        (activity_id in path.seen, purpose, activity_id)
        for purpose, ids in kinds
        if not set(given) & set(ids)
        for activity_id in reversed(ids)
    ]
    if not left:
        return None
    seen, purpose, activity_id = min(left, key=lambda found: found[0])
    return Queued(activity_id, purpose, Reason(_REASONS[purpose, seen], facts))


def _examples(module: Module, look: Outlook) -> list[str]:
    return [a for a in module.path if look.version.activities[a].type == "worked-example"]


def flag(path: PathState, slot: Slot, facts: dict[str, object]) -> Advance:
    """Tell the instructor, once a slot."""
    if slot.key in path.flags:
        return Advance(path)
    flagged = replace(path, flags=(*path.flags, slot.key))
    return Advance(flagged, (Adjustment("flag", slot.key, Reason("help.instructor", facts)),))
