"""Logistic regressions on counts: PFA and Best-LR."""

from __future__ import annotations

import warnings
from collections.abc import Callable

import numpy as np
from scipy import sparse
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from engine.mastery.fitting.counts import before as before_each
from engine.mastery.fitting.counts import by_item, by_skill, skill_counts
from engine.mastery.fitting.sequences import Bools, Floats, Table

ITERATIONS = 200


def pfa_features(table: Table) -> sparse.csr_matrix:
    """Return skills with their earlier successes and failures (Pavlik, Cen & Koedinger 2009, eq. 3), counts as log(1 + n)."""
    right, wrong = skill_counts(table)
    parts = [by_skill(table, np.ones(len(right))), by_skill(table, np.log1p(right)), by_skill(table, np.log1p(wrong))]
    return sparse.hstack(parts, format="csr")


def best_lr_features(table: Table) -> sparse.csr_matrix:
    """Return PFA's features with items and the learner's totals (Gervet et al. 2020, Best-LR)."""
    totals = [np.log1p(before_each(table.learner, side)) for side in (table.correct, 1 - table.correct)]
    return sparse.hstack([by_item(table), pfa_features(table), sparse.csr_matrix(np.column_stack(totals))], format="csr")


def fit_pfa(table: Table, learners: Bools, _rng: np.random.Generator) -> Callable[[Bools], Floats]:
    """Fit PFA; the result predicts the rows of other learners."""
    return _fit(pfa_features(table), table, learners)


def fit_best_lr(table: Table, learners: Bools, _rng: np.random.Generator) -> Callable[[Bools], Floats]:
    """Fit Best-LR; the result predicts the rows of other learners."""
    return _fit(best_lr_features(table), table, learners)


def _fit(features: sparse.csr_matrix, table: Table, learners: Bools) -> Callable[[Bools], Floats]:
    rows = np.flatnonzero(learners[table.learner])
    if len(np.unique(table.correct[rows])) < 2:
        only = float(np.clip(table.correct[rows].mean(), 0.01, 0.99))
        return lambda others: np.full(int(np.count_nonzero(others[table.learner])), only)
    model = LogisticRegression(C=1.0, max_iter=ITERATIONS, tol=1e-4)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(features[rows], table.correct[rows])

    def predict(others: Bools) -> Floats:
        p: Floats = model.predict_proba(features[np.flatnonzero(others[table.learner])])[:, 1]
        return p

    return predict
