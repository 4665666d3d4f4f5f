"""How long what is left will take this learner: log-normal times, planned anew after every answer.

Log-durations are near normal (van der Linden 2006, eq. 3): ln T = ln(authored time) + the learner's pace + noise. The pace is a
normal mean with a conjugate prior; a sum of such times is taken as log-normal by its first two moments (Fenton 1960).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from engine.domain.catalog import Module
from engine.domain.pacing import Outlook, Pace, PathState, SlotState
from engine.domain.path import segment_of

PRIOR_WEIGHT = 4.0
"""The prior pace (authored time, ratio 1) weighs as much as this many observed activities."""
NOISE = 0.5
"""Standard deviation of one activity's log-duration around the learner's pace."""
PACE_SPREAD = 0.3
"""Standard deviation of log-pace between learners."""
RATIO_LIMITS = (1 / 6, 6.0)
"""Ratios outside say more about a pause than about pace."""
Z80 = 1.2815515655446004


@dataclass(frozen=True, slots=True)
class TimeRange:
    """Seconds; in about 80 of 100 cases the actual time lies between `low_s` and `high_s`."""

    low_s: float
    middle_s: float
    high_s: float


def observe(pace: Pace, active_s: float | None, authored_s: int) -> Pace:
    """Return the learner's pace after one activity; an unknown or empty time changes nothing."""
    if active_s is None or active_s <= 0 or authored_s <= 0:
        return pace
    low, high = RATIO_LIMITS
    ratio = math.log(min(max(active_s / authored_s, low), high))
    count = pace.count + 1
    return Pace(count, pace.mean + (ratio - pace.mean) / count)


def log_pace(pace: Pace) -> tuple[float, float]:
    """Return mean and variance of the learner's log-pace, shrunk to the authored time."""
    weight = PRIOR_WEIGHT + pace.count
    return pace.count * pace.mean / weight, PACE_SPREAD**2 * PRIOR_WEIGHT / weight


def items_left(state: SlotState, probability: float, pool_left: int, least: int) -> tuple[float, float]:
    """Return mean and variance of the number of items a practice slot still takes.

    A geometric stop: the farther the published mastery is from its threshold, the more items; never more than the pool holds.
    """
    if pool_left <= 0:
        return 0.0, 0.0
    mean = max(least - state.first_tries, 1.0 + 7.0 * max(0.8 - probability, 0.0))
    mean = min(mean, float(pool_left))
    return mean, 0.35 * mean * mean


def remaining(path: PathState, look: Outlook, module: Module, least: int = 2) -> TimeRange:
    """Return how long the open rest of a module will take.

    Args:
        least: items a slot takes at least.
    """
    mean = variance = 0.0
    for key in module.elements():
        if key in path.closed:
            continue
        if not key.startswith("slot:"):
            mean += (seconds := float(look.version.activities[key].seconds))
            variance += seconds * seconds * (math.exp(NOISE**2) - 1)
            continue
        slot = look.version.slot(key)
        state = path.slots.get(key, SlotState())
        fresh = [i for i in slot.items if i not in path.seen]
        each = sum(look.version.activities[i].seconds for i in slot.items) / max(len(slot.items), 1)
        count, spread = items_left(state, look.mastery(slot.skill_id).probability, len(fresh), least)
        if segment_of(look.version, module, key) is not None and state.probe is None and state.first_tries == 0:
            count += 1.0
        mean += count * each
        variance += spread * each * each + count * each * each * (math.exp(NOISE**2) - 1)
    return _scaled(mean, variance, path.pace, path.time_factor or 1.0)


def _scaled(mean: float, variance: float, pace: Pace, factor: float) -> TimeRange:
    if mean <= 0:
        return TimeRange(0.0, 0.0, 0.0)
    spread = math.log(1 + variance / (mean * mean))
    centre, uncertainty = log_pace(pace)
    # An accommodation moves the prior; what was observed already holds it.
    prior = math.log(factor) * PRIOR_WEIGHT / (PRIOR_WEIGHT + pace.count)
    middle = math.log(mean) - spread / 2 + centre + prior
    width = Z80 * math.sqrt(spread + uncertainty)
    return TimeRange(math.exp(middle - width), math.exp(middle), math.exp(middle + width))
