"""Prediction on response logs: Pacemate's tiers, BKT, PFA, Elo and Best-LR on the same folds, pyBKT on the first of them.

The logs are read from the folder named by KT_DATA; without it a simulated one is measured. Options after `--`: --pybkt (takes
minutes a log), --folds N.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from bench._pybkt import Row, environment, run
from bench._simulated import simulated_log
from engine.mastery.fitting.evaluate import evaluate, learner_folds
from engine.mastery.fitting.metrics import measure
from engine.mastery.log import ResponseLog
from engine.mastery.log_file import read_log

TARGETS = {"assist09": (0.775, 0.786), "statics": (0.820, 0.824), "algebra05_20pct": (0.810, 0.822)}
"""AUC of tier 1 and of the best tier."""
PYBKT_TIMEOUT_S = 3600.0


def logs() -> Iterator[tuple[str, ResponseLog]]:
    """Yield the logs of KT_DATA by name, or a simulated one."""
    folder = os.environ.get("KT_DATA")
    if not folder:
        print("KT_DATA is not set: a simulated log is measured.")
        yield "simulated", simulated_log(learners=500, each=100)
        return
    for path in sorted(Path(folder).glob("*.csv*")):
        yield path.name.partition(".")[0], read_log(path)


def main(arguments: Sequence[str] = ()) -> None:
    """Print a table a log."""
    parser = argparse.ArgumentParser(prog="python -m bench mastery --")
    parser.add_argument("--pybkt", action="store_true")
    parser.add_argument("--folds", type=int, default=5)
    asked = parser.parse_args(list(arguments))
    for name, log in logs():
        print(f"\n{name}: {len(log)} responses, {len(log.learner_ids)} learners, {len(log.item_ids)} items", flush=True)
        print(f"{'model':12} {'AUC':>7} {'RMSE':>7} {'log loss':>9} {'ECE':>7} {'fit s':>8}")
        found = evaluate(log, asked.folds, 0, baselines=True)
        for model, f in found.models.items():
            m = f.metrics
            print(f"{model:12} {m.auc:7.4f} {m.rmse:7.4f} {m.log_loss:9.4f} {m.ece:7.4f} {f.fit_seconds:8.2f}", flush=True)
        if name in TARGETS:
            first, best = TARGETS[name]
            reached = (found.models["filter"].metrics.auc >= first, found.models[found.best].metrics.auc >= best)
            print(f"targets: tier 1 {first} {_word(reached[0])}, best tier {best} {_word(reached[1])}")
        if asked.pybkt:
            _pybkt(log, asked.folds)


def _word(reached: bool) -> str:
    return "reached" if reached else "MISSED"


def _pybkt(log: ResponseLog, folds: int) -> None:
    python = environment()
    if python is None:
        return
    test = learner_folds(len(log.learner_ids), folds, 0)[0]
    told = run(python, rows(log, ~test), rows(log, test), PYBKT_TIMEOUT_S)
    if isinstance(told, str):
        print(f"{'pyBKT':12} {told}")
        return
    m = measure(np.array(told["y"], dtype=float), np.array(told["p"], dtype=float))
    print(f"{'pyBKT fold 1':12} {m.auc:7.4f} {m.rmse:7.4f} {m.log_loss:9.4f} {m.ece:7.4f} {told['seconds']:8.1f}", flush=True)


def rows(log: ResponseLog, learners: np.ndarray) -> Iterator[Row]:
    """Yield (learner, combination of skills, correct) of the chosen learners."""
    for r in range(len(log)):
        if learners[log.learner[r]]:
            skills = log.skill[log.skill_start[r] : log.skill_start[r + 1]]
            yield str(log.learner[r]), "~".join(map(str, sorted(skills))), int(log.correct[r])
