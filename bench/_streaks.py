"""The chance of three right in a row, by a model's band: Beck & Gong's label (2013) put to a mastery model."""

from __future__ import annotations

from engine.domain.mastery import SkillMastery
from engine.pacing.forecast import levels

IN_A_ROW = 3


def chance_of_streak(known: SkillMastery, run: int, items: int) -> float:
    """Return P(three in a row come within so many more items), where the last `run` so far were right, fewer than three."""
    return sum(weight * _at(p, run, items) for p, weight in levels(known))


def _at(p: float, run: int, items: int) -> float:
    """Return the chance at one chance of a right answer: a walk over the length of the streak, which stays once it is whole."""
    at = [float(k == run) for k in range(IN_A_ROW + 1)]
    for _ in range(items):
        *short, whole = at
        at = [(1 - p) * sum(short), *(p * chance for chance in short)]
        at[-1] += whole
    return at[-1]
