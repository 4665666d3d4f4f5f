"""Somebody who begins a course now: the rules a new enrolment is folded by."""

from __future__ import annotations

from engine.domain.catalog import CourseVersion
from engine.domain.unit_of_work import UnitOfWork
from engine.services.fold import Fold
from engine.services.kit import Kit
from engine.services.models import model_in_use, policy_for


def newcomer(version: CourseVersion, contract: tuple[str, ...], uow: UnitOfWork, kit: Kit, *, seed: int = 0) -> Fold:
    """Return the rules a new enrolment pins: the default policy, and the model with the course's promoted coefficients.

    Raises:
        PluginError: the default policy or its model is not installed.
    """
    policy = policy_for(kit.default_policy, kit.policies)
    model = model_in_use(version.course_id, policy.model or kit.default_model, uow, kit)
    return Fold(version, contract, model, policy, seed)
