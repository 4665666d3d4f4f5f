"""Simulated logs for benchmarks: learners with planted levels, skills and items."""

from __future__ import annotations

from array import array
from collections.abc import Sequence

import numpy as np

from engine.mastery.log import ResponseLog

Answered = tuple[str, tuple[str, ...], bool]
"""An item, its skills, and whether it was answered right."""


def log_of(histories: Sequence[Sequence[Answered]]) -> ResponseLog:
    """Return the log of some learners' answers, each learner's in order."""
    items: dict[str, int] = {}
    skills: dict[str, int] = {}
    who, what, right, skill, start = array("i"), array("i"), array("b"), array("i"), array("q", [0])
    for n, history in enumerate(histories):
        for item, asked, correct in history:
            who.append(n)
            what.append(items.setdefault(item, len(items)))
            right.append(correct)
            skill.extend(skills.setdefault(s, len(skills)) for s in asked)
            start.append(len(skill))
    names = tuple(f"learner-{n}" for n in range(len(histories)))
    return ResponseLog(names, tuple(items), tuple(skills), who, what, right, start, skill, array("d"))


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
