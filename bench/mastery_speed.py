"""Cost of the mastery model: an update online, a fit of a million responses; beside predict_proba and pyBKT.

Options after `--`: --no-pybkt.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Sequence

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression

from bench._pybkt import environment, run
from bench._simulated import simulated_log
from bench.mastery import rows
from engine.domain.mastery import Evidence
from engine.mastery.fitting.evaluate import learner_folds
from engine.mastery.fitting.filter_fit import fit_filter
from engine.mastery.fitting.fit import fit_coefficients
from engine.mastery.fitting.sequences import table_of
from engine.mastery.gaussian_filter import GaussianFilter
from engine.mastery.history import NAMES

SKILLS = (1, 6, 12, 30, 100)
REPEATS = 7
PYBKT_RESPONSES = 100_000


def main(arguments: Sequence[str] = ()) -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(prog="python -m bench mastery_speed --")
    parser.add_argument("--no-pybkt", action="store_true")
    asked = parser.parse_args(list(arguments))
    fitted = GaussianFilter(fitted=fit_coefficients(simulated_log(400, 60, 200, 12)))
    print("CPU us an operation, median of 7 runs of 500")
    print(f"{'':34}" + "".join(f"{k:>4} skills" for k in SKILLS))
    for name, model in (("day one", GaussianFilter()), ("fitted, with tier 2", fitted)):
        print(f"{'update + mastery, ' + name:34}" + "".join(f"{_online(model, k) * 1e6:11.2f}" for k in SKILLS))
    dot = _predict(fitted)
    print(f"{'predict, tier 2 as a dot product':34}{dot * 1e6:11.2f}")
    x = np.random.default_rng(0).normal(size=(4000, len(NAMES)))
    y = (x[:, 0] + np.random.default_rng(1).normal(size=4000) > 0).astype(float)
    for name, rival in (("logistic regression", LogisticRegression()), ("boosted trees", HistGradientBoostingClassifier())):
        rival.fit(x, y)
        cost = _median(lambda rival=rival: rival.predict_proba(x[:1]), 50)
        print(f"{'predict_proba, ' + name:34}{cost * 1e6:11.2f}   {cost / dot:.0f} times the dot product")
    _fit(asked.no_pybkt)


def _median(act: Callable[[], object], times: int) -> float:
    """Return CPU seconds of one act, the median of several runs."""
    costs = []
    for _ in range(REPEATS):
        began = time.process_time()
        for _ in range(times):
            act()
        costs.append((time.process_time() - began) / times)
    return statistics.median(costs)


def _online(model: GaussianFilter, skills: int) -> float:
    names = [str(k) for k in range(skills)]
    items = [model.item(str(k), [names[k % skills]], "medium") for k in range(100)]
    costs = []
    for _ in range(REPEATS):
        state = model.start(names)
        began = time.process_time()
        for k in range(500):
            item = items[k % 100]
            state = model.update(state, Evidence(item, k % 3 > 0))
            model.mastery(state, item.skills[0])
        costs.append((time.process_time() - began) / 500)
    return statistics.median(costs)


def _predict(model: GaussianFilter) -> float:
    state = model.start([str(k) for k in range(12)])
    for k in range(50):
        state = model.update(state, Evidence(model.item(str(k), [str(k % 12)], None), k % 3 > 0))
    item = model.item("3", ["3"], None)
    return _median(lambda: model.predict(state, item), 500)


def _fit(no_pybkt: bool) -> None:
    log = simulated_log(5000, 200)
    table = table_of(log)
    began, cpu = time.perf_counter(), time.process_time()
    fit_filter(table, np.ones(table.learners, dtype=bool), np.random.default_rng(0))
    took, cpu = time.perf_counter() - began, time.process_time() - cpu
    print(f"\nfit of tier 1, {len(log)} responses: {took:.1f} s, {cpu:.1f} s of CPU")
    python = None if no_pybkt else environment()
    if python is None:
        return
    small = simulated_log(500, PYBKT_RESPONSES // 500)
    table, test = table_of(small), learner_folds(500, 5, 0)[0]
    began = time.perf_counter()
    fit_filter(table, ~test, np.random.default_rng(0))
    own = time.perf_counter() - began
    told = run(python, rows(small, ~test), rows(small, test), 1800.0)
    if isinstance(told, str):
        print(f"pyBKT: {told}")
        return
    seconds = float(str(told["seconds"]))
    print(
        f"{len(small) * 4 // 5} ragged responses: tier 1 {own:.2f} s, pyBKT {seconds:.1f} s: {seconds / own:.0f} times as long"
    )
