"""Pools of eight items: the bundled course in minutes under each policy, and who masters at a steady share right."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass, replace

import numpy as np

from bench._walks import Taken, pools, take_course, walk
from content.bundled import bundled_courses
from content.loader import load_course
from engine.domain.catalog import CourseVersion
from engine.domain.ports import PacingPolicy
from engine.mastery.bkt import Bkt
from engine.mastery.gaussian_filter import GaussianFilter
from engine.pacing.baselines import Bkt95, FixedOrder, MasteryThreshold, NInARow
from engine.pacing.mastery_paced import MasteryPaced
from engine.services.fold import Fold
from engine.simulation.learners import plant
from engine.simulation.worlds import NEVER, GradualPair

POOL = 8
SHARES = (0.7, 0.75, 0.8, 0.85, 0.9, 0.95)
THRESHOLDS = (0.6, 0.7, 0.8, 0.9)
MODULE_MINUTES = 20


@dataclass(frozen=True, slots=True)
class Minutes:
    """What a course takes under a policy, over all modules and slots.

    Args:
        median, ninth: active minutes a module, the 50th and the 90th of 100.
        within: share of modules within 20 minutes; `complete`: share that ended.
        mastered: share of slots called mastered; `false`: share of those that were not.
    """

    median: float
    ninth: float
    within: float
    complete: float
    items: float
    mastered: float
    false: float


def eight(course: str = "cleaning-messy-data") -> CourseVersion:
    """Return a bundled course with each pool cut to eight items."""
    loaded, faults = load_course(next(f for f in bundled_courses() if f.name == course))
    assert loaded is not None, faults
    version = loaded.version
    modules = [replace(m, slots=tuple(replace(s, items=s.items[:POOL]) for s in m.slots)) for m in version.modules]
    return replace(version, modules=tuple(modules))


def course_minutes(learners: int) -> dict[str, Minutes]:
    """Return what the course takes under each policy as it is installed, with the day-one models."""
    version = eight()
    policies: tuple[PacingPolicy, ...] = (FixedOrder(), NInARow(), Bkt95(), MasteryThreshold(), MasteryPaced())
    found = {}
    for policy in policies:
        model = Bkt() if policy.model == "bkt" else GaussianFilter()
        fold = Fold(version, tuple(m.id for m in version.modules), model, policy, 0)
        people = [plant(n, tuple(version.skills), 0.0) for n in range(learners)]
        found[policy.name] = _minutes([t for n, p in enumerate(people) for t in take_course(replace(fold, seed=n), p)])
    return found


def _minutes(taken: list[Taken]) -> Minutes:
    spent = np.array([t.active_s / 60 for t in taken])
    slots = [s for t in taken for s in t.slots]
    mastered = [s for s in slots if s[1] == "mastered"]
    return Minutes(
        float(np.percentile(spent, 50)),
        float(np.percentile(spent, 90)),
        float((spent <= MODULE_MINUTES).mean()),
        sum(t.closed for t in taken) / len(taken),
        sum(s[0] for s in slots) / len(slots),
        len(mastered) / len(slots),
        sum(not s[2] for s in mastered) / max(len(mastered), 1),
    )


def steady(learners: int) -> dict[float, tuple[float, ...]]:
    """Return, by threshold, what share of skills is called mastered by learners at each of `SHARES`, who learn nothing."""
    version, difficulty = pools(12, POOL, seed=1)
    found = {}
    for threshold in THRESHOLDS:
        fold = Fold(version, tuple(m.id for m in version.modules), GaussianFilter(), MasteryPaced(threshold), 0)
        row = []
        for share in SHARES:
            declared = []
            for n in range(learners):
                rng = random.Random(f"{share}:{n}")
                level = math.log(share / (1 - share))
                luck = {s: tuple(rng.random() for _ in range(POOL)) for s in version.skills}
                person = {s: GradualPair(NEVER, level, 0.0, luck[s]) for s in version.skills}
                declared += [o.declared for o in walk(replace(fold, seed=n), person, difficulty)]
            row.append(sum(declared) / len(declared))
        found[threshold] = tuple(row)
    return found
