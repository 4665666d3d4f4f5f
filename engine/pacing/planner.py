"""How long what is left will take this learner: log-normal times, planned anew after every answer.

Log-durations are near normal (van der Linden 2006, eq. 3): ln T = ln(authored time) + the learner's pace + noise. The pace is a
normal mean with a conjugate prior, the noise this learner's own; how many items practice takes comes from the mastery model
(`forecast`). A sum of such times is taken as log-normal by its first two moments (Fenton 1960).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from engine.domain.catalog import Activity, Module, Slot
from engine.domain.pacing import Outlook, Pace, PathState, SlotState
from engine.domain.path import Segment, segment_of
from engine.pacing.forecast import chance_in_a_row, items_to_mastery
from engine.pacing.review import REVIEW_S
from engine.pacing.selection import probe_items, probes_to_skip, skipped_at, unseen

MASTERED_AT = 0.8
LEAST_ITEMS = 2
MODULE_S = 20 * 60
"""A visit to a module comes to a clean stop within this, times an accommodation."""
AIM_S = 17 * 60
"""Practice closes so that what stands behind it is expected to end by then: half of what aims at 20 minutes ends later."""
CHECKPOINT_S = 120
"""A stop is offered so long before, since one more activity would go beyond."""
PRIOR_WEIGHT = 2.0
"""The prior pace (authored time, ratio 1) weighs as much as this many observed activities."""
NOISE = 0.4
"""Standard deviation of one activity's log-duration around the learner's pace, before it is known."""
NOISE_WEIGHT = 8.0
"""That prior weighs as much as this many observed activities."""
PACE_SPREAD = 0.3
"""Standard deviation of log-pace between learners."""
RATIO_LIMITS = (1 / 6, 6.0)
"""Ratios outside say more about a pause than about pace."""
RETRIED = 1.4
"""A practice item with its second try, where nothing more is known of the learner."""
CHECKED = 1.3
"""A question in the path with its second try."""
OPENING = 0.7
"""Share of its minutes that review takes when a module begins."""
PROBES_TO_STAY = 1.4
"""Probes that end with a wrong answer."""
UNFORESEEN_S = 60.0
"""Standard deviation of what no sum foresees: help that is added, a review, the last item before time is up."""
WIDER = 1.3
"""By this the range is widened, so that 80 % of simulated actual times fall inside: a sum is no exact log-normal."""
Z80 = 1.2815515655446004


@dataclass(frozen=True, slots=True)
class TimeRange:
    """Seconds; in about 80 of 100 cases the actual time lies between `low_s` and `high_s`."""

    low_s: float
    middle_s: float
    high_s: float


@dataclass(frozen=True, slots=True)
class _Sum:
    """Mean and variance of a time in authored seconds, before anybody's pace."""

    mean: float = 0.0
    variance: float = 0.0

    def __add__(self, other: _Sum) -> _Sum:
        return _Sum(self.mean + other.mean, self.variance + other.variance)


def observe(pace: Pace, active_s: float | None, authored_s: int) -> Pace:
    """Return the learner's pace after one activity; an unknown or empty time changes nothing."""
    if active_s is None or active_s <= 0 or authored_s <= 0:
        return pace
    low, high = RATIO_LIMITS
    ratio = math.log(min(max(active_s / authored_s, low), high))
    count = pace.count + 1
    mean = pace.mean + (ratio - pace.mean) / count
    # Welford (1962): the sum of squares about the mean, without a second pass.
    return Pace(count, mean, pace.squares + (ratio - pace.mean) * (ratio - mean))


def log_pace(pace: Pace) -> tuple[float, float]:
    """Return mean and variance of the learner's log-pace, shrunk to the authored time."""
    weight = PRIOR_WEIGHT + pace.count
    return pace.count * pace.mean / weight, PACE_SPREAD**2 * PRIOR_WEIGHT / weight


def noise(pace: Pace) -> float:
    """Return the variance of one activity's log-duration around the learner's pace, shrunk to the usual one."""
    return (NOISE_WEIGHT * NOISE**2 + pace.squares) / (NOISE_WEIGHT + max(pace.count - 1, 0))


