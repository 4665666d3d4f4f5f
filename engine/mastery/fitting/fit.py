"""Fitting coefficients that serve: checked on held-out learners against those in use, refused where they do worse."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from engine.domain.catalog import Difficulty
from engine.mastery.coefficients import FitRefused, FittedCoefficients, FittedOn, RegressionWeights, Validation, to_json
from engine.mastery.fitting.calibration import LEAST_LEARNERS, cross_fitted, fit_regression
from engine.mastery.fitting.difficulties import Parameters
from engine.mastery.fitting.filter_fit import FilterFit, fit_filter
from engine.mastery.fitting.histories import features
from engine.mastery.fitting.metrics import Metrics, measure
from engine.mastery.fitting.sequences import Bools, Floats, Table, Waves, table_of, waves_of
from engine.mastery.fitting.wavefront import sigmoid
from engine.mastery.gaussian_filter import DAY_ONE, DAY_ONE_VERSION, TAG_LOGITS
from engine.mastery.history import NAMES
from engine.mastery.log import ResponseLog

LEAST_TO_FIT = 10
"""Learners without whom no fit is tried; product.md refits at about 30, 100 and 300."""
HELD_OUT = 0.2
STEPS = ("difficulties and constants", "tier 2", "checking against the version in use")
Tags = Mapping[str, Difficulty]


@dataclass(frozen=True, slots=True)
class Served:
    """Predictions as they are served: the filter, then tier 2 where there is one."""

    filter: FilterFit
    regression: RegressionWeights | None

    def predict(self, table: Table, waves: Waves) -> Floats:
        """Return P(right) of each response before it is seen, by position."""
        if self.regression is None:
            return self.filter.predict(waves)
        x = features(self.filter, waves, table.time_s)[:, : len(NAMES)]
        weights = np.array([self.regression.weights.get(name, 0.0) for name in NAMES])
        return sigmoid(x @ weights + self.regression.intercept)


def fit_coefficients(
    log: ResponseLog,
    tags: Tags | None = None,
    current: FittedCoefficients | None = None,
    seed: int = 0,
    progress: Callable[[int, int, str], None] = lambda _done, _of, _doing: None,
) -> FittedCoefficients:
    """Fit the filter, and tier 2 where it lowers validation log loss.

    Args:
        tags: the authors' difficulties by item id.
        current: the coefficients in use; the day-one ones where None.

    Raises:
        FitRefused: too few learners, or a validation log loss that is not below that of the coefficients in use.
    """
    table = table_of(log)
    if table.learners < LEAST_TO_FIT:
        raise FitRefused(f"{table.learners} learners have answered; a fit needs {LEAST_TO_FIT}. Try again when more have.")
    rng = np.random.default_rng(seed)
    prior = tag_logits(log, tags or {})
    held = held_out(log.learner_ids)
    progress(0, len(STEPS), STEPS[0])
    with threadpool_limits(1):
        fitted = fit_filter(table, ~held, rng, prior)
        progress(1, len(STEPS), STEPS[1])
        trial = Served(fitted, _regression(table, ~held, fitted, rng, prior))
    progress(2, len(STEPS), STEPS[2])
    waves = waves_of(table, held)
    new = measure(waves.correct, trial.predict(table, waves))
    old = measure(waves.correct, in_use(log, tags or {}, current).predict(table, waves))
    name = DAY_ONE_VERSION if current is None else current.version
    if not new.log_loss < old.log_loss:
        raise FitRefused(
            f"The new fit is refused: log loss {new.log_loss:.4f} on {int(held.sum())} validation learners, "
            f"{old.log_loss:.4f} with version {name}, which stays. Fit again when there are more responses."
        )
    progress(len(STEPS), len(STEPS), "done")
    return _export(log, held, trial, _validation(waves, held, new, old, name))


def held_out(learner_ids: Sequence[str]) -> Bools:
    """Return who is never fitted to: the same fifth of the learners in every fit, by the hash of their ids.

    Were they drawn anew each time, the coefficients in use would have seen most of them and no later fit could win.
    """
    hashes = np.array([int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "big") / 2**32 for name in learner_ids])
    return hashes <= max(HELD_OUT, float(np.sort(hashes)[1]))


def in_use(log: ResponseLog, tags: Tags, current: FittedCoefficients | None) -> Served:
    """Return the coefficients in use, by the codes of a log; the day-one ones where None."""
    if current is None:
        c = DAY_ONE[DAY_ONE_VERSION]
        constants = [c.learner_variance, c.skill_variance, c.learner_drift, c.skill_drift, c.growth, c.fading]
        beta = -float(np.log(c.prior_share / (1 - c.prior_share)))
        tag = tag_logits(log, tags)
        variance = np.where(np.isnan(tag), c.untagged_variance, c.tagged_variance)
        skills = np.full(len(log.skill_ids), beta)
        found = Parameters(np.nan_to_num(tag), variance, skills, beta, c.untagged_variance, 1.0, 1.0)
        return Served(FilterFit(np.array(constants), found), None)
    f = current
    tag = np.nan_to_num(tag_logits(log, tags)) * f.tag_weight
    rows = [f.items.get(item, (float(tag[k]), f.item_variance)) for k, item in enumerate(log.item_ids)]
    items = np.array(rows, dtype=np.float64).reshape(-1, 2)
    skills = np.array([f.betas.get(skill, f.base) for skill in log.skill_ids], dtype=np.float64)
    found = Parameters(items[:, 0], items[:, 1], skills, f.base, f.item_variance, 1.0, f.tag_weight)
    constants = [f.learner_variance, f.skill_variance, f.learner_drift, f.skill_drift, f.growth, f.fading]
    return Served(FilterFit(np.array(constants), found, f.slope, f.shift), f.regression)


def tag_logits(log: ResponseLog, tags: Tags) -> Floats:
    """Return the authors' difficulties in logits by item code, NaN without a tag."""
    return np.array([TAG_LOGITS[tags[item]] if item in tags else np.nan for item in log.item_ids], dtype=np.float64)


