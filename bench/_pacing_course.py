"""Pools of eight items: the bundled course in minutes under each policy, and who masters at a steady share right."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from multiprocessing import get_context

import numpy as np

from bench._walks import Taken, course_log, pools, take_course, walk
from content.bundled import bundled_courses
from content.loader import load_course
from engine.domain.catalog import CourseVersion
from engine.domain.ports import MasteryModel, PacingPolicy
from engine.mastery.bkt import Bkt
from engine.mastery.fitting.fit import fit_coefficients
from engine.mastery.gaussian_filter import GaussianFilter
from engine.pacing.baselines import Bkt95, FixedOrder, MasteryThreshold, NInARow
from engine.pacing.mastery_paced import MasteryPaced
from engine.services.fold import Fold
from engine.simulation.learners import plant
from engine.simulation.worlds import NEVER, GradualPair
from tests.engine.sample import build_version

POOL = 8
SHARES = (0.7, 0.75, 0.8, 0.85, 0.9, 0.95)
THRESHOLDS = (0.6, 0.7, 0.8, 0.9)
MODULE_MINUTES = 20


@dataclass(frozen=True, slots=True)
class Minutes:
    """What a course takes under a policy, over all visits, modules and slots.

    Args:
        median, ninth: active minutes a visit, the 50th and the 90th of 100; `within`: share of visits within 20 minutes.
        visits, module: visits and minutes that a module takes.
        complete: share of modules that ended.
        mastered: share of slots called mastered; `false`: share of those where the learner then was not.
        purposes: minutes a module by what they were spent on.
    """

    median: float
    ninth: float
    within: float
    visits: float
    module: float
    complete: float
    items: float
    mastered: float
    false: float
    purposes: Mapping[str, float]


def courses() -> Mapping[str, CourseVersion]:
    """Return the bundled course with each pool cut to eight items, and the small one that the tests use."""
    return {"bundled": eight(), "sample": build_version(modules=6)}


def eight(course: str = "cleaning-messy-data") -> CourseVersion:
    """Return a bundled course with each pool cut to eight items."""
    loaded, faults = load_course(next(f for f in bundled_courses() if f.name == course))
    assert loaded is not None, faults
    version = loaded.version
    modules = [replace(m, slots=tuple(replace(s, items=s.items[:POOL]) for s in m.slots)) for m in version.modules]
    return replace(version, modules=tuple(modules))


POLICIES: Mapping[str, Callable[[], PacingPolicy]] = {
    "fixed-order": FixedOrder,
    "n-in-a-row, 3": NInARow,
    "n-in-a-row, 4": lambda: NInARow(4),
    "bkt-95": Bkt95,
    "mastery-threshold .8": MasteryThreshold,
    "mastery-threshold .7": lambda: MasteryThreshold(0.7),
    "mastery-threshold .6": lambda: MasteryThreshold(0.6),
    "mastery-paced .8": MasteryPaced,
    "mastery-paced .7": lambda: MasteryPaced(0.7),
    "mastery-paced .6": lambda: MasteryPaced(0.6),
}
INSTALLED = "mastery-paced .8"
PACES = (0.6, 0.8, 1.0, 1.3)
FIRST_TRAINING, TRAINING = 1_000_000, 100
"""Learners whose answers under the installed policy the filter is fitted to; none of them is in any comparison."""
Row = tuple[str, str, str, float | None]


def course_minutes(learners: int, workers: int) -> Mapping[Row, Minutes]:
    """Return what the courses take by (course, policy, model, pace); a pace of None is each learner's own."""
    rows: list[Row] = [(c, p, "day one", None) for c in courses() for p in POLICIES]
    rows += [(c, p, "fitted", None) for c in courses() for p in POLICIES if p.startswith("mastery")]
    rows += [(c, INSTALLED, "day one", pace) for c in courses() for pace in PACES]
    with ProcessPoolExecutor(workers, get_context("fork"), _begin, ({c: _fitted(c) for c in courses()},)) as executor:
        return dict(zip(rows, executor.map(partial(_take, learners), rows), strict=True))


_FITTED: dict[str, GaussianFilter] = {}


def _begin(fitted: Mapping[str, GaussianFilter]) -> None:
    _FITTED.update(fitted)


def _fitted(course: str) -> GaussianFilter:
    version = courses()[course]
    people = [plant(FIRST_TRAINING + n, tuple(version.skills), 0.0) for n in range(TRAINING)]
    tags = {a.id: a.difficulty for a in version.activities.values() if a.difficulty is not None}
    return GaussianFilter(fitted=fit_coefficients(course_log(_fold(version, GaussianFilter(), MasteryPaced()), people), tags))


def _fold(version: CourseVersion, model: MasteryModel, policy: PacingPolicy) -> Fold:
    return Fold(version, tuple(m.id for m in version.modules), model, policy, 0)


def _take(learners: int, row: Row) -> Minutes:
    course, name, fit, pace = row
    version, policy = courses()[course], POLICIES[name]()
    model = Bkt() if policy.model == "bkt" else _FITTED[course] if fit == "fitted" else GaussianFilter()
    fold = _fold(version, model, policy)
    people = [plant(n, tuple(version.skills), 0.0) for n in range(learners)]
    if pace is not None:
        people = [replace(p, pace=pace) for p in people]
    return _minutes([t for n, p in enumerate(people) for t in take_course(replace(fold, seed=n), p)])


def _minutes(taken: list[Taken]) -> Minutes:
    spent = np.array([visit / 60 for t in taken for visit in t.visits])
    slots = [s for t in taken for s in t.slots]
    mastered = [s for s in slots if s[1] == "mastered"]
    purposes = {name for t in taken for name in t.purposes}
    return Minutes(
        median=float(np.percentile(spent, 50)),
        ninth=float(np.percentile(spent, 90)),
        within=float((spent <= MODULE_MINUTES).mean()),
        visits=len(spent) / len(taken),
        module=sum(t.active_s for t in taken) / len(taken) / 60,
        complete=sum(t.closed for t in taken) / len(taken),
        items=sum(s[0] for s in slots) / len(slots),
        mastered=len(mastered) / len(slots),
        false=sum(not s[2] for s in mastered) / max(len(mastered), 1),
        purposes={name: sum(t.purposes.get(name, 0.0) for t in taken) / len(taken) / 60 for name in purposes},
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
