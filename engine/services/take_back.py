"""Takes back "I saw them do this": what the instructor's word closed is open again."""

from __future__ import annotations

from engine.domain.errors import Refused
from engine.domain.unit_of_work import UnitOfWork
from engine.services.fold import contract_of
from engine.services.kit import Kit
from engine.services.override_path import OverrideCommand, override_path

SEEN = "skip.seen_by_instructor"


def seen_slots(enrolment_id: str, tenant_id: str, skill_id: str, uow: UnitOfWork) -> tuple[str, ...]:
    """Return the keys of a skill's practice slots that an instructor's word closed, and that nothing has changed since.

    Raises:
        NotFound: no such enrolment.
    """
    state = uow.enrolments.get(enrolment_id, tenant_id)
    version = uow.courses.version(state.enrolment.course_version_id)
    newest = {change.slot_key: change for _, change in uow.record.adjustments(enrolment_id)}
    found = []
    for module_id in contract_of(state.cohort, version):
        for slot in version.module(module_id).slots:
            change = newest.get(slot.key)
            if slot.skill_id != skill_id or change is None or change.reason.code != SEEN or slot.key not in change.elements:
                continue
            if state.path.closed.get(slot.key) == "mastered":
                found.append(slot.key)
    return tuple(found)


def take_back(enrolment_id: str, tenant_id: str, skill_id: str, kit: Kit) -> None:
    """Open what "I saw them do this" closed for a skill.

    Raises:
        NotFound: no such enrolment.
        Refused: nothing is closed by an instructor's word any more.
    """
    with kit.uow() as uow:
        slots = seen_slots(enrolment_id, tenant_id, skill_id, uow)
    if not slots:
        raise Refused("There is nothing to take back: this skill's mark was changed since. Reload the page.")
    for slot in slots:
        override_path(OverrideCommand(enrolment_id, tenant_id, "undo", slot, "instructor"), kit)
