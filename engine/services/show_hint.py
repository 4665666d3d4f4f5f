"""Show a hint, and remember that it was shown."""

from __future__ import annotations

from engine.services.kit import Kit
from engine.services.next_activity import activity_type


def show_hint(presentation_id: str, enrolment_id: str, tenant_id: str, number: int, kit: Kit) -> str:
    """Return a hint as HTML and record that it was shown. Raises NotFound, also past the last hint."""
    with kit.uow() as uow:
        uow.enrolments.lock(enrolment_id, tenant_id)
        presentation = uow.record.presentation(presentation_id, enrolment_id)
        activity = uow.courses.version(presentation.course_version_id).activities[presentation.activity_id]
        html = activity_type(activity, kit).hint(activity, number)
        if not presentation.answered and number > presentation.hints_shown:
            uow.record.show_hint(presentation_id, number)
            uow.commit()
    return html
