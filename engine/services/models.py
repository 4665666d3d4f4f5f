"""Models and policies by name and version: an enrolment is folded by what it pins, while that is to be had."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from engine.domain.errors import Malformed, PluginError
from engine.domain.ports import MasteryModel, PacingPolicy
from engine.domain.unit_of_work import UnitOfWork
from engine.services.kit import Kit

log = logging.getLogger(__name__)


def find_model(name: str, version: str, uow: UnitOfWork, kit: Kit) -> MasteryModel | None:
    """Return the model of a name with the coefficients of a version: the installed, an earlier release's, or a stored fit's.

    None where nothing brings the version, or where the installed release cannot read its coefficients; that is logged once
    a process, and looked for again after a minute.

    Raises:
        PluginError: no such model is installed, whatever the version.
    """
    model = installed_model(name, kit)
    if model.version == version:
        return model
    held, now = kit.fitted.get(name, version), kit.clock()
    if held is not None or kit.fitted.missed(name, version, now):
        return held
    found, code = None, "absent"
    try:
        found = model.released(version) or _of_a_fit(model, version, uow.fits.coefficients(name, version))
    except Malformed as error:
        code = error.code
    if found is not None:
        kit.fitted.put(found)
    elif kit.fitted.miss(name, version, now):
        log.warning("mastery.version_missing", extra={"model": name, "version": version, "code": code})
    return found


def model_for(name: str, version: str, uow: UnitOfWork, kit: Kit) -> MasteryModel:
    """Return the model of a name with the coefficients of a version, and of no other.

    Raises:
        PluginError: no such model is installed, or nothing brings the version.
    """
    model = find_model(name, version, uow, kit)
    if model is None:
        raise PluginError(
            f"Version '{version}' of the mastery model '{name}' is neither installed ('{kit.models[name].version}' is) "
            "nor among the stored fits that can be read. Install the release that brings it, or promote another version."
        )
    return model


def model_in_use(course_id: str, name: str, uow: UnitOfWork, kit: Kit) -> MasteryModel:
    """Return the model that a course's new enrolments pin: the promoted version, the installed one where there is none.

    Raises:
        PluginError: no such model is installed.
    """
    promoted = uow.fits.promoted(course_id, name)
    found = None if promoted is None else find_model(name, promoted, uow, kit)
    return installed_model(name, kit) if found is None else found


def installed_model(name: str, kit: Kit) -> MasteryModel:
    """Return the model of a name in the version that is installed. Raises PluginError where none is."""
    model = kit.models.get(name)
    if model is None:
        raise PluginError(
            f"The mastery model '{name}', which this course or its policy uses, is not installed. "
            "Install the plugin that brings it; `pacemate plugins` lists those present."
        )
    return model


def _of_a_fit(model: MasteryModel, version: str, text: str | None) -> MasteryModel | None:
    found = None if text is None else model.with_coefficients(text)
    # Under another name the enrolments that pin this one would be replaced again at each visit.
    return found if found is not None and found.version == version else None


def policy_for(name: str, installed: Mapping[str, PacingPolicy]) -> PacingPolicy:
    """Return the policy of a name in the version that is installed. Raises PluginError where none is."""
    policy = installed.get(name)
    if policy is None:
        raise PluginError(
            f"This enrolment uses the pacing policy '{name}'. Install the plugin that brings it; "
            "`pacemate plugins` lists those present."
        )
    return policy
