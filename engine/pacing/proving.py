"""Showing a skill by a few questions in a row: testing out of it ahead, and proving later what was only practised."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from engine.domain.catalog import Slot
from engine.domain.errors import Refused
from engine.domain.minutes_back import SAVED
from engine.domain.pacing import Adjustment, Advance, Closure, Outlook, PathState, Reason
from engine.domain.path import close, element_seconds, slot_segment, with_slot, without_marks
from engine.domain.responses import Response
from engine.pacing.planner import LEAST_ITEMS, saved_s
from engine.pacing.selection import SKIP_PROBES, unseen

MOST_TESTED = 4
"""Right answers in a row that a test-out takes at most: a claim is worth about one more."""


def is_enough_left(path: PathState, slot: Slot) -> bool:
    """Return whether a test-out would not run out of new questions."""
    return len(unseen(path, slot.items)) >= SKIP_PROBES


def refuse_too_few(path: PathState, slot: Slot) -> None:
    """Raise Refused where a test-out would run out of new questions."""
    if not is_enough_left(path, slot):
        raise Refused(
            "Too few new questions are left on this skill: showing that you know it takes at least three. "
            "Go on as before, or ask your instructor."
        )


def is_tested(path: PathState, key: str) -> bool:
    """Return whether a test-out of a slot has something to show: it is open, or was practised without proof."""
    return path.closed.get(key, "practised") == "practised"


def test_reason(path: PathState, slot: Slot) -> Reason:
    """Return why a question of a test-out comes."""
    right = path.test_right
    code = "test_out.prove" if slot.key in path.closed else "test_out.item"
    facts = {"skill": slot.skill_id, "right": right, "of": SKIP_PROBES}
    return Reason("test_out.one_more" if right >= SKIP_PROBES else code, facts)


def after_test_out(path: PathState, response: Response, slot: Slot, look: Outlook, mastered_at: float) -> Advance:
    """Return the path after an answer of a test-out; a late one of a test-out that is over changes nothing."""
    if path.testing != slot.key:
        return Advance(path)
    over = replace(path, testing=None, test_right=0)
    if not is_tested(path, slot.key):
        return Advance(over)
    if response.evidence is not True:
        return Advance(with_slot(over, slot.key, replace(path.slots[slot.key], probe=False)))
    right = path.test_right + 1
    if not _shown(path, right, slot, look, mastered_at):
        return Advance(replace(path, test_right=right))
    over = replace(over, since_card=0)
    if slot.key in path.closed:
        return _proved(over, slot, look, card=True)
    open_ = tuple(k for k in slot_segment(look.version, slot).elements if k not in path.closed)
    closed = close(over, open_, "tested_out")
    saved = saved_s(over, closed, look, look.version.module(slot.module_id))
    reason = Reason("skip.tested_out", {"skill": slot.skill_id, "right": right, "of": right, SAVED: saved})
    skip = Adjustment("skip", slot.key, reason, open_, -element_seconds(look.version, open_), card=True)
    return Advance(closed, (skip,))


def prove(path: PathState, slot: Slot, look: Outlook, mastered_at: float, *, card: bool) -> Advance:
    """Count what was practised without proof, here or in an earlier module, as mastered by the answer that proves it.

    What an instructor's mark stands on is the learner's own then, and no taking back opens it again.
    """
    state, known = path.slots[slot.key], look.mastery(slot.skill_id)
    if known.probability < mastered_at or state.first_tries < LEAST_ITEMS:
        return Advance(path)
    keys = {s.key for m in look.version.modules for s in m.slots if s.skill_id == slot.skill_id}
    shown = [k for k, mark in path.marks.items() if k == slot.key or (k in keys and mark.before.get(k) == "practised")]
    path = without_marks(path, shown) if shown else path
    return _proved(path, slot, look, card=card)


def _shown(path: PathState, right: int, slot: Slot, look: Outlook, mastered_at: float) -> bool:
    """Return whether a row of right answers shows a skill: as many as a skip takes, one more where mastery is in doubt."""
    doubt = look.mastery(slot.skill_id).probability < mastered_at and bool(unseen(path, slot.items))
    return right >= (MOST_TESTED if doubt else SKIP_PROBES)


def _proved(path: PathState, slot: Slot, look: Outlook, *, card: bool) -> Advance:
    slots = [s for m in look.version.modules for s in m.slots if s.skill_id == slot.skill_id]
    keys = tuple(s.key for s in slots if path.closed.get(s.key) == "practised")
    if not keys:
        return Advance(path)
    state = path.slots[slot.key]
    closed: Mapping[str, Closure] = {**path.closed, **dict.fromkeys(keys, "mastered")}
    facts = {"skill": slot.skill_id, "right": state.right, "of": state.first_tries}
    done = Adjustment("close", slot.key, Reason("close.proved_later", facts), keys, card=card)
    return Advance(replace(path, closed=closed, flags=tuple(f for f in path.flags if f not in keys)), (done,))
