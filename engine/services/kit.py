"""What services are given beside their command: the unit of work, the clock and the plugins."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from engine.domain.ports import ActivityType, MasteryModel, PacingPolicy
from engine.domain.unit_of_work import UnitOfWork
from engine.services.fitted_models import FittedModels


@dataclass(frozen=True, slots=True)
class Kit:
    """The ports a service works with; built once by the composition root.

    Args:
        uow: opens a unit of work.
        clock: aware UTC.
        models, policies: those installed, by name.
        default_model, default_policy: names that new enrolments pin.
        fitted: the models of stored fits, built once a process.
    """

    uow: Callable[[], UnitOfWork]
    clock: Callable[[], datetime]
    activity_types: Mapping[str, ActivityType]
    models: Mapping[str, MasteryModel]
    policies: Mapping[str, PacingPolicy]
    default_model: str = "gaussian-filter"
    default_policy: str = "mastery-paced"
    fitted: FittedModels = field(default_factory=FittedModels)
