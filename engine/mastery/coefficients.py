"""Versioned coefficients of a fit, as JSON: what it found, what it was fitted on, and how it did on validation learners."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from engine.domain.errors import Malformed, Refused

SCHEMA = "pacemate.mastery.coefficients.v1"
_BOUND = 50.0
"""No logit beyond this is believed."""


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
        numbers = {k: v for k, v in asdict(self).items() if isinstance(v, float)}
        numbers |= {f"beta of {k}": v for k, v in self.betas.items()}
        numbers |= {f"difficulty of {k}": v[0] for k, v in self.items.items()}
        for name, value in numbers.items():
            if not math.isfinite(value) or abs(value) > _BOUND:
                raise BadCoefficients(
                    f"version {self.version}: {name} is {value}; allowed: -{_BOUND:g} to {_BOUND:g}. Fit again."
                )
        for item, (_, variance) in self.items.items():
            if not 0 <= variance <= _BOUND:
                raise BadCoefficients(
                    f"version {self.version}: the variance of {item} is {variance}; allowed: 0 to {_BOUND:g}. Fit again."
                )
        if self.slope <= 0:
            raise BadCoefficients(f"version {self.version}: slope is {self.slope}; allowed: above 0. Fit again.")


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
        return FittedCoefficients(
            fitted_on=FittedOn(**value.pop("fitted_on")),
            validation=Validation(**value.pop("validation")),
            items={k: (float(m), float(v)) for k, (m, v) in value.pop("items").items()},
            regression=None if regression is None else RegressionWeights(**regression),
            **value,
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadCoefficients(f"These are no coefficients ({error}). Give a file that `pacemate mastery fit` wrote.") from None
