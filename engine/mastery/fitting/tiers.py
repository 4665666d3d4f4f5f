"""Both tiers of one fit: the filter, and the calibrations that listen to it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from engine.mastery.fitting.calibration import (
    LEAST_LEARNERS,
    Calibration,
    cross_fitted,
    fit_quadratic,
    fit_regression,
    fit_trees,
)
from engine.mastery.fitting.filter_fit import FilterFit, fit_filter
from engine.mastery.fitting.histories import features
from engine.mastery.fitting.sequences import Bools, Floats, Table, waves_of

FILTER, REGRESSION, QUADRATIC, TREES = "filter", "filter+lr", "filter+lr2", "filter+hgb"


@dataclass(frozen=True, slots=True)
class Tiers:
    """A fitted filter with its calibrations.

    Args:
        calibrations: by model; None where there were too few learners.
        seconds: time of the fit by model, tier 1's included.
    """

    filter: FilterFit
    calibrations: Mapping[str, Calibration | None]
    seconds: Mapping[str, float]

    @property
    def refused(self) -> frozenset[str]:
        """Return the models for which tier 1 speaks because they do no better on validation learners."""
        return frozenset(name for name, found in self.calibrations.items() if found is not None and not found.kept)

    @property
    def untried(self) -> frozenset[str]:
        """Return the models for which tier 1 speaks because the learners were too few."""
        return frozenset(name for name, found in self.calibrations.items() if found is None)

    def predict(self, table: Table, learners: Bools) -> Mapping[str, Floats]:
        """Return, by model, P(right) of the chosen learners' rows, in the table's order."""
        waves = waves_of(table, learners)
        order = np.argsort(waves.row)
        x = features(self.filter, waves, table.time_s)
        tier_1 = self.filter.predict(waves)
        out = {FILTER: tier_1[order]}
        for name, found in self.calibrations.items():
            out[name] = (tier_1 if found is None or not found.kept else found.predict(x))[order]
        return out


def fit_tiers(table: Table, learners: Bools, rng: np.random.Generator) -> Tiers:
    """Fit both tiers to the chosen learners."""
    began = time.perf_counter()
    fitted = fit_filter(table, learners, rng)
    seconds = {FILTER: time.perf_counter() - began}
    calibrations: dict[str, Calibration | None] = dict.fromkeys((REGRESSION, QUADRATIC, TREES))
    if int(learners.sum()) < LEAST_LEARNERS:
        return Tiers(fitted, calibrations, seconds | dict.fromkeys(calibrations, seconds[FILTER]))
    sample = cross_fitted(table, learners, fitted, rng)
    shared = time.perf_counter() - began
    for name, fit in ((REGRESSION, fit_regression), (QUADRATIC, fit_quadratic), (TREES, fit_trees)):
        at = time.perf_counter()
        calibrations[name] = fit(sample, rng, fitted)
        seconds[name] = shared + time.perf_counter() - at
    return Tiers(fitted, calibrations, seconds)
