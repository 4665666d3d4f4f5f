"""Promote a version of a mastery model: new enrolments pin it, idle ones are folded anew under it."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import datetime

from engine.domain.errors import EngineError, NotFound
from engine.domain.fits import IDLE, Pin, Promotion
from engine.domain.ports import MasteryModel
from engine.domain.unit_of_work import UnitOfWork
from engine.services.kit import Kit
from engine.services.models import find_model, model_for, model_in_use
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
    """Move idle enrolments to the promoted version of their course, and those whose version is gone to the one in use.

    Each moves in a transaction of its own; returns how many moved.
    """
    now = kit.clock() if now is None else now
    moved = 0
    with kit.uow() as uow:
        moves = _moves(uow, kit)
    for pin, model in moves:
        after = ""
        while True:
            with kit.uow() as uow:
                idle = uow.enrolments.idle(pin, since=now - IDLE, after=after, limit=BATCH)
            for enrolment_id, tenant_id in idle:
                moved += _moved(enrolment_id, tenant_id, pin, model, kit, now)
                after = enrolment_id
            if len(idle) < BATCH:
                break
    return moved


def _moves(uow: UnitOfWork, kit: Kit) -> list[tuple[Pin, MasteryModel]]:
    """Return which pinned versions are to be left, and for what; nothing moves to a promoted version that is gone."""
    promoted = {(p.course_id, p.model): p.version for p in uow.fits.promotions()}
    moves = []
    for pin in uow.enrolments.pins():
        if pin.model not in kit.models:
            continue
        in_use = model_in_use(pin.course_id, pin.model, uow, kit)
        wanted = promoted.get((pin.course_id, pin.model)) == in_use.version != pin.version
        if wanted or find_model(pin.model, pin.version, uow, kit) is None:
            moves.append((pin, in_use))
    return moves


def _moved(enrolment_id: str, tenant_id: str, pin: Pin, model: MasteryModel, kit: Kit, now: datetime) -> bool:
    """Move one enrolment; one whose policy is not installed is left, and does not hold up the others.

    Where the version it pins is gone, mastery follows from the responses alone.
    """
    try:
        with kit.uow() as uow:
            state = uow.enrolments.lock(enrolment_id, tenant_id)
            e = state.enrolment
            active = e.last_active_at is not None and e.last_active_at > now - IDLE
            if active or (e.model, e.model_version) != (pin.model, pin.version):
                return False
            fold = fold_for(state, uow, kit)
            at_hand = fold.model.version == e.model_version
            switch(state, "switch_model" if at_hand else "replace_model", fold, replace(fold, model=model), uow, now)
            uow.commit()
    except EngineError as error:
        log.warning("mastery.not_moved", extra={"enrolment": enrolment_id, "code": error.code})
        return False
    return True
