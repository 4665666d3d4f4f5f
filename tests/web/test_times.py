"""What changes of a path save or add, in minutes: of a skip the learner's own, as its step knew them."""

from __future__ import annotations

from typing import Literal

import pytest

from engine.domain.minutes_back import SAVED
from engine.domain.pacing import Adjustment, PathState, Reason
from engine.domain.path import reopen
from engine.pacing.planner import remaining
from tests.engine.sample import Walk
from web.times import change_minutes

SLOT = "slot:module-1/skill-1"


def skipped(pace: float, *, test_out: bool = False) -> tuple[Walk, Adjustment]:
    """Return a learner who has just skipped the first skill, by questions answered at a pace."""
    walk = Walk()
    walk.answer(walk.decide(), None, active_s=60 * pace)
    if test_out:
        walk.override("test_out", SLOT)
    while not walk.adjustments:
        walk.answer(walk.decide(), True, active_s=60 * pace)
    return walk, walk.adjustments[0]


@pytest.mark.parametrize("test_out", [False, True])
def test_what_a_skip_saves_is_what_the_planner_says_before_it_and_after(test_out: bool) -> None:
    walk, skip = skipped(1.0, test_out=test_out)
    look, module = walk.fold.look(walk.mastery), walk.version.module("module-1")

    def left_s(path: PathState) -> float:
        return remaining(path, look, module).middle_s

    saved_s = left_s(reopen(walk.path, skip.elements)) - left_s(walk.path)
    assert skip.reason.facts[SAVED] == pytest.approx(saved_s, abs=1.0)
    assert change_minutes(skip) == -round(skip.reason.facts[SAVED] / 60) < 0
    quick, slow = (skipped(pace, test_out=test_out)[1].reason.facts[SAVED] for pace in (0.4, 1.6))
    assert quick < skip.reason.facts[SAVED] < slow


def test_what_nobody_knows_is_not_told() -> None:
    def minutes(kind: Literal["skip", "insert", "close"], reason: Reason, seconds: int) -> int:
        return change_minutes(Adjustment(kind, SLOT, reason, (SLOT,), seconds))

    assert minutes("skip", Reason("skip.known"), -660) == 0, "from before its step told it"
    assert minutes("skip", Reason("skip.known", {SAVED: 29}), -660) == 0
    assert minutes("insert", Reason("undo.skip"), 660) == 0
    assert minutes("close", Reason("close.mastered"), -60) == 0
    assert minutes("insert", Reason("help.worked_example"), 90) == 2
