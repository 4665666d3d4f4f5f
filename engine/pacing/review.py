"""Spaced review by FSRS (Ye et al. 2022; py-fsrs): when a skill that was closed is worth a look again."""

from __future__ import annotations

from datetime import datetime, timedelta

from fsrs import Card, Rating, Scheduler, State

from engine.domain.catalog import Module, Slot
from engine.domain.pacing import Decision, Outlook, PathState, Reason, ReviewState, SlotState
from engine.pacing.forecast import chance_within
from engine.pacing.selection import least_recent, nearest_item, unseen

RETENTION = 0.85
"""Wanted chance of remembering at the time of review; weeks later, review keeps more than a higher mastery threshold."""
LONGEST_DAYS = 120
REVIEW_S = 180
"""Review takes at most the first three minutes of a visit to a module."""
LEARNT = ("mastered", "tested_out", "practised")
CARRIED_ITEMS = 3
CARRIED_FROM = 0.05
"""A skill is carried over where mastery within so many more items has at least this chance."""
CARRIED_WANTED = 0.65
"""Harder than practice: near an even chance an answer tells most."""
_SCHEDULER = Scheduler(
    desired_retention=RETENTION,
    learning_steps=(),
    relearning_steps=(),
    maximum_interval=LONGEST_DAYS,
    enable_fuzzing=False,
)


def rate(state: ReviewState | None, right: bool, when: datetime) -> ReviewState:
    """Return a skill's review state after an answer; only the first of a day counts.

    Args:
        state: None before the first answer.
        when: the server's time of the answer, aware UTC.
    """
    if state is not None and state.last.date() == when.date():
        return state
    card = Card(card_id=0, due=when) if state is None else _card(state)
    card, _ = _SCHEDULER.review_card(card, Rating.Good if right else Rating.Again, when)
    assert card.stability is not None
    assert card.difficulty is not None
    return ReviewState(round(card.stability, 6), round(card.difficulty, 6), when, card.due)


def retrievability(state: ReviewState, now: datetime) -> float:
    """Return P(remembered) in [0, 1] at a moment."""
    return _SCHEDULER.get_card_retrievability(_card(state), max(now, state.last))


def days_since(state: ReviewState, now: datetime) -> int:
    """Return whole days since the skill was last answered."""
    return max((now - state.last) // timedelta(days=1), 0)


def next_review(path: PathState, module: Module, look: Outlook, now: datetime) -> Decision | None:
    """Return a review at the start of a visit to a module, of the skill most likely forgotten; None when nothing is due."""
    spent = path.review_s.get(module.id, 0.0)
    if not _opens(path, module) or spent >= REVIEW_S:
        return None
    due = [
        (retrievability(state, now), slot)
        for slot in _closed_slots(path, module, look)
        if (state := path.reviews.get(slot.skill_id)) is not None and state.due <= now
    ]
    for chance, slot in sorted(due, key=lambda d: (d[0], d[1].key)):
        fresh = unseen(path, slot.items)
        item = fresh[0] if fresh else least_recent(path, slot, look)
        if spent + look.version.activities[item].seconds <= REVIEW_S:
            days = days_since(path.reviews[slot.skill_id], now)
            facts = {"skill": slot.skill_id, "module": slot.module_id, "days": days}
            inputs = {"retrievability": round(chance, 6), "spent_s": spent}
            return Decision("present", Reason("review.due", facts), module.id, item, "review", inputs=inputs)
    return None


def next_carried(path: PathState, module: Module, look: Outlook, mastered_at: float) -> Decision | None:
    """Return a question on what was practised without proof, at the start of a visit; None where no skill is near enough.

    It shares the first minutes with review, takes the skill likeliest to be proved soon, and new questions only.
    """
    spent = path.review_s.get(module.id, 0.0)
    if not _opens(path, module) or spent >= REVIEW_S:
        return None
    open_ = [s for s in _closed_slots(path, module, look, ("practised",)) if unseen(path, s.items)]
    chances = [(round(chance_within(look.mastery(s.skill_id), CARRIED_ITEMS, mastered_at), 6), s) for s in open_]
    chance, slot = max(chances, key=lambda c: (c[0], c[1].key), default=(0.0, None))
    if slot is None or chance < CARRIED_FROM:
        return None
    item = nearest_item(path, slot, look, CARRIED_WANTED)
    if spent + look.version.activities[item].seconds > REVIEW_S:
        return None
    state = path.slots.get(slot.key, SlotState())
    facts = {"skill": slot.skill_id, "module": slot.module_id, "right": state.right, "of": state.first_tries}
    inputs = {"chance": chance, "spent_s": spent}
    return Decision("present", Reason("review.carried_over", facts), module.id, item, "review", inputs=inputs)


def _opens(path: PathState, module: Module) -> bool:
    """Return whether a visit to a module has only just begun."""
    begun = any(key in path.closed for key in module.elements()) or any(s.key in path.slots for s in module.slots)
    return not begun or module.id in path.returned


def _closed_slots(path: PathState, module: Module, look: Outlook, how: tuple[str, ...] = LEARNT) -> list[Slot]:
    """Return what was learnt outside a module, also in one the contract no longer has: replay knows only today's contract."""
    own = {s.skill_id for s in module.slots}
    return [s for m in look.version.modules for s in m.slots if s.skill_id not in own and path.closed.get(s.key) in how]


def _card(state: ReviewState) -> Card:
    return Card(
        card_id=0,
        state=State.Review,
        step=None,
        stability=state.stability,
        difficulty=state.difficulty,
        due=state.due,
        last_review=state.last,
    )
