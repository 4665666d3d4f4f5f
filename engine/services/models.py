"""Models and policies by name and version: an enrolment is folded by what it pins, while that is to be had."""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Mapping

from engine.domain.errors import Malformed, PluginError
from engine.domain.ports import MasteryModel, PacingPolicy
from engine.domain.unit_of_work import UnitOfWork

log = logging.getLogger(__name__)


class FittedModels:
    """The models of other versions than the installed ones that a process used last; a version's numbers never change.

    Args:
        limit: how many are kept.
    """

    def __init__(self, limit: int = 64) -> None:
        self._limit = limit
        self._held: OrderedDict[tuple[str, str], MasteryModel] = OrderedDict()
        self._missed: set[tuple[str, str]] = set()
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

    def miss(self, name: str, version: str) -> None:
        """Log once a process that a version is asked for and nowhere to be had."""
        with self._guard:
            if (name, version) in self._missed:
                return
            self._missed.add((name, version))
        log.warning("mastery.version_missing", extra={"model": name, "version": version})


def find_model(
    name: str, version: str, uow: UnitOfWork, installed: Mapping[str, MasteryModel], fitted: FittedModels
) -> MasteryModel | None:
    """Return the model of a name with the coefficients of a version: the installed, an earlier release's, or a stored fit's.

    None where nothing brings the version, or where the installed release cannot read its coefficients.

    Raises:
        PluginError: no such model is installed, whatever the version.
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
    other = model.released(version) or _of_a_fit(model, version, uow.fits.coefficients(name, version))
    if other is None:
        fitted.miss(name, version)
    else:
        fitted.put(other)
    return other


def model_for(
    name: str, version: str, uow: UnitOfWork, installed: Mapping[str, MasteryModel], fitted: FittedModels
) -> MasteryModel:
    """Return the model of a name with the coefficients of a version, and of no other.

    Raises:
        PluginError: no such model is installed, or nothing brings the version.
    """
    model = find_model(name, version, uow, installed, fitted)
    if model is None:
        raise PluginError(
            f"Version '{version}' of the mastery model '{name}' is neither installed ('{installed[name].version}' is) "
            "nor among the stored fits that can be read. Install the release that brings it, or promote another version."
        )
    return model


def model_in_use(
    course_id: str, name: str, uow: UnitOfWork, installed: Mapping[str, MasteryModel], fitted: FittedModels
) -> MasteryModel:
    """Return the model that a course's new enrolments pin: the promoted version, the installed one where there is none."""
    promoted = uow.fits.promoted(course_id, name)
    found = None if promoted is None else find_model(name, promoted, uow, installed, fitted)
    return found or installed[name]


def _of_a_fit(model: MasteryModel, version: str, text: str | None) -> MasteryModel | None:
    if text is None:
        return None
    try:
        found = model.with_coefficients(text)
    except Malformed as error:
        log.warning("mastery.coefficients_unread", extra={"model": model.name, "code": error.code})
        return None
    # Under another name the enrolments that pin this one would be replaced again at each visit.
    return found if found.version == version else None


def policy_for(name: str, installed: Mapping[str, PacingPolicy]) -> PacingPolicy:
    """Return the policy of a name in the version that is installed. Raises PluginError where none is."""
    policy = installed.get(name)
    if policy is None:
        raise PluginError(
            f"This enrolment uses the pacing policy '{name}'. Install the plugin that brings it; "
            "`pacemate plugins` lists those present."
        )
    return policy
