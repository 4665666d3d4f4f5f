"""What the baselines share: everything in the author's order, nothing skipped, practice until a rule says stop."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import replace
from datetime import datetime

from engine.domain.catalog import Slot
from engine.domain.errors import Refused
from engine.domain.pacing import Adjustment, Advance, Closure, Decision, Outlook, Override, PathState, Reason, SlotState
from engine.domain.path import close, count_response, finished, first_open, home_slot
from engine.domain.responses import Response
from engine.pacing.overrides import apply_override
from engine.pacing.planner import observe
from engine.pacing.selection import nearest_item, unseen


class InOrder(ABC):
    """A policy that differs from others of its kind by its stopping rule alone. Pure."""

    name: str
    version: str
    model: str | None = None

    @abstractmethod
    def verdict(self, state: SlotState, slot: Slot, look: Outlook) -> Closure | None:
        """Return how a slot closes after an answer; None to practise on."""

    def respond(self, path: PathState, response: Response, look: Outlook) -> Advance:
        """Fold one response."""
        activity = look.version.activities[response.activity_id]
        slot = home_slot(look.version, activity)
        path = count_response(path, response, slot)
        path = replace(path, pace=observe(path.pace, response.active_s, activity.seconds))
        if slot is None:
            return Advance(close(path, [response.activity_id], "done"))
        state = path.slots[slot.key]
        how = self.verdict(state, slot, look)
        code = "close.mastered" if how == "mastered" else "close.pool_spent"
        if how is None and unseen(path, slot.items):
            return Advance(path)
        path = replace(path, testing=None if path.testing == slot.key else path.testing)
        shut = close(path, [slot.key], how or "practised")
        if slot.key in path.closed:
            return Advance(shut)
        reason = Reason(code, {"skill": slot.skill_id, "right": state.right, "of": state.first_tries})
        return Advance(shut, (Adjustment("close", slot.key, reason, (slot.key,)),))

    def override(self, path: PathState, override: Override, look: Outlook) -> Advance:
        """Fold one override. Raises Refused where it does not apply."""
        if override.kind == "test_out" and override.target in path.closed:
            raise Refused("Practice on this skill is over, and this course's pacing proves nothing later.")
        return apply_override(path, override, look)

    def decide(self, path: PathState, module_id: str, look: Outlook, now: datetime) -> Decision:  # noqa: ARG002 - the port's
        """Return the first open element, or the pool's next item in the author's order."""
        module = look.version.module(module_id)
        if path.queue:
            head = path.queue[0]
            return Decision("present", head.reason, module_id, head.activity_id, head.purpose)
        element = path.testing or first_open(module, path.closed)
        if element is None:
            return finished(path, module, look)
        if not element.startswith("slot:"):
            return Decision("present", Reason("teach.next", {"activity": element}), module_id, element, "teach")
        slot = look.version.slot(element)
        state = path.slots.get(slot.key, SlotState())
        fresh = unseen(path, slot.items)
        item = fresh[0] if fresh else nearest_item(path, slot, look, 1.0)
        facts = {"skill": slot.skill_id, "right": state.right, "of": state.first_tries}
        return Decision("present", Reason("practice.next", facts), module_id, item, "practice")