def _regression(
    table: Table, learners: Bools, fitted: FilterFit, rng: np.random.Generator, tags: Floats
) -> RegressionWeights | None:
    if int(learners.sum()) < LEAST_LEARNERS:
        return None
    found = fit_regression(cross_fitted(table, learners, fitted, rng, tags), rng, fitted)
    return RegressionWeights(found.weights, found.intercept) if found.kept else None


def _validation(waves: Waves, held: Bools, new: Metrics, old: Metrics, version: str) -> Validation:
    return Validation(
        learners=int(held.sum()),
        responses=len(waves),
        log_loss=round(new.log_loss, 6),
        auc=0.5 if np.isnan(new.auc) else round(new.auc, 6),
        ece=round(new.ece, 6),
        current_version=version,
        current_log_loss=round(old.log_loss, 6),
    )


def _export(log: ResponseLog, held: Bools, served: Served, validation: Validation) -> FittedCoefficients:
    fit, q = served.filter, served.filter.parameters
    digest = hashlib.sha256()
    for part in (log.learner, log.item, log.correct, log.skill_start, log.skill, log.time_s):
        digest.update(part.tobytes())
    digest.update("\n".join((*log.item_ids, "", *log.skill_ids)).encode())
    responses = len(log) - validation.responses
    on = FittedOn(responses, int((~held).sum()), len(log.item_ids), len(log.skill_ids), digest.hexdigest())
    learner_variance, skill_variance, learner_drift, skill_drift, growth, fading = (float(v) for v in fit.constants)
    numbers = zip(log.item_ids, q.difficulty.tolist(), q.variance.tolist(), strict=True)
    unnamed = FittedCoefficients(
        version="",
        learner_variance=learner_variance,
        skill_variance=skill_variance,
        learner_drift=learner_drift,
        skill_drift=skill_drift,
        growth=growth,
        fading=fading,
        base=q.base,
        item_variance=q.item_spread,
        tag_weight=q.tag_weight,
        fitted_on=on,
        validation=validation,
        betas=dict(zip(log.skill_ids, q.beta.tolist(), strict=True)),
        items={item: (b, v) for item, b, v in numbers},
        slope=fit.slope,
        shift=fit.shift,
        regression=served.regression,
    )
    # Named by its content, so that one name can never stand for two sets of numbers.
    return replace(unnamed, version=f"fit-{len(log)}-{hashlib.sha256(to_json(unnamed).encode()).hexdigest()[:12]}")
