"""Bayesian knowledge tracing, fitted by EM on all sequences at a time (Corbett & Anderson 1995)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from engine.mastery.fitting.sequences import Bools, Floats, Ints, Table, Waves, waves_of

ITERATIONS = 40
STILL = 1e-3
"""EM ends when no parameter moves by more."""
_MOST_SLIP = 0.5
"""Above it a right answer would speak against knowing: degenerate (Baker, Corbett & Aleven 2008)."""


@dataclass(frozen=True, slots=True)
class Bkt:
    """Parameters by skill, each a probability: known at first, learned, slip, guess."""

    known: Floats
    learn: Floats
    slip: Floats
    guess: Floats


def fit_bkt(table: Table, learners: Bools, _rng: np.random.Generator) -> Callable[[Bools], Floats]:
    """Fit BKT; a combination of skills counts as a skill of its own. The result predicts the rows of other learners."""
    combined = _by_combination(table)
    bkt = _fit(combined, learners)

    def predict(others: Bools) -> Floats:
        of = _sequences(combined, others)
        p = _forward(of, bkt)[0]
        by_row = np.empty(len(table))
        by_row[of.row] = p
        return by_row[np.flatnonzero(others[table.learner])]

    return predict


def fit_parameters(table: Table, learners: Bools) -> Bkt:
    """Return the parameters of BKT by skill code; each response of the table asks for one skill."""
    return _fit(table, learners)


def _fit(combined: Table, learners: Bools) -> Bkt:
    waves = _sequences(combined, learners)
    skills = combined.skills
    bkt = Bkt(*(np.full(skills, value) for value in (0.5, 0.1, 0.15, 0.3)))
    for _ in range(ITERATIONS):
        found = _step(waves, bkt)
        moved = max(float(np.abs(getattr(found, k) - getattr(bkt, k)).max()) for k in ("known", "learn", "slip", "guess"))
        bkt = found
        if moved < STILL:
            break
    return bkt


def _by_combination(table: Table) -> Table:
    """Return the table with each combination of skills as one skill."""
    seen: dict[tuple[int, ...], int] = {}
    edges, start = table.edge_skill.tolist(), table.edge_start.tolist()
    codes = [seen.setdefault(tuple(sorted(edges[a:b])), len(seen)) for a, b in pairwise(start)]
    one = np.arange(len(table) + 1)
    return Table(
        table.learner,
        table.item,
        table.correct,
        one,
        np.array(codes, dtype=np.int64),
        None,
        table.learners,
        table.items,
        len(seen),
    )


def _sequences(table: Table, learners: Bools) -> Waves:
    """Return waves over the sequences of one learner on one skill."""
    pair = table.learner * np.int64(table.skills) + table.edge_skill
    codes, group = np.unique(pair, return_inverse=True)
    grouped = Table(
        group.astype(np.int64),
        table.item,
        table.correct,
        table.edge_start,
        table.edge_skill,
        None,
        len(codes),
        table.items,
        table.skills,
    )
    return waves_of(grouped, learners[codes // table.skills])


def _waves(waves: Waves) -> list[tuple[int, int]]:
    starts: list[int] = waves.starts.tolist()
    return list(pairwise(starts))


def _likelihoods(waves: Waves, bkt: Bkt) -> tuple[Floats, Floats]:
    """Return P(answer | known) and P(answer | not known), by position."""
    right, skill = waves.correct > 0, waves.edge_skill
    slip, guess = bkt.slip[skill], bkt.guess[skill]
    return np.where(right, 1 - slip, slip), np.where(right, guess, 1 - guess)


def _forward(waves: Waves, bkt: Bkt) -> tuple[Floats, Floats, Floats]:
    """Return P(right), P(known before the answer) and P(known after it), by position."""
    n = len(waves)
    p, prior, post = np.empty(n), np.empty(n), np.empty(n)
    knew, did_not = _likelihoods(waves, bkt)
    skill = waves.edge_skill
    learn, slip, guess = bkt.learn[skill], bkt.slip[skill], bkt.guess[skill]
    known = bkt.known[skill[: waves.learners]] if n else np.zeros(0)
    for a, b in _waves(waves):
        k = known[: b - a]
        prior[a:b] = k
        p[a:b] = k * (1 - slip[a:b]) + (1 - k) * guess[a:b]
        up = k * knew[a:b]
        after = up / (up + (1 - k) * did_not[a:b])
        post[a:b] = after
        known = after + (1 - after) * learn[a:b]
    return p, prior, post


def _step(waves: Waves, bkt: Bkt) -> Bkt:
    """Return the parameters after one step of EM (Baum-Welch, both states scaled by the forward pass)."""
    skill, n = waves.edge_skill, len(waves)
    learn = bkt.learn[skill]
    _, prior, post = _forward(waves, bkt)
    smooth, moved = post.copy(), np.zeros(n)
    spans = _waves(waves)
    for (a, _b), (c, d) in _backwards(spans):
        # Of the sequences that go on: P(known now, and at the next answer), given all answers.
        m = d - c
        now, ahead, step = post[a : a + m], smooth[c:d], learn[a : a + m]
        unknown = (1 - now) * step
        stays = now / np.maximum(prior[c:d], 1e-12)
        smooth[a : a + m] = stays * ahead
        moved[a : a + m] = unknown / np.maximum(prior[c:d], 1e-12) * ahead
    lasting = np.zeros(n, dtype=bool)
    for (a, _b), (c, d) in _backwards(spans):
        lasting[a : a + d - c] = True
    first = slice(0, waves.learners)
    right = waves.correct > 0
    return Bkt(
        known=_ratio(skill[first], smooth[first], np.ones(waves.learners), waves.skills, 0.01, 0.99),
        learn=_ratio(skill[lasting], moved[lasting], 1 - smooth[lasting], waves.skills, 0.001, 0.9),
        slip=_ratio(skill, smooth * ~right, smooth, waves.skills, 0.01, _MOST_SLIP),
        guess=_ratio(skill, (1 - smooth) * right, 1 - smooth, waves.skills, 0.01, _MOST_SLIP),
    )


def _backwards(spans: list[tuple[int, int]]) -> Iterator[tuple[tuple[int, int], tuple[int, int]]]:
    return zip(reversed(spans[:-1]), reversed(spans[1:]), strict=True)


def _ratio(skill: Ints, part: Floats, whole: Floats, skills: int, low: float, high: float) -> Floats:
    """Return part / whole by skill, with one pseudo-response at the mean of all skills."""
    mean = float(part.sum() / max(whole.sum(), 1e-9))
    share = (np.bincount(skill, part, skills) + mean) / (np.bincount(skill, whole, skills) + 1)
    out: Floats = np.clip(share, low, high)
    return out
