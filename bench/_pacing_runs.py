"""What `bench.pacing` runs: worlds, the models fitted to them, five policies and the thresholds they are swept over."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from multiprocessing import get_context

import numpy as np

from bench._simulated import log_of
from bench._walks import Outcome, pools, walk
from engine.domain.ports import MasteryModel, PacingPolicy
from engine.mastery.bkt import Bkt, Parameters
from engine.mastery.fitting.baselines.bkt import fit_parameters
from engine.mastery.fitting.fit import fit_coefficients
from engine.mastery.fitting.sequences import table_of
from engine.mastery.gaussian_filter import GaussianFilter, constants_of
from engine.mastery.log import ResponseLog
from engine.pacing.baselines import Bkt95, FixedOrder, MasteryThreshold, NInARow
from engine.pacing.mastery_paced import MasteryPaced
from engine.services.fold import Fold
from engine.simulation.worlds import World

SKILLS, CAP = 12, 25
VERSION, DIFFICULTY = pools(SKILLS, CAP, seed=0)
TRAINING_ITEMS = 12
"""Items a skill in the log that models are fitted to, each learner's own draw of the pool."""
FIRST_TRAINING = 1_000_000

POLICIES: Mapping[str, Callable[[float], PacingPolicy]] = {
    "fixed order": lambda n: FixedOrder(round(n)),
    "N in a row": lambda n: NInARow(round(n)),
    "BKT, fitted": lambda threshold: Bkt95(threshold),
    "filter's threshold": lambda threshold: MasteryThreshold(threshold, least=1),
    "mastery-paced": lambda threshold: MasteryPaced(threshold),
}
Sweep = Mapping[str, Sequence[float]]
SWEEPS: Mapping[tuple[str, float], Sweep] = {
    ("gradual", 0.75): {
        "fixed order": (12, 16, 20),
        "N in a row": (4, 5),
        "BKT, fitted": (0.87, 0.92),
        "filter's threshold": (0.75, 0.82),
        "mastery-paced": (0.75, 0.82),
    },
    ("gradual", 0.85): {
        "fixed order": (19, 24),
        "N in a row": (6, 7),
        "BKT, fitted": (0.98, 0.992),
        "filter's threshold": (0.74, 0.82),
        "mastery-paced": (0.74, 0.82),
    },
    ("bkt", 0.75): {
        "fixed order": (20, 25),
        "N in a row": (2, 3),
        "BKT, fitted": (0.93, 0.965),
        "filter's threshold": (0.66, 0.74),
        "mastery-paced": (0.62, 0.66),
    },
}
"""Two or three thresholds around the compared rate of false mastery, by world and standard; between them is interpolated."""


@dataclass(frozen=True, slots=True)
class Figures:
    """Means over all pairs of learner and skill.

    Args:
        false: share of the pairs declared mastered that were not.
        known_items: items of the pairs that were mastered at the start.
    """

    false: float
    items: float
    over: float
    known_items: float


def figures(outcomes: Sequence[Outcome]) -> Figures:
    """Return the figures of a run."""
    declared = [o for o in outcomes if o.declared]
    known = [o for o in outcomes if o.known]
    return Figures(
        sum(not o.mastered for o in declared) / max(len(declared), 1),
        sum(o.items for o in outcomes) / len(outcomes),
        sum(o.over for o in outcomes) / len(outcomes),
        sum(o.items for o in known) / max(len(known), 1),
    )


def models(world: World, learners: int) -> tuple[GaussianFilter, Bkt]:
    """Return the filter and BKT, both fitted to learners of a world who are not in any comparison."""
    log = _training(world, learners)
    fitted = fit_coefficients(log, {i: a.difficulty for i, a in VERSION.activities.items() if a.difficulty is not None})
    constants = replace(constants_of(fitted), standard=world.standard)
    # Tier 2 moves predictions and no mastery; without it the comparison is of the filter alone.
    found = fit_parameters(table_of(log), np.ones(learners, dtype=bool))
    rows = zip(found.known, found.learn, found.slip, found.guess, strict=True)
    parameters = {skill: Parameters(*map(float, row)) for skill, row in zip(log.skill_ids, rows, strict=True)}
    return GaussianFilter(constants, fitted=replace(fitted, regression=None)), Bkt(parameters, version="fitted")


def _training(world: World, learners: int) -> ResponseLog:
    histories = []
    for n in range(learners):
        learner, rng = world.learner(FIRST_TRAINING + n), random.Random(n)
        slots = [m.slots[0] for m in VERSION.modules]
        drawn = [(s, k, item) for s in slots for k, item in enumerate(rng.sample(s.items, TRAINING_ITEMS))]
        histories.append([(i, (s.skill_id,), learner[s.skill_id].right(k, DIFFICULTY[i])) for s, k, i in drawn])
    return log_of(histories)


Task = tuple[World, str, float, int, int]


def sweep(
    world: World, fitted: tuple[GaussianFilter, Bkt], learners: int, seeds: int, workers: int
) -> Mapping[str, list[tuple[float, Figures]]]:
    """Return, by policy, (threshold, figures) for each threshold; seeds are further learners."""
    asked = SWEEPS[world.kind, world.standard]
    tasks = [(world, name, t, seed, learners) for name in POLICIES for t in asked[name] for seed in range(seeds)]
    tasks.sort(key=lambda task: task[1] != "mastery-paced")
    with ProcessPoolExecutor(workers, get_context("fork"), _begin, (fitted,)) as executor:
        runs = dict(zip((t[1:4] for t in tasks), executor.map(_run, tasks), strict=True))
    return {
        name: [(t, figures([o for seed in range(seeds) for o in runs[name, t, seed]])) for t in asked[name]]
        for name in POLICIES
    }


_FITTED: list[tuple[GaussianFilter, Bkt]] = []


def _begin(fitted: tuple[GaussianFilter, Bkt]) -> None:
    _FITTED[:] = [fitted]


def _run(task: Task) -> list[Outcome]:
    world, name, threshold, seed, learners = task
    policy = POLICIES[name](threshold)
    model: MasteryModel = _FITTED[0][policy.model == "bkt"]
    fold = Fold(VERSION, tuple(m.id for m in VERSION.modules), model, policy, seed)
    numbers = range(seed * learners, (seed + 1) * learners)
    return [o for n in numbers for o in walk(replace(fold, seed=n), world.learner(n), DIFFICULTY)]


def at_rate(found: Sequence[tuple[float, Figures]], rate: float) -> Figures | None:
    """Return the figures at a rate of false mastery, between the thresholds around it; None where they do not reach it."""
    rows = sorted((f for _, f in found), key=lambda f: f.false)
    if not rows[0].false <= rate <= rows[-1].false:
        return None
    at = next(k for k in range(1, len(rows)) if rows[k].false >= rate)
    low, high = rows[at - 1], rows[at]
    share = (_log(rate) - _log(low.false)) / max(_log(high.false) - _log(low.false), 1e-9)

    def between(a: float, b: float) -> float:
        return a + share * (b - a)

    return Figures(
        rate, between(low.items, high.items), between(low.over, high.over), between(low.known_items, high.known_items)
    )


def _log(rate: float) -> float:
    return math.log(max(rate, 1e-4))
