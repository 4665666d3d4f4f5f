"""Both tiers of one fit: the filter, and the calibrations that listen to it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from engine.mastery.fitting.filter_fit import FilterFit, fit_filter
from engine.mastery.fitting.sequences import Bools, Floats, Table, waves_of


@dataclass(frozen=True, slots=True)
class Tiers:
    """A fitted filter with its calibrations."""

    filter: FilterFit
    seconds: Mapping[str, float]
    refused: frozenset[str]

    def predict(self, table: Table, learners: Bools) -> Mapping[str, Floats]:
        """Return, by model, P(right) of the chosen learners' rows, in the table's order."""
        waves = waves_of(table, learners)
        order = np.argsort(waves.row)
        return {"filter": self.filter.predict(waves)[order]}


def fit_tiers(table: Table, learners: Bools, rng: np.random.Generator) -> Tiers:
    """Fit both tiers to the chosen learners."""
    began = time.perf_counter()
    fitted = fit_filter(table, learners, rng)
    return Tiers(fitted, {"filter": time.perf_counter() - began}, frozenset())
