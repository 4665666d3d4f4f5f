"""Simulated logs for benchmarks: learners with planted levels, skills and items."""

from __future__ import annotations

from array import array

import numpy as np

from engine.mastery.log import ResponseLog


def simulated_log(learners: int, each: int, items: int = 2000, skills: int = 60, seed: int = 0) -> ResponseLog:
    """Return a log of ragged histories, about `learners * each` responses."""
    rng = np.random.default_rng(seed)
    length = rng.integers(each // 2, each + each // 2 + 1, learners)
    who = np.repeat(np.arange(learners), length)
    item = rng.integers(0, items, len(who))
    of_item = rng.integers(0, skills, items)
    level, difficulty = rng.normal(0.6, 1, learners), rng.normal(0, 0.8, items)
    offset = rng.normal(0, 0.6, (learners, skills))
    skill = of_item[item]
    correct = rng.random(len(who)) < 1 / (1 + np.exp(-(level[who] + offset[who, skill] - difficulty[item])))
    return ResponseLog(
        tuple(map(str, range(learners))),
        tuple(map(str, range(items))),
        tuple(map(str, range(skills))),
        array("i", who.astype("i").tobytes()),
        array("i", item.astype("i").tobytes()),
        array("b", correct.astype("b").tobytes()),
        array("q", np.arange(len(who) + 1, dtype="q").tobytes()),
        array("i", skill.astype("i").tobytes()),
        array("d"),
    )
