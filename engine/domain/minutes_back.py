"""What opening questions gave back: the skips told by one card, with the minutes they save."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine.domain.pacing import Adjustment, PathState
from engine.domain.path import reopen

SKIPPED = ("skipped", "mastered", "tested_out")
"""How elements are closed that an undo can open."""


@dataclass(frozen=True, slots=True)
class MinutesBack:
    """Skips that a learner is told of together.

    Args:
        seconds: authored seconds saved.
        skips: the newest last; none of them was undone.
        before: the path as it would stand without them, for a look at what they moved.
    """

    seconds: int
    skips: tuple[Adjustment, ...]
    before: PathState


def minutes_back(changes: Sequence[tuple[int, Adjustment]], seq: int, path: PathState) -> MinutesBack | None:
    """Return what the card of one step tells: its skips, with those since the card before that had none of their own.

    Args:
        changes: (seq, adjustment), oldest first.
        seq: the step whose card it is.
        path: where the learner stands now.

    Returns:
        None where the step showed no card of a skip, or all of it was undone.
    """
    skips = [(at, change) for at, change in changes if change.kind == "skip" and at <= seq]
    if not any(at == seq and change.card for at, change in skips):
        return None
    told = max((at for at, change in skips if change.card and at < seq), default=0)
    fresh = tuple(change for at, change in skips if at > told and _still(change, path))
    if not fresh:
        return None
    keys = {key for change in fresh for key in change.elements if path.closed.get(key) in SKIPPED}
    return MinutesBack(-sum(change.seconds for change in fresh), fresh, reopen(path, keys))


def _still(change: Adjustment, path: PathState) -> bool:
    return change.slot_key not in path.no_skip and any(path.closed.get(key) in SKIPPED for key in change.elements)
