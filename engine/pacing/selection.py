"""Choosing the next item of a pool: unseen first, nearest to a wanted chance of success."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from engine.domain.catalog import Slot
from engine.domain.pacing import Outlook, PathState, SlotState

SKIP_PROBES = 3
"""Right probes that skipping a lesson takes at least: fewer may be luck, and the level is known from what was taught."""
MOST_PROBES = 5
"""Probes a skill opens with at most: who is new to the course needs five right ones to skip, who is known needs three."""


def tie(seed: int, activity_id: str) -> str:
    """Return a reproducible tie break of an enrolment's seed and an item."""
    return hashlib.sha256(f"{seed}:{activity_id}".encode()).hexdigest()


def unseen(path: PathState, items: Sequence[str]) -> list[str]:
    """Return the items this learner has not answered."""
    return [item for item in items if item not in path.seen]


def hard_items(path: PathState, slot: Slot, look: Outlook) -> list[str]:
    """Return the unseen hard items of a slot, the probe's candidates, in the author's order."""
    activities, seen = look.version.activities, path.seen
    return [i for i in slot.items if i not in seen and activities[i].difficulty == "hard"]


def skipped_at(mastered_at: float) -> float:
    """Return the mastery that a skip asks for: three quarters of the doubt, since the lesson goes with the practice."""
    return 1 - 0.75 * (1 - mastered_at)


def probe_items(path: PathState, slot: Slot, look: Outlook, enough: float) -> list[str]:
    """Return what the next probe is drawn from: unseen hard items, and medium ones where probing has used these up.

    Empty where right answers to all that probing may still ask would not bring mastery to `enough`.
    """
    hard, medium, tried = _candidates(path, slot, look)
    ahead = [*hard, *medium][: max(MOST_PROBES - tried, 0)]
    if not (hard or tried) or not ahead or tried + len(ahead) < SKIP_PROBES:
        return []
    return (hard or medium) if look.foresee(slot.skill_id, ahead).probability >= enough else []


def probes_to_skip(path: PathState, slot: Slot, look: Outlook, enough: float) -> int:
    """Return how many right probes a skip still takes, where `probe_items` has any."""
    hard, medium, tried = _candidates(path, slot, look)
    ahead = [*hard, *medium][: max(MOST_PROBES - tried, 1)]
    least = max(SKIP_PROBES - tried, 1)
    shown = (n for n in range(least, len(ahead)) if look.foresee(slot.skill_id, ahead[:n]).probability >= enough)
    return next(shown, len(ahead))


def _candidates(path: PathState, slot: Slot, look: Outlook) -> tuple[list[str], list[str], int]:
    """Return the hard and the medium items that a probe may ask, and how many first tries there were."""
    medium = [i for i in unseen(path, slot.items) if look.version.activities[i].difficulty == "medium"]
    return hard_items(path, slot, look), medium, path.slots.get(slot.key, SlotState()).first_tries


def drawn(items: Sequence[str], look: Outlook) -> str:
    """Return one of some items, the same for the same enrolment."""
    return items[0] if len(items) == 1 else min(items, key=lambda i: tie(look.seed, i))


def nearest_item(path: PathState, slot: Slot, look: Outlook, wanted: float) -> str:
    """Return the unseen item whose predicted chance is nearest to `wanted`; the least recent one when all are seen."""
    fresh = unseen(path, slot.items)
    if not fresh:
        return least_recent(path, slot, look)
    off = {item: round(abs(look.predict(item) - wanted), 9) for item in fresh}
    least = min(off.values())
    return drawn([item for item in fresh if off[item] == least], look)


def least_recent(path: PathState, slot: Slot, look: Outlook) -> str:
    """Return the item of a pool that was answered longest ago."""
    done = path.slots[slot.key].items if slot.key in path.slots else ()
    last = {item: index for index, item in enumerate(done)}
    return min(slot.items, key=lambda i: (last.get(i, -1), tie(look.seed, i)))
