"""Models and policies by name and version: an enrolment is folded by what it pins, and by nothing else."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping

from engine.domain.errors import PluginError
from engine.domain.ports import MasteryModel, PacingPolicy
from engine.domain.unit_of_work import UnitOfWork


class FittedModels:
    """The models of stored fits that a process used last; a version's numbers never change.

    Args:
        limit: how many are kept.
    """

    def __init__(self, limit: int = 64) -> None:
        self._limit = limit
        self._held: OrderedDict[tuple[str, str], MasteryModel] = OrderedDict()
        self._guard = threading.Lock()

    def get(self, name: str, version: str) -> MasteryModel | None:
        """Return a model that is held."""
        with self._guard:
            model = self._held.get((name, version))
            if model is not None:
                self._held.move_to_end((name, version))
            return model

    def put(self, model: MasteryModel) -> None:
        """Hold a model, letting go of the one not used for longest."""
        with self._guard:
            self._held[model.name, model.version] = model
            self._held.move_to_end((model.name, model.version))
            while len(self._held) > self._limit:
                self._held.popitem(last=False)


def model_for(
    name: str, version: str, uow: UnitOfWork, installed: Mapping[str, MasteryModel], fitted: FittedModels
) -> MasteryModel:
    """Return the model of a name with the coefficients of a version: the installed ones, or those of a stored fit.

    Raises:
        PluginError: no such model is installed, or neither it nor a stored fit has the version.
    """
    model = installed.get(name)
    if model is None:
        raise PluginError(
            f"This enrolment uses the mastery model '{name}'. Install the plugin that brings it; "
            "`pacemate plugins` lists those present."
        )
    if model.version == version:
        return model
    held = fitted.get(name, version)
    if held is not None:
        return held
    text = uow.fits.coefficients(name, version)
    if text is None:
        raise PluginError(
            f"This enrolment uses version '{version}' of the mastery model '{name}', which is neither installed "
            f"('{model.version}' is) nor among the stored fits. Install the release that brings it."
        )
    model = model.with_coefficients(text)
    fitted.put(model)
    return model


def policy_for(name: str, version: str | None, installed: Mapping[str, PacingPolicy]) -> PacingPolicy:
    """Return the policy of a name, of any version where None. Raises PluginError where it is not installed."""
    policy = installed.get(name)
    if policy is None:
        raise PluginError(
            f"This enrolment uses the pacing policy '{name}'. Install the plugin that brings it; "
            "`pacemate plugins` lists those present."
        )
    if version is not None and policy.version != version:
        raise PluginError(
            f"This path was decided by version '{version}' of the pacing policy '{name}'; "
            f"version '{policy.version}' is installed. Install the release that brings the other."
        )
    return policy