def remaining(path: PathState, look: Outlook, module: Module) -> TimeRange:
    """Return how long the open rest of a module will take."""
    one = math.exp(noise(path.pace)) - 1
    teaching = _under_way(path, look, module, one) + _opening(path, module, look)
    practice, seen = _Sum(), set[str]()
    least = 0.0
    for key in module.elements():
        if key in path.closed or key in seen:
            continue
        segment = segment_of(look.version, module, key)
        if segment is None:
            teaching += _element(look.version.activities[key], one)
            continue
        seen.update(segment.elements)
        least += least_s(path, segment.slot, look)
        taught, practised = _segment(path, segment, look, one)
        teaching, practice = teaching + taught, practice + practised
    if path.time_factor is not None:
        practice = _in_visits(path, module, teaching, practice, least)
    return _scaled(teaching + practice, path.pace, path.time_factor or 1.0)


def _element(activity: Activity, one: float) -> _Sum:
    """Return the time of an activity of the path, a question's with its second try."""
    seconds = activity.seconds * (CHECKED if activity.evidence == "practice" else 1.0)
    return _Sum(seconds, seconds * seconds * one)


def _opening(path: PathState, module: Module, look: Outlook) -> _Sum:
    """Return the time of review and of what was carried over, before a module that has others before it."""
    first = next(m.id for m in look.version.modules if m.id in look.contract)
    begun = any(k in path.closed for k in module.elements()) or any(s.key in path.slots for s in module.slots)
    if begun or module.id == first:
        return _Sum()
    left = REVIEW_S - path.review_s.get(module.id, 0.0)
    return _Sum(OPENING * left, (0.3 * left) ** 2) if left > 0 else _Sum()


def saved_s(open_: PathState, skipped: PathState, look: Outlook, module: Module) -> int:
    """Return the seconds that a skip saves this learner, as its step knows them: what is left before it, less what is after."""
    return max(round(remaining(open_, look, module).middle_s - remaining(skipped, look, module).middle_s), 0)


def _in_visits(path: PathState, module: Module, teaching: _Sum, practice: _Sum, least: float) -> _Sum:
    """Return the time of practice: it makes room where the module ends in this visit, and has time where it takes another."""
    factor = path.time_factor or 1.0
    speed, limit = math.exp(expected(path.pace, factor)), MODULE_S * factor - path.visit_s(module.id)
    core = (teaching.mean + least) * speed
    error = math.sqrt(teaching.variance * speed * speed + log_pace(path.pace)[1] * core * core + UNFORESEEN_S**2)
    here = 0.5 * math.erfc((core - limit) / error * math.sqrt(0.5))
    aim = limit - (MODULE_S - AIM_S) * factor
    short = _capped(practice, max(aim / speed - teaching.mean, least))
    long = _capped(practice, max((aim + MODULE_S * factor) / speed - teaching.mean, least))
    apart = here * (1 - here) * (long.mean - short.mean) ** 2
    return _Sum(here * short.mean + (1 - here) * long.mean, here * short.variance + (1 - here) * long.variance + apart)


def well_spent(path: PathState, module: Module) -> bool:
    """Return whether a visit has all but had its minutes: a good place to stop, whatever is left stays as it is."""
    if path.time_factor is None:
        return False
    return path.visit_s(module.id) >= MODULE_S * path.time_factor - CHECKPOINT_S


def most_s(path: PathState, module: Module, left: TimeRange) -> float:
    """Return the seconds that a visit to a module still takes at most: its minutes, or in nine of ten cases what is left.

    An expected time rises with every piece of bad news. This bound holds most of it already: it counts down and seldom rises.
    """
    if path.time_factor is None:
        return left.high_s
    return min(left.high_s, max(MODULE_S * path.time_factor - path.visit_s(module.id), 0.0))


def _under_way(path: PathState, look: Outlook, module: Module, one: float) -> _Sum:
    """Return the time of a second try and of what was added to the path."""
    ids = [q.activity_id for q in path.queue]
    if path.retry is not None and look.version.activities[path.retry[0]].module_id == module.id:
        ids.append(path.retry[0])
    seconds = [float(look.version.activities[i].seconds) for i in ids]
    return _Sum(sum(seconds), sum(s * s for s in seconds) * one)


def each_s(slot: Slot, look: Outlook) -> float:
    """Return the mean authored seconds of a slot's items."""
    return sum(look.version.activities[i].seconds for i in slot.items) / max(len(slot.items), 1)


