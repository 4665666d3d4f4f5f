"""How long modules take: one learner, from where they stand, or somebody who begins now. Every page tells these figures."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Final

from engine.domain.catalog import CourseVersion
from engine.domain.mastery import MasteryState
from engine.domain.minutes_back import saved_minutes
from engine.domain.pacing import Adjustment, PathState
from engine.domain.plan import EVEN, TimeLeft, total_time
from engine.domain.replies import Card
from engine.domain.unit_of_work import UnitOfWork
from engine.pacing.planner import Z80, TimeRange, log_pace, remaining
from engine.services.fold import Fold
from engine.services.newcomer import newcomer
from web.context import kit
from web.words import time_words, whole_minutes

NEW: Final = PathState()


def times_left(fold: Fold, mastery: MasteryState, path: PathState) -> Mapping[str, TimeRange]:
    """Return each module of the contract with the planner's range for its open rest, in order."""
    look = fold.look(mastery)
    return {m: remaining(path, look, fold.version.module(m)) for m in fold.contract}


def change_minutes(change: Adjustment | Card) -> int:
    """Return the minutes that a change of the path saves (negative) or adds; 0 where no page should tell any.

    A skip saves what the planner said at its step, on every page. An undo has no figure: the author's would contradict it.
    """
    if change.kind == "skip":
        return -saved_minutes(change.reason)
    helps = change.kind == "insert" and not change.reason.code.startswith("undo.")
    return whole_minutes(change.seconds) if helps else 0


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
