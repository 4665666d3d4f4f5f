"""What opening questions gave back: the skips that a card or a module's end tells, and the path without them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from engine.domain.pacing import Adjustment, PathState, Reason
from engine.domain.path import reopen

SAVED: Final = "saved_s"
"""The fact of a skip's reason that says what the planner took it to save, at its step: it never changes later."""

SEEN: Final = "skip.seen_by_instructor"
"""The reason of what an instructor marked as done: no opening question gave it back."""

SKIPPED: Final = ("skipped", "mastered", "tested_out")
"""How elements are closed that an undo can open."""


@dataclass(frozen=True, slots=True)
class MinutesBack:
    """Skips that a learner is told of together.

    Args:
        skips: the newest last; none of them was undone.
        before: the path as it would stand without them, for a look at what they moved.
    """

    skips: tuple[Adjustment, ...]
    before: PathState


def minutes_back(
    changes: Sequence[tuple[int, Adjustment]], path: PathState, slots: Collection[str], seq: int | None = None
) -> MinutesBack | None:
    """Return what is told of a module's skips: those since the card before, which were not told yet.

    Args:
        changes: (seq, adjustment), oldest first.
        path: where the learner stands now.
        slots: keys of the module's practice slots.
        seq: the step whose card it is; None at the module's end, which tells what no card did.

    Returns:
        None where the step showed no card of a skip, or all of it was told or undone.
    """
    own = [(at, change) for at, change in changes if change.kind == "skip" and change.reason.code != SEEN]
    skips = [(at, change) for at, change in own if change.slot_key in slots]
    if seq is not None:
        skips = [(at, change) for at, change in skips if at <= seq]
        if not any(at == seq and change.card for at, change in skips):
            return None
    told = max((at for at, change in skips if change.card and at != seq), default=0)
    fresh = tuple(change for at, change in skips if at > told and _still(change, path))
    if not fresh:
        return None
    keys = {key for change in fresh for key in change.elements if path.closed.get(key) in SKIPPED}
    return MinutesBack(fresh, reopen(path, keys))


def saved_minutes(reason: Reason) -> int:
    """Return the minutes that a skip saves, by its reason; 0 where less than half a minute, or where it does not say."""
    saved_s = reason.facts.get(SAVED)
    return round(saved_s / 60) if isinstance(saved_s, int | float) else 0


def minutes_by_slot(changes: Sequence[tuple[int, Adjustment]]) -> Mapping[str, int]:
    """Return the practice slots that were skipped, with the minutes that the newest skip of each saves."""
    return {c.slot_key: saved_minutes(c.reason) for _, c in changes if c.kind == "skip" and c.elements}


def _still(change: Adjustment, path: PathState) -> bool:
    return change.slot_key not in path.no_skip and any(path.closed.get(key) in SKIPPED for key in change.elements)
