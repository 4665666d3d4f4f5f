"""Elo with a learner, a learner-skill and an item rating."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable

import numpy as np

from engine.mastery.fitting.metrics import log_loss
from engine.mastery.fitting.sequences import Bools, Floats, Table

STEPS = ((0.8, 0.02), (0.8, 0.06), (1.5, 0.06), (1.5, 0.15))
"""Pairs (a, b) of the step a / (1 + b n) that are tried on a fifth of the training learners (Pelanek 2016, sec. 3.2)."""


def fit_elo(table: Table, learners: Bools, rng: np.random.Generator) -> Callable[[Bools], Floats]:
    """Fit item ratings by replaying the training learners; the result predicts the rows of other learners."""
    chosen = np.flatnonzero(learners)
    held = np.zeros_like(learners)
    held[rng.choice(chosen, max(1, len(chosen) // 5), replace=False)] = True
    truth = table.correct[held[table.learner]]
    losses = []
    for a, b in STEPS:
        items: dict[int, list[float]] = {}
        _replay(table, learners & ~held, items, a, b, learn=True)
        losses.append(log_loss(truth, _replay(table, held, items, a, b, learn=False)))
    a, b = STEPS[int(np.argmin(losses))]
    items = {}
    _replay(table, learners, items, a, b, learn=True)
    return lambda others: _replay(table, others, items, a, b, learn=False)


def _replay(table: Table, learners: Bools, items: dict[int, list[float]], a: float, b: float, *, learn: bool) -> Floats:
    """Predict then update, row by row (Papousek, Pelanek & Stanislav 2014); items move only while learning."""
    rows = np.flatnonzero(learners[table.learner]).tolist()
    people: dict[int, list[float]] = defaultdict(lambda: [0.0, 0.0])
    pairs: dict[tuple[int, int], list[float]] = defaultdict(lambda: [0.0, 0.0])
    who, what, right = table.learner.tolist(), table.item.tolist(), table.correct.tolist()
    start, skill = table.edge_start.tolist(), table.edge_skill.tolist()
    out = np.empty(len(rows))
    for at, row in enumerate(rows):
        person, item = people[who[row]], items.get(what[row])
        if item is None:
            item = [0.0, 0.0]
            if learn:
                items[what[row]] = item
        mine = [pairs[who[row], k] for k in skill[start[row] : start[row + 1]]]
        z = person[0] + sum(m[0] for m in mine) / len(mine) - item[0]
        p = 1.0 / (1.0 + math.exp(-z))
        out[at] = p
        error = right[row] - p
        for rating in (person, *mine):
            rating[0] += a / (1 + b * rating[1]) * error
            rating[1] += 1
        if learn:
            item[0] -= a / (1 + b * item[1]) * error
            item[1] += 1
    return out
