"""The default policy: probe and skip what is known, practise near a fair chance, stop at mastery, help a struggle."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from engine.domain.catalog import Slot
from engine.domain.mastery import SkillMastery
from engine.domain.minutes_back import SAVED
from engine.domain.pacing import (
    CARD_EVERY,
    Adjustment,
    Advance,
    Decision,
    Mode,
    Outlook,
    Override,
    PathState,
    Reason,
    SlotState,
)
from engine.domain.path import (
    Segment,
    close,
    count_response,
    element_seconds,
    finished,
    first_open,
    home_slot,
    segment_of,
    slot_seconds,
    slot_segment,
    with_slot,
)
from engine.domain.responses import Purpose, Response
from engine.pacing.budget import makes_room, pays, stop
from engine.pacing.forecast import STANDARD
from engine.pacing.helping import STRUGGLE_FROM, flag, help_with, struggles
from engine.pacing.overrides import apply_override
from engine.pacing.planner import LEAST_ITEMS, MASTERED_AT, observe, saved_s
from engine.pacing.proving import after_test_out, is_tested, prove, refuse_too_few, test_reason
from engine.pacing.review import next_carried, next_review, rate
from engine.pacing.selection import SKIP_PROBES, drawn, hard_items, nearest_item, probe_items, skipped_at, unseen

FLAG_FROM = 4
"""First tries without which practice that ran out of time says too little to call for the instructor."""
TIME_BUDGET = 3.0
"""A slot closes as practised after this multiple of its authored time."""
CARD_SECONDS = 120
WANTED: dict[Mode, float] = {"gentle": 0.85, "recommended": 0.75, "fast": 0.65}
"""Chance of a right answer that practice looks for."""
CONFIRMED_FROM = 0.4
HARDER = 0.2
"""From that mastery on, items are so much harder: near an even chance an answer tells most, and fewer of them decide."""


class MasteryPaced:
    """Policy of mastery.md, "Pacing": (1) probe, (2) practise near p = .75, (3) help. Pure.

    Args:
        mastered_at: published mastery in (0, 1) from which a skill counts as mastered.
    """

    name = "mastery-paced"
    version = "5"
    model = None

    def __init__(self, mastered_at: float = MASTERED_AT) -> None:
        self.mastered_at = mastered_at

    def respond(self, path: PathState, response: Response, look: Outlook) -> Advance:
        """Fold one response; `look` already knows its evidence."""
        activity = look.version.activities[response.activity_id]
        slot = home_slot(look.version, activity)
        path = count_response(path, response, slot)
        path = replace(path, pace=observe(path.pace, response.active_s, activity.seconds))
        remembered = _remembered(response)
        if slot is not None and remembered is not None:
            rated = rate(path.reviews.get(slot.skill_id), remembered, response.answered_at)
            path = replace(path, reviews={**path.reviews, slot.skill_id: rated})
        tests, proved = response.purpose == "test_out", Advance(path)
        if slot is not None and response.evidence is True:
            proved = prove(path, slot, look, self.mastered_at, card=tests)
        path = proved.path
        if response.purpose == "review":
            spent = path.review_s.get(response.module_id, 0.0) + activity.seconds
            return Advance(replace(path, review_s={**path.review_s, response.module_id: spent}), proved.adjustments)
        if slot is None:
            return Advance(self._after_element(path, response))
        if tests:
            tested = after_test_out(path, response, slot, look, self.mastered_at)
            return Advance(tested.path, (*proved.adjustments, *tested.adjustments))
        if slot.key in path.closed:
            return Advance(path, proved.adjustments)
        if response.purpose == "probe":
            return self._after_probe(path, response, slot, look)
        return self._after_practice(path, response, slot, look)

    def override(self, path: PathState, override: Override, look: Outlook) -> Advance:
        """Fold one override. Raises Refused where it does not apply."""
        if override.kind == "test_out" and is_tested(path, override.target):
            refuse_too_few(path, look.version.slot(override.target))
        return apply_override(path, override, look)

    def decide(self, path: PathState, module_id: str, look: Outlook, now: datetime) -> Decision:
        """Return what comes next in a module."""
        module = look.version.module(module_id)
        if module_id in path.returned and (due := next_review(path, module, look, now)) is not None:
            return due
        if path.queue:
            head = path.queue[0]
            # Help may wait for the next visit; what the learner asked for may not.
            over = None if head.purpose == "show_anyway" else stop(path, look, module, head.activity_id)
            return over or Decision("present", head.reason, module_id, head.activity_id, head.purpose)
        if path.retry is not None and look.version.activities[path.retry[0]].module_id == module_id:
            activity_id, _ = path.retry
            reason = Reason("retry.one_more_try", {"activity": activity_id})
            return Decision("present", reason, module_id, activity_id, "retry", attempt=2)
        if path.testing is not None and is_tested(path, path.testing):
            tested = look.version.slot(path.testing)
            if tested.module_id == module_id:
                return self._test_item(path, tested, look)
        opening = next_review(path, module, look, now) or next_carried(path, module, look, self.mastered_at)
        if opening is not None:
            return opening
        element = first_open(module, path.closed)
        if element is None:
            return finished(path, module, look)
        over = stop(path, look, module, element)
        if over is not None:
            return over
        segment = segment_of(look.version, module, element)
        if segment is not None and self._may_probe(path, segment, look):
            return self._probe(path, module_id, segment.slot, look)
        if element.startswith("slot:"):
            return self._practice(path, module_id, look.version.slot(element), look)
        return Decision("present", _teach_reason(path, segment, element), module_id, element, "teach")

    def _may_probe(self, path: PathState, segment: Segment, look: Outlook) -> bool:
        slot = path.slots.get(segment.slot.key, SlotState())
        untouched = not any(key in path.closed for key in segment.elements)
        proposed = untouched and slot.probe is None and segment.slot.key not in path.no_skip
        return proposed and pays(path, segment, look, skipped_at(self.mastered_at))

    def _probe(self, path: PathState, module_id: str, slot: Slot, look: Outlook) -> Decision:
        item = drawn(probe_items(path, slot, look, skipped_at(self.mastered_at)), look)
        state = path.slots.get(slot.key, SlotState())
        facts = {"skill": slot.skill_id, "right": state.right, "of": state.first_tries}
        code = "probe.one_more" if state.first_tries else "probe.skill_entry"
        return _present(module_id, item, "probe", Reason(code, facts), look, slot)

    def _practice(self, path: PathState, module_id: str, slot: Slot, look: Outlook) -> Decision:
        known = look.mastery(slot.skill_id)
        wanted = WANTED[path.mode] - (HARDER if known.probability >= CONFIRMED_FROM else 0.0)
        item = nearest_item(path, slot, look, wanted)
        state = path.slots.get(slot.key, SlotState())
        facts = {"skill": slot.skill_id, "right": state.right, "of": state.first_tries, "chance": round(look.predict(item), 2)}
        code = "practice.repeat" if item in path.seen else "practice.near_challenge"
        return _present(module_id, item, "practice", Reason(code, facts), look, slot)

    def _test_item(self, path: PathState, slot: Slot, look: Outlook) -> Decision:
        hard = hard_items(path, slot, look) or unseen(path, slot.items) or list(slot.items)
        return _present(slot.module_id, drawn(hard, look), "test_out", test_reason(path, slot), look, slot)

    def _after_element(self, path: PathState, response: Response) -> PathState:
        if response.correct is False and response.first_try:
            return replace(path, retry=(response.activity_id, response.purpose))
        return close(path, [response.activity_id], "done")

    def _after_probe(self, path: PathState, response: Response, slot: Slot, look: Outlook) -> Advance:
        state = path.slots[slot.key]
        segment = slot_segment(look.version, slot)
        if response.evidence is not True:
            return Advance(with_slot(path, slot.key, replace(state, probe=False)))
        known = look.mastery(slot.skill_id)
        lessons = any(k not in path.closed for k in segment.teaching)
        enough = skipped_at(self.mastered_at)
        if known.probability >= enough and (state.first_tries >= SKIP_PROBES or not lessons):
            return _skip(with_slot(path, slot.key, replace(state, probe=True)), segment, known, look)
        if not probe_items(path, slot, look, enough):
            return Advance(with_slot(path, slot.key, replace(state, probe=True)))
        return Advance(path)

    def _after_practice(self, path: PathState, response: Response, slot: Slot, look: Outlook) -> Advance:
        state = path.slots[slot.key]
        if response.correct is False and response.first_try:
            path = replace(path, retry=(response.activity_id, response.purpose))
        elif path.retry is None:
            closed = self._close_slot(path, slot, state, look)
            if closed is not None:
                return closed
        return self._help(path, slot, look)

    def _close_slot(self, path: PathState, slot: Slot, state: SlotState, look: Outlook) -> Advance | None:
        known = look.mastery(slot.skill_id)
        facts = {"skill": slot.skill_id, "right": state.right, "of": state.first_tries}
        if known.probability >= self.mastered_at and state.first_tries >= LEAST_ITEMS:
            saved = slot_seconds(look.version, slot) * (3 - state.first_tries) // 3
            done = Adjustment("close", slot.key, Reason("close.mastered", facts), (slot.key,), min(0, -saved))
            return Advance(close(path, [slot.key], "mastered"), (done,))
        spent = _time_is_up(path, slot, state, look)
        if spent or not unseen(path, slot.items):
            code = "close.time_spent" if spent else "close.pool_spent"
            done = Adjustment("close", slot.key, Reason(code, facts), (slot.key,))
            path = close(path, [slot.key], "practised")
            struggled = known.high < STANDARD and state.first_tries >= FLAG_FROM
            flagged = flag(path, slot, facts) if struggled else Advance(path)
            return Advance(flagged.path, (done, *flagged.adjustments))
        return None

    def _help(self, path: PathState, slot: Slot, look: Outlook) -> Advance:
        state = path.slots[slot.key]
        known = look.mastery(slot.skill_id)
        due = state.first_tries >= STRUGGLE_FROM + 2 * state.helped
        if state.helped >= 3 or not due or not struggles(known, state, self.mastered_at):
            return Advance(path)
        facts = {"skill": slot.skill_id, "right": state.right, "of": state.first_tries}
        help_ = help_with(path, slot, look, facts) if state.helped < 2 else None
        if help_ is not None:
            given = replace(state, helped=state.helped + 1, shown=(*state.shown, help_.activity_id))
            seconds = look.version.activities[help_.activity_id].seconds
            card = path.since_card >= CARD_EVERY
            path = with_slot(path, slot.key, given)
            path = replace(path, queue=(*path.queue, help_), since_card=0 if card else path.since_card)
            return Advance(path, (Adjustment("insert", slot.key, help_.reason, (help_.activity_id,), seconds, card),))
        path = with_slot(path, slot.key, replace(state, helped=min(state.helped + 2, 3)))
        # A worked example is cheap; an instructor is called where the model is all but sure.
        return flag(path, slot, facts) if known.high < STANDARD else Advance(path)


def _remembered(response: Response) -> bool | None:
    """Return what an answer says for review: a review's always counts, also of an item seen before, help as forgotten."""
    if response.purpose != "review" or response.correct is None:
        return response.evidence
    return response.correct and response.hints_used == 0


