"""Products of features: they tell what a plain regression cannot, chunk by chunk, and get the weights scikit-learn gives."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from engine.mastery.fitting import quadratic
from engine.mastery.fitting.metrics import auc
from engine.mastery.fitting.quadratic import COLUMNS, PRODUCTS, RIDGE, expand, logits, regress
from engine.mastery.history import NAMES


@pytest.fixture(scope="module")
def rows():
    rng = np.random.default_rng(2)
    x = rng.normal(size=(3000, len(NAMES)))
    x[:, NAMES.index("skills")] = 1.0  # a column that stands still, as in a log of one skill a row
    z = 0.8 * x[:, NAMES.index("logit")] + 1.2 * x[:, NAMES.index("logit")] * x[:, NAMES.index("skill_gap")]
    return x, (z > rng.logistic(size=3000)).astype(float)


def test_products_stand_behind_the_features_pair_by_pair(rows):
    x, _ = rows
    wide = expand(x)
    assert wide.shape[1] == COLUMNS
    assert (wide[:, : len(NAMES)] == x).all()
    for k in (0, 100, len(PRODUCTS) - 1):
        a, b = PRODUCTS[k]
        assert (wide[:, len(NAMES) + k] == x[:, NAMES.index(a)] * x[:, NAMES.index(b)]).all()


def test_the_weights_are_those_of_scikit_learn(rows):
    x, y = rows
    weights, intercept = regress(x, y, np.random.default_rng(0))
    wide = expand(x)
    spread = np.where(wide.std(axis=0) > 1e-6, wide.std(axis=0), 1.0)
    model = LogisticRegression(C=1 / RIDGE, max_iter=5000, tol=1e-8).fit((wide - wide.mean(axis=0)) / spread, y)
    theirs = model.decision_function((wide - wide.mean(axis=0)) / spread)
    assert np.abs(logits(x, weights, intercept) - theirs).max() < 2e-3


def test_a_product_tells_what_its_factors_do_not(rows):
    x, y = rows
    train, test = slice(0, 2000), slice(2000, None)
    weights, intercept = regress(x[train], y[train], np.random.default_rng(0))
    with_products = auc(y[test], logits(x[test], weights, intercept))
    plain = LogisticRegression().fit(x[train], y[train]).decision_function(x[test])
    assert with_products > auc(y[test], plain) + 0.05


def test_chunks_and_a_sample_of_many_rows_change_little(rows, monkeypatch):
    x, y = rows
    whole = logits(x, *regress(x, y, np.random.default_rng(0)))
    monkeypatch.setattr(quadratic, "CHUNK", 700)
    assert np.abs(logits(x, *regress(x, y, np.random.default_rng(0))) - whole).max() < 1e-3
    monkeypatch.setattr(quadratic, "MOST_ROWS", 2500)
    again = logits(x, *regress(x, y, np.random.default_rng(0)))
    assert np.abs(again - whole).max() > 0
    assert np.corrcoef(again, whole)[0, 1] > 0.95


def test_separable_answers_stay_finite(rows):
    x, _ = rows
    weights, intercept = regress(x, (x[:, 0] > 0).astype(float), np.random.default_rng(0))
    assert np.isfinite([*weights, intercept]).all()
