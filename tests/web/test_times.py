"""What skips save, in the learner's own minutes."""

from __future__ import annotations

from engine.domain.pacing import PathState
from engine.domain.path import element_seconds, reopen
from engine.pacing.planner import remaining
from tests.engine.sample import Walk
from web.times import saved_minutes

SLOT = "slot:module-1/skill-1"


def skipped(pace: float) -> Walk:
    """Return a learner who has just skipped the first skill, by opening questions answered at a pace."""
    walk = Walk()
    while not any(change.kind == "skip" for change in walk.adjustments):
        decision = walk.decide()
        walk.answer(decision, True, active_s=pace * walk.version.activities[decision.activity_id or ""].seconds)
    return walk


def saved(walk: Walk, *skips: tuple[str, ...]) -> list[int]:
    """Return what the skips of some elements save."""
    look, module = walk.fold.look(walk.mastery), walk.version.module("module-1")
    return saved_minutes(look, module, walk.path, [(keys, element_seconds(walk.version, keys)) for keys in skips])


def test_what_a_skip_saves_is_what_the_planner_says_with_it_and_without() -> None:
    walk = skipped(pace=1.0)
    keys = ("read-1", "worked-1", SLOT)
    look, module = walk.fold.look(walk.mastery), walk.version.module("module-1")

    def left_s(path: PathState) -> float:
        return remaining(path, look, module).middle_s

    assert saved(walk, keys) == [round((left_s(reopen(walk.path, keys)) - left_s(walk.path)) / 60)]
    quick, slow = saved(skipped(pace=0.5), keys), saved(skipped(pace=3.0), keys)
    assert quick < saved(walk, keys) < slow


def test_minutes_of_several_skips_add_up() -> None:
    walk = skipped(pace=2.0)
    each = saved(walk, ("read-1",), ("worked-1",), (SLOT,))
    assert len(each) == 3
    assert sum(each) == saved(walk, ("read-1", "worked-1", SLOT))[0] > 3