def _teach_reason(path: PathState, segment: Segment | None, element: str) -> Reason:
    """Return why a lesson comes: as the next step, or though every opening question was right."""
    facts: dict[str, object] = {"activity": element}
    if segment is None or segment.slot.key in path.no_skip or any(key in path.closed for key in segment.elements):
        return Reason("teach.next", facts)
    state = path.slots.get(segment.slot.key, SlotState())
    if not state.first_tries or state.right < state.first_tries:
        return Reason("teach.next", facts)
    return Reason("teach.not_sure", {**facts, "skill": segment.slot.skill_id, "right": state.right, "of": state.first_tries})


def _time_is_up(path: PathState, slot: Slot, state: SlotState, look: Outlook) -> bool:
    """Return whether the slot, or its module, has had its time; slowness closes practice and nothing else."""
    if path.time_factor is None or state.first_tries < LEAST_ITEMS:
        return False
    if state.active_s >= TIME_BUDGET * path.time_factor * slot_seconds(look.version, slot) > 0:
        return True
    return makes_room(path, look, slot)


def _skip(path: PathState, segment: Segment, known: SkillMastery, look: Outlook) -> Advance:
    state = path.slots[segment.slot.key]
    open_ = tuple(k for k in segment.elements if k not in path.closed)
    seconds = -element_seconds(look.version, open_)
    card = path.since_card >= CARD_EVERY and -seconds >= CARD_SECONDS
    closed = close(close(path, segment.teaching, "skipped"), [segment.slot.key], "mastered")
    facts = {
        "skill": segment.slot.skill_id,
        "right": state.right,
        "of": state.first_tries,
        "probability": round(known.probability, 3),
        SAVED: saved_s(path, closed, look, look.version.module(segment.slot.module_id)),
    }
    adjustment = Adjustment("skip", segment.slot.key, Reason("skip.known", facts), open_, seconds, card)
    return Advance(replace(closed, since_card=0) if card else closed, (adjustment,))


def _present(module_id: str, item: str, purpose: Purpose, reason: Reason, look: Outlook, slot: Slot) -> Decision:
    known = look.mastery(slot.skill_id)
    inputs = {"mastery": round(known.probability, 6), "predicted": round(look.predict(item), 6), "responses": known.responses}
    return Decision("present", reason, module_id, item, purpose, inputs=inputs)
