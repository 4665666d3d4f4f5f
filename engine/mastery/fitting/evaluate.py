"""Learner-level cross-validation: every model on the same folds, predict then update, metrics pooled over test folds."""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from engine.domain.errors import Refused
from engine.mastery.fitting.baselines.bkt import fit_bkt
from engine.mastery.fitting.baselines.elo import fit_elo
from engine.mastery.fitting.baselines.regressions import fit_best_lr, fit_pfa
from engine.mastery.fitting.metrics import Metrics, measure
from engine.mastery.fitting.sequences import Bools, Floats, Table, table_of
from engine.mastery.fitting.tiers import fit_tiers
from engine.mastery.log import ResponseLog

Fit = Callable[[Table, Bools, np.random.Generator], Callable[[Bools], Floats]]
Progress = Callable[[int, int, str], None]
BASELINES: Mapping[str, Fit] = {"bkt": fit_bkt, "pfa": fit_pfa, "elo": fit_elo, "best-lr": fit_best_lr}


@dataclass(frozen=True, slots=True)
class ModelFigures:
    """What one model reached.

    Args:
        metrics: pooled over the test rows of all folds.
        fit_seconds: mean time of one fold's fit.
        refused_folds: folds in which its calibration did not lower validation log loss, so that tier 1 spoke for it.
        untried_folds: folds in which tier 1 spoke for it because the training learners were too few.
    """

    metrics: Metrics
    fit_seconds: float
    refused_folds: int = 0
    untried_folds: int = 0


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Figures by model, and the model of the highest AUC (lower log loss breaks ties)."""

    models: Mapping[str, ModelFigures]

    @property
    def best(self) -> str:
        """Return the name of the best model."""
        return min(self.models, key=lambda name: (-self.models[name].metrics.auc, self.models[name].metrics.log_loss))


def learner_folds(learners: int, folds: int, seed: int) -> list[Bools]:
    """Return, of each fold, which learners are tested; each learner in exactly one."""
    turn = np.random.default_rng(seed).permutation(learners) % folds
    return [turn == k for k in range(folds)]


def evaluate(
    log: ResponseLog,
    folds: int = 5,
    seed: int = 0,
    *,
    baselines: bool = False,
    progress: Progress = lambda _done, _of, _doing: None,
) -> Evaluation:
    """Measure the models on a log.

    Args:
        folds: at least 2; learners are split, never rows.
        progress: told how many steps are done, of how many, and what comes next.

    Raises:
        Refused: the log does not allow it.
    """
    table = table_of(log)
    _check(table, folds)
    # Threads that wait for each other on a busy machine made trees ten times slower than one thread alone.
    with threadpool_limits(1):
        return _evaluate(table, folds, seed, BASELINES if baselines else {}, progress)


def _evaluate(table: Table, folds: int, seed: int, rivals: Mapping[str, Fit], progress: Progress) -> Evaluation:
    predicted: dict[str, Floats] = {}
    seconds: dict[str, list[float]] = {}
    refused, untried = Counter[str](), Counter[str]()
    steps, done = folds * (1 + len(rivals)), 0

    def keep(name: str, rows: Bools, p: Floats, took: float) -> None:
        predicted.setdefault(name, np.full(len(table), np.nan))[rows] = p
        seconds.setdefault(name, []).append(took)

    for number, test in enumerate(learner_folds(table.learners, folds, seed)):
        rows = test[table.learner]
        progress(done, steps, f"fold {number + 1}: filter")
        tiers = fit_tiers(table, ~test, np.random.default_rng([seed, number]))
        for name, p in tiers.predict(table, test).items():
            keep(name, rows, p, tiers.seconds[name])
        refused.update(tiers.refused)
        untried.update(tiers.untried)
        done += 1
        for name, fit in rivals.items():
            progress(done, steps, f"fold {number + 1}: {name}")
            began = time.perf_counter()
            predict = fit(table, ~test, np.random.default_rng([seed, number]))
            took = time.perf_counter() - began
            keep(name, rows, predict(test), took)
            done += 1
    progress(done, steps, "done")
    return Evaluation(
        {
            name: ModelFigures(measure(table.correct, p), float(np.mean(seconds[name])), refused[name], untried[name])
            for name, p in predicted.items()
        }
    )


def _check(table: Table, folds: int) -> None:
    if folds < 2:
        raise Refused(f"{folds} folds; at least 2 are needed.")
    if table.learners < folds:
        raise Refused(f"The log holds {table.learners} learners, too few for {folds} folds. Give more, or fewer --folds.")
    share = float(table.correct.mean())
    if share in (0.0, 1.0) or not math.isfinite(share):
        raise Refused(
            "All answers in the log are alike, so there is nothing to tell apart. Give a log with right and wrong answers."
        )