def least_s(path: PathState, slot: Slot, look: Outlook) -> float:
    """Return the time of the items that practice takes even when the module's time is up."""
    if slot.key in path.closed:
        return 0.0
    done = path.slots.get(slot.key, SlotState()).first_tries
    return max(LEAST_ITEMS - done, 0) * each_s(slot, look) * RETRIED


def _segment(path: PathState, segment: Segment, look: Outlook, one: float) -> tuple[_Sum, _Sum]:
    """Return what the teaching and the practice of one skill still take; a skip, where it may come, with its chance."""
    slot = segment.slot
    state = path.slots.get(slot.key, SlotState())
    lessons = [_element(look.version.activities[k], one) for k in segment.teaching if k not in path.closed]
    taught = sum(lessons, _Sum())
    if slot.key in path.closed:
        return taught, _Sum()
    each = each_s(slot, look)
    known = look.mastery(slot.skill_id)
    fresh_items = unseen(path, slot.items)
    fresh = len(fresh_items)
    wrong = 1 - sum(map(look.predict, fresh_items)) / max(fresh, 1)
    enough = skipped_at(MASTERED_AT)
    probes = probe_items(path, slot, look, enough)
    untouched = not any(k in path.closed for k in segment.elements)
    if not (untouched and state.probe is None and probes and slot.key not in path.no_skip):
        return taught, _practice(items_to_mastery(known, fresh, MASTERED_AT), each, state, fresh, one, wrong)
    right = sum(map(look.predict, probes)) / len(probes)
    row = probes_to_skip(path, slot, look, enough)
    skip = chance_in_a_row(known, right, row) if lessons else right
    practice = _practice(items_to_mastery(known, fresh - 1, MASTERED_AT), each, state, fresh - 1, one, wrong)
    probing = _Sum(PROBES_TO_STAY * each, 0.5 * each * each)
    # Skipped or not: the variance within both, and between them.
    stay, off = 1 - skip, taught.mean + practice.mean
    between = skip * stay * off * off
    mean_probe = skip * row * each + stay * probing.mean
    return (
        _Sum(stay * taught.mean + mean_probe, stay * taught.variance + probing.variance),
        _Sum(stay * practice.mean, stay * practice.variance + between),
    )


def _practice(items: tuple[float, float], each: float, state: SlotState, fresh: int, one: float, wrong: float) -> _Sum:
    mean, variance = items
    mean = min(max(mean, float(LEAST_ITEMS - state.first_tries)), float(max(fresh, 1)))
    # A wrong answer is followed by a second try at the same question.
    tried = each * (1 + wrong)
    return _Sum(mean * tried, variance * tried * tried + mean * each * each * ((1 + wrong) * one + wrong * (1 - wrong)))


def _capped(time: _Sum, most: float) -> _Sum:
    """Return the moments of min(time, most), the time taken as normal."""
    if time.variance <= 0 or time.mean <= 0:
        return _Sum(min(time.mean, most), time.variance)
    m, s, c = time.mean, math.sqrt(time.variance), most
    z = (c - m) / s
    below = 0.5 * math.erfc(-z * math.sqrt(0.5))
    density = math.exp(-z * z / 2) / math.sqrt(2 * math.pi)
    mean = m * below + c * (1 - below) - s * density
    square = (m * m + s * s) * below - s * density * (m + c) + c * c * (1 - below)
    return _Sum(max(mean, 0.0), max(square - mean * mean, 0.0))


def expected(pace: Pace, factor: float) -> float:
    """Return ln(expected / authored time); an accommodation moves the prior, what was observed already holds it."""
    moved = math.log(factor) * PRIOR_WEIGHT / (PRIOR_WEIGHT + pace.count)
    # The mean of a log-normal time lies above its median.
    return log_pace(pace)[0] + moved + noise(pace) / 2


def _scaled(time: _Sum, pace: Pace, factor: float) -> TimeRange:
    if time.mean <= 0:
        return TimeRange(0.0, 0.0, 0.0)
    spread = math.log(1 + (time.variance + UNFORESEEN_S**2) / (time.mean * time.mean))
    middle = math.log(time.mean) - spread / 2 + expected(pace, factor)
    width = WIDER * Z80 * math.sqrt(spread + log_pace(pace)[1])
    return TimeRange(math.exp(middle - width), math.exp(middle), math.exp(middle + width))
