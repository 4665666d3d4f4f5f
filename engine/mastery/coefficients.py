"""Versioned coefficients of a fit, as JSON: what it found, what it was fitted on, and how it did on validation learners."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from engine.domain.errors import Malformed, Refused

SCHEMA = "pacemate.mastery.coefficients.v1"
_BOUND = 50.0
"""No logit beyond this is believed."""
_VARIANCES = ("learner_variance", "skill_variance", "item_variance")
_SHARES = ("learner_drift", "skill_drift", "growth", "fading")
"""The constants that the filter takes from 0 to 1 only."""


class BadCoefficients(Malformed):
    """A file of coefficients is not what it should be."""

    code = "bad_coefficients"


class FitRefused(Refused):
    """A fit is not better than what is in use, or there is too little to fit."""

    code = "fit_refused"


@dataclass(frozen=True, slots=True)
class FittedOn:
    """What was fitted to, without the held-out learners; `digest` is the SHA-256 of all responses in order, theirs too."""

    responses: int
    learners: int
    items: int
    skills: int
    digest: str


@dataclass(frozen=True, slots=True)
class Validation:
    """How a fit did on learners it had not seen, and how the coefficients in use did on the same rows.

    Args:
        current_log_loss: of the coefficients it would replace.
    """

    learners: int
    responses: int
    log_loss: float
    auc: float
    ece: float
    current_version: str
    current_log_loss: float


@dataclass(frozen=True, slots=True)
class RegressionWeights:
    """Tier 2 as it is served: a dot product with `history.NAMES` by name, in logits."""

    weights: Mapping[str, float]
    intercept: float


@dataclass(frozen=True, slots=True)
class FittedCoefficients:
    """The filter's fitted constants and parameters; variances in squared logits, all else in logits.

    Args:
        base: beta of a skill that no response had.
        betas: by skill, minus the easiness of its typical item.
        items: by item, mean and variance of its difficulty.
        item_variance: of an item that no response had.
        tag_weight: what share of the authors' difficulty tags the responses bear out.
        fading: after n answers practice adds `growth / (1 + fading n)`; 0 in fits from before it was known.
        slope, shift: what predictions are stretched and moved by; mastery is not.
        regression: tier 2, None where it did not lower validation log loss.

    Raises:
        BadCoefficients: a number that the filter does not take.
    """

    version: str
    learner_variance: float
    skill_variance: float
    learner_drift: float
    skill_drift: float
    growth: float
    base: float
    item_variance: float
    tag_weight: float
    fitted_on: FittedOn
    validation: Validation
    betas: Mapping[str, float] = field(default_factory=dict)
    items: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    slope: float = 1.0
    shift: float = 0.0
    regression: RegressionWeights | None = None
    fading: float = 0.0

    def __post_init__(self) -> None:
        for name in ("base", "tag_weight", "slope", "shift"):
            self._check(name, getattr(self, name), -_BOUND, _BOUND)
        for skill, beta in self.betas.items():
            self._check(f"beta of {skill}", beta, -_BOUND, _BOUND)
        for item, (difficulty, variance) in self.items.items():
            self._check(f"difficulty of {item}", difficulty, -_BOUND, _BOUND)
            self._check(f"the variance of {item}", variance, 0.0, _BOUND)
        for name in _SHARES:
            self._check(name, getattr(self, name), 0.0, 1.0)
        for name in _VARIANCES:
            self._check(name, getattr(self, name), 0.0, _BOUND)
        for name in (*_VARIANCES, "slope"):
            if getattr(self, name) <= 0:
                raise BadCoefficients(f"version {self.version}: {name} is {getattr(self, name)}; allowed: above 0. Fit again.")
        if self.regression is not None:
            for name, weight in (*self.regression.weights.items(), ("intercept", self.regression.intercept)):
                self._check(f"tier 2's {name}", weight, -math.inf, math.inf)

    def _check(self, name: str, value: float, low: float, high: float) -> None:
        if not math.isfinite(value) or not low <= value <= high:
            allowed = "a finite number" if high == math.inf else f"{low:g} to {high:g}"
            raise BadCoefficients(f"version {self.version}: {name} is {value}; allowed: {allowed}. Fit again.")


def to_json(found: FittedCoefficients) -> str:
    """Return coefficients as JSON text, the same for the same coefficients."""
    return json.dumps({"schema": SCHEMA, **asdict(found)}, sort_keys=True, indent=1)


def from_json(text: str) -> FittedCoefficients:
    """Return the coefficients that `to_json` wrote. Raises BadCoefficients."""
    try:
        value: dict[str, Any] = json.loads(text)
        if value.pop("schema") != SCHEMA:
            raise BadCoefficients(f"Coefficients do not have the schema {SCHEMA}. Fit again with this version of Pacemate.")
        regression = value.pop("regression")
        unknown = sorted(value.keys() - {f.name for f in fields(FittedCoefficients)})
        if unknown:
            raise BadCoefficients(
                f"Coefficients have '{unknown[0]}', which this release does not know under the schema {SCHEMA}. "
                "Install the release that wrote them, or fit again with this one."
            )
        return FittedCoefficients(
            fitted_on=FittedOn(**value.pop("fitted_on")),
            validation=Validation(**value.pop("validation")),
            items={k: (float(m), float(v)) for k, (m, v) in value.pop("items").items()},
            regression=None if regression is None else RegressionWeights(**regression),
            **value,
        )
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
        raise BadCoefficients(f"These are no coefficients ({error}). Give a file that `pacemate mastery fit` wrote.") from None
