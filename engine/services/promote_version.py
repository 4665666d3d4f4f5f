"""Promote a version of a mastery model: new enrolments pin it, idle ones are folded anew under it."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import datetime

from engine.domain.errors import EngineError, NotFound
from engine.domain.fits import IDLE, Promotion
from engine.services.kit import Kit
from engine.services.models import find_model, model_for
from engine.services.state import fold_for
from engine.services.switch import switch

log = logging.getLogger(__name__)

BATCH = 200


def promote_version(course_id: str, version: str, kit: Kit, *, model: str | None = None) -> None:
    """Let a course's new enrolments pin a version; `refold_idle` moves the others.

    Args:
        version: of a stored fit of this course, or the day-one version of this release or an earlier one.
        model: the model's name; the default one where None.

    Raises:
        NotFound: the course has no such version. PluginError: the model is not installed, or cannot read the version.
    """
    name = model or kit.default_model
    with kit.uow() as uow:
        if uow.courses.latest(course_id) is None:
            raise NotFound(f"There is no course '{course_id}'. `pacemate course list` names them.")
        own = {fit.version for fit in uow.fits.of_course(course_id) if fit.model == name and fit.version is not None}
        if version not in own and not _released(name, version, kit):
            raise NotFound(
                f"The course '{course_id}' has no version '{version}' of the model '{name}'. "
                "`pacemate mastery versions` lists them."
            )
        kit.fitted.ask_again(name, version)
        model_for(name, version, uow, kit)
        if uow.fits.promoted(course_id, name) != version:
            uow.fits.promote(Promotion(course_id, name, version, kit.clock()))
            uow.commit()


def _released(name: str, version: str, kit: Kit) -> bool:
    """Return whether a release brings a version; of a model that is not installed, `model_for` tells."""
    model = kit.models.get(name)
    return model is None or model.version == version or model.released(version) is not None


def refold_idle(kit: Kit, *, now: datetime | None = None) -> int:
    """Move idle enrolments to the promoted version of their course, each in a transaction of its own; return how many moved."""
    now = now or kit.clock()
    moved = 0
    with kit.uow() as uow:
        found = [(p, find_model(p.model, p.version, uow, kit)) for p in uow.fits.promotions() if p.model in kit.models]
    # Nothing can move to a version that is gone, and `find_model` has said so.
    promotions = [promotion for promotion, model in found if model is not None]
    for promotion in promotions:
        after = ""
        while True:
            with kit.uow() as uow:
                idle = uow.enrolments.pinned_elsewhere(promotion, idle_since=now - IDLE, after=after, limit=BATCH)
            for enrolment_id, tenant_id in idle:
                moved += _moved(enrolment_id, tenant_id, promotion, kit, now)
                after = enrolment_id
            if len(idle) < BATCH:
                break
    return moved


def _moved(enrolment_id: str, tenant_id: str, promotion: Promotion, kit: Kit, now: datetime) -> bool:
    """Move one enrolment; one whose model is not installed is left, and does not hold up the others.

    Where the version it pins is gone, mastery follows from the responses alone.
    """
    try:
        with kit.uow() as uow:
            state = uow.enrolments.lock(enrolment_id, tenant_id)
            e = state.enrolment
            active = e.last_active_at is not None and e.last_active_at > now - IDLE
            if active or e.model != promotion.model or e.model_version == promotion.version:
                return False
            fold = fold_for(state, uow, kit)
            new = replace(fold, model=model_for(e.model, promotion.version, uow, kit))
            at_hand = fold.model.version == e.model_version
            switch(state, "switch_model" if at_hand else "replace_model", fold, new, uow, now)
            uow.commit()
    except EngineError as error:
        log.warning("mastery.not_moved", extra={"enrolment": enrolment_id, "code": error.code})
        return False
    return True
