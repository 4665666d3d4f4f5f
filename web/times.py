"""How long modules take: one learner, from where they stand, or somebody who begins now. Every page tells these figures."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from typing import Final

from engine.domain.catalog import CourseVersion, Module
from engine.domain.mastery import MasteryState
from engine.domain.pacing import Outlook, PathState
from engine.domain.path import reopen
from engine.domain.plan import EVEN, TimeLeft, total_time
from engine.domain.unit_of_work import UnitOfWork
from engine.pacing.planner import Z80, TimeRange, log_pace, remaining
from engine.services.fold import Fold
from engine.services.newcomer import newcomer
from web.context import kit
from web.words import time_words

NEW: Final = PathState()


def times_left(fold: Fold, mastery: MasteryState, path: PathState) -> Mapping[str, TimeRange]:
    """Return each module of the contract with the planner's range for its open rest, in order."""
    look = fold.look(mastery)
    return {m: remaining(path, look, fold.version.module(m)) for m in fold.contract}


def saved_minutes(look: Outlook, module: Module, path: PathState, skips: Sequence[tuple[Collection[str], int]]) -> list[int]:
    """Return the minutes that each of some skips of a module saves, by the planner: what is left without them, less what is.

    They add up to what they save together, which is shared among them by authored time, since practice of one makes room for
    that of another.

    Args:
        skips: the element keys of each, with the authored seconds of these.
    """
    before = reopen(path, {key for keys, _ in skips for key in keys})
    saved_s = remaining(before, look, module).middle_s - remaining(path, look, module).middle_s
    whole, authored_s = max(round(saved_s / 60), 1), max(sum(seconds for _, seconds in skips), 1)
    upto = [round(whole * sum(s for _, s in skips[: n + 1]) / authored_s) for n in range(len(skips))]
    return [here - there for here, there in zip(upto, [0, *upto], strict=False)]


def newcomers_times(version: CourseVersion, contract: Sequence[str], uow: UnitOfWork) -> Mapping[str, TimeRange]:
    """Return the same for somebody new who begins now: what the welcome will tell them."""
    fold = newcomer(version, tuple(contract), uow, kit())
    return times_left(fold, fold.start(), NEW)


def together_words(ranges: Sequence[TimeRange], path: PathState = NEW) -> str:
    """Return the time of several modules together, in words."""
    whole = range_of(sum_of(ranges, path))
    return time_words(whole.low_s, whole.middle_s, whole.high_s)


def sum_of(ranges: Sequence[TimeRange], path: PathState) -> TimeLeft:
    """Return the time of several modules together: the learner's pace is common to all of them."""
    return total_time([_part(r) for r in ranges], shared=log_pace(path.pace)[1])


def range_of(left: TimeLeft) -> TimeRange:
    """Return a sum as a range that holds the actual time in about 80 of 100 cases."""
    return TimeRange(left.seconds(0.1), left.seconds(EVEN), left.seconds(0.9))


def _part(r: TimeRange) -> TimeLeft:
    return TimeLeft(r.middle_s, math.log(r.high_s / r.low_s) / (2 * Z80)) if r.low_s > 0 else TimeLeft(0.0, 0.0)
